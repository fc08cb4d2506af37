"""From a graph to what a person would write for it, in English or Chinese. Knows no card but the names of its slots."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from orchestrator.artifact import kind_of
from orchestrator.controller.training.synthetic.graphs import Graph, Source, Step
from orchestrator.controller.training.synthetic.lexicon import Operation, Slot, slots
from orchestrator.controller.training.synthetic.phrases import (
    Phrase,
    fields_of,
    filled,
    joined,
    marked,
    template_parts,
    text_of,
)
from orchestrator.controller.training.synthetic.values import Spoken
from orchestrator.types import Language

_FACT_KINDS = {"pool", "date", "time", "int", "money", "measure", "duration", "email", "phone", "id", "year"}
_NO_FACT = {"sentence", "message", "question", "reason", "issue", "emotion", "thing", "device"}


@functools.cache
def frames(language: Language) -> dict[str, Any]:
    """The language's frames; every value is the tuple of its variants."""
    data = tomllib.loads((Path(__file__).parent / "frames.toml").read_text("utf-8"))[language]
    nouns = {kind: tuple(text.split(", ")) for kind, text in data.pop("nouns").items()}
    split = {key: _variants(key, text) for key, text in data.items()}
    return {**split, "nouns": nouns}


def _variants(key: str, text: str) -> tuple[str, ...]:
    if key.startswith(
        ("dependent", "separate")
    ):  # the spaces of connectors matter; a semicolon of their own is doubled
        return tuple(part.replace("\0", ";") for part in text.replace(";;", ";\0").split(";"))
    return tuple(part.strip() for part in text.split(";") if part.strip())


_ARTICLE = re.compile(r"^(?:the|my|this|that|an?|each of the|all the|every one of the|all of these|these) ")
_ARTICLE_BEFORE = re.compile(r"(?:^|\s)(?:the|an?|your) (?:(?!of|for|with|from|in|on|about|to)[\w-]+ )+$")


