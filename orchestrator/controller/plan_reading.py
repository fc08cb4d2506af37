"""Reading: the lines of the plan language become steps, every input checked against its port. Knows no writing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.controller.plan_tokens import Line, Token, number_of, string_of
from orchestrator.controller.port_fit import place_of, takes_list, takes_literal, takes_words
from orchestrator.controller.questions import Missing, question_for
from orchestrator.engine.bindings import is_compatible
from orchestrator.errors import KindMismatch, PlanSyntax, UnknownExpert
from orchestrator.language import language_of
from orchestrator.types import (
    Attachment,
    Binding,
    Collection,
    ExpertCard,
    Literally,
    Output,
    Plan,
    Port,
    Reference,
    Request,
    Span,
    Step,
)

STEP_ID = re.compile(r"(?!ask$|decline$)[A-Za-z_]\w*")
_WORDS = {"true": True, "false": False, "null": None}
_MAX_DEPTH = 50
_VALUE = 'a value: $1, $0, "words", a number, true, false, null, [ ], { }, an output such as s1.text, or ?'


@dataclass(frozen=True)
class _Link:
    """An output that a step reads or waits for, and where the text says so."""

    line: Line
    token: Token
    step: Step
    source: str
    output: str | None = None
    port: Port | None = None
    in_list: bool = False


@dataclass
class Reading:
    """What was read so far; links are checked at the end, because a step may stand before the one it reads."""

    request: Request
    cards: dict[str, ExpertCard]
    steps: dict[str, Step] = field(default_factory=dict)
    links: list[_Link] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    ending: tuple[str, str | None] | None = None

    def add(self, line: Line) -> None:
        if self.ending is not None:
            raise line.error(f"nothing behind {self.ending[0]!r}")
        if line.follows("ask", "decline"):
            word = line.take().text
            says = None if line.token.kind == "end" else self._said(line)
            self.ending = (word, says)
        else:
            self._step(line)
        if line.token.kind != "end":
            raise line.error("the end of the line")

    def plan(self) -> Plan:
        if not self.steps and self.ending is None:
            raise PlanSyntax(1, 1, "no line", "a step, ask or decline")
        for link in self.links:
            self._check(link)
        word, question = self.ending or ("ask" if self.missing else "", None)
        if word == "ask" and question is None and self.missing:
            question = question_for(self.missing[0], language_of(self.request.text))
        status = {"ask": "needs_input", "decline": "abstained"}.get(word, "planned")
        return Plan(status=status, question=question, steps=tuple(self.steps.values()))  # type: ignore[arg-type]

    # -- one line ------------------------------------------------------------------------------------------------------

    def _said(self, line: Line) -> str:
        if line.token.kind not in ("words", "literal"):
            raise line.error("a question in quotes")
        return string_of(line, line.take())

    def _step(self, line: Line) -> None:
        start = line.token
        step_id = line.name("a step such as s1 = expert(...), ask or decline")
        if not STEP_ID.fullmatch(step_id) or start.kind != "name":
            raise line.error("a step's name, of letters and digits", start)
        if step_id in self.steps:
            raise line.error(f"a name that no step has yet; {step_id} stands twice", start)
        line.expect("=")
        name = line.name("the name of an expert")
        if name not in self.cards:
            raise UnknownExpert(name, list(self.cards))
        card = self.cards[name]
        step = Step(id=step_id, expert=name)
        inputs = self._inputs(line, card, step)
        each = line.name("the name of an input") if line.skip("each") else None
        if each is not None and each not in inputs:
            raise line.error(f"an input that the step binds: {', '.join(inputs) or 'it has none'}")
        for port_name, binding in inputs.items():
            self._check_list(binding, card, step_id, port_name, each)
        after = tuple(self._awaited(line, step)) if line.skip("after") else ()
        asked = not line.skip("silent")
        self.steps[step_id] = step.model_copy(update={"inputs": inputs, "each": each, "after": after, "asked": asked})

    def _inputs(self, line: Line, card: ExpertCard, step: Step) -> dict[str, Binding]:
        inputs: dict[str, Binding] = {}
        asked: set[str] = set()
        line.expect("(")
        while not line.skip(")"):
            if inputs or asked:
                line.expect(",", "',' or ')'")
            token = line.token
            name = line.name("the name of an input")
            port = card.input(name)
            if port is None or name in inputs or name in asked:
                raise line.error(f"another input of {card.name}: {_names(card.inputs)}", token)
            line.expect("=")
            if line.follows("?"):
                if not port.required:
                    raise line.error(f"a value; {name} may be left out")
                line.take()
                asked.add(name)
                self.missing.append(Missing(port, card))
            else:
                inputs[name] = self._value(line, port, step)
        lacking = [port for port in card.inputs if port.required and port.name not in inputs and port.name not in asked]
        if lacking:
            raise line.error(f"the required input {lacking[0].name} of {card.name} (write {lacking[0].name}=? to ask)")
        return inputs

    def _awaited(self, line: Line, step: Step) -> list[str]:
        found: list[str] = []
        while not found or line.skip(","):
            self.links.append(_Link(line, line.token, step, line.token.text))
            found.append(line.name("the name of a step"))
        return found

    # -- values --------------------------------------------------------------------------------------------------------

    def _value(self, line: Line, port: Port, step: Step, in_list: bool = False) -> Binding:
        token = line.token
        target = f"{step.id}.{port.name}"
        match token.kind:
            case "file":
                return self._file(line, port, target)
            case "words" | "place":
                return self._words(line, port, target, in_list)
            case "name" if token.text not in _WORDS:
                return self._output(line, port, step, in_list)
            case "mark" if token.text == "[" and not in_list:
                return self._list(line, port, step)
        value = self._json(line)
        if not takes_literal(port, value) and not (in_list and takes_literal(_many(port), [value])):
            raise KindMismatch(
                token.text if token.text not in "[{" else f"a {_kind(value)}", _kind(value), target, _wanted(port)
            )
        return Literally(value=value)

    def _file(self, line: Line, port: Port, target: str) -> Binding:
        token = line.take()
        index = int(token.text[1:]) - 1
        if index < 0:
            return self._span(port, 0, len(self.request.text), target)
        if index >= len(self.request.artifacts):
            raise line.error(f"$0 to ${len(self.request.artifacts)}", token)
        kind = self.request.artifacts[index].kind
        if not is_compatible(kind, port.kind):
            raise KindMismatch(token.text, kind, target, _wanted(port))
        return Attachment(index=index)

    def _words(self, line: Line, port: Port, target: str, in_list: bool) -> Binding:
        token = line.take()
        length = len(self.request.text)
        if token.kind == "place":
            start, _, end = token.text[1:].partition(":")
            if not end or not int(start) <= int(end) <= length:
                raise line.error(f"@start:end within 0 and {length}", token)
            return self._span(port, int(start), int(end), target)
        text = string_of(line, token)
        if line.token.kind == "place" and ":" not in line.token.text:
            place = line.take()
            start_at = int(place.text[1:])
            if not self.request.text.startswith(text, start_at):
                raise line.error(f"a place where {token.text} stands in the request", place)
            return self._span(port, start_at, start_at + len(text), target)
        found = place_of(text, port, self.request)
        if found is not None and takes_words(port, self.request, found, found + len(text)):
            return Span(start=found, end=found + len(text))
        if not takes_literal(port, text) and not (in_list and takes_literal(_many(port), [text])):
            raise KindMismatch(token.shown, "string", target, _wanted(port))
        return Literally(value=text)

    def _span(self, port: Port, start: int, end: int, target: str) -> Span:
        if not takes_words(port, self.request, start, end):
            raise KindMismatch(f"the request's text from {start} to {end}", "string", target, _wanted(port))
        return Span(start=start, end=end)

    def _output(self, line: Line, port: Port, step: Step, in_list: bool) -> Output:
        token = line.take()
        source, dot, output = token.text.partition(".")
        if not dot or not (output or line.token.kind == "quoted"):
            raise line.error(_VALUE, token)
        output = output or line.name("the name of an output")
        self.links.append(_Link(line, token, step, source, output, port, in_list))
        return Output(step=source, port=output)

    def _list(self, line: Line, port: Port, step: Step) -> Binding:
        line.take()
        items: list[Reference] = []
        ends_with_comma = False
        if line.skip(","):
            line.expect("]")
            return Collection(items=())
        while not line.skip("]"):
            if items and not ends_with_comma:
                raise line.error("',' or ']'")
            items.append(self._value(line, port, step, in_list=True))  # type: ignore[arg-type]
            ends_with_comma = line.skip(",")
        literals = [item.value for item in items if isinstance(item, Literally)]
        if len(literals) < len(items) or ends_with_comma:
            return Collection(items=tuple(items))
        return Literally(value=literals)

    def _json(self, line: Line, depth: int = 0) -> Any:
        token = line.take()
        if depth > _MAX_DEPTH:
            raise line.error(f"at most {_MAX_DEPTH} lists and objects in one another", token)
        match token.kind:
            case "number":
                return number_of(line, token)
            case "words" | "literal":
                return string_of(line, token)
            case "name" if token.text in _WORDS:
                return _WORDS[token.text]
            case "mark" if token.text == "[":
                return self._json_items(line, depth + 1)
            case "mark" if token.text == "{":
                return self._json_fields(line, depth + 1)
        raise line.error(_VALUE, token)

    def _json_items(self, line: Line, depth: int) -> list[Any]:
        items: list[Any] = []
        while not line.skip("]"):
            if items:
                line.expect(",", "',' or ']'")
            items.append(self._json(line, depth))
        return items

    def _json_fields(self, line: Line, depth: int) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        while not line.skip("}"):
            if fields:
                line.expect(",", "',' or '}'")
            if line.token.kind not in ("words", "literal"):
                raise line.error("a key in quotes")
            key = string_of(line, line.take())
            line.expect(":")
            fields[key] = self._json(line, depth)
        return fields

    # -- links ---------------------------------------------------------------------------------------------------------

    def _check(self, link: _Link) -> None:
        source = self.steps.get(link.source)
        if source is None:
            raise link.line.error(f"one of the steps {', '.join(self.steps)}", link.token)
        if link.output is None or link.port is None:
            return
        card = self.cards[source.expert]
        output = card.output(link.output)
        if output is None:
            raise link.line.error(f"an output of {card.name}: {_names(card.outputs)}", link.token)
        target = f"{link.step.id}.{link.port.name}"
        if not is_compatible(output.kind, link.port.kind):
            raise KindMismatch(f"{link.source}.{output.name}", output.kind, target, _wanted(link.port))
        runs_each = self.steps[link.step.id].each == link.port.name
        if output.many and not (runs_each or link.in_list or takes_list(link.port)):
            raise KindMismatch(f"{link.source}.{output.name}", f"a list of {output.kind}", target, _wanted(link.port))

    def _check_list(self, binding: Binding, card: ExpertCard, step_id: str, name: str, each: str | None) -> None:
        """Whether a list is bound where one is taken: by the port, or by a step that runs for each item."""
        port = card.input(name)
        if port is None:
            return
        if isinstance(binding, Literally) and isinstance(binding.value, list):
            values = binding.value if name == each else [binding.value]
            if not all(takes_literal(port, value) for value in values):
                raise KindMismatch("a list", "array", f"{step_id}.{name}", _wanted(port))
        elif isinstance(binding, Collection) and name != each and not takes_list(port) and len(binding.items) != 1:
            raise KindMismatch("a list", f"{len(binding.items)} of them", f"{step_id}.{name}", f"one {port.kind}")


def by_name(cards: Sequence[ExpertCard]) -> dict[str, ExpertCard]:
    """The cards by name; of two that are called the same the first, which is ranked better."""
    return {card.name: card for card in reversed(cards)}


def _many(port: Port) -> Port:
    return port.model_copy(update={"many": True})


def _names(ports: Sequence[Port]) -> str:
    return ", ".join(port.name for port in ports) or "it has none"


def _wanted(port: Port) -> str:
    one = f"one of {', '.join(map(repr, port.enum))}" if port.enum else port.kind
    return f"a list of {one}" if port.many else one


def _kind(value: Any) -> str:
    names: dict[type, str] = {str: "string", bool: "boolean", int: "integer", float: "float", list: "array"}
    return names.get(type(value), "nothing" if value is None else "dict")
