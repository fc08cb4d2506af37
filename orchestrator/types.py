"""The values that travel from request to answer, one central type a stage; all frozen. Knows no behaviour."""

from __future__ import annotations

import heapq
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.artifact import Artifact, ArtifactKind
from orchestrator.errors import BatonError, PlanCycle

ValueKind = Literal["string", "integer", "float", "boolean", "array", "dict", "tuple", "any"]
Kind = ArtifactKind | ValueKind
Language = Literal["en", "zh"]


def new_id() -> str:
    """A random identifier of 12 hexadecimal digits."""
    return uuid.uuid4().hex[:12]


class Value(BaseModel):
    """Root of the frozen types; an unknown field is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# -- request -----------------------------------------------------------------------------------------------------------


class Budget(Value):
    """What a request may use at most."""

    deadline_s: float = Field(default=120.0, gt=0, description="seconds after which running steps end")
    max_steps: int = Field(default=16, ge=1, le=1000, description="steps of a plan; a longer one is refused")
    max_tokens: int = Field(default=2048, ge=1, description="tokens that a chat model may write; not looked at yet")
    max_gpu_bytes: int | None = Field(default=None, ge=0, description="GPU memory of a request; not looked at yet")


class Policy(Value):
    """What a request may do: private and without effects unless somebody says otherwise."""

    allow_network: bool = Field(default=False, description="let experts be planned that send data out")
    allow_effects: tuple[Literal["writes", "spends"], ...] = Field(
        default=(), description="effects of experts that may be planned: writes, spends"
    )
    allow_licences: tuple[str, ...] | None = Field(default=None, description="SPDX ids; None allows all")


class Request(Value):
    """What a person asks: text in any language, attachments, limits."""

    text: str
    artifacts: tuple[Artifact, ...] = ()
    conversation_id: str = Field(default_factory=new_id)
    budget: Budget = Budget()
    policy: Policy = Policy()


# -- experts -----------------------------------------------------------------------------------------------------------


class Port(Value):
    """A named, typed input or output of an expert."""

    name: str
    kind: Kind
    description: str = ""
    required: bool = True
    many: bool = Field(default=False, description="takes or gives a list of this kind")
    default: Any = None
    enum: tuple[Any, ...] = ()


class Metric(Value):
    """A measured score with its 95 % interval."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    num_samples: int | None = None
    data: str = Field(default="", description="what it was measured on, and how")


class Resources(Value):
    """What an expert needs while it runs."""

    gpu_bytes: int = 0
    max_batch: int = Field(default=1, ge=1)


class ExpertCard(Value):
    """What an expert is, takes, gives, needs and claims."""

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_.\-]*$")
    title: str = Field(default="", description="how an answer names it; the name in words where empty")
    version: str = "0.1.0"
    description: str = ""
    examples: tuple[str, ...] = Field(default=(), description="requests that it serves, in any language")
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    task: str = ""
    says: dict[Language, tuple[str, ...]] = Field(
        default={}, description="sentences that state its result; a field in braces names an output or a key of it"
    )
    limits: str = Field(default="", description="what it cannot do, in one sentence")
    resources: Resources = Resources()
    licence: str = Field(default="", description="SPDX id")
    openness: Literal["open-science", "open-tooling", "open-model", "open-weights", "closed", "unknown"] = "unknown"
    author: str = ""
    model: str = Field(default="", description="id of the model inside; empty where there is none")
    revision: str = ""
    training_data: str = ""
    network: bool = Field(default=False, description="sends data out")
    effects: Literal["none", "writes", "spends"] = "none"
    hypothesis: str = Field(default="", description="why it should be better than what is there")
    metrics: tuple[Metric, ...] = ()

    def input(self, name: str) -> Port | None:
        return next((port for port in self.inputs if port.name == name), None)

    def output(self, name: str) -> Port | None:
        return next((port for port in self.outputs if port.name == name), None)

    @property
    def spoken_name(self) -> str:
        return self.title or self.name.replace("_", " ")


class Candidate(Value):
    """A card with the controller's score for a request, in [0, 1]."""

    card: ExpertCard
    score: float


class Shortlist(Value):
    """The cards that the controller may choose from, best first."""

    candidates: tuple[Candidate, ...] = ()

    @property
    def cards(self) -> tuple[ExpertCard, ...]:
        return tuple(candidate.card for candidate in self.candidates)


