"""Resizing, pausing and resuming a run while it goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from notebook_async import JobRun, iter_jobs, start_jobs
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from tests.core.probes import Feed, Gauge, double, now

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def test_more_workers_start_at_once() -> None:
    """Growing starts new workers in this pass, without waiting for an item to end."""
    gauge = Gauge(seconds=10)
    run = start_jobs(gauge, range(20), workers=2)
    await asyncio.sleep(1)
    run.workers = 5
    await asyncio.sleep(0)
    assert gauge.running == 5
    assert (run.workers, run.running) == (5, 5)
    assert await run == list(range(20))
    assert gauge.peak == 5
    assert now() == 41.0


async def test_fewer_workers_after_their_items() -> None:
    """Shrinking lets surplus workers end their item and start no other."""
    gauge = Gauge()
    run = start_jobs(gauge, range(10), workers=4)
    await asyncio.sleep(0.5)
    run.workers = 2
    assert gauge.running == 4
    await asyncio.sleep(1)
    assert gauge.running == run.running == 2
    assert await run == list(range(10))
    assert now() == 4.0


async def test_down_and_up_again() -> None:
    """Shrinking and growing before an item has ended leaves the count as it was."""
    gauge = Gauge()
    run = start_jobs(gauge, range(8), workers=4)
    await asyncio.sleep(0.5)
    run.workers = 1
    run.workers = 4
    await run
    assert (gauge.peak, now()) == (4, 2.0)


async def test_resize_before_the_first_pass() -> None:
    """A run can be resized before anything has started."""
    up, down = Gauge(), Gauge()
    first = start_jobs(up, range(6), workers=1)
    first.workers = 3
    second = start_jobs(down, range(6), workers=3)
    second.workers = 1
    await first
    assert (up.peak, now()) == (3, 2.0)
    await second
    assert (down.peak, now()) == (1, 6.0)


async def test_more_workers_than_items() -> None:
    """Growing beyond the items left starts no worker for nothing."""
    gauge = Gauge()
    run = start_jobs(gauge, range(3), workers=2)
    await asyncio.sleep(0.5)
    run.workers = 1000
    assert await run == [0, 1, 2]
    assert (gauge.peak, run.workers) == (3, 1000)


async def test_resize_with_an_async_source() -> None:
    """Workers that wait for an async source leave too when they are too many."""
    gauge = Gauge(seconds=10)
    run = start_jobs(gauge, Feed(range(6), delay=1).slow(), workers=4)
    await asyncio.sleep(0.5)
    run.workers = 2
    await asyncio.sleep(8)
    assert gauge.running == 2
    run.workers = 3
    await run
    assert gauge.peak == 3


async def test_resize_a_stream() -> None:
    """A stream's run can be resized; its window stays."""
    gauge = Gauge()
    stream = iter_jobs(gauge, range(12), workers=1, window=4)
    assert await anext(stream) == (0, 0)
    assert stream.run is not None
    stream.run.workers = 4
    assert sorted([index async for index, _ in stream]) == list(range(1, 12))
    assert gauge.peak == 4


async def test_resize_after_the_end() -> None:
    """Resizing a run that has ended changes the number and starts nothing."""
    run = start_jobs(double, [1])
    await run
    run.workers = 9
    assert (run.workers, run.phase, run.running) == (9, "done", 0)


@pytest.mark.parametrize("passes", range(7))
async def test_resize_at_the_end_of_an_async_source(passes: int) -> None:
    """Resizing while an async source is being closed does not revive the run."""

    async def source() -> AsyncIterator[int]:
        yield 1

    run = start_jobs(double, source(), workers=1)
    for _ in range(passes):
        await asyncio.sleep(0)
    run.workers = 5
    assert await run == [2]


@pytest.mark.parametrize(
    ("workers", "error", "message"),
    [
        (0, InvalidArgumentError, "^workers must be >= 1, got 0$"),
        (-2, InvalidArgumentError, "^workers must be >= 1, got -2$"),
        (1.5, ArgumentTypeError, r"^workers must be an integer, got 1\.5 \(float\)$"),
    ],
)
async def test_resize_to_nonsense(
    workers: int, error: type[Exception], message: str
) -> None:
    """A wrong number of workers raises and changes nothing."""
    run = start_jobs(double, [1], workers=2)
    with pytest.raises(error, match=message):
        run.workers = workers
    assert run.workers == 2
    assert await run == [2]


# -- pause and resume


async def test_pause_lets_items_end_and_none_start() -> None:
    """While paused, items in flight go on and nothing starts."""
    gauge = Gauge()
    run = start_jobs(gauge, range(6), workers=2)
    await asyncio.sleep(0.5)
    run.pause()
    run.pause()
    assert (run.phase, run.running) == ("waiting", 2)
    await asyncio.sleep(10)
    assert gauge.ended == [0, 1]
    assert (run.running, run.done) == (0, 2)
    run.resume()
    run.resume()
    assert run.phase == "running"
    assert await run == list(range(6))
    assert (gauge.peak, now()) == (2, 12.5)


