"""Again: "now the second photo", "that again for b.png", 那第二张呢: the earlier plan on another attachment.

Knows the earlier turns and their plans; no controller.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestrator.artifact import Artifact
from orchestrator.controller.clauses import file_names_in, quotes_in
from orchestrator.controller.follow_up.past import Past
from orchestrator.controller.follow_up.phrases import phrases
from orchestrator.controller.follow_up.plans import (
    attachments_read,
    changed,
    exchanged,
    moved,
    told,
    without_spans,
)
from orchestrator.controller.follow_up.resolution import Resolution, question
from orchestrator.controller.wording import wording
from orchestrator.language import has_chinese, language_of
from orchestrator.ledger.traces import Trace
from orchestrator.types import Attachment, Binding, Literally, Plan, Request, Span, Step

_QUOTATION_MARKS = re.compile(r"[“”‘’\"「」『』]")


def again(request: Request, past: Past) -> Resolution | None:
    """The turn as the earlier plan once more, or the question on what; None where it says no such thing.

    A file without words of its own ("here it is") counts where the turn before asked for one.
    """
    text = _own_words(request.text)
    is_filler = bool(request.artifacts) and past.asked_back is not None and phrases().is_filler(text)
    if not (phrases().says_again(text) or is_filler):
        return None
    turn = past.repeatable
    if turn is None or turn.plan is None:
        return _without_a_plan(request, past)
    plan = without_spans(turn.plan, turn.request.text)
    if quotes_in(request.text) and not request.artifacts:
        return _on_a_quote(request, turn, plan, past)
    targets = _targets(request, text, turn, plan, past)
    if isinstance(targets, Resolution):
        return targets
    return _on(targets, request, turn, plan, past) if targets else _ready(request, turn.request.artifacts, plan, turn)


def _without_a_plan(request: Request, past: Past) -> Resolution | None:
    """What was declined is asked once more, so that the reason is told again; nothing before is asked about."""
    if past.declined is not None:
        artifacts = request.artifacts or past.declined.request.artifacts
        return Resolution(_with(request, artifacts), words=past.declined.request.text)
    return None if past.turns or request.artifacts else question(request, "nothing_before")


def _targets(request: Request, text: str, turn: Trace, plan: Plan, past: Past) -> Sequence[Artifact] | Resolution:
    """The attachments that the turn means, its own or earlier ones; none where it names none; or the question."""
    read = [turn.request.artifacts[i] for i in attachments_read(plan) if i < len(turn.request.artifacts)]
    kind = phrases().kind(text) or (read[0].kind if read else None)
    ordinal, names = phrases().ordinal(text), [name.piece.text for name in file_names_in(text)]
    if request.artifacts:
        own = [a for a in request.artifacts if a.kind == phrases().kind(text)] or request.artifacts
        in_reach = ordinal is not None and len(own) > 1 and -len(own) <= ordinal < len(own)
        return [own[ordinal]] if in_reach and ordinal is not None else own
    if names:
        found = past.named(names)
        return question(request, "name_file", file=found) if isinstance(found, str) else found
    missing = question(request, "attach", kind=wording().kinds[language_of(request.text)][kind or "file"])
    if ordinal is not None:
        pool = past.pool(kind, max(2, ordinal + 1))
        return [pool[ordinal]] if -len(pool) <= ordinal < len(pool) else missing
    if phrases().other.search(text):
        return _other(request, text, read, past.pool(kind, 2)) or missing
    if phrases().everything.search(text):
        return past.pool(kind, 2) or missing
    return missing if phrases().this.search(phrases().core(text)) else ()


def _other(
    request: Request, text: str, read: Sequence[Artifact], pool: Sequence[Artifact]
) -> Sequence[Artifact] | Resolution:
    """The attachment behind those that were read, or the only one that was not; none, or a question, else."""
    left = [a for a in pool if a not in read]
    if phrases().following.search(text) and read and read[-1] in pool:
        behind = pool[pool.index(read[-1]) + 1 :]
        return behind[:1]
    if len(left) > 1:
        return question(request, "which", choices=", ".join(a.name or a.kind for a in left))
    return left


def _on(targets: Sequence[Artifact], request: Request, turn: Trace, plan: Plan, past: Past) -> Resolution:
    """The earlier plan on these attachments; planned anew in the earlier words where the plan does not fit them."""
    before = turn.request.artifacts
    kinds = {a.kind for a in targets}
    old = frozenset(i for i in attachments_read(plan) if i < len(before) and before[i].kind in kinds)
    if not old:
        return Resolution(_with(request, targets), words=turn.request.text)
    new = range(len(before), len(before) + len(targets))
    other = exchanged(plan, old, new, past.card)
    if other is None:
        choices = ", ".join(before[i].name or before[i].kind for i in sorted(old))
        return question(request, "replaces", value=targets[0].name or targets[0].kind, choices=choices)
    return _ready(request, (*before, *targets), other, turn)


def _on_a_quote(request: Request, turn: Trace, plan: Plan, past: Past) -> Resolution | None:
    """The earlier plan on the words that the turn quotes, in place of the one text that the person gave before."""
    quote = quotes_in(request.text)[0]

    def is_given_text(step: Step, name: str) -> bool:
        port = past.card(step.expert).input(name)
        given = isinstance(step.inputs[name], (Literally, Attachment))
        return port is not None and port.kind == "text" and given

    wanted = [(step.id, name) for step in plan.steps for name in step.inputs if is_given_text(step, name)]
    if len(wanted) != 1:
        return None

    def change(step: Step, name: str, binding: Binding) -> Binding:
        return Span(start=quote.start, end=quote.end) if (step.id, name) == wanted[0] else binding

    return _ready(request, turn.request.artifacts, changed(plan, change), turn)


def _ready(request: Request, artifacts: Sequence[Artifact], plan: Plan, turn: Trace) -> Resolution:
    """The request with just the attachments that the plan reads, in the order in which it reads them."""
    read = attachments_read(plan)
    placed = moved(plan, {old: new for new, old in enumerate(read)})
    return Resolution(_with(request, [artifacts[i] for i in read]), told(placed, turn))


def _with(request: Request, artifacts: Sequence[Artifact]) -> Request:
    return request.model_copy(update={"artifacts": tuple(artifacts)})


def _own_words(text: str) -> str:
    """The turn with plain nouns in place of what it quotes; empty where it is nothing but a quote."""
    for quote in reversed(quotes_in(text)):
        text = f"{text[: quote.start]}\ue000{text[quote.end :]}"
    text = _QUOTATION_MARKS.sub("", text)
    if not text.replace("\ue000", "").strip(" :：,，.。"):
        return ""
    return (
        text.replace("\ue000", "这段文本" if has_chinese(text) else " this text ").replace(":", " ").replace("：", "")
    )
