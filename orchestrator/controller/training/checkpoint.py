"""Checkpoint: where a training run stands, on disk, so that a killed one goes on. Knows no loss."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

_EVERY_STEPS = 100


@dataclass(frozen=True)
class Checkpoint:
    """One phase's file.

    Args:
        path: of the file; None keeps nothing.
        facts: what the run was started with; a file of other facts is not gone on with.
    """

    path: Path | None
    facts: Mapping[str, Any]

    def restored(
        self, modules: Mapping[str, nn.Module], optimizer: torch.optim.Optimizer, chosen: random.Random
    ) -> int:
        """Bring modules, optimizer and choices to where the file stands; gives the number of steps done."""
        if self.path is None or not self.path.is_file():
            return 0
        state = torch.load(self.path, weights_only=False)
        if state["facts"] != dict(self.facts):
            return 0
        for name, module in modules.items():
            module.load_state_dict(state["modules"][name])
        optimizer.load_state_dict(state["optimizer"])
        chosen.setstate(state["chosen"])
        torch.set_rng_state(state["torch"])
        return int(state["step"])

    def kept(
        self,
        step: int,
        num_steps: int,
        modules: Mapping[str, nn.Module],
        optimizer: torch.optim.Optimizer,
        chosen: random.Random,
    ) -> None:
        """Write the file every hundred steps and at the end, whole or not at all."""
        if self.path is None or (step % _EVERY_STEPS and step != num_steps):
            return
        state = {
            "facts": dict(self.facts),
            "step": step,
            "modules": {name: module.state_dict() for name, module in modules.items()},
            "optimizer": optimizer.state_dict(),
            "chosen": chosen.getstate(),
            "torch": torch.get_rng_state(),
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".part")
        torch.save(state, draft)
        draft.replace(self.path)
