"""trained: labelled examples in, a stored expert out; what all three tasks share. Knows no file format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from experts.classifier_card import classifier_card, subject_of, title_of
from experts.train.head import LOADER, MAX_BATCH, WEIGHTS, features_of
from experts.train.labelled import Labelled, Progress
from orchestrator.registry.stored import StoredExpert
from orchestrator.types import ExpertCard, Resources

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from experts.train.fitting import Judged

    Matrix = NDArray[np.float64]

# Statistics are scaled feature by feature; encoders give vectors whose lengths and directions already compare.
_SCALED_KINDS = ("audio", "image")
_OWN_FEATURES = {
    "text": "all-MiniLM-L6-v2 and hashed words",
    "audio": "log-mel and MFCC statistics",
    "image": "colour, texture and gradient features",
}


@dataclass(frozen=True)
class Training:
    """What is to be made: kind of input, unit ("rows"), and the arguments of the trainers."""

    kind: str
    unit: str
    name: str
    folder: Path
    description: str | None
    encoder: str
    seed: int
    progress: Progress


def trained(labelled: Labelled, training: Training) -> StoredExpert:
    """Fit, measure and write the weights into the folder; the caller writes expert.json."""
    from experts.train.fitting import fit_head

    # A folder is named from everywhere in the same way, whatever the working directory will be.
    encoder = str(Path(training.encoder).resolve()) if Path(training.encoder).is_dir() else training.encoder
    training.progress(f"computing features of {len(labelled)} {training.unit}")
    raw = features_of(training.kind, encoder, "cpu", download=True)(labelled.items)  # (N, D)
    mean, scale = _scaling(raw, training.kind in _SCALED_KINDS and encoder == "embedded")
    head, judged = fit_head((raw - mean) / scale, labelled.truth, seed=training.seed, progress=training.progress)
    _write(
        training.folder / WEIGHTS,
        mean=mean,
        scale=scale,
        weights=head.weights,
        bias=head.bias,
        centroids=head.centroids,
    )
    card = _card(labelled, judged, training, encoder)
    accuracy = card.metrics[0]
    training.progress(f"accuracy {accuracy.value:.1%} (95 % interval {accuracy.low:.1%} to {accuracy.high:.1%})")
    options = {
        "files": [WEIGHTS],
        "weights": WEIGHTS,
        "features": training.kind,
        "encoder": encoder,
        "labels": list(labelled.classes),
        "temperature": head.temperature,
        "usual_distance": head.usual_distance,
        "distance_spread": head.distance_spread,
        "abstain_below": round(judged.abstain_below(), 4),
        "seed": training.seed,
    }
    return StoredExpert(loader=LOADER, card=card, options=options)


def _scaling(raw: Matrix, wanted: bool) -> tuple[Matrix, Matrix]:
    """Mean and scale that make rows about unit length, a feature's share the same as every other's; or 0 and 1."""
    import numpy

    width = raw.shape[1]
    if not wanted:
        return numpy.zeros(width), numpy.ones(width)
    deviation = raw.std(axis=0)
    # A feature that hardly varies would turn rounding into signal.
    usable = deviation > 1e-6 * (1.0 + numpy.abs(raw).max(axis=0))
    return raw.mean(axis=0), numpy.where(usable, deviation, numpy.inf) * numpy.sqrt(max(1, int(usable.sum())))


def _write(path: Path, **tensors: Matrix) -> None:
    """The tensors as safetensors, whole or not at all."""
    import numpy
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    save_file({key: numpy.ascontiguousarray(value, dtype=numpy.float64) for key, value in tensors.items()}, draft)
    draft.replace(path)


def _card(labelled: Labelled, judged: Judged, training: Training, encoder: str) -> ExpertCard:
    from experts.train.scores import metrics_of

    features = _OWN_FEATURES[training.kind] if encoder == "embedded" else encoder
    return classifier_card(
        f"{training.kind}-classification",
        labelled.classes,
        name=training.name,
        title=title_of(training.name),
        subject=subject_of(training.name),
        description=training.description,
        limits=_limits(labelled, judged, training.unit),
        licence="LicenseRef-private",
        author="trained locally",
        model=f"logistic regression on {features}",
        training_data=labelled.training_data(training.unit),
        metrics=metrics_of(judged, training.unit, seed=training.seed),
        resources=Resources(max_batch=MAX_BATCH),
    )


def _limits(labelled: Labelled, judged: Judged, unit: str) -> str:
    num_wrong = int((~judged.correct).sum())
    limits = (
        f"Knows only the {len(labelled.classes)} labels of its {len(labelled)} training {unit}; in cross-validation "
        f"{num_wrong} of {len(labelled)} were wrong"
    )
    threshold = judged.abstain_below()
    if threshold >= 1.0:
        return f"{limits}, and at no confidence fewer than one in ten."
    if threshold > 0.0:
        return f"{limits}, and below a confidence of {threshold:.0%} a person should check it."
    return f"{limits}."
