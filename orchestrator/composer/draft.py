"""AnswerDraft: an answer in the making; numbers citations and joins sentences. Knows no evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from orchestrator.artifact import Artifact
from orchestrator.types import (
    Answer,
    ErrorInfo,
    Event,
    ExpertCitation,
    Language,
    Segment,
    SourceCitation,
    StepResult,
    Token,
)


class AnswerDraft:
    """Sentences in order, each with its citations; equal citations share a number."""

    def __init__(self, language: Language, emit: Callable[[Event], None] | None = None) -> None:
        self._language = language
        self._emit = emit
        self._segments: list[Segment] = []
        self._citations: list[SourceCitation | ExpertCitation] = []
        self._pieces: list[str] = []

    def say(
        self,
        text: str,
        *citations: SourceCitation | ExpertCitation,
        support: float = 1.0,
        origin: Literal["source", "expert", "model"] = "expert",
    ) -> None:
        """Add a sentence with what it rests on."""
        indices = tuple(self._number(citation) for citation in citations)
        self._segments.append(Segment(text=text, citations=indices, support=support, origin=origin))
        marks = "".join(f"[{index + 1}]" for index in indices)
        separator = "" if not self._pieces else "" if self._language == "zh" else " "
        if self._pieces and ("\n" in text or "\n" in self._segments[-2].text):
            separator = "\n\n"
        piece = f"{separator}{text}{' ' if marks and self._language == 'en' else ''}{marks}"
        self._pieces.append(piece)
        if self._emit is not None:
            self._emit(Token(text=piece))

    def finish(
        self,
        status: Literal["answered", "partial", "needs_input", "abstained", "failed"],
        results: Mapping[str, StepResult],
        *,
        confidence: float,
        artifacts: list[Artifact] | None = None,
        question: str | None = None,
        error: ErrorInfo | None = None,
    ) -> Answer:
        """The answer as it stands."""
        return Answer(
            status=status,
            text="".join(self._pieces),
            segments=tuple(self._segments),
            citations=tuple(self._citations),
            artifacts=tuple(artifacts or ()),
            steps=tuple(results.values()),
            confidence=min(max(confidence, 0.0), 1.0),
            question=question,
            error=error,
        )

    def _number(self, citation: SourceCitation | ExpertCitation) -> int:
        if citation not in self._citations:
            self._citations.append(citation)
        return self._citations.index(citation)
