"""Let Ctrl-C in a terminal cancel what a cell waits for.

A kernel cancels the cell's own task. In a terminal Python raises KeyboardInterrupt in
the midst of the event loop instead: the cell's task would stay behind half done, and
the job that it waits for would go on with the next cell.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from notebook_async.kernel._host import detect_host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

__all__ = ["cancelling_on_interrupt"]


@contextmanager
def cancelling_on_interrupt(cancel: Callable[[], object]) -> Iterator[None]:
    """Call `cancel` on the first Ctrl-C in a terminal; elsewhere do nothing.

    A second one raises KeyboardInterrupt as ever, for code that blocks the loop.

    Parameters
    ----------
    cancel
        Called on the running loop.

    Examples
    --------
    >>> task = asyncio.create_task(asyncio.sleep(1, "rested"))
    >>> with cancelling_on_interrupt(task.cancel):
    ...     await task
    'rested'
    """
    in_terminal = detect_host().kind == "terminal"
    if not in_terminal or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)

    def on_interrupt(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        loop.call_soon_threadsafe(cancel)

    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
