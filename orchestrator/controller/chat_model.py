"""ChatModelController: any LangChain chat model writes the plan as text, which is read and checked. Knows no provider.

The model sees the cards, the request and the kinds and names of files: never a document, nor what a file holds. A reply
that is no plan is sent back once with what is wrong with it.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orchestrator.controller.confidence import CalibrationTemperature, decides_structure
from orchestrator.controller.plan_language import read
from orchestrator.controller.prompt import (
    gave_up,
    prompts,
    request_text,
    system_text,
    unplannable,
    user_text,
    with_question,
)
from orchestrator.errors import BatonError, ControllerFailed, PlanSyntax
from orchestrator.types import ExpertCard, Plan, Request, Shortlist

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

_THOUGHT = re.compile(r"<think>.*?</think>|^.*?</think>", re.DOTALL)
_FENCED = re.compile(r"```[\w-]*\n(.*?)(?:```|\Z)", re.DOTALL)
_MAX_REPLY_CHARACTERS = 20_000


class ChatModelController:
    """Plans with a chat model.

    Args:
        model: a LangChain chat model; `model.bind(logprobs=True)` where the provider gives log-probabilities, which
            the confidence then comes from.
        share: of the request's deadline that planning may take, in (0, 1].
        temperature: calibrates the confidences.
        abstains: where the model's two replies are no plan: abstain with confidence 0, or raise what is wrong with the
            second (as a cascade wants it, which then has another plan).
    """

    name = "chat_model"

    def __init__(
        self,
        model: Runnable[Any, Any],
        *,
        share: float = 0.5,
        temperature: CalibrationTemperature | None = None,
        abstains: bool = True,
    ) -> None:
        self._model: Any = model  # takes provider's own options beside what Runnable declares
        self._share = share
        self._temperature = temperature or CalibrationTemperature()
        self._abstains = abstains

    async def plan(self, request: Request, shortlist: Shortlist) -> Plan:
        """The model's plan.

        Raises:
            ControllerFailed: the model raised, or did not answer within its share of the deadline.
            PlanSyntax, UnknownExpert, KindMismatch, PlanCycle: only where it does not abstain.
        """
        plan = unplannable(request, shortlist.cards)
        if plan is not None:
            return plan
        deadline_s = self._share * request.budget.deadline_s
        try:
            async with asyncio.timeout(deadline_s):
                return with_question(await self._planned(request, shortlist.cards), request)
        except TimeoutError as error:
            raise ControllerFailed(f"the chat model gave no plan within {deadline_s:g} s") from error
        except BatonError as error:
            if self._abstains and not isinstance(error, ControllerFailed):
                return gave_up(request, "no_plan")
            raise

    async def _planned(self, request: Request, cards: Sequence[ExpertCard]) -> Plan:
        messages = [("system", system_text(cards)), ("human", user_text(request_text(request)))]
        reply = await self._reply(messages, request)
        try:
            return self._sure(_plan_of(reply, request, cards), reply, "assumed")
        except BatonError as error:
            left_tokens = request.budget.max_tokens - _num_tokens(reply)
            if left_tokens <= 0:
                raise
            told = prompts()["repair"].strip().format(error=error.message.rstrip("."), remedy=error.remedy)
        messages += [("ai", _text_of(reply)), ("human", told)]
        reply = await self._reply(messages, request)
        return self._sure(_plan_of(reply, request, cards), reply, "assumed_repaired")

    async def _reply(self, messages: Sequence[tuple[str, str]], request: Request) -> Any:
        # Not every model takes a limit by this name; those that do, have a field of it.
        limit = {"max_tokens": request.budget.max_tokens} if hasattr(self._model, "max_tokens") else {}
        try:
            return await self._model.ainvoke(list(messages), **limit)
        except Exception as error:  # whatever a provider raises
            raise ControllerFailed(f"the chat model failed: {type(error).__name__}: {error}") from error

    def _sure(self, plan: Plan, reply: Any, guess: str) -> Plan:
        """The plan with confidences: from the reply's log-probabilities, or as assumed."""
        lines = _line_probabilities(reply)
        guessed = prompts()["confidence"][guess]
        sure = self._temperature.calibrated(math.prod(lines) if lines else guessed)
        if plan.status == "abstained":
            return plan.model_copy(update={"confidence": min(sure, 1.0 - sure)})
        by_step = dict(zip((step.id for step in plan.steps), lines or (), strict=False))
        steps = tuple(
            step.model_copy(update={"confidence": self._temperature.calibrated(by_step.get(step.id, guessed))})
            for step in plan.steps
        )
        return plan.model_copy(update={"confidence": sure, "steps": steps})


def _plan_of(reply: Any, request: Request, cards: Sequence[ExpertCard]) -> Plan:
    plan = read(_plan_text(_text_of(reply)), request, cards)
    if len(plan.steps) > request.budget.max_steps:
        raise PlanSyntax(
            request.budget.max_steps + 1, 1, f"{len(plan.steps)} steps", f"at most {request.budget.max_steps}"
        )
    return plan


def _text_of(reply: Any) -> str:
    text = getattr(reply, "text", reply)
    return (text if isinstance(text, str) else str(reply))[:_MAX_REPLY_CHARACTERS]


def _plan_text(reply: str) -> str:
    """The plan in a reply: without the thoughts before it, and out of its code fence."""
    text = _THOUGHT.sub("", reply)
    fenced = _FENCED.search(text)
    return (fenced.group(1) if fenced else text).strip()


def _num_tokens(reply: Any) -> int:
    return int((getattr(reply, "usage_metadata", None) or {}).get("output_tokens", 0))


def _line_probabilities(reply: Any) -> list[float]:
    """The probability of each line's structure, in order; empty where the provider gives no log-probabilities."""
    metadata: Mapping[str, Any] = getattr(reply, "response_metadata", None) or {}
    tokens = (metadata.get("logprobs") or {}).get("content") or []
    lines: list[float] = []
    line, log_probability = "", 0.0
    for token in tokens:
        if decides_structure(line):
            log_probability += float(token.get("logprob", 0.0))
        line += str(token.get("token", ""))
        if "\n" in line:
            if re.match(r"\s*(?:\w+ *=|ask|decline)", line):
                lines.append(math.exp(log_probability))
            line, log_probability = line.rpartition("\n")[2], 0.0
    if line.strip():
        lines.append(math.exp(log_probability))
    return lines
