"""`isolation="task"`: each item has a task, and a context, of its own."""

from __future__ import annotations

import asyncio
import gc
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import JobRun, Retry, iter_jobs, run_jobs, start_jobs
from notebook_async.core import ItemRecord, add_hook
from notebook_async.errors import ItemCancelledError, NotAwaitableError
from tests.core.probes import Feed, Gauge, double, now, others, virtual, wait

if TYPE_CHECKING:
    from notebook_async.core import OnError

variable: ContextVar[Any] = ContextVar("variable", default="default")


async def own_task(_: int) -> asyncio.Task[Any] | None:
    """Return the task that the item runs in."""
    await asyncio.sleep(1)
    return asyncio.current_task()


async def test_tasks_differ() -> None:
    """No two items have the same task, not even one after the other."""
    tasks = await run_jobs(own_task, range(6), workers=2, isolation="task")
    assert len(set(tasks)) == 6
    shared = await run_jobs(own_task, range(6), workers=2)
    assert len(set(shared)) == 2


async def test_bound_order_and_time() -> None:
    """Bound, order and time are those of a run without isolation."""
    gauge = Gauge()
    results = await run_jobs(gauge, range(10), workers=3, isolation="task")
    assert (results, gauge.peak, now()) == (list(range(10)), 3, 4.0)
    assert others() == set()


async def test_function_is_called_inside() -> None:
    """A plain function too is called in the task and the context of its item."""
    callers: list[Any] = []

    def start(item: int) -> Any:  # noqa: ANN401 - an awaitable
        callers.append((asyncio.current_task(), variable.get()))
        variable.set(item)
        return asyncio.sleep(0, item)

    assert await run_jobs(start, range(3), workers=1, isolation="task") == [0, 1, 2]
    assert len({task for task, _ in callers}) == 3
    assert [seen for _, seen in callers] == ["default"] * 3


@pytest.mark.parametrize("kind", ["plain", "slow"])
async def test_context_does_not_spread(kind: str) -> None:
    """What an item sets is seen by no other, and its worker need not be replaced."""
    variable.set("outside")
    workers: set[str] = set()

    async def item(number: int) -> object:
        before = variable.get()
        variable.set(number)
        await asyncio.sleep(1)
        workers.update(
            t.get_name() + hex(id(t)) for t in others() if "worker" in str(t)
        )
        return before

    source = getattr(Feed(range(6)), kind)()
    results = await run_jobs(item, source, workers=2, isolation="task")
    assert results == ["outside"] * 6
    assert len(workers) == 2
    assert variable.get() == "outside"


# -- errors


@pytest.mark.parametrize("policy", ["raise", "return", "group"])
async def test_errors(policy: OnError) -> None:
    """An item's exception is the original object, with its note and clean traceback."""
    error = ValueError("bad")

    async def item(number: int) -> int:
        await asyncio.sleep(1)
        if number == 1:
            raise error
        return number

    run = start_jobs(item, range(4), workers=2, isolation="task", on_error=policy)
    (result,) = await asyncio.gather(run, return_exceptions=True)
    got = {
        "raise": lambda: result,
        "return": lambda: result[1],  # type: ignore[index]
        "group": lambda: result.exceptions[0],  # type: ignore[union-attr]
    }[policy]()
    assert got is error
    assert error.__notes__ == [f"in item 1 of {run.name}"]
    assert error.__traceback__ is not None
    frames = []
    traceback: Any = run.errors[1].__traceback__
    while traceback is not None:
        frames.append(traceback.tb_frame.f_code.co_name)
        traceback = traceback.tb_next
    assert frames[-1:] == ["item"]
    assert not {"run", "call", "_run_item"} & set(frames)


async def test_unfit_items_are_explained() -> None:
    """What cannot be awaited is explained as without isolation."""
    with pytest.raises(NotAwaitableError, match=r"^item 0 is 5 \(int\), which is nei"):
        await run_jobs([5], isolation="task")  # type: ignore[list-item]


async def test_stop_iteration() -> None:
    """A plain function's StopIteration does not break the task that calls it."""
    with pytest.raises(RuntimeError, match="StopIteration"):
        await run_jobs([lambda: next(iter(()))], isolation="task")


# -- cancellation


