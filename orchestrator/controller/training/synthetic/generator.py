"""The stream of synthetic cases: graphs, distractors, gaps, requests that nothing fits. Knows no file format."""

from __future__ import annotations

import functools
import tomllib
import zlib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from orchestrator.controller.training.synthetic import graphs
from orchestrator.controller.training.synthetic.case import Argument, SyntheticCase, SyntheticNode
from orchestrator.controller.training.synthetic.composing import request_for
from orchestrator.controller.training.synthetic.experts import CardStyle, Expert, invent, with_examples
from orchestrator.controller.training.synthetic.graphs import Choice, Graph, Source, Step
from orchestrator.controller.training.synthetic.lexicon import (
    MEDIA_DOMAINS,
    Operation,
    inline_slots,
)
from orchestrator.controller.training.synthetic.lexicon import (
    domains as all_domains,
)
from orchestrator.controller.training.synthetic.phrases import flat, text_of
from orchestrator.controller.training.synthetic.values import Spoken
from orchestrator.errors import BadRequest
from orchestrator.types import ExpertCard, Language

_TWIN_SHARE = 0.5
_OPAQUE_SHARE = 0.3
Spans = Mapping[Hashable, tuple[int, int]]


def synthetic_cases(
    num: int,
    seed: int,
    *,
    languages: Sequence[Language] = ("en", "zh"),
    domains: Sequence[str] | None = None,
    exclude_domains: Sequence[str] = (),
) -> Iterator[SyntheticCase]:
    """Requests with their right plans over invented experts, one after another; the same for the same arguments.

    A back-instruct grammar: a random typed graph of experts is sampled first, then said in words (after the idea of
    Shen et al., TaskBench, 2023, section 3, without a language model).

    Args:
        num: how many cases.
        seed: of everything random.
        languages: of the requests; with both, half of the graphs come in both, as twins one behind the other.
        domains: the domains to draw from; all where None. The media domains need no mention of their sinks.
        exclude_domains: domains to leave out.
    Raises:
        BadRequest: a domain that does not exist, or nothing left to draw from.
    """
    names = _allowed(domains, exclude_domains)
    made = 0
    number = 0
    while made < num:
        rng = Random(seed * 1_000_003 + number)
        both = len(languages) > 1 and rng.random() < _TWIN_SHARE
        wanted = tuple(languages) if both else (rng.choice(tuple(languages)),)
        for case in _cases_of_one_graph(f"synthetic-{seed}-{number}", names, wanted, rng):
            if made < num:
                made += 1
                yield case
        number += 1


def _allowed(wanted: Sequence[str] | None, excluded: Sequence[str]) -> tuple[str, ...]:
    known = all_domains()
    for name in (*(wanted or ()), *excluded):
        if name not in known:
            raise BadRequest("domains", name, "one of " + ", ".join(known))
    names = tuple(name for name in known if (wanted is None or name in wanted) and name not in excluded)
    if not names or names == ("sinks",):
        raise BadRequest("domains", wanted, "at least one domain besides sinks")
    return names


# -- graphs ------------------------------------------------------------------------------------------------------------


def _sampled(choice: Choice, rng: Random) -> tuple[Graph, str]:
    has_media = any(name in MEDIA_DOMAINS and name != "sinks" for name in choice.domains)
    has_other = any(name not in MEDIA_DOMAINS for name in choice.domains)
    media = has_media and (not has_other or rng.random() < 0.42)
    shape = rng.random()
    if media:
        if shape < 0.14:
            return graphs.single(choice, rng), "single"
        if shape < 0.46:
            return graphs.chain(choice, rng, True, rng.choice([2, 2, 3, 3, 4, 5, 6])), "chain"
        if shape < 0.66:
            return graphs.tree(choice, rng, True, rng.choice([3, 3, 4, 4, 5, 6, 7])), "tree"
        if shape < 0.80:
            return graphs.join(choice, rng, True), "join"
        if shape < 0.90:
            return graphs.each_file(choice, rng), "each"
        return graphs.independent(choice, rng), "independent"
    if shape < 0.34:
        return graphs.single(choice, rng), "single"
    if shape < 0.42:
        return graphs.parallel(choice, rng), "parallel"
    if shape < 0.54:
        return graphs.independent(choice, rng), "independent"
    if shape < 0.74:
        return graphs.chain(choice, rng, False, rng.choice([2, 2, 2, 3, 3, 4, 5])), "chain"
    if shape < 0.82:
        graph = graphs.unsaid(choice, rng)
        return graph, "unsaid" if len(graph.steps) > 1 else "single"
    if shape < 0.88:
        return graphs.join(choice, rng, False), "join"
    if shape < 0.93:
        return graphs.ordered(choice, rng), "ordered"
    return graphs.tree(choice, rng, False, rng.choice([3, 4, 5])), "tree"


