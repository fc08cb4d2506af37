"""Random typed graphs of invented experts, with the values that a request will name. Knows no wording."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from orchestrator.controller.training.synthetic.experts import CardStyle, Expert, invent
from orchestrator.controller.training.synthetic.lexicon import MEDIA_DOMAINS, Operation, inline_slots, operations
from orchestrator.controller.training.synthetic.values import Spoken, pools, spoken
from orchestrator.engine.bindings import is_compatible

NUM_VARIANTS = 12  # different experts of one operation and card style
_FOLLOWED_BY = {
    "find": "book_item book_item details compare", "recommend": "book_item details", "history": "details",
    "book": "status pay cancel change details", "book_item": "status pay details change", "order": "status pay cancel report",
    "create": "details status approve download verify change delete", "submit": "status verify download details",
    "change": "details status", "cancel": "book order create", "verify": "", "details": "", "price": "book order",
    "renew": "pay details", "approve": "status pay",
}  # fmt: skip
_SUFFIXES = {
    "image": "jpg png jpeg webp", "audio": "mp3 wav m4a flac ogg", "video": "mp4 mov mkv avi", "table": "csv xlsx tsv",
    "text": "txt md", "file": "pdf docx pptx zip", "json": "json",
}  # fmt: skip
_STEMS = (
    "photo IMG_2041 scan report example holiday meeting interview sample invoice talk sales notes chart lecture call draft "
    "song clip poster letter receipt survey garden street page3 final demo audio_01 DSC0093 team data results podcast"
).split()
_STEMS_ZH = ["报告", "照片", "会议录音", "合同", "发票", "旅行视频", "数据", "采访", "讲座", "海报"]


@dataclass(frozen=True)
class Source:
    """Where an input of a step comes from.

    `step`, `steps`: outputs of earlier steps; `file`, `files`: attachments; `named`: a file that only the text names;
    `quote`: words of the request; `id`: a number in the request; `missing`: nowhere.
    """

    kind: Literal["step", "steps", "file", "files", "named", "quote", "id", "missing"]
    steps: tuple[int, ...] = ()
    files: tuple[int, ...] = ()
    name: str = ""
    words: Spoken | None = None


@dataclass
class Step:
    """A step in the making."""

    expert: Expert
    slots: dict[str, Spoken] = field(default_factory=dict)
    inputs: list[Source] = field(default_factory=list)
    each: bool = False
    after: tuple[int, ...] = ()
    implicit: bool = False  # the request does not say it: the next step's clause stands for both

    @property
    def operation(self) -> Operation:
        return self.expert.operation


@dataclass
class Graph:
    """Steps in an order that respects their needs, attachments, and how they hang together."""

    steps: list[Step] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    parallel_slot: str | None = None  # the slot in which calls of one expert differ
    missing: tuple[int, str] | None = None  # step, port

    def consumers(self, position: int) -> list[int]:
        """The steps that read an output of a step."""
        return [i for i, step in enumerate(self.steps) if any(position in source.steps for source in step.inputs)]


@dataclass(frozen=True)
class Choice:
    """Which operations may be used, and how cards look."""

    domains: tuple[str, ...]
    style: CardStyle

    @property
    def operations(self) -> tuple[Operation, ...]:
        return _operations_of(self.domains)


@functools.lru_cache(maxsize=4096)
def _operations_of(domains: tuple[str, ...]) -> tuple[Operation, ...]:
    return tuple(operation for operation in operations() if operation.domain in domains)


@functools.lru_cache(maxsize=4096)
def _by_domain(domains: tuple[str, ...]) -> dict[str, tuple[Operation, ...]]:
    return {domain: _operations_of((domain,)) for domain in domains}


@functools.lru_cache(maxsize=4096)
def _readers(domains: tuple[str, ...], kind: str) -> tuple[Operation, ...]:
    """Operations whose first input takes an artifact of a kind."""
    return tuple(
        operation
        for operation in _operations_of(domains)
        if operation.inputs and not operation.inputs[0].is_item and is_compatible(kind, operation.inputs[0].kind)  # type: ignore[arg-type]
    )


@functools.lru_cache(maxsize=4096)
def _about_object(domains: tuple[str, ...], object_key: str) -> dict[str, Operation]:
    return {o.action: o for o in _operations_of(domains) if o.object_key == object_key}


# -- steps -------------------------------------------------------------------------------------------------------------


def new_step(operation: Operation, style: CardStyle, rng: Random) -> Step:
    """A step with values for its slots and no inputs yet."""
    expert = invent(operation, rng.randrange(NUM_VARIANTS), style)
    step = Step(expert)
    inline = inline_slots(operation)
    if expert.opaque:
        chosen = [(slot, "text", True) for slot, needed in operation.slots if needed or rng.random() < 0.4]
    else:
        chosen = [(name, use.form, use.port.required) for name, use in expert.slot_ports.items()]
    for name, form, required in chosen:
        if required or name in inline or rng.random() < 0.45:
            step.slots[name] = spoken(_generator(name), form, rng)
    return step


def _generator(slot: str) -> str:
    from orchestrator.controller.training.synthetic.lexicon import slots

    return slots()[slot].generator


def with_own_inputs(graph: Graph, step: Step, rng: Random, from_position: int = 0) -> Step:
    """The step with every input from the request itself: files, quotes, numbers."""
    for wanted in step.operation.inputs[from_position:]:
        step.inputs.append(_own_source(graph, step, wanted.kind, wanted.many, rng))
    return step


def _own_source(graph: Graph, step: Step, kind: str, many: bool, rng: Random) -> Source:
    if kind in ("item", "found"):
        return Source("id", words=spoken("id", "text", rng))
    if kind == "several":
        ids = [spoken("id", "text", rng).en for _ in range(rng.randint(2, 3))]
        return Source("id", words=Spoken(*(_enumerated(ids, language) for language in ("en", "zh")), value=ids))
    if kind == "text" and not many and step.operation.domain != "code_repositories" and rng.random() < 0.6:
        return Source("quote", words=Spoken(*rng.choice(pools()[rng.choice(["sentence", "sentence", "message"])])))
    if many:
        return Source("files", files=tuple(_attach(graph, kind, rng) for _ in range(rng.randint(2, 4))))
    if rng.random() < 0.25:
        return Source("named", name=_file_name(graph, kind, rng))
    return Source("file", files=(_attach(graph, kind, rng),))


def _enumerated(words: list[str], language: str) -> str:
    return ", ".join(words[:-1]) + (" and " if language == "en" else "和") + words[-1]


def _file_name(graph: Graph, kind: str, rng: Random) -> str:
    if kind == "any":
        kind = rng.choice(["image", "file", "video"])
    for _ in range(20):
        stem = rng.choice(_STEMS_ZH) if rng.random() < 0.06 else rng.choice(_STEMS)
        if rng.random() < 0.3:
            stem += str(rng.randint(1, 40))
        name = f"{stem}.{rng.choice(_SUFFIXES[kind].split())}"
        if name not in graph.files:
            return name
    return f"{kind}{len(graph.files)}.{_SUFFIXES[kind].split()[0]}"


def _attach(graph: Graph, kind: str, rng: Random) -> int:
    graph.files.append(_file_name(graph, kind, rng))
    return len(graph.files) - 1


# -- growing -----------------------------------------------------------------------------------------------------------


def root(graph: Graph, choice: Choice, rng: Random, media: bool, operation: Operation | None = None) -> Step:
    """A step that reads nothing but the request."""
    if operation is None:
        operation = _root_operation(choice, rng, media)
    return with_own_inputs(graph, new_step(operation, choice.style, rng), rng)


def _root_operation(choice: Choice, rng: Random, media: bool) -> Operation:
    wanted = tuple(d for d in choice.domains if (d in MEDIA_DOMAINS) == media and d != "sinks") or choice.domains
    domain = rng.choice(wanted)
    return rng.choice(_by_domain(choice.domains)[domain])


def extend(graph: Graph, position: int, choice: Choice, rng: Random) -> bool:
    """Adds a step that reads an output of the step at `position`; False where nothing fits."""
    producer = graph.steps[position]
    used = {step.operation.group for step in graph.steps}
    for _ in range(6):
        operation, after_only = _continuation(producer, choice, rng)
        if operation is None or operation.group in used:
            continue
        step = new_step(operation, choice.style, rng)
        if after_only:
            step = with_own_inputs(graph, step, rng)
            step.after = (position,)
        elif not _linked(graph, step, position, rng):
            continue
        graph.steps.append(step)
        return True
    return False


def _continuation(producer: Step, choice: Choice, rng: Random) -> tuple[Operation | None, bool]:
    operation = producer.operation
    actions = _FOLLOWED_BY.get(operation.action, "").split()
    about = _about_object(choice.domains, operation.object_key) if actions else {}
    possible = [about[action] for action in actions if action in about]
    if possible and rng.random() < 0.72:
        chosen = rng.choice(possible)
        return chosen, not (chosen.inputs and _follows_by_item(producer))
    kinds = [port.kind for port in producer.expert.card.outputs if port.name != producer.expert.item_output]
    readers = _readers(choice.domains, rng.choice(kinds)) if kinds else ()
    if producer.expert.opaque:
        readers = _readers(choice.domains, operation.gives if operation.gives in _SUFFIXES else "text")
    readers = tuple(reader for reader in readers if _may_follow(operation, reader, 0))
    sinks = [reader for reader in readers if reader.domain == "sinks"]
    if sinks and (rng.random() < 0.35 or (operation.domain not in MEDIA_DOMAINS and rng.random() < 0.3)):
        return rng.choice(sinks), False
    return (rng.choice(readers), False) if readers else (None, False)


def _follows_by_item(producer: Step) -> bool:
    return producer.expert.opaque or producer.expert.item_output is not None


def _linked(graph: Graph, step: Step, position: int, rng: Random) -> bool:
    """Gives the step its first input from the step at `position`, the others from elsewhere."""
    wanted = step.operation.inputs[0]
    producer = graph.steps[position]
    if not _port_feeding(producer.expert, step.expert, 0):
        return False
    if wanted.kind == "several":
        step.inputs.append(Source("step", (position,)))
    else:
        step.inputs.append(Source("steps" if wanted.many else "step", (position,)))
    if wanted.many and not wanted.is_item and not _second_producer(graph, step, position, rng):
        return False
    if len(step.operation.inputs) > 1:
        others = [
            i for i in range(len(graph.steps)) if i != position and _port_feeding(graph.steps[i].expert, step.expert, 1)
        ]
        if others and rng.random() < 0.7:
            step.inputs.append(Source("step", (rng.choice(others),)))
        else:
            step = with_own_inputs(graph, step, rng, 1)
    step.each = producer.each and not wanted.many
    return True


def _second_producer(graph: Graph, step: Step, position: int, rng: Random) -> bool:
    if graph.steps[position].each:
        return True
    others = [
        i for i in range(len(graph.steps)) if i != position and _port_feeding(graph.steps[i].expert, step.expert, 0)
    ]
    others = [i for i in others if not graph.consumers(i)] or others
    if not others:
        return False
    step.inputs[-1] = Source("steps", tuple(sorted((position, rng.choice(others)))))
    return True


def _may_follow(producer: Operation, consumer: Operation, position: int) -> bool:
    """Whether it makes sense that one reads the other's output, whatever the ports' kinds allow."""
    wanted, gives = consumer.inputs[position], producer.gives
    if wanted.kind == "text" and consumer.domain not in MEDIA_DOMAINS and consumer.domain != producer.domain:
        return False
    if wanted.is_item:
        return bool(producer.noun[0]) and producer.object_key == consumer.object_key
    if wanted.kind == "file":
        return gives in ("file", "image", "table", "text") if consumer.domain == "sinks" else gives == "file"
    if wanted.kind == "any":
        return gives in ("image", "audio", "video", "file", "table", "text")
    if wanted.kind != "text":
        return gives == wanted.kind
    if gives in ("image", "audio", "video", "file"):
        return False
    if gives in ("confirmation", "string"):
        return (
            consumer.domain == "sinks"
            and producer.domain != "sinks"
            or gives == "string"
            and consumer.names[0].startswith("send")
        )
    # Words on words: what is short or no prose is passed on, read aloud or translated, not summarised.
    return (
        gives == "text"
        or consumer.domain == "sinks"
        or consumer.names[0] in ("translate text", "text to speech", "combine texts")
    )


def _port_feeding(producer: Expert, consumer: Expert, position: int) -> str | None:
    """The producer's output port for an input of the consumer."""
    if consumer.opaque or producer.opaque:
        if consumer.opaque != producer.opaque or not _may_follow(producer.operation, consumer.operation, position):
            return None
        return producer.card.outputs[0].name
    if not _may_follow(producer.operation, consumer.operation, position):
        return None
    port = consumer.card.input(consumer.input_ports[position])
    assert port is not None
    return producer.output_for(port.kind, consumer.operation.inputs[position].is_item)


