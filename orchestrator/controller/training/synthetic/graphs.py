"""Random typed graphs of invented experts, with the values that a request will name. Knows no wording."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from orchestrator.controller.training.synthetic.experts import CardStyle, Expert, invent
from orchestrator.controller.training.synthetic.lexicon import MEDIA_DOMAINS, Operation, inline_slots, operations, slots
from orchestrator.controller.training.synthetic.values import Spoken, pools, spoken
from orchestrator.engine.bindings import is_compatible

NUM_VARIANTS = 12  # different experts of one operation and card style
_FOLLOWED_BY = {
    "find": "book_item order_item details", "recommend": "book_item order_item details", "history": "details",
    "book": "status pay cancel change details", "order_item": "status pay cancel",
    "book_item": "status pay details change", "order": "status pay cancel",
    "create": "details status approve download verify change delete", "submit": "status verify download details",
    "change": "details status", "cancel": "book order create", "verify": "", "details": "", "price": "book order",
    "renew": "pay details", "approve": "status pay",
}  # fmt: skip
_SUFFIXES = {
    "image": "jpg png jpeg webp", "audio": "mp3 wav m4a flac ogg", "video": "mp4 mov mkv avi", "table": "csv xlsx tsv",
    "text": "txt md", "file": "pdf docx pptx zip", "json": "json",
}  # fmt: skip
_STEMS = [
    "photo",
    "IMG_2041",
    "scan",
    "report",
    "example",
    "holiday",
    "meeting",
    "interview",
    "sample",
    "invoice",
    "talk",
    "sales",
    "notes",
    "chart",
    "lecture",
    "call",
    "draft",
    "song",
    "clip",
    "poster",
    "letter",
    "receipt",
    "survey",
    "garden",
    "street",
    "page3",
    "final",
    "demo",
    "audio_01",
    "DSC0093",
    "team",
    "data",
    "results",
    "podcast",
]
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
        return operations_of(self.domains)


@functools.lru_cache(maxsize=4096)
def operations_of(domains: tuple[str, ...]) -> tuple[Operation, ...]:
    return tuple(operation for operation in operations() if operation.domain in domains)


@functools.lru_cache(maxsize=4096)
def by_domain(domains: tuple[str, ...]) -> dict[str, tuple[Operation, ...]]:
    return {domain: operations_of((domain,)) for domain in domains}


@functools.lru_cache(maxsize=4096)
def _readers(domains: tuple[str, ...], kind: str) -> tuple[Operation, ...]:
    """Operations whose first input takes an artifact of a kind."""
    return tuple(
        operation
        for operation in operations_of(domains)
        if operation.inputs and not operation.inputs[0].is_item and is_compatible(kind, operation.inputs[0].kind)  # type: ignore[arg-type]
    )


@functools.lru_cache(maxsize=65536)
def _followers(domains: tuple[str, ...], kind: str, operation: Operation) -> tuple[Operation, ...]:
    return tuple(reader for reader in _readers(domains, kind) if _may_follow(operation, reader, 0))


@functools.lru_cache(maxsize=4096)
def _about_object(domains: tuple[str, ...], object_key: str) -> dict[str, Operation]:
    return {o.action: o for o in operations_of(domains) if o.object_key == object_key}


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
            step.slots[name] = spoken(generator_of(name), form, rng)
    return step


def generator_of(slot: str) -> str:
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
        return Source("id", words=Spoken(_enumerated(ids, "en"), _enumerated(ids, "zh"), ids))
    if kind == "text" and not many and step.operation.domain != "code_repositories" and rng.random() < 0.6:
        return Source("quote", words=Spoken(*rng.choice(pools()[rng.choice(["sentence", "sentence", "message"])])))
    if many:
        return Source("files", files=tuple(attached(graph, kind, rng) for _ in range(rng.randint(2, 4))))
    if rng.random() < 0.25:
        return Source("named", name=_file_name(graph, kind, rng))
    return Source("file", files=(attached(graph, kind, rng),))


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


def attached(graph: Graph, kind: str, rng: Random) -> int:
    graph.files.append(_file_name(graph, kind, rng))
    return len(graph.files) - 1


# -- growing -----------------------------------------------------------------------------------------------------------


def root(graph: Graph, choice: Choice, rng: Random, media: bool, operation: Operation | None = None) -> Step:
    """A step that reads nothing but the request."""
    if operation is None:
        operation = root_operation(choice, rng, media)
    return with_own_inputs(graph, new_step(operation, choice.style, rng), rng)


def root_operation(choice: Choice, rng: Random, media: bool) -> Operation:
    wanted = tuple(d for d in choice.domains if (d in MEDIA_DOMAINS) == media and d != "sinks") or choice.domains
    domain = rng.choice(wanted)
    return rng.choice(by_domain(choice.domains)[domain])


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
    if producer.expert.opaque:
        kinds = [operation.gives if operation.gives in _SUFFIXES else "text"]  # type: ignore[list-item]
    readers = _followers(choice.domains, rng.choice(kinds), operation) if kinds else ()
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
    if not port_feeding(producer.expert, step.expert, 0):
        return False
    if wanted.kind == "several":
        step.inputs.append(Source("step", (position,)))
    else:
        step.inputs.append(Source("steps" if wanted.many else "step", (position,)))
    if wanted.many and not wanted.is_item and not _second_producer(graph, step, position, rng):
        return False
    if len(step.operation.inputs) > 1:
        others = [
            i for i in range(len(graph.steps)) if i != position and port_feeding(graph.steps[i].expert, step.expert, 1)
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
        i for i in range(len(graph.steps)) if i != position and port_feeding(graph.steps[i].expert, step.expert, 0)
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
        return (consumer.domain == "sinks" and producer.domain != "sinks") or (
            gives == "string" and consumer.names[0].startswith("send")
        )
    # Words on words: what is short or no prose is passed on, read aloud or translated, not summarised.
    return (
        gives == "text"
        or consumer.domain == "sinks"
        or consumer.names[0] in ("translate text", "text to speech", "combine texts")
    )


def port_feeding(producer: Expert, consumer: Expert, position: int) -> str | None:
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
    port = port_feeding(graph.steps[source].expert, step.expert, position)
    assert port is not None
    return port