def _cases_of_one_graph(
    name: str, names: tuple[str, ...], wanted: Sequence[Language], rng: Random
) -> Iterator[SyntheticCase]:
    style: CardStyle = "opaque" if rng.random() < _OPAQUE_SHARE else "typed"
    choice = Choice(_case_domains(names, rng), style)
    fate = rng.random()
    if fate < 0.02:
        yield from _small_talk(name, choice, wanted, rng)
        return
    graph, shape = _sampled(choice, rng)
    declined = 0.02 <= fate < 0.10
    missing = 0.10 <= fate < 0.16 and style == "typed" and _leave_gap(graph, rng)
    needed = _cards_needed(graph)
    pool = () if declined else needed
    cards = _dealt(graph, pool, choice, declined, rng)
    distraction = _distraction(graph, cards, choice, rng) if rng.random() < 0.07 and not declined else None
    for language in wanted:
        own = Random(zlib.crc32(f"{name}/{language}".encode()))
        phrase, phenomena = request_for(graph, language, distraction, own)
        request, spans = flat(phrase)
        nodes = () if declined else tuple(_node(graph, i, request, spans, language) for i in range(len(graph.steps)))
        yield SyntheticCase(
            id=f"{name}-{language}",
            request=request,
            language=language,
            files=tuple(graph.files),
            cards=cards,
            nodes=nodes,
            links=_links(nodes),
            status="abstained" if declined else "needs_input" if missing else "planned",
            missing=graph.missing[1] if missing and graph.missing else None,
            twin_of=name if len(wanted) > 1 else "",
            domains=tuple(dict.fromkeys(step.operation.domain for step in graph.steps)),
            phenomena=tuple(sorted({*phenomena, shape})),
        )


@functools.lru_cache(maxsize=100_000)
def _sorted_domains(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(names))


def _case_domains(names: tuple[str, ...], rng: Random) -> tuple[str, ...]:
    """The domains that a case's cards come from: the media domains, and a few others."""
    # A handful of combinations is kept, so that what is computed for a combination serves many cases.
    others = [name for name in names if name not in MEDIA_DOMAINS]
    media = tuple(name for name in names if name in MEDIA_DOMAINS)
    start = rng.randrange(max(1, len(others)))
    return _sorted_domains((*media, *(others[(start + step) % len(others)] for step in range(min(4, len(others))))))


def _leave_gap(graph: Graph, rng: Random) -> bool:
    """Takes a required input or value away from the last step that has one; False where none can be taken."""
    if graph.parallel_slot:
        return False
    for position in reversed(range(len(graph.steps))):
        step = graph.steps[position]
        inline = inline_slots(step.operation)
        gaps: list[tuple[str, int | None]] = [
            (use.port.name, None) for name, use in step.expert.slot_ports.items()
            if use.port.required and name not in inline and use.unit_port is None
        ]  # fmt: skip
        slots_by_port = {use.port.name: name for name, use in step.expert.slot_ports.items()}
        for number, source in enumerate(step.inputs):
            if source.kind in ("file", "named", "id") and not step.operation.inputs[number].many:
                gaps.append((step.expert.input_ports[number], number))
        if not gaps:
            continue
        port, number_ = rng.choice(gaps)
        if number_ is None:
            del step.slots[slots_by_port[port]]
        else:
            if step.inputs[number_].kind == "file":
                if len(graph.files) != 1:
                    continue
                graph.files.clear()
            step.inputs[number_] = Source("missing")
        graph.missing = (position, port)
        return True
    return False


# -- cards -------------------------------------------------------------------------------------------------------------


def _cards_needed(graph: Graph) -> tuple[Expert, ...]:
    return tuple({id(step.expert): step.expert for step in graph.steps}.values())


