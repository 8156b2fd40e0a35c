"""`rate=`: when items start, to the tick of the virtual clock."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import Rate, Retry, iter_jobs, run_jobs, start_jobs
from notebook_async.errors import ItemCancelledError
from tests.core.probes import Feed, Gauge, now, others, wait

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Starts:
    """An item's function that notes when it was called."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.times: list[float] = []

    async def __call__(self, item: int) -> int:
        """Note the time and wait."""
        self.times.append(round(now(), 6))
        await asyncio.sleep(self.seconds)
        return item


@pytest.mark.parametrize("workers", [1, 3, 50])
@pytest.mark.parametrize("kind", ["plain", "slow"])
async def test_starts_are_exact(workers: int, kind: str) -> None:
    """Items start at the asked rate exactly, however many workers there are."""
    starts = Starts()
    source = getattr(Feed(range(40)), kind)()
    run = start_jobs(starts, source, workers=workers, rate=8)
    assert await run == list(range(40))
    assert starts.times == [n / 8 for n in range(40)]


async def test_many_per_second() -> None:
    """A thousand a second are a thousand a second, with no drift."""
    starts = Starts()
    await run_jobs(starts, range(3000), workers=20, rate=1000)
    assert starts.times == [n / 1000 for n in range(3000)]


async def test_burst() -> None:
    """So many start at once, then one after the other; a quiet time restores them."""
    rate, starts = Rate(2, burst=3), Starts()
    await run_jobs(starts, range(6), workers=6, rate=rate)
    assert starts.times == [0.0, 0.0, 0.0, 0.5, 1.0, 1.5]
    await asyncio.sleep(0.5)
    starts.times.clear()
    await run_jobs(starts, range(3), workers=3, rate=rate)
    assert starts.times == [2.0, 2.5, 3.0]
    await asyncio.sleep(100)
    starts.times.clear()
    await run_jobs(starts, range(4), workers=4, rate=rate)
    assert starts.times == [103.0, 103.0, 103.0, 103.5]


async def test_workers_bound_too() -> None:
    """Where items take longer than the rate's interval, the workers are the bound."""
    starts = Starts(seconds=1)
    await run_jobs(starts, range(6), workers=2, rate=10)
    assert starts.times == [0.0, 0.1, 1.0, 1.1, 2.0, 2.1]


async def test_a_number_is_a_rate_of_its_own() -> None:
    """Two runs that are given the same number do not share it."""
    first, second = Starts(), Starts()
    await asyncio.gather(
        run_jobs(first, range(3), rate=2), run_jobs(second, range(3), rate=2)
    )
    assert first.times == second.times == [0.0, 0.5, 1.0]


async def test_two_runs_share_a_rate() -> None:
    """Runs that are given the same `Rate` keep to it together."""
    rate, first, second = Rate(4), Starts(), Starts()
    await asyncio.gather(
        run_jobs(first, range(10), workers=2, rate=rate),
        run_jobs(second, range(10), workers=2, rate=rate),
    )
    assert sorted(first.times + second.times) == [n / 4 for n in range(20)]
    # Neither is starved by the other.
    assert first.times[:3] == [0.0, 0.25, 1.0]
    assert second.times[:3] == [0.5, 0.75, 1.5]


async def test_retries_keep_to_the_rate() -> None:
    """Each attempt is a start; retries and first attempts share the rate."""
    times: list[float] = []
    left = {0: 2, 1: 1}

    async def item(number: int) -> int:
        times.append(now())
        if left.get(number):
            left[number] -= 1
            raise OSError
        return number

    run = start_jobs(item, range(4), workers=2, rate=1, retry=Retry(5, base=0))
    assert await run == [0, 1, 2, 3]
    assert times == [float(n) for n in range(7)]


async def test_waiting_is_shown() -> None:
    """An item that waits for its start holds its place and shows as waiting."""
    gauge = Gauge(seconds=10)
    run = start_jobs(gauge, range(9), workers=3, rate=1)
    await asyncio.sleep(0.5)
    statistics = run.statistics()
    assert (statistics.running, statistics.waiting) == (1, 2)
    await asyncio.sleep(1)
    assert (run.running, run.statistics().waiting, gauge.running) == (2, 1, 2)
    await asyncio.sleep(1)
    assert (run.running, run.statistics().waiting) == (3, 0)
    await run
    assert gauge.peak == 3


