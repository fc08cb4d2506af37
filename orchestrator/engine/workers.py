"""Workers: a few daemon threads that run blocking expert code for an event loop. Knows no expert."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Workers:
    """`num_slots` threads; a call that was abandoned by its caller gives its slot to a fresh thread.

    Threads are daemons, so that an expert that never returns does not keep the process alive.
    """

    def __init__(self, num_slots: int, name: str) -> None:
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._name = name
        self._num_slots = num_slots
        self._num_started = 0
        self._lock = threading.Lock()

    async def run(self, function: Callable[[], T]) -> T:
        """The function's value, computed on a worker; a cancelled call leaves its thread behind and starts another."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        running = threading.Event()

        def work() -> None:
            running.set()
            if future.cancelled():
                return
            try:
                value, error = function(), None
            except BaseException as raised:
                value, error = None, raised
            loop.call_soon_threadsafe(_settle, future, value, error)

        self._ensure_threads()
        self._queue.put(work)
        try:
            return await future
        except asyncio.CancelledError:
            if running.is_set():
                self._start_thread()
            raise

    def close(self) -> None:
        for _ in range(self._num_started):
            self._queue.put(None)

    def _ensure_threads(self) -> None:
        while self._num_started < self._num_slots:
            self._start_thread()

    def _start_thread(self) -> None:
        with self._lock:
            self._num_started += 1
            threading.Thread(target=self._loop, daemon=True, name=f"{self._name}-{self._num_started}").start()

    def _loop(self) -> None:
        while (work := self._queue.get()) is not None:
            work()


def _settle(future: asyncio.Future[Any], value: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(value)