def _dealt(
    graph: Graph, needed: Sequence[Expert], choice: Choice, declined: bool, rng: Random
) -> tuple[ExpertCard, ...]:
    """The cards to choose from: those needed among others that do something else, shuffled."""
    used_groups = {step.operation.group for step in graph.steps}
    used_objects = {step.operation.object_key for step in graph.steps} - {""}
    used_domains = {step.operation.domain for step in graph.steps}
    count = rng.choice([0, 1, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 28, 36])
    count = max(count, 2 - len(needed))
    near = [o for o in choice.operations if o.domain in used_domains and o.object_key not in used_objects]
    nearest = [o for o in choice.operations if o.object_key in used_objects]
    if declined:
        near_share = 0.3
        near = [o for o in choice.operations if o.domain not in used_domains] if rng.random() < 0.5 else near
        nearest = [o for o in nearest if o.effect != graph.steps[0].operation.effect] if rng.random() < 0.5 else []
    else:
        near_share = 0.55
        if choice.style == "opaque" and len(graph.steps) == 1:
            nearest = [o for o in nearest if not o.group.endswith("/find")]
    taken = {expert.card.name for expert in needed}
    groups = set(used_groups)
    chosen: list[Expert] = list(needed)
    for _ in range(count * 3):
        if len(chosen) >= count + len(needed) or len(chosen) >= 40:
            break
        kind = rng.random()
        pool: Sequence[Operation] = (
            nearest if kind < 0.2 and nearest else near if kind < near_share and near else choice.operations
        )
        operation = rng.choice(pool)
        clash = operation.group in groups or (
            declined and operation.object_key in used_objects and operation not in nearest
        )
        if clash or _same_thing(operation, graph):
            continue
        expert = invent(operation, rng.randrange(graphs.NUM_VARIANTS), choice.style)
        if expert.card.name not in taken:
            taken.add(expert.card.name)
            groups.add(operation.group)
            chosen.append(expert)
    rng.shuffle(chosen)
    shown = rng.random() < 0.2
    return tuple(_with_examples(expert, rng) if shown else expert.card for expert in chosen)


def _same_thing(operation: Operation, graph: Graph) -> bool:
    """Whether an operation could stand in for one of the graph's: the same action on a thing of the same name."""
    return any(
        operation.noun[0] and operation.noun[0] == step.operation.noun[0] and operation.action == step.operation.action
        for step in graph.steps
    )


def _with_examples(expert: Expert, rng: Random) -> ExpertCard:
    return with_examples(expert.card, _examples(expert.operation, rng.randrange(6)))


@functools.lru_cache(maxsize=20_000)
def _examples(operation: Operation, variant: int) -> tuple[str, ...]:
    rng = Random(zlib.crc32(f"{operation.key}#{variant}".encode()))
    found = []
    for _ in range(rng.randint(1, 5)):
        graph = Graph()
        step = graphs.new_step(operation, "opaque", rng)
        graphs.with_own_inputs(graph, step, rng)
        graph.steps.append(step)
        language: Language = "en" if rng.random() < 0.75 else "zh"
        found.append(text_of(request_for(graph, language, None, rng)[0]))
    return tuple(found)


def _distraction(graph: Graph, cards: Sequence[ExpertCard], choice: Choice, rng: Random) -> Step | None:
    groups = {step.operation.group for step in graph.steps}
    objects = {step.operation.object_key for step in graph.steps}
    domains_used = {step.operation.domain for step in graph.steps}
    possible = [
        o for o in choice.operations
        if o.domain in domains_used and not o.inputs and o.group not in groups and o.object_key not in objects
    ]  # fmt: skip
    return graphs.new_step(rng.choice(possible), "opaque", rng) if possible else None


# -- nodes -------------------------------------------------------------------------------------------------------------


def _node(graph: Graph, position: int, request: str, spans: Spans, language: Language) -> SyntheticNode:
    step = graph.steps[position]
    expert = step.expert
    arguments: dict[str, Argument] = {}
    each = expert.input_ports[0] if step.each else None
    if expert.opaque:
        arguments[expert.input_ports[0]] = _opaque_argument(graph, position, request, spans)
        return SyntheticNode(expert.card.name, arguments, each, step.after)
    for number, source in enumerate(step.inputs):
        argument = _input_argument(graph, position, number, source, request, spans)
        if argument is not None:
            arguments[expert.input_ports[number]] = argument
    for name, value in step.slots.items():
        use = expert.slot_ports.get(name)
        said_by = position if ("arg", position, name) in spans else 0 if graph.parallel_slot else None
        if use is None or said_by is None or ("arg", said_by, name) not in spans:
            continue
        start, end = spans["arg", said_by, name]
        arguments[use.port.name] = _slot_argument(value, use.form, request, start, end, language)
        if use.unit_port is not None:
            start, end = spans["unit", said_by, name]
            arguments[use.unit_port.name] = Argument("value", value.unit, start, end)
    return SyntheticNode(expert.card.name, arguments, each, step.after)