async def test_cancel_awaits_cleanup() -> None:
    """Cancelling the caller cancels the items' tasks and waits for their cleanup."""
    cleaned: list[tuple[int, float]] = []

    async def item(number: int) -> None:
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(1)
            cleaned.append((number, now()))

    task = asyncio.create_task(run_jobs(item, range(9), workers=2, isolation="task"))
    await asyncio.sleep(3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await task
    assert (sorted(cleaned), others()) == ([(0, 4.0), (1, 4.0)], set())


async def test_cancel_item() -> None:
    """One item is cancelled; the worker, and the items after it, are whole."""
    run = start_jobs(
        Gauge(seconds=2), range(3), workers=1, isolation="task", on_error="return"
    )
    await asyncio.sleep(1)
    assert run.cancel_item(0) is True
    results = await run
    assert isinstance(results[0], ItemCancelledError)
    assert (results[1:], now()) == ([1, 2], 5.0)


async def test_item_that_cancels_its_own_task() -> None:
    """An item that cancels its own task fails alone: the task is nobody else's."""

    async def item(number: int) -> int:
        task = asyncio.current_task()
        assert task is not None
        if number == 1:
            task.cancel()
        await asyncio.sleep(1)
        return number

    results = await run_jobs(
        item, range(3), workers=1, isolation="task", on_error="return"
    )
    assert repr(results) == "[0, ItemCancelledError('item 1 was cancelled'), 2]"


@pytest.mark.parametrize("passes", range(4))
@pytest.mark.parametrize("single", [False, True])
async def test_coroutines_cancelled_early_are_closed(
    passes: int,
    single: bool,  # noqa: FBT001 - pytest gives parameters by name
) -> None:
    """A coroutine whose task is cancelled before its first step is closed."""
    jobs = [wait(1) for _ in range(3)]
    run = start_jobs(jobs, workers=2, isolation="task", on_error="return")
    for _ in range(passes):
        await asyncio.sleep(0)
    if single and run.cancel_item(0):
        await run
    else:
        run.cancel()
        with pytest.raises(asyncio.CancelledError, match=r"^$"):
            await run
    assert [job.cr_frame for job in jobs] == [None] * 3
    gc.collect()  # pytest makes an error of a coroutine that was never awaited
    assert others() == set()


async def test_item_cancelled_as_it_is_told() -> None:
    """An item that is cancelled before its task is made never runs."""
    gauge = Gauge()

    def cancel(record: ItemRecord) -> None:
        if (record.phase, record.index) == ("running", 1):
            run.cancel_item(1)

    with add_hook(cancel, ItemRecord):
        run: JobRun[int] = start_jobs(
            gauge, range(3), workers=1, isolation="task", on_error="return"
        )
        results = await run
    assert isinstance(results[1], ItemCancelledError)
    assert gauge.started == gauge.ended == [0, 2]


def test_loop_shutdown() -> None:
    """A loop that shuts down cancels items once, and waits for their cleanup."""
    cleaned: list[float] = []
    runs: list[JobRun[None]] = []

    async def item(_: int) -> None:
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(1)
            cleaned.append(now())

    async def main() -> None:
        runs.append(start_jobs(item, range(9), workers=2, isolation="task"))
        await asyncio.sleep(1)

    virtual(main())
    assert (cleaned, runs[0].phase) == ([2.0, 2.0], "cancelled")


# -- together with the rest


async def test_timeout_and_retry() -> None:
    """Each attempt has a task of its own, and its timeout cancels just that."""
    tasks: list[asyncio.Task[Any] | None] = []

    async def item(number: int) -> int:
        tasks.append(asyncio.current_task())
        await asyncio.sleep(9 if len(tasks) < 3 else 1)
        return number

    run = start_jobs(item, [7], isolation="task", timeout=2, retry=Retry(3, base=0))
    assert await run == [7]
    assert len(set(tasks)) == 3
    assert now() == 5.0


async def test_stream() -> None:
    """Streams isolate as well; leaving one cancels the items' tasks."""
    async with iter_jobs(double, range(5), isolation="task") as stream:
        assert [value async for _, value in stream] == [0, 2, 4, 6, 8]
    gauge = Gauge()
    async with iter_jobs(gauge, range(9), workers=3, isolation="task") as stream:
        await anext(stream)
    assert (gauge.running, others()) == (0, set())


async def test_nested_runs() -> None:
    """A run in an isolated item is cancelled with it."""
    gauge = Gauge(seconds=9)

    async def outer(_: int) -> list[int]:
        return await run_jobs(gauge, range(3), workers=2, isolation="task")

    run = start_jobs(outer, range(2), isolation="task", on_error="return")
    await asyncio.sleep(1)
    assert run.cancel_item(0)
    await asyncio.sleep(0.5)
    assert gauge.running == 2
    results = await run
    assert isinstance(results[0], ItemCancelledError)
    assert results[1] == [0, 1, 2]
