"""Let signals wake a loop that waits in its selector; else Python just notes them."""

from __future__ import annotations

import contextlib
import signal
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["wake_on_signals"]


def wake_on_signals(loop: asyncio.AbstractEventLoop) -> Callable[[], None] | None:
    """Let signals wake a loop of the main thread; return what undoes it, if anything.

    Examples
    --------
    >>> loop = asyncio.new_event_loop()
    >>> undo = wake_on_signals(loop)
    >>> undo()
    >>> loop.close()
    """
    reader, writer = socket.socketpair()
    reader.setblocking(False)  # noqa: FBT003
    writer.setblocking(False)  # noqa: FBT003

    def close() -> None:
        reader.close()
        writer.close()

    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    if before != -1:  # `add_signal_handler` has been there, and does the same
        signal.set_wakeup_fd(before)
        close()
        return None

    def drain() -> None:
        with contextlib.suppress(BlockingIOError):
            reader.recv(4096)

    try:
        loop.add_reader(reader, drain)
    except NotImplementedError:  # Windows' own loop wakes up by itself
        signal.set_wakeup_fd(-1)
        close()
        return None

    def undo() -> None:
        if signal.set_wakeup_fd(-1) != writer.fileno():
            return
        if not loop.is_closed():
            loop.remove_reader(reader)
        close()

    return undo
