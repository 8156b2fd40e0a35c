"""Probes that the tests of the core share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from notebook_async.testing import VirtualClockLoop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator

T = TypeVar("T")


class Gauge:
    """An item's function that counts what starts, runs and ends."""

    def __init__(self, seconds: float = 1.0) -> None:
        self.seconds = seconds
        self.started: list[Any] = []
        self.ended: list[Any] = []
        self.running = 0
        self.peak = 0

    async def __call__(self, item: T) -> T:
        """Wait and return the item; also count an item that is cancelled as ended."""
        self.started.append(item)
        self.running += 1
        self.peak = max(self.peak, self.running)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.running -= 1
            self.ended.append(item)
        return item


class Feed:
    """Sources that tell how far they were pulled and whether they were closed."""

    def __init__(self, items: Iterable[Any], *, delay: float = 0.0) -> None:
        self.items = items
        self.delay = delay
        self.pulled = 0
        self.advancing = 0
        self.closed_at: float | None = None

    def plain(self) -> Iterator[Any]:
        """Yield the items from an ordinary generator."""
        try:
            for item in self.items:
                self.pulled += 1
                yield item
        finally:
            self.closed_at = now()

    async def slow(self) -> AsyncIterator[Any]:
        """Yield the items from an async generator that takes a second to close."""
        try:
            for item in self.items:
                self.advancing += 1
                await asyncio.sleep(self.delay)
                assert self.advancing == 1
                self.advancing -= 1
                self.pulled += 1
                yield item
        finally:
            await asyncio.sleep(1)
            self.closed_at = now()


async def double(number: int) -> int:
    """Return twice the number, without ever waiting."""
    return 2 * number


async def wait(seconds: float) -> float:
    """Sleep so long and return it."""
    await asyncio.sleep(seconds)
    return seconds


def now() -> float:
    """Return the time of the running loop."""
    return asyncio.get_running_loop().time()


def others() -> set[asyncio.Task[Any]]:
    """Return every task that is not the test's own."""
    return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]


def virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a virtual clock of its own, for tests that need many loops."""
    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        return runner.run(main)
