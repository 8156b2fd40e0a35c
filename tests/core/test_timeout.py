"""`timeout=`: a bound on each attempt at an item, kept by one timer for all."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import JobRun, Retry, iter_jobs, run_jobs, start_jobs
from notebook_async.errors import ItemCancelledError
from tests.core.probes import Feed, Gauge, now, others, virtual, wait

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notebook_async.core import OnError


def live_timers() -> list[float]:
    """Return when the timers of the running loop come that are not cancelled."""
    loop: Any = asyncio.get_running_loop()
    return sorted(handle.when() for handle in loop._scheduled if not handle.cancelled())


def texts(results: list[Any]) -> list[Any]:
    """Return results with exceptions as their messages."""
    return [str(r) if isinstance(r, BaseException) else r for r in results]


async def test_overlapping_items_are_exact() -> None:
    """Each of many items that overlap is cancelled at its own deadline, to the tick."""
    ended: dict[int, float] = {}

    async def item(number: int) -> int:
        await asyncio.sleep(number / 100)
        try:
            await asyncio.sleep(100)
        finally:
            ended[number] = now()
        return number

    results = await run_jobs(
        item, range(300), workers=300, timeout=7.25, on_error="return"
    )
    assert ended == dict.fromkeys(range(300), 7.25)
    assert {type(result) for result in results} == {TimeoutError}
    assert now() == 7.25


async def test_staggered_items_are_exact() -> None:
    """Items that begin one after the other each get the full timeout and no more."""
    needs = [100 if number % 3 == 0 else 0.1 * (number % 7) for number in range(60)]
    lasted: list[float] = [0.0] * 60

    async def item(number: int) -> None:
        begun = now()
        try:
            await asyncio.sleep(needs[number])
        finally:
            lasted[number] = round(now() - begun, 6)

    results = await run_jobs(
        item, range(60), workers=7, timeout=0.35, on_error="return"
    )
    assert lasted == [round(min(need, 0.35), 6) for need in needs]
    assert [result is None for result in results] == [need < 0.35 for need in needs]


async def test_one_timer_watches_all() -> None:
    """However many items run, one timer watches their deadlines; none is left after."""
    gate = asyncio.Event()

    async def item(_: int) -> bool:
        return await gate.wait()

    run = start_jobs(item, range(500), workers=100, timeout=5)
    await asyncio.sleep(1)
    assert live_timers() == [5.0]
    gate.set()
    assert await run == [True] * 500
    assert live_timers() == []


@pytest.mark.parametrize("end", ["done", "failed", "cancelled", "timeout"])
async def test_no_timer_is_left(end: str) -> None:
    """However a run ends, its timer is gone."""

    async def item(_: int) -> None:
        await asyncio.sleep({"done": 1, "failed": 1}.get(end, 100))
        if end == "failed":
            raise ValueError(end)

    run = start_jobs(item, range(3), workers=2, timeout=5)
    if end == "cancelled":
        asyncio.get_running_loop().call_later(2, run.cancel)
    await asyncio.gather(run, return_exceptions=True)
    assert live_timers() == []
    assert now() == {"done": 2, "failed": 1, "cancelled": 2, "timeout": 5}[end]


async def test_both_sides_of_the_bound() -> None:
    """Just under the timeout is in time; the timeout itself, and beyond, is not."""
    results = await run_jobs(
        wait, [1.999, 2, 2.001], workers=3, timeout=2, on_error="return"
    )
    assert texts(results) == [
        1.999,
        "item 1 ran longer than timeout=2 s",
        "item 2 ran longer than timeout=2 s",
    ]
    assert now() == 2.0


async def test_it_is_the_item_that_is_timed() -> None:
    """Waiting for a free worker does not count; the run may take much longer."""
    assert await run_jobs(wait, [1] * 20, workers=1, timeout=1.5) == [1] * 20
    assert now() == 20.0


@pytest.mark.parametrize("kind", ["plain", "slow"])
async def test_worker_between_items_is_not_timed(kind: str) -> None:
    """A worker that waits for the end of a pause, or for its source, is left alone."""
    run = start_jobs(wait, getattr(Feed([1] * 4), kind)(), workers=2, timeout=1.5)
    await asyncio.sleep(0.5)
    run.pause()
    await asyncio.sleep(10)
    assert (run.done, run.running, live_timers()) == (2, 0, [])
    run.resume()
    assert await run == [1] * 4
    slow = Feed([1] * 3, delay=10).slow()
    assert await run_jobs(wait, slow, workers=2, timeout=1.5) == [1] * 3


async def test_timeout_ends_the_run() -> None:
    """With `on_error="raise"` a timeout is a failure like any other."""
    gauge = Gauge(seconds=9)
    with pytest.raises(
        TimeoutError, match=r"^item 0 ran longer than timeout=0\.5 s\nin item 0 of load"
    ):
        await run_jobs(gauge, range(9), workers=3, timeout=0.5, desc="load")
    assert (gauge.started, gauge.running, now()) == ([0, 1, 2], 0, 0.5)
    assert others() == set()


async def test_timeouts_in_a_group() -> None:
    """With `on_error="group"` everything runs, then the timeouts are raised."""
    with pytest.raises(ExceptionGroup, match=r"^2 of 4 items of run-\d+ failed") as got:
        await run_jobs(wait, [1, 9, 1, 9], timeout=2, on_error="group")
    assert [str(error) for error in got.value.exceptions] == [
        "item 1 ran longer than timeout=2 s",
        "item 3 ran longer than timeout=2 s",
    ]


@pytest.mark.parametrize("ordered", [True, False])
async def test_timeouts_in_a_stream(ordered: bool) -> None:  # noqa: FBT001 - pytest
    """A stream gives a timeout at its item's place, or as it comes."""
    stream = iter_jobs(
        wait, [3, 9, 1], workers=3, timeout=4, ordered=ordered, on_error="return"
    )
    got = [(index, str(value)) async for index, value in stream]
    late = (1, "item 1 ran longer than timeout=4 s")
    assert got == (
        [(0, "3"), late, (2, "1")] if ordered else [(2, "1"), (0, "3"), late]
    )


