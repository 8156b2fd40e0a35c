"""What a run takes, in which order and how many at a time, when nothing fails."""

from __future__ import annotations

import asyncio
import functools
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import iter_jobs, run_jobs, start_jobs
from notebook_async.errors import AllTasksBlockedError
from tests.core.probes import Feed, Gauge, double, now, others, virtual, wait

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator


# -- what may be a job


async def test_coroutines() -> None:
    """A list of coroutines gives their results in its order."""
    assert await run_jobs([wait(3), wait(1), wait(2)]) == [3, 1, 2]
    assert now() == 3.0


async def test_futures_and_tasks() -> None:
    """Futures and tasks are awaited like any awaitable."""
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(2, future.set_result, "future")
    task = asyncio.create_task(wait(1))
    assert await run_jobs([future, task]) == ["future", 1]
    assert now() == 2.0


async def test_object_with_dunder_await() -> None:
    """An object with `__await__` is an awaitable."""

    class Answer:
        def __await__(self) -> Iterator[Any]:
            return wait(42).__await__()

    assert await run_jobs([Answer()]) == [42]


async def test_callables() -> None:
    """A function without arguments is called when its turn comes, not before."""
    called: list[float] = []

    def job() -> Awaitable[float]:
        called.append(now())
        return wait(1)

    assert await run_jobs([job, job, job], workers=1) == [1, 1, 1]
    assert called == [0.0, 1.0, 2.0]


async def test_kinds_mix() -> None:
    """One list may mix coroutines, partials, lambdas and tasks."""
    jobs = [
        wait(0.1),
        functools.partial(wait, 0.2),
        lambda: wait(0.3),
        asyncio.create_task(wait(0.4)),
    ]
    assert await run_jobs(jobs) == [0.1, 0.2, 0.3, 0.4]


async def test_function_and_items() -> None:
    """With items, the function is called with each."""
    assert await run_jobs(double, [1, 2, 3]) == [2, 4, 6]


@pytest.mark.parametrize(
    "items",
    [
        [1, 2],
        (1, 2),
        range(1, 3),
        deque([1, 2]),
        {1: "a", 2: "b"},
        iter([1, 2]),
        map(int, "12"),
    ],
    ids=lambda items: type(items).__name__,
)
async def test_any_iterable(items: Iterable[int]) -> None:
    """Any iterable is a source, a single-use iterator too."""
    assert await run_jobs(double, items, workers=2) == [2, 4]


async def test_old_iteration_protocol() -> None:
    """An object that has only `__getitem__` is iterable as for `for`."""

    class Old:
        def __getitem__(self, index: int) -> int:
            return [1, 2][index]

    assert await run_jobs(double, Old()) == [2, 4]


async def test_async_items() -> None:
    """An async iterable is a source of items and of jobs."""
    assert await run_jobs(double, Feed([1, 2], delay=1).slow()) == [2, 4]
    assert await run_jobs(Feed([wait(1), wait(2)]).slow()) == [1, 2]


async def test_single_use_iterator_is_consumed_once() -> None:
    """Each element of a single-use iterator runs once, whoever pulls it."""
    gauge = Gauge()
    items = iter(range(7))
    assert await run_jobs(gauge, items, workers=3) == list(range(7))
    assert sorted(gauge.started) == list(range(7))
    assert list(items) == []


@pytest.mark.parametrize("source", [[], iter(()), (x for x in ())])
async def test_nothing_to_do(source: Iterable[Any]) -> None:
    """An empty source gives an empty list at once."""
    assert await run_jobs(source) == []
    assert now() == 0.0


async def test_nothing_to_do_async() -> None:
    """An empty async source gives an empty list."""
    assert await run_jobs(double, Feed([]).slow(), workers=3) == []


async def test_none_and_exceptions_are_results() -> None:
    """None and exception instances that an item returns are results like others."""
    error = ValueError("a value")

    async def give(value: object) -> object:
        return value

    for policy in ("raise", "return", "group"):
        results = await run_jobs(give, [None, error, None], on_error=policy)
        assert results == [None, error, None]


async def test_large_item_count_keeps_order() -> None:
    """Order holds over many strides of items that never wait."""
    expected = [2 * number for number in range(5000)]
    assert await run_jobs(double, range(5000), workers=7) == expected


# -- the bound


@pytest.mark.parametrize(
    ("workers", "count", "peak", "seconds"),
    [(1, 5, 1, 5.0), (3, 10, 3, 4.0), (10, 10, 10, 1.0), (50, 3, 3, 1.0)],
)
async def test_workers_bound(
    workers: int, count: int, peak: int, seconds: float
) -> None:
    """Exactly `min(workers, items)` run at once, no more and no fewer."""
    gauge = Gauge()
    await run_jobs(gauge, range(count), workers=workers)
    assert gauge.peak == peak
    assert now() == seconds


async def test_workers_bound_async_source() -> None:
    """The bound is reached, and kept, with an async source."""
    gauge = Gauge()
    await run_jobs(gauge, Feed(range(10)).slow(), workers=3)
    assert gauge.peak == 3
    assert now() == 4.0


