"""CascadeController: the compact controller plans, a larger one only where that is unsure. Knows neither from inside.

Whatever the larger one does (raise, take too long, not be there), the compact plan stands in; it counts what the larger
one was asked for, what that cost and what it changed.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

from orchestrator.controller.controller import Controller
from orchestrator.errors import BadRequest
from orchestrator.types import Plan, Request, Shortlist, Value


class CascadeReport(Value):
    """What escalating cost and gained since the start."""

    num_requests: int = 0
    num_unsure: int = 0  # requests whose compact plan was less sure than the threshold
    num_escalated: int = 0  # of these, asked of the larger controller
    num_changed: int = 0  # of these, another status, other experts, inputs or links
    num_rescued: int = 0  # of these, a plan where the compact one had none
    num_failed: int = 0  # the larger one raised
    num_timed_out: int = 0
    num_unaffordable: int = 0  # unsure, but no time was left of the budget
    num_absent: int = 0  # unsure, but there is no larger one
    seconds_compact: float = 0.0
    seconds_larger: float = 0.0

    @property
    def share_escalated(self) -> float:
        """Of all requests, in [0, 1]."""
        return self.num_escalated / self.num_requests if self.num_requests else 0.0

    @property
    def share_changed(self) -> float:
        """Of the escalated requests, in [0, 1]."""
        return self.num_changed / self.num_escalated if self.num_escalated else 0.0


class CascadeController:
    """Compact first, larger only when the compact plan's confidence is low.

    Args:
        compact: plans every request.
        larger: plans the doubtful ones; should raise where it can give no plan. None: nobody is asked.
        escalate_below: confidence under which the larger one is asked, in [0, 1]; a threshold for calibrated ones.
        share: of the request's deadline that both together may take, in (0, 1].
    """

    name = "cascade"

    def __init__(
        self, compact: Controller, larger: Controller | None, *, escalate_below: float, share: float = 0.5
    ) -> None:
        if not 0.0 <= escalate_below <= 1.0:
            raise BadRequest("escalate_below", escalate_below, "0 to 1")
        if not 0.0 < share <= 1.0:
            raise BadRequest("share", share, "more than 0, at most 1")
        self._compact, self._larger = compact, larger
        self._escalate_below, self._share = escalate_below, share
        self._report = CascadeReport()
        self._lock = threading.Lock()

    def report(self) -> CascadeReport:
        """What was escalated so far."""
        return self._report

    async def plan(self, request: Request, shortlist: Shortlist) -> Plan:
        """The compact plan, or the larger controller's where the compact one is unsure. Raises what compact raises."""
        started_s = time.monotonic()
        plan = await self._compact.plan(request, shortlist)
        taken_s = time.monotonic() - started_s
        self._count(num_requests=1, seconds_compact=taken_s)
        if plan.confidence >= self._escalate_below or not shortlist.cards or not request.text.strip():
            return plan
        self._count(num_unsure=1)
        left_s = self._share * request.budget.deadline_s - taken_s
        if self._larger is None:
            self._count(num_absent=1)
        elif left_s <= 0:
            self._count(num_unaffordable=1)
        else:
            return await self._escalated(self._larger, request, shortlist, plan, left_s)
        return plan

    async def _escalated(
        self, larger: Controller, request: Request, shortlist: Shortlist, plan: Plan, left_s: float
    ) -> Plan:
        started_s = time.monotonic()
        self._count(num_escalated=1)
        try:
            async with asyncio.timeout(left_s):
                other = await larger.plan(request, shortlist)
        except TimeoutError:
            self._count(num_timed_out=1)
            return plan
        except Exception:  # whatever it raises: a request must not fail because of a second opinion
            self._count(num_failed=1)
            return plan
        finally:
            self._count(seconds_larger=time.monotonic() - started_s)
        is_rescued = plan.status != "planned" and other.status == "planned"
        self._count(num_changed=_decided(other) != _decided(plan), num_rescued=is_rescued)
        return other

    def _count(self, **more: float) -> None:
        with self._lock:
            counts = {name: getattr(self._report, name) + value for name, value in more.items()}
            self._report = self._report.model_copy(update=counts)


def _decided(plan: Plan) -> tuple[Any, ...]:
    """What a plan does: status, and its steps by place instead of by id, without reasons and confidences."""
    place = {step.id: str(number) for number, step in enumerate(plan.steps)}
    steps = []
    for step in plan.steps:
        inputs = step.model_dump(include={"inputs"})["inputs"]
        for binding in inputs.values():
            for item in binding.get("items", [binding]):
                if item["source"] == "output":
                    item["step"] = place[item["step"]]
        steps.append((step.expert, inputs, step.each, sorted(place[name] for name in step.after)))
    return (plan.status, steps)
