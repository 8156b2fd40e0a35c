"""`JobRun.items()`: what has become of each item, kept for none of them."""

from __future__ import annotations

import asyncio
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import Rate, Remote, Retry, iter_jobs, start_jobs
from notebook_async.core import ItemPage, ItemState, _items
from notebook_async.errors import InvalidArgumentError, ItemCancelledError
from tests.core.probes import Feed

if TYPE_CHECKING:
    from notebook_async import JobRun
    from notebook_async.core import ItemKind

PATHS: dict[str, dict[str, Any]] = {
    "plain": {},
    "policies": {"timeout": 1000},
    "attempts": {"retry": Retry(1)},
    "isolated": {"isolation": "task"},
}
paths = pytest.mark.parametrize("options", PATHS.values(), ids=PATHS)


def phases(run: JobRun[Any], kind: ItemKind = "all") -> list[tuple[int, str]]:
    """Return the index and the phase of the items of a kind."""
    return [(item.index, item.phase) for item in run.items(kind).items]


async def work(seconds: float) -> float:
    """Wait, and fail after three seconds."""
    await asyncio.sleep(seconds)
    if seconds == 3:
        raise ValueError(seconds)
    return seconds


@paths
async def test_each_item_has_a_phase(options: dict[str, Any]) -> None:
    """Items are queued, running, done or failed, whichever way they are run."""
    run = start_jobs(work, [1, 3, 9, 9, 9], workers=3, on_error="return", **options)
    assert phases(run) == [(n, "queued") for n in range(5)]
    await asyncio.sleep(2)
    expected = ["done", "running", "running", "running", "queued"]
    assert phases(run) == list(enumerate(expected))
    await asyncio.sleep(2)
    expected = ["done", "failed", "running", "running", "running"]
    assert phases(run) == list(enumerate(expected))
    assert phases(run, "running") == [(n, "running") for n in (2, 3, 4)]
    assert phases(run, "failed") == [(1, "failed")]
    [failed] = run.items("failed").items
    assert failed.error is run.errors[1]
    await run
    expected = ["done", "failed", "done", "done", "done"]
    assert phases(run) == list(enumerate(expected))
    assert phases(run, "running") == []


@paths
async def test_what_the_end_cut_off_is_cancelled(options: dict[str, Any]) -> None:
    """After a cancel those in flight are cancelled, the others were never begun."""
    run = start_jobs(work, [1, 9, 9, 9], workers=2, **options)
    await asyncio.sleep(2)
    run.cancel()
    await asyncio.sleep(1)
    expected = ["done", "cancelled", "cancelled", "queued"]
    assert phases(run) == list(enumerate(expected))


@paths
async def test_first_failure_cuts_off_the_others(options: dict[str, Any]) -> None:
    """Where the first error ends a run, one failed and its neighbours are cancelled."""
    run = start_jobs(work, [9, 3, 9], workers=3, **options)
    with pytest.raises(ValueError, match="3"):
        await run
    expected = ["cancelled", "failed", "cancelled"]
    assert phases(run) == list(enumerate(expected))


async def test_item_cancelled_by_hand_has_failed() -> None:
    """An item that was cancelled alone has failed, and its error says by what."""
    run = start_jobs(work, [9, 1], on_error="return")
    await asyncio.sleep(0.5)
    assert [item.cancellable for item in run.items().items] == [True, True]
    run.cancel_item(0)
    assert [item.cancellable for item in run.items().items] == [False, True]
    await run
    assert [item.cancellable for item in run.items().items] == [False, False]
    assert phases(run) == [(0, "failed"), (1, "done")]
    assert isinstance(run.items().items[0].error, ItemCancelledError)


async def test_pages_are_parts_of_a_kind() -> None:
    """A page begins where asked, has so many items at most, and knows how many are."""
    run = start_jobs(work, [3] * 10, workers=1, on_error="return")
    await run
    page = run.items("failed", start=7, most=2)
    assert [item.index for item in page.items] == [7, 8]
    assert (page.start, page.total) == (7, 10)
    assert run.items("failed", start=99) == ItemPage((), 99, 10)
    assert [item.index for item in run.items(start=8).items] == [8, 9]


