"""Results of a run as an async iterator."""

from __future__ import annotations

import asyncio
import gc
from typing import TypeVar

import pytest

from notebook_async import JobStream, iter_jobs
from tests.core.probes import Feed, Gauge, double, now, others, wait

T = TypeVar("T")


async def collect(stream: JobStream[T]) -> list[tuple[int, T]]:
    """Return all that a stream yields."""
    return [pair async for pair in stream]


async def fail_odd(number: int) -> int:
    """Raise for odd numbers after as many seconds."""
    await asyncio.sleep(number)
    if number % 2:
        raise ValueError(number)
    return number


async def test_as_they_finish() -> None:
    """Without `ordered`, items come as they finish, with their index."""
    pairs = await collect(iter_jobs(wait, [3, 1, 2]))
    assert pairs == [(1, 1), (2, 2), (0, 3)]


async def test_ordered() -> None:
    """With `ordered`, items come in the order of the source."""
    pairs = await collect(iter_jobs(wait, [3, 1, 2], ordered=True))
    assert pairs == [(0, 3), (1, 1), (2, 2)]
    assert now() == 3.0


async def test_first_result_comes_early() -> None:
    """A result is there as soon as its item is done."""
    stream = iter_jobs(wait, [5, 1, 9])
    assert await anext(stream) == (1, 1)
    assert now() == 1.0
    await stream.aclose()


@pytest.mark.parametrize("source", [[], iter(()), Feed([]).slow()])
async def test_nothing_to_do(source: object) -> None:
    """A stream over nothing ends at once."""
    assert await collect(iter_jobs(source)) == []


async def test_starts_with_the_first_step() -> None:
    """The run does not start before the first step of the iteration."""
    gauge, feed = Gauge(), Feed(range(3))
    stream = iter_jobs(gauge, feed.plain())
    await asyncio.sleep(5)
    assert (stream.run, feed.pulled) == (None, 0)
    assert await collect(stream) == [(0, 0), (1, 1), (2, 2)]
    assert stream.run is not None
    assert stream.run.phase == "done"


async def test_ended_stream_stays_ended() -> None:
    """A stream that has ended raises StopAsyncIteration for ever."""
    stream = iter_jobs(double, [1])
    assert await collect(stream) == [(0, 2)]
    assert await collect(stream) == []
    with pytest.raises(StopAsyncIteration, match=r"^$"):
        await anext(stream)


# -- backpressure


@pytest.mark.parametrize(
    ("workers", "window", "ahead"), [(2, None, 4), (4, 4, 4), (4, 1, 1), (2, 7, 7)]
)
@pytest.mark.parametrize("kind", ["plain", "slow"])
@pytest.mark.parametrize("ordered", [False, True])
async def test_window(
    kind: str,
    workers: int,
    window: int | None,
    ahead: int,
    ordered: bool,  # noqa: FBT001 - pytest gives parameters by name
) -> None:
    """Exactly `window` items are started and not yet consumed, whatever the source."""
    gauge, feed = Gauge(), Feed(range(100), delay=0.25)
    stream = iter_jobs(
        gauge, getattr(feed, kind)(), workers=workers, window=window, ordered=ordered
    )
    for consumed in range(1, 4):
        await anext(stream)
        await asyncio.sleep(20)
        assert feed.pulled == len(gauge.started) == consumed + ahead
    assert gauge.peak == min(workers, ahead)
    await stream.aclose()
    assert feed.pulled == 3 + ahead


@pytest.mark.parametrize("kind", ["plain", "slow"])
async def test_window_smaller_than_workers_ends(kind: str) -> None:
    """Workers that wait for room all leave when the source ends."""
    for count in range(5):
        feed = Feed(range(count))
        stream = iter_jobs(double, getattr(feed, kind)(), workers=4, window=1)
        assert await collect(stream) == [(n, 2 * n) for n in range(count)]
    assert others() == set()


async def test_slow_head_does_not_block_ordered() -> None:
    """An ordered stream behind a slow first item goes on when that is done."""
    pairs = await collect(iter_jobs(wait, [9, *[1] * 9], workers=3, ordered=True))
    assert pairs == [(0, 9), *[(n, 1) for n in range(1, 10)]]


async def test_shrink_does_not_lose_room() -> None:
    """A worker that leaves hands the room it was woken for to another one."""
    stream = iter_jobs(Gauge(), range(20), workers=4, window=4)
    await anext(stream)
    assert stream.run is not None
    await asyncio.sleep(5)
    stream.run.workers = 1
    assert len(await collect(stream)) == 19


# -- leaving


async def test_break_closes_the_source_and_cancels() -> None:
    """Leaving the loop cancels what is in flight and closes the generator."""
    tidied: list[int] = []

    async def item(number: int) -> int:
        if number < 2:
            return number
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(1)
            tidied.append(number)
        return number

    feed = Feed(iter(range(10**9)))
    async for index, _ in iter_jobs(item, feed.plain(), workers=2):
        if index == 1:
            break
    pulled = feed.pulled
    await asyncio.sleep(5)
    assert len(tidied) == 2
    assert feed.pulled == pulled
    assert feed.closed_at == 1.0
    assert others() == set()


async def test_break_closes_an_endless_async_source() -> None:
    """Leaving the loop closes an endless async generator, which cleans up."""
    feed = Feed(iter(int, 1))
    async for index, _ in iter_jobs(Gauge(), feed.slow(), workers=2):
        if index == 3:
            break
    await asyncio.sleep(5)
    assert feed.closed_at == 3.0
    assert others() == set()


