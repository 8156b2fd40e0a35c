"""Cancelling a run, an item, or the code around them."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import JobRun, iter_jobs, run_jobs, start_jobs
from notebook_async.errors import ItemCancelledError
from tests.core.probes import Feed, Gauge, double, now, others, virtual, wait

if TYPE_CHECKING:
    from notebook_async.core import OnError


class Tidy:
    """An item's function whose cleanup takes a second."""

    def __init__(self) -> None:
        self.cleaned: list[tuple[Any, float]] = []

    async def __call__(self, item: object) -> None:
        """Wait to be cancelled, then clean up."""
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(1)
            self.cleaned.append((item, now()))


# -- from outside


async def test_cancel_awaits_cleanup() -> None:
    """Cancelling the caller cancels the items and waits for their async cleanup."""
    tidy = Tidy()
    task = asyncio.create_task(run_jobs(tidy, range(9), workers=2))
    await asyncio.sleep(3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await task
    assert sorted(tidy.cleaned) == [(0, 4.0), (1, 4.0)]
    assert now() == 4.0
    assert others() == set()


async def test_cancel_twice_still_awaits_cleanup() -> None:
    """A second cancellation does not tear the items out of their cleanup."""
    tidy = Tidy()
    task = asyncio.create_task(run_jobs(tidy, range(2)))
    await asyncio.sleep(3)
    task.cancel()
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await task
    assert sorted(tidy.cleaned) == [(0, 4.0), (1, 4.0)]


async def test_timeout_around_a_run() -> None:
    """`asyncio.timeout` around a run works and leaves no cancellation behind."""
    tidy = Tidy()
    task = asyncio.current_task()
    assert task is not None
    with pytest.raises(TimeoutError, match=r"^$"):
        async with asyncio.timeout(2):
            await run_jobs(tidy, range(3))
    assert task.cancelling() == 0
    assert len(tidy.cleaned) == 3
    assert now() == 3.0
    await asyncio.sleep(1)


async def test_timeout_around_a_stream() -> None:
    """`asyncio.timeout` around a stream works and leaves no cancellation behind."""
    tidy = Tidy()
    task = asyncio.current_task()
    assert task is not None
    stream = iter_jobs(tidy, range(3))
    with pytest.raises(TimeoutError, match=r"^$"):
        async with asyncio.timeout(2):
            await anext(stream)
    assert task.cancelling() == 0
    assert len(tidy.cleaned) == 3
    assert now() == 3.0


async def test_task_group_cancels_a_run() -> None:
    """The failure of a sibling in a task group cancels a run like any task."""
    tidy = Tidy()

    async def fail() -> None:
        await asyncio.sleep(1)
        raise ValueError("sibling")

    async def family() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(run_jobs(tidy, range(2)))
            group.create_task(fail())

    with pytest.raises(ExceptionGroup, match="unhandled errors") as caught:
        await family()
    assert [repr(e) for e in caught.value.exceptions] == ["ValueError('sibling')"]
    assert len(tidy.cleaned) == 2


async def test_cancel_before_the_first_pass() -> None:
    """A run that is cancelled at once starts nothing and closes its coroutines."""
    jobs = [wait(1) for _ in range(5)]
    run = start_jobs(jobs, workers=2)
    run.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await run
    assert (run.phase, run.done, run.running) == ("cancelled", 0, 0)
    assert [job.cr_frame for job in jobs] == [None] * 5
    assert others() == set()


async def test_cancel_of_a_failing_run_is_quiet(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Cancelled while the run cleans up after an error, the caller is cancelled."""

    async def item(number: int) -> None:
        if number == 0:
            raise ValueError(number)
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(5)

    task = asyncio.create_task(run_jobs(item, [1, 2, 0]))
    await asyncio.sleep(3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await task
    del task
    gc.collect()
    assert caplog.records == []


async def test_async_source_is_closed_after_cancel() -> None:
    """Cancelling waits until an async generator has closed itself."""
    feed = Feed(range(100), delay=10)
    task = asyncio.create_task(run_jobs(double, feed.slow(), workers=3))
    await asyncio.sleep(15)
    task.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await task
    assert feed.pulled == 1
    assert feed.closed_at == now() == 16.0
    assert others() == set()


# -- by its handle


async def test_run_cancel() -> None:
    """`cancel()` cancels what is in flight and starts nothing; the waiter is told."""
    gauge = Gauge(seconds=2)
    run = start_jobs(gauge, range(9), workers=3)
    await asyncio.sleep(3)
    run.cancel()
    run.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await run
    assert gauge.started == [0, 1, 2, 3, 4, 5]
    assert (run.phase, run.done, run.failed, run.running) == ("cancelled", 3, 0, 0)
    assert now() == 3.0


async def test_run_cancel_does_not_cancel_the_waiter_itself() -> None:
    """The waiter's own task is not marked as cancelled by a run that was."""
    run = start_jobs(Gauge(), range(3))
    run.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await run
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_cancel_after_the_end_does_nothing() -> None:
    """A run that has ended keeps its result."""
    run = start_jobs(double, [1])
    assert await run == [2]
    run.cancel()
    assert run.cancel_item(0) is False
    assert await run == [2]
    assert run.phase == "done"


async def test_cancel_during_pause() -> None:
    """A paused run can be cancelled; its workers leave."""
    gauge = Gauge()
    run = start_jobs(gauge, range(9), workers=2)
    await asyncio.sleep(0.5)
    run.pause()
    await asyncio.sleep(5)
    run.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await run
    assert gauge.ended == [0, 1]
    assert run.phase == "cancelled"
    assert others() == set()


async def test_cancel_closes_a_coroutine_that_pause_holds_back() -> None:
    """A coroutine pulled from an async source just before a pause is closed."""
    feed = Feed(map(wait, range(9)), delay=1)
    run = start_jobs(feed.slow(), workers=2)
    await asyncio.sleep(0.5)
    run.pause()
    await asyncio.sleep(5)
    assert (feed.pulled, run.running, run.cancel_item(0)) == (1, 0, False)
    run.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await run
    gc.collect()  # pytest makes an error of a coroutine that was never awaited


async def test_item_cancels_its_own_run() -> None:
    """An item may cancel its run: it is cancelled at its next await."""
    reached: list[str] = []

    async def item(_: int) -> None:
        run.cancel()
        reached.append("after cancel")
        await asyncio.sleep(0)
        reached.append("never")

    run: JobRun[None] = start_jobs(item, range(9), workers=1)
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await run
    assert reached == ["after cancel"]


async def test_item_cancels_its_own_run_and_returns() -> None:
    """An item that cancels its run and never awaits again still ends well."""

    async def item(number: int) -> int:
        if number == 2:
            run.cancel()
        return number

    run = start_jobs(item, range(9), workers=1)
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await run
    assert run.done == 3


# -- one item


async def test_cancel_item() -> None:
    """One item is cancelled, cleans up and counts as failed; the run goes on."""
    tidy = Tidy()

    async def item(number: int) -> int:
        if number == 1:
            await tidy(number)
        return await wait(number)

    run = start_jobs(item, range(4), workers=4, on_error="return")
    await asyncio.sleep(0.5)
    assert run.cancel_item(1) is True
    assert run.cancel_item(1) is False
    results = await run
    assert tidy.cleaned == [(1, 1.5)]
    assert [results[0], results[2], results[3]] == [0, 2, 3]
    error = results[1]
    assert isinstance(error, ItemCancelledError)
    assert error.index == 1
    assert str(error) == "item 1 was cancelled"
    assert (run.done, run.failed, run.phase) == (3, 1, "done")


async def test_cancel_item_with_raise_ends_the_run() -> None:
    """With `on_error="raise"` a cancelled item is a failure like any other."""
    run = start_jobs(Gauge(seconds=9), range(4))
    await asyncio.sleep(1)
    run.cancel_item(2)
    with pytest.raises(ItemCancelledError, match=r"^item 2 was cancelled\n"):
        await run
    assert now() == 1.0


async def test_cancel_item_not_in_flight() -> None:
    """Items that are done, not started or not there cannot be cancelled."""
    run = start_jobs(Gauge(), range(4), workers=2)
    assert run.cancel_item(0) is False
    await asyncio.sleep(1.5)
    assert [run.cancel_item(n) for n in (-1, 0, 1, 4)] == [False] * 4
    assert await run == [0, 1, 2, 3]


async def test_cancelled_item_leaves_the_worker_whole() -> None:
    """The items after a cancelled one are not hit by its cancellation."""
    gauge = Gauge()
    run = start_jobs(gauge, range(6), workers=1, on_error="return")
    for number in range(3):
        await asyncio.sleep(0.5)
        assert run.cancel_item(number) is True
    results = await run
    assert [type(result) for result in results[:3]] == [ItemCancelledError] * 3
    assert results[3:] == [3, 4, 5]
    assert (gauge.peak, now()) == (1, 4.5)


async def test_item_that_swallows_its_cancellation() -> None:
    """An item that survives `cancel_item` gives its result; the next one is whole."""

    async def item(number: int) -> str:
        try:
            await asyncio.sleep(2)
        except asyncio.CancelledError:
            await asyncio.sleep(1)
            return f"{number} survived"
        return f"{number} ran"

    run = start_jobs(item, range(2), workers=1)
    await asyncio.sleep(1)
    assert run.cancel_item(0) is True
    assert await run == ["0 survived", "1 ran"]
    assert run.failed == 0
    assert now() == 4.0


async def test_item_that_swallows_the_end_of_its_run() -> None:
    """An item that survives the run's end is awaited; nothing starts after it."""
    started: list[int] = []

    async def item(number: int) -> int:
        started.append(number)
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            await asyncio.sleep(5)
        return number

    run = start_jobs(item, range(9), workers=2)
    await asyncio.sleep(1)
    run.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await run
    assert (started, run.done, now()) == ([0, 1], 2, 6.0)


async def test_item_cancels_itself() -> None:
    """`cancel_item` from inside hits the item at its next await, and only it."""

    async def item(number: int) -> int:
        if number == 1:
            assert run.cancel_item(1) is True
        await asyncio.sleep(1)
        return number

    run = start_jobs(item, range(4), workers=1, on_error="return")
    results = await run
    assert [repr(result) for result in results] == [
        "0",
        "ItemCancelledError('item 1 was cancelled')",
        "2",
        "3",
    ]


async def test_item_cancelled_from_inside_is_one_failure() -> None:
    """A CancelledError that an item raises, or awaits, fails that item alone."""

    async def item(number: int) -> int:
        if number == 0:
            raise asyncio.CancelledError
        if number == 1:
            task = asyncio.create_task(asyncio.sleep(9))
            asyncio.get_running_loop().call_later(1, task.cancel)
            await task
        return number

    run = start_jobs(item, range(4), workers=2, on_error="return")
    results = await run
    assert [type(result) for result in results[:2]] == [ItemCancelledError] * 2
    assert results[2:] == [2, 3]
    assert run.failed == 2


async def test_item_that_cancels_its_task_cancels_the_run() -> None:
    """An item has no task of its own: cancelling its worker's ends the run."""

    async def item(_: int) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1)

    run = start_jobs(item, range(3), on_error="return")
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await run
    assert run.phase == "cancelled"


async def test_timeout_inside_an_item_is_its_own() -> None:
    """`asyncio.timeout` in an item ends what it surrounds and nothing else."""

    async def item(number: int) -> str:
        try:
            async with asyncio.timeout(1):
                await asyncio.sleep(number)
        except TimeoutError:
            await asyncio.sleep(1)
            return "late"
        return "in time"

    assert await run_jobs(item, [0, 5, 0, 5, 0], workers=1) == [
        "in time",
        "late",
        "in time",
        "late",
        "in time",
    ]
    assert now() == 4.0


# -- the loop goes away


@pytest.mark.parametrize("policy", ["raise", "return", "group"])
def test_loop_shutdown_cancels_all(policy: OnError) -> None:
    """A loop that shuts down cancels a run that nobody awaits, cleanup included."""
    tidy = Tidy()
    runs: list[JobRun[Any]] = []

    async def main() -> None:
        runs.append(start_jobs(tidy, range(9), workers=2, on_error=policy))
        await asyncio.sleep(1)

    virtual(main())
    assert sorted(tidy.cleaned) == [(0, 2.0), (1, 2.0)]
    assert runs[0].phase == "cancelled"


def test_loop_shutdown_closes_an_async_source(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A loop that shuts down waits for the cleanup of an async generator."""
    feed = Feed(range(9))

    async def main() -> None:
        start_jobs(Gauge(), feed.slow(), workers=2)
        await asyncio.sleep(0.5)

    virtual(main())
    assert feed.closed_at == 1.5
    assert caplog.records == []


@pytest.mark.parametrize("asynchronous", [False, True])
def test_loop_shutdown_at_once(
    asynchronous: bool,  # noqa: FBT001 - pytest gives parameters by name
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A loop that shuts down at once leaves no run, and no waiter, hanging."""
    feed = Feed(range(9))
    runs: list[JobRun[Any]] = []

    async def wait_for(run: JobRun[Any]) -> None:
        await run

    async def main() -> None:
        source = feed.slow() if asynchronous else feed.plain()
        run = start_jobs(Gauge(), source, workers=2)
        runs.append(run)
        runs.append(asyncio.create_task(wait_for(run)))  # type: ignore[arg-type]

    virtual(main())
    assert runs[0].phase == "cancelled"
    assert caplog.records == []


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_cancelled_tasks_that_never_began(
    asynchronous: bool,  # noqa: FBT001 - pytest gives parameters by name
) -> None:
    """A run ends even if every task of it is cancelled before its first step."""
    feed = Feed(range(9))
    run = start_jobs(Gauge(), feed.slow() if asynchronous else feed.plain())
    for task in others():
        task.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await run
    assert (run.phase, feed.pulled) == ("cancelled", 0)
    assert others() == set()


def test_loop_shutdown_cancels_the_waiter_too() -> None:
    """Cancelled together with the task that awaits them, items still clean up once."""
    tidy = Tidy()

    async def consume() -> None:
        async for _ in iter_jobs(tidy, ["c", "d"]):
            pass

    async def main() -> list[asyncio.Task[Any]]:
        tasks: list[asyncio.Task[Any]] = [
            asyncio.create_task(run_jobs(tidy, ["a", "b"])),
            asyncio.create_task(consume()),
        ]
        await asyncio.sleep(1)
        return tasks

    tasks = virtual(main())
    assert sorted(tidy.cleaned) == [("a", 2.0), ("b", 2.0), ("c", 2.0), ("d", 2.0)]
    assert all(task.cancelled() for task in tasks)


def test_loop_shutdown_during_pause() -> None:
    """A loop that shuts down ends a paused run."""
    runs: list[JobRun[Any]] = []

    async def main() -> None:
        run = start_jobs(Gauge(), range(9))
        runs.append(run)
        run.pause()
        await asyncio.sleep(1)

    virtual(main())
    assert runs[0].phase == "cancelled"
