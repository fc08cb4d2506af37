"""Argument: "and in German?", "in 3 sentences", 用法语呢: the earlier plan with one value changed.

Knows the earlier turn and its plan; no controller. A turn counts only where it is made of values and the words around
them and of nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.controller.follow_up.past import Past
from orchestrator.controller.follow_up.phrases import phrases, word_pattern
from orchestrator.controller.follow_up.plans import attachments_read, told, without_spans
from orchestrator.controller.follow_up.resolution import Resolution, question
from orchestrator.language import has_chinese, language_of
from orchestrator.types import ExpertCard, Literally, Plan, Port, Request, Step


@dataclass(frozen=True)
class Said:
    """A value that the turn names, as it stands there.

    `group` is what it is one of: languages, count, share, shape, or a line of siblings.
    """

    group: str
    words: str
    number: float = 0.0  # of a count or share
    noun: str = ""  # what a count counts, as the names of ports say it; empty where it does not say
    code: str = ""  # of a language


def argument(request: Request, past: Past) -> Resolution | None:
    """The turn as the earlier plan with other values; None where it is no such turn, or nothing takes its value."""
    turn = past.repeatable
    plan = Plan(status="abstained")
    if turn is not None and turn.plan is not None:
        plan = without_spans(turn.plan, turn.request.text)
    cards = {step.id: past.card(step.expert) for step in plan.steps}
    said = values_in(phrases().core(request.text), tuple(cards.values())) if not request.artifacts else ()
    if not said:
        return None
    if turn is None:
        return _without_a_plan(request, past, said[0])
    for value in said:
        other = _with_value(plan, cards, value)
        if isinstance(other, tuple):
            return question(request, "replaces", value=value.words, choices=", ".join(other))
        if other is None:
            return _on_the_result(request, past, value) if len(said) == 1 else None
        plan = other
    read = attachments_read(plan)  # its positions stay: all that the earlier turn had comes along
    artifacts = turn.request.artifacts if read else ()
    return Resolution(request.model_copy(update={"artifacts": artifacts}), told(plan, turn))


# -- what the turn says ------------------------------------------------------------------------------------------------


def values_in(text: str, cards: Sequence[ExpertCard]) -> tuple[Said, ...]:
    """The values of a text that is made of nothing else; none where anything else stands in it."""
    if not phrases().is_short(text):
        return ()
    found: list[Said] = []
    rest = text
    for said, pattern in (*_known(cards), *_counts(cards, text)):
        match = pattern.search(rest)
        if match is not None:
            found.append(said)
            rest = f"{rest[: match.start()]} {rest[match.end() :]}"
    for shape in phrases().shapes:
        for match in shape.finditer(rest):
            found.append(Said("shape", match.group()))
        rest = shape.sub(" ", rest)
    rest = phrases().around.sub(" ", rest)
    return tuple(found) if not re.search(r"\w", rest) else ()


def _known(cards: Sequence[ExpertCard]) -> Iterator[tuple[Said, re.Pattern[str]]]:
    """Words of the lists and options of the ports, the longest first, so that "total" does not hide "total sum"."""
    listed = [Said("languages", name, code=code) for code, names in phrases().languages.items() for name in names]
    listed += [Said(group, word) for group, words in phrases().siblings.items() for word in words]
    listed += [Said("share", word, number=factor) for word, factor in phrases().relative.items()]
    ports = [port for card in cards for port in card.inputs]
    known = {said.words.lower() for said in listed}
    options = {str(option) for port in ports for option in port.enum if str(option).strip()}
    listed += [Said("option", option) for option in options if option.lower() not in known]
    for said in sorted(listed, key=lambda said: -len(said.words)):
        yield said, word_pattern(said.words)


def _counts(cards: Sequence[ExpertCard], text: str) -> Iterator[tuple[Said, re.Pattern[str]]]:
    """Numbers, in digits or words, with the noun that they count where there is one that a port has too."""
    nouns = {noun: noun for card in cards for port in card.inputs for noun in _nouns(port)}
    nouns |= {noun: noun for noun in phrases().counters.values()}
    nouns |= {noun.rstrip("s"): noun for noun in nouns} | phrases().counters
    numbers = "|".join(map(re.escape, sorted(phrases().numbers, key=len, reverse=True)))
    listed = "|".join(map(re.escape, sorted(nouns, key=len, reverse=True))) or "(?!)"
    pattern = rf"(?<![A-Za-z\d.\-])(\d+(?:\.\d+)?|(?:{numbers}))(?:\s*({listed}))?(?![A-Za-z\d\-])"
    for match in re.finditer(pattern, text, re.IGNORECASE):
        number = phrases().numbers.get(match.group(1).lower())
        value = float(match.group(1)) if number is None else float(number)
        noun = nouns.get((match.group(2) or "").lower(), "")
        is_year = not noun and value.is_integer() and 1900 <= value < 2100
        if not is_year and not (has_chinese(match.group(1)) and not noun):
            yield Said("count", match.group(), number=value, noun=noun), re.compile(re.escape(match.group()))


def _nouns(port: Port) -> tuple[str, ...]:
    """What a number port counts: "sentences" for num_sentences."""
    if port.kind not in ("integer", "float"):
        return ()
    return tuple(word for word in port.name.lower().split("_") if word not in ("num", "max", "min", "n", "count", "of"))


# -- where it goes -----------------------------------------------------------------------------------------------------


def _with_value(plan: Plan, cards: dict[str, ExpertCard], said: Said) -> Plan | tuple[str, ...] | None:
    """The plan with the value in place; the words that it may replace where they are several; None without place."""
    if said.group in ("count", "share"):
        return _counted(plan, cards, said)
    mates = _mates(plan, said)
    if len(mates) > 1:
        return mates
    chosen: dict[tuple[str, str], Any] = {}
    for step in plan.steps:
        for port in cards[step.id].inputs:
            value = _value(step, port)
            if port.enum and (option := _option(port, said)) is not None:
                chosen[step.id, port.name] = option
            elif isinstance(value, str) and mates and word_pattern(mates[0]).search(value):
                chosen[step.id, port.name] = word_pattern(mates[0]).sub(lambda _: _like(mates[0], said), value)
    if not chosen:
        place = next(_free_places(plan, cards, said), None)
        chosen = {} if place is None else {place[:2]: place[2]}
    return _changed(plan, chosen) if chosen else None


def _counted(plan: Plan, cards: dict[str, ExpertCard], said: Said) -> Plan | None:
    """The plan with another count on its last step that counts the same."""
    for step in reversed(plan.steps):
        for port in cards[step.id].inputs:
            nouns = _nouns(port)
            now = _value(step, port)
            now = port.default if now is None else now
            if not nouns or (said.noun and said.noun not in nouns):
                continue
            if said.group == "share" and (not isinstance(now, (int, float)) or not port.name.startswith("num_")):
                continue
            if not said.noun and said.group == "count" and not port.name.startswith("num_"):
                continue
            value = max(1.0, now * said.number) if said.group == "share" else said.number
            number = round(value) if port.kind == "integer" else value
            return _changed(plan, {(step.id, port.name): number})
    return None


def _free_places(plan: Plan, cards: dict[str, ExpertCard], said: Said) -> Iterator[tuple[str, str, Any]]:
    """Ports of the last steps that could take the value although nothing of its sort stands there yet."""
    for step in reversed(plan.steps):
        for port in cards[step.id].inputs:
            value = _value(step, port)
            is_of_language = phrases().language_port.search(port.name) is not None
            if said.group == "languages" and port.kind == "string" and not port.enum and is_of_language:
                yield step.id, port.name, _like(value if isinstance(value, str) else port.default, said)
            elif said.group == "charts" and port.name in phrases().instruction_ports and isinstance(value, str):
                comma = "，" if has_chinese(value) else ", "
                yield step.id, port.name, f"{value.rstrip(' .?!。？！')}{comma}{said.words}"


def _mates(plan: Plan, said: Said) -> tuple[str, ...]:
    """Words of the earlier values that the value may take the place of, each once."""
    bindings = [binding for step in plan.steps for binding in step.inputs.values()]
    return _mates_in([str(binding.value) for binding in bindings if isinstance(binding, Literally)], said)


def _mates_in(texts: Sequence[str], said: Said) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in texts:
        if said.group == "shape":
            shape = next(shape for shape in phrases().shapes if shape.fullmatch(said.words))
            found.update(dict.fromkeys(match.group() for match in shape.finditer(text)))
        elif said.group == "languages":
            codes = [c for c, names in phrases().languages.items() if text.strip().lower() == c]
            names = [n for names in phrases().languages.values() for n in names if word_pattern(n).search(text)]
            found.update(dict.fromkeys(text.strip() for _ in codes))
            found.update(dict.fromkeys(names))
        else:
            words = phrases().siblings.get(said.group, [])
            found.update(dict.fromkeys(word for word in words if word_pattern(word).search(text)))
    return tuple(found)


def _like(before: Any, said: Said) -> str:
    """The value in the form of the one that stood there: a language as a code, in English or in Chinese."""
    if said.group != "languages":
        return said.words
    names = phrases().languages[said.code]
    if isinstance(before, str) and before.strip().lower() in phrases().languages:
        return said.code
    if not isinstance(before, str) or not before.strip():
        return said.words
    return next(name for name in (names[1:] if has_chinese(before) else names))


def _option(port: Port, said: Said) -> Any:
    """The port's own option that the value means; None where it means none."""
    names = {said.words.lower(), said.code, *(n.lower() for n in phrases().languages.get(said.code, ()))} - {""}
    return next((option for option in port.enum if str(option).lower() in names), None)


