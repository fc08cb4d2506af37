"""Runs in progress: started, followed event by event by any number of pages, stopped. Knows no markup, no component.

They live on an event loop of their own, so that planning and the first load of a model never hold up the web server,
and so that a run outlives the page that began it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import aclosing

from orchestrator.orchestrator import Orchestrator
from orchestrator.types import Event, Request


class LiveRun:
    """A run that was started and its events so far."""

    def __init__(self, request: Request, orchestrator: Orchestrator, loop: asyncio.AbstractEventLoop) -> None:
        self.request = request
        self._orchestrator = orchestrator
        self._events: list[Event] = []
        self._changed = threading.Condition()
        self._future = asyncio.run_coroutine_threadsafe(self._consume(), loop)
        self._future.add_done_callback(lambda _: self._tell())

    @property
    def is_over(self) -> bool:
        return self._future.done()

    def follow(self) -> Iterator[Event]:
        """Every event from the first on, as they happen; leaving the iterator leaves the run alone.

        Raises:
            concurrent.futures.CancelledError: the run was stopped.
            BatonError: the run broke as a whole.
        """
        position = 0
        while True:
            with self._changed:
                while len(self._events) == position and not self.is_over:
                    self._changed.wait()
                is_over, news = self.is_over, self._events[position:]
            yield from news
            position += len(news)
            if is_over:
                break
        self._future.result()

    def stop(self) -> None:
        """Cancel it; a run that is over stays as it is."""
        self._future.cancel()

    async def _consume(self) -> None:
        async with aclosing(self._orchestrator.stream(self.request)) as stream:  # type: ignore[type-var]
            async for event in stream:
                self._tell(event)

    def _tell(self, event: Event | None = None) -> None:
        with self._changed:
            if event is not None:
                self._events.append(event)
            self._changed.notify_all()


class Runs:
    """One run a conversation at a time."""

    def __init__(self, orchestrator: Orchestrator) -> None:
        self._orchestrator = orchestrator
        self._running: dict[str, LiveRun] = {}
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True, name="baton-chat").start()

    def start(self, request: Request) -> LiveRun:
        """Run a request; what the conversation was still running is stopped."""
        self.stop(request.conversation_id)
        self._running = {key: run for key, run in self._running.items() if not run.is_over}
        run = self._running[request.conversation_id] = LiveRun(request, self._orchestrator, self._loop)
        return run

    def live(self, conversation_id: str) -> LiveRun | None:
        """The conversation's run where one is under way."""
        run = self._running.get(conversation_id)
        return run if run is not None and not run.is_over else None

    def stop(self, conversation_id: str) -> None:
        """Cancel the conversation's run where there is one."""
        if (run := self.live(conversation_id)) is not None:
            run.stop()
