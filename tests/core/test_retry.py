"""`retry=`: failed items are tried again, in their place, after a delay."""

from __future__ import annotations

import asyncio
import gc
import heapq
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import Rate, Retry, iter_jobs, run_jobs, start_jobs
from notebook_async.core import ItemRecord, add_hook
from notebook_async.errors import ArgumentTypeError, ItemCancelledError
from tests.core.probes import Feed, now, others, wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.core import OnError


class Flaky:
    """An item's function that fails so often for each item, and tells when it ran."""

    def __init__(self, failures: dict[int, int], seconds: float = 1.0) -> None:
        self.failures = failures
        self.seconds = seconds
        self.begun: dict[int, list[float]] = {}
        self.running = 0
        self.peak = 0

    async def __call__(self, item: int) -> int:
        """Wait, then fail if this item is not through with its failures."""
        self.begun.setdefault(item, []).append(now())
        self.running += 1
        self.peak = max(self.peak, self.running)
        try:
            await asyncio.sleep(self.seconds)
            if len(self.begun[item]) <= self.failures.get(item, 0):
                raise ConnectionError(f"{item} at {now():g}")
        finally:
            self.running -= 1
        return item


def after(*delays: float) -> Callable[[Exception], float]:
    """Return a hint that gives these delays one after the other."""
    left = iter(delays)
    return lambda _: next(left)


# -- the plain case


async def test_attempts_and_delays() -> None:
    """An item is tried again after its hinted delay, until it succeeds."""
    flaky = Flaky({0: 2})
    run = start_jobs(flaky, [0], retry=Retry(5, hint=after(3, 10)))
    assert await run == [0]
    assert flaky.begun == {0: [0.0, 4.0, 15.0]}
    assert (now(), run.statistics().retried, run.failed) == (16.0, 2, 0)


async def test_jitter_is_within_bounds() -> None:
    """Without a hint each delay is between 0 and the longest of its attempt."""
    flaky = Flaky(dict.fromkeys(range(50), 3), seconds=0)
    await run_jobs(flaky, range(50), workers=50, retry=Retry(4, base=1, max_delay=3))
    gaps = [[b - a for a, b in itertools.pairwise(t)] for t in flaky.begun.values()]
    longest = [max(column) for column in zip(*gaps, strict=True)]
    assert [
        low < value <= high
        for low, value, high in zip([0.5, 1, 1.5], longest, [1, 2, 3], strict=True)
    ] == [True] * 3
    assert min(min(column) for column in gaps) >= 0


@pytest.mark.parametrize(("failures", "ends_well"), [(2, True), (3, False)])
async def test_both_sides_of_the_attempts(failures: int, ends_well: bool) -> None:  # noqa: FBT001 - pytest gives parameters by name
    """Three attempts bear two failures and not three; the last error is raised."""
    flaky = Flaky({0: failures})
    run = start_jobs(flaky, [0], retry=Retry(3, base=0))
    if ends_well:
        assert await run == [0]
    else:
        with pytest.raises(ConnectionError, match=r"^0 at 3\nin item 0 of run-"):
            await run
    assert flaky.begun == {0: [0.0, 1.0, 2.0]}
    assert run.statistics().retried == 2


async def test_a_number_is_attempts_beyond_the_first() -> None:
    """`retry=2` means three attempts."""
    flaky = Flaky({0: 9}, seconds=0)
    with pytest.raises(ConnectionError, match=r"^0 at "):
        await run_jobs(flaky, [0], retry=2)
    assert len(flaky.begun[0]) == 3


async def test_no_retry_for_other_errors() -> None:
    """What `on` does not name fails at its first attempt, as the same object."""
    error = KeyError("k")
    calls = 0

    async def item(_: int) -> None:
        nonlocal calls
        calls += 1
        raise error

    with pytest.raises(KeyError, match="k") as caught:
        await run_jobs(item, [0], retry=Retry(5, on=(OSError, ValueError)))
    assert caught.value is error
    assert calls == 1


async def test_only_the_last_error_stands() -> None:
    """The result is the last error, without the earlier ones in its context."""
    flaky = Flaky({0: 9})
    (error,) = await run_jobs(flaky, [0], retry=Retry(2, base=0), on_error="return")
    assert isinstance(error, ConnectionError)
    assert (str(error), error.__context__, error.__cause__) == ("0 at 2", None, None)