async def test_pause_before_the_first_pass() -> None:
    """A run that is paused at once starts nothing and pulls nothing."""
    gauge, feed = Gauge(), Feed(range(3))
    run = start_jobs(gauge, feed.plain())
    run.pause()
    await asyncio.sleep(5)
    assert (gauge.started, feed.pulled) == ([], 0)
    run.resume()
    assert await run == [0, 1, 2]


async def test_pause_and_resume_in_one_pass() -> None:
    """A pause that ends before an item does is not felt."""
    run = start_jobs(Gauge(), range(6), workers=3)
    await asyncio.sleep(0.5)
    for _ in range(3):
        run.pause()
        run.resume()
    await run
    assert now() == 2.0


async def test_pause_after_resume_before_workers_wake() -> None:
    """A pause right after a resume holds: workers look again when they wake."""
    gauge = Gauge()
    run = start_jobs(gauge, range(6), workers=2)
    run.pause()
    await asyncio.sleep(1)
    run.resume()
    run.pause()
    await asyncio.sleep(5)
    assert gauge.started == []
    run.resume()
    assert await run == list(range(6))


async def test_pause_with_an_async_source() -> None:
    """While paused, at most the one item being pulled is taken, and it does not run."""
    gauge, feed = Gauge(), Feed(range(6), delay=1)
    run = start_jobs(gauge, feed.slow(), workers=4)
    await asyncio.sleep(0.5)
    run.pause()
    await asyncio.sleep(10)
    assert (feed.pulled, gauge.started, run.running) == (1, [], 0)
    run.resume()
    assert await run == list(range(6))


async def test_pause_of_a_stream() -> None:
    """A paused stream gives what is done, then nothing until it is resumed."""
    gauge = Gauge()
    stream = iter_jobs(gauge, range(6), workers=2, ordered=True)
    assert await anext(stream) == (0, 0)
    assert stream.run is not None
    stream.run.pause()
    assert [await anext(stream) for _ in range(3)] == [(1, 1), (2, 2), (3, 3)]
    await asyncio.sleep(15)
    assert gauge.started == [0, 1, 2, 3]
    stream.run.resume()
    assert [index async for index, _ in stream] == [4, 5]


async def test_grow_while_paused() -> None:
    """Workers that are added during a pause wait for its end."""
    gauge = Gauge()
    run = start_jobs(gauge, range(6), workers=1)
    run.pause()
    run.workers = 3
    await asyncio.sleep(5)
    assert gauge.started == []
    run.resume()
    await run
    assert (gauge.peak, now()) == (3, 7.0)


async def test_shrink_while_paused() -> None:
    """Workers that are taken away during a pause do not start again."""
    gauge = Gauge()
    run = start_jobs(gauge, range(4), workers=4)
    run.pause()
    await asyncio.sleep(1)
    run.workers = 1
    run.resume()
    await run
    assert (gauge.peak, now()) == (1, 5.0)


async def test_pause_after_the_end() -> None:
    """A run that has ended stays done when it is paused."""
    run = start_jobs(double, [1])
    await run
    run.pause()
    assert run.phase == "done"


# -- from inside


async def test_item_resizes_its_own_run() -> None:
    """An item may grow and shrink the run that it is part of."""
    gauge = Gauge()

    async def item(number: int) -> int:
        if number == 0:
            run.workers = 3
        if number == 5:
            run.workers = 1
        return await gauge(number)

    run = start_jobs(item, range(10), workers=1)
    assert await run == list(range(10))
    assert gauge.peak == 3
    # three, three (at the sixth it shrinks), then four one by one
    assert now() == 6.0


async def test_item_pauses_its_own_run() -> None:
    """An item may pause its run and somebody else resume it."""
    gauge = Gauge()

    async def item(number: int) -> int:
        if number == 1:
            run.pause()
            asyncio.get_running_loop().call_later(10, run.resume)
        return await gauge(number)

    run = start_jobs(item, range(4), workers=2)
    assert await run == list(range(4))
    assert now() == 11.0


async def test_synchronous_item_pauses_its_own_run() -> None:
    """Nothing starts after an item that never waits has paused the run."""
    seen: list[int] = []

    async def item(number: int) -> None:
        seen.append(number)
        if number == 3:
            run.pause()

    run: JobRun[None] = start_jobs(item, range(100), workers=2)
    await asyncio.sleep(1)
    assert seen == [0, 1, 2, 3]
    run.resume()
    await run
    assert len(seen) == 100


async def test_source_stops_its_own_run() -> None:
    """An async source may cancel the run: what it gives then does not start."""

    async def source() -> AsyncIterator[int]:
        yield 0
        run.cancel()
        yield 1

    gauge = Gauge()
    run = start_jobs(gauge, source(), workers=1)
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await run
    assert gauge.started == [0]
