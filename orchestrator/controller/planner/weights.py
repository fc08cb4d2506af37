"""Weights of a planner on disk: config.json, model.safetensors, reader.safetensors. Knows no training."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from orchestrator.controller.planner.configuration import PlannerConfig
from orchestrator.controller.planner.modeling import PlannerModel
from orchestrator.controller.planner.reading import Reader, common_characters
from orchestrator.errors import BadRequest

READER_FILE = "reader.safetensors"


def save_planner(folder: Path, reader: Reader, model: PlannerModel, *, num_characters: int) -> None:
    """Write both, so that `load_planner` and `PlannerModel.from_pretrained` find them."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: value.half().contiguous() for name, value in reader.trained_state().items()}
    save_file(state, folder / READER_FILE, metadata={"num_characters": str(num_characters)})
    model.half().save_pretrained(folder)
    model.float()


def load_planner(folder: Path) -> tuple[Reader, PlannerModel]:
    """Reader and planner of a folder.

    Raises:
        BadRequest: the folder does not hold them.
    """
    if not (folder / READER_FILE).is_file() or not (folder / "config.json").is_file():
        raise BadRequest(
            "controller", str(folder), "a folder that `baton controller train` wrote", "Run baton controller train."
        )
    from safetensors import safe_open

    with safe_open(folder / READER_FILE, "pt") as opened:
        num_characters = int((opened.metadata() or {}).get("num_characters", 0))
    reader = Reader(common_characters(num_characters))
    reader.load_trained_state(load_file(folder / READER_FILE))
    config = PlannerConfig.from_dict(json.loads((folder / "config.json").read_text("utf-8")))
    model = PlannerModel(config)
    model.load_state_dict({k: v.float() for k, v in load_file(folder / "model.safetensors").items()})
    return reader.eval(), model.to(torch.float32).eval()
