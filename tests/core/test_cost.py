"""What a run costs: memory, garbage, and the loop's time."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import time
import tracemalloc
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import Adaptive, Retry, iter_jobs, run_jobs, start_jobs
from tests.core.probes import Feed, double, wait

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from notebook_async.core import OnError

MEGABYTE = 1_000_000


# -- memory


@pytest.fixture
def memory() -> Iterator[None]:
    """Trace allocations during a test."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("memory")
async def test_memory_of_a_run() -> None:
    """300,000 lazy items take the memory of their results and no more."""

    async def nothing(_: int) -> None:
        return None

    items = (number for number in range(300_000))
    results = await run_jobs(nothing, items, workers=100)
    _, peak = tracemalloc.get_traced_memory()
    assert len(results) == 300_000
    assert 2.4 * MEGABYTE < peak < 6 * MEGABYTE


@pytest.mark.usefixtures("memory")
async def test_memory_of_a_stream() -> None:
    """A stream over many items keeps nothing of what was consumed."""
    async for _ in iter_jobs(double, iter(range(50_000)), workers=10):
        pass
    _, peak = tracemalloc.get_traced_memory()
    assert peak < 0.2 * MEGABYTE


# -- garbage


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Keep the garbage collector from running during a test."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def fail(number: int) -> int:
    """Raise for the last of a few items."""
    await asyncio.sleep(1)
    if number == 3:
        raise ValueError(number)
    return number


def fail_at_first() -> Callable[[int], Awaitable[int]]:
    """Return an item's function whose first three calls fail."""
    calls = itertools.count()

    async def item(number: int) -> int:
        await asyncio.sleep(1)
        if next(calls) < 3:
            raise OSError(number)
        return number

    return item


def raising() -> Iterator[int]:
    """Yield an item, then raise."""
    yield 1
    raise OSError("disk")


RUNS = {
    "done": lambda: start_jobs(wait, [1, 2]),
    "nothing": lambda: start_jobs([]),
    "async source": lambda: start_jobs(wait, Feed([1, 2]).slow()),
    "raise": lambda: start_jobs(fail, range(9)),
    "return": lambda: start_jobs(fail, range(9), on_error="return"),
    "group": lambda: start_jobs(fail, range(9), on_error="group"),
    "async source raise": lambda: start_jobs(fail, Feed(range(9)).slow()),
    "source raises": lambda: start_jobs(fail, raising()),
    "no frame of its own": lambda: start_jobs(int, ["x"]),  # type: ignore[arg-type]
    "unfit": lambda: start_jobs([5]),  # type: ignore[list-item]
    "paused": lambda: start_jobs(wait, [100]),
    "timeout": lambda: start_jobs(wait, [1, 9], timeout=2, on_error="return"),
    "timeout raise": lambda: start_jobs(wait, [1, 9], timeout=2),
    "timeout group": lambda: start_jobs(wait, [1, 9], timeout=2, on_error="group"),
    "retried": lambda: start_jobs(fail_at_first(), range(5), retry=2),
    "retries fail": lambda: start_jobs(fail, range(5), retry=Retry(3, base=0)),
    "retries return": lambda: start_jobs(
        fail, range(5), timeout=0.5, retry=Retry(3, base=0), on_error="return"
    ),
    "unfit for retry": lambda: start_jobs([wait(1)], retry=2),
    "rate": lambda: start_jobs(fail, range(5), rate=2),
    "waiting": lambda: start_jobs(wait, [1] * 5, rate=0.01),
    "adaptive": lambda: start_jobs(fail, range(9), workers=Adaptive(1, 2, 3)),
    "isolated": lambda: start_jobs(fail, range(9), isolation="task"),
    "isolated timeout": lambda: start_jobs(
        wait, [1, 9], timeout=2, isolation="task", on_error="return"
    ),
}


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("kind", RUNS)
async def test_run_is_freed_by_reference_counting(kind: str) -> None:
    """However a run ends, it is freed at once, without the garbage collector."""
    run: Any = RUNS[kind]()
    if kind == "paused":
        run.pause()
    references = [weakref.ref(run), weakref.ref(run._engine)]
    with contextlib.suppress(ValueError, OSError, TypeError, ExceptionGroup):
        async with asyncio.timeout(10):
            await run
    del run
    await asyncio.sleep(0)
    assert [reference() for reference in references] == [None, None]


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("policy", ["raise", "return", "group"])
async def test_stream_is_freed_by_reference_counting(policy: OnError) -> None:
    """However a stream ends, it is freed at once."""

    async def consume() -> list[Any]:
        # A variable would be part of the error's traceback, and so a cycle of our own.
        streams = [iter_jobs(fail, range(9), on_error=policy)]
        references.append(weakref.ref(streams[0]))
        pairs = []
        async for pair in streams.pop():
            pairs.append(pair)  # noqa: PERF401 - a comprehension would keep the stream
        return pairs

    references: list[Any] = []
    results = await asyncio.gather(consume(), return_exceptions=True)
    assert len(results) == 1
    del results
    await asyncio.sleep(0)
    assert references[0]() is None


@pytest.mark.usefixtures("no_collector")
async def test_dropped_stream_is_freed() -> None:
    """A stream that is left by `break` is freed with its run."""
    stream = iter_jobs(wait, [1, 5, 9])
    await anext(stream)
    assert stream.run is not None
    reference = weakref.ref(stream.run._engine)
    del stream
    await asyncio.sleep(1)
    assert reference() is None


@pytest.mark.usefixtures("no_collector")
async def test_results_are_not_kept_by_the_loop() -> None:
    """Once the caller drops the results, nothing holds them."""

    class Thing:
        """Something that can be referred to weakly."""

    async def make(_: int) -> Thing:
        return Thing()

    results = await run_jobs(make, range(3))
    references = [weakref.ref(thing) for thing in results]
    del results
    await asyncio.sleep(0)
    assert [reference() for reference in references] == [None] * 3


# -- fairness


def compute(seconds: float) -> None:
    """Keep the processor busy."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


@pytest.mark.realtime
@pytest.mark.parametrize("kind", ["plain", "slow"])
@pytest.mark.parametrize("workers", [1, 100])
async def test_computing_items_share_the_loop(workers: int, kind: str) -> None:
    """Others get the loop after each slice, also from many workers that never wait."""

    async def item(_: int) -> None:
        compute(0.002)

    async def count_passes() -> None:
        nonlocal passes
        while True:
            passes += 1
            await asyncio.sleep(0)

    passes = 0
    counter = asyncio.create_task(count_passes())
    await run_jobs(item, getattr(Feed(range(100)), kind)(), workers=workers)
    counter.cancel()
    # 3 ms make a slice, so that a pass runs two items of 2 ms, or three if the machine
    # is busy elsewhere. Without slices a hundred workers would leave a handful.
    assert passes >= 33


@pytest.mark.realtime
async def test_tiny_items_share_the_loop() -> None:
    """Items too small to be timed give the loop back as well."""

    async def count_passes() -> None:
        nonlocal passes
        while True:
            passes += 1
            await asyncio.sleep(0)

    passes = 0
    counter = asyncio.create_task(count_passes())
    start = time.perf_counter()
    await run_jobs(double, range(200_000), workers=1)
    elapsed = time.perf_counter() - start
    counter.cancel()
    # A slice is 3 ms, and a machine that is busy elsewhere makes some of them longer.
    assert passes >= elapsed / 0.003 / 5
    # Nor is the loop gone round for every item: that would cost most of the time.
    assert passes < 20_000
