"""Resolution: a turn that leans on earlier ones, made into a request that can be planned. A value, nothing more."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.controller.follow_up.phrases import phrases
from orchestrator.language import language_of
from orchestrator.types import Plan, Request


@dataclass(frozen=True)
class Resolution:
    """The request with what it needs of earlier turns, and either its plan or the words that are to be planned.

    `request.text` stays what the person wrote; `words` is what the controller reads in its place.
    """

    request: Request
    plan: Plan | None = None
    words: str = ""


def question(request: Request, key: str, **values: str) -> Resolution:
    """The one question that the turn needs answered first."""
    asked = phrases().questions[language_of(request.text)][key].format(**values)
    return Resolution(request, Plan(status="needs_input", confidence=0.0, question=asked))