def _slot_argument(value: Spoken, form: str, request: str, start: int, end: int, language: Language) -> Argument:
    if value.value is None or form == "text":
        return Argument("span", request[start:end], start, end)
    normalised: Any = value.value
    if form == "list" and isinstance(normalised, tuple):
        normalised = _items(request[start:end], normalised, language)
    return Argument("value", normalised, start, end)


def _items(text: str, both: tuple[list[str], list[str]], language: Language) -> list[str]:
    """The items as they stand in the text, which may be in lower case."""
    items = both[0] if language == "en" else both[1]
    return items if all(item in text for item in items) else [item.lower() for item in items]


def _input_argument(
    graph: Graph, position: int, number: int, source: Source, request: str, spans: Spans
) -> Argument | None:
    step = graph.steps[position]
    match source.kind:
        case "step":
            return _output(graph, source.steps[0], step, number)
        case "steps":
            return Argument("collection", items=tuple(_output(graph, i, step, number) for i in source.steps))
        case "file":
            return _attachment(source.files[0], spans)
        case "files":
            return Argument("collection", items=tuple(_attachment(i, spans) for i in source.files))
        case "named":
            start, end = spans["file", position, number]
            return Argument("span", request[start:end], start, end)
        case "quote":
            start, end = spans["quote", position, number]
            return Argument("span", request[start:end], start, end)
        case "id":
            assert source.words is not None
            if not source.words.value:
                start, end = spans["item", position, number]
                return Argument("span", request[start:end], start, end)
            places = [spans["item", position, number, i] for i in range(len(source.words.value))]
            return Argument("collection", items=tuple(Argument("span", request[s:e], s, e) for s, e in places))
    return None


def _output(graph: Graph, producer: int, step: Step, number: int) -> Argument:
    return Argument("output", node=producer, port=graphs.feeding(graph, producer, step, number))


def _attachment(index: int, spans: Spans) -> Argument:
    start, end = spans.get(("file", index), (None, None))
    return Argument("attachment", index=index, start=start, end=end)


def _opaque_argument(graph: Graph, position: int, request: str, spans: Spans) -> Argument:
    """What a card with one port gets: outputs where the step reads any, else the words that ask for it."""
    step = graph.steps[position]
    outputs = [
        _output(graph, producer, step, number) for number, source in enumerate(step.inputs) for producer in source.steps
    ]
    if outputs:
        return outputs[0] if len(outputs) == 1 else Argument("collection", items=tuple(outputs))
    if step.each:
        return Argument("collection", items=tuple(_attachment(i, spans) for i in step.inputs[0].files))
    if graph.parallel_slot and ("arg", position, graph.parallel_slot) in spans:
        start, end = spans["arg", position, graph.parallel_slot]
    elif len(graph.steps) == 1:
        start, end = 0, len(request)
    else:
        start, end = spans.get(("clause", position)) or spans["clause", min(graph.consumers(position))]
    return Argument("span", request[start:end], start, end)


def _links(nodes: Sequence[SyntheticNode]) -> tuple[tuple[int, int], ...]:
    found = []
    for target, node in enumerate(nodes):
        sources = {output.node for argument in node.arguments.values() for output in argument.outputs} | set(node.after)
        found += [(source, target) for source in sorted(s for s in sources if s is not None)]
    return tuple(found)


# -- requests that nothing fits ----------------------------------------------------------------------------------------


@functools.cache
def _talk() -> dict[str, list[str]]:
    return tomllib.loads((Path(__file__).parent / "talk.toml").read_text("utf-8"))


def _small_talk(name: str, choice: Choice, wanted: Sequence[Language], rng: Random) -> Iterator[SyntheticCase]:
    """Greetings, thanks, remarks and nonsense, over any cards."""
    cards = _dealt(Graph(), (), choice, False, rng)
    line = rng.randrange(min(len(lines) for lines in _talk().values()))
    for language in wanted:
        yield SyntheticCase(
            f"{name}-{language}", _talk()[language][line], language, (), cards, (), (), "abstained",
            twin_of=name if len(wanted) > 1 else "", phenomena=("small talk",),
        )  # fmt: skip
