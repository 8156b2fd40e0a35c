"""Carry a fix of ipykernel 7.4 to 7.0 to 7.3 (ipykernel#1529).

These send replies on the very socket from which a stream reads requests, past the
stream. That can use up the one signal that a request has come: the request lies unread
until the next one, and the kernel looks hung. 7.4 sends through the stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.kernel._replacement import Replacement

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["mend_replies"]


def mend_replies(kernel: Any) -> Callable[[], None] | None:
    """Send replies through the stream from now on, if this kernel does not.

    Returns
    -------
    callable or None
        Undoes it; None if there was nothing to mend.
    """
    thread: Any = getattr(kernel, "shell_channel_thread", None)
    manager = getattr(thread, "manager", None)
    native = getattr(manager, "_send_on_shell_channel", None)
    if native is None or hasattr(manager, "_shell_stream"):
        return None

    def send_by(send: Callable[[Any], object]) -> None:
        # The streams belong to the loop of that thread.
        for stream in _reply_streams(manager):
            thread.io_loop.add_callback(stream.on_recv, send, copy=False)

    # Subshells to come look it up when they are made.
    send = kernel.shell_stream.send_multipart
    replaced = Replacement(vars(manager), "_send_on_shell_channel", send)
    send_by(send)

    def undo() -> None:
        replaced.undo()
        send_by(native)

    return undo


def _reply_streams(manager: Any) -> list[Any]:
    """Return the streams by which the main thread and subshells send replies."""
    with manager._lock_cache:  # noqa: SLF001
        subshells = list(manager._cache.values())  # noqa: SLF001
    pairs = [
        manager._main_to_shell_channel,  # noqa: SLF001
        *(subshell.subshell_to_shell_channel for subshell in subshells),
    ]
    return [pair.to_stream for pair in pairs if pair.to_stream is not None]