def feeding(graph: Graph, source: int, step: Step, position: int) -> str:
    """The name of the output port of step `source` that feeds the step's input."""
    port = _port_feeding(graph.steps[source].expert, step.expert, position)
    assert port is not None
    return port


# -- shapes ------------------------------------------------------------------------------------------------------------


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
        slots = [s for s in first.slots if _generator(s).startswith(("pool", "id"))]
        if first.inputs or not slots:
            continue
        graph.steps.append(first)
        graph.parallel_slot = slots[0]
        seen = {first.slots[slots[0]].en}
        for _ in range(rng.choice([1, 1, 2, 2, 3])):
            value = spoken(_generator(slots[0]), "text", rng)
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
            operation = rng.choice(_by_domain(choice.domains)[graph.steps[0].operation.domain])
        else:
            operation = _root_operation(choice, rng, media if rng.random() < 0.9 else not media)
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
        if len(graph.steps) < 2 or graph.steps[0].operation.group == graph.steps[1].operation.group:
            continue
        if graph.steps[1].after:
            continue
        first, second = graph.steps[0], graph.steps[1]
        readers = [
            o
            for o in choice.operations
            if len(o.inputs) == 2 or (o.inputs and o.inputs[0].many and not o.inputs[0].is_item)
        ]
        sinks = [o for o in choice.operations if o.domain == "sinks" and o.inputs[0].kind == "text"]
        for operation in rng.sample(readers + sinks * 2, min(len(readers) + len(sinks) * 2, 12)):
            step = new_step(operation, choice.style, rng)
            places = (0, 1) if len(operation.inputs) == 2 else (0, 0)
            if (
                operation.domain == "sinks"
                and not step.expert.opaque
                and step.expert.card.input(step.expert.input_ports[0]).kind not in ("text", "string")
            ):  # type: ignore[union-attr]
                continue
            feeds = [_port_feeding(s.expert, step.expert, p) for s, p in zip((first, second), places, strict=True)]
            if not all(feeds) or operation.group in (first.operation.group, second.operation.group):
                continue
            if places == (0, 1):
                step.inputs = [Source("step", (0,)), Source("step", (1,))]
            else:
                step.inputs = [Source("steps", (0, 1))]
            graph.steps.append(step)
            if rng.random() < 0.25:
                extend(graph, 2, choice, rng)
            return graph
    return independent(choice, rng)


