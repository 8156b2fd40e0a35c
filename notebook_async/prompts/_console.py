"""Lines from a terminal, without holding the loop while nobody types."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import (
    AbstractAsyncContextManager,
    ExitStack,
    contextmanager,
    nullcontext,
)
from typing import TYPE_CHECKING, Any, Protocol, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Console", "TerminalConsole", "has_terminal", "the_screen"]

_MOST = 65536


class Console(Protocol):
    """Where a dialogue in text takes place."""

    def write(self, text: str) -> None:
        """Show text as it is; a question ends without a line break."""

    async def line(self, *, secret: bool = False) -> str | None:
        """Return the next line without its end, or None where there will be no more."""

    def release(self) -> None:
        """Stop waiting for a line, at once; whoever did so is being cancelled."""


def has_terminal() -> bool:
    """Tell whether a person may type something for this program to read."""
    stdin = sys.stdin
    try:
        if stdin is None or not stdin.isatty():
            return False
        # One in the background would be stopped by reading.
        return not hasattr(os, "tcgetpgrp") or (
            os.tcgetpgrp(stdin.fileno()) == os.getpgrp()
        )
    except (OSError, ValueError, AttributeError):
        return False


class TerminalConsole:
    """The terminal that this program was started in.

    What is written goes there by itself, for the output of a job may go elsewhere.
    """

    def __init__(self) -> None:
        self._undo = ExitStack()

    def write(self, text: str) -> None:
        """Show text as it is."""
        stream = _screen()
        stream.write(text)
        stream.flush()

    async def line(self, *, secret: bool = False) -> str | None:
        """Return the next line without its end, or None where there will be no more."""
        with ExitStack() as undo:
            self._undo = undo
            if secret:
                undo.enter_context(_without_echo())
            data = await _bytes(undo)
        if secret:
            self.write("\n")
        if not data:
            return None
        return data.decode(sys.stdin.encoding or "utf-8", "replace").rstrip("\r\n")

    def release(self) -> None:
        """Stop waiting for a line, at once: the terminal shows again what is typed."""
        self._undo.close()


def _screen() -> TextIO:
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None and stream.isatty():
            return stream
    return sys.stdout


async def _bytes(undo: ExitStack) -> bytes:
    loop, stdin = asyncio.get_running_loop(), sys.stdin.fileno()
    future: asyncio.Future[bytes] = loop.create_future()

    def ready() -> None:
        if not future.done():
            try:
                future.set_result(os.read(stdin, _MOST))
            except OSError:  # the terminal is gone
                future.set_result(b"")

    try:
        loop.add_reader(stdin, ready)
    except NotImplementedError:  # the loop of Windows
        return await _bytes_by_thread()
    undo.callback(loop.remove_reader, stdin)
    return await future


_reading: asyncio.Future[bytes] | None = None


async def _bytes_by_thread() -> bytes:
    """Read a line in a thread; one that nobody waits for any more goes to the next."""
    global _reading  # noqa: PLW0603 - there is but one terminal
    if _reading is None or _reading.get_loop() is not asyncio.get_running_loop():
        _reading = asyncio.ensure_future(asyncio.to_thread(sys.stdin.buffer.readline))
    data = await asyncio.shield(_reading)
    _reading = None
    return data


@contextmanager
def _without_echo() -> Iterator[None]:
    """Let the terminal not show what is typed."""
    try:
        import termios  # noqa: PLC0415 - not on every system
    except ImportError:
        yield
        return
    stdin = sys.stdin.fileno()
    before: list[Any] = termios.tcgetattr(stdin)
    silent = [*before]
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(stdin, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)


def the_screen() -> AbstractAsyncContextManager[object]:
    """Have the terminal to oneself, where a prompt such as IPython's is open on it."""
    toolkit = sys.modules.get("prompt_toolkit.application")
    app = toolkit.get_app_or_none() if toolkit is not None else None
    if toolkit is None or app is None or not app.is_running:
        return nullcontext()
    screen: AbstractAsyncContextManager[object] = toolkit.in_terminal()
    return screen
