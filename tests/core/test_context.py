"""Context variables: inherited by items, and seen by nobody else."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any

import pytest

from notebook_async import iter_jobs, run_jobs, start_jobs
from tests.core.probes import Feed, Gauge, now

variable: ContextVar[Any] = ContextVar("variable", default="default")


class Touchy:
    """A value that refuses to be compared, as an array does."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("the truth value of an array is ambiguous")

    __hash__ = object.__hash__


async def get(_: object) -> object:
    """Return the variable after a pause."""
    await asyncio.sleep(1)
    return variable.get()


async def swap(value: object) -> object:
    """Set the variable and return what it was."""
    before = variable.get()
    variable.set(value)
    await asyncio.sleep(1)
    assert variable.get() is value
    return before


async def test_items_inherit() -> None:
    """Items see what was set when the run was started."""
    variable.set("outside")
    run = start_jobs(get, range(3), workers=1)
    variable.set("later")
    assert await run == ["outside"] * 3


@pytest.mark.parametrize("kind", ["plain", "slow"])
@pytest.mark.parametrize("workers", [1, 2, 9])
async def test_no_leak_to_the_next_item(kind: str, workers: int) -> None:
    """What an item sets is not seen by the items after it."""
    variable.set("outside")
    source = getattr(Feed(range(6)), kind)()
    assert await run_jobs(swap, source, workers=workers) == ["outside"] * 6


async def test_no_leak_out() -> None:
    """What an item sets is not seen by the caller."""
    await run_jobs(swap, range(3))
    async for _ in iter_jobs(swap, range(3)):
        pass
    assert variable.get() == "default"


async def test_no_leak_from_a_failed_item() -> None:
    """What a failed item has set is not seen by the next either."""

    async def item(number: int) -> object:
        before = variable.get()
        variable.set(number)
        if number % 2 == 0:
            raise ValueError(before)
        return before

    results = await run_jobs(item, range(4), workers=1, on_error="return")
    assert [repr(result) for result in results] == [
        "ValueError('default')",
        "'default'",
        "ValueError('default')",
        "'default'",
    ]


async def test_no_leak_from_a_function_that_makes_the_awaitable() -> None:
    """What a plain function sets before it returns its awaitable does not leak."""

    def item(number: int) -> object:
        before = variable.get()
        variable.set(number)
        return asyncio.sleep(0, before)

    assert await run_jobs(item, range(4), workers=1) == ["default"] * 4


@pytest.mark.parametrize("kind", ["plain", "slow"])
async def test_values_that_cannot_be_compared(kind: str) -> None:
    """A context variable may hold what raises when it is compared."""
    outside = Touchy()
    variable.set(outside)
    source = getattr(Feed([Touchy() for _ in range(4)]), kind)()
    results = await run_jobs(swap, source, workers=2)
    assert all(result is outside for result in results)


async def test_leaking_items_keep_bound_and_order() -> None:
    """Fresh workers after a leak neither exceed nor lose the bound."""
    gauge = Gauge()

    async def item(number: int) -> int:
        variable.set(number)
        return await gauge(number)

    assert await run_jobs(item, range(9), workers=3) == list(range(9))
    assert (gauge.peak, now()) == (3, 3.0)


async def test_leaking_items_obey_steering() -> None:
    """Fresh workers after a leak pause, resize and stop like the others."""
    gauge = Gauge()

    async def item(number: int) -> int:
        variable.set(number)
        return await gauge(number)

    run = start_jobs(item, range(20), workers=4)
    await asyncio.sleep(0.5)
    run.workers = 2
    run.pause()
    await asyncio.sleep(5)
    assert len(gauge.started) == 4
    run.resume()
    await asyncio.sleep(1)
    assert gauge.running == 2
    run.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await run
    assert len(gauge.started) == len(gauge.ended) == 6


async def test_workers_have_copies() -> None:
    """Items at work at the same time do not see each other's variables."""

    async def item(number: int) -> int:
        variable.set(number)
        await asyncio.sleep(1)
        return int(variable.get())

    assert await run_jobs(item, range(8), workers=4) == list(range(8))