def ordered(choice: Choice, rng: Random) -> Graph:
    """Two steps of which one only has to come first."""
    for _ in range(20):
        graph = Graph()
        first = root(graph, choice, rng, media=False)
        second = root(
            graph, choice, rng, media=False, operation=rng.choice(_by_domain(choice.domains)[first.operation.domain])
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
        operation = _root_operation(choice, rng, media=True)
        if not operation.inputs or operation.inputs[0].is_item or operation.inputs[0].many or len(operation.inputs) > 1:
            continue
        graph = Graph()
        step = new_step(operation, choice.style, rng)
        kind = operation.inputs[0].kind
        step.inputs.append(Source("files", files=tuple(_attach(graph, kind, rng) for _ in range(rng.randint(2, 5)))))
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
    if not _port_feeding(first.expert, second.expert, 0):
        return single(choice, rng)
    if rng.random() < 0.3:
        extend(graph, 1, choice, rng)
    return graph


@functools.lru_cache(maxsize=4096)
def _unsaid_pairs(domains: tuple[str, ...]) -> tuple[tuple[Operation, Operation], ...]:
    found = _operations_of(domains)
    bookers: Sequence[Operation] = [o for o in found if o.action == "book_item"]
    finders = {o.object_key: o for o in found if o.action == "find"}
    return tuple((finders[o.object_key], o) for o in bookers if o.object_key in finders)
