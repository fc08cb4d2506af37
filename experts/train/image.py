"""train: the trainer of "image-classification", from a folder with one sub-folder of pictures a label.

Knows where the examples come from, not how anything is learnt from them.
"""

from __future__ import annotations

from pathlib import Path

from experts.train.labelled import Progress
from orchestrator.registry.stored import StoredExpert


def train(
    data: Path,
    *,
    name: str,
    folder: Path,
    description: str | None = None,
    encoder: str = "embedded",
    seed: int = 0,
    progress: Progress = lambda note: None,
) -> StoredExpert:
    """Learn from labelled pictures and write the weights into `folder`; the caller writes expert.json.

    Args:
        data: a folder with one sub-folder of pictures a label.
        name: of the expert.
        description: what it classifies, in the owner's words.
        encoder: "embedded" is statistics without a model; else the id or folder of a transformers encoder.
        seed: of the folds and resamples; the same seed gives the same expert.
        progress: told in words what happens.
    Raises:
        TrainingDataError: data that cannot be read or is too little; says what is wanted.
    """
    from experts.train.media import labelled_files
    from experts.train.trainer import Training, trained

    labelled = labelled_files(data, "image", progress)
    return trained(labelled, Training("image", "pictures", name, folder, description, encoder, seed, progress))
