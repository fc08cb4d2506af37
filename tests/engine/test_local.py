"""The local engine: fallback, lists, weights loaded once, experts that misbehave."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pytest

from orchestrator.artifact import Json, Labels, Text
from orchestrator.config import load_settings
from orchestrator.engine.local import LocalEngine, rebound
from orchestrator.engine.scheduler import run_plan
from orchestrator.errors import BadRequest, EmptyLibrary, MissingExtra, UnknownExpert
from orchestrator.expert import Expert, Outcome, Prediction, expert
from orchestrator.types import (
    Alternative,
    Attachment,
    Binding,
    Collection,
    ExpertCard,
    Literally,
    Plan,
    Port,
    Request,
    Span,
    Step,
    StepResult,
)

REQUEST = Request(text="hello world", artifacts=(Text("one"), Text("two"), Text("three")))


class Shelf:
    """Experts by name, as the engine finds them."""

    def __init__(self, *experts: Expert) -> None:
        self.experts = {expert.card.name: expert for expert in experts}

    def expert(self, name: str) -> Expert:
        if name not in self.experts:
            raise UnknownExpert(name, list(self.experts))
        return self.experts[name]


@pytest.fixture
def engine_of() -> Iterator[Callable[..., LocalEngine]]:
    """Makes an engine over the experts given, on the CPU, with two slots."""
    made: list[LocalEngine] = []

    def make(*experts: Expert, cpu_slots: int = 2) -> LocalEngine:
        settings = load_settings({"engine": {"device": "cpu", "cpu_slots": cpu_slots}})
        made.append(LocalEngine(Shelf(*experts), settings))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


def step(name: str, *alternatives: str, **fields: Any) -> Step:
    others = tuple(Alternative(expert=other, score=0.5) for other in alternatives)
    return Step(id="s", expert=name, alternatives=others, **fields)


def shown(result: StepResult) -> dict[str, Any]:
    """A result without its timing."""
    return {
        "expert": result.expert,
        "status": result.status,
        "outputs": {port: [item.value for item in result.items(port)] for port in result.outputs},
        "error": result.error.type if result.error else None,
        "tried": list(result.tried),
    }


@expert("shout", task="text-generation")
def shout(text: str) -> Text:
    """Says it loudly."""
    return Text(text.upper())


@expert("whisper", task="text-generation")
def whisper(words: Text, style: str = "soft") -> Text:
    """Says it quietly."""
    return Text(f"{words.text.lower()} ({style})")


class Both(NamedTuple):
    speech: Text
    mood: Labels


class Speech(NamedTuple):
    said: Text


@expert("sing", task="text-generation")
def sing(words: Text) -> Both:
    """Sings it."""
    return Both(Text(f"♪ {words.text}"), Labels({"glad": 1.0}))


async def test_a_result_tells_who_ran_and_how_sure_it_is(engine_of: Callable[..., LocalEngine]) -> None:
    @expert(version="2.1.0")
    def sure(text: str) -> str:
        """Is sure."""
        return Outcome(f"{text}!", 0.25)  # type: ignore[return-value]

    result = await engine_of(sure).submit(REQUEST, step("sure", inputs={"text": Span(start=0, end=5)}), {})
    assert result == StepResult(
        step="s",
        expert="sure",
        expert_version="2.1.0",
        status="done",
        outputs={"result": Json("hello!")},
        confidence=0.25,
        device="cpu",
    )


async def test_an_alternative_whose_outputs_are_of_another_kind_is_no_stand_in(
    engine_of: Callable[..., LocalEngine], failing_expert: Callable[..., Expert]
) -> None:
    broken = failing_expert("broken", RuntimeError("no weights"), task="text-generation")
    other_task = failing_expert("other_task", RuntimeError("never asked"), task="summarization")
    engine = engine_of(broken, shout, other_task)
    inputs: dict[str, Binding] = {"text": Span(start=0, end=5)}
    result = await engine.submit(REQUEST, step("broken", "gone", "other_task", "shout", inputs=inputs), {})
    assert shown(result) == {
        "expert": "broken",
        "status": "failed",
        "outputs": {},
        "error": "StepFailed",
        "tried": ["broken"],
    }
    assert result.error is not None
    assert result.error.message == "broken failed: RuntimeError: no weights"


async def test_a_stand_in_gives_its_outputs_under_the_first_cards_ports(
    engine_of: Callable[..., LocalEngine],
) -> None:
    @expert("mute", task="text-generation")
    def mute(utterance: Text) -> Speech:
        """Cannot."""
        raise RuntimeError("mute")

    @expert("hoarse", task="text-generation")
    def hoarse(utterance: Text) -> Text:
        """Cannot either."""
        raise OSError("hoarse")

    engine = engine_of(mute, hoarse, whisper, sing)
    inputs: dict[str, Binding] = {"utterance": Span(start=0, end=5)}
    result = await engine.submit(REQUEST, step("mute", "hoarse", "whisper", inputs=inputs), {})
    assert shown(result) == {
        "expert": "whisper",
        "status": "done",
        "outputs": {"said": ["hello (soft)"]},
        "error": None,
        "tried": ["mute", "hoarse"],
    }
    result = await engine.submit(REQUEST, step("mute", "sing", inputs=inputs), {})
    assert shown(result)["outputs"] == {"said": ["♪ hello"], "mood": [{"glad": 1.0}]}
    each = step("mute", "whisper", inputs={"utterance": Collection(items=(Attachment(index=0), Attachment(index=2)))})
    result = await engine.submit(REQUEST, each.model_copy(update={"each": "utterance"}), {})
    assert shown(result)["outputs"] == {"said": ["one (soft)", "three (soft)"]}


@pytest.mark.parametrize(
    ("error", "ran"),
    [
        (BadRequest("text", "x", "y"), "broken"),
        (EmptyLibrary(), "broken"),
        (MissingExtra("this", "speech"), "shout"),
        (ValueError("bad"), "shout"),
        (MemoryError(), "shout"),
        (SystemExit(1), "shout"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_only_what_the_expert_is_to_blame_for_goes_to_another(
    error: BaseException, ran: str, engine_of: Callable[..., LocalEngine]
) -> None:
    @expert("broken", task="text-generation")
    def broken(text: str) -> Text:
        """Raises."""
        raise error

    result = await engine_of(broken, shout).submit(
        REQUEST, step("broken", "shout", inputs={"text": Span(start=0, end=5)}), {}
    )
    expected = {"expert": "shout", "status": "done", "outputs": {"text": ["HELLO"]}, "error": None, "tried": ["broken"]}
    if ran == "broken":
        name = type(error).__name__
        expected = {"expert": "broken", "status": "failed", "outputs": {}, "error": name, "tried": []}
    assert shown(result) == expected


async def test_the_first_error_is_told_where_all_fail(engine_of: Callable[..., LocalEngine]) -> None:
    @expert("first", task="t")
    def first(text: str) -> Text:
        """Raises."""
        raise ValueError("the reason")

    @expert("second", task="t")
    def second(text: str) -> Text:
        """Refuses."""
        raise BadRequest("text", text, "something else")

    result = await engine_of(first, second).submit(
        REQUEST, step("first", "second", inputs={"text": Span(start=0, end=5)}), {}
    )
    assert shown(result)["tried"] == ["first", "second"]
    assert result.error is not None
    assert (result.expert, result.error.message) == ("first", "first failed: ValueError: the reason")


async def test_each_gives_lists_and_the_least_confidence(engine_of: Callable[..., LocalEngine]) -> None:
    @expert("measure")
    def measure(text: Text, factor: int = 1) -> Labels:
        """Measures."""
        return Labels({"long": min(0.1 * len(text.text) * factor, 1.0)})

    everything = Collection(items=tuple(Attachment(index=i) for i in range(3)))
    inputs: dict[str, Binding] = {"text": everything, "factor": Literally(value=2)}
    result = await engine_of(measure).submit(REQUEST, step("measure", inputs=inputs, each="text"), {})
    assert shown(result)["outputs"] == {
        "labels": [{"long": 0.6000000000000001}, {"long": 0.6000000000000001}, {"long": 1.0}]
    }
    assert result.confidence == 0.6000000000000001
    empty = step("measure", inputs={"text": Collection(items=())}, each="text")
    assert (await engine_of(measure).submit(REQUEST, empty, {})).outputs == {"labels": ()}


class Counted:
    """An expert that counts what is called on it; `num_predictions` of None is one for each input."""

    def __init__(self, num_predictions: int | None = None, delay_s: float = 0.0) -> None:
        self.card = ExpertCard(
            name="counted", inputs=(Port(name="text", kind="text"),), outputs=(Port(name="text", kind="text"),)
        )
        self.calls: list[str] = []
        self.running = 0
        self.most_running = 0
        self._num_predictions, self._delay_s = num_predictions, delay_s

    def load(self, device: str) -> None:
        self.calls.append(f"load {device}")

    def predict(self, batch: Sequence[Mapping[str, Any]]) -> list[Prediction]:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        time.sleep(self._delay_s)
        self.calls.append(f"predict {len(batch)}")
        self.running -= 1
        num = len(batch) if self._num_predictions is None else self._num_predictions
        return [Prediction({"text": Text("x")})] * num

    def unload(self) -> None:
        self.calls.append("unload")


async def test_weights_load_once_and_calls_come_one_after_another(engine_of: Callable[..., LocalEngine]) -> None:
    counted = Counted(delay_s=0.02)
    engine = engine_of(counted)
    one = step("counted", inputs={"text": Attachment(index=0)})
    three = step(
        "counted", inputs={"text": Collection(items=tuple(Attachment(index=i) for i in range(3)))}, each="text"
    )
    await asyncio.gather(*(engine.submit(REQUEST, s, {}) for s in (one, three, one)))
    assert counted.calls[0] == "load cpu"
    assert sorted(counted.calls[1:]) == ["predict 1", "predict 1", "predict 3"]
    assert counted.most_running == 1
    engine.close()
    assert counted.calls[-1] == "unload"


@pytest.mark.parametrize("num_predictions", [0, 2])
async def test_a_wrong_number_of_predictions_is_named(
    num_predictions: int, engine_of: Callable[..., LocalEngine]
) -> None:
    result = await engine_of(Counted(num_predictions)).submit(
        REQUEST, step("counted", inputs={"text": Attachment(index=0)}), {}
    )
    assert result.error is not None
    assert (result.error.type, result.error.message) == (
        "InvalidExpert",
        f"expert 'counted' declares {num_predictions} predictions for a batch of 1; "
        "wanted is one prediction for each input",
    )


async def test_an_expert_that_never_returns_costs_its_own_step_only(engine_of: Callable[..., LocalEngine]) -> None:
    released = threading.Event()

    @expert("stuck")
    def stuck(text: str = "") -> str:
        """Never returns."""
        released.wait()
        return ""

    engine = engine_of(stuck, shout, cpu_slots=1)
    plan = Plan(status="planned", steps=(Step(id="a", expert="stuck"),))
    quick = Plan(status="planned", steps=(Step(id="b", expert="shout", inputs={"text": Span(start=0, end=5)}),))

    async def run(plan: Plan, deadline_s: float) -> dict[str, StepResult]:
        return await run_plan(plan, lambda s, r: engine.submit(REQUEST, s, r), deadline_s=deadline_s)

    for _ in range(2):  # the second one waits for the first one's lock, and times out likewise
        error = (await run(plan, 0.1))["a"].error
        assert error is not None
        assert (error.type, error.message) == ("StepTimeout", "stuck did not finish in time")
        began = time.perf_counter()
        assert shown((await run(quick, 5.0))["b"])["outputs"] == {"text": ["HELLO"]}
        assert time.perf_counter() - began < 1.0
    released.set()


async def test_two_steps_run_at_once(engine_of: Callable[..., LocalEngine], slow_expert: Callable[..., Expert]) -> None:
    engine = engine_of(slow_expert("left", 0.2), slow_expert("right", 0.2))
    plan = Plan(status="planned", steps=(Step(id="a", expert="left"), Step(id="b", expert="right")))
    began = time.perf_counter()
    results = await run_plan(plan, lambda s, r: engine.submit(REQUEST, s, r))
    assert time.perf_counter() - began < 0.35
    assert {name: shown(result)["outputs"] for name, result in results.items()} == {
        "a": {"result": ["DONE"]},
        "b": {"result": ["DONE"]},
    }


async def test_an_expert_nobody_knows_fails_its_step(engine_of: Callable[..., LocalEngine]) -> None:
    plan = Plan(status="planned", steps=(Step(id="a", expert="shot"),))
    engine = engine_of(shout)
    results = await run_plan(plan, lambda s, r: engine.submit(REQUEST, s, r))
    assert results["a"].error is not None
    assert (results["a"].error.type, results["a"].error.message) == (
        "UnknownExpert",
        "no expert is called 'shot'; the nearest are shout",
    )


IMAGE_IN = Port(name="image", kind="image")
TEXT_IN = Port(name="text", kind="text")
MODE = Port(name="mode", kind="string", required=False)


def asr(name: str, *inputs: Port, outputs: tuple[str, ...] = ("text",), task: str = "t") -> ExpertCard:
    ports = tuple(Port(name=kind, kind=kind) for kind in outputs)  # type: ignore[arg-type]
    return ExpertCard(name=name, task=task, inputs=inputs, outputs=ports)


@pytest.mark.parametrize(
    ("inputs", "card", "other", "expected"),
    [
        ({"text": 0}, asr("a", TEXT_IN), asr("b", TEXT_IN), {"text": 0}),
        ({"text": 0}, asr("a", TEXT_IN), asr("b", Port(name="words", kind="string")), {"words": 0}),
        ({"text": 0, "mode": 1}, asr("a", TEXT_IN, MODE), asr("b", TEXT_IN), {"text": 0}),
        ({"text": 0, "mode": 1}, asr("a", TEXT_IN, MODE), asr("b", MODE, TEXT_IN), {"mode": 1, "text": 0}),
        ({"text": 0}, asr("a", TEXT_IN), asr("b", TEXT_IN, IMAGE_IN), None),
        ({"text": 0}, asr("a", TEXT_IN), asr("b", IMAGE_IN), None),
        ({"text": 0}, asr("a", TEXT_IN), asr("b", TEXT_IN, task="u"), None),
        ({"text": 0}, asr("a", TEXT_IN, task=""), asr("b", TEXT_IN, task=""), None),
        ({"text": 0}, asr("a", TEXT_IN), asr("b", TEXT_IN, outputs=("image",)), None),
        ({"text": 0}, asr("a", TEXT_IN), asr("b", TEXT_IN, outputs=("text", "labels")), {"text": 0}),
        ({"text": 0}, asr("a", TEXT_IN, outputs=("text", "labels")), asr("b", TEXT_IN), None),
    ],
    ids=[
        "same", "other name", "optional left out", "names before order", "wants more", "other kind", "other task",
        "no task", "other output", "gives more", "gives less",
    ],
)  # fmt: skip
def test_rebound(inputs: dict[str, int], card: ExpertCard, other: ExpertCard, expected: dict[str, int] | None) -> None:
    bindings: dict[str, Binding] = {name: Attachment(index=index) for name, index in inputs.items()}
    found = rebound(bindings, card, other)
    assert (found and {name: binding.index for name, binding in found.items()}) == expected  # type: ignore[union-attr]