async def test_pause_does_not_save_up_starts() -> None:
    """Items whose time came during a pause start at the rate, not all at once."""
    starts = Starts()
    run = start_jobs(starts, range(6), workers=6, rate=1)
    await asyncio.sleep(1.5)
    run.pause()
    await asyncio.sleep(18.5)
    assert starts.times == [0.0, 1.0]
    assert run.statistics().waiting == 4
    run.resume()
    await run
    assert starts.times == [0.0, 1.0, 20.0, 21.0, 22.0, 23.0]


async def test_paused_run_does_not_use_up_a_shared_rate() -> None:
    """While one run is paused the other has the rate to itself."""
    rate, first, second = Rate(1), Starts(), Starts()
    paused = start_jobs(first, range(4), workers=4, rate=rate)
    paused.pause()
    await run_jobs(second, range(3), workers=3, rate=rate)
    assert second.times == [0.0, 1.0, 2.0]
    paused.resume()
    await paused
    assert first.times == [3.0, 4.0, 5.0, 6.0]


async def test_cancel_during_the_wait() -> None:
    """A run is cancelled at once while its items wait; nothing starts after it."""
    starts = Starts()
    task = asyncio.create_task(run_jobs(starts, range(9), workers=4, rate=0.1))
    await asyncio.sleep(3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await task
    assert (starts.times, now(), others()) == ([0.0], 3.0, set())


async def test_cancel_item_during_the_wait() -> None:
    """One waiting item can be cancelled; the others start as they were to."""
    starts = Starts()
    run = start_jobs(starts, range(4), workers=4, rate=1, on_error="return")
    await asyncio.sleep(0.5)
    assert run.cancel_item(2) is True
    results = await run
    assert isinstance(results[2], ItemCancelledError)
    assert (results[:2], results[3]) == ([0, 1], 3)
    # Its start was booked and is not given to another.
    assert starts.times == [0.0, 1.0, 3.0]


@pytest.mark.parametrize("end", ["cancel", "cancel_item", "pause and cancel"])
async def test_waiting_coroutines_are_closed(end: str) -> None:
    """Coroutines that are cancelled while they wait for their start are closed."""
    jobs = [wait(1) for _ in range(4)]
    run = start_jobs(jobs, workers=4, rate=0.1, on_error="return")
    await asyncio.sleep(2)
    if end == "pause and cancel":
        run.pause()
        await asyncio.sleep(50)
    if end == "cancel_item":
        assert all(run.cancel_item(index) for index in (1, 2, 3))
        await run
    else:
        run.cancel()
        with pytest.raises(asyncio.CancelledError, match=r"^$"):
            await run
    assert [job.cr_frame for job in jobs] == [None] * 4
    gc.collect()  # pytest makes an error of a coroutine that was never awaited


async def test_error_ends_the_waits() -> None:
    """With `on_error="raise"` nothing starts after the first error."""
    times: list[float] = []

    async def item(number: int) -> None:
        times.append(now())
        if number == 1:
            raise ValueError(number)
        await asyncio.sleep(9)

    with pytest.raises(ValueError, match=r"^1\n"):
        await run_jobs(item, range(9), workers=5, rate=0.5)
    assert (times, now()) == ([0.0, 2.0], 2.0)


async def test_stream_at_a_rate() -> None:
    """A stream's items start at the rate, as far as its window lets them."""
    starts = Starts()
    seen: list[tuple[int, float]] = []
    async for index, _ in iter_jobs(starts, range(6), workers=6, window=2, rate=1):
        seen.append((index, now()))
        await asyncio.sleep(3)
    assert starts.times == [0.0, 1.0, 2.0, 3.0, 6.0, 9.0]
    assert [index for index, _ in seen] == list(range(6))


@pytest.mark.realtime
@pytest.mark.parametrize(("per_second", "off"), [(1000, 0.02), (5000, 0.15)])
async def test_rate_on_the_real_clock(per_second: int, off: float) -> None:
    """Real timers are late, but what is late does not add up."""

    async def item(_: int) -> float:
        return now()

    best = float("inf")
    for _ in range(3):
        times = await run_jobs(item, range(300), workers=100, rate=per_second)
        got = (len(times) - 1) / (times[-1] - times[0])
        best = min(best, abs(got / per_second - 1))
        if best < off:
            break
    assert best < off


JOBS: list[Callable[[], Awaitable[Any]]] = [lambda: wait(1), lambda: wait(2)]


async def test_functions_at_a_rate() -> None:
    """Functions without arguments are called when they may start, not before."""
    assert await run_jobs(JOBS, rate=0.5) == [1, 2]
    assert now() == 4.0