async def test_function_that_judges_fails() -> None:
    """What a policy's own function raises is the item's error."""

    def hint(_: Exception) -> float:
        raise ZeroDivisionError("hint")

    flaky = Flaky({0: 1})
    results = await run_jobs(
        flaky, [0, 1], workers=1, retry=Retry(hint=hint), on_error="return"
    )
    assert repr(results) == "[ZeroDivisionError('hint'), 1]"


@pytest.mark.parametrize("policy", ["raise", "return", "group"])
async def test_error_policies(policy: OnError) -> None:
    """An item counts as failed, and `on_error` acts, only after its last attempt."""
    flaky = Flaky({0: 1, 1: 9, 2: 0})
    run = start_jobs(
        flaky, range(3), workers=3, retry=Retry(3, hint=lambda _: 1), on_error=policy
    )
    await asyncio.sleep(4.5)
    assert (run.failed, run.done, run.phase) == (0, 2, "running")
    if policy == "raise":
        with pytest.raises(ConnectionError, match=r"^1 at 5\n"):
            await run
    elif policy == "group":
        with pytest.raises(ExceptionGroup, match=r"^1 of 3 items"):
            await run
    else:
        results = await run
        assert [str(result) for result in results] == ["0", "1 at 5", "2"]
    assert (list(run.errors), run.statistics().retried, now()) == ([1], 3, 5.0)


# -- waiting


async def test_waiting_item_keeps_its_place() -> None:
    """An item that waits for its retry holds its worker, and shows as waiting."""
    flaky = Flaky({0: 1, 1: 1})
    run = start_jobs(flaky, range(6), workers=2, retry=Retry(hint=after(10, 10)))
    await asyncio.sleep(0.5)
    assert (run.running, run.statistics().waiting) == (2, 0)
    await asyncio.sleep(5)
    statistics = run.statistics()
    assert (run.running, statistics.running, statistics.waiting) == (0, 0, 2)
    assert (statistics.retried, statistics.done, statistics.failed) == (2, 0, 0)
    assert sorted(flaky.begun) == [0, 1]
    await asyncio.sleep(6)
    assert (run.running, run.statistics().waiting) == (2, 0)
    assert await run == list(range(6))
    assert (flaky.peak, now()) == (2, 14.0)


async def test_retries_do_not_break_the_bound() -> None:
    """Exactly as many items as workers run at once, retries included."""
    flaky = Flaky({n: n % 3 for n in range(30)})
    run = start_jobs(flaky, range(30), workers=5, retry=Retry(3, base=0))
    assert await run == list(range(30))
    ends = [0] * 5
    for number in range(30):
        heapq.heapreplace(ends, ends[0] + 1 + number % 3)
    assert (flaky.peak, now()) == (5, max(ends))


async def test_retries_at_once_share_the_loop() -> None:
    """Something that fails at once, again and again, does not keep the loop."""
    passes = 0

    async def count_passes() -> None:
        nonlocal passes
        while True:
            passes += 1
            await asyncio.sleep(0)

    async def item(_: int) -> None:
        raise OSError

    counter = asyncio.create_task(count_passes())
    await run_jobs(item, [0], retry=Retry(500, base=0), on_error="return")
    counter.cancel()
    assert 499 <= passes <= 520


async def test_pause_during_a_retry_wait() -> None:
    """A retry whose time comes during a pause waits for its end, shown as waiting."""
    flaky = Flaky({0: 1, 1: 1})
    run = start_jobs(flaky, range(2), workers=2, retry=Retry(hint=after(2, 30)))
    await asyncio.sleep(1.5)
    run.pause()
    await asyncio.sleep(10)
    assert flaky.begun == {0: [0.0], 1: [0.0]}
    assert (run.running, run.statistics().waiting, run.phase) == (0, 2, "waiting")
    run.resume()
    assert await run == [0, 1]
    assert flaky.begun == {0: [0.0, 11.5], 1: [0.0, 31.0]}


async def test_retry_at_once_is_held_by_a_pause() -> None:
    """A retry without any delay does not slip through a pause either."""
    flaky = Flaky({0: 1})
    run = start_jobs(flaky, [0], retry=Retry(base=0))
    await asyncio.sleep(0.5)
    run.pause()
    await asyncio.sleep(10)
    assert (flaky.begun, run.statistics().waiting) == ({0: [0.0]}, 1)
    run.resume()
    assert await run == [0]
    assert now() == 11.5


