"""Plans of earlier turns, changed for another request. Pure; knows no words and no controller."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from orchestrator.ledger.traces import Trace
from orchestrator.types import Attachment, Binding, Collection, ExpertCard, Literally, Plan, Reference, Span, Step

_Change = Callable[[Step, str, Binding], Binding]


def changed(plan: Plan, change: _Change) -> Plan:
    """The plan with `change(step, port, binding)` in place of every binding."""
    steps = [
        step.model_copy(update={"inputs": {name: change(step, name, b) for name, b in step.inputs.items()}})
        for step in plan.steps
    ]
    return plan.model_copy(update={"steps": tuple(steps)})


def without_spans(plan: Plan, text: str) -> Plan:
    """The plan with the words themselves where it pointed at words of `text`, so that another request can carry it."""

    def literal(item: Reference) -> Reference:
        return Literally(value=text[item.start : item.end]) if isinstance(item, Span) else item

    def change(step: Step, name: str, binding: Binding) -> Binding:
        if isinstance(binding, Collection):
            return Collection(items=tuple(map(literal, binding.items)))
        return literal(binding)

    return changed(plan, change)


def attachments_read(plan: Plan) -> tuple[int, ...]:
    """Positions of the attachments that steps read, in the order in which they come up."""
    found: dict[int, None] = {}
    for step in plan.steps:
        for binding in step.inputs.values():
            for item in binding.items if isinstance(binding, Collection) else (binding,):
                if isinstance(item, Attachment):
                    found.setdefault(item.index)
    return tuple(found)


def moved(plan: Plan, places: Mapping[int, int]) -> Plan:
    """The plan with its attachments at other positions; one without a new position stays."""

    def place(item: Reference) -> Reference:
        return Attachment(index=places.get(item.index, item.index)) if isinstance(item, Attachment) else item

    def change(step: Step, name: str, binding: Binding) -> Binding:
        if isinstance(binding, Collection):
            return Collection(items=tuple(map(place, binding.items)))
        return place(binding)

    return changed(plan, change)


def told(plan: Plan, turn: Trace) -> Plan:
    """The plan with steps that say where they come from."""
    words = " ".join(turn.request.text.split())
    why = f"as in the earlier turn “{words if len(words) <= 60 else words[:59] + '…'}”"
    return plan.model_copy(update={"steps": tuple(s.model_copy(update={"why": why}) for s in plan.steps)})


def exchanged(plan: Plan, old: frozenset[int], new: Sequence[int], card: Callable[[str], ExpertCard]) -> Plan | None:
    """The plan on the attachments `new` in place of `old`, without the steps that have nothing to do with them.

    None where it cannot be told which takes the place of which, or where a step would have to run over two inputs.
    """
    steps: list[Step] = []
    touched: set[str] = set()
    for step in plan.steps:
        own = [name for name, binding in step.inputs.items() if _is_of(binding, old)]
        if len(own) > 1 and len(own) != len(new):
            return None
        inputs, each = dict(step.inputs), step.each
        for position, name in enumerate(own):
            items = tuple(Attachment(index=i) for i in (new if len(own) == 1 else new[position : position + 1]))
            port = card(step.expert).input(name)
            inputs[name] = items[0] if len(items) == 1 else Collection(items=items)
            if len(items) > 1 and port is not None and not port.many:
                if each not in (None, name):
                    return None
                each = name
            elif each == name:
                each = None
        if own or step.needs & touched:
            touched.add(step.id)
        steps.append(step.model_copy(update={"inputs": inputs, "each": each}))
    return plan.model_copy(update={"steps": _with_needs(steps, touched)}) if touched else None


def _is_of(binding: Binding, indices: frozenset[int]) -> bool:
    items = binding.items if isinstance(binding, Collection) else (binding,)
    return bool(items) and all(isinstance(item, Attachment) and item.index in indices for item in items)


def _with_needs(steps: Sequence[Step], wanted: set[str]) -> tuple[Step, ...]:
    """The wanted steps and all that they need, in order."""
    kept = set(wanted)
    for step in reversed(steps):
        if step.id in kept:
            kept |= step.needs
    return tuple(step for step in steps if step.id in kept)