async def test_default_is_four_workers() -> None:
    """Four items run at once unless the caller says otherwise."""
    gauge = Gauge()
    await run_jobs(gauge, range(8))
    assert gauge.peak == 4
    assert now() == 2.0


async def test_wrong_total_does_not_bind() -> None:
    """A `total` is for people: a wrong one takes no worker away."""
    gauge = Gauge()
    await run_jobs(gauge, (n for n in range(6)), workers=3, total=1)
    assert gauge.peak == 3
    assert now() == 2.0


async def test_starts_in_order() -> None:
    """Items start in the order of their source."""
    gauge = Gauge()
    await run_jobs(gauge, range(9), workers=4)
    assert gauge.started == list(range(9))


async def test_start_jobs_returns_at_once() -> None:
    """Nothing has started when `start_jobs` returns; it starts in the next pass."""
    gauge = Gauge()
    run = start_jobs(gauge, range(4), workers=2)
    assert gauge.started == []
    await asyncio.sleep(0)
    assert gauge.started == [0, 1]
    assert await run == [0, 1, 2, 3]


async def test_run_is_awaited_again() -> None:
    """A finished run gives the same list as often as it is awaited."""
    run = start_jobs(double, [1, 2])
    assert await run == [2, 4]
    assert await run is await run


async def test_run_has_several_waiters() -> None:
    """Several tasks may await one run."""

    async def waiter() -> list[int]:
        return await run

    run = start_jobs(Gauge(), range(3))
    assert await asyncio.gather(waiter(), waiter()) == [[0, 1, 2], [0, 1, 2]]


# -- laziness


async def test_generator_is_pulled_as_workers_are_free() -> None:
    """A generator is never further ahead than the workers."""
    feed = Feed(range(100))
    run = start_jobs(Gauge(), feed.plain(), workers=3)
    for rounds in range(1, 5):
        await asyncio.sleep(0.5 if rounds == 1 else 1)
        assert feed.pulled == 3 * rounds
    run.cancel()
    await asyncio.sleep(1)
    assert feed.pulled == 12
    assert feed.closed_at == 3.5


async def test_async_source_is_pulled_as_workers_are_free() -> None:
    """An async generator is never further ahead than the workers."""
    feed = Feed(range(100))
    run = start_jobs(Gauge(), feed.slow(), workers=3)
    await asyncio.sleep(1.5)
    assert feed.pulled == 6
    run.cancel()
    await asyncio.sleep(2)
    assert feed.pulled == 6


async def test_async_source_is_advanced_by_one_worker_at_a_time() -> None:
    """An async generator is never advanced concurrently (the feed asserts it)."""
    feed = Feed(range(6), delay=1)
    gauge = Gauge(seconds=10)
    assert await run_jobs(gauge, feed.slow(), workers=4) == list(range(6))
    assert gauge.peak == 4


async def test_ended_async_source_is_not_asked_again() -> None:
    """An async iterator that has ended is not advanced again: it might never answer."""
    queue: asyncio.Queue[int | None] = asyncio.Queue()
    for item in (1, 2, None):
        queue.put_nowait(item)

    class Inbox:
        def __aiter__(self) -> Inbox:
            return self

        async def __anext__(self) -> int:
            item = await queue.get()
            if item is None:
                raise StopAsyncIteration
            return item

    assert await run_jobs(double, Inbox(), workers=4) == [2, 4]


async def test_endless_source() -> None:
    """An endless generator serves as long as somebody takes results."""
    feed = Feed(iter(int, 1))
    async with iter_jobs(double, feed.plain(), workers=2) as stream:
        assert [await anext(stream) for _ in range(3)] == [(0, 0), (1, 0), (2, 0)]
    assert feed.closed_at == 0.0


# -- runs in runs


async def test_runs_nest() -> None:
    """An item may make a run of its own; each keeps its own bound."""
    gauge = Gauge()

    async def outer(number: int) -> list[int]:
        return await run_jobs(gauge, [number, number], workers=2)

    assert await run_jobs(outer, range(6), workers=3) == [[n, n] for n in range(6)]
    assert gauge.peak == 6
    assert now() == 2.0


async def test_no_task_is_left() -> None:
    """Once a run has been awaited, no task of it is left."""
    await run_jobs(double, range(5), workers=3)
    assert others() == set()
    await run_jobs(double, Feed(range(5)).slow(), workers=3)
    assert others() == set()


async def test_source_of_results_may_be_async_comprehension() -> None:
    """A generator expression over an async source is an async source."""

    async def numbers() -> AsyncIterator[int]:
        for number in range(3):
            await asyncio.sleep(1)
            yield number

    assert await run_jobs(double(n) async for n in numbers()) == [0, 2, 4]


def test_item_that_waits_for_ever_is_a_deadlock() -> None:
    """A run sets no timer that would hide a deadlock from the virtual clock."""

    async def main() -> None:
        await run_jobs([asyncio.get_running_loop().create_future()])

    with pytest.raises(AllTasksBlockedError, match="every task is blocked"):
        virtual(main())
