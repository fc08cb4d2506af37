"""From clauses to a whole request: frames, order words, lists, facts, asides, slips. Knows no card."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from orchestrator.controller.training.synthetic.graphs import Graph, Step
from orchestrator.controller.training.synthetic.lexicon import Operation
from orchestrator.controller.training.synthetic.phrases import (
    Phrase,
    as_gerund,
    capitalised,
    filled,
    joined,
    marked,
    text_of,
)
from orchestrator.controller.training.synthetic.spelling import lowered, misspelt, without_marks
from orchestrator.controller.training.synthetic.verbalise import Speaker
from orchestrator.types import Language


def request_for(
    graph: Graph, language: Language, distraction: Step | None, rng: Random
) -> tuple[Phrase, frozenset[str]]:
    """What a person writes for a graph, and what is special about the wording.

    Args:
        graph: the steps in an order that respects their needs.
        language: of the request.
        distraction: a step that the person says is not wanted.
        rng: of this wording alone.
    """
    speaker = Speaker(graph, language, mixed=language == "zh" and rng.random() < 0.07, rng=rng)
    writer = _Writer(speaker, rng)
    phrase = writer.whole(distraction)
    return phrase, frozenset(speaker.phenomena | writer.phenomena | ({"code-mixed"} if speaker.mixed else set()))


_GREETING = re.compile("(?:hey|hi|hello|你好)\\b|你好")


class _Writer:
    def __init__(self, speaker: Speaker, rng: Random) -> None:
        self.speaker, self.rng, self.graph = speaker, rng, speaker.graph
        self.language, self.frames = speaker.language, speaker.frames
        self.phenomena: set[str] = set()
        self.english = self.language == "en"
        self._framed_before = False

    def _one(self, key: str) -> str:
        return str(self.rng.choice(self.frames[key]))

    def whole(self, distraction: Step | None) -> Phrase:
        rng, speaker = self.rng, self.speaker
        before: list[Phrase] = []
        behind: list[Phrase] = []
        if rng.random() < 0.10:
            before.append([self._one("situations")])
        if rng.random() < 0.22 and (intro := speaker.introduce_file()):
            before.append(capitalised(intro))
        units = self._units()
        if rng.random() < (0.16 if len(units) == 1 else 0.08):
            speaker.tell_facts(units[0])
        main = self._single(units[0]) if len(units) == 1 else self._several(units)
        for fact in speaker.facts:
            (before if rng.random() < 0.4 else behind).append(capitalised(fact) if self.english else fact)
        if distraction is not None:
            aside = self._distraction(distraction)
            (before if rng.random() < 0.3 and not self.graph.files else behind).append(aside)
        if rng.random() < 0.10:
            (behind if rng.random() < 0.6 else before).append([self._one("idle")])
        if before and any("file" in str(item) for item in before[0]) and len(before) > 1:
            before.reverse()
        if behind and text_of(main)[-1:].isalnum():
            main = [*main, "." if self.english else "。"]
        sentences = [*before, main, *behind]
        phrase: Phrase = []
        between = ""
        for i, sentence in enumerate(sentences):
            if i:
                phrase.append(between)
            phrase.extend(sentence)
            between = "\n" if sentence is main and "list" in self.phenomena else " " if self.english else ""
        phrase += self._trailing()
        return self._typed(phrase)

    def _trailing(self) -> Phrase:
        phrase: Phrase = []
        for value in self.speaker.trailing:
            quoted = self.rng.random() < 0.5
            opening, closing = ('"', '"') if self.english else ("“", "”")
            lead = (
                self.rng.choice(["\n", "\n\n", " " if self.english else ""])
                if quoted
                else self.rng.choice(["\n", "\n\n"])
            )
            phrase += [lead + (opening if quoted else ""), *value, closing if quoted else ""]
        return phrase

    def _typed(self, phrase: Phrase) -> Phrase:
        rng = self.rng
        if rng.random() < 0.12:
            self.phenomena.add("misspelt")
            phrase = misspelt(phrase, rng.choice([1, 1, 2, 3]), rng)
        if rng.random() < 0.12:
            phrase = without_marks(phrase)
        if self.english and rng.random() < 0.10:
            self.phenomena.add("lower case")
            phrase = lowered(phrase)
        return phrase

    # -- one unit ------------------------------------------------------------------------------------------------------

    def _units(self) -> list[int]:
        """The steps that get a clause of their own; chooses what is said as a noun inside another step."""
        steps = self.graph.steps
        if self.graph.parallel_slot:
            return [0]
        if self.rng.random() < 0.5:
            share = self.rng.choice([0.5, 0.8, 1.0])
            for position in range(len(steps)):
                if self.speaker.may_nest(position) and self.rng.random() < share:
                    self.speaker.nested.add(position)
        return [i for i, step in enumerate(steps) if i not in self.speaker.nested and not step.implicit]

    def _single(self, position: int) -> Phrase:
        speaker, rng = self.speaker, self.rng
        wording = self.graph.steps[position].operation.wording(self.language)
        hidden = any(self.graph.steps[p].implicit for s in self.graph.steps[position].inputs for p in s.steps)
        way = rng.random()
        if not hidden and way < 0.20 and wording.asks:
            self.phenomena.add("question")
            return marked(("clause", position), capitalised(speaker.say(position, wording.asks)))
        if not hidden and way < 0.30 and wording.says:
            self.phenomena.add("situation")
            said = capitalised(speaker.say(position, wording.says))
            return marked(("clause", position), [*said, "." if self.english else "。"])
        if not hidden and way < 0.35 and not self.graph.parallel_slot and not speaker.nested and not speaker.facts:
            return self._terse(position)
        return self._framed([speaker.clause(position)])

    def _terse(self, position: int) -> Phrase:
        """Keywords: what, and the bare values."""
        self.phenomena.add("terse")
        step = self.graph.steps[position]
        name = self.rng.choice(step.operation.names) if self.english else _short_about(step.operation)
        phrase: Phrase = [name.lower()]
        for number, source in enumerate(step.inputs):
            if source.kind != "missing":
                phrase += [" ", *self.speaker.input(position, number)]
        for slot in step.slots:
            phrase += [self.rng.choice([" ", " ", ", " if self.english else "，"]), *self.speaker.value(position, slot)]
        return marked(("clause", position), phrase)

    def _framed(self, clauses: list[Phrase], separators: Sequence[str] = ()) -> Phrase:
        """One sentence of the clauses in a frame."""
        phrase = clauses[0]
        for separator, clause in zip(separators, clauses[1:], strict=True):
            phrase = [*phrase, separator, *clause]
        ends_in_question = text_of(phrase).rstrip("\"'”」")[-1:] in "?？"
        frame = self._one("frames")
        while self._framed_before and _GREETING.match(frame):
            frame = self._one("frames")
        self._framed_before = True
        if ("{g}" in frame and len(clauses) > 1) or (ends_in_question and frame[-1] in "?？"):
            frame = "{c}"
        if not self.english and ("一下" in frame or "{c}吗" in frame) and (len(clauses) > 1 or "，" in text_of(phrase)):
            frame = "请{c}"
        sentence = filled(frame, {"c": phrase, "g": as_gerund(phrase) if "{g}" in frame else []})
        if self.english:
            sentence = capitalised(sentence)
        end = text_of(sentence[-3:]).rstrip("\"'”」")[-1:]
        return sentence if end in "?？.。!" and end else [*sentence, "." if self.english else "。"]

    # -- several units -------------------------------------------------------------------------------------------------

    def _several(self, units: list[int]) -> Phrase:
        rng = self.rng
        if len(units) == 2 and self._depends(units[1], units[:1]) and rng.random() < 0.22:
            return self._reversed(units)
        if len(units) > 1 and rng.random() < 0.10:
            return self._listed(units)
        independent = not any(self._depends(unit, units[:i]) for i, unit in enumerate(units))
        if independent and rng.random() < 0.3:
            self.phenomena.add("question")
            sentences = [
                self._single(unit) if rng.random() < 0.7 else self._framed([self.speaker.clause(unit)])
                for unit in units
            ]
            return joined(sentences, " " if self.english else "", " " if self.english else "")
        return self._in_order(units)

    def _depends(self, unit: int, earlier: Sequence[int]) -> bool:
        """Whether a step needs one of the steps said before, or what is nested in it does."""
        wanted, seen = [unit], set()
        while wanted:
            step = wanted.pop()
            seen.add(step)
            needs = {p for source in self.graph.steps[step].inputs for p in source.steps} | set(
                self.graph.steps[step].after
            )
            if needs & set(earlier):
                return True
            wanted.extend(p for p in needs if p not in seen)
        return False

    def _in_order(self, units: list[int]) -> Phrase:
        rng = self.rng
        self.phenomena.add("in order")
        sentences: list[Phrase] = []
        clauses: list[Phrase] = [self.speaker.clause(units[0])]
        separators: list[str] = []
        together = rng.choice([0.2, 0.6, 1.0])
        leading = ""
        dependent_first = self._depends(units[1], units[:1])
        if dependent_first and rng.random() < 0.25:
            clauses[0] = ["first " if self.english else "先", *clauses[0]]
        for i, unit in enumerate(units[1:], start=1):
            key = "dependent" if self._depends(unit, units[:i]) else "separate"
            last = i == len(units) - 1 and i > 1 and key == "dependent" and rng.random() < 0.5
            clause = self.speaker.clause(unit)
            if rng.random() < together and len(clauses) < 4 and text_of(clauses[-1])[-1:] not in "?？":
                separators.append(self._one(key + ("_last" if last else "")))
                clauses.append(clause)
                continue
            sentences.append(self._sentence(leading, clauses, separators))
            leading = self._one(key + ("_new_last" if last else "_new"))
            clauses, separators = [clause], []
        sentences.append(self._sentence(leading, clauses, separators))
        return joined(sentences, " " if self.english else "", " " if self.english else "")

    def _sentence(self, leading: str, clauses: list[Phrase], separators: list[str]) -> Phrase:
        if not leading:
            return self._framed(clauses, separators)
        phrase: Phrase = [leading, *clauses[0]]
        for separator, clause in zip(separators, clauses[1:], strict=True):
            phrase += [separator, *clause]
        end = text_of(phrase).rstrip("\"'”」")[-1:]
        return phrase if end in "?？" else [*phrase, "." if self.english else "。"]

    def _reversed(self, units: list[int]) -> Phrase:
        """The later step named first, or an order told with before and after."""
        self.phenomena.add("reversed")
        first = self.speaker.clause(units[0])
        self.speaker.by_noun = True
        second = self.speaker.clause(units[1])
        fields = {"c1": first, "c2": second, "g1": as_gerund(first), "g2": as_gerund(second)}
        sentence = filled(self._one("before"), fields)
        if not self.english and self.rng.random() < 0.4 and text_of(sentence)[0] != "等":
            sentence = ["请", *sentence]
        sentence = capitalised(sentence) if self.english else sentence
        return [*sentence, "." if self.english else "。"]

    def _listed(self, units: list[int]) -> Phrase:
        self.phenomena.add("list")
        bullet = self.rng.choice(
            ["{n}. ", "{n}) ", "- ", "({n}) "] if self.english else ["{n}、", "{n}. ", "（{n}）", "- "]
        )
        between = self.rng.choice(["\n", "\n", " ", "; "] if self.english else ["\n", "\n", "；", " "])
        if bullet == "- ":
            between = "\n"
        phrase: Phrase = [self._one("lists") + ("\n" if between == "\n" else " " if self.english else "")]
        for i, unit in enumerate(units):
            clause = self.speaker.clause(unit)
            phrase += [between if i else "", bullet.replace("{n}", str(i + 1))]
            phrase += capitalised(clause) if self.english and self.rng.random() < 0.6 else clause
        return phrase

    def _distraction(self, step: Step) -> Phrase:
        """A sentence on something that is not wanted; its values are marked as nothing of the plan."""
        self.phenomena.add("distraction")
        speaker = Speaker(Graph([step]), self.language, False, self.rng)
        words = text_of(speaker.say(0, step.operation.wording(self.language).clauses))
        sentence = self._one("not_wanted").replace("{c}", words)
        return [sentence]


def _short_about(operation: Operation) -> str:
    return min(operation.about_zh, key=len)