class Speaker:
    """Says the parts of one graph in one language; keeps what was mentioned, so that later mentions can be short."""

    def __init__(self, graph: Graph, language: Language, mixed: bool, rng: Random) -> None:
        self.graph, self.language, self.rng, self.mixed = graph, language, rng, mixed
        self.frames = frames(language)
        self.nested: set[int] = set()
        self.by_noun = False  # references name what they mean: for orders in which "it" would point at nothing
        self.facts: list[Phrase] = []
        self.trailing: list[Phrase] = []
        self.phenomena: set[str] = set()
        self._named_files: set[int] = set()
        self._introduced: int | None = None
        self._last: int | None = None
        self._told: set[tuple[int, str]] = set()

    # -- values and inputs ---------------------------------------------------------------------------------------------

    def value(self, position: int, slot: str) -> Phrase:
        """The value of a slot; of all calls where they differ in it."""
        if slot == self.graph.parallel_slot:
            parts = [self._spoken(i, slot, step.slots[slot]) for i, step in enumerate(self.graph.steps)]
            return joined(parts, *((", ", " and ") if self.language == "en" else ("、", self.rng.choice(["、", "和"]))))
        return self._spoken(position, slot, self.graph.steps[position].slots[slot])

    def _spoken(self, position: int, slot: str, value: Spoken) -> Phrase:
        english = self.language == "en" or (self.mixed and slots()[slot].kind == "pool")
        phrase = marked(("arg", position, slot), value.en if english else value.zh)
        if value.unit:
            unit = value.unit_en if self.language == "en" else value.unit_zh
            space, word = (" ", unit[1:]) if unit.startswith(" ") else ("", unit)
            phrase += [space] if space else []
            phrase += marked(("unit", position, slot), word)
        return phrase

    def input(self, position: int, number: int) -> Phrase:
        """What a step works on."""
        step = self.graph.steps[position]
        source = step.inputs[number]
        match source.kind:
            case "step":
                return self._reference(source.steps[0], position, step.operation.inputs[number].is_item)
            case "steps":
                return self._references(source.steps, position)
            case "file":
                return self._file(source.files[0])
            case "files":
                return self._files(source.files)
            case "named":
                noun = self._noun(kind_of(source.name))
                name = marked(("file", position, number), source.name)
                return filled(self._one("file"), {"name": name, "noun": [noun]})
            case "quote":
                return self._quote(position, number, source)
            case "id":
                return self._item(position, number, source, step.operation)
        return self._missing(step.operation, number)

    def _one(self, key: str) -> str:
        return str(self.rng.choice(self.frames[key]))

    def _noun(self, kind: str) -> str:
        return str(self.rng.choice(self.frames["nouns"].get(kind, self.frames["nouns"]["file"])))

    def _reference(self, producer: int, consumer: int, item: bool) -> Phrase:
        operation = self.graph.steps[producer].operation
        if producer in self.nested:
            return self.noun_phrase(producer)
        wording = operation.wording(self.language)
        if item:
            return [self.rng.choice(wording.pick or wording.refs)]
        adjacent = self._last == producer and not self.by_noun
        if adjacent and self.rng.random() < 0.5:
            self.phenomena.add("pronoun")
            return [self._one("pronoun")]
        return [self.rng.choice([ref for ref in wording.refs if ref not in ("it", "them")] or wording.refs)]

    def _references(self, producers: Sequence[int], consumer: int) -> Phrase:
        if all(producer in self.nested for producer in producers):
            parts = [self.noun_phrase(producer) for producer in producers]
            return joined(parts, ", " if self.language == "en" else "、", " and " if self.language == "en" else "和")
        if len(producers) == 1:
            return self._reference(producers[0], consumer, False)
        spoken_last = self._last in producers and not self.by_noun and not self.nested & set(producers)
        if spoken_last and len(self.graph.steps) == len(producers) + 1 and self.rng.random() < 0.6:
            self.phenomena.add("both")
            return [self._one("both" if len(producers) == 2 else "many")]
        parts = [self._reference_noun(producer) for producer in producers]
        return joined(parts, ", " if self.language == "en" else "、", " and " if self.language == "en" else "和")

    def _reference_noun(self, producer: int) -> Phrase:
        if producer in self.nested:
            return self.noun_phrase(producer)
        refs = self.graph.steps[producer].operation.wording(self.language).refs
        return [self.rng.choice([ref for ref in refs if ref not in ("it", "them")] or refs)]

    def _file(self, index: int) -> Phrase:
        name = self.graph.files[index]
        noun = self._noun(kind_of(name))
        if index in self._named_files and (self._introduced == index or len(self.graph.files) == 1):
            return [self._one("again").replace("{noun}", noun)]
        alone = sum(kind_of(other) == kind_of(name) for other in self.graph.files) == 1
        self._named_files.add(index)
        if alone and self.rng.random() < 0.35:
            return [self._one("unnamed").replace("{noun}", noun)]
        return filled(self._one("file"), {"name": marked(("file", index), name), "noun": [noun]})

    def _files(self, indices: Sequence[int]) -> Phrase:
        names = [self.graph.files[i] for i in indices]
        kinds = {kind_of(name) for name in names}
        if len(names) == len(self.graph.files) and len(kinds) == 1 and self.rng.random() < 0.55:
            noun = self._noun(kinds.pop())
            number = str(len(names)) if self.language == "en" else "两三四五"[len(names) - 2]
            text = self._one("all").replace("{nouns}", noun + "s").replace("{noun}", noun).replace("{num}", number)
            return [text]
        self.phenomena.add("file names")
        parts = [marked(("file", i), self.graph.files[i]) for i in indices]
        return joined(parts, ", " if self.language == "en" else "、", " and " if self.language == "en" else "和")

    def _quote(self, position: int, number: int, source: Source) -> Phrase:
        assert source.words is not None
        words = source.words.en if self.language == "en" or self.mixed else source.words.zh
        value = marked(("quote", position, number), words)
        if not self.trailing and self.rng.random() < 0.3:
            self.trailing.append(value)
            return [self._one("following")]
        return filled(self._one("quote"), {"v": value})

    def _item(self, position: int, number: int, source: Source, operation: Operation) -> Phrase:
        assert source.words is not None
        if source.words.value:
            ids = [marked(("item", position, number, i), one) for i, one in enumerate(source.words.value)]
            value = joined(ids, ", " if self.language == "en" else "、", " and " if self.language == "en" else "和")
        else:
            value = marked(("item", position, number), source.words.en)
        return filled(self._one("items" if source.words.value else "item"), {"v": value, **self._nouns(operation)})

    def _missing(self, operation: Operation, number: int) -> Phrase:
        wanted = operation.inputs[number]
        if wanted.is_item:
            return filled(self._one("no_item"), self._nouns(operation))
        return [self._one("unnamed").replace("{noun}", self._noun(wanted.kind))]

    def _nouns(self, operation: Operation) -> Mapping[str, Phrase]:
        single, many, chinese = operation.noun
        fields: dict[str, Phrase] = {"o": [single if self.language == "en" else chinese], "os": [many]}
        return fields

    # -- clauses -------------------------------------------------------------------------------------------------------

    def tell_facts(self, position: int) -> None:
        """Takes a value or two out of a step's clause, to be said in sentences of their own."""
        step = self.graph.steps[position]
        told = [
            slot for slot in step.slots
            if slots()[slot].kind in _FACT_KINDS and slot not in _NO_FACT and slot != self.graph.parallel_slot
        ]  # fmt: skip
        wording = step.operation.wording(self.language)
        inline = frozenset[str]().union(*map(fields_of, (*wording.clauses, *wording.asks, *wording.np)))
        told = [slot for slot in told if slot not in inline]
        for slot in self.rng.sample(told, min(len(told), self.rng.choice([1, 1, 2]))):
            label = (
                slots()[slot].ports[0].replace("num_", "number_of_").replace("_", " ")
                if self.language == "en"
                else slots()[slot].label_zh
            )
            fields: dict[str, Phrase] = {
                "label": [label],
                "Label": [label.capitalize()],
                "v": self.value(position, slot),
            }
            self.facts.append(filled(self._one("fact"), fields))
            self._told.add((position, slot))
            self.phenomena.add("facts")

    def say(self, position: int, templates: Sequence[str], more: Sequence[int] = ()) -> Phrase:
        """One of the templates with the step's values and inputs; `more`: steps whose values it says as well."""
        template = self.rng.choice([t for t in templates if self._names_inputs(position, t)] or templates)
        inline = fields_of(template)
        fields: dict[str, Phrase] = {}
        said = [
            (p, slot) for p in (*more, position) for slot in self.graph.steps[p].slots if (p, slot) not in self._told
        ]
        for p, slot in said:
            if slot in inline:
                fields[slot] = self.value(p, slot)
        outside = [(p, slot) for p, slot in said if slot not in inline]
        before, behind = self._adjuncts(outside, inline, position in self.nested)
        fields["adj"], fields["de"], fields["post"] = before, before, behind
        for number in range(len(self.graph.steps[position].operation.inputs)):
            name = "in" if number == 0 else f"in{number + 1}"
            if name in inline:
                fields[name] = self._fitting(template, name, self.input(position, number))
        phrase = filled(template, fields)
        if not inline & {"adj", "de"} and before:
            phrase = _inserted(phrase, before)
        if behind and "post" not in inline:
            phrase = _inserted(phrase, behind)
        self._last = position
        return phrase

    def _fitting(self, template: str, name: str, phrase: Phrase) -> Phrase:
        """The input without its article where the template has one before it: the redacted {in}."""
        lead = next(literal for literal, field in template_parts(template) if field == name)
        if self.language != "en" or not _ARTICLE_BEFORE.search(lead):
            return phrase
        text = text_of(phrase)
        if text in ("it", "that", "this"):
            return ["version"]
        if isinstance(phrase[0], str):
            return [_ARTICLE.sub("", phrase[0]), *phrase[1:]]
        if len(phrase) > 1 and isinstance(phrase[1], str):
            return [phrase[0], _ARTICLE.sub("", phrase[1]), *phrase[2:]]
        return phrase

    def _names_inputs(self, position: int, template: str) -> bool:
        """Whether the template has a place for every input that the request itself must name."""
        fields = fields_of(template)
        return all(
            ("in" if number == 0 else f"in{number + 1}") in fields
            for number in range(len(self.graph.steps[position].inputs))
        )

    def _adjuncts(
        self, wanted: Sequence[tuple[int, str]], inline: frozenset[str], attributive_only: bool
    ) -> tuple[Phrase, Phrase]:
        """Phrases of values that the template does not name: before the noun and behind the clause."""
        if self.language == "zh":
            wanted = sorted(wanted, key=lambda one: _chinese_rank(slots()[one[1]]))
        before: list[Phrase] = []
        behind: list[Phrase] = []
        for p, slot in wanted:
            spec = slots()[slot]
            if self.language == "en":
                phrase = filled(self.rng.choice(spec.en), {"v": self.value(p, slot)})
                before += [[" ", *phrase]] if text_of(phrase)[:1] not in ":," else [phrase]
                continue
            forms = [form for form in spec.zh if form[0] != ","] if attributive_only else ()
            template = self.rng.choice(forms or spec.zh)
            phrase = filled(template.lstrip(","), {"v": self.value(p, slot)})
            attributive = "de" in inline and not template.startswith(",")
            if attributive:
                before.append(phrase)
            else:
                behind.append(["，", *phrase] if not text_of(phrase).startswith("：") else phrase)
        if self.language == "en":
            return [item for phrase in before for item in phrase], []
        noun_side: Phrase = [item for phrase in before for item in phrase]
        if before:
            noun_side.append("的")
        return noun_side, [item for phrase in behind for item in phrase]

    def clause(self, position: int) -> Phrase:
        """The step as an imperative clause."""
        wording = self.graph.steps[position].operation.wording(self.language)
        hidden = self._hidden_before(position)
        if hidden and wording.implicit:
            self.phenomena.add("unsaid step")
            return marked(("clause", position), self.say(position, wording.implicit, hidden))
        return marked(("clause", position), self.say(position, wording.clauses))

    def _hidden_before(self, position: int) -> list[int]:
        sources = self.graph.steps[position].inputs
        return [p for source in sources for p in source.steps if self.graph.steps[p].implicit]

    def noun_phrase(self, position: int) -> Phrase:
        """What a step gives, as a noun: its clause is then not said."""
        self.phenomena.add("nested")
        wording = self.graph.steps[position].operation.wording(self.language)
        wanted = set(self.graph.steps[position].slots)
        fitting = [np for np in wording.np if not (fields_of(np) - wanted - {"in", "in2", "adj", "de", "post"})]
        most = max((len(fields_of(np) & wanted) for np in fitting), default=0)
        fullest = [np for np in fitting if len(fields_of(np) & wanted) == most]
        if self.language == "en" and any("adj" in fields_of(np) for np in fitting):
            fullest = fitting
        return marked(("clause", position), self.say(position, fullest or wording.np))

    def may_nest(self, position: int) -> bool:
        """Whether the step can be said as a noun inside the one step that reads it."""
        step: Step = self.graph.steps[position]
        readers = self.graph.consumers(position)
        if step.operation.effect or step.implicit or len(readers) != 1 or self.graph.parallel_slot:
            return False
        reader = self.graph.steps[readers[0]]
        for number, source in enumerate(reader.inputs):
            if position in source.steps and reader.operation.inputs[number].is_item:
                return False
        if not any(self._names_inputs(position, np) for np in step.operation.wording(self.language).np):
            return False
        return all(self._fits_noun(position, slot) for slot in step.slots)

    def _fits_noun(self, position: int, slot: str) -> bool:
        """Whether the step's noun has a place for a value; elsewhere it would hang loosely on the noun."""
        nouns = self.graph.steps[position].operation.wording(self.language).np
        if any(slot in fields_of(noun) for noun in nouns):
            return True
        if self.language == "en":
            return any("adj" in fields_of(noun) for noun in nouns)
        return any("de" in fields_of(noun) for noun in nouns) and any(p[0] != "," for p in slots()[slot].zh)

    def introduce_file(self) -> Phrase | None:
        """A sentence that says which file there is."""
        if len(self.graph.files) != 1 or any(step.each for step in self.graph.steps):
            return None
        name = self.graph.files[0]
        noun = self._noun(kind_of(name))
        self._named_files.add(0)
        self._introduced = 0
        self.phenomena.add("file first")
        article = "an" if noun[0] in "aeiou" else "a"
        return filled(self._one("attached"), {"name": marked(("file", 0), name), "noun": [noun], "a": [article]})


def _chinese_rank(slot: Slot) -> int:
    """Where a phrase stands before a Chinese noun: time, places, numbers, other things, topics."""
    if slot.kind in ("date", "time") or slot.generator in ("pool:period", "pool:month", "pool:weekday"):
        return 0 if slot.kind == "time" else -1
    if slot.generator in ("pool:city", "pool:place", "pool:country"):
        return 2 if slot.name.startswith("to_") else 1
    if slot.zh[0].startswith("关于"):
        return 5
    return 3 if slot.kind in ("int", "money", "measure") else 4


def _inserted(phrase: Phrase, addition: Phrase) -> Phrase:
    """The addition at the end, before a question mark."""
    if isinstance(phrase[-1], str) and phrase[-1][-1:] in "?？":
        return [*phrase[:-1], phrase[-1][:-1], *addition, phrase[-1][-1]]
    return [*phrase, *addition]
