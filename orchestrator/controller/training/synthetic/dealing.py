"""Which cards a case offers: those needed, near misses and strangers. Knows no wording but that of example requests."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Sequence
from random import Random

from orchestrator.controller.training.synthetic import graphs
from orchestrator.controller.training.synthetic.composing import request_for
from orchestrator.controller.training.synthetic.experts import Expert, invent, with_examples
from orchestrator.controller.training.synthetic.graphs import Choice, Graph, Step
from orchestrator.controller.training.synthetic.lexicon import Operation
from orchestrator.controller.training.synthetic.phrases import text_of
from orchestrator.types import ExpertCard, Language


def experts_of(graph: Graph) -> tuple[Expert, ...]:
    return tuple({id(step.expert): step.expert for step in graph.steps}.values())


def dealt(
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


def distraction_for(graph: Graph, cards: Sequence[ExpertCard], choice: Choice, rng: Random) -> Step | None:
    groups = {step.operation.group for step in graph.steps}
    objects = {step.operation.object_key for step in graph.steps}
    domains_used = {step.operation.domain for step in graph.steps}
    possible = [
        o for o in choice.operations
        if o.domain in domains_used and not o.inputs and o.group not in groups and o.object_key not in objects
    ]  # fmt: skip
    return graphs.new_step(rng.choice(possible), "opaque", rng) if possible else None