async def test_async_with_awaits_cleanup() -> None:
    """`async with` returns only when the items and the source have cleaned up."""
    feed = Feed(iter(int, 1))
    async with iter_jobs(Gauge(), feed.slow(), workers=2) as stream:
        async for _ in stream:
            break
    assert (feed.closed_at, now()) == (2.0, 2.0)
    assert stream.run is not None
    assert stream.run.phase == "cancelled"
    assert others() == set()


async def test_async_with_and_an_error_in_the_body() -> None:
    """An error in the body comes out unchanged, and the stream is closed."""
    feed = Feed(iter(int, 1))

    async def consume() -> None:
        async with iter_jobs(double, feed.slow()) as stream:
            async for _ in stream:
                raise KeyError("mine")

    with pytest.raises(KeyError, match=r"^'mine'$"):
        await consume()
    assert feed.closed_at == now() == 1.0


async def test_aclose_before_the_start_closes_the_source() -> None:
    """A stream that never started closes its coroutines and generators."""
    jobs = [wait(1), wait(2)]
    await iter_jobs(jobs).aclose()
    gc.collect()
    feed = Feed(range(3))
    generator = feed.slow()
    stream = iter_jobs(generator)
    await stream.aclose()
    assert await collect(stream) == []
    assert [job.cr_frame for job in jobs] == [None, None]
    assert await anext(generator, "closed") == "closed"


async def test_aclose_twice() -> None:
    """Closing again does nothing."""
    stream = iter_jobs(double, [1, 2])
    await anext(stream)
    await stream.aclose()
    await stream.aclose()
    assert await collect(stream) == []


async def test_cancelled_consumer_closes_the_stream() -> None:
    """A consumer that is cancelled in its wait cancels the run and awaits it."""
    gauge = Gauge(seconds=100)
    stream = iter_jobs(gauge, range(3))
    task = asyncio.create_task(collect(stream))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await task
    assert sorted(gauge.ended) == [0, 1, 2]
    assert others() == set()


async def test_cancel_of_the_run_reaches_the_consumer() -> None:
    """A consumer of a run that is cancelled by its handle is told so."""
    stream = iter_jobs(Gauge(seconds=9), range(3))
    task = asyncio.create_task(collect(stream))
    await asyncio.sleep(1)
    assert stream.run is not None
    stream.run.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await task


# -- errors


async def test_error_comes_after_what_was_done() -> None:
    """The first error is raised once what finished before it has been given."""
    error = ValueError("bad")

    async def item(number: int) -> int:
        await asyncio.sleep(number)
        if number == 3:
            raise error
        return number

    stream = iter_jobs(item, [1, 2, 3, 100], workers=4)
    assert [await anext(stream), await anext(stream)] == [(0, 1), (1, 2)]
    with pytest.raises(ValueError, match=r"^bad\n") as caught:
        await anext(stream)
    assert caught.value is error
    assert now() == 3.0


async def test_return_yields_errors_as_values() -> None:
    """With "return", a failed item's value is its exception."""
    stream = iter_jobs(fail_odd, range(4), on_error="return", ordered=True)
    pairs = await collect(stream)
    assert [(index, repr(value)) for index, value in pairs] == [
        (0, "0"),
        (1, "ValueError(1)"),
        (2, "2"),
        (3, "ValueError(3)"),
    ]


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("window", [1, 2, None])
async def test_group_leaves_failed_items_out(
    window: int | None,
    ordered: bool,  # noqa: FBT001 - pytest gives parameters by name
) -> None:
    """With "group", failed items are left out, and raised together at the end."""
    stream = iter_jobs(
        fail_odd, [1, 0, 3, 2, 5], on_error="group", ordered=ordered, window=window
    )
    assert [await anext(stream), await anext(stream)] == [(1, 0), (3, 2)]
    with pytest.raises(ExceptionGroup, match=r"^3 of 5 items of run-") as caught:
        await anext(stream)
    assert [repr(error) for error in caught.value.exceptions] == [
        "ValueError(1)",
        "ValueError(3)",
        "ValueError(5)",
    ]


@pytest.mark.parametrize("kind", [StopAsyncIteration, StopIteration])
async def test_stop_does_not_end_the_stream_quietly(kind: type[Exception]) -> None:
    """An item cannot end the stream by raising what ends iterations."""

    def stop() -> None:
        raise kind

    with pytest.raises(RuntimeError, match=rf"^an item raised {kind.__name__}$"):
        await collect(iter_jobs([lambda: double(1), stop], workers=1))


async def test_error_behind_a_break_is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    """A failure while the stream is being dropped is reported to nobody."""

    async def item(number: int) -> int:
        try:
            await asyncio.sleep(number)
        finally:
            if number:
                raise ValueError(number)
        return number

    async for _ in iter_jobs(item, [0, 5]):
        break
    await asyncio.sleep(10)
    gc.collect()
    assert caplog.records == []


async def test_stream_keeps_no_results() -> None:
    """The run behind a stream keeps no list of results."""
    stream = iter_jobs(double, range(100))
    await collect(stream)
    assert stream.run is not None
    assert await stream.run == []
    assert (stream.run.done, stream.run.total) == (100, 100)
