"""`JobRun.retry_failed()`: what has failed runs again while the run goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import Retry, iter_jobs, start_jobs
from notebook_async.errors import ItemCancelledError
from tests.core.probes import Feed, now, others, wait

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PATHS: dict[str, dict[str, Any]] = {
    "plain": {},
    "policies": {"timeout": 1000},
    "isolated": {"isolation": "task"},
}
paths = pytest.mark.parametrize("options", PATHS.values(), ids=PATHS)


class Broken:
    """An item's function that fails for some items until it is repaired."""

    def __init__(self, bad: set[int], seconds: float = 1.0) -> None:
        self.bad = bad
        self.seconds = seconds
        self.started: list[int] = []
        self.running = 0
        self.peak = 0

    async def __call__(self, item: int) -> int:
        """Wait, then fail where it is broken."""
        self.started.append(item)
        self.running += 1
        self.peak = max(self.peak, self.running)
        try:
            await asyncio.sleep(self.seconds)
            if item in self.bad:
                raise ValueError(item)
        finally:
            self.running -= 1
        return item


@paths
async def test_while_running(options: dict[str, Any]) -> None:
    """Failed items count as failed no longer, run again, and give their results."""
    broken = Broken({0, 1})
    run = start_jobs(broken, range(10), workers=2, on_error="return", **options)
    await asyncio.sleep(1.5)
    assert (run.failed, run.done, run.running) == (2, 0, 2)
    broken.bad.clear()
    assert run.retry_failed() == 2
    assert (run.failed, run.done, run.running) == (0, 0, 2)
    assert run.retry_failed() == 0
    assert await run == list(range(10))
    assert sorted(broken.started) == [0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert broken.started[4:6] == [0, 1]
    statistics = run.statistics()
    assert (statistics.done, statistics.failed, statistics.retried) == (10, 0, 2)
    assert (broken.peak, now()) == (2, 6.0)


@paths
async def test_bounds_are_used_and_kept(options: dict[str, Any]) -> None:
    """Retried items use every free worker, and no more than there are."""
    broken = Broken(set(range(8)))

    async def item(number: int) -> int:
        if number == 8:
            await asyncio.sleep(100)
            return number
        return await broken(number)

    run = start_jobs(item, range(9), workers=4, on_error="return", **options)
    await asyncio.sleep(10)
    assert (run.running, run.failed, broken.peak) == (1, 8, 4)
    broken.bad.clear()
    broken.peak = 0
    assert run.retry_failed() == 8
    await asyncio.sleep(0.5)
    # The worker of item 8 is busy, so that three are free.
    assert (run.running, broken.running) == (4, 3)
    await asyncio.sleep(3)
    assert (run.running, run.done, broken.peak) == (1, 8, 3)
    assert await run == list(range(9))
    assert others() == set()


@paths
async def test_one_failed_item_beside_a_long_one(options: dict[str, Any]) -> None:
    """A single retried item does not wait for the long one that is in flight."""
    broken = Broken({0})

    async def item(number: int) -> int:
        return await broken(number) if number == 0 else int(await wait(100))

    run = start_jobs(item, range(2), workers=2, on_error="return", **options)
    await asyncio.sleep(10)
    broken.bad.clear()
    assert run.retry_failed() == 1
    await asyncio.sleep(1.5)
    assert (run.done, run.running) == (1, 1)
    assert await run == [0, 100]
    assert now() == 100.0


@paths
async def test_last_worker_takes_what_came_while_it_was_busy(
    options: dict[str, Any],
) -> None:
    """Items retried when only a busy worker is left run when it is free."""
    broken = Broken({0, 1, 2})
    run = start_jobs(broken, range(4), workers=1, on_error="return", **options)
    await asyncio.sleep(3.5)
    broken.bad.clear()
    assert run.retry_failed() == 3
    assert await run == [0, 1, 2, 3]
    assert (broken.started, broken.peak, now()) == ([0, 1, 2, 3, 0, 1, 2], 1, 7.0)


@paths
@pytest.mark.parametrize("passes", range(9))
async def test_at_the_very_end(options: dict[str, Any], passes: int) -> None:
    """Whether it comes just before or just after the end, nothing is lost."""
    broken = Broken({1}, seconds=0)
    run = start_jobs(broken, range(2), workers=1, on_error="return", **options)
    for _ in range(passes):
        await asyncio.sleep(0)
    broken.bad.clear()
    failed = run.failed if run.phase == "running" else 0
    again = run.retry_failed()
    assert again == failed
    results = await run
    late = run.failed == 1
    assert repr(results) == ("[0, ValueError(1)]" if late else "[0, 1]")
    assert not (late and again)
    assert broken.started == [0, 1, 1][: 2 + again]


@paths
async def test_retried_by_a_failing_item(options: dict[str, Any]) -> None:
    """An item may ask for it: what had failed before it runs again."""
    seen: list[int] = []

    async def item(number: int) -> int:
        seen.append(number)
        if number == 0 and seen.count(0) == 1:
            raise ValueError(number)
        if number == 2 and seen.count(2) == 1:
            assert run.retry_failed() == 1
            raise ValueError(number)
        return number

    run = start_jobs(item, range(3), workers=1, on_error="return", **options)
    assert repr(await run) == "[0, 1, ValueError(2)]"
    assert seen == [0, 1, 2, 0]


@paths
async def test_failing_again(options: dict[str, Any]) -> None:
    """What fails again counts as failed again, and can be retried again."""
    broken = Broken({0})
    run = start_jobs(broken, [0, 1, 2, 3, 4], workers=1, on_error="group", **options)
    await asyncio.sleep(1.5)
    assert run.retry_failed() == 1
    await asyncio.sleep(1)
    assert run.failed == 0
    await asyncio.sleep(1)
    assert (run.failed, run.statistics().retried) == (1, 1)
    assert run.retry_failed() == 1
    with pytest.raises(ExceptionGroup, match=r"^1 of 5 items of ") as caught:
        await run
    assert repr(caught.value.exceptions) == "(ValueError(0),)"
    # The object is new, so that it bears one note.
    assert caught.value.exceptions[0].__notes__ == [f"in item 0 of {run.name}"]
    assert broken.started == [0, 1, 0, 2, 0, 3, 4]


@paths
async def test_after_the_end(options: dict[str, Any]) -> None:
    """After the end nothing runs again and the results stay."""
    broken = Broken({0})
    run = start_jobs(broken, range(2), on_error="return", **options)
    results = await run
    assert run.retry_failed() == 0
    await asyncio.sleep(5)
    assert await run is results
    assert (broken.started, run.failed) == ([0, 1], 1)


@paths
async def test_after_cancel(options: dict[str, Any]) -> None:
    """While a run is being cancelled nothing runs again."""
    broken = Broken({0})
    run = start_jobs(broken, range(9), workers=1, on_error="return", **options)
    await asyncio.sleep(1.5)
    run.cancel()
    assert run.retry_failed() == 0
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await run
    assert (broken.started, run.failed) == ([0, 1], 1)


@paths
async def test_cancel_after_it(options: dict[str, Any]) -> None:
    """A run cancelled with items still to run again ends without them."""
    broken = Broken({0, 1})
    run = start_jobs(broken, range(9), workers=2, on_error="return", **options)
    await asyncio.sleep(1.5)
    assert run.retry_failed() == 2
    run.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await run
    assert (broken.started, run.phase, others()) == ([0, 1, 2, 3], "cancelled", set())


@paths
async def test_while_paused(options: dict[str, Any]) -> None:
    """Items that are to run again wait for the end of a pause."""
    broken = Broken({0, 1})
    run = start_jobs(broken, range(3), workers=2, on_error="return", **options)
    await asyncio.sleep(1.5)
    run.pause()
    broken.bad.clear()
    assert run.retry_failed() == 2
    await asyncio.sleep(10)
    assert (broken.started, run.running, run.done) == ([0, 1, 2], 0, 1)
    run.resume()
    assert await run == [0, 1, 2]
    assert (broken.peak, now()) == (2, 12.5)


@paths
async def test_resized_while_it_runs(options: dict[str, Any]) -> None:
    """Workers that are added after the source's end help with what runs again."""
    broken = Broken(set(range(6)))
    run = start_jobs(broken, range(7), workers=1, on_error="return", **options)
    await asyncio.sleep(6.5)
    broken.bad.clear()
    assert run.retry_failed() == 6
    run.workers = 3
    await asyncio.sleep(0.25)
    assert run.running == broken.running == 3
    assert await run == list(range(7))
    assert (broken.peak, now()) == (3, 9.0)


@paths
async def test_shrunk_while_it_runs(options: dict[str, Any]) -> None:
    """Workers that are taken away leave what is to run again to the others."""
    broken = Broken(set(range(8)))
    run = start_jobs(broken, range(12), workers=4, on_error="return", **options)
    await asyncio.sleep(2.5)
    broken.bad.clear()
    assert run.retry_failed() == 8
    run.workers = 1
    assert await run == list(range(12))
    assert now() == 11.0


@paths
async def test_cancelled_items_run_again(options: dict[str, Any]) -> None:
    """An item that was cancelled is a failed one, and may run again."""
    broken = Broken(set())
    run = start_jobs(broken, range(3), workers=1, on_error="return", **options)
    await asyncio.sleep(0.5)
    assert run.cancel_item(0)
    await asyncio.sleep(0.5)
    assert isinstance(run.errors[0], ItemCancelledError)
    assert run.retry_failed() == 1
    assert await run == [0, 1, 2]


async def test_coroutines_are_left_alone() -> None:
    """A coroutine object cannot run twice; a function beside it can."""
    calls = 0

    async def item() -> str:
        nonlocal calls
        calls += 1
        await asyncio.sleep(1)
        if calls < 3:
            raise ValueError(calls)
        return "at last"

    run = start_jobs([item(), item, wait(50)], workers=3, on_error="return")
    await asyncio.sleep(5)
    assert (run.failed, run.retry_failed(), run.failed) == (2, 1, 1)
    assert repr(await run) == "[ValueError(2), 'at last', 50]"


async def test_items_of_a_stream_are_left_alone() -> None:
    """The consumer has seen them already."""
    broken = Broken({0})
    stream = iter_jobs(broken, range(9), workers=1, on_error="return")
    assert repr(await anext(stream)) == "(0, ValueError(0))"
    assert stream.run is not None
    assert stream.run.retry_failed() == 0
    assert stream.run.failed == 1
    await stream.aclose()


async def test_with_retries_of_its_own() -> None:
    """An item run again has all its attempts anew, each with its timeout."""
    calls: list[float] = []

    async def item(number: int) -> int:
        if number == 1:
            return int(await wait(19)) if len(calls) < 4 else number
        calls.append(now())
        await asyncio.sleep(9 if len(calls) < 4 else 1)
        return number

    run = start_jobs(
        item,
        [0, 1, 1],
        workers=1,
        timeout=20,
        retry=Retry(2, base=0),
        on_error="return",
    )
    await asyncio.sleep(1)
    assert run.cancel_item(0)
    await asyncio.sleep(1)
    assert run.retry_failed() == 1
    assert await run == [0, 19, 19]
    assert calls == [0.0, 20.0]
    assert run.statistics().retried == 1


@pytest.mark.parametrize("kind", ["plain", "slow"])
async def test_from_any_source(kind: str) -> None:
    """Items that a generator gave are kept for it."""
    broken = Broken({0, 2})
    feed = Feed(range(5))
    run = start_jobs(broken, getattr(feed, kind)(), workers=2, on_error="return")
    await asyncio.sleep(2.5)
    assert run.failed == 2
    broken.bad.clear()
    assert run.retry_failed() == 2
    assert await run == list(range(5))
    assert (feed.pulled, broken.peak) == (5, 2)


@pytest.mark.parametrize(("workers", "end"), [(1, 12.0), (3, 11.0)])
async def test_workers_that_wait_for_the_source(workers: int, end: float) -> None:
    """Items to run again wait while all workers wait for the source, and are not lost.

    A worker cannot leave an async generator that is about to give.
    """

    async def source() -> AsyncIterator[int]:
        yield 0
        await asyncio.sleep(10)

    broken = Broken({0})
    run = start_jobs(broken, source(), workers=workers, on_error="return")
    await asyncio.sleep(5)
    broken.bad.clear()
    assert run.retry_failed() == 1
    assert await run == [0]
    assert (broken.started, now()) == ([0, 0], end)
    assert others() == set()


@pytest.mark.parametrize(("workers", "end"), [(3, 11.0), (2, 12.0), (1, 13.0)])
async def test_at_the_end_of_an_async_source(workers: int, end: float) -> None:
    """Once a source has ended, all workers that there may be take what is left."""

    async def source() -> AsyncIterator[int]:
        for number in range(3):
            yield number
        await asyncio.sleep(10)

    broken = Broken({0, 1, 2}, seconds=0)
    run = start_jobs(broken, source(), workers=3, on_error="return")
    await asyncio.sleep(5)
    broken.bad.clear()
    broken.seconds, broken.peak = 1, 0
    assert run.retry_failed() == 3
    run.workers = workers
    assert await run == [0, 1, 2]
    assert (broken.peak, now()) == (workers, end)
