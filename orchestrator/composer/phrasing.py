"""Says an expert's result in complete sentences, by the templates of its card. Knows no citation and no source."""

from __future__ import annotations

import functools
import re
import string
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.artifact import Artifact, Json, Labels, Text
from orchestrator.types import ExpertCard, Language, StepResult


@functools.cache
def phrases() -> dict[str, Any]:
    """The content of phrases.toml."""
    content: dict[str, Any] = tomllib.loads((Path(__file__).parent / "phrases.toml").read_text("utf-8"))
    return content


def statements(
    card: ExpertCard, result: StepResult, inputs: Sequence[Mapping[str, Any]], language: Language
) -> list[str]:
    """Sentences that state what the run gave, in the language where the card has them, else in English.

    Args:
        card: of the expert that ran.
        result: of status done.
        inputs: of each run of the step, in order; more than one where it ran for `each` item.
        language: of the request.
    """
    num_runs = max((len(result.items(port)) for port in result.outputs), default=1) if len(inputs) > 1 else 1
    templates = card.says.get(language) or card.says.get("en") or ()
    said: list[str] = []
    for position in range(num_runs):
        outputs = {port: _item(result, port, position, len(inputs)) for port in result.outputs}
        fields = _fields(outputs, inputs[min(position, len(inputs) - 1)] if inputs else {})
        formatter = _Formatter(fields, language)
        sentences = [s for template in templates if (s := formatter.sentence(template)) is not None]
        sentences = sentences or list(_plain(card, outputs, formatter, language))
        file = str(fields.get("file", ""))
        if num_runs > 1 and file and sentences and not any(file in sentence for sentence in sentences):
            sentences[0] = f"{file}: {sentences[0]}"
        said.extend(sentences)
    return said


def _item(result: StepResult, port: str, position: int, num_runs: int) -> Artifact | tuple[Artifact, ...]:
    output = result.outputs[port]
    if num_runs > 1 and isinstance(output, tuple) and position < len(output):
        return output[position]
    return output


def _fields(outputs: Mapping[str, Artifact | tuple[Artifact, ...]], inputs: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in inputs.items():
        if isinstance(value, Artifact):
            if value.name and "file" not in fields:
                fields["file"] = value.name
        elif not isinstance(value, list) or all(isinstance(item, (str, int, float)) for item in value):
            fields[name] = value
    for name, output in outputs.items():
        match output:
            case Labels():
                fields[name] = list(output.scores)
                fields["top"], fields["confidence"] = output.top, percentage(output.confidence)
            case Json() if isinstance(output.value, Mapping):
                fields[name] = None
                fields.update(output.value)
            case Text() | Json():
                fields[name] = output.value
            case tuple():
                fields[name] = [item.value for item in output if item.value is not None]
    return fields


def percentage(share: float) -> str:
    """A probability in [0, 1] for a reader; only certainty itself is called 100%."""
    return f"{share:.0%}" if share < 0.985 else f"{min(share, 0.999):.1%}" if share < 1 else "100%"


class _Formatter(string.Formatter):
    """Fills a template; a field that is missing or empty makes the sentence void."""

    def __init__(self, fields: Mapping[str, Any], language: Language) -> None:
        self._fields = fields
        self._words: dict[str, str] = phrases()[language]

    def sentence(self, template: str) -> str | None:
        try:
            sentence = self.vformat(template, (), self._fields).strip()
            if sentence.endswith("..") and not sentence.endswith("..."):
                sentence = sentence[:-1]  # a value that brings its own full stop, such as "31 December."
            # Lines that were read stand in one sentence; a text that is the whole answer keeps its own.
            return (sentence if template == "{text}" else re.sub(r"\s*\n\s*", " / ", sentence)) or None
        except (_Void, ValueError, TypeError):  # no value, a template that is none, a number's format for a word
            return None

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        value: Any = kwargs
        for part in field_name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is None or value == "" or value == [] or value == {}:
            raise _Void
        return value, field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec:
            return str(format(value, format_spec))
        return self.plain(value)

    def plain(self, value: Any) -> str:
        match value:
            case bool():
                return self._words["yes" if value else "no"]
            case float():
                return f"{value:.4g}" if abs(value) < 1e5 else f"{value:,.0f}"
            case list() | tuple():
                *head, tail = [self.plain(item) for item in value] or [self._words["nothing"]]
                return self._words["comma"].join(head) + (self._words["and"] if head else "") + tail
            case Mapping():
                told = {key: v for key, v in value.items() if v is not None and v != ""}
                return self._words["comma"].join(f"{key.replace('_', ' ')} {self.plain(v)}" for key, v in told.items())
        return str(value)


class _Void(Exception):
    """A field of a template has no value."""


def _plain(
    card: ExpertCard,
    outputs: Mapping[str, Artifact | tuple[Artifact, ...]],
    formatter: _Formatter,
    language: Language,
) -> Iterator[str]:
    """What the output kinds themselves let one say, for a card without sentences."""
    words = phrases()[language]
    for output in outputs.values():
        for artifact in output if isinstance(output, tuple) else (output,):
            fields = {**formatter._fields, "expert": card.spoken_name}
            template = words[artifact.kind]
            if artifact.kind == "labels" and "file" not in fields:
                template = words["labels_without_file"]
            if artifact.kind in ("text", "json"):
                fields[artifact.kind] = artifact.value
            if (sentence := _Formatter(fields, language).sentence(template)) is not None:
                yield sentence
