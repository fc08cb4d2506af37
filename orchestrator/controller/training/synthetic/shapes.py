"""Shapes of plans: one step, several calls, chains, trees, joins, orders, unsaid steps. Knows no wording."""

from __future__ import annotations

import functools
from random import Random

from orchestrator.controller.training.synthetic.graphs import (
    Choice,
    Graph,
    Source,
    Step,
    attached,
    by_domain,
    extend,
    generator_of,
    new_step,
    operations_of,
    port_feeding,
    root,
    root_operation,
)
from orchestrator.controller.training.synthetic.lexicon import Operation
from orchestrator.controller.training.synthetic.values import spoken


def single(choice: Choice, rng: Random) -> Graph:
    """One step."""
    graph = Graph()
    graph.steps.append(root(graph, choice, rng, media=rng.random() < 0.25))
    return graph


def parallel(choice: Choice, rng: Random) -> Graph:
    """Several calls of one expert that differ in one value."""
    for _ in range(30):
        graph = Graph()
        first = root(graph, choice, rng, media=False)
        slots = [s for s in first.slots if generator_of(s).startswith(("pool", "id")) and s != "title"]
        if first.inputs or not slots:
            continue
        graph.steps.append(first)
        graph.parallel_slot = slots[0]
        seen = {first.slots[slots[0]].en}
        for _ in range(rng.choice([1, 1, 2, 2, 3])):
            value = spoken(generator_of(slots[0]), "text", rng)
            if value.en not in seen:
                seen.add(value.en)
                graph.steps.append(Step(first.expert, {**first.slots, slots[0]: value}))
        if len(graph.steps) > 1:
            return graph
    return single(choice, rng)


def independent(choice: Choice, rng: Random) -> Graph:
    """Two to four steps that have nothing to do with one another."""
    graph = Graph()
    media = rng.random() < 0.2
    same = rng.random() < 0.5
    for _ in range(rng.choice([2, 2, 2, 3, 4])):
        if same and graph.steps:
            operation = rng.choice(by_domain(choice.domains)[graph.steps[0].operation.domain])
        else:
            operation = root_operation(choice, rng, media if rng.random() < 0.9 else not media)
        if operation.group not in {step.operation.group for step in graph.steps}:
            graph.steps.append(root(graph, choice, rng, media, operation))
    return graph


def chain(choice: Choice, rng: Random, media: bool, length: int) -> Graph:
    """A chain that follows what outputs allow."""
    graph = Graph()
    graph.steps.append(root(graph, choice, rng, media))
    while len(graph.steps) < length and extend(graph, len(graph.steps) - 1, choice, rng):
        pass
    return graph


def tree(choice: Choice, rng: Random, media: bool, size: int) -> Graph:
    """A graph that grows at any of its steps: branches, and joins where experts read several inputs."""
    graph = Graph()
    graph.steps.append(root(graph, choice, rng, media))
    if rng.random() < 0.4:
        graph.steps.append(root(graph, choice, rng, media))
        if graph.steps[0].operation.group == graph.steps[1].operation.group:
            graph.steps.pop()
    for _ in range(size * 2):
        if len(graph.steps) >= size:
            break
        extend(graph, rng.randrange(len(graph.steps)), choice, rng)
    return graph


def join(choice: Choice, rng: Random, media: bool) -> Graph:
    """Two outputs that go into one step."""
    for _ in range(25):
        graph = Graph()
        graph.steps.append(root(graph, choice, rng, media))
        if rng.random() < 0.5 and graph.steps[0].operation.inputs:
            extend(graph, 0, choice, rng)
        else:
            graph.steps.append(root(graph, choice, rng, media))
        groups = {step.operation.group for step in graph.steps}
        if len(groups) == 2 and not graph.steps[1].after and _join_both(graph, groups, choice, rng):
            if rng.random() < 0.25:
                extend(graph, 2, choice, rng)
            return graph
    return independent(choice, rng)


def _join_both(graph: Graph, groups: set[str], choice: Choice, rng: Random) -> bool:
    """Adds a step that reads the outputs of both steps; False where none fits."""
    readers = _joiners(choice.domains)
    for operation in rng.sample(readers, min(len(readers), 12)):
        step = new_step(operation, choice.style, rng)
        two_inputs = len(operation.inputs) == 2
        feeds = [port_feeding(graph.steps[i].expert, step.expert, i if two_inputs else 0) for i in (0, 1)]
        if all(feeds) and operation.group not in groups:
            step.inputs = [Source("step", (0,)), Source("step", (1,))] if two_inputs else [Source("steps", (0, 1))]
            graph.steps.append(step)
            return True
    return False


@functools.lru_cache(maxsize=4096)
def _joiners(domains: tuple[str, ...]) -> tuple[Operation, ...]:
    """Operations that read two outputs: two inputs, several of a kind, or words to pass on (twice as likely)."""
    found = operations_of(domains)
    several = [o for o in found if len(o.inputs) == 2 or (o.inputs and o.inputs[0].many and not o.inputs[0].is_item)]
    return (*several, *[o for o in found if o.domain == "sinks" and o.inputs[0].kind == "text"] * 2)


def ordered(choice: Choice, rng: Random) -> Graph:
    """Two steps of which one only has to come first."""
    for _ in range(20):
        graph = Graph()
        first = root(graph, choice, rng, media=False)
        second = root(
            graph, choice, rng, media=False, operation=rng.choice(by_domain(choice.domains)[first.operation.domain])
        )
        if first.operation.group == second.operation.group or not (first.operation.effect or second.operation.effect):
            continue
        second.after = (0,)
        graph.steps = [first, second]
        return graph
    return independent(choice, rng)


def each_file(choice: Choice, rng: Random) -> Graph:
    """A step, or a chain, over every one of several files."""
    for _ in range(25):
        operation = root_operation(choice, rng, media=True)
        if not operation.inputs or operation.inputs[0].is_item or operation.inputs[0].many or len(operation.inputs) > 1:
            continue
        graph = Graph()
        step = new_step(operation, choice.style, rng)
        kind = operation.inputs[0].kind
        step.inputs.append(Source("files", files=tuple(attached(graph, kind, rng) for _ in range(rng.randint(2, 5)))))
        step.each = True
        graph.steps.append(step)
        if rng.random() < 0.4:
            extend(graph, 0, choice, rng)
        return graph
    return single(choice, rng)


def unsaid(choice: Choice, rng: Random) -> Graph:
    """Search and booking where the request speaks of the booking alone: what it needs only the search can give."""
    pairs = _unsaid_pairs(choice.domains)
    if not pairs:
        return single(choice, rng)
    graph = Graph()
    finder, booker = rng.choice(pairs)
    first = root(graph, choice, rng, False, finder)
    first.implicit = True
    second = new_step(booker, choice.style, rng)
    second.inputs.append(Source("step", (0,)))
    graph.steps = [first, second]
    if not port_feeding(first.expert, second.expert, 0):
        return single(choice, rng)
    if rng.random() < 0.3:
        extend(graph, 1, choice, rng)
    return graph


@functools.lru_cache(maxsize=4096)
def _unsaid_pairs(domains: tuple[str, ...]) -> tuple[tuple[Operation, Operation], ...]:
    found = operations_of(domains)
    bookers = [o for o in found if o.action in ("book_item", "order_item")]
    finders = {o.object_key: o for o in found if o.action == "find"}
    return tuple((finders[o.object_key], o) for o in bookers if o.object_key in finders)
