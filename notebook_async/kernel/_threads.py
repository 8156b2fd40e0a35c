"""Run a loop that stands still in a thread, for code in a thread where one runs."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

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

    _start(loop, task, run, lambda: _soon(here, tell))
    try:
        await asyncio.shield(ended)
    except asyncio.CancelledError:
        taken: list[bool] = []
        _soon(loop, lambda: taken.append(task.cancel()))
        await ended
        if not any(taken):  # it has ended by itself before
            raise
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
    with _interrupts_cancel(loop, task) as interrupted:
        _start(loop, task, run, ended.set)
        ended.wait()
    if interrupted:
        raise KeyboardInterrupt
    return task.result()


@contextlib.contextmanager
def _interrupts_cancel(
    loop: asyncio.AbstractEventLoop, task: Any
) -> Iterator[list[int]]:
    """Let an interrupt of this thread cancel a task, and raise nothing meanwhile.

    KeyboardInterrupt may come between any two lines, also where nobody waits yet.
    """
    interrupted: list[int] = []

    def on_interrupt(number: int, _frame: FrameType | None) -> None:
        interrupted.append(number)
        _soon(loop, task.cancel)

    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield interrupted
        return
    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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


def _soon(loop: asyncio.AbstractEventLoop, action: Callable[[], object]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has just been closed
        loop.call_soon_threadsafe(action)
