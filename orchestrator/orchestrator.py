"""Orchestrator: wires the stages and walks a request through them. Holds no logic of theirs.

request -> shortlist -> plan -> results -> answer, every stage written to one trace
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from orchestrator.artifact import Artifact
from orchestrator.composer.composer import Composer
from orchestrator.composer.extractive import ExtractiveComposer
from orchestrator.config import ChatModelSettings, Settings, load_settings
from orchestrator.controller.choice import controller_of
from orchestrator.controller.controller import Controller
from orchestrator.controller.follow_up.turn import NUM_EARLIER_TURNS, planned_turn
from orchestrator.controller.questions import named_but_not_attached, question_for
from orchestrator.embedding import encoder
from orchestrator.engine.local import LocalEngine
from orchestrator.engine.scheduler import run_plan
from orchestrator.errors import BadRequest, MissingExtra, NotAdmitted, StorageFull
from orchestrator.expert import Expert
from orchestrator.language import language_of
from orchestrator.ledger.traces import Traces
from orchestrator.library.library import Library
from orchestrator.library.search_expert import LibrarySearch
from orchestrator.registry.card_index import CardIndex
from orchestrator.registry.registry import Registry
from orchestrator.registry.shortlist import Scorer
from orchestrator.types import (
    Answer,
    AnswerReady,
    Budget,
    Event,
    ExpertCard,
    Plan,
    PlanReady,
    Policy,
    Request,
    StepDone,
    Token,
)

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

MAX_TEXT_CHARACTERS = 200_000
Emit = Callable[[Event], None]


class Orchestrator:
    """One process's Baton. Use it in a `with` block; threads may share it.

    Args:
        config: a baton.toml or its content; None takes ./baton.toml where there is one.
        controller: plans in place of the configured one.
        composer: writes in place of the configured one.
        arguments: settings that win over file and environment, e.g. home="~/.baton".
    Raises:
        ConfigError: a setting is unknown or has a bad value.
    """

    def __init__(
        self,
        config: str | Path | Mapping[str, Any] | None = None,
        *,
        controller: Controller | None = None,
        composer: Composer | None = None,
        **arguments: Any,
    ) -> None:
        self.settings: Settings = load_settings(config, **arguments)
        load_encoder = functools.partial(encoder, self.settings.embedding.model)
        index = CardIndex(encoder, self.settings.vectors_path / "cards.npz")
        self.library = Library(self.settings.home_path, self.settings.library, embedding=self.settings.embedding.model)
        self.controller: Controller = controller or controller_of(
            self.settings, index, lambda card: self.registry.is_embedded(card)
        )
        self.registry = Registry(self.settings, self.controller if isinstance(self.controller, Scorer) else index)
        with contextlib.suppress(NotAdmitted):  # where experts.allow or experts.deny leaves it out
            self.registry.add(LibrarySearch(self.library), "built-in")
        self.registry.discover()
        self.engine = LocalEngine(self.registry, self.settings)
        self.composer: Composer = composer or _composer(
            self.settings.chat_model, ExtractiveComposer(self.registry.card, load_encoder)
        )
        self.traces = Traces(self.settings.database_path, self.settings.artifacts_path)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_lock = threading.Lock()

    # -- asking --------------------------------------------------------------------------------------------------------

    def request(
        self,
        text: str,
        files: Sequence[str | Path | Artifact] = (),
        *,
        conversation: str | None = None,
        budget: Budget | None = None,
        policy: Policy | None = None,
    ) -> Request:
        """A request under this process's settings.

        Raises:
            BadRequest: neither text nor file, a text that is too long, a file that is missing, empty or unreadable.
        """
        if not text.strip() and not files:
            raise BadRequest("text", text, "a request in words", "Write what you want to know or have done.")
        if len(text) > MAX_TEXT_CHARACTERS:
            raise BadRequest(
                "text",
                f"{len(text)} characters",
                f"at most {MAX_TEXT_CHARACTERS} characters",
                "Attach the long text as a file.",
            )
        fields: dict[str, Any] = {"conversation_id": conversation} if conversation else {}
        return Request(
            text=text,
            artifacts=tuple(f if isinstance(f, Artifact) else Artifact.from_path(f) for f in files),
            budget=budget or self.settings.budget,
            policy=policy or self.settings.policy,
            **fields,
        )

    def run(self, text: str, files: Sequence[str | Path | Artifact] = (), **options: Any) -> Answer:
        """The answer to a request; blocks. Options and errors as in `request`."""
        return self._blocking(self.arun(self.request(text, files, **options)))

    def plan(self, text: str, files: Sequence[str | Path | Artifact] = (), **options: Any) -> Plan:
        """The plan for a request, without running it; blocks. Options and errors as in `request`."""
        return self._blocking(self.aplan(self.request(text, files, **options)))

    async def aplan(self, request: Request) -> Plan:
        """The plan for a request, without running it."""
        return await self.controller.plan(request, self.registry.shortlist(request))

    async def arun(self, request: Request, emit: Emit = lambda event: None) -> Answer:
        """The answer to a request; `emit` gets every event on the way. A failed step is part of the answer."""
        trace_id = self.traces.begin(request)
        try:
            request, plan = await self._planned(request)
            self.traces.planned(trace_id, request, plan)
            emit(PlanReady(plan=plan))
            answer = await self._answered(trace_id, request, plan, emit)
        except BaseException as error:
            with contextlib.suppress(StorageFull):  # the first error counts
                self.traces.ended(trace_id, "cancelled" if isinstance(error, asyncio.CancelledError) else "failed")
            raise
        answer = answer.model_copy(update={"trace_id": trace_id})
        self.traces.finished(trace_id, answer)
        emit(AnswerReady(answer=answer))
        return answer

    async def stream(
        self, request: Request | str, files: Sequence[str | Path | Artifact] = (), **options: Any
    ) -> AsyncIterator[Event]:
        """The events of a run as they happen, AnswerReady last. Closing the iterator stops the run."""
        if isinstance(request, str):
            request = self.request(request, files, **options)
        events: asyncio.Queue[Event | None] = asyncio.Queue()
        task = asyncio.ensure_future(self.arun(request, events.put_nowait))
        task.add_done_callback(lambda _: events.put_nowait(None))
        try:
            while (event := await events.get()) is not None:
                yield event
            await task
        finally:
            task.cancel()

    async def _planned(self, request: Request) -> tuple[Request, Plan]:
        """The plan, and the request with what it needs of the conversation's earlier turns."""
        turns = self.traces.conversation(request.conversation_id, NUM_EARLIER_TURNS)
        return await planned_turn(request, turns, self.registry.card, self.aplan)

    async def _answered(self, trace_id: str, request: Request, plan: Plan, emit: Emit) -> Answer:
        question = plan.question
        status = plan.status
        if status == "planned":
            if len(plan.steps) > request.budget.max_steps:
                raise BadRequest("budget.max_steps", len(plan.steps), f"at most {request.budget.max_steps} steps")
            missing = named_but_not_attached(plan, request, self.registry.card)
            if missing is None:
                results = await self._results(trace_id, request, plan, emit)
                return await self.composer.compose(request, plan, results, emit)
            status, question = "needs_input", question_for(missing, language_of(request.text))
        emit(Token(text=question or ""))
        if status == "needs_input":
            return Answer(status="needs_input", text=question or "", question=question, confidence=plan.confidence)
        return Answer(status="abstained", text=question or "", confidence=plan.confidence)

    async def _results(self, trace_id: str, request: Request, plan: Plan, emit: Emit) -> dict[str, Any]:
        async def submit(step: Any, results: Mapping[str, Any]) -> Any:
            return self.traces.with_stored_outputs(await self.engine.submit(request, step, results))

        def record(event: Event) -> None:
            if isinstance(event, StepDone):
                self.traces.finished_step(trace_id, event.result)
            emit(event)

        return await run_plan(plan, submit, deadline_s=request.budget.deadline_s, emit=record)

    # -- experts and neighbours ----------------------------------------------------------------------------------------

    def register(self, expert: Expert) -> None:
        """Register an expert of this process; the very next request can use it. Errors as in Registry.add."""
        self.registry.add(expert)

    def as_runnable(self) -> Runnable[Any, Answer]:
        """This orchestrator as a LangChain Runnable: takes a text or {"text", "files"}, gives an Answer."""
        from langchain_core.runnables import RunnableLambda

        def ask(value: Any) -> Answer:
            return self.run(value) if isinstance(value, str) else self.run(value["text"], value.get("files", ()))

        async def aask(value: Any) -> Answer:
            text, files = (value, ()) if isinstance(value, str) else (value["text"], value.get("files", ()))
            return await self.arun(self.request(text, files))

        return RunnableLambda(ask, afunc=aask, name="baton")

    # -- life ----------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Give experts, database and threads back."""
        self.engine.close()
        self.traces.close()
        self.library.close()
        with self._loop_lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._loop = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _blocking(self, coroutine: Any) -> Any:
        """Run a coroutine on this orchestrator's own loop, so that callers inside a running loop work too."""
        with self._loop_lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, daemon=True, name="baton-loop").start()
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise


def _composer(settings: ChatModelSettings, extractive: ExtractiveComposer) -> Composer:
    if settings.model is None:
        return extractive
    from langchain.chat_models import init_chat_model

    from orchestrator.composer.chat_model import ChatModelComposer

    options: dict[str, Any] = {
        k: v for k, v in (("base_url", settings.base_url), ("api_key", settings.api_key)) if v is not None
    }
    try:
        return ChatModelComposer(init_chat_model(settings.model, **options), extractive)
    except ImportError as error:
        raise MissingExtra(f"the chat model {settings.model}", "openai") from error


def embedded_cards() -> tuple[ExpertCard, ...]:
    """Cards of the experts that come with Baton, which the compact controller is trained on, too."""
    with tempfile.TemporaryDirectory() as home, Orchestrator({}, home=home) as baton:
        return tuple(entry.card for entry in baton.registry.entries if entry.origin == "built-in")
