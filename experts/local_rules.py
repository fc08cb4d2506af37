"""What may be added from a folder, and how a pickle is refused. Knows no framework."""

from __future__ import annotations

from pathlib import Path

from orchestrator.errors import NotAdmitted

PICKLE_SUFFIXES = (".pkl", ".pickle", ".joblib", ".bin", ".pt", ".pth", ".ckpt")
WANTED = (
    "a folder with config.json and safetensors of a text, image or audio classifier, or a scikit-learn classifier as a"
    " .skops file"
)
_PICKLE_REMEDY = (
    "Save it without a pickle (model.save_pretrained(DIR), or skops.io.dump(model, FILE)), or set experts.allow_pickle"
    " = true in baton.toml where you trust who made it."
)


def refused_pickle(path: Path) -> NotAdmitted:
    """The error for weights that only a pickle holds."""
    return NotAdmitted(
        f"{path.name} is a pickle, which can run any code when it is loaded; experts.allow_pickle is false",
        _PICKLE_REMEDY,
    )
