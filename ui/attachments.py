"""Attachments that outlive the browser's upload: copied to BATON_HOME by sha256, name kept. Knows no request."""

from __future__ import annotations

import shutil
from pathlib import Path

from orchestrator.artifact import Artifact


def kept(upload: str | Path, folder: Path) -> Artifact:
    """The uploaded file as an artifact whose bytes lie in `folder`, so that the conversation can show it again.

    Raises:
        BadRequest: the file is missing, empty or unreadable.
    """
    artifact = Artifact.from_path(upload)
    path = folder / f"{artifact.sha256}{Path(artifact.name).suffix.lower()}"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        shutil.copyfile(upload, draft)
        draft.replace(path)
    return artifact.model_copy(update={"path": path})
