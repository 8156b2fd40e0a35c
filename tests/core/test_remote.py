"""Whole runs on the executors that need nothing but the standard library."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from notebook_async import Remote, Retry, run_jobs, start_jobs
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from tests.integrations.shipping import RunRules

if TYPE_CHECKING:
    from collections.abc import Iterator


# Files and threads come about in real time.
pytestmark = [pytest.mark.realtime, pytest.mark.timeout(20)]


class TestThreads(RunRules):
    """The rules of runs, in threads of our own."""

    @pytest.fixture
    def executor(self) -> object:
        """Give the word for them."""
        return "threads"


class TestThreadPool(RunRules):
    """The rules of runs, in a user's own pool of threads."""

    @pytest.fixture
    def executor(self) -> Iterator[object]:
        """Give a pool."""
        with ThreadPoolExecutor(8) as pool:
            yield pool


async def test_workers_bound_the_threads() -> None:
    """So many items run at once as there are workers, no more and no fewer."""
    barrier = threading.Barrier(3)
    lock = threading.Lock()
    running, peak = 0, 0

    def meet(_: int) -> None:
        nonlocal running, peak
        with lock:
            running += 1
            peak = max(peak, running)
        barrier.wait(timeout=10)
        with lock:
            running -= 1

    await run_jobs(meet, range(9), workers=3, executor="threads")
    assert peak == 3


async def test_single_items_keep_their_policies() -> None:
    """A blocking function is tried again, as often as its policy says."""
    calls: list[int] = []

    def flaky(n: int) -> int:
        calls.append(n)
        if len(calls) < 3:
            raise ConnectionError("again")
        return n

    retry = Retry(attempts=3, base=0)
    assert await run_jobs(flaky, [7], retry=retry, executor="threads") == [7]
    assert calls == [7, 7, 7]


async def test_timeout_gives_up_on_a_thread() -> None:
    """A thread cannot be killed, but its item fails in time and the run goes on."""
    go = threading.Event()

    def block(n: int) -> int:
        if n == 0:
            go.wait(timeout=30)
        return n

    began = time.monotonic()
    results = await run_jobs(
        block, range(3), timeout=0.05, on_error="return", executor="threads"
    )
    went_on = time.monotonic() - began
    go.set()
    assert [str(result) for result in results] == [
        "item 0 ran longer than timeout=0.05 s",
        "1",
        "2",
    ]
    assert went_on < 10


async def test_chunks_refuse_policies_of_single_items() -> None:
    """What belongs to single items is refused where they go by the chunk."""
    with pytest.raises(
        InvalidArgumentError, match=r"takes 5 at a time; give it chunk=1"
    ):
        await run_jobs(abs, [1], timeout=1, executor=Remote("threads", chunk=5))


async def test_counters_of_a_chunk_in_flight() -> None:
    """All items of a chunk count as running, and none can be cancelled alone."""
    here, go = threading.Event(), threading.Event()

    def wait(n: int) -> int:
        here.set()
        go.wait(timeout=10)
        return n

    executor = Remote("threads", chunk=4)
    run = start_jobs(wait, range(10), workers=2, executor=executor)
    while not here.is_set():
        await run_jobs(abs, [1], executor="threads")
    assert (run.running, run.done) == (8, 0)
    assert not run.cancel_item(0)
    go.set()
    assert await run == list(range(10))


async def test_nonsense_is_no_executor() -> None:
    """What can run nothing is refused at once."""
    with pytest.raises(ArgumentTypeError, match=r"^executor must be .* got 4 \(int\)$"):
        await run_jobs(abs, [1], executor=4)
