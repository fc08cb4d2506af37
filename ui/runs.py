"""Runs in progress: started, followed event by event, stopped. Knows no markup and no component.

They live on an event loop of their own, so that planning and the first load of a model never hold up the web server.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import aclosing

from orchestrator.orchestrator import Orchestrator
from orchestrator.types import Event, Request


class Runs:
    """One run a conversation at a time."""

    def __init__(self, orchestrator: Orchestrator) -> None:
        self._orchestrator = orchestrator
        self._running: dict[str, Future[None]] = {}
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True, name="baton-chat").start()

    def follow(self, request: Request) -> Iterator[Event]:
        """Start the run and give its events; leaving the iterator stops the run.

        Raises:
            concurrent.futures.CancelledError: `stop` was called.
            BatonError: the run broke as a whole.
        """
        self.stop(request.conversation_id)
        events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()

        async def consume() -> None:
            try:
                async with aclosing(self._orchestrator.stream(request)) as stream:  # type: ignore[type-var]
                    async for event in stream:
                        events.put(event)
            finally:
                events.put(None)

        future = asyncio.run_coroutine_threadsafe(consume(), self._loop)
        self._running[request.conversation_id] = future
        # A run that is stopped before its first instruction puts no end into the queue itself.
        future.add_done_callback(lambda _: events.put(None))
        try:
            while (event := events.get()) is not None:
                yield event
            future.result()
        finally:
            future.cancel()
            if self._running.get(request.conversation_id) is future:
                del self._running[request.conversation_id]

    def stop(self, conversation_id: str) -> bool:
        """Cancel the conversation's run; gives whether there was one."""
        future = self._running.get(conversation_id)
        return future is not None and future.cancel()
