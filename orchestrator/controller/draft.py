"""Draft: a plan in the making; finds for every input of a chosen card the value, attachment or output that feeds it.

Knows clauses, cards and kinds; not how cards are scored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from orchestrator.artifact import ARTIFACT_CLASSES
from orchestrator.controller.clauses import MEASURE_WORDS, Clause, FileName, Piece
from orchestrator.controller.questions import Missing
from orchestrator.controller.wording import wording
from orchestrator.engine.bindings import is_compatible
from orchestrator.language import words
from orchestrator.registry.card_index import translated
from orchestrator.types import (
    Alternative,
    Attachment,
    Binding,
    Collection,
    ExpertCard,
    Kind,
    Literally,
    Output,
    Port,
    Reference,
    Request,
    Span,
    Step,
)

_COUNT = re.compile(rf"[一两二三四五六七八九十\d]+(?=[{MEASURE_WORDS}])")

Reader = Callable[[Kind], ExpertCard | None]


@dataclass
class Draft:
    """Steps in order, and what they still lack."""

    request: Request
    file_names: tuple[FileName, ...]
    reader: Reader  # the card that reads a text from an artifact of a kind
    steps: list[Step] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    _cards: dict[str, ExpertCard] = field(default_factory=dict)
    _used: set[int] = field(default_factory=set)

    # -- adding steps --------------------------------------------------------------------------------------------------

    def add(
        self,
        card: ExpertCard,
        clause: Clause,
        *,
        confidence: float,
        alternatives: Sequence[Alternative] = (),
        why: str = "",
    ) -> Step:
        """Append a step for the clause, with every input bound that can be."""
        inputs: dict[str, Binding] = {}
        each: str | None = None
        spent: list[Binding] = []
        for port in card.inputs:
            binding, runs_each = self._bound(port, card, clause, spent)
            if binding is None:
                if port.required:
                    self.missing.append(Missing(port, card, self._unattached(port.kind)))
                continue
            inputs[port.name] = binding
            spent.append(binding)
            if runs_each and each is None:
                each = port.name
        step = Step(
            id=f"s{len(self.steps) + 1}",
            expert=card.name,
            inputs=inputs,
            each=each,
            why=why,
            confidence=confidence,
            alternatives=tuple(alternatives),
        )
        return self._append(step, card)

    def add_context(self, lookup: Step) -> None:
        """Let a lookup read what the attachments hold that no step has used, and what earlier steps read from them."""
        card = self._cards[lookup.id]
        port = next(
            (p for p in card.inputs if p.kind == "text" and not p.required and p.name not in lookup.inputs), None
        )
        if port is None:
            return
        num_before = len(self.steps)
        read: list[Reference] = [
            Output(step=step.id, port=text.name)
            for step in self.steps[: self.steps.index(lookup)]
            if not step.needs and self._reads_an_attachment(step)
            if (text := self._text_output(step)) is not None
        ]
        for index, artifact in enumerate(self.request.artifacts):
            if index not in self._used and artifact.kind not in ("text", "table"):
                converted = self._converted([Attachment(index=index)], artifact.kind)
                if converted is not None:
                    read.append(converted)
            elif index not in self._used and artifact.kind == "text":
                self._used.add(index)
                read.append(Attachment(index=index))
        if read:
            binding: Binding = read[0] if len(read) == 1 else Collection(items=tuple(read))
            position = self.steps.index(lookup)
            readers = self.steps[num_before:]
            self.steps[num_before:] = []
            self.steps[position:position] = readers  # what is read is told where the lookup is
            position += len(readers)
            self.steps[position] = lookup.model_copy(update={"inputs": {**lookup.inputs, port.name: binding}})

    # -- finding what feeds an input -----------------------------------------------------------------------------------

    def _bound(
        self, port: Port, card: ExpertCard, clause: Clause, spent: Sequence[Binding]
    ) -> tuple[Binding | None, bool]:
        if port.name in wording().whole_clause_ports and port.kind in ("string", "text", "any"):
            return _span(clause.asked), False
        if port.kind in ARTIFACT_CLASSES:
            if not port.required:
                return None, False
            return self._artifact(port, card, clause, spent)
        return self._value(port, clause, spent), False

    def _artifact(
        self, port: Port, card: ExpertCard, clause: Clause, spent: Sequence[Binding]
    ) -> tuple[Binding | None, bool]:
        candidates: list[Binding] = []
        if port.kind == "text":
            candidates.extend(Span(start=q.start, end=q.end) for q in clause.quotes)
        attached = self._attached(port.kind, clause)
        if clause.refers_back and not (attached and clause.names_document):
            candidates.extend(self._earlier(port.kind))
        candidates.extend(attached)
        if port.kind == "text":
            candidates.extend(self._through_readers(clause))
        candidates.extend(self._earlier(port.kind))
        candidates.extend(self._named_files(port.kind, clause))
        free = [candidate for candidate in candidates if candidate not in spent]
        if not free:
            return None, False
        first = free[0]
        if isinstance(first, Attachment) and first in attached:
            same = [a for a in attached if a not in spent]
            wants_two = sum(p.kind == port.kind and p.required for p in card.inputs) > 1
            if port.many or (len(same) > 1 and clause.ordinal is None and not wants_two):
                self._used.update(a.index for a in same if isinstance(a, Attachment))
                items = tuple(a for a in same if isinstance(a, Attachment))
                return (Collection(items=items) if len(items) > 1 else items[0]), not port.many and len(items) > 1
            self._used.add(first.index)
        return first, False

    def _attached(self, kind: Kind, clause: Clause) -> list[Attachment]:
        """Attachments of the kind: the one that the clause names by file or by position, else all."""
        fits = [Attachment(index=i) for i, a in enumerate(self.request.artifacts) if is_compatible(a.kind, kind)]
        named = [a for a in fits if self.request.artifacts[a.index].name.lower() in clause.piece.text.lower()]
        if named and all(self.request.artifacts[a.index].name for a in named):
            return named
        if clause.ordinal is not None and fits and -len(fits) <= clause.ordinal < len(fits):
            return [fits[clause.ordinal]]
        return fits

    def _earlier(self, kind: Kind) -> list[Binding]:
        """Outputs of earlier steps that fit, the latest first."""
        found: list[Binding] = []
        for step in reversed(self.steps):
            for port in self._cards[step.id].outputs:
                if is_compatible(port.kind, kind) and (port.kind == kind or kind != "file"):
                    found.append(Output(step=step.id, port=port.name))
                    break
        return found

    def _through_readers(self, clause: Clause) -> list[Binding]:
        """Texts that an expert can read from attachments of other kinds."""
        for kind in ("audio", "file", "image", "video"):
            attached = [a for a in self._attached(kind, clause) if self.request.artifacts[a.index].kind == kind]
            if attached and (converted := self._converted(attached, kind)) is not None:
                return [converted]
        return []

    def _converted(self, attached: list[Attachment], kind: Kind) -> Output | None:
        """The text of attachments, read by a step put in between; an equal step is used again."""
        card = self.reader(kind)
        if card is None:
            return None
        port = next(p for p in card.inputs if p.required)
        binding: Binding = attached[0] if len(attached) == 1 else Collection(items=tuple(attached))
        text = next(p for p in card.outputs if p.kind == "text")
        self._used.update(a.index for a in attached)
        for step in self.steps:
            if step.expert == card.name and step.inputs == {port.name: binding}:
                return Output(step=step.id, port=text.name)
        step = Step(
            id=f"s{len(self.steps) + 1}",
            expert=card.name,
            inputs={port.name: binding},
            each=port.name if len(attached) > 1 and not port.many else None,
            asked=False,
            why=f"reads the text of the attached {kind}",
        )
        self._append(step, card)
        return Output(step=step.id, port=text.name)

    def _named_files(self, kind: Kind, clause: Clause) -> list[Binding]:
        """File names in the clause that stand for a file that is not attached."""
        own = [f for f in self.file_names if clause.piece.start <= f.piece.start < clause.piece.end]
        fits = [f for f in own or self.file_names if is_compatible(f.kind, kind)]
        return [Span(start=f.piece.start, end=f.piece.end) for f in fits]

    def _unattached(self, kind: Kind) -> FileName | None:
        return next((f for f in self.file_names if is_compatible(f.kind, kind)), None)

    def _value(self, port: Port, clause: Clause, spent: Sequence[Binding]) -> Binding | None:
        text = clause.piece.text.lower()
        if port.enum:
            chosen = next((option for option in port.enum if str(option).lower() in text), None)
            return Literally(value=chosen) if chosen is not None else None
        left = clause.numbers[sum(_is_number(binding) for binding in spent) :]  # one number fills one port
        if port.kind in ("integer", "float") and left and (port.required or _is_counted(port, clause)):
            number = left[0]
            return Literally(value=int(number) if port.kind == "integer" else number)
        if port.kind == "array" and clause.items:
            return Literally(value=list(clause.items))
        if port.kind == "string" and port.required and clause.quotes:
            return _span(clause.quotes[0])
        return None

    # -- what steps give -----------------------------------------------------------------------------------------------

    def _append(self, step: Step, card: ExpertCard) -> Step:
        self.steps.append(step)
        self._cards[step.id] = card
        return step

    def _text_output(self, step: Step) -> Port | None:
        return next((p for p in self._cards[step.id].outputs if p.kind == "text"), None)

    def _reads_an_attachment(self, step: Step) -> bool:
        return any(isinstance(b, (Attachment, Collection)) for b in step.inputs.values())


def _is_number(binding: Binding) -> bool:
    return isinstance(binding, Literally) and type(binding.value) in (int, float)


def _is_counted(port: Port, clause: Clause) -> bool:
    """Whether the clause counts what an optional number is about ("in 3 sentences" for num_sentences)."""
    bare = _COUNT.sub(" ", clause.instruction)  # 两句话 is one word, and 句话 is what is counted
    said = {*words(translated(clause.instruction)), *words(translated(bare)), *words(clause.instruction)}
    return any(noun in said or noun.rstrip("s") in said for noun in port.name.lower().split("_") if noun != "num")


def _span(piece: Piece) -> Span:
    return Span(start=piece.start, end=piece.end)
