"""Weights of a planner on disk. Knows no training.

config.json, model.safetensors, reader.safetensors, words.txt, known.safetensors, calibration.json.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from orchestrator.controller.planner.calibration import Calibration
from orchestrator.controller.planner.configuration import read_config
from orchestrator.controller.planner.modeling import Planner
from orchestrator.controller.planner.reading import Reader
from orchestrator.controller.planner.vectors import Vectors
from orchestrator.errors import BadRequest
from orchestrator.vector_file import VectorFile

READER_FILE = "reader.safetensors"
WORDS_FILE = "words.txt"
KNOWN_FILE = "known.safetensors"  # tuned vectors of the cards that training knew, by the cards' digests
CALIBRATION_FILE = "calibration.json"


@dataclass(frozen=True)
class Weights:
    """A planner ready to write: what reads, what decides, and how sure it may be."""

    vectors: Vectors
    model: Planner
    calibration: Calibration


def save_planner(folder: Path, reader: Reader, model: Planner, known: Mapping[str, Tensor]) -> None:
    """Write both, so that `load_planner` and `PlannerModel.from_pretrained` (pretrained.py) find them."""
    from orchestrator.controller.planner.pretrained import packed

    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in reader.trained_state().items()}, folder / READER_FILE)
    (folder / WORDS_FILE).write_text("\n".join(reader.words), encoding="utf-8")
    save_file({digest: vector.half() for digest, vector in known.items()}, folder / KNOWN_FILE)
    packed(model.half()).save_pretrained(folder)
    model.float()


def load_weights(folder: Path, cache: Path | None = None) -> Weights:
    """Everything that planning needs, in the precision that the processor is fastest in.

    Args:
        folder: of the weights.
        cache: file that keeps the vectors of cards.
    Raises:
        BadRequest: the folder does not hold a planner.
    """
    reader, model = load_planner(folder, is_frozen=True)
    path = folder / CALIBRATION_FILE
    calibration = Calibration.model_validate_json(path.read_text("utf-8")) if path.is_file() else Calibration()
    file = None if cache is None else VectorFile(cache, _digest(folder / READER_FILE))
    known = {digest: vector.float() for digest, vector in load_file(folder / KNOWN_FILE).items()}
    return Weights(Vectors(reader, file, known), model.frozen(), calibration)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_planner(folder: Path, *, is_frozen: bool = False) -> tuple[Reader, Planner]:
    """Reader and planner of a folder; the reader in half precision where it is only to read with.

    Raises:
        BadRequest: the folder does not hold them.
    """
    _require(folder, KNOWN_FILE, "config.json", "model.safetensors")
    model = Planner(read_config(folder / "config.json"))
    packed = load_file(folder / "model.safetensors").items()
    state = {name.removeprefix("planner."): value.float() for name, value in packed}
    model.load_state_dict(state, assign=True)
    return load_reader(folder, is_frozen=is_frozen), model.eval()


def load_reader(folder: Path, *, is_frozen: bool = False) -> Reader:
    """The reader of a folder.

    Raises:
        BadRequest: the folder does not hold one.
    """
    _require(folder, READER_FILE, WORDS_FILE)
    reader = Reader((folder / WORDS_FILE).read_text("utf-8").split(), is_frozen=is_frozen)
    reader.load_trained_state(load_file(folder / READER_FILE))
    return reader.eval()


def _require(folder: Path, *names: str) -> None:
    if not all((folder / name).is_file() for name in names):
        raise BadRequest(
            "controller", str(folder), "a folder that `baton controller train` wrote", "Run baton controller train."
        )
