"""The virtual clock: time jumps, threads hold it still, deadlocks fail at once."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from notebook_async.errors import AllTasksBlockedError
from notebook_async.testing import VirtualClockLoop

BLOCKED = r"^every task is blocked, and no timer, file or thread can wake one$"


def now() -> float:
    """Return the time of the running loop."""
    return asyncio.get_running_loop().time()


async def test_tests_run_on_it() -> None:
    """Async tests of this project run on the virtual clock."""
    assert isinstance(asyncio.get_running_loop(), VirtualClockLoop)
    assert now() == 0.0


@pytest.mark.realtime
async def test_realtime_mark_gives_a_normal_loop() -> None:
    """The mark `realtime` gives a test a loop of the real clock."""
    assert not isinstance(asyncio.get_running_loop(), VirtualClockLoop)
    assert now() > 0.0


@pytest.mark.parametrize("seconds", [0.001, 1, 3600, 10_000_000])
async def test_time_jumps(seconds: float) -> None:
    """However long a sleep, the clock shows exactly it and no real time passes."""
    start = time.perf_counter()
    await asyncio.sleep(seconds)
    assert now() == seconds
    assert time.perf_counter() - start < 1


async def test_sums_are_exact() -> None:
    """Ten times a tenth of a second is one second, for other fractions too."""
    for fraction, count in ((0.1, 10), (0.01, 100), (0.3, 10), (0.7, 10)):
        start = now()
        for _ in range(count):
            await asyncio.sleep(fraction)
        assert now() == start + round(fraction * count, 9)


async def test_no_time_passes_while_tasks_are_ready() -> None:
    """The clock stands still while any task has something to do."""
    timer = asyncio.create_task(asyncio.sleep(1))
    for _ in range(1000):
        await asyncio.sleep(0)
    assert (now(), timer.done()) == (0.0, False)
    await timer


async def test_timers_fire_in_order() -> None:
    """Timers fire in the order of their times, each at its time."""
    seen: list[tuple[int, float]] = []

    async def note(seconds: int) -> None:
        await asyncio.sleep(seconds)
        seen.append((seconds, now()))

    await asyncio.gather(*map(note, [3, 1, 2]))
    assert seen == [(1, 1.0), (2, 2.0), (3, 3.0)]


async def test_timeouts_are_virtual() -> None:
    """`asyncio.timeout` fires at its virtual time."""
    with pytest.raises(TimeoutError, match=r"^$"):
        async with asyncio.timeout(60):
            await asyncio.get_running_loop().create_future()
    assert now() == 60.0


def test_deadlock_raises() -> None:
    """Where nothing can ever wake a task, the loop raises instead of hanging."""

    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with (
        pytest.raises(AllTasksBlockedError, match=BLOCKED),
        asyncio.Runner(loop_factory=VirtualClockLoop) as runner,
    ):
        runner.run(main())


def test_deadlock_after_some_time_raises() -> None:
    """A deadlock is found when the last timer has fired."""
    times: list[float] = []

    async def main() -> None:
        await asyncio.sleep(5)
        times.append(now())
        await asyncio.Event().wait()

    with (
        pytest.raises(AllTasksBlockedError, match=BLOCKED),
        asyncio.Runner(loop_factory=VirtualClockLoop) as runner,
    ):
        runner.run(main())
    assert times == [5.0]


async def test_thread_holds_the_clock() -> None:
    """While a thread works the clock stands still, so that no time-out fires."""
    go = threading.Event()
    loop = asyncio.get_running_loop()

    def work() -> float:
        loop.call_soon_threadsafe(go.set)
        assert go.wait(10)
        time.sleep(0.02)
        return loop.time()

    async with asyncio.timeout(0.001):
        assert await asyncio.to_thread(work) == 0.0
    assert now() == 0.0
    await asyncio.sleep(1)
    assert now() == 1.0


async def test_clock_moves_when_the_last_thread_is_done() -> None:
    """With several threads, the clock waits for the last one."""
    with ThreadPoolExecutor(2) as pool:
        loop = asyncio.get_running_loop()
        barrier = threading.Barrier(2)
        works = [loop.run_in_executor(pool, barrier.wait, 10) for _ in range(2)]
        timer = asyncio.create_task(asyncio.sleep(1))
        assert sorted(await asyncio.gather(*works)) == [0, 1]
        assert (now(), timer.done()) == (0.0, False)
        await timer
        assert now() == 1.0


async def test_error_in_a_thread_frees_the_clock() -> None:
    """A thread that raises holds the clock no longer."""
    with pytest.raises(ValueError, match=r"^invalid literal"):
        await asyncio.to_thread(int, "x")
    await asyncio.sleep(1)
    assert now() == 1.0


async def test_files_are_read() -> None:
    """What another thread writes to a pipe is read, without a timer to jump to."""
    reader, writer = os.pipe()
    loop = asyncio.get_running_loop()
    read = loop.create_future()
    loop.add_reader(reader, lambda: read.set_result(os.read(reader, 9)))
    threading.Thread(target=os.write, args=(writer, b"hello")).start()
    assert await read == b"hello"
    assert now() == 0.0
    loop.remove_reader(reader)
    os.close(reader)
    os.close(writer)


def test_runner_closes_its_threads() -> None:
    """The loop joins its threads when it ends, with and without a time limit."""
    for limit in (None, 5.0):
        loop = VirtualClockLoop()
        assert loop.run_until_complete(loop.run_in_executor(None, len, "abc")) == 3
        if limit is None or hasattr(asyncio.constants, "THREAD_JOIN_TIMEOUT"):
            loop.run_until_complete(loop.shutdown_default_executor(limit))
        assert loop.time() == 0.0
        loop.close()


def test_loops_have_clocks_of_their_own() -> None:
    """Each loop starts at zero."""
    for _ in range(2):
        with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
            runner.run(asyncio.sleep(7))
            assert runner.get_loop().time() == 7.0