# -- plan --------------------------------------------------------------------------------------------------------------


class Literally(Value):
    """An input that stands in the plan itself."""

    source: Literal["literal"] = "literal"
    value: Any


class Span(Value):
    """An input that is a part of the request's text: half-open offsets in code points."""

    source: Literal["span"] = "span"
    start: int
    end: int


class Attachment(Value):
    """An input that is an attached artifact, by position."""

    source: Literal["attachment"] = "attachment"
    index: int


class Output(Value):
    """An input that is an output port of another step."""

    source: Literal["output"] = "output"
    step: str
    port: str


Reference = Annotated[Literally | Span | Attachment | Output, Field(discriminator="source")]


class Collection(Value):
    """An input made of several references, in order."""

    source: Literal["collection"] = "collection"
    items: tuple[Reference, ...]


Binding = Annotated[Literally | Span | Attachment | Output | Collection, Field(discriminator="source")]


class Alternative(Value):
    """An expert that could have been chosen, with its score in [0, 1]."""

    expert: str
    score: float


class Step(Value):
    """One run of one expert."""

    id: str
    expert: str
    inputs: dict[str, Binding] = {}
    after: tuple[str, ...] = Field(default=(), description="steps that only have to come first")
    each: str | None = Field(default=None, description="the input over whose items the step runs")
    asked: bool = Field(default=True, description="False where it only prepares an attachment for another step")
    why: str = ""
    confidence: float = 1.0
    alternatives: tuple[Alternative, ...] = ()

    @property
    def references(self) -> tuple[Output, ...]:
        """The outputs of other steps that this one reads."""
        found: list[Output] = []
        for binding in self.inputs.values():
            items = binding.items if isinstance(binding, Collection) else (binding,)
            found.extend(item for item in items if isinstance(item, Output))
        return tuple(found)

    @property
    def needs(self) -> frozenset[str]:
        """Ids of the steps that must come first."""
        return frozenset(self.after) | {reference.step for reference in self.references}


