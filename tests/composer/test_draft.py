"""An answer in the making: numbers of citations, joints between sentences, tokens that add up to the text."""

from __future__ import annotations

import pytest

from orchestrator.composer.draft import AnswerDraft
from orchestrator.types import (
    Answer,
    Event,
    ExpertCitation,
    Language,
    Segment,
    SourceCitation,
    StepResult,
    Token,
)

RUN = ExpertCitation(step="s1", expert="ocr")
QUOTE = SourceCitation(document="d", sha256="0" * 64, start=0, end=5, quote="quote")
OTHER = QUOTE.model_copy(update={"start": 7, "end": 9})
RESULTS = {"s1": StepResult(step="s1", expert="ocr", status="done")}


def test_equal_citations_share_a_number() -> None:
    draft = AnswerDraft("en")
    draft.say("First.", RUN)
    draft.say("Second.", QUOTE, RUN, support=0.75, origin="source")
    draft.say("Third.", OTHER, origin="source")
    draft.say("Fourth.", support=0.0, origin="model")
    draft.say("Fifth.", QUOTE.model_copy(), origin="source")
    assert draft.finish("partial", RESULTS, confidence=0.5, question="Why?") == Answer(
        status="partial",
        text="First. [1] Second. [2][1] Third. [3] Fourth. Fifth. [2]",
        segments=(
            Segment(text="First.", citations=(0,), support=1.0, origin="expert"),
            Segment(text="Second.", citations=(1, 0), support=0.75, origin="source"),
            Segment(text="Third.", citations=(2,), support=1.0, origin="source"),
            Segment(text="Fourth.", citations=(), support=0.0, origin="model"),
            Segment(text="Fifth.", citations=(1,), support=1.0, origin="source"),
        ),
        citations=(RUN, QUOTE, OTHER),
        steps=(RESULTS["s1"],),
        confidence=0.5,
        question="Why?",
    )


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "One. [1] Two.\n\nA list:\n- a [1]\n\nEnd."), ("zh", "One.[1]Two.\n\nA list:\n- a[1]\n\nEnd.")],
)
def test_sentences_are_joined_as_the_language_does(language: Language, text: str) -> None:
    events: list[Event] = []
    draft = AnswerDraft(language, events.append)
    draft.say("One.", RUN)
    draft.say("Two.")
    draft.say("A list:\n- a", RUN)
    draft.say("End.")
    assert draft.finish("answered", {}, confidence=1.0).text == text
    assert "".join(event.text for event in events if isinstance(event, Token)) == text
    assert len(events) == 4


@pytest.mark.parametrize(("given", "kept"), [(-0.5, 0.0), (0.25, 0.25), (7.0, 1.0)])
def test_confidence_is_a_share_of_one(given: float, kept: float) -> None:
    assert AnswerDraft("en").finish("abstained", {}, confidence=given) == Answer(status="abstained", confidence=kept)
