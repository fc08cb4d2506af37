"""plan_of: what the planner wrote, as a Plan with bindings and values. Knows no model and no threshold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from orchestrator.controller.clauses import FileName
from orchestrator.controller.planner.calibration import features_of
from orchestrator.controller.planner.decoding import Filling, Written, WrittenStep
from orchestrator.controller.planner.symbols import Special
from orchestrator.controller.planner.values import LISTS, values_of
from orchestrator.controller.planner.writing import MAX_PORTS, Scene
from orchestrator.controller.questions import Missing
from orchestrator.engine.bindings import is_compatible
from orchestrator.types import (
    Alternative,
    Attachment,
    Binding,
    Collection,
    Literally,
    Output,
    Port,
    Reference,
    Request,
    Span,
    Step,
)


@dataclass(frozen=True)
class Transcript:
    """A written plan with what its symbols stand for.

    Args:
        request: planned for.
        scene: what was offered; its attachments are the request's, and after them `named`.
        named: files that the text names and nobody attached.
        offsets: of the request's tokens, in code points.
        written: the plan.
        nearest: highest similarity of any card with the request, by its description or examples and by its centre,
            and by how much the next card is less alike.
        num_cards: that were offered.
        exemplified: share of the cards that show examples.
        known: 1 where training knew all of them, else 0.
    """

    request: Request
    scene: Scene
    named: tuple[FileName, ...]
    offsets: tuple[tuple[int, int], ...]
    written: Written
    nearest: tuple[float, float, float]
    num_cards: int
    exemplified: float
    known: float

    @property
    def features(self) -> tuple[float, ...]:
        """What tells how likely the plan is right."""
        written = self.written
        worst = min((step.probability for step in written.steps), default=0.0)
        return features_of(
            written.log_experts,
            written.log_links,
            written.declined,
            len(written.steps),
            len(self.scene.marks.segments),
            *self.nearest,
            self.num_cards,
            self.exemplified,
            worst,
            self.known,
        )

    def steps(self) -> tuple[tuple[Step, ...], tuple[Missing, ...]]:
        """The plan's steps, and the inputs that nothing feeds."""
        missing: list[Missing] = []
        steps = [self._step(number, one, missing) for number, one in enumerate(self.written.steps)]
        return tuple(steps), tuple(missing)

    def _step(self, number: int, one: WrittenStep, missing: list[Missing]) -> Step:
        card = self.scene.cards[one.card]
        inputs: dict[str, Binding] = {}
        each = None
        for port, filling in zip(card.inputs[:MAX_PORTS], one.fillings, strict=True):
            if filling.symbols and filling.symbols[0] == Special.MISSING:
                missing.append(Missing(port, card))
                continue
            binding = self._binding(port, filling)
            if binding is not None:
                inputs[port.name] = binding
            if filling.symbols and filling.symbols[0] == Special.FILES and not port.many and port.kind not in LISTS:
                each = port.name
        return Step(
            id=f"s{number + 1}",
            expert=card.name,
            inputs=inputs,
            each=each,
            confidence=one.probability,
            alternatives=tuple(Alternative(expert=self.scene.cards[i].name, score=p) for i, p in one.others),
            why=f"chosen for what {card.spoken_name} says it does ({one.probability:.2f})",
        )

    def _binding(self, port: Port, filling: Filling) -> Binding | None:
        layout = self.scene.layout
        if not filling.symbols or filling.symbols[0] == Special.OMIT:
            return None
        first = filling.symbols[0]
        if first in (Special.TRUE, Special.FALSE):
            return Literally(value=first == Special.TRUE)
        if first == Special.FILES:
            fits = [i for i, kind in enumerate(self.scene.attachments) if is_compatible(kind, port.kind)]  # type: ignore[arg-type]
            return Collection(items=tuple(self._file(i) for i in fits))
        if first < layout.steps:
            return self._file(first - layout.attachments)
        if first < layout.options:
            outputs = [self._output(symbol - layout.steps, port) for symbol in filling.symbols]
            return outputs[0] if len(outputs) == 1 else Collection(items=tuple(outputs))
        if first < layout.cards:
            text = self.scene.options[first - layout.options]
            return Literally(value=next(option for option in port.enum if str(option) == text))
        return self._said(port, filling.symbols)

    def _file(self, index: int) -> Reference:
        """An attachment, or the place where the text names a file that is none."""
        num = len(self.request.artifacts)
        if index < num:
            return Attachment(index=index)
        piece = self.named[index - num].piece
        return Span(start=piece.start, end=piece.end)

    def _said(self, port: Port, symbols: tuple[int, ...]) -> Binding:
        """What stands in the request: its words, or the value that they mean."""
        first = self.scene.layout.tokens
        spans = [
            (self.offsets[a - first][0], self.offsets[b - first][1])
            for a, b in zip(symbols[::2], symbols[1::2], strict=True)
        ]
        texts = [self.request.text[start:end] for start, end in spans]
        value = values_of(texts, port, today=date.today(), request=self.request.text[: self.offsets[-1][1]])
        if port.kind in LISTS or value != texts[0]:
            return Literally(value=value)
        return Span(start=spans[0][0], end=spans[0][1])

    def _output(self, step: int, port: Port) -> Output:
        card = self.scene.cards[self.written.steps[step].card]
        name = next(output.name for output in card.outputs if is_compatible(output.kind, port.kind))
        return Output(step=f"s{step + 1}", port=name)
