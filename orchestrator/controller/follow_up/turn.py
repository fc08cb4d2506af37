"""Turn: plans the newest turn of a conversation, with what it means of the earlier ones. Knows no single controller.

A turn that stands on its own is planned as it is. One that says "the same", gives nothing but another value, or gives
what was asked for, is the earlier plan changed. "It" is the result of the turn before where a plan reads it; a file of
an earlier turn comes along only where the plan lacks one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence

from orchestrator.artifact import Artifact
from orchestrator.controller.clauses import file_names_in, quotes_in
from orchestrator.controller.follow_up.again import again
from orchestrator.controller.follow_up.argument import argument
from orchestrator.controller.follow_up.past import Past
from orchestrator.controller.follow_up.phrases import phrases
from orchestrator.controller.follow_up.plans import attachments_read, without_spans
from orchestrator.controller.follow_up.reply import reply_with_a_value, reply_with_files
from orchestrator.controller.follow_up.resolution import Resolution, question
from orchestrator.controller.questions import only_looks_up
from orchestrator.errors import UnknownExpert
from orchestrator.ledger.traces import Trace
from orchestrator.registry.shortlist import permits
from orchestrator.types import Attachment, ExpertCard, Plan, Request

NUM_EARLIER_TURNS = 20  # as far as a conversation is looked back on
Planner = Callable[[Request], Awaitable[Plan]]


async def planned_turn(
    request: Request, turns: Sequence[Trace], card: Callable[[str], ExpertCard], plan: Planner
) -> tuple[Request, Plan]:
    """The request with what it needs of earlier turns, and its plan.

    Args:
        request: the new turn, as the person wrote it.
        turns: the conversation so far, oldest first; runs that are still under way are left out.
        card: gives an expert's card; raises UnknownExpert.
        plan: plans a request by itself.
    """
    past = Past(tuple(turn for turn in turns if turn.status != "running")[-NUM_EARLIER_TURNS:], card)
    resolution = resolved(request, past)
    if resolution is not None and past.turns:
        return await _planned(resolution, request, past, plan)
    own = await plan(request)
    if resolution is not None and resolution.plan is not None and _is_open(own, past):
        return request, resolution.plan  # nothing to lean on, and no expert for the words themselves ("please repeat")
    if request.artifacts or not past.turns:
        return request, own
    value = reply_with_a_value(request, past) if _is_open(own, past) else None
    if value is not None and value.plan is not None and _may_run(value.plan, request, past):
        return value.request, value.plan
    return await _with_the_past(request, own, past, plan)


def resolved(request: Request, past: Past) -> Resolution | None:
    """What the turn means where its words alone tell that it leans on an earlier one; None else."""
    try:
        return reply_with_files(request, past) or again(request, past) or argument(request, past)
    except UnknownExpert:  # removed since the earlier turn
        return None


async def _planned(resolution: Resolution, request: Request, past: Past, plan: Planner) -> tuple[Request, Plan]:
    if resolution.plan is not None and _may_run(resolution.plan, request, past):
        return resolution.request, resolution.plan
    if resolution.plan is not None:  # today's policy forbids a step of it
        return request, await plan(request)
    anew = await plan(resolution.request.model_copy(update={"text": resolution.words}))
    return resolution.request, without_spans(anew, resolution.words)


def _may_run(plan: Plan, request: Request, past: Past) -> bool:
    return all(permits(request.policy, past.card(step.expert)) for step in plan.steps)


def _is_open(plan: Plan, past: Past) -> bool:
    """Whether the plan leaves room for another reading: it is none, or asks the library, which everything may."""
    return plan.status != "planned" or only_looks_up(plan, past.card)


async def _with_the_past(request: Request, own: Plan, past: Past, plan: Planner) -> tuple[Request, Plan]:
    """The turn with the result or the attachments of an earlier turn, where a plan needs and reads them."""
    names = [name.piece.text for name in file_names_in(request.text)]
    refers = not names and not quotes_in(request.text) and phrases().refers_back(request.text)
    if not (_is_open(own, past) or refers or names):
        return request, own
    for artifacts in _candidates(request, past, names, refers, own.status == "needs_input"):
        recalled = request.model_copy(update={"artifacts": artifacts})
        other = await plan(recalled)
        if attachments_read(other) and (names or _is_better(other, own, past)):
            return recalled, other
    if refers and own.status == "needs_input" and past.has_no_result:
        asked = question(request, "no_result")
        return request, asked.plan or own
    return _with_context(request, own, past) if refers and own.status == "planned" else (request, own)


def _candidates(
    request: Request, past: Past, names: Sequence[str], refers: bool, lacks_input: bool
) -> Iterator[tuple[Artifact, ...]]:
    """What the turn may be about, the likeliest first: named files, results and attachments of earlier turns."""
    if names:
        found = past.named(names)
        if not isinstance(found, str):
            yield found
            return
    if (
        refers and lacks_input and past.has_no_result and past.newest_run is not None
    ):  # "it" is what that turn was about, if anything
        own = past.attachments(past.newest_run)
        yield from (own,) if own else ()
        return
    ordinal, kind = phrases().ordinal(request.text), phrases().kind(request.text)
    attached = list(past.recallable)
    if ordinal is not None and kind is not None and (pool := past.pool(kind, max(2, ordinal + 1))):
        attached.insert(0, pool)
    results: list[tuple[Artifact, ...]] = []
    if past.giving is not None and (refers or lacks_input) and not quotes_in(request.text):
        text, media = past.text_given(past.giving), past.media_given(past.giving)
        results = [artifacts for artifacts in ((text,) if text else (), media) if artifacts]
    yield from (*attached, *results) if phrases().medium.search(request.text) else (*results, *attached)


def _is_better(other: Plan, own: Plan, past: Past) -> bool:
    """Whether the plan with something of the past serves the turn better than the one without."""
    if other.status != "planned":
        return False
    if own.status == "needs_input":  # it lacked just this
        return {step.expert for step in own.steps} <= {step.expert for step in other.steps}
    return own.status != "planned" or not only_looks_up(own, past.card) or other.confidence > own.confidence


def _with_context(request: Request, own: Plan, past: Past) -> tuple[Request, Plan]:
    """A question to the library about "it", told what the turn before gave."""
    text = past.text_given(past.giving) if past.giving is not None else None
    if text is None or not only_looks_up(own, past.card):
        return request, own
    steps = []
    for step in own.steps:
        ports = [p for p in past.card(step.expert).inputs if p.kind == "text" and not p.required]
        free = {p.name: Attachment(index=0) for p in ports[:1] if p.name not in step.inputs}
        steps.append(step.model_copy(update={"inputs": {**step.inputs, **free}}))
    told = own.model_copy(update={"steps": tuple(steps)})
    return request.model_copy(update={"artifacts": (text,)}), told