async def test_failed_items_stand_in_the_order_of_failing() -> None:
    """What failed last stands last."""

    async def fail(seconds: int) -> None:
        await asyncio.sleep(seconds)
        raise ValueError

    run = start_jobs(fail, [3, 1, 2], on_error="return")
    await run
    assert [item.index for item in run.items("failed").items] == [1, 2, 0]


async def test_source_without_a_length_counts_what_has_begun() -> None:
    """Where nobody knows how many items there are, those begun are there."""
    run = start_jobs(work, Feed([1] * 9).slow(), workers=2)
    await asyncio.sleep(0.5)
    page = run.items()
    assert page.total == len(page.items) == 2
    await run
    assert run.items().total == 9


async def test_streamed_items() -> None:
    """Items of a stream have phases too, though their results are not kept."""
    stream = iter_jobs(work, [1, 3, 2], workers=1, on_error="return", ordered=True)
    async for _ in stream:
        pass
    assert stream.run is not None
    assert phases(stream.run) == [(0, "done"), (1, "failed"), (2, "done")]


# -- attempts


async def test_attempts_are_counted() -> None:
    """An item knows how often it was started, also after it has ended well."""
    tries = {0: 0, 1: 0}

    async def flaky(item: int) -> None:
        tries[item] += 1
        await asyncio.sleep(1)
        if tries[item] <= 2 * item:
            raise OSError

    run = start_jobs(flaky, [0, 1], retry=Retry(5, base=10, hint=lambda _: 10))
    assert [item.attempts for item in run.items().items] == [0, 0]
    await asyncio.sleep(0.5)
    assert [item.attempts for item in run.items().items] == [1, 1]
    await asyncio.sleep(1)
    waiting = run.items().items[1]
    assert (waiting.phase, waiting.attempts) == ("retrying", 1)
    await asyncio.sleep(10)
    second = run.items().items[1]
    assert (second.phase, second.attempts) == ("running", 2)
    await run
    assert [item.attempts for item in run.items().items] == [1, 3]


async def test_item_that_waits_for_the_rate_is_waiting() -> None:
    """An item that has its turn only later waits, and was started once."""
    run = start_jobs(work, [9, 9], rate=Rate(0.1))
    await asyncio.sleep(1)
    expected = [(0, "running", 1), (1, "waiting", 1)]
    items = run.items().items
    assert [(item.index, item.phase, item.attempts) for item in items] == expected
    await run


async def test_retried_items_are_queued_once_more() -> None:
    """A failed item that is to run again is queued, with the attempts behind it."""
    run = start_jobs(work, [3, 9], workers=1, on_error="return")
    await asyncio.sleep(4)
    assert run.retriable == 1
    assert [item.retriable for item in run.items().items] == [True, False]
    assert run.retry_item(0)
    item = run.items().items[0]
    assert (item.phase, item.attempts) == ("queued", 1)
    await asyncio.sleep(9)
    item = run.items().items[0]
    assert (item.phase, item.attempts) == ("running", 2)
    await run
    item = run.items().items[0]
    assert (item.phase, item.attempts) == ("failed", 2)


# -- retrying one


@paths
async def test_one_item_runs_again_alone(options: dict[str, Any]) -> None:
    """Only the item that is named runs again; others stay failed."""
    broken = True

    async def item(number: int) -> int:
        await asyncio.sleep(1)
        if broken and number < 2:
            raise ValueError(number)
        return number

    run = start_jobs(item, range(4), workers=1, on_error="return", **options)
    await asyncio.sleep(2.5)
    broken = False
    assert run.retriable == 2
    assert (run.retry_item(1), run.retry_item(1), run.retry_item(3)) == (
        True,
        False,
        False,
    )
    results = await run
    assert (results[1:], run.retriable) == ([1, 2, 3], 0)
    assert isinstance(results[0], ValueError)
    assert run.retry_item(0) is False


