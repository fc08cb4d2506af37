"""Worker threads: order, errors, calls that their caller gave up."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from orchestrator.engine.workers import Workers


@pytest.fixture
def one() -> Iterator[Workers]:
    workers = Workers(1, "test-one")
    yield workers
    workers.close()


def alive(name: str) -> int:
    return sum(thread.name.startswith(name) for thread in threading.enumerate())


async def test_calls_run_in_the_order_in_which_they_came(one: Workers) -> None:
    seen: list[int] = []
    values = await asyncio.gather(*(one.run(lambda i=i: seen.append(i) or i * i) for i in range(20)))  # type: ignore[func-returns-value]
    assert (seen, values) == (list(range(20)), [i * i for i in range(20)])


async def test_as_many_run_at_once_as_there_are_slots() -> None:
    workers = Workers(3, "test-three")
    began = time.perf_counter()
    await asyncio.gather(*(workers.run(lambda: time.sleep(0.1)) for _ in range(6)))
    assert 0.19 < time.perf_counter() - began < 0.29
    assert alive("test-three") == 3
    workers.close()


@pytest.mark.parametrize(
    ("raised", "caught"),
    [
        (ValueError("bad"), ValueError("bad")),
        (MemoryError("full"), MemoryError("full")),
        (SystemExit(3), RuntimeError("SystemExit: 3")),
        (KeyboardInterrupt(), RuntimeError("KeyboardInterrupt: ")),
        (StopIteration("x"), RuntimeError("StopIteration: x")),
        (asyncio.CancelledError("x"), RuntimeError("CancelledError: x")),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_a_call_raises_reaches_its_caller(
    one: Workers, raised: BaseException, caught: BaseException
) -> None:
    def fails() -> None:
        raise raised

    with pytest.raises(type(caught)) as found:
        await asyncio.wait_for(one.run(fails), 5)
    assert str(found.value) == str(caught)
    assert await one.run(lambda: "still here") == "still here"


async def test_an_abandoned_call_gives_its_slot_away_and_takes_none_back() -> None:
    workers = Workers(1, "test-abandoned")
    released = threading.Event()
    stuck = [asyncio.create_task(workers.run(released.wait)) for _ in range(1)]
    await asyncio.sleep(0.05)
    stuck[0].cancel()
    assert await asyncio.wait_for(workers.run(lambda: "next"), 1) == "next"
    assert alive("test-abandoned") == 2
    released.set()
    for _ in range(100):
        if alive("test-abandoned") == 1:
            break
        await asyncio.sleep(0.01)
    assert alive("test-abandoned") == 1
    workers.close()


async def test_a_call_that_is_cancelled_before_it_began_never_runs(one: Workers) -> None:
    seen: list[str] = []
    busy = asyncio.create_task(one.run(lambda: time.sleep(0.1)))
    await asyncio.sleep(0.02)
    waiting = asyncio.create_task(one.run(lambda: seen.append("ran")))
    await asyncio.sleep(0)
    waiting.cancel()
    await busy
    await one.run(lambda: seen.append("last"))
    assert seen == ["last"]
    assert alive("test-one") == 1


def test_a_loop_that_closed_does_not_cost_a_slot(one: Workers) -> None:
    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(one.run(lambda: time.sleep(0.15)), 0.05)

    asyncio.run(give_up())
    time.sleep(0.2)

    async def again() -> str:
        return await asyncio.wait_for(one.run(lambda: "again"), 1)

    assert asyncio.run(again()) == "again"
