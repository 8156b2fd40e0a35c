"""What a store needs to be used by tasks of several loops."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from notebook_async.retrieval._loops import PerLoop, on_loop
from notebook_async.retrieval._shared import SharedLock, to_the_end


async def test_lock_is_given_in_order() -> None:
    """Tasks get the lock in the order in which they came, one at a time."""
    lock, order, inside = SharedLock(), [], 0

    async def work(number: int) -> None:
        nonlocal inside
        async with lock:
            inside += 1
            assert inside == 1
            await asyncio.sleep(1)
            order.append(number)
            inside -= 1

    await asyncio.gather(*(work(number) for number in range(5)))
    assert order == [0, 1, 2, 3, 4]
    assert not lock.locked
    assert asyncio.get_running_loop().time() == 5.0


@pytest.mark.parametrize("turns", range(6))
async def test_cancelled_task_does_not_keep_the_lock(turns: int) -> None:
    """One that is cancelled while its turn comes passes it on, at whatever moment."""
    lock, done = SharedLock(), []

    async def work(number: int) -> None:
        async with lock:
            done.append(number)

    await lock.__aenter__()
    tasks = [asyncio.ensure_future(work(number)) for number in range(3)]
    await asyncio.sleep(0.1)
    await lock.__aexit__()
    for _ in range(turns):
        await asyncio.sleep(0)
    tasks[0].cancel()
    tasks[1].cancel()
    await asyncio.wait(tasks)
    assert 2 in done
    assert not lock.locked


@pytest.mark.realtime
async def test_lock_serves_loops_of_several_threads() -> None:
    """Only one task of all loops is within at a time, and none is forgotten."""
    lock, inside, peak, count = SharedLock(), 0, 0, 0

    async def work() -> None:
        nonlocal inside, peak, count
        async with lock:
            inside += 1
            peak = max(peak, inside)
            await asyncio.sleep(0.0001)
            count += 1
            inside -= 1

    async def many() -> None:
        await asyncio.gather(*(work() for _ in range(25)))

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(3) as threads:
        calls = [loop.run_in_executor(threads, asyncio.run, many()) for _ in range(3)]
        await asyncio.gather(many(), *calls)
    assert (peak, count) == (1, 100)


async def test_to_the_end_outlives_cancellations() -> None:
    """It comes to its end however often it is cancelled, and is cancelled then."""
    attempts = 0

    async def work() -> str:
        nonlocal attempts
        attempts += 1
        await asyncio.sleep(1)
        return "done"

    task = asyncio.ensure_future(to_the_end(work))
    for _ in range(3):
        await asyncio.sleep(0.5)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert attempts == 4
    assert await to_the_end(work) == "done"


@pytest.mark.realtime
def test_what_belongs_to_a_loop_ends_with_it() -> None:
    """Each loop has its own object, closed on that loop before it ends."""
    closed: list[tuple[list[int], object]] = []

    async def close(value: list[int]) -> None:
        closed.append((value, asyncio.get_running_loop()))

    lists: PerLoop[list[int]] = PerLoop(list, close)

    async def use(number: int) -> object:
        (await lists.get()).append(number)
        assert await lists.get() == [number]
        return asyncio.get_running_loop()

    loops = [asyncio.run(use(number)) for number in range(2)]
    assert closed == [([0], loops[0]), ([1], loops[1])]
    asyncio.run(lists.aclose())
    assert len(closed) == 2


@pytest.mark.realtime
async def test_errors_of_closing_come_from_other_loops() -> None:
    """What fails while another loop closes something is raised here."""

    async def fail() -> None:
        raise ZeroDivisionError

    here = asyncio.get_running_loop()
    closing = asyncio.to_thread(lambda: asyncio.run(on_loop(here, fail)))
    with pytest.raises(ZeroDivisionError):
        await closing