async def test_resize_during_a_retry_wait() -> None:
    """A surplus worker ends its item, retries included, before it leaves."""
    flaky = Flaky({0: 1, 1: 1})
    run = start_jobs(flaky, range(6), workers=2, retry=Retry(hint=after(5, 5)))
    await asyncio.sleep(2)
    run.workers = 1
    assert await run == list(range(6))
    # Both retries end at 7, then four items one by one.
    assert now() == 11.0
    flaky = Flaky({0: 1})
    run = start_jobs(flaky, range(3), workers=1, retry=Retry(hint=after(50)))
    await asyncio.sleep(2)
    run.workers = 2
    await asyncio.sleep(2.5)
    assert (sorted(flaky.begun), run.done) == ([0, 1, 2], 2)
    assert await run == [0, 1, 2]


# -- cancellation


async def test_cancel_during_a_retry_wait() -> None:
    """A run cancelled while its items wait for retries ends at once."""
    flaky = Flaky({0: 9, 1: 9})
    run = start_jobs(flaky, range(9), workers=2, retry=Retry(hint=lambda _: 100))
    await asyncio.sleep(3)
    run.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await run
    assert (run.phase, run.failed, run.done, now()) == ("cancelled", 0, 0, 3.0)
    assert others() == set()


async def test_outer_timeout_during_a_retry_wait() -> None:
    """`asyncio.timeout` around a run ends its retries and leaves nothing behind."""
    task = asyncio.current_task()
    assert task is not None
    with pytest.raises(TimeoutError, match=r"^$"):
        async with asyncio.timeout(5):
            await run_jobs(Flaky({0: 99}), [0], retry=Retry(99, hint=lambda _: 2))
    assert (task.cancelling(), now(), others()) == (0, 5.0, set())


async def test_error_of_another_item_during_a_retry_wait() -> None:
    """With `on_error="raise"` another item's last failure ends the waits too."""

    async def item(number: int) -> None:
        await asyncio.sleep(number)
        raise ValueError(number) if number == 3 else ConnectionError

    with pytest.raises(ValueError, match=r"^3\n"):
        await run_jobs(
            item, [1, 3], retry=Retry(on=ConnectionError, hint=lambda _: 100)
        )
    assert now() == 3.0


async def test_cancel_item_during_a_retry_wait() -> None:
    """One item can be cancelled while it waits; the others are not hit."""
    flaky = Flaky({0: 1, 1: 1})
    run = start_jobs(
        flaky, range(4), workers=2, retry=Retry(hint=after(10, 10)), on_error="return"
    )
    await asyncio.sleep(5)
    assert run.cancel_item(0) is True
    assert run.cancel_item(0) is False
    results = await run
    assert isinstance(results[0], ItemCancelledError)
    assert (results[1:], flaky.begun[0], run.failed) == ([1, 2, 3], [0.0], 1)


async def test_cancelled_item_is_not_tried_again() -> None:
    """An item that answers its cancellation by an error is done for all the same."""
    calls = 0

    async def item(_: int) -> None:
        nonlocal calls
        calls += 1
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            raise ConnectionError("closed") from None

    run = start_jobs(item, [0], retry=Retry(5, base=0), on_error="return")
    await asyncio.sleep(1)
    assert run.cancel_item(0)
    assert repr(await run) == "[ConnectionError('closed')]"
    assert calls == 1


async def test_cancellation_from_inside_is_not_tried_again() -> None:
    """A `CancelledError` that an item raises is one failure, not an attempt."""
    calls = 0

    async def item(_: int) -> None:
        nonlocal calls
        calls += 1
        raise asyncio.CancelledError

    results = await run_jobs(item, [0], retry=5, on_error="return")
    assert repr(results) == "[ItemCancelledError('item 0 was cancelled')]"
    assert calls == 1


async def test_retry_after_the_run_was_cancelled() -> None:
    """An item that fails while its run is being cancelled is not tried again."""
    calls = 0

    async def item(_: int) -> None:
        nonlocal calls
        calls += 1
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            raise ConnectionError from None

    run = start_jobs(item, [0], retry=Retry(5, base=0), on_error="return")
    await asyncio.sleep(1)
    run.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await run
    assert (calls, run.statistics().retried) == (1, 0)


# -- what can run only once


async def test_coroutines_are_refused() -> None:
    """A coroutine cannot run twice: it is closed, and the message says what to give."""
    jobs = [wait(1), wait(2), wait(3)]
    with pytest.raises(
        ArgumentTypeError,
        match=(
            r"^item 0 is a coroutine, which can run only once; with retry= give"
            r" functions, as in run_jobs\(func, items, retry=\.\.\.\)\nin item 0 of "
        ),
    ):
        await run_jobs(jobs, workers=2, retry=2)
    assert [job.cr_frame for job in jobs] == [None] * 3
    gc.collect()  # pytest makes an error of a coroutine that was never awaited
    assert now() == 0.0


