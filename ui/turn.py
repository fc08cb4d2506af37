"""Turn: one request and what became of it so far, folded from events or read from the ledger. Knows no markup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from orchestrator.ledger.traces import Trace
from orchestrator.types import (
    Answer,
    AnswerReady,
    ErrorInfo,
    Event,
    Plan,
    PlanReady,
    Request,
    StepDone,
    StepResult,
    StepStarted,
    Token,
)


@dataclass(frozen=True)
class Turn:
    """A request on its way: `text` grows with the tokens until `answer` is there, or the run stops or breaks."""

    request: Request
    state: Literal["running", "answered", "stopped", "unfinished", "broken"] = "running"
    plan: Plan | None = None
    started: frozenset[str] = frozenset()
    results: Mapping[str, StepResult] = field(default_factory=dict)
    text: str = ""
    answer: Answer | None = None
    error: ErrorInfo | None = None

    @classmethod
    def of(cls, trace: Trace) -> Turn:
        """The turn as the ledger holds it."""
        if trace.answer is not None:
            state: Literal["answered", "stopped", "unfinished"] = "answered"
        else:
            state = "stopped" if trace.status == "cancelled" else "unfinished"
        results = {result.step: result for result in trace.results}
        return cls(
            trace.request, state, trace.plan, frozenset(results), results,
            trace.answer.text if trace.answer else "", trace.answer,
        )  # fmt: skip

    def after(self, event: Event) -> Turn:
        """The turn when this event has happened too."""
        match event:
            case PlanReady():
                return replace(self, plan=event.plan)
            case StepStarted():
                return replace(self, started=self.started | {event.step})
            case StepDone():
                return replace(self, results={**self.results, event.result.step: event.result})
            case Token():
                return replace(self, text=self.text + event.text)
            case AnswerReady():
                return replace(self, state="answered", answer=event.answer, text=event.answer.text)
        return self

    def stopped(self) -> Turn:
        return replace(self, state="stopped")

    def broken(self, error: ErrorInfo) -> Turn:
        return replace(self, state="broken", error=error)
