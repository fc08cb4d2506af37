"""EncoderFeatures: pictures or recordings as the pooled output of a Hugging Face encoder. Knows no label.

Used where the owner names an encoder by id or folder; safetensors only, no remote code.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from orchestrator.errors import BadRequest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BATCH_SIZE = 16
_MAX_DURATION_S = 30
_MIN_DURATION_S = 0.1


class EncoderFeatures:
    """The pooled output of the encoder, or the mean of its last layer where it has none, scaled to unit length."""

    def __init__(self, encoder: str, device: str, kind: Literal["image", "audio"], *, download: bool = False) -> None:
        """Load the encoder from a folder or the local cache of the hub.

        Args:
            download: fetch it from the hub where it is not there, as only an explicit training command may.
        Raises:
            BadRequest: no such encoder here, or one that cannot be loaded.
        """
        self._kind = kind
        self._device = device
        try:
            self._load(encoder, local_files_only=True)
        except (OSError, ValueError) as error:
            if not download or Path(encoder).exists():
                raise unusable_encoder(encoder, error) from error
            try:
                self._load(encoder, local_files_only=False)
            except (OSError, ValueError) as second:
                raise unusable_encoder(encoder, second) from second

    def _load(self, encoder: str, local_files_only: bool) -> None:
        from transformers import AutoFeatureExtractor, AutoImageProcessor, AutoModel

        where = {"local_files_only": local_files_only, "trust_remote_code": False}
        processor = AutoImageProcessor if self._kind == "image" else AutoFeatureExtractor
        self._processor = processor.from_pretrained(encoder, **where)
        self._model: Any = AutoModel.from_pretrained(encoder, use_safetensors=True, **where).eval().to(self._device)

    def __call__(self, items: Sequence[Any]) -> NDArray[np.float64]:
        """Features of artifacts, shape (N, D).

        Raises:
            BadRequest: an artifact is no picture or no recording.
        """
        import numpy

        rows: list[Any] = []
        for first in range(0, len(items), _BATCH_SIZE):
            rows.extend(self._pooled(items[first : first + _BATCH_SIZE]))
        features = numpy.asarray(rows, dtype=numpy.float64)
        lengths = numpy.linalg.norm(features, axis=1, keepdims=True)
        return features / numpy.where(lengths > 0, lengths, 1.0)

    def _pooled(self, items: Sequence[Any]) -> list[Any]:
        import torch

        if self._kind == "image":
            tensors = [dict(self._processor(images=[item.pil() for item in items], return_tensors="pt"))]
        else:
            # One recording at a time: padding would change what an encoder without attention mask hears.
            tensors = [self._sound(item) for item in items]
        rows: list[Any] = []
        with torch.inference_mode():
            for inputs in tensors:
                output = self._model(**{key: value.to(self._device) for key, value in inputs.items()})
                pooled = getattr(output, "pooler_output", None)
                if pooled is None:
                    states = output.last_hidden_state
                    pooled = states.flatten(2).mean(2) if states.ndim == 4 else states.mean(1)
                rows.extend(pooled.flatten(1).float().cpu().numpy())
        return rows

    def _sound(self, item: Any) -> dict[str, Any]:
        import numpy

        rate_hz = int(self._processor.sampling_rate)
        samples = item.samples(rate_hz)[0][: _MAX_DURATION_S * rate_hz]
        missing = int(_MIN_DURATION_S * rate_hz) - len(samples)
        if missing > 0:
            samples = numpy.pad(samples, (0, missing))
        return dict(self._processor(samples, sampling_rate=rate_hz, return_tensors="pt"))


def unusable_encoder(encoder: str, error: Exception) -> BadRequest:
    """The error for an encoder that is not there or is none."""
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return BadRequest(
        "encoder",
        encoder,
        f"an encoder with safetensors weights, in a folder or in the hub's local cache ({reason})",
        f"Fetch it first (hf download {encoder}), give the folder that it lies in, or leave --encoder out.",
    )