class Plan(Value):
    """Which experts run, on what, in which order; steps stand in an order that respects their needs."""

    status: Literal["planned", "needs_input", "abstained"]
    confidence: float = 1.0
    question: str | None = Field(default=None, description="what to ask the person, or why nothing fits")
    steps: tuple[Step, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _order(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and data.get("steps"):
            steps = [step if isinstance(step, Step) else Step.model_validate(step) for step in data["steps"]]
            return {**data, "steps": in_order(steps)}
        return data

    def step(self, step_id: str) -> Step:
        return next(step for step in self.steps if step.id == step_id)

    @property
    def final_steps(self) -> tuple[Step, ...]:
        """Steps whose outputs no other step reads."""
        read = {reference.step for step in self.steps for reference in step.references}
        return tuple(step for step in self.steps if step.id not in read)


def in_order(steps: list[Step]) -> tuple[Step, ...]:
    """The steps with every step behind those that it needs, otherwise in the order given.

    Raises:
        PlanCycle: steps wait for one another.
        ValueError: an id stands twice, or a step needs one that is not there.
    """
    ids = [step.id for step in steps]
    if len(set(ids)) != len(ids):
        raise ValueError(f"step ids stand twice: {ids}")
    for step in steps:
        if missing := step.needs - set(ids):
            raise ValueError(f"step {step.id!r} needs {sorted(missing)}, which the plan does not have")
    position = {step.id: i for i, step in enumerate(steps)}
    open_needs = {step.id: len(step.needs) for step in steps}
    readers: dict[str, list[int]] = {}
    for step in steps:
        for need in step.needs:
            readers.setdefault(need, []).append(position[step.id])
    ready = [i for i, step in enumerate(steps) if not step.needs]
    ordered: list[Step] = []
    while ready:
        step = steps[heapq.heappop(ready)]
        ordered.append(step)
        for i in readers.get(step.id, ()):
            open_needs[steps[i].id] -= 1
            if open_needs[steps[i].id] == 0:
                heapq.heappush(ready, i)
    if len(ordered) < len(steps):
        raise PlanCycle(_cycle({step.id: step.needs for step in steps if open_needs[step.id]}))
    return tuple(ordered)


def _cycle(needs: Mapping[str, frozenset[str]]) -> list[str]:
    """One circle among steps that all wait, from a step back to itself."""
    walked = [min(needs)]
    while (needed := min(need for need in needs[walked[-1]] if need in needs)) not in walked:
        walked.append(needed)
    circle = walked[walked.index(needed) :]
    return [*circle, needed][::-1]


# -- results -----------------------------------------------------------------------------------------------------------


class ErrorInfo(Value):
    """An error as data."""

    type: str
    message: str
    remedy: str

    @classmethod
    def of(cls, error: BatonError) -> ErrorInfo:
        return cls(**error.as_dict())


OutputValue = Artifact | tuple[Artifact, ...]


class StepResult(Value):
    """What a step gave: output artifacts or a typed error, and how it went."""

    step: str
    expert: str = Field(description="the expert that really ran, after any fallback")
    expert_version: str = ""
    status: Literal["done", "failed", "skipped"]
    outputs: dict[str, OutputValue] = {}
    confidence: float | None = Field(default=None, description="in [0, 1]; None where the expert cannot tell")
    error: ErrorInfo | None = None
    tried: tuple[str, ...] = Field(default=(), description="experts that failed before this one")
    device: str = "cpu"
    started_s: float = Field(default=0.0, description="seconds since the run began")
    duration_s: float = 0.0

    def items(self, port: str) -> tuple[Artifact, ...]:
        """The artifacts of an output port, one or many."""
        output = self.outputs.get(port, ())
        return output if isinstance(output, tuple) else (output,)


class Passage(Value):
    """A part of a document; offsets are half-open, in Unicode code points of the stored text."""

    document: str
    title: str = ""
    uri: str = ""
    sha256: str = Field(description="of the stored text")
    start: int
    end: int
    page: int | None = None
    text: str
    score: float = 0.0
    access: str = Field(default="", description="label of who may see it; empty means everybody")
    licence: str = ""
    author: str = ""


# -- answer ------------------------------------------------------------------------------------------------------------


class SourceCitation(Value):
    """An exact quote of a document: `text[start:end] == quote` for the stored text of that sha256."""

    kind: Literal["source"] = "source"
    document: str
    title: str = ""
    uri: str = ""
    sha256: str
    start: int
    end: int
    page: int | None = None
    quote: str
    licence: str = ""
    author: str = ""


class ExpertCitation(Value):
    """A run of an expert: what it gave, and who made it."""

    kind: Literal["expert"] = "expert"
    step: str
    expert: str
    version: str = ""
    quote: str = Field(default="", description="the part of its output that the sentence rests on")
    outputs: dict[str, str] = Field(default={}, description="sha256 of its outputs, by port")
    confidence: float | None = None
    licence: str = ""
    author: str = ""
    model: str = ""


Citation = Annotated[SourceCitation | ExpertCitation, Field(discriminator="kind")]


class Segment(Value):
    """A sentence of the answer with what it rests on."""

    text: str
    citations: tuple[int, ...] = Field(default=(), description="indices into the answer's citations")
    support: float = Field(default=0.0, description="how far the citations support it, in [0, 1]")
    origin: Literal["source", "expert", "model"] = "expert"


class Answer(Value):
    """What a person gets."""

    status: Literal["answered", "partial", "needs_input", "abstained", "failed"]
    text: str = ""
    segments: tuple[Segment, ...] = ()
    citations: tuple[Citation, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    steps: tuple[StepResult, ...] = ()
    confidence: float = 0.0
    question: str | None = None
    error: ErrorInfo | None = None
    trace_id: str = ""


# -- events ------------------------------------------------------------------------------------------------------------


class PlanReady(Value):
    event: Literal["plan_ready"] = "plan_ready"
    plan: Plan


class StepStarted(Value):
    event: Literal["step_started"] = "step_started"
    step: str
    expert: str


class StepProgress(Value):
    event: Literal["step_progress"] = "step_progress"
    step: str
    fraction: float
    note: str = ""


class StepDone(Value):
    event: Literal["step_done"] = "step_done"
    result: StepResult


class Token(Value):
    """The next piece of the answer's text."""

    event: Literal["token"] = "token"
    text: str


class AnswerReady(Value):
    event: Literal["answer_ready"] = "answer_ready"
    answer: Answer


Event = Annotated[PlanReady | StepStarted | StepProgress | StepDone | Token | AnswerReady, Field(discriminator="event")]