async def test_traceback_shows_where_it_waited() -> None:
    """The error leads to the line at which the item was stuck, and to nothing of us."""

    async def stuck(_: int) -> None:
        await asyncio.sleep(100)

    (error,) = await run_jobs(stuck, [0], timeout=1, on_error="return")
    assert isinstance(error, TimeoutError)
    assert error.__traceback__ is not None
    assert error.__traceback__.tb_frame.f_code is stuck.__code__
    assert (error.__cause__, error.__context__) == (None, None)


# -- only the item that it is meant for


@pytest.mark.parametrize("seconds", [2, 1.9999, 2.0001])
async def test_next_item_is_not_hit(seconds: float) -> None:
    """Items that end in the tick of their deadline never hurt the ones after them."""
    results = await run_jobs(
        wait, [seconds, 1, 1, seconds, 1], workers=1, timeout=2, on_error="return"
    )
    late = seconds >= 2
    assert [isinstance(r, TimeoutError) for r in results] == [
        late,
        False,
        False,
        late,
        False,
    ]


@pytest.mark.parametrize("order", ["item first", "reaper first"])
async def test_item_that_finishes_in_the_same_tick(order: str) -> None:
    """Whichever of the two timers comes first, the item is one result, not two."""
    gate: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()
    if order == "item first":
        loop.call_at(2, gate.set_result, "opened")

    async def item(number: int) -> object:
        if number:
            await asyncio.sleep(1)
            return number
        if order == "reaper first":
            await asyncio.sleep(0)
            loop.call_at(2, lambda: gate.done() or gate.set_result("opened"))
        return await gate

    results = await run_jobs(item, range(3), workers=1, timeout=2, on_error="return")
    assert texts(results) == ["item 0 ran longer than timeout=2 s", 1, 2]
    assert now() == 4.0


async def test_item_that_swallows_its_timeout() -> None:
    """An item that goes on after its cancellation gives its result, late."""
    task = None

    async def item(number: int) -> str:
        nonlocal task
        try:
            await asyncio.sleep(3)
        except asyncio.CancelledError:
            await asyncio.sleep(5)
            task = asyncio.current_task()
            return f"{number} survived"
        return f"{number} ran"

    run = start_jobs(item, range(2), workers=1, timeout=2)
    assert await run == ["0 survived", "1 survived"]
    assert (run.failed, now()) == (0, 14.0)
    assert task is not None
    assert task.cancelling() == 0


