"""LocalEngine: runs steps on this machine's experts, in worker threads, with fallback. Knows no plan as a whole."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from orchestrator.artifact import Artifact
from orchestrator.config import Settings
from orchestrator.engine.bindings import batch_of, is_compatible
from orchestrator.engine.scheduler import failed_result
from orchestrator.engine.workers import Workers
from orchestrator.errors import (
    BadRequest,
    BatonError,
    InvalidExpert,
    LibraryError,
    MissingExtra,
    StepFailed,
    UnknownExpert,
)
from orchestrator.expert import Expert, Prediction
from orchestrator.types import Binding, ExpertCard, OutputValue, Request, Step, StepResult


class Experts(Protocol):
    """Where the engine finds experts by name."""

    def expert(self, name: str) -> Expert: ...


@dataclass
class _Loaded:
    """An expert with its weights in place; the lock keeps its calls one after another."""

    expert: Expert
    device: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_loaded: bool = False

    def predict(self, batch: Sequence[Mapping[str, Any]]) -> list[Prediction]:
        with self.lock:
            if not self.is_loaded:
                self.expert.load(self.device)
                self.is_loaded = True
            return self.expert.predict(batch)


class LocalEngine:
    """Runs a step's expert; where that fails, the alternatives of the same task, in order."""

    def __init__(self, experts: Experts, settings: Settings) -> None:
        self._experts = experts
        self._settings = settings
        self._workers = Workers(settings.engine.cpu_slots, "baton-cpu")
        self._loaded: dict[str, _Loaded] = {}

    async def submit(self, request: Request, step: Step, results: Mapping[str, StepResult]) -> StepResult:
        """The result of one step, of an alternative where its own expert fails; a failure is data."""
        card = self._experts.expert(step.expert).card
        tried: list[str] = []
        first_error: BatonError | None = None
        for name in (step.expert, *(alternative.expert for alternative in step.alternatives)):
            is_first = name == step.expert
            try:
                other = self._experts.expert(name).card
            except UnknownExpert:  # removed since it was planned
                continue
            inputs = step.inputs if is_first else rebound(step.inputs, card, other)
            if inputs is None:
                continue
            each = step.each if is_first else _port_bound_to(inputs, step.inputs.get(step.each or ""))
            candidate = step.model_copy(update={"expert": name, "inputs": inputs, "each": each})
            try:
                result = await self._run(candidate, other, request, results)
                return _under_ports_of(result, card, other).model_copy(update={"tried": tuple(tried)})
            except BatonError as error:
                if is_first and _is_of_the_input(error):  # no other expert can help
                    return failed_result(step, error)
                first_error = first_error or error
                tried.append(name)
        assert first_error is not None
        return failed_result(step, first_error).model_copy(update={"tried": tuple(tried)})

    async def _run(
        self, step: Step, card: ExpertCard, request: Request, results: Mapping[str, StepResult]
    ) -> StepResult:
        loaded = self._load(step.expert)
        batch = batch_of(step, card, request, results)
        predictions = await self._workers.run(lambda: _predict(loaded, step, batch), owner=id(loaded))
        confidences = [p.confidence for p in predictions if p.confidence is not None]
        return StepResult(
            step=step.id,
            expert=step.expert,
            expert_version=card.version,
            status="done",
            outputs=_merged(card, predictions, is_list=step.each is not None),
            confidence=min(confidences) if confidences else None,
            device=loaded.device,
        )

    def _load(self, name: str) -> _Loaded:
        expert = self._experts.expert(name)
        loaded = self._loaded.get(name)
        if loaded is None or loaded.expert is not expert:
            loaded = self._loaded[name] = _Loaded(expert, self._device_for(expert.card))
        return loaded

    def _device_for(self, card: ExpertCard) -> str:
        if self._settings.engine.device != "auto":
            return self._settings.engine.device
        if card.resources.gpu_bytes == 0:
            return "cpu"
        import torch

        return "cuda:0" if torch.cuda.is_available() else "cpu"

    def close(self) -> None:
        for loaded in self._loaded.values():
            if loaded.is_loaded and loaded.lock.acquire(blocking=False):
                loaded.expert.unload()
                loaded.lock.release()
        self._loaded.clear()
        self._workers.close()


def _is_of_the_input(error: BatonError) -> bool:
    """Whether what was given is at fault, rather than the expert that got it."""
    return isinstance(error, (BadRequest, LibraryError)) and not isinstance(error, MissingExtra)


def _predict(loaded: _Loaded, step: Step, batch: list[dict[str, Any]]) -> list[Prediction]:
    try:
        predictions = loaded.predict(batch)
    except BatonError:
        raise
    except MemoryError as error:
        raise StepFailed(
            step.id, step.expert, f"{step.expert} ran out of memory", "Give it a smaller input."
        ) from error
    except BaseException as error:  # an expert that calls sys.exit() ends its step, not the loop
        raise StepFailed(step.id, step.expert, f"{step.expert} failed: {type(error).__name__}: {error}") from error
    if len(predictions) != len(batch):
        declared = f"{len(predictions)} predictions for a batch of {len(batch)}"
        raise InvalidExpert(step.expert, declared, "one prediction for each input")
    return predictions


def _merged(card: ExpertCard, predictions: Sequence[Prediction], *, is_list: bool) -> dict[str, OutputValue]:
    if not is_list:
        return dict(predictions[0].outputs)
    merged: dict[str, OutputValue] = {}
    for port in card.outputs:
        items: list[Artifact] = []
        for prediction in predictions:
            output = prediction.outputs.get(port.name, ())
            items.extend(output if isinstance(output, tuple) else (output,))
        merged[port.name] = tuple(items)
    return merged


def rebound(inputs: Mapping[str, Binding], card: ExpertCard, other: ExpertCard) -> dict[str, Binding] | None:
    """The same bindings under the ports of another expert of the same task; None where they do not fit."""
    if not card.task or other.task != card.task:
        return None
    if any(port.kind == "labels" for port in card.outputs):
        return None  # two classifiers of one task answer different questions
    if [port.kind for port in other.outputs[: len(card.outputs)]] != [port.kind for port in card.outputs]:
        return None
    free = dict(inputs)
    bound: dict[str, Binding] = {}
    for port in other.inputs:
        fits = [n for n in free if (own := card.input(n)) and is_compatible(own.kind, port.kind)]
        name = port.name if port.name in fits else next(iter(fits), None)
        if name is not None:
            bound[port.name] = free.pop(name)
        elif port.required:
            return None
    return bound


def _port_bound_to(inputs: Mapping[str, Binding], binding: Binding | None) -> str | None:
    return next((name for name, value in inputs.items() if value is binding), None) if binding is not None else None


def _under_ports_of(result: StepResult, card: ExpertCard, other: ExpertCard) -> StepResult:
    """Outputs of a fallback under the port names that the plan's links read."""
    names = {port.name: card.outputs[i].name for i, port in enumerate(other.outputs) if i < len(card.outputs)}
    return result.model_copy(update={"outputs": {names.get(k, k): v for k, v in result.outputs.items()}})