def _value(step: Step, port: Port) -> Any:
    binding = step.inputs.get(port.name)
    return binding.value if isinstance(binding, Literally) else None


def _changed(plan: Plan, chosen: dict[tuple[str, str], Any]) -> Plan:
    steps = []
    for step in plan.steps:
        own = {name: Literally(value=value) for (step_id, name), value in chosen.items() if step_id == step.id}
        steps.append(step.model_copy(update={"inputs": {**step.inputs, **own}}))
    return plan.model_copy(update={"steps": tuple(steps)})


# -- where no step takes it --------------------------------------------------------------------------------------------


def _on_the_result(request: Request, past: Past, said: Said) -> Resolution | None:
    """A step on the earlier result; a question where the turn says nothing by itself; None where it may."""
    template = phrases().of_the_result.get(f"{language_of(request.text)}_{said.group}")
    if template is None:
        return None
    text = past.text_given(past.giving) if past.giving is not None else None
    if text is None:
        return question(request, "no_result")
    with_text = request.model_copy(update={"artifacts": (text,)})
    return Resolution(with_text, words=template.format(value=said.words))


def _without_a_plan(request: Request, past: Past, said: Said) -> Resolution | None:
    """What was declined, asked once more with the other value; a question where nothing came before."""
    turn = past.declined
    mates = _mates_in([turn.request.text], said) if turn is not None else ()
    if turn is not None and len(mates) == 1:
        words = word_pattern(mates[0]).sub(lambda _: _like(mates[0], said), turn.request.text)
        return Resolution(request.model_copy(update={"artifacts": turn.request.artifacts}), words=words)
    if past.giving is not None:
        return _on_the_result(request, past, said)
    is_empty_alone = f"{language_of(request.text)}_{said.group}" in phrases().of_the_result
    return question(request, "nothing_before") if is_empty_alone else None
