"""Serving many callers by few calls."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from notebook_async.retrieval._ingest_batches import Batcher


class Doubler:
    """Doubles numbers, a second a call; and keeps count."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.at_once = self.peak = 0

    async def __call__(self, numbers: list[int]) -> list[int]:
        """Double, or fail for 99."""
        self.calls.append(numbers)
        self.at_once += 1
        self.peak = max(self.peak, self.at_once)
        try:
            await asyncio.sleep(1)
            if 99 in numbers:
                raise ValueError("99")
        finally:
            self.at_once -= 1
        return [2 * number for number in numbers]


async def test_callers_share_calls() -> None:
    """Calls are full under load, at most so many at once, and in the order asked."""
    double = Doubler()
    async with Batcher(double, size=4, workers=2) as batcher:
        asked = [batcher.ask([n, n + 1]) for n in range(0, 20, 2)]
        results = await asyncio.gather(*asked)
    assert results == [[2 * n, 2 * n + 2] for n in range(0, 20, 2)]
    assert double.calls == [list(range(n, n + 4)) for n in range(0, 20, 4)]
    assert double.peak == 2
    assert asyncio.get_running_loop().time() == 3.0


async def test_nobody_waits_for_a_batch_to_fill() -> None:
    """One caller alone is served at once."""
    double = Doubler()
    async with Batcher(double, size=100, workers=1) as batcher:
        assert await batcher.ask([1]) == [2]
        assert await batcher.ask([]) == []
    assert double.calls == [[1]]
    assert asyncio.get_running_loop().time() == 1.0


@pytest.mark.parametrize("passes", range(8))
async def test_who_asks_as_a_worker_leaves_is_served(passes: int) -> None:
    """At whatever pass of the loop somebody asks, he is not overlooked."""

    async def call(items: list[int]) -> list[int]:
        return items

    async with Batcher(call, size=1, workers=1) as batcher:
        tasks = []
        for number in range(4):
            tasks.append(asyncio.create_task(batcher.ask([number])))
            for _ in range(passes):
                await asyncio.sleep(0)
        assert await asyncio.gather(*tasks) == [[0], [1], [2], [3]]


async def test_one_request_may_need_many_calls() -> None:
    """What is more than a call takes is served by several."""
    double = Doubler()
    async with Batcher(double, size=2, workers=1) as batcher:
        assert await batcher.ask([1, 2, 3, 4, 5]) == [2, 4, 6, 8, 10]
    assert double.calls == [[1, 2], [3, 4], [5]]


async def test_bad_item_fails_its_own_caller_only() -> None:
    """After a call that failed each caller is served alone."""
    double = Doubler()
    async with Batcher(double, size=10, workers=1) as batcher:
        results = await asyncio.gather(
            batcher.ask([1, 2]),
            batcher.ask([99]),
            batcher.ask([3]),
            return_exceptions=True,
        )
        after = await batcher.ask([5])
    assert [results[0], results[2], after] == [[2, 4], [6], [10]]
    assert repr(results[1]) == "ValueError('99')"
    assert double.calls == [[1, 2, 99, 3], [1, 2], [99], [3], [5]]


async def test_too_few_results_are_an_error() -> None:
    """A call that returns another number of results than of items fails."""

    async def forget(items: list[int]) -> list[int]:
        return items[1:]

    async with Batcher(forget, size=10, workers=1) as batcher:
        with pytest.raises(ValueError, match=r"^1 results came for 2 items$"):
            await batcher.ask([1, 2])


async def test_one_that_is_cancelled_takes_nobody_with_it() -> None:
    """A caller that is cancelled leaves, and the others get their results."""
    double = Doubler()
    async with Batcher(double, size=1, workers=1) as batcher:
        tasks = [asyncio.create_task(batcher.ask([n])) for n in range(4)]
        await asyncio.sleep(0.5)
        tasks[0].cancel()
        tasks[2].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [results[1], results[3]] == [[2], [6]]
    assert double.calls == [[0], [1], [3]]


async def test_end_cancels_calls() -> None:
    """Leaving the batcher ends calls in flight, and who waits for them."""
    double = Doubler()
    async with Batcher(double, size=1, workers=1) as batcher:
        tasks = [asyncio.create_task(batcher.ask([n])) for n in range(2)]
        await asyncio.sleep(0.5)
    assert double.at_once == 0
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    tasks[1].cancel()


async def test_call_that_cancels_itself_leaves_nobody_waiting() -> None:
    """Who waits behind it is served, also where nobody asks any more."""
    calls: list[list[int]] = []

    async def call(items: list[int]) -> list[int]:
        calls.append(items)
        if items == [0]:
            raise asyncio.CancelledError
        return items

    async with Batcher(call, size=1, workers=1) as batcher:
        asked = [asyncio.create_task(batcher.ask([n])) for n in range(3)]
        results = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1:] == [[1], [2]]


async def test_end_waits_for_calls_whoever_is_cancelled() -> None:
    """A second cancellation leaves no call behind that still goes on."""
    ended: list[float] = []

    async def slow(items: list[int]) -> list[int]:
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(1)
            ended.append(asyncio.get_running_loop().time())
        return items

    async def use() -> None:
        async with Batcher(slow, size=1, workers=1) as batcher:
            await batcher.ask([0])

    using = asyncio.create_task(use())
    await asyncio.sleep(1)
    using.cancel()
    await asyncio.sleep(0.5)
    using.cancel()
    with pytest.raises(asyncio.CancelledError):
        await using
    assert ended == [asyncio.get_running_loop().time()]


async def test_what_is_out_of_order_is_not_asked_for_ever() -> None:
    """After three that fail as the whole did nobody else's item is tried alone."""
    calls: list[int] = []

    async def locked(items: list[int]) -> list[int]:
        calls.append(len(items))
        raise sqlite3.OperationalError("database is locked")

    async with Batcher(locked, size=20, workers=1) as batcher:
        asked = [batcher.ask([number]) for number in range(20)]
        results = await asyncio.gather(*asked, return_exceptions=True)
    assert {str(result) for result in results} == {"database is locked"}
    assert calls == [20, 1, 1, 1]


async def test_items_that_fail_alike_fail_nobody_else() -> None:
    """Errors that may be the items' own are looked for in each of them."""

    async def odd(items: list[int]) -> list[int]:
        if any(item < 10 for item in items):
            raise ValueError("too small")
        return items

    async with Batcher(odd, size=20, workers=1) as batcher:
        asked = [batcher.ask([number]) for number in range(20)]
        results = await asyncio.gather(*asked, return_exceptions=True)
    assert results[10:] == [[number] for number in range(10, 20)]
    assert {str(result) for result in results[:10]} == {"too small"}