async def test_survivor_leaves_a_whole_worker() -> None:
    """After an item that survived its timeout the next one is timed anew."""

    async def item(number: int) -> object:
        try:
            await asyncio.sleep(3 if number == 0 else number)
        except asyncio.CancelledError:
            if number:
                raise
        return number

    results = await run_jobs(
        item, [0, 1, 9, 1], workers=1, timeout=2, on_error="return"
    )
    assert texts(results) == [0, 1, "item 2 ran longer than timeout=2 s", 1]
    assert now() == 6.0


async def test_item_that_raises_something_else_when_cancelled() -> None:
    """What an item raises in the place of its cancellation is its error."""
    error = OSError("cleanup failed")

    async def item(number: int) -> int:
        try:
            await asyncio.sleep(9 if number == 0 else 1)
        except asyncio.CancelledError:
            raise error from None
        return number

    results = await run_jobs(item, range(3), workers=1, timeout=2, on_error="return")
    assert results == [error, 1, 2]
    assert now() == 4.0


async def test_slow_cleanup_is_awaited_and_not_cancelled_again() -> None:
    """An item that cleans up for longer than the timeout does so undisturbed."""
    cleaned: list[float] = []

    async def item(_: int) -> None:
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(10)
            cleaned.append(now())

    results = await run_jobs(item, range(2), workers=1, timeout=2, on_error="return")
    assert texts(results) == [
        "item 0 ran longer than timeout=2 s",
        "item 1 ran longer than timeout=2 s",
    ]
    assert cleaned == [12.0, 24.0]


async def test_own_timeout_inside() -> None:
    """`asyncio.timeout` in an item and the run's own do not take each other's place."""

    async def item(inner: float) -> str:
        try:
            async with asyncio.timeout(inner):
                await asyncio.sleep(9)
        except TimeoutError:
            return "inner"
        return "none"

    results = await run_jobs(item, [1, 3, 1], workers=1, timeout=2, on_error="return")
    assert texts(results) == ["inner", "item 1 ran longer than timeout=2 s", "inner"]


async def test_own_timeout_error_is_the_original_object() -> None:
    """A `TimeoutError` that an item raises itself is not replaced."""
    error = TimeoutError("mine")

    async def item(_: int) -> None:
        raise error

    with pytest.raises(TimeoutError, match=r"^mine\n") as caught:
        await run_jobs(item, [1], timeout=2)
    assert caught.value is error


# -- together with cancellation


async def test_cancelled_run_keeps_its_cleanup() -> None:
    """A deadline that comes while the run is being cancelled tears nothing."""
    cleaned: list[float] = []

    async def item(_: int) -> None:
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(5)
            cleaned.append(now())

    run = start_jobs(item, range(2), timeout=3)
    await asyncio.sleep(1)
    run.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await run
    assert (cleaned, run.phase) == ([6.0, 6.0], "cancelled")


async def test_cancelled_item_keeps_its_cleanup() -> None:
    """A deadline that comes while one item is being cancelled tears nothing either."""
    cleaned: list[float] = []

    async def item(number: int) -> int:
        try:
            await asyncio.sleep(100 if number == 0 else 1)
        finally:
            await asyncio.sleep(5 * (number == 0))
            cleaned.append(now())
        return number

    run = start_jobs(item, range(2), workers=1, timeout=3, on_error="return")
    await asyncio.sleep(1)
    assert run.cancel_item(0)
    assert texts(await run) == ["item 0 was cancelled", 1]
    assert cleaned == [6.0, 7.0]


async def test_cancel_item_during_the_cleanup_of_a_timeout() -> None:
    """An item cancelled on top of its timeout is one failure; the run goes on."""

    async def item(number: int) -> int:
        try:
            await asyncio.sleep(100 if number == 0 else 1)
        finally:
            if number == 0:
                await asyncio.sleep(50)
        return number

    run = start_jobs(item, range(3), workers=1, timeout=2, on_error="return")
    await asyncio.sleep(5)
    assert run.cancel_item(0)
    results = await run
    assert isinstance(results[0], ItemCancelledError)
    assert (results[1:], run.phase, now()) == ([1, 2], "done", 7.0)


