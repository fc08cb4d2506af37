"""Writing: a plan as the row of symbols that the planner writes, and what the grammar allows at each place. Pure.

Knows memories by their layout only, not what stands in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.controller.planner.symbols import Layout, Slot, Special
from orchestrator.engine.bindings import is_compatible
from orchestrator.types import ExpertCard, Port

MAX_PORTS = 12


@dataclass(frozen=True)
class Scene:
    """What a request offers: cards, kinds of the attachments, the options of enumerations, the number of tokens."""

    cards: tuple[ExpertCard, ...]
    attachments: tuple[str, ...]
    options: tuple[str, ...]
    num_tokens: int
    max_steps: int

    @property
    def layout(self) -> Layout:
        return Layout(len(self.attachments), self.max_steps, len(self.options), len(self.cards), self.num_tokens)


def options_of(cards: Sequence[ExpertCard]) -> tuple[str, ...]:
    """Every option of the cards' enumerations, once, in order."""
    found = dict.fromkeys(str(o) for card in cards for port in card.inputs[:MAX_PORTS] for o in port.enum)
    return tuple(found)


def experts_allowed(scene: Scene, num_written: int) -> list[int]:
    """What may stand where a step or the end is expected."""
    layout = scene.layout
    cards = list(range(layout.cards, layout.cards + layout.num_cards)) if num_written < scene.max_steps else []
    return [Special.DECLINE if num_written == 0 else Special.END, *cards]


def values_allowed(scene: Scene, port: Port, written: Sequence[int], num_spans: int = 0) -> list[int]:
    """What may fill a port; typed links, attachments and options are the only ones that there are.

    Args:
        scene: what the request offers.
        port: to be filled.
        written: the cards of the steps so far, positions in the scene.
        num_spans: of a list port, how many items were written.
    """
    layout = scene.layout
    if num_spans:
        return [Special.OMIT, *range(layout.tokens, layout.size)]
    allowed: list[int] = [Special.MISSING if port.required else Special.OMIT]
    if port.required and port.default is not None:
        allowed.append(Special.OMIT)
    if port.kind == "boolean":
        allowed.extend((Special.TRUE, Special.FALSE))
    fits = [i for i, kind in enumerate(scene.attachments) if is_compatible(kind, port.kind) and port.kind != "any"]  # type: ignore[arg-type]
    allowed.extend(layout.attachments + i for i in fits)
    if len(fits) > 1:
        allowed.append(Special.FILES)
    for step, card in enumerate(written):
        if any(is_compatible(output.kind, port.kind) for output in scene.cards[card].outputs):
            allowed.append(layout.steps + step)
    if port.enum:
        own = {str(option) for option in port.enum}
        allowed.extend(layout.options + i for i, option in enumerate(scene.options) if option in own)
    elif port.kind != "boolean":
        allowed.extend(range(layout.tokens, layout.size))
    return sorted(allowed)


def steps_allowed(scene: Scene, port: Port, written: Sequence[int], linked: Sequence[int]) -> list[int]:
    """What may follow the steps that a port is linked to already: further ones, or OMIT; nothing where none is left."""
    others = [
        scene.layout.steps + step
        for step, card in enumerate(written)
        if step not in linked and any(is_compatible(output.kind, port.kind) for output in scene.cards[card].outputs)
    ]
    return [int(Special.OMIT), *others] if others else []


def lasts_allowed(scene: Scene, first: int, max_tokens: int = 48) -> list[int]:
    """The tokens with which a span that begins at symbol `first` may end."""
    return list(range(first, min(scene.layout.size, first + max_tokens)))


@dataclass(frozen=True)
class Place:
    """One place in a plan: what is written, what was written before, the port it fills, what is allowed, the target.

    `target` is None where the data does not say; such a place teaches nothing.
    """

    slot: Slot
    port: tuple[int, int] | None  # card and port, positions
    allowed: list[int]
    target: int | None
