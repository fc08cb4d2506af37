"""Past: what the earlier turns of a conversation brought and gave. Knows traces; not what the new turn says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestrator.artifact import Artifact, ArtifactKind, Text
from orchestrator.controller.follow_up.phrases import phrases
from orchestrator.controller.wording import wording
from orchestrator.language import language_of
from orchestrator.ledger.traces import Trace
from orchestrator.types import Answer, Attachment, ExpertCard, Output, Plan, StepResult

_MEDIA = ("image", "audio", "video", "table", "file")


@dataclass(frozen=True)
class Past:
    """The earlier turns, oldest first; the one under way is none of them.

    `card` gives an expert's card; raises UnknownExpert where it is registered no longer.
    """

    turns: tuple[Trace, ...]
    card: Callable[[str], ExpertCard]

    @property
    def repeatable(self) -> Trace | None:
        """The turn whose plan "the same" means: the newest, questions back left out; None where it had no plan."""
        turn = self._newest_stated
        return turn if turn is not None and turn.plan is not None and turn.plan.status == "planned" else None

    @property
    def declined(self) -> Trace | None:
        """The newest turn, questions back left out, where nothing fitted it."""
        turn = self._newest_stated
        return turn if turn is not None and turn.plan is not None and turn.plan.status == "abstained" else None

    @property
    def _newest_stated(self) -> Trace | None:
        for turn in reversed(self.turns):
            asked = (turn.plan is not None and turn.plan.status == "needs_input") or (
                turn.answer is not None and turn.answer.status == "needs_input"
            )
            if not asked:
                return turn
        return None

    @property
    def asked_back(self) -> Trace | None:
        """The newest turn, where it ended with a question to the person."""
        newest = self.turns[-1] if self.turns else None
        return newest if newest is not None and newest.answer and newest.answer.status == "needs_input" else None

    @property
    def giving(self) -> Trace | None:
        """The turn whose result "it" means: the newest in which anything ran, where it gave an answer.

        A turn that was declined or asked back, or found nothing, left the conversation where it was.
        """
        turn = self.newest_run
        return turn if turn is not None and turn.answer and turn.answer.status in ("answered", "partial") else None

    @property
    def has_no_result(self) -> bool:
        """Whether something ran last that gave nothing, so that "it" means nothing."""
        return self.newest_run is not None and self.giving is None

    @property
    def newest_run(self) -> Trace | None:
        """The newest turn that gave an answer or broke."""
        for turn in reversed(self.turns):
            if turn.status in ("answered", "partial", "failed", "cancelled"):
                return turn
        return None

    # -- what was given ------------------------------------------------------------------------------------------------

    def text_given(self, turn: Trace) -> Artifact | None:
        """The turn's result as a text: the one text that its last expert wrote, else the words of the answer."""
        texts = self._texts_written(turn)
        if len(texts) == 1 and isinstance(texts[0], Text) and texts[0].text.strip():
            return texts[0] if texts[0].name else texts[0].model_copy(update={"name": _name_of(texts[0].text)})
        told = _told(turn.answer)
        return Text(told, name=_name_of(told)) if told else None

    def media_given(self, turn: Trace) -> tuple[Artifact, ...]:
        """Pictures, recordings and other files that the turn made."""
        return tuple(a for a in (turn.answer.artifacts if turn.answer else ()) if a.kind in _MEDIA)

    def _texts_written(self, turn: Trace) -> tuple[Artifact, ...]:
        """The texts of the steps that nothing else reads; none where one of those steps tells something else."""
        plan = turn.plan or Plan(status="abstained")
        done = {result.step: result for result in turn.results if result.status == "done"}
        found: list[Artifact] = []
        for step in plan.final_steps:
            if step.id not in done or self._is_lookup(done[step.id]):
                return ()
            found.extend(_texts_of(done[step.id]))
        if len(plan.final_steps) != 1 or found:
            return tuple(found)
        # The last step made a medium of a text ("read it aloud"): what it read is the text that the turn is about.
        read: list[Artifact] = []
        for binding in plan.final_steps[0].inputs.values():
            match binding:
                case Output() if binding.step in done:
                    read.extend(_texts_of(done[binding.step]))
                case Attachment() if turn.request.artifacts[binding.index].kind == "text":
                    read.append(turn.request.artifacts[binding.index])
        return tuple(read)

    def _is_lookup(self, result: StepResult) -> bool:
        return self.card(result.expert).task in wording().lookup_tasks

    # -- what was brought ----------------------------------------------------------------------------------------------

    def attachments(self, turn: Trace) -> tuple[Artifact, ...]:
        """What the person attached to the turn, or what it recalled of that; results of earlier turns left out."""
        return tuple(a for a in turn.request.artifacts if a not in self._given)

    def pool(self, kind: ArtifactKind | None, num_least: int = 1) -> tuple[Artifact, ...]:
        """The attachments that "the second" counts: the newest turn's with `num_least` of the kind, else all."""
        for turn in reversed(self.turns):
            own = _of_kind(self.attachments(turn), kind)
            if len(own) >= num_least:
                return own
        everything = [a for turn in self.turns for a in self.attachments(turn)]
        return _of_kind(list(dict.fromkeys(everything)), kind)

    def named(self, names: Sequence[str]) -> tuple[Artifact, ...] | str:
        """The attachments of these file names, the newest of a name; or the first name that no turn has."""
        by_name = {a.name.lower(): a for turn in self.turns for a in turn.request.artifacts if a.name}
        missing = [name for name in names if name.lower() not in by_name]
        return missing[0] if missing else tuple(by_name[name.lower()] for name in names)

    @property
    def recallable(self) -> tuple[tuple[Artifact, ...], ...]:
        """Sets of attachments of earlier turns, the newest first, each once."""
        sets = (self.attachments(turn) for turn in reversed(self.turns))
        return tuple(dict.fromkeys(artifacts for artifacts in sets if artifacts))[
            : phrases().thresholds["num_recalled"]
        ]

    @property
    def _given(self) -> frozenset[Artifact]:
        given: set[Artifact] = set()
        for turn in self.turns:
            for result in turn.results:
                given.update(a for port in result.outputs for a in result.items(port))
            if told := _told(turn.answer):
                given.add(Text(told))
        return frozenset(given)


def _told(answer: Answer | None) -> str:
    """The words of an answer without the marks of its citations; empty where there is none."""
    if answer is None:
        return ""
    segments = [segment.text.strip() for segment in answer.segments]
    between = "" if language_of(answer.text) == "zh" else " "
    return between.join(segments).strip() or answer.text.strip()


def _name_of(text: str) -> str:
    return phrases().names[language_of(text)]


def _texts_of(result: StepResult) -> tuple[Artifact, ...]:
    return tuple(a for port in result.outputs for a in result.items(port) if a.kind == "text")


def _of_kind(artifacts: Sequence[Artifact], kind: ArtifactKind | None) -> tuple[Artifact, ...]:
    return tuple(a for a in artifacts if kind is None or a.kind == kind)