def test_loop_shutdown_during_the_cleanup_of_a_timeout() -> None:
    """A loop that shuts down while an item cleans up starts no item after it."""
    started: list[int] = []
    runs: list[JobRun[Any]] = []

    async def item(number: int) -> None:
        started.append(number)
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(10)

    async def main() -> None:
        runs.append(start_jobs(item, range(9), workers=1, timeout=2, on_error="return"))
        await asyncio.sleep(5)

    virtual(main())
    assert (started, runs[0].phase) == ([0], "cancelled")


async def test_outer_cancel_with_timeouts() -> None:
    """Cancelling the caller cancels items that have timeouts, and leaves nothing."""
    gauge = Gauge(seconds=100)
    task = asyncio.create_task(run_jobs(gauge, range(9), workers=3, timeout=50))
    await asyncio.sleep(10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await task
    assert (gauge.running, now(), others()) == (0, 10.0, set())


# -- together with retries


async def test_each_attempt_has_its_timeout() -> None:
    """With retries the timeout is for each attempt, and waiting does not count."""
    begun: list[float] = []

    async def item(_: int) -> str:
        begun.append(now())
        await asyncio.sleep(9 if len(begun) < 3 else 1.5)
        return "at last"

    retry = Retry(3, on=TimeoutError, hint=lambda _: 10)
    assert await run_jobs(item, [0], timeout=2, retry=retry) == ["at last"]
    assert begun == [0.0, 12.0, 24.0]
    assert now() == 25.5


async def test_timeouts_are_retried_until_the_last() -> None:
    """After the last attempt the timeout is the item's failure."""
    run = start_jobs(
        wait, [9, 1], workers=1, timeout=2, retry=Retry(3, base=0), on_error="return"
    )
    assert texts(await run) == ["item 0 ran longer than timeout=2 s", 1]
    assert (run.statistics().retried, now()) == (2, 7.0)


async def test_retry_after_something_else_was_raised_for_the_timeout() -> None:
    """An attempt that answers its timeout by another error is retried for that one."""
    attempts: list[float] = []

    async def item(_: int) -> str:
        attempts.append(now())
        if len(attempts) == 1:
            try:
                await asyncio.sleep(9)
            except asyncio.CancelledError:
                raise ConnectionError from None
        await asyncio.sleep(100)
        return "never"

    run = start_jobs(
        item,
        [0],
        timeout=2,
        retry=Retry(on=OSError, hint=lambda _: 1),
        on_error="return",
    )
    await asyncio.sleep(3.5)
    assert attempts == [0.0, 3.0]
    assert run.cancel_item(0)
    assert texts(await run) == ["item 0 was cancelled"]
    assert now() == 3.5


# -- sources and garbage


@pytest.mark.parametrize("kind", ["plain", "slow"])
async def test_timeouts_with_any_source(kind: str) -> None:
    """Items of any kind of source are timed; the source's own delay is not."""
    source = getattr(Feed([1, 9, 1], delay=5 if kind == "slow" else 0), kind)()
    results = await run_jobs(wait, source, workers=2, timeout=2, on_error="return")
    assert texts(results) == [1, "item 1 ran longer than timeout=2 s", 1]


async def test_coroutines_with_timeouts() -> None:
    """Coroutine objects are timed as well; none is left unawaited."""
    jobs = [wait(9), wait(1)]
    results = await run_jobs(jobs, timeout=2, on_error="return")
    assert texts(results) == ["item 0 ran longer than timeout=2 s", 1]
    gc.collect()


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail if the loop reports anything."""
    yield
    gc.collect()
    assert caplog.records == []


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("policy", ["raise", "return", "group"])
async def test_all_at_once(policy: OnError) -> None:
    """A hundred timeouts in one tick: nothing is lost, nothing is reported twice."""
    run = start_jobs(wait, [9] * 100, workers=100, timeout=2, on_error=policy)
    await asyncio.gather(run, return_exceptions=True)
    # With "raise" the first one cancels the others, which then are no failures.
    assert len(run.errors) == (1 if policy == "raise" else 100)
    assert (now(), others()) == (2.0, set())
