"""The stream of synthetic cases: graphs, distractors, gaps, requests that nothing fits. Knows no file format."""

from __future__ import annotations

import functools
import tomllib
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from orchestrator.controller.training.synthetic import shapes
from orchestrator.controller.training.synthetic.case import SyntheticCase
from orchestrator.controller.training.synthetic.composing import request_for
from orchestrator.controller.training.synthetic.dealing import dealt, distraction_for, experts_of
from orchestrator.controller.training.synthetic.experts import CardStyle
from orchestrator.controller.training.synthetic.graphs import Choice, Graph, Source
from orchestrator.controller.training.synthetic.lexicon import (
    MEDIA_DOMAINS,
    inline_slots,
)
from orchestrator.controller.training.synthetic.lexicon import (
    domains as all_domains,
)
from orchestrator.controller.training.synthetic.nodes import links_of, node_of
from orchestrator.controller.training.synthetic.phrases import flat
from orchestrator.errors import BadRequest
from orchestrator.types import Language

_TWIN_SHARE = 0.5
_OPAQUE_SHARE = 0.3


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
            return shapes.single(choice, rng), "single"
        if shape < 0.46:
            return shapes.chain(choice, rng, True, rng.choice([2, 2, 3, 3, 4, 5, 6])), "chain"
        if shape < 0.66:
            return shapes.tree(choice, rng, True, rng.choice([3, 3, 4, 4, 5, 6, 7])), "tree"
        if shape < 0.80:
            return shapes.join(choice, rng, True), "join"
        if shape < 0.90:
            return shapes.each_file(choice, rng), "each"
        return shapes.independent(choice, rng), "independent"
    if shape < 0.30:
        return shapes.single(choice, rng), "single"
    if shape < 0.38:
        return shapes.parallel(choice, rng), "parallel"
    if shape < 0.49:
        return shapes.independent(choice, rng), "independent"
    if shape < 0.70:
        return shapes.chain(choice, rng, False, rng.choice([2, 2, 2, 3, 3, 4, 5])), "chain"
    if shape < 0.82:
        graph = shapes.unsaid(choice, rng)
        return graph, "unsaid" if len(graph.steps) > 1 else "single"
    if shape < 0.88:
        return shapes.join(choice, rng, False), "join"
    if shape < 0.93:
        return shapes.ordered(choice, rng), "ordered"
    return shapes.tree(choice, rng, False, rng.choice([3, 4, 5])), "tree"


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
    missing = 0.10 <= fate < 0.19 and style == "typed" and _leave_gap(graph, rng)
    needed = experts_of(graph)
    pool = () if declined else needed
    cards = dealt(graph, pool, choice, declined, rng)
    distraction = distraction_for(graph, cards, choice, rng) if rng.random() < 0.07 and not declined else None
    for language in wanted:
        own = Random(zlib.crc32(f"{name}/{language}".encode()))
        phrase, phenomena = request_for(graph, language, distraction, own)
        request, spans = flat(phrase)
        nodes = () if declined else tuple(node_of(graph, i, request, spans, language) for i in range(len(graph.steps)))
        yield SyntheticCase(
            id=f"{name}-{language}",
            request=request,
            language=language,
            files=tuple(graph.files),
            cards=cards,
            nodes=nodes,
            links=links_of(nodes),
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


# -- requests that nothing fits ----------------------------------------------------------------------------------------


@functools.cache
def _talk() -> dict[str, list[str]]:
    return tomllib.loads((Path(__file__).parent / "talk.toml").read_text("utf-8"))


def _small_talk(name: str, choice: Choice, wanted: Sequence[Language], rng: Random) -> Iterator[SyntheticCase]:
    """Greetings, thanks, remarks and nonsense, over any cards."""
    cards = dealt(Graph(), (), choice, False, rng)
    line = rng.randrange(min(len(lines) for lines in _talk().values()))
    for language in wanted:
        yield SyntheticCase(
            f"{name}-{language}", _talk()[language][line], language, (), cards, (), (), "abstained",
            twin_of=name if len(wanted) > 1 else "", phenomena=("small talk",),
        )  # fmt: skip
