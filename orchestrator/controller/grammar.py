"""The grammar of the next line of a plan, for llguidance. Knows cards, request and the steps so far; knows no model.

One line at a time, because what may follow depends on what was planned: only outputs that exist, of kinds that fit, can
be written. An unknown expert, a wrong input name, a later step, a missing attachment or broken syntax has no line.
Format: the Lark dialect of llguidance (https://github.com/guidance-ai/llguidance/blob/main/docs/syntax.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from orchestrator.controller.plan_tokens import in_double_quotes, named
from orchestrator.controller.port_fit import named_files, takes_list, takes_words
from orchestrator.engine.bindings import is_compatible
from orchestrator.types import ExpertCard, Port, Request, Step

_MAX_ITEMS = 12  # of a list: a model that repeats itself comes to an end
_MAX_QUOTABLE_CHARACTERS = 20_000  # of a request whose words alone may be quoted; a longer one takes any string

_VALUES = r"""
STRING: /"([^"\\\x00-\x1F\x7F]|\\["\\nt]){1,200}"/
INTEGER: /-?(0|[1-9][0-9]{0,14})/
NUMBER: /-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?/
boolean: "true" | "false"
scalar: STRING | NUMBER | boolean
list: "[" (json (", " json){0,11})? "]"
dict: "{" (STRING ": " json (", " STRING ": " json){0,11})? "}"
json: scalar | list | dict
"""


def grammar(
    cards: Sequence[ExpertCard], request: Request, steps: Sequence[Step] = (), *, only_quotes: bool = False
) -> str:
    """The Lark grammar of the line behind `steps`; it ends with a line break, or is empty where the plan may end.

    Args:
        cards: of the shortlist; of two that are called the same the first counts.
        request: its attachments, its file names and its words can be referred to.
        steps: the lines before, in order.
        only_quotes: strings must be words of the request, so that no argument is invented; a card's own values
            (enum) stay legal. Requests beyond 20,000 characters take any string.
    Raises:
        BadRequest: a name that the language cannot say.
    """
    return _Lines({card.name: card for card in reversed(cards)}, request, tuple(steps), only_quotes).text()


@dataclass
class _Lines:
    """Rules under construction; equal right sides share one rule."""

    cards: dict[str, ExpertCard]
    request: Request
    steps: tuple[Step, ...]
    only_quotes: bool
    rules: list[str] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)
    _has_words: bool = False

    def text(self) -> str:
        can_end = bool(self.steps)
        starts = ["step"] if self.cards and len(self.steps) < self.request.budget.max_steps else []
        if not can_end:
            starts += [r'"ask " STRING "\n"', r'"decline\n"']
        head = [f"start: {' | '.join(starts)}{' |' if can_end else ''}" if starts else 'start: ""']
        if "step" in starts:
            calls = " | ".join(self._call(card) for card in self.cards.values())
            head.append(f'step: {_literal(f"s{len(self.steps) + 1} = ")} ({calls}) {self._after()} " silent"? "\\n"')
        if self._has_words:
            chunks = [in_double_quotes(character)[1:-1] for character in self.request.text]
            head.append(f"WORDS_INSIDE: %regex {json.dumps({'substring_chunks': chunks}, ensure_ascii=False)}")
            head.append(r'WORDS: "\"" WORDS_INSIDE "\""')
        return "\n".join([*head, *self.rules]) + _VALUES

    def _rule(self, right: str) -> str:
        if right not in self._names:
            self._names[right] = f"r{len(self._names)}"
            self.rules.append(f"{self._names[right]}: {right}")
        return self._names[right]

    # -- a call --------------------------------------------------------------------------------------------------------

    def _call(self, card: ExpertCard) -> str:
        opening = _literal(f"{named(card.name)}(")
        calls = [f'{opening} {self._inputs(card, None)} ")"']
        for port in card.inputs:
            if not takes_list(port) and self._listed(port):
                calls.append(f'{opening} {self._inputs(card, port)} ") each " {_literal(named(port.name))}')
        return self._rule(" | ".join(calls))

    def _inputs(self, card: ExpertCard, each: Port | None) -> str:
        """The inputs in the card's order; only what is not required, nor runs for each, may be left out."""
        bound = [
            (f"{_literal(named(port.name) + '=')} {self._value(port, port is each)}", port.required or port is each)
            for port in card.inputs
        ]
        rest, starts = '""', ['""']
        for text, is_needed in reversed(bound):
            first = f"{text} {rest}"
            starts = [first] if is_needed else [first, *starts]
            rest = self._rule(f'", " {text} {rest}' + ("" if is_needed else f" | {rest}"))
        return self._rule(" | ".join(starts))

    def _after(self) -> str:
        if not self.steps:
            return ""
        rest, starts = '""', []
        for step in reversed(self.steps):
            starts.append(f'"{step.id}" {rest}')
            rest = self._rule(f'", {step.id}" {rest} | {rest}')
        return f'(" after " ({" | ".join(starts)}))?'

    # -- a value -------------------------------------------------------------------------------------------------------

    def _value(self, port: Port, runs_each: bool) -> str:
        if runs_each:
            return self._rule(self._listed(port))
        options = [*self._references(port, lists=takes_list(port)), *self._literals(port)]
        if takes_list(port) and (self._atoms(port) or port.kind in ("array", "tuple")):
            options.append(self._rule(_items(self._atoms(port), least=0 if port.kind in ("array", "tuple") else 2)))
        if port.required:
            options.append('"?"')
        if not options:  # an optional input that nothing can feed: null is what it has anyway
            options.append('"null"')
        return self._rule(" | ".join(options))

    def _listed(self, port: Port) -> str:
        """What a step can run over: an output that is a list, or two attachments and more."""
        many = [text for text in self._outputs(port, lists=True) if text not in self._outputs(port, lists=False)]
        single = [*self._attachments(port), *self._files(port), *self._outputs(port, lists=False)]
        several = [_items(single, least=2)] if len(single) > 1 else []
        return " | ".join([*many, *several])

    def _atoms(self, port: Port) -> list[str]:
        """What may stand in a list for this port."""
        references = self._references(port.model_copy(update={"many": False}), lists=True)
        if port.enum:
            return [*references, *self._options(port)]
        strings = [self._string()] if port.kind in ("text", "string") else []
        scalars = [self._string(), "NUMBER", "boolean"] if port.kind in ("array", "tuple") else []
        return [*references, *strings, *scalars]

    def _references(self, port: Port, lists: bool) -> list[str]:
        whole = ['"$0"'] if self.request.text and takes_words(port, self.request, 0, len(self.request.text)) else []
        return [*whole, *self._attachments(port), *self._files(port), *self._outputs(port, lists)]

    def _attachments(self, port: Port) -> list[str]:
        artifacts = enumerate(self.request.artifacts, start=1)
        return [f'"${number}"' for number, artifact in artifacts if is_compatible(artifact.kind, port.kind)]

    def _files(self, port: Port) -> list[str]:
        """File names of the request; where something of the kind is attached, the name is not what is meant."""
        if self._attachments(port):
            return []
        return _unique(_literal(in_double_quotes(file.piece.text)) for file in named_files(port, self.request))

    def _outputs(self, port: Port, lists: bool) -> list[str]:
        return [
            _literal(f"{step.id}.{named(output.name)}")
            for step in self.steps
            for output in self.cards[step.expert].outputs
            if is_compatible(output.kind, port.kind) and (lists or not output.many)
        ]

    def _literals(self, port: Port) -> list[str]:
        if port.many:
            return []
        if port.enum:
            return self._options(port)
        match port.kind:
            case "string" | "text":
                return [self._string()]
            case "integer":
                return ["INTEGER"]
            case "float":
                return ["NUMBER"]
            case "boolean":
                return ["boolean"]
            case "dict":
                return ["dict"]
            case "any":
                return [self._string(), "NUMBER", "boolean", "dict"]
            case "json":
                return ["dict", "list"]
        return []

    def _options(self, port: Port) -> list[str]:
        return _unique(_literal(json.dumps(option, ensure_ascii=False)) for option in port.enum)

    def _string(self) -> str:
        if not self.only_quotes or not 0 < len(self.request.text) <= _MAX_QUOTABLE_CHARACTERS:
            return "STRING"
        self._has_words = True
        return "WORDS"


def _items(atoms: Iterable[str], least: int) -> str:
    one = "(" + " | ".join(atoms) + ")"
    if least == 0:
        return f'"[" ({one} (", " {one}){{0,{_MAX_ITEMS - 1}}})? "]"'
    return f'"[" {one} (", " {one}){{{least - 1},{_MAX_ITEMS - 1}}} "]"'


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
