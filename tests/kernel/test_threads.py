"""A loop that stands still, run by another thread."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async.kernel._threads import end_in_thread, ended_in_thread

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

pytestmark = pytest.mark.realtime

variable: ContextVar[str] = ContextVar("variable", default="default")


@pytest.fixture
def still() -> Iterator[asyncio.AbstractEventLoop]:
    """Give a loop that stands still."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


async def where() -> tuple[str, str]:
    """Return the thread and what the context says."""
    await asyncio.sleep(0)
    return threading.current_thread().name, variable.get()


async def fail() -> None:
    """Raise."""
    await asyncio.sleep(0)
    raise KeyError("mine")


async def until_cancelled(begun: Any, cleaned: list[bool]) -> None:  # noqa: ANN401
    """Say that it has begun, wait for ever, and clean up."""
    begun()
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        await asyncio.sleep(0)
        cleaned.append(True)


async def awaited(
    loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any]
) -> Any:  # noqa: ANN401
    """Let another thread run a coroutine on a loop."""
    task = loop.create_task(coro)
    return await ended_in_thread(loop, task, type(loop).run_until_complete)


def blocking(loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401
    """Do the same, and block."""
    return end_in_thread(loop, loop.create_task(coro), type(loop).run_until_complete)


async def test_result(still: asyncio.AbstractEventLoop) -> None:
    """It is that of the task, which sees the caller's context; this loop goes on."""
    variable.set("outside")
    ticks = []

    async def tick() -> None:
        while True:
            ticks.append(True)
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    assert await awaited(still, where()) == ("run_until_complete", "outside")
    assert ticks
    with pytest.raises(KeyError, match="mine"):
        await awaited(still, fail())
    ticking.cancel()


async def test_blocking(still: asyncio.AbstractEventLoop) -> None:
    """The same where the caller cannot but block."""
    variable.set("outside")
    assert blocking(still, where()) == ("run_until_complete", "outside")
    with pytest.raises(KeyError, match="mine"):
        blocking(still, fail())


async def test_cancelling(still: asyncio.AbstractEventLoop) -> None:
    """Who is cancelled cancels the task, and goes on once that has cleaned up."""
    here = asyncio.get_running_loop()
    begun, cleaned = asyncio.Event(), list[bool]()

    def tell() -> None:
        here.call_soon_threadsafe(begun.set)

    task = asyncio.create_task(awaited(still, until_cancelled(tell, cleaned)))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned == [True]


async def test_cancelling_what_has_ended(still: asyncio.AbstractEventLoop) -> None:
    """A cancel that comes too late for the task is still one of the caller."""
    told = threading.Event()

    async def ending() -> str:
        told.set()
        return "done"

    task = asyncio.create_task(awaited(still, ending()))
    await asyncio.sleep(0)
    assert told.wait(10)
    while still.is_running():
        await asyncio.to_thread(bool)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_cancelling_what_does_not_heed_it(
    still: asyncio.AbstractEventLoop,
) -> None:
    """A task that goes on in spite of a cancel gives its result."""
    here = asyncio.get_running_loop()
    begun = asyncio.Event()

    async def heedless() -> str:
        here.call_soon_threadsafe(begun.set)
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            return "whole"
        return "never"

    task = asyncio.create_task(awaited(still, heedless()))
    await begun.wait()
    task.cancel()
    assert await task == "whole"


@pytest.mark.skipif(sys.platform == "win32", reason="a thread gets no signal there")
async def test_interrupt(still: asyncio.AbstractEventLoop) -> None:
    """An interrupt of a caller that blocks cancels the task, and comes out after it."""
    cleaned: list[bool] = []
    main = threading.main_thread().ident
    assert main is not None

    def interrupt() -> None:
        signal.pthread_kill(main, signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            blocking(still, until_cancelled(interrupt, cleaned))
    finally:
        signal.signal(signal.SIGINT, before)
    assert cleaned == [True]
    assert not still.is_running()
