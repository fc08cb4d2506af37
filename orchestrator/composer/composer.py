"""The contract of a composer. Knows no implementation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from orchestrator.types import Answer, Event, Plan, Request, StepResult

Emit = Callable[[Event], None]


class Composer(Protocol):
    """Writes the answer from what the run brought to light."""

    async def compose(
        self, request: Request, plan: Plan, results: Mapping[str, StepResult], emit: Emit | None = None
    ) -> Answer:
        """The answer; `emit` gets a Token for each piece of text as it is ready."""
        ...
