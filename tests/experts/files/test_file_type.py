"""FileType tells files by their content and says when their ending lies."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import skimage

from experts.files import FileType
from orchestrator.artifact import Artifact, Audio, File, Image, Table, Text

PROSE = "The harbour was quiet when the ferry arrived, and nobody waited on the pier.\n" * 8


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    FileType.load("cpu")


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("notes/readme.txt", PROSE)
    return buffer.getvalue()


def wav() -> bytes:
    return Audio.of(0.3 * np.sin(np.arange(16_000) / 5), 16_000).read_bytes()


def png() -> bytes:
    return (Path(skimage.data_dir) / "coffee.png").read_bytes()


PYTHON = b"from pathlib import Path\n\n\ndef names(folder):\n    return [p.name for p in folder.iterdir()]\n" * 3


@pytest.mark.parametrize(
    ("name", "content", "kind", "media_type", "ending_fits"),
    [
        ("coffee.png", png(), "png", "image/png", True),
        ("coffee.jpg", png(), "png", "image/png", False),
        ("backup.zip", zipped(), "zip", "application/zip", True),
        ("report.pdf", zipped(), "zip", "application/zip", False),
        ("sound.wav", wav(), "wav", "audio/x-wav", True),
        ("names.py", PYTHON, "python", "text/x-python", True),
        ("notes.txt", PROSE.encode(), "txt", "text/plain", True),
        ("notes.md", PROSE.encode(), "txt", "text/plain", None),
        ("notes.pdf", PROSE.encode(), "txt", "text/plain", False),
        ("notes.mp3", PROSE.encode(), "txt", "text/plain", False),
        ("unnamed", png(), "png", "image/png", None),
    ],
)
def test_type_and_ending(name: str, content: bytes, kind: str, media_type: str, ending_fits: bool | None) -> None:
    [found] = FileType.predict([{"file": File.from_bytes(content, name=name)}])
    facts = found.outputs["facts"].value
    assert found.outputs["labels"].top == kind == facts["type"]
    assert (facts["media_type"], facts["ending_fits"]) == (media_type, ending_fits)
    suffix = Path(name).suffix
    assert facts["true_ending"] == (suffix if ending_fits else None)
    assert facts["false_ending"] == (suffix if ending_fits is False else None)
    assert found.confidence == found.outputs["labels"].confidence > 0.4


def test_artifacts_of_other_kinds_are_taken_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(png())
    (tmp_path / "people.csv").write_text("name,age,city\n" + "Ada,36,London\nAlan,41,Wilmslow\n" * 20)
    given = [
        Artifact.from_path(tmp_path / "photo.png"),
        Artifact.from_path(tmp_path / "people.csv"),
        Text(PROSE),
        Audio.from_bytes(wav()),
    ]
    assert [type(artifact) for artifact in given] == [Image, Table, Text, Audio]
    assert [FileType(artifact).facts.value["type"] for artifact in given] == ["png", "csv", "txt", "wav"]


def test_an_empty_file_and_random_bytes_are_named_without_a_crash() -> None:
    random = np.random.default_rng(0).bytes(4000)
    assert FileType(File.from_bytes(b"", name="a.bin")).facts.value["type"] == "empty"
    facts = FileType(File.from_bytes(random, name="b.dat")).facts.value
    assert (facts["type"], facts["ending_fits"]) == ("unknown", None)
