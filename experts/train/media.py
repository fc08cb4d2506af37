"""Labelled files of a folder with one sub-folder a label: pictures or recordings. Knows no feature."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from experts.train.labelled import Labelled, Progress, without_twins
from orchestrator.artifact import Artifact, Audio, Image, kind_of
from orchestrator.errors import BadRequest, TrainingDataError

# Some broken files are usual; more than this share of them means that something is wrong with the folder.
MAX_UNREADABLE_SHARE = 0.2
_UNITS = {"image": "pictures", "audio": "recordings"}


def labelled_files(folder: Path, kind: Literal["image", "audio"], progress: Progress) -> Labelled:
    """The readable files under each sub-folder, labelled by its name; each content once.

    Raises:
        TrainingDataError: no folder, no sub-folder, too many unreadable files (names them), or too few files.
    """
    unit = _UNITS[kind]
    layout = f"Give a folder with one sub-folder a label, the {unit} of that label in it."
    if not folder.is_dir():
        what = "a file" if folder.is_file() else "not there"
        raise TrainingDataError(f"{folder} is {what}; {unit} are read from a folder", layout)
    groups = sorted(child for child in folder.iterdir() if child.is_dir() and not child.name.startswith("."))
    if not groups:
        raise TrainingDataError(f"{folder} has no sub-folder", layout)
    found: list[tuple[Artifact, str]] = []
    broken: list[str] = []
    ignored = [child for child in folder.iterdir() if child.is_file() and not child.name.startswith(".")]
    for group in groups:
        for path in sorted(group.rglob("*")):
            if not path.is_file() or path.name.startswith("."):
                continue
            if kind_of(path.name) != kind:
                ignored.append(path)
            elif reason := _unreadable(path):
                broken.append(f"{path.relative_to(folder)} ({reason})")
            else:
                found.append((Artifact.from_path(path), group.name))
    _report(ignored, broken, len(found), unit, folder, progress)
    artifacts = [artifact for artifact, _ in found]
    labels = [label for _, label in found]
    if not artifacts:
        raise TrainingDataError(f"{folder} holds no {unit} in its {len(groups)} sub-folders", layout)
    items, kept = without_twins([item.sha256 for item in artifacts], artifacts, labels, unit, progress)
    digest = hashlib.sha256("\n".join(sorted(item.sha256 for item in items)).encode()).hexdigest()
    progress(f"{folder.name}: {len(items)} {unit}")
    return Labelled(items, kept, folder.name, digest).checked(unit)


def _unreadable(path: Path) -> str:
    """Why the file cannot be used; empty where it can."""
    try:
        artifact = Artifact.from_path(path)
        if isinstance(artifact, Image):
            artifact.pil()
        elif isinstance(artifact, Audio):
            artifact.samples()
    except BadRequest as error:
        return f"wanted {error.legal}"
    return ""


def _report(
    ignored: list[Path], broken: list[str], num_found: int, unit: str, folder: Path, progress: Progress
) -> None:
    if ignored:
        names = ", ".join(path.name for path in ignored[:5])
        progress(f"left out {len(ignored)} files that are no {unit} in a sub-folder: {names}")
    for line in broken:
        progress(f"unreadable, left out: {line}")
    if len(broken) > MAX_UNREADABLE_SHARE * (num_found + len(broken)):
        raise TrainingDataError(
            f"{folder.name}: {len(broken)} of {num_found + len(broken)} files are unreadable: {'; '.join(broken[:5])}",
            f"Repair or remove these files; up to {MAX_UNREADABLE_SHARE:.0%} are skipped.",
        )
