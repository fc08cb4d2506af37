"""Workers: a few daemon threads that run blocking expert code for an event loop. Knows no expert."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Workers:
    """`num_slots` threads; a call that was abandoned by its caller gives its slot to a fresh thread.

    Threads are daemons, so that an expert that never returns does not keep the process alive.
    """

    def __init__(self, num_slots: int, name: str) -> None:
        self._queue: queue.SimpleQueue[Callable[[], bool] | None] = queue.SimpleQueue()
        self._name = name
        self._num_slots = num_slots
        self._num_started = 0
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, deque[Callable[[], bool]]] = {}  # calls that wait for one of the same owner

    async def run(self, function: Callable[[], T], owner: Hashable = None) -> T:
        """The function's value, computed on a worker; a cancelled call leaves its thread behind and starts another.

        Args:
            function: blocks.
            owner: calls of one owner run one after another, and a waiting one takes no slot; None runs at once.
        Raises:
            Exception: whatever the function raises; RuntimeError in place of what would end the loop itself, such as
                SystemExit.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        call = _Call()

        def work() -> bool:
            if not call.begin():
                return True
            value: Any = None
            error: BaseException | None = None
            try:
                value = function()
            except (SystemExit, KeyboardInterrupt, GeneratorExit, StopIteration, asyncio.CancelledError) as raised:
                error = RuntimeError(f"{type(raised).__name__}: {raised}")
            except BaseException as raised:
                error = raised
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_settle, future, value, error)
            return call.end()

        self._ensure_threads()
        self._enqueue(work, owner)
        try:
            return await future
        except asyncio.CancelledError:
            if call.abandon():
                self._start_thread()
            raise

    def _enqueue(self, work: Callable[[], bool], owner: Hashable) -> None:
        if owner is None:
            self._queue.put(work)
            return

        def owned() -> bool:
            try:
                return work()
            finally:
                with self._lock:
                    if self._waiting[owner]:
                        self._queue.put(self._waiting[owner].popleft())
                    else:
                        del self._waiting[owner]

        with self._lock:
            if owner in self._waiting:
                self._waiting[owner].append(owned)
            else:
                self._waiting[owner] = deque()
                self._queue.put(owned)

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
            if not work():
                return  # a fresh thread took this one's place meanwhile


class _Call:
    """Where a call stands: waiting, running, done or abandoned."""

    def __init__(self) -> None:
        self._state = "waiting"
        self._lock = threading.Lock()

    def begin(self) -> bool:
        """Whether it is to be run."""
        with self._lock:
            if self._state == "waiting":
                self._state = "running"
            return self._state == "running"

    def end(self) -> bool:
        """Whether its thread keeps its slot."""
        with self._lock:
            is_kept = self._state == "running"
            self._state = "done" if is_kept else self._state
            return is_kept

    def abandon(self) -> bool:
        """Give it up; whether a thread was busy with it, which then needs a successor."""
        with self._lock:
            was_running = self._state == "running"
            self._state = "abandoned" if self._state != "done" else "done"
            return was_running


def _settle(future: asyncio.Future[Any], value: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(value)
