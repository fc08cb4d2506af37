"""train: the trainer of "text-classification", from labelled texts of a table.

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
    """Learn from labelled rows and write the weights into `folder`; the caller writes expert.json.

    Args:
        data: labelled texts of a table.
        name: of the expert.
        description: what it classifies, in the owner's words.
        encoder: "embedded" is all-MiniLM-L6-v2; else a sentence-transformers id or folder.
        seed: of the folds and resamples; the same seed gives the same expert.
        progress: told in words what happens.
    Raises:
        TrainingDataError: data that cannot be read or is too little; says what is wanted.
    """
    from experts.train.rows import labelled_texts
    from experts.train.trainer import Training, trained

    labelled = labelled_texts(data, progress)
    return trained(labelled, Training("text", "rows", name, folder, description, encoder, seed, progress))