async def test_coroutines_are_refused_one_by_one() -> None:
    """With `on_error="return"` each coroutine is closed and refused in its place."""
    jobs: list[Any] = [wait(1), lambda: wait(2), wait(3)]
    results = await run_jobs(jobs, retry=2, on_error="return")
    assert [type(result) for result in results] == [
        ArgumentTypeError,
        float if isinstance(results[1], float) else int,
        ArgumentTypeError,
    ]
    assert (results[1], now()) == (2, 2.0)
    gc.collect()


async def test_futures_are_refused() -> None:
    """A future gives the same answer again, so it is refused like a coroutine."""
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    future.set_result(1)
    with pytest.raises(ArgumentTypeError, match=r"^item 0 is a _?Future, which can "):
        await run_jobs([future], retry=2)


async def test_one_attempt_takes_coroutines() -> None:
    """`retry=0` tries nothing again, so coroutines are welcome."""
    assert await run_jobs([wait(1), wait(2)], retry=0) == [1, 2]


async def test_functions_without_arguments() -> None:
    """Functions in the place of coroutines are called once per attempt."""
    flaky = Flaky({0: 1, 1: 2})
    jobs = [lambda: flaky(0), lambda: flaky(1)]
    assert await run_jobs(jobs, retry=Retry(base=0)) == [0, 1]
    assert flaky.begun == {0: [0.0, 1.0], 1: [0.0, 1.0, 2.0]}


# -- streams, sources, hooks


async def test_ordered_stream_waits_for_a_retry() -> None:
    """In an ordered stream an item that is tried again holds up those after it."""
    flaky = Flaky({0: 1})
    got = [
        (index, now())
        async for index, _ in iter_jobs(
            flaky, range(4), workers=2, ordered=True, retry=Retry(hint=after(5))
        )
    ]
    assert got == [(0, 7.0), (1, 7.0), (2, 7.0), (3, 7.0)]


async def test_stream_goes_on_around_a_retry() -> None:
    """In an unordered stream the others come first."""
    flaky = Flaky({0: 1})
    got = [
        (index, now())
        async for index, _ in iter_jobs(
            flaky, range(4), workers=2, retry=Retry(hint=after(5))
        )
    ]
    assert got == [(1, 1.0), (2, 2.0), (3, 3.0), (0, 7.0)]


async def test_dropped_stream_ends_retry_waits() -> None:
    """Leaving a stream cancels items that wait for a retry, and closes the source."""
    feed = Feed(range(99))
    async with iter_jobs(
        Flaky({0: 9}), feed.slow(), workers=2, retry=Retry(hint=lambda _: 100)
    ) as stream:
        assert await anext(stream) == (1, 1)
    assert (feed.closed_at, now(), others()) == (2.0, 2.0, set())


@pytest.mark.parametrize("kind", ["plain", "slow"])
async def test_retries_from_any_source(kind: str) -> None:
    """An item is pulled once, however often it is tried."""
    feed = Feed(range(6))
    flaky = Flaky(dict.fromkeys(range(6), 2))
    assert await run_jobs(
        flaky, getattr(feed, kind)(), workers=3, retry=Retry(base=0)
    ) == list(range(6))
    assert (feed.pulled, flaky.peak) == (6, 3)


async def test_items_are_told_once() -> None:
    """A hook hears of an item's start and end, not of each attempt."""
    records: list[ItemRecord] = []
    with add_hook(records.append, ItemRecord):
        await run_jobs(
            Flaky({0: 1, 1: 9}), range(2), retry=Retry(2, base=0), on_error="return"
        )
    assert sorted((r.index, r.phase) for r in records) == [
        (0, "done"),
        (0, "running"),
        (1, "failed"),
        (1, "running"),
    ]


async def test_retry_delay_holds_up_nobody_else_of_a_rate() -> None:
    """A retry books its start at the rate only when its delay is over."""
    flaky = Flaky({0: 1}, seconds=0)
    await run_jobs(
        flaky, range(5), workers=2, rate=Rate(1), retry=Retry(hint=after(2.5))
    )
    assert flaky.begun == {0: [0.0, 4.0], 1: [1.0], 2: [2.0], 3: [3.0], 4: [5.0]}
