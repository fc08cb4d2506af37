"""The cascade: who is asked when, that the compact plan stands in for every failure, and what is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.controller.cascade import CascadeController, CascadeReport
from orchestrator.errors import BadRequest, ControllerFailed
from orchestrator.types import (
    Attachment,
    Budget,
    Candidate,
    ExpertCard,
    Literally,
    Output,
    Plan,
    Port,
    Request,
    Shortlist,
    Step,
)

CARDS = tuple(
    ExpertCard(name=name, inputs=(Port(name="text", kind="text"),), outputs=(Port(name="text", kind="text"),))
    for name in ("read", "tell")
)
SHORTLIST = Shortlist(candidates=tuple(Candidate(card=card, score=1.0) for card in CARDS))
REQUEST = Request(text="Read and tell", budget=Budget(deadline_s=0.4))


def a_plan(confidence: float, expert: str = "read", prefix: str = "s", **fields: Any) -> Plan:
    steps = (
        Step(id=f"{prefix}1", expert=expert, inputs={"text": Attachment(index=0)}, confidence=confidence),
        Step(id=f"{prefix}2", expert="tell", inputs={"text": Output(step=f"{prefix}1", port="text")}),
    )
    return Plan(**{"status": "planned", "confidence": confidence, "steps": steps, **fields})


SURE, UNSURE = a_plan(0.9), a_plan(0.3)
NOTHING = Plan(status="abstained", confidence=0.1, question="Nothing fits.")


class Failing:
    """A controller whose server is down."""

    name = "failing"

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def plan(self, request: Request, shortlist: Shortlist) -> Plan:
        raise self.error


class Waiting:
    """A controller that takes so long before its plan."""

    name = "waiting"

    def __init__(self, seconds: float, plan: Plan) -> None:
        self.seconds, self.answer, self.is_cancelled = seconds, plan, False

    async def plan(self, request: Request, shortlist: Shortlist) -> Plan:
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.is_cancelled = True
            raise
        return self.answer


def counted(cascade: CascadeController) -> dict[str, int]:
    """The counts that are not 0."""
    counts = cascade.report().model_dump(exclude={"seconds_compact", "seconds_larger"})
    return {name: count for name, count in counts.items() if count}


async def test_a_sure_plan_is_nobody_elses_business(queued_controller: Callable[..., Any]) -> None:
    larger = queued_controller()
    cascade = CascadeController(queued_controller(SURE, a_plan(0.5)), larger, escalate_below=0.5)
    assert await cascade.plan(REQUEST, SHORTLIST) == SURE
    assert (await cascade.plan(REQUEST, SHORTLIST)).confidence == 0.5
    assert (larger.asked, counted(cascade)) == ([], {"num_requests": 2})
    assert cascade.report().share_escalated == 0.0


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        (UNSURE, a_plan(0.8, "tell"), {"num_changed": 1}),
        (UNSURE, a_plan(0.8, prefix="t"), {}),
        (UNSURE, NOTHING, {"num_changed": 1}),
        (NOTHING, SURE, {"num_changed": 1, "num_rescued": 1}),
        (NOTHING, NOTHING, {}),
        (
            UNSURE.model_copy(update={"status": "needs_input", "question": "Which?"}),
            SURE,
            {"num_changed": 1, "num_rescued": 1},
        ),
    ],
    ids=["other experts", "other ids only", "declined", "rescued", "both decline", "needs input"],
)
async def test_an_unsure_plan_is_asked_of_the_larger(
    queued_controller: Callable[..., Any], first: Plan, second: Plan, counts: dict[str, int]
) -> None:
    larger = queued_controller(second)
    cascade = CascadeController(queued_controller(first), larger, escalate_below=0.5)
    assert await cascade.plan(REQUEST, SHORTLIST) == second
    assert larger.asked == [(REQUEST, SHORTLIST)]
    assert counted(cascade) == {"num_requests": 1, "num_unsure": 1, "num_escalated": 1, **counts}


@pytest.mark.parametrize("error", [ControllerFailed("no server"), ConnectionError("refused"), ValueError("a bug")])
async def test_a_larger_one_that_raises_leaves_the_compact_plan(
    queued_controller: Callable[..., Any], error: Exception
) -> None:
    cascade = CascadeController(queued_controller(UNSURE), Failing(error), escalate_below=0.5)
    assert await cascade.plan(REQUEST, SHORTLIST) == UNSURE
    assert counted(cascade) == {"num_requests": 1, "num_unsure": 1, "num_escalated": 1, "num_failed": 1}


async def test_a_larger_one_may_take_its_share_of_the_deadline(queued_controller: Callable[..., Any]) -> None:
    larger = Waiting(30.0, SURE)
    cascade = CascadeController(queued_controller(UNSURE), larger, escalate_below=0.5, share=0.5)
    assert await asyncio.wait_for(cascade.plan(REQUEST, SHORTLIST), timeout=5) == UNSURE
    assert larger.is_cancelled
    assert counted(cascade) == {"num_requests": 1, "num_unsure": 1, "num_escalated": 1, "num_timed_out": 1}
    assert cascade.report().seconds_larger == pytest.approx(0.2, abs=0.1)


async def test_nobody_is_asked_who_is_absent_or_once_the_time_is_gone(queued_controller: Callable[..., Any]) -> None:
    alone = CascadeController(queued_controller(UNSURE), None, escalate_below=0.5)
    assert await alone.plan(REQUEST, SHORTLIST) == UNSURE
    assert counted(alone) == {"num_requests": 1, "num_unsure": 1, "num_absent": 1}
    larger = queued_controller()
    late = CascadeController(Waiting(0.15, UNSURE), larger, escalate_below=0.5, share=0.25)
    assert await late.plan(REQUEST, SHORTLIST) == UNSURE
    assert counted(late) == {"num_requests": 1, "num_unsure": 1, "num_unaffordable": 1}
    assert larger.asked == []


async def test_a_second_opinion_on_nothing_is_not_asked_for(queued_controller: Callable[..., Any]) -> None:
    larger = queued_controller()
    cascade = CascadeController(queued_controller(NOTHING, NOTHING), larger, escalate_below=0.5)
    assert await cascade.plan(REQUEST, Shortlist()) == NOTHING
    assert await cascade.plan(REQUEST.model_copy(update={"text": " \n"}), SHORTLIST) == NOTHING
    assert (larger.asked, counted(cascade)) == ([], {"num_requests": 2})


async def test_a_cancelled_request_is_cancelled(queued_controller: Callable[..., Any]) -> None:
    larger = Waiting(30.0, SURE)
    cascade = CascadeController(queued_controller(UNSURE), larger, escalate_below=0.5)
    task = asyncio.ensure_future(cascade.plan(REQUEST.model_copy(update={"budget": Budget()}), SHORTLIST))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert larger.is_cancelled


async def test_the_report_says_what_escalating_cost_and_gained(queued_controller: Callable[..., Any]) -> None:
    value = UNSURE.model_copy(update={"steps": (Step(id="s1", expert="read", inputs={"text": Literally(value="x")}),)})
    compact = queued_controller(SURE, UNSURE, NOTHING, UNSURE)
    cascade = CascadeController(compact, queued_controller(value, SURE, UNSURE), escalate_below=0.5)
    before = cascade.report()
    for _ in range(4):
        await cascade.plan(REQUEST, SHORTLIST)
    report = cascade.report()
    assert before == CascadeReport()
    assert report == CascadeReport(
        num_requests=4,
        num_unsure=3,
        num_escalated=3,
        num_changed=2,
        num_rescued=1,
        seconds_compact=report.seconds_compact,
        seconds_larger=report.seconds_larger,
    )
    assert report.share_escalated == 0.75
    assert report.share_changed == pytest.approx(2 / 3)
    assert report.seconds_compact > 0
    assert report.seconds_larger > 0


@pytest.mark.parametrize(
    "options", [{"escalate_below": 1.5}, {"escalate_below": -0.1}, {"escalate_below": 0.5, "share": 0}]
)
def test_thresholds_out_of_range_are_refused(queued_controller: Callable[..., Any], options: dict[str, float]) -> None:
    with pytest.raises(BadRequest):
        CascadeController(queued_controller(), None, **options)