async def test_what_runs_only_once_is_not_retriable() -> None:
    """A coroutine that has failed cannot run again."""
    run = start_jobs([work(3), work(9)], on_error="return")
    await asyncio.sleep(4)
    assert (run.failed, run.retriable, run.retry_item(0)) == (1, 0, False)
    await run


# -- time


async def test_seconds_are_those_between_looks() -> None:
    """Who is looked at ten times a second has its seconds, right to a tenth."""
    run = start_jobs(work, [2, 3, 9], workers=3, on_error="return")

    async def look() -> None:
        await asyncio.sleep(0.05)
        while run.phase == "running":
            run.statistics()
            await asyncio.sleep(0.1)

    looking = asyncio.create_task(look())
    await asyncio.sleep(5.1)
    seconds = [item.seconds for item in run.items().items]
    assert [round(each or 0, 1) for each in seconds] == [2.0, 3.0, 5.0]
    await run
    assert round(run.items().items[2].seconds or 0, 2) == 8.95
    await looking


async def test_what_nobody_saw_has_no_seconds() -> None:
    """Where nobody looked in time nothing is said."""
    run = start_jobs(work, [1])
    await run
    assert run.items().items == (ItemState(index=0, phase="done", attempts=1),)


# -- chunks


async def test_items_in_chunks() -> None:
    """All items of a chunk are in flight together, and none is cancelled alone."""
    gate, begun = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def item(number: int) -> int:
        if number == 3:
            loop.call_soon_threadsafe(begun.set)
            gate.wait()
        if number == 4:
            raise ValueError(number)
        return number

    with ThreadPoolExecutor(1) as pool:
        threes = Remote(pool, chunk=3)
        run = start_jobs(item, range(9), workers=1, executor=threes, on_error="return")
        await begun.wait()
        assert phases(run, "running") == [(n, "running") for n in (3, 4, 5)]
        assert not any(item.cancellable for item in run.items().items)
        gate.set()
        await run
    expected = ["failed" if n == 4 else "done" for n in range(9)]
    assert phases(run) == list(enumerate(expected))


async def test_chunk_is_cut_off_as_a_whole() -> None:
    """Where a run is cancelled, all items of a chunk in flight are cancelled."""
    gate, begun = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def item(_: int) -> None:
        loop.call_soon_threadsafe(begun.set)
        gate.wait()

    with ThreadPoolExecutor(1) as pool:
        run = start_jobs(item, range(9), workers=1, executor=Remote(pool, chunk=3))
        await begun.wait()
        run.cancel()
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await run
    assert [phase for _, phase in phases(run)] == ["cancelled"] * 3 + ["queued"] * 6


# -- cost


async def test_nothing_is_kept_for_each_item() -> None:
    """Looking at a run of 100,000 items takes no memory that grows with them."""

    async def nothing(_: int) -> None:
        await asyncio.sleep(0)

    tracemalloc.start()
    run = start_jobs(nothing, range(100_000), workers=100)
    while run.phase == "running":
        run.items(start=run.done)
        await asyncio.sleep(0.001)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1_200_000  # of which 800,000 are the results


@pytest.mark.parametrize("name", ["_attempts", "_took"])
async def test_notes_are_bounded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of attempts and times only the latest are kept."""
    monkeypatch.setattr(_items, "_MOST_NOTES", 10)
    run = start_jobs(
        work, [3] * 30, workers=10, retry=Retry(2, base=0), on_error="return"
    )
    while run.phase == "running":
        run.statistics()
        await asyncio.sleep(0.1)
    run.statistics()
    assert sorted(getattr(run._engine.items, name)) == list(range(20, 30))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"kind": "some"},
            "kind must be one of 'all', 'running', 'failed'; got",
        ),
        ({"start": -1}, "start must be >= 0, got -1"),
        ({"most": 0}, "most must be >= 1, got 0"),
    ],
)
async def test_bad_arguments(options: dict[str, Any], message: str) -> None:
    """What is asked for wrongly is said at once."""
    run = start_jobs(work, [1])
    with pytest.raises(InvalidArgumentError, match=message):
        run.items(**options)
    await run
