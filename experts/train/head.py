"""TrainedClassifier: an expert that `baton experts train` made; the loader "head".

Knows how the head is stored and run, not how it was trained.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.artifact import Labels
from orchestrator.errors import InvalidExpert
from orchestrator.expert import Inputs, Prediction
from orchestrator.registry.stored import StoredExpert

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from experts.train.fitting import FittedHead

LOADER = "head"
WEIGHTS = "head.safetensors"
MAX_BATCH = 32

Features = Callable[[Sequence[Any]], "NDArray[np.float64]"]


def features_of(kind: str, encoder: str, device: str, *, download: bool = False) -> Features:
    """What turns items into rows of shape (N, D).

    Args:
        kind: "text", "audio" or "image".
        encoder: "embedded", or an encoder's id or folder.
        download: whether the encoder may be fetched from the hub.
    """
    if kind == "text":
        from experts.train.text_features import TextFeatures

        return TextFeatures(encoder, device, download=download)
    if encoder != "embedded":
        from experts.train.encoder_features import EncoderFeatures

        return EncoderFeatures(encoder, device, "image" if kind == "image" else "audio", download=download)
    if kind == "audio":
        from experts.train.sound_features import SoundFeatures

        return SoundFeatures()
    from experts.train.picture_features import PictureFeatures

    return PictureFeatures()


class TrainedClassifier:
    """Features, scaling, a linear head and its temperature, as one expert."""

    def __init__(self, folder: Path, stored: StoredExpert) -> None:
        self.card = stored.card
        self._folder = folder
        self._options = stored.options
        self._features: Features | None = None
        self._head: FittedHead | None = None

    def load(self, device: str) -> None:
        """Read the head and load the encoder; nothing is fetched from anywhere.

        Raises:
            InvalidExpert: the file of weights is missing or is not what training wrote.
            BadRequest: the encoder that it was trained with is not there any more.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        from experts.train.fitting import FittedHead

        path = self._folder / str(self._options.get("weights", WEIGHTS))
        try:
            tensors = load_file(path)
            self._mean, self._scale = tensors["mean"], tensors["scale"]
            self._head = FittedHead(
                weights=tensors["weights"],
                bias=tensors["bias"],
                centroids=tensors["centroids"],
                temperature=float(self._options["temperature"]),
                usual_distance=float(self._options["usual_distance"]),
                distance_spread=float(self._options["distance_spread"]),
            )
            self._labels = [str(label) for label in self._options["labels"]]
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise InvalidExpert(
                self.card.name, f"{path.name} that cannot be read ({error})", "the files that training wrote"
            ) from error
        self._features = features_of(str(self._options["features"]), str(self._options["encoder"]), device)

    def predict(self, batch: Sequence[Inputs]) -> list[Prediction]:
        """Labels with calibrated probabilities, one for each inputs mapping."""
        if not batch:
            return []
        assert self._features is not None, "load() comes before predict()"
        assert self._head is not None
        port = self.card.inputs[0].name
        rows = (self._features([inputs[port] for inputs in batch]) - self._mean) / self._scale  # (N, D)
        return [
            Prediction({"labels": labels}, labels.confidence)
            for labels in (
                Labels(dict(zip(self._labels, row.tolist(), strict=True))) for row in self._head.probabilities(rows)
            )
        ]

    def unload(self) -> None:
        self._features = None
        self._head = None
