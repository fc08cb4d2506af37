"""Conversation: asks, follows the run, shows what the ledger holds of earlier turns. Knows markup, but no Gradio."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Literal

from orchestrator.errors import BatonError, UnknownExpert, UnknownRun
from orchestrator.orchestrator import Orchestrator
from orchestrator.types import ErrorInfo, ExpertCard, Request
from ui.answer import error_html, turn_html
from ui.attachments import kept
from ui.citations import hint, opened
from ui.markup import Content, Html, html, joined
from ui.runs import LiveRun, Runs
from ui.strings import Strings
from ui.suggestions import Suggestion
from ui.turn import Turn

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Frame:
    """What the conversation shows at one moment of a run.

    `stage` says what becomes of the person's input: it stays where the request was "refused" or the run "failed", and
    is cleared while the run is "running" and when it is "over".
    """

    turn: Html
    stage: Literal["refused", "running", "over", "failed"]


class Conversations:
    """Every conversation of this process, by id."""

    def __init__(self, orchestrator: Orchestrator) -> None:
        self._orchestrator = orchestrator
        self._runs = Runs(orchestrator)

    def ask(self, conversation_id: str, text: str, files: Sequence[str], strings: Strings) -> Iterator[Frame]:
        """Run a request and give a frame after every event; the last one is not "running"."""
        try:
            request = self._request(conversation_id, text, files)
        except BatonError as error:
            yield Frame(error_html(ErrorInfo.of(error)), "refused")
            return
        yield from self._frames(self._runs.start(request), strings)

    def resume(self, conversation_id: str, strings: Strings) -> Iterator[Frame]:
        """The frames of a run that another page began and that is still under way; none where there is no such run."""
        run = self._runs.live(conversation_id)
        if run is not None:
            yield from self._frames(run, strings)

    def _frames(self, run: LiveRun, strings: Strings) -> Iterator[Frame]:
        turn = Turn(run.request)
        yield self._frame(turn, strings)
        try:
            for event in run.follow():
                turn = turn.after(event)
                if turn.answer is None:
                    yield self._frame(turn, strings)
        except CancelledError:
            turn = turn.stopped()
        except BatonError as error:
            turn = turn.broken(ErrorInfo.of(error))
        except Exception as error:
            _log.exception("the run broke")
            info = ErrorInfo(
                type=type(error).__name__, message=strings["unexpected"], remedy=strings["unexpected_remedy"]
            )
            turn = turn.broken(info)
        yield self._frame(turn, strings)

    def stop(self, conversation_id: str) -> None:
        """Cancel the conversation's run where there is one."""
        self._runs.stop(conversation_id)

    def earlier(self, conversation_id: str, strings: Strings) -> Html:
        """The turns of the conversation as the ledger holds them, oldest first; the one under way is left out."""
        traces = self._orchestrator.traces.conversation(conversation_id)
        is_live = self._runs.live(conversation_id) is not None
        if is_live and traces and traces[-1].status == "running":
            traces = traces[:-1]
        return joined(*(turn_html(Turn.of(trace), self.card_of, strings) for trace in traces))

    def is_empty(self, conversation_id: str) -> bool:
        """Whether nothing was asked in it yet."""
        return not self._orchestrator.traces.conversation(conversation_id)

    def citation(self, run_id: str, index: int, strings: Strings) -> Html:
        """A citation of an answer, opened."""
        try:
            trace = self._orchestrator.traces.get(run_id)
        except UnknownRun:
            return hint(strings["no_citation"])
        return opened(trace, index, self._orchestrator.library, self.card_of, strings)

    def card_of(self, expert: str) -> ExpertCard | None:
        """The expert's card; None where it is registered no longer."""
        try:
            return self._orchestrator.registry.card(expert)
        except UnknownExpert:
            return None

    def _request(self, conversation_id: str, text: str, files: Sequence[str]) -> Request:
        folder = self._orchestrator.settings.artifacts_path
        return self._orchestrator.request(text, [kept(file, folder) for file in files], conversation=conversation_id)

    def _frame(self, turn: Turn, strings: Strings) -> Frame:
        stage: Literal["running", "over", "failed"] = "running" if turn.state == "running" else "over"
        if turn.state == "broken" or (turn.answer is not None and turn.answer.status == "failed"):
            stage = "failed"
        return Frame(turn_html(turn, self.card_of, strings), stage)


def welcome_html(strings: Strings, suggested: Sequence[Suggestion] = (), name_of: Callable[[str], str] = str) -> Html:
    """What an empty conversation shows: how to begin, and requests to click."""
    chips = [
        html(
            "button",
            suggestion.text,
            *(html("span", name_of(file), class_="kind") for file in suggestion.files),
            type="button",
            class_="suggestion",
            data_action="suggest",
            data_index=index,
        )
        for index, suggestion in enumerate(suggested)
    ]
    parts: list[Content] = [html("h2", strings["welcome"]), html("p", strings["welcome_hint"], class_="hint")]
    if chips:
        parts += [html("div", strings["examples"], class_="label"), html("div", *chips, class_="suggestions")]
    return html("div", *parts, class_="welcome")
