"""CausalLMController: a transformers model in this process writes the plan, token by token, under the grammar.

What the grammar forces is not asked of the model; at every other place the likeliest token that it allows is taken, and
its probability among the allowed ones goes into the confidence.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy
from numpy.typing import NDArray

from orchestrator.controller.causal_lm import CausalLM
from orchestrator.controller.confidence import CalibrationTemperature, decides_structure
from orchestrator.controller.grammar import grammar
from orchestrator.controller.plan_language import read
from orchestrator.controller.plan_tokens import named
from orchestrator.controller.prompt import gave_up, request_text, system_text, unplannable, user_text, with_question
from orchestrator.errors import BatonError, ControllerFailed
from orchestrator.types import Alternative, ExpertCard, Plan, Request, Shortlist, Step, Value

_NUM_ALTERNATIVES = 3
_MAX_PASS_TOKENS = 2048  # of a prompt: between two passes it can be seen that time is over


class Writing(Value):
    """What one plan cost."""

    num_prompt_tokens: int
    num_reused_tokens: int
    num_tokens: int
    num_forced_tokens: int
    num_passes: int
    prompt_s: float
    grammar_s: float
    duration_s: float


class CausalLMController:
    """Plans with a causal language model of this process.

    Args:
        model: is loaded at the first plan; one plan at a time.
        share: of the request's deadline that planning may take, in (0, 1].
        temperature: calibrates the confidences.
        only_quotes: strings must be words of the request, so that no argument is invented.
        abstains: where time or tokens run out: abstain with confidence 0 and what was planned by then, or raise.
    """

    name = "causal_lm"

    def __init__(
        self,
        model: CausalLM,
        *,
        share: float = 0.5,
        temperature: CalibrationTemperature | None = None,
        only_quotes: bool = False,
        abstains: bool = True,
    ) -> None:
        self.model = model
        self.last: Writing | None = None
        self._share = share
        self._temperature = temperature or CalibrationTemperature()
        self._only_quotes = only_quotes
        self._abstains = abstains
        self._lock = threading.Lock()

    async def plan(self, request: Request, shortlist: Shortlist) -> Plan:
        """The likeliest line after line of a plan; always one that `read` takes.

        Raises:
            BadRequest: the model cannot be loaded.
            ControllerFailed: the model failed, or (where it does not abstain) time or tokens ran out.
        """
        plan = unplannable(request, shortlist.cards)
        if plan is not None:
            return plan
        is_stopped = threading.Event()
        try:
            return await asyncio.to_thread(self._plan, request, shortlist.cards, is_stopped)
        finally:
            is_stopped.set()  # the thread of a cancelled request ends at its next token

    def _plan(self, request: Request, cards: Sequence[ExpertCard], is_stopped: threading.Event) -> Plan:
        end_s = time.monotonic() + self._share * request.budget.deadline_s
        if not self._lock.acquire(timeout=max(0.0, end_s - time.monotonic())):
            raise ControllerFailed("the language model was busy with other requests until this one's time was over")
        try:
            try:
                pen = _Pen(self.model, request, cards, self._only_quotes, end_s, is_stopped)
                plan = pen.write()
            except BatonError:
                raise
            except Exception as error:  # whatever torch and the model's own code raise
                raise ControllerFailed(f"the language model failed: {type(error).__name__}: {error}") from error
            self.last = pen.cost()
        finally:
            self._lock.release()
        if not pen.is_finished:
            if not self._abstains:
                raise ControllerFailed("the language model ran out of time or tokens before its plan was whole")
            return gave_up(request, "too_long", steps=plan.steps)
        return self._sure(with_question(plan, request), pen)

    def _sure(self, plan: Plan, pen: _Pen) -> Plan:
        sure = self._temperature.calibrated(math.prod(line.probability for line in pen.lines) * pen.end_probability)
        steps = tuple(
            step.model_copy(
                update={
                    "confidence": self._temperature.calibrated(line.probability),
                    "alternatives": line.alternatives(step.expert),
                }
            )
            for step, line in zip(plan.steps, pen.lines, strict=False)
        )
        if plan.status == "abstained":
            return plan.model_copy(update={"confidence": min(sure, 1.0 - sure)})  # no other plan was likelier
        return plan.model_copy(update={"confidence": sure, "steps": steps})


@dataclass
class _WrittenLine:
    """A line in the making, and how likely its choices were."""

    text: str = ""
    tokens: list[int] = field(default_factory=list)
    probability: float = 1.0
    rivals: dict[str, float] = field(default_factory=dict)

    def alternatives(self, chosen: str) -> tuple[Alternative, ...]:
        others = sorted(((p, name) for name, p in self.rivals.items() if name != chosen), reverse=True)
        return tuple(Alternative(expert=name, score=p) for p, name in others[:_NUM_ALTERNATIVES] if p > 0.001)


class _Pen:
    """Writes one plan."""

    def __init__(
        self,
        model: CausalLM,
        request: Request,
        cards: Sequence[ExpertCard],
        only_quotes: bool,
        end_s: float,
        is_stopped: threading.Event,
    ) -> None:
        self._model, self._request, self._cards = model, request, cards
        self._only_quotes, self._end_s, self._is_stopped = only_quotes, end_s, is_stopped
        self._tokenizer = model.grammar_tokenizer
        self._ends = frozenset(self._tokenizer.eos_tokens)
        self._mask = numpy.zeros((1, (self._tokenizer.vocab_size + 31) // 32), dtype=numpy.int32)
        self._num_prompt = self._num_tokens = self._num_forced = 0
        self._started_s = time.perf_counter()
        self._prompt_s = self._grammar_s = 0.0
        self.lines: list[_WrittenLine] = []
        self.end_probability = 1.0
        self.is_finished = False

    def write(self) -> Plan:
        """The plan of all whole lines; `is_finished` says whether the model ended it."""
        prompt = self._model.prompt(system_text(self._cards), user_text("{data}"), request_text(self._request))
        self._num_prompt = len(prompt.tokens)
        plan = Plan(status="planned")
        if self._num_prompt >= self._model.max_tokens:
            return plan
        before_s = time.perf_counter()
        self._model.start(prompt)
        while self._model.num_pending > _MAX_PASS_TOKENS and not self._is_out_of_budget(0):
            self._model.read(_MAX_PASS_TOKENS)
        self._prompt_s = time.perf_counter() - before_s
        while not self.is_finished:
            line = self._line(plan.steps)
            if line is None:
                break
            self.lines.append(line)
            plan = read("".join(line.text for line in self.lines), self._request, self._cards)
            if plan.status == "abstained" or (plan.status == "needs_input" and line.text.startswith("ask ")):
                self.is_finished = True
        return plan

    def cost(self) -> Writing:
        return Writing(
            num_prompt_tokens=self._num_prompt,
            num_reused_tokens=self._model.num_reused,
            num_tokens=self._num_tokens,
            num_forced_tokens=self._num_forced,
            num_passes=self._model.num_passes,
            prompt_s=self._prompt_s,
            grammar_s=self._grammar_s,
            duration_s=time.perf_counter() - self._started_s,
        )

    # -- a line --------------------------------------------------------------------------------------------------------

    def _line(self, steps: Sequence[Step]) -> _WrittenLine | None:
        """The next line; None where the plan ended, or had to."""
        line = _WrittenLine()
        if steps and len(steps) >= self._request.budget.max_steps:
            self.is_finished = True
            return None
        matcher = self._matcher(steps)
        while not matcher.is_stopped():
            forced = matcher.compute_ff_tokens()
            if self._is_out_of_budget(len(forced) or 1):
                return None
            if forced:
                self._num_forced += len(forced)
                self._take(forced, line, matcher)
                continue
            allowed = self._allowed(matcher)  # (A,) token ids
            token, probability = self._chosen(allowed, line)
            if token in self._ends:
                self.end_probability, self.is_finished = probability, True
                return None
            if decides_structure(line.text):
                line.probability *= probability
            self._take([token], line, matcher)
        return line

    def _take(self, tokens: Sequence[int], line: _WrittenLine, matcher: Any) -> None:
        if not matcher.consume_tokens(list(tokens)):
            raise ControllerFailed(f"the grammar refused its own tokens: {matcher.get_error()}")
        self._model.feed(tokens)
        self._num_tokens += len(tokens)
        line.tokens += tokens
        line.text = self._tokenizer.decode_str(line.tokens)

    def _chosen(self, allowed: NDArray[numpy.intp], line: _WrittenLine) -> tuple[int, float]:
        """The likeliest of the allowed tokens, and its probability among them; all ends count as one."""
        if len(allowed) == 1:
            return int(allowed[0]), 1.0
        before_s = time.perf_counter()
        logits = self._model.logits()  # (V,)
        if self._num_tokens == self._num_forced:  # the first choice: the rest of the prompt was read with it
            self._prompt_s += time.perf_counter() - before_s
        allowed = allowed[allowed < len(logits)]
        weights = numpy.exp(logits[allowed].astype(numpy.float64) - logits[allowed].max())
        probabilities = weights / weights.sum()  # (A,)
        is_end = numpy.isin(allowed, list(self._ends))
        ends = float(probabilities[is_end].sum())
        if ends >= 0.5:
            return int(allowed[is_end][0]), ends
        if ends > 0.0:  # to go on is one choice, however many tokens begin the next line
            return int(allowed[numpy.where(is_end, 0.0, probabilities).argmax()]), 1.0 - ends
        best = int(probabilities.argmax())
        if "(" not in line.text:
            self._note_rivals(line, allowed, probabilities, best)
        return int(allowed[best]), float(probabilities[best])

    def _note_rivals(
        self, line: _WrittenLine, allowed: NDArray[numpy.intp], probabilities: NDArray[numpy.float64], best: int
    ) -> None:
        """Give the experts whose names begin otherwise their share of what was not chosen."""
        written = line.text.partition("= ")[2]
        for index in numpy.argsort(-probabilities)[: 4 * _NUM_ALTERNATIVES]:
            if index == best:
                continue
            start = (line.text + self._tokenizer.decode_str([int(allowed[index])])).partition("= ")[2]
            fits = [card.name for card in self._cards if start and f"{named(card.name)}(".startswith(start)]
            for name in fits if len(start) > len(written) else ():
                share = line.probability * float(probabilities[index]) / len(fits)
                line.rivals[name] = line.rivals.get(name, 0.0) + share

    def _matcher(self, steps: Sequence[Step]) -> Any:
        from llguidance import LLMatcher

        before_s = time.perf_counter()
        lark = grammar(self._cards, self._request, steps, only_quotes=self._only_quotes)
        matcher = LLMatcher(self._tokenizer, LLMatcher.grammar_from_lark(lark), log_level=0)
        if matcher.is_error():
            raise ControllerFailed(f"no grammar could be made of these cards: {matcher.get_error()}")
        self._grammar_s += time.perf_counter() - before_s
        return matcher

    def _allowed(self, matcher: Any) -> NDArray[numpy.intp]:
        # NumPy, not the torch masks of llguidance: those compile a kernel at their first use.
        import llguidance.numpy

        before_s = time.perf_counter()
        llguidance.numpy.fill_next_token_bitmask(matcher, self._mask)
        bits = numpy.unpackbits(self._mask[0].view(numpy.uint8), bitorder="little")
        self._grammar_s += time.perf_counter() - before_s
        return numpy.nonzero(bits[: self._tokenizer.vocab_size])[0]

    def _is_out_of_budget(self, num_wanted_tokens: int) -> bool:
        return (
            self._is_stopped.is_set()
            or time.monotonic() >= self._end_s
            or self._num_tokens + num_wanted_tokens > self._request.budget.max_tokens
            or self._num_prompt + self._num_tokens + num_wanted_tokens > self._model.max_tokens
        )
