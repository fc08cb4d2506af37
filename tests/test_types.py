"""The values that travel: order of steps, references, JSON round trips, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from orchestrator.artifact import Image, Json, Labels, Text
from orchestrator.errors import BadRequest
from orchestrator.types import (
    Answer,
    AnswerReady,
    Attachment,
    Budget,
    Candidate,
    Collection,
    ErrorInfo,
    Event,
    ExpertCard,
    ExpertCitation,
    Literally,
    Output,
    Passage,
    Plan,
    PlanReady,
    Policy,
    Port,
    Request,
    Segment,
    Shortlist,
    SourceCitation,
    Span,
    Step,
    StepDone,
    StepProgress,
    StepResult,
    StepStarted,
    Token,
    in_order,
)


def step(name: str, *after: str) -> Step:
    return Step(id=name, expert="e", after=after)


@pytest.mark.parametrize(
    ("given", "ordered"),
    [
        ([step("a"), step("b", "a"), step("c")], "abc"),
        ([step("b", "a"), step("a"), step("c")], "abc"),
        ([step("c", "a"), step("b"), step("a")], "bac"),
        ([step("d", "b", "c"), step("c", "a"), step("b", "a"), step("a")], "acbd"),
        ([step("c"), step("b"), step("a")], "cba"),
        ([step("a"), step("b", "z"), step("c"), step("z")], "aczb"),
        ([], ""),
    ],
)
def test_steps_keep_the_order_given_as_far_as_their_needs_allow(given: list[Step], ordered: str) -> None:
    assert "".join(s.id for s in in_order(given)) == ordered
    assert "".join(s.id for s in Plan(status="planned", steps=tuple(given)).steps) == ordered


@pytest.mark.parametrize(
    ("steps", "reason"),
    [([step("a"), step("a")], "stand twice"), ([step("a", "b")], r"needs \['b'\], which the plan does not have")],
)
def test_impossible_plans_are_refused(steps: list[Step], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Plan(status="planned", steps=tuple(steps))


def test_needs_are_links_and_after() -> None:
    reader = Step(
        id="r",
        expert="e",
        inputs={
            "a": Output(step="x", port="text"),
            "b": Collection(items=(Attachment(index=0), Output(step="y", port="text"), Output(step="x", port="json"))),
            "c": Span(start=0, end=2),
        },
        after=("z",),
    )
    plan = Plan(status="planned", steps=(reader, step("x"), step("y"), step("z")))
    assert reader.needs == {"x", "y", "z"}
    assert [r.step for r in reader.references] == ["x", "y", "x"]
    assert [s.id for s in plan.final_steps] == ["z", "r"]
    assert plan.step("x") == step("x")


PASSAGE = Passage(document="d1", title="Manual", sha256="0" * 64, start=3, end=9, page=2, text="weighs", score=0.7)
CITATION = SourceCitation(document="d1", sha256="0" * 64, start=3, end=9, quote="weighs")
RUN = ExpertCitation(step="s1", expert="ocr", quote="XR-2000", outputs={"text": "ab"}, confidence=0.5)
RESULT = StepResult(
    step="s1",
    expert="ocr",
    status="done",
    outputs={"text": Text("XR-2000"), "labels": Labels({"b": 0.2, "a": 0.8}), "items": (Json([1]), Json({"k": None}))},
    confidence=0.8,
    tried=("other",),
)
FAILED = StepResult(step="s2", expert="e", status="failed", error=ErrorInfo.of(BadRequest("k", 0, "1 to 100")))
PLAN = Plan(
    status="planned",
    confidence=0.75,
    steps=(
        Step(
            id="s1",
            expert="ocr",
            inputs={
                "image": Attachment(index=0),
                "text": Span(start=0, end=4),
                "k": Literally(value=[1, "二", None, {"a": 1.5}]),
            },
        ),
        Step(id="s2", expert="e", inputs={"x": Collection(items=(Output(step="s1", port="text"),))}, each="x"),
    ),
)
ANSWER = Answer(
    status="partial",
    text="它重 4 公斤。[1]",
    segments=(Segment(text="它重 4 公斤。", citations=(0,), support=1.0, origin="source"),),
    citations=(CITATION, RUN),
    artifacts=(Text("x"),),
    steps=(RESULT, FAILED),
    confidence=0.5,
    trace_id="t",
)
CARD = ExpertCard(
    name="ocr",
    inputs=(Port(name="image", kind="image"), Port(name="mode", kind="string", enum=("a", "b"), required=False)),
    outputs=(Port(name="text", kind="text"),),
    says={"en": ("{text}",), "zh": ("{text}",)},
)
VALUES: list[Any] = [
    PASSAGE,
    RESULT,
    FAILED,
    PLAN,
    ANSWER,
    CARD,
    Shortlist(candidates=(Candidate(card=CARD, score=0.5),)),
    Request(text="写摘要", artifacts=(Text("a"),), budget=Budget(deadline_s=1), policy=Policy(allow_network=True)),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_json_round_trip_gives_an_equal_value(value: Any) -> None:
    assert type(value).model_validate_json(value.model_dump_json()) == value
    assert type(value).model_validate(json.loads(json.dumps(value.model_dump(mode="json")))) == value


@pytest.mark.parametrize(
    "event",
    [
        PlanReady(plan=PLAN),
        StepStarted(step="s1", expert="ocr"),
        StepProgress(step="s1", fraction=0.5, note="half"),
        StepDone(result=RESULT),
        Token(text="它"),
        AnswerReady(answer=ANSWER),
    ],
    ids=lambda event: event.event,
)
def test_events_are_told_apart_by_their_name(event: Event) -> None:
    adapter: TypeAdapter[Event] = TypeAdapter(Event)
    assert adapter.validate_json(event.model_dump_json()) == event


def test_outputs_keep_their_kind_and_content_through_json() -> None:
    again = StepResult.model_validate_json(RESULT.model_dump_json())
    assert [type(a) for port in RESULT.outputs for a in again.items(port)] == [Text, Labels, Json, Json]
    assert [a.value for port in RESULT.outputs for a in again.items(port)] == [
        "XR-2000",
        {"a": 0.8, "b": 0.2},
        [1],
        {"k": None},
    ]
    assert again.items("missing") == ()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Budget(deadline_s=0),
        lambda: Budget(max_steps=0),
        lambda: Budget(max_tokens=0),
        lambda: Budget(max_gpu_bytes=-1),
        lambda: ExpertCard(name="two words"),
        lambda: ExpertCard(name="../up"),
        lambda: ExpertCard(name="a", colour="red"),
        lambda: Port(name="x", kind="picture"),
        lambda: Plan(status="maybe"),
        lambda: Plan(status="planned", stepz=()),
    ],
)
def test_illegal_values_are_refused(make: Any) -> None:
    with pytest.raises(ValidationError):
        make()


def test_values_are_frozen() -> None:
    for value in (PLAN, RESULT, CARD, Image.from_bytes(b"x")):
        with pytest.raises(ValidationError, match="frozen"):
            value.confidence = 1.0


def test_card_finds_ports_by_name() -> None:
    assert CARD.input("image") == Port(name="image", kind="image")
    assert CARD.output("text") == Port(name="text", kind="text")
    assert CARD.input("text") is None
    assert (CARD.spoken_name, ExpertCard(name="picture_facts").spoken_name) == ("ocr", "picture facts")
