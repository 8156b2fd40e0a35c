"""Run a loop that stands still in a thread, for code in a thread where one runs."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["end_in_thread", "ended_in_thread"]


async def ended_in_thread(
    loop: asyncio.AbstractEventLoop, task: Any, run: Callable[..., Any]
) -> Any:
    """Let `run(loop, task)` work in another thread; being cancelled cancels the task.

    Parameters
    ----------
    loop
        A loop that stands still.
    task
        A task or future of it.
    run
        Runs the loop until the task is done.

    Examples
    --------
    >>> loop = asyncio.new_event_loop()
    >>> task = loop.create_task(asyncio.sleep(0, "done"))
    >>> async def main():
    ...     return await ended_in_thread(loop, task, type(loop).run_until_complete)
    >>> asyncio.run(main())
    'done'
    >>> loop.close()
    """
    here = asyncio.get_running_loop()
    ended = here.create_future()

    def tell() -> None:
        if not ended.done():
            ended.set_result(None)

    _start(loop, task, run, lambda: here.call_soon_threadsafe(tell))
    try:
        await asyncio.shield(ended)
    except asyncio.CancelledError:
        _cancel(loop, task)
        await ended
    return task.result()


def end_in_thread(
    loop: asyncio.AbstractEventLoop, task: Any, run: Callable[..., Any]
) -> Any:
    """Do as `ended_in_thread` does, and block.

    Examples
    --------
    >>> loop = asyncio.new_event_loop()
    >>> task = loop.create_task(asyncio.sleep(0, "done"))
    >>> end_in_thread(loop, task, type(loop).run_until_complete)
    'done'
    >>> loop.close()
    """
    ended = threading.Event()
    _start(loop, task, run, ended.set)
    interrupt: KeyboardInterrupt | None = None
    # A `join` that is interrupted takes the thread for dead (python/cpython#90882).
    while not ended.is_set():
        try:
            ended.wait()
        except KeyboardInterrupt as error:
            interrupt = error
            _cancel(loop, task)
    if interrupt is not None:
        raise interrupt
    return task.result()


def _start(
    loop: asyncio.AbstractEventLoop,
    task: Any,
    run: Callable[..., Any],
    tell: Callable[[], object],
) -> None:
    def work() -> None:
        try:
            # What it raises is the task's.
            with contextlib.suppress(BaseException):
                run(loop, task)
        finally:
            tell()

    threading.Thread(
        target=copy_context().run,
        args=(work,),
        name="run_until_complete",
        daemon=True,  # a kernel that stops does not wait for it
    ).start()


def _cancel(loop: asyncio.AbstractEventLoop, task: Any) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has just been closed
        loop.call_soon_threadsafe(task.cancel)
