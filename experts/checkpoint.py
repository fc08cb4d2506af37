"""TransformersClassifier: a local transformers checkpoint of a text, image or audio classifier.

The loader "transformers". Knows how such a checkpoint is run, not where it came from; `experts.local` describes it.
Nothing is fetched: what is not in the folder is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.artifact import Labels
from orchestrator.errors import InvalidExpert
from orchestrator.expert import Inputs, Prediction
from orchestrator.registry.stored import StoredExpert

if TYPE_CHECKING:
    import torch

LOADER = "transformers"
MAX_BATCH = 16
AUTO_CLASSES = {
    "text-classification": "AutoModelForSequenceClassification",
    "image-classification": "AutoModelForImageClassification",
    "audio-classification": "AutoModelForAudioClassification",
}
# A longer recording is judged window by window, and the probabilities are averaged.
WINDOW_S = 30
_MIN_DURATION_S = 0.5
_MAX_TOKENS = 4096

Tensors = Mapping[str, "torch.Tensor"]


class TransformersClassifier:
    """A checkpoint as an expert; inputs of equal shape run as one batch."""

    def __init__(self, folder: Path, stored: StoredExpert) -> None:
        self.card = stored.card
        self._folder = folder
        self._options = stored.options
        self._model: Any = None
        self._processor: Any = None
        self._device = "cpu"

    def load(self, device: str) -> None:
        """Read weights and processor from the folder onto the device.

        Raises:
            InvalidExpert: weights that are missing, corrupt or of another model, or no processor.
        """
        import transformers
        from safetensors import SafetensorError
        from transformers.utils import logging as transformers_logging

        transformers_logging.set_verbosity_error()
        transformers_logging.disable_progress_bar()
        where = {"local_files_only": True, "trust_remote_code": bool(self._options.get("remote_code", False))}
        # None lets it fall back to a pickle, which only an explicit setting allows.
        safetensors_only = None if self._options.get("pickle", False) else True
        auto_class = getattr(transformers, AUTO_CLASSES[self.card.task])
        try:
            model, report = auto_class.from_pretrained(
                self._folder, use_safetensors=safetensors_only, output_loading_info=True, **where
            )
            self._processor = self._processor_class().from_pretrained(self._folder, **where)
        except (OSError, ValueError, RuntimeError, KeyError, TypeError, ImportError, SafetensorError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise self._invalid(f"a checkpoint that does not load ({reason})") from error
        lacking = sorted([*report["missing_keys"], *(str(key) for key in report["mismatched_keys"])])
        if lacking:
            # transformers would fill them with random numbers and classify at random.
            raise self._invalid(f"weights without {', '.join(lacking[:4])}")
        if self.card.task == "text-classification" and 2 * len(self._processor) < getattr(
            model.config, "vocab_size", 0
        ):
            # Without its vocabulary a tokenizer still comes up, and turns every word into the same unknown one.
            raise self._invalid(f"a tokenizer of {len(self._processor)} words for a model of {model.config.vocab_size}")
        self._model = model.eval().to(device)
        self._device = device
        self._prepare_text_padding()

    def predict(self, batch: Sequence[Inputs]) -> list[Prediction]:
        """Labels with probabilities, one for each inputs mapping.

        Raises:
            BadRequest: an input that is no picture, recording or text.
        """
        if not batch:
            return []
        import torch

        assert self._model is not None, "load() comes before predict()"
        rows: list[list[torch.Tensor]] = [[] for _ in batch]
        with torch.inference_mode():
            for owners, tensors in self._batches([inputs[self.card.inputs[0].name] for inputs in batch]):
                on_device = {key: value.to(self._device) for key, value in tensors.items()}
                probabilities = self._probabilities(self._model(**on_device).logits.float()).cpu()  # (B, L)
                for owner, row in zip(owners, probabilities, strict=True):
                    rows[owner].append(row)
        return [self._prediction(torch.stack(own)) for own in rows]

    def unload(self) -> None:
        import gc

        self._model = None
        self._processor = None
        gc.collect()
        if self._device.startswith("cuda"):
            import torch

            torch.cuda.empty_cache()

    def _processor_class(self) -> Any:
        import transformers

        name = {
            "text-classification": "AutoTokenizer",
            "image-classification": "AutoImageProcessor",
            "audio-classification": "AutoFeatureExtractor",
        }[self.card.task]
        return getattr(transformers, name)

    def _batches(self, items: Sequence[Any]) -> Iterator[tuple[list[int], Tensors]]:
        """What the model takes, at most MAX_BATCH together, with the index of the input that each row belongs to."""
        if self.card.task == "text-classification":
            yield from self._text_batches([str(getattr(item, "text", item)) for item in items])
            return
        import torch

        owners: list[int] = []
        pieces: list[Tensors] = []
        for index, item in enumerate(items):
            for piece in self._pieces(item):
                owners.append(index)
                pieces.append(piece)
        for members in _of_equal_shape(pieces):
            stacked = {key: torch.cat([pieces[i][key] for i in members]) for key in pieces[members[0]]}
            yield [owners[i] for i in members], stacked

    def _text_batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Tensors]]:
        pads = self._processor.pad_token_id is not None
        size = MAX_BATCH if pads else 1
        # Texts of like length share a batch, so that little padding is computed.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for first in range(0, len(order), size):
            members = order[first : first + size]
            yield (
                members,
                self._processor(
                    [texts[i] for i in members],
                    padding=pads,
                    truncation=True,
                    max_length=self._max_tokens(),
                    return_tensors="pt",
                ),
            )

    def _pieces(self, item: Any) -> Iterator[Tensors]:
        """What the model takes for one picture or one window of a recording, batch size 1."""
        if self.card.task == "image-classification":
            yield self._processor(images=[item.pil()], return_tensors="pt")
            return
        import numpy

        rate_hz = int(self._processor.sampling_rate)
        samples = item.samples(rate_hz)[0]
        for window in windows(len(samples), rate_hz):
            heard = samples[window]
            missing = int(_MIN_DURATION_S * rate_hz) - len(heard)
            heard = numpy.pad(heard, (0, missing)) if missing > 0 else heard
            yield self._processor(heard, sampling_rate=rate_hz, return_tensors="pt")

    def _probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        return logits.sigmoid() if self._options.get("several_labels", False) else logits.softmax(dim=-1)

    def _prediction(self, rows: torch.Tensor) -> Prediction:
        names = [str(label) for label in self._options["labels"]]
        labels = Labels(dict(zip(names, rows.mean(dim=0).tolist(), strict=True)))
        return Prediction({"labels": labels}, labels.confidence)

    def _max_tokens(self) -> int:
        """The least that tokenizer, positions and memory allow; a tokenizer without a limit states a huge number."""
        positions = int(getattr(self._model.config, "max_position_embeddings", None) or 512)
        # RoBERTa and its kin never use the first two of their 514 positions.
        usable = positions - 2 if positions % 256 == 2 else positions
        return int(min(self._processor.model_max_length, usable, _MAX_TOKENS))

    def _prepare_text_padding(self) -> None:
        """Decoders classify at the last token that is no padding, so they must know which token pads."""
        if self.card.task != "text-classification" or self._model.config.pad_token_id is not None:
            return
        if self._processor.pad_token_id is None and self._processor.eos_token is not None:
            self._processor.pad_token = self._processor.eos_token
        self._model.config.pad_token_id = self._processor.pad_token_id

    def _invalid(self, declared: str) -> InvalidExpert:
        wanted = f"a folder that {AUTO_CLASSES[self.card.task]}.save_pretrained and its processor wrote"
        return InvalidExpert(self.card.name, declared, wanted)


def windows(num_samples: int, rate_hz: int) -> list[slice]:
    """Consecutive windows of WINDOW_S seconds; a last one shorter than a tenth of that is left out."""
    size = WINDOW_S * rate_hz
    starts = [start for start in range(0, num_samples, size) if start == 0 or num_samples - start >= size // 10]
    return [slice(start, start + size) for start in starts]


def _of_equal_shape(pieces: Sequence[Tensors]) -> list[list[int]]:
    """Indices of the pieces that can be stacked, at most MAX_BATCH together.

    Padding would change what sound models without attention mask answer; a batch must answer as single inputs do.
    """
    groups: dict[tuple[Any, ...], list[int]] = {}
    for index, piece in enumerate(pieces):
        groups.setdefault(tuple((key, tuple(value.shape)) for key, value in piece.items()), []).append(index)
    return [
        members[first : first + MAX_BATCH] for members in groups.values() for first in range(0, len(members), MAX_BATCH)
    ]
