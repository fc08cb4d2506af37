"""Answers without a language model, from results made by hand: what is said, what is cited, and how it is called."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.artifact import Image, Json, Labels, Text
from orchestrator.composer.extractive import ExtractiveComposer, readable
from orchestrator.embedding import encoder
from orchestrator.errors import BatonError, EmptyLibrary, StepFailed, StepSkipped, StepTimeout
from orchestrator.types import (
    Answer,
    Attachment,
    ErrorInfo,
    Event,
    ExpertCard,
    ExpertCitation,
    Literally,
    Output,
    Passage,
    Plan,
    Port,
    Request,
    Segment,
    SourceCitation,
    Span,
    Step,
    StepResult,
    Token,
)

MANUAL = (
    "# XR-2000 pump\n\nThe XR-2000 pump weighs 4.5 kg. The warranty of the XR-2000 pump is 24 months. "
    "Clean the filter of the pump every six months. Never run the pump dry."
)
GUIDE = "保修\n\n设备的保修期为二十四个月。滤芯每六个月更换一次。请勿空转水泵。"

CARDS = {
    card.name: card
    for card in (
        ExpertCard(
            name="library_search",
            title="library search",
            task="document-retrieval",
            inputs=(Port(name="query", kind="string"), Port(name="context", kind="text", required=False)),
            outputs=(Port(name="passages", kind="json"), Port(name="text", kind="text")),
        ),
        ExpertCard(
            name="text_recognition",
            title="text recognition",
            version="1.1.0",
            licence="Apache-2.0",
            author="The makers",
            model="tiny-ocr",
            inputs=(Port(name="image", kind="image"),),
            outputs=(Port(name="text", kind="text"),),
            says={"en": ("The picture {file} reads “{text}”.",), "zh": ("图片{file}上写着“{text}”。",)},
        ),
        ExpertCard(
            name="draw",
            title="drawing",
            inputs=(Port(name="text", kind="text"),),
            outputs=(Port(name="image", kind="image"), Port(name="labels", kind="labels")),
            says={"en": ("The drawing is {top} ({confidence}).",)},
        ),
    )
}
PHOTO = Image.from_bytes(b"photo", name="plate.png")
DRAWING = Image.from_bytes(b"drawing", name="drawing.png")


def passages(text: str, document: str = "d1") -> tuple[Json, Text]:
    """One passage that begins at character 100 of its document."""
    passage = Passage(
        document=document, title="Manual", sha256="1" * 64, start=100, end=100 + len(text), text=text, score=0.8
    )
    return Json([passage.model_dump(mode="json")]), Text(text)


def search(step: str, found: str | None, query: Any = None, **inputs: Any) -> tuple[Step, StepResult]:
    binding = Literally(value=query) if isinstance(query, str) else query
    asked = Step(id=step, expert="library_search", inputs={"query": binding, **inputs})
    found_passages = passages(found) if found is not None else (Json([]), Text(""))
    outputs = dict(zip(("passages", "text"), found_passages, strict=True))
    return asked, StepResult(step=step, expert="library_search", status="done", outputs=outputs, confidence=0.1)  # type: ignore[arg-type]


def read(step: str, text: str, asked: bool = True) -> tuple[Step, StepResult]:
    made = Step(id=step, expert="text_recognition", inputs={"image": Attachment(index=0)}, asked=asked)
    return made, StepResult(
        step=step, expert="text_recognition", status="done", outputs={"text": Text(text)}, confidence=0.75
    )


def failing(step: str, error: BatonError, *after: str, expert: str = "text_recognition") -> tuple[Step, StepResult]:
    made = Step(id=step, expert=expert, inputs={"image": Attachment(index=0)}, after=after)
    if expert == "library_search":
        made = Step(id=step, expert=expert, inputs={"query": Literally(value="How heavy is it?")})
    status = "skipped" if isinstance(error, StepSkipped) else "failed"
    return made, StepResult(step=step, expert=expert, status=status, error=ErrorInfo.of(error))  # type: ignore[arg-type]


async def answered(text: str, *ran: tuple[Step, StepResult], emit: Any = None, confidence: float = 1.0) -> Answer:
    plan = Plan(status="planned", confidence=confidence, steps=tuple(step for step, _ in ran))
    results = {step.id: result for step, result in ran}
    request = Request(text=text, artifacts=(PHOTO,))
    composer = ExtractiveComposer(CARDS.__getitem__, encoder)
    answer = await composer.compose(request, plan, {step.id: results[step.id] for step in plan.steps}, emit)
    assert answer.steps == tuple(results[step.id] for step in plan.steps)
    return answer


RUN = ExpertCitation(
    step="s1",
    expert="text_recognition",
    version="1.1.0",
    quote="EXIT",
    outputs={"text": Text("EXIT").sha256},
    confidence=0.75,
    licence="Apache-2.0",
    author="The makers",
    model="tiny-ocr",
)


def source(quote: str, text: str = MANUAL) -> SourceCitation:
    start = 100 + text.index(quote)
    return SourceCitation(
        document="d1", title="Manual", sha256="1" * 64, start=start, end=start + len(quote), quote=quote
    )


async def test_an_experts_finding_is_the_answer() -> None:
    answer = await answered("What does the sign say?", read("s1", "EXIT"))
    assert answer.model_copy(update={"steps": ()}) == Answer(
        status="answered",
        text="The picture plate.png reads “EXIT”. [1]",
        segments=(Segment(text="The picture plate.png reads “EXIT”.", citations=(0,), support=1.0, origin="expert"),),
        citations=(RUN,),
        confidence=0.75,
    )


async def test_a_chinese_request_is_answered_in_chinese() -> None:
    answer = await answered("牌子上写了什么？", read("s1", "出口"))
    assert (answer.status, answer.text) == ("answered", "图片plate.png上写着“出口”。[1]")


@pytest.mark.parametrize(
    ("question", "text", "quote"),
    [
        ("How much does the XR-2000 pump weigh?", MANUAL, "The XR-2000 pump weighs 4.5 kg."),
        ("How long is the warranty of the XR-2000 pump?", MANUAL, "The warranty of the XR-2000 pump is 24 months."),
        ("How often must the filter of the pump be cleaned?", MANUAL, "Clean the filter of the pump every six months."),
        ("设备的保修期是多久？", GUIDE, "设备的保修期为二十四个月。"),
        ("滤芯多久更换一次？", GUIDE, "滤芯每六个月更换一次。"),
    ],
)
async def test_the_sentence_that_answers_is_said_and_quoted_exactly(question: str, text: str, quote: str) -> None:
    answer = await answered(question, search("s1", text, question))
    assert answer.status == "answered"
    assert answer.segments[0] == Segment(text=quote, citations=(0,), support=1.0, origin="source")
    assert answer.citations[0] == source(quote, text)
    assert answer.text.startswith(quote)
    assert 0 < answer.confidence <= 1


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("Who won the world cup in 1974?", MANUAL),
        ("What is the capital of Peru?", None),
        ("谁赢得了世界杯？", GUIDE),
    ],
)
async def test_what_the_library_does_not_hold_is_not_filled_in(question: str, found: str | None) -> None:
    answer = await answered(question, search("s1", found, question))
    assert (answer.status, answer.citations, answer.segments[0].support) == ("abstained", (), 0.0)
    bare = question.rstrip("?？")
    assert answer.text in (
        f"The library does not hold an answer to “{bare}”.",
        f"资料库中没有关于“{bare}”的答案。",
    )
    assert answer.confidence < 0.52


async def test_an_empty_library_says_so() -> None:
    answer = await answered("How heavy is it?", failing("s1", EmptyLibrary(), expert="library_search"))
    assert (answer.status, answer.text) == (
        "abstained",
        "The library is empty, so “How heavy is it” cannot be looked up.",
    )


async def test_a_reading_and_a_lookup_are_both_cited_in_the_plans_order() -> None:
    question = "How much does the pump on this plate weigh?"
    context = Output(step="s1", port="text")
    answer = await answered(
        question, read("s1", "XR-2000", asked=False), search("s2", MANUAL, question, context=context), confidence=0.7
    )
    assert answer.status == "answered"
    assert [segment.origin for segment in answer.segments[:2]] == ["expert", "source"]
    assert answer.segments[0].text == "The picture plate.png reads “XR-2000”."
    assert source("The XR-2000 pump weighs 4.5 kg.") in answer.citations
    assert answer.confidence <= 0.7


async def test_reading_a_label_alone_is_no_answer_to_what_was_asked() -> None:
    question = "Who won the world cup in 1974?"
    context = Output(step="s1", port="text")
    answer = await answered(
        question, read("s1", "XR-2000", asked=False), search("s2", MANUAL, question, context=context)
    )
    assert answer.status == "abstained"


async def test_equal_citations_share_a_number() -> None:
    drawn = StepResult(
        step="s1", expert="draw", status="done", outputs={"image": DRAWING, "labels": Labels({"cat": 1.0})}
    )
    step = Step(id="s1", expert="draw", inputs={"text": Span(start=0, end=4)})
    two = CARDS["draw"].model_copy(update={"says": {"en": ("It is {top}.", "Sure: {confidence}.")}})
    composer = ExtractiveComposer({**CARDS, "draw": two}.__getitem__, encoder)
    plan = Plan(status="planned", steps=(step,))
    answer = await composer.compose(Request(text="Draw a cat"), plan, {"s1": drawn})
    assert answer.text == "It is cat. [1] Sure: 100%. [1]"
    assert len(answer.citations) == 1
    assert answer.artifacts == (DRAWING,)


BROKEN = StepFailed("s2", "text_recognition", "text recognition failed: no memory", "Give it a smaller picture.")


@pytest.mark.parametrize(
    ("ran", "status", "text", "error"),
    [
        (
            [read("s1", "EXIT"), failing("s2", BROKEN)],
            "partial",
            "The picture plate.png reads “EXIT”. [1] Text recognition could not do this: text recognition failed: no "
            "memory. Give it a smaller picture. [2]",
            None,
        ),
        (
            [failing("s2", BROKEN)],
            "failed",
            "Text recognition could not do this: text recognition failed: no memory. Give it a smaller picture. [1]",
            "StepFailed",
        ),
        (
            [
                failing("s1", StepTimeout("s1", "e", "e did not finish in time.")),
                failing("s2", StepSkipped("s2", "e", "x"), "s1"),
            ],
            "failed",
            "Text recognition could not do this: e did not finish in time. Raise the deadline, or give it a smaller "
            "input. [1] Text recognition was left out, because an earlier step failed. [2]",
            "StepTimeout",
        ),
    ],
    ids=["one of two", "the only one", "a chain"],
)
async def test_a_failure_is_said_with_what_can_be_done(ran: Any, status: str, text: str, error: str | None) -> None:
    answer = await answered("What does it say?", *ran)
    assert (answer.status, answer.text) == (status, text)
    assert (answer.error.type if answer.error else None) == error
    if status == "failed":
        assert answer.confidence == 0.0


async def test_a_lookup_that_finds_nothing_beside_one_that_does_is_half_an_answer() -> None:
    first, second = "How much does the XR-2000 pump weigh?", "Who won the world cup in 1974?"
    answer = await answered(f"{first} {second}", search("s1", MANUAL, first), search("s2", MANUAL, second))
    assert answer.status == "partial"
    assert source("The XR-2000 pump weighs 4.5 kg.") in answer.citations
    assert answer.text.endswith("The library does not hold an answer to “Who won the world cup in 1974”.")


async def test_tokens_add_up_to_the_text() -> None:
    events: list[Event] = []
    question = "How much does the XR-2000 pump weigh?"
    answer = await answered(question, read("s1", "EXIT"), search("s2", MANUAL, question), emit=events.append)
    assert "".join(event.text for event in events if isinstance(event, Token)) == answer.text


@pytest.mark.parametrize(
    ("quote", "language", "sentence"),
    [
        ("It weighs 4 kg.", "en", "It weighs 4 kg."),
        ("- **Weight:** `4 kg`.", "en", "Weight: 4 kg."),
        ("1. Open the\n   valve.", "en", "Open the valve."),
        ("Weight: 4 kg", "en", "According to “Manual”: Weight: 4 kg."),
        ("重量：4公斤", "zh", "根据《Manual》：重量：4公斤。"),
        ("重四公斤。", "zh", "重四公斤。"),
    ],
)
def test_a_quote_becomes_a_sentence(quote: str, language: Any, sentence: str) -> None:
    assert readable(quote, "Manual", language) == sentence
