"""Lines from a terminal, without holding the loop while nobody types."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
    contextmanager,
)
from typing import TYPE_CHECKING, Any, Protocol, TextIO

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from types import FrameType

__all__ = ["Console", "TerminalConsole", "has_terminal"]

_MOST = 65536
# Seconds between two glances at whether another prompt has opened on the terminal.
_GLANCE = 0.1


class Console(Protocol):
    """Where a dialogue in text takes place."""

    def dialogue(
        self, interrupted: Callable[[], object]
    ) -> AbstractAsyncContextManager[object]:
        """Hold it for one dialogue; call `interrupted()` when the person ends that."""

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
        self._others = AsyncExitStack()
        self._alone = False
        self._begun = ""

    @asynccontextmanager
    async def dialogue(self, interrupted: Callable[[], object]) -> AsyncIterator[None]:
        """Hold the terminal; Ctrl-C ends the dialogue beside what it ends anyway."""

        def interrupt() -> None:
            self.release()
            interrupted()

        with on_interrupt(interrupt):
            async with AsyncExitStack() as self._others:
                self._alone = False
                await self._after_others()
                yield

    def write(self, text: str) -> None:
        """Show text as it is."""
        self._begun = (self._begun + text).rpartition("\n")[2]
        stream = _screen()
        stream.write(text)
        stream.flush()

    async def line(self, *, secret: bool = False) -> str | None:
        """Return the next line without its end, or None where there will be no more."""
        while True:
            with ExitStack() as undo:
                self._undo = undo
                if secret:
                    undo.enter_context(_without_echo())
                data = await self._bytes(undo)
            if data is not None:
                break
        self._begun = ""
        if secret:
            self.write("\n")
        if not data:
            return None
        return data.decode(sys.stdin.encoding or "utf-8", "replace").rstrip("\r\n")

    def release(self) -> None:
        """Stop waiting for a line, at once: the terminal shows again what is typed."""
        self._undo.close()

    async def _bytes(self, undo: ExitStack) -> bytes | None:
        """Return what was typed, or None where another prompt got in between."""
        reading = read_bytes(undo)
        while not self._alone:
            await asyncio.wait([reading], timeout=_GLANCE)
            if reading.done():
                break
            if other_prompt() is not None:
                # It reads in our place by now: what undoes that would stop it.
                undo.pop_all()
                reading.cancel()
                await self._take_screen()
                self.write(self._begun)
                return None
        return await reading

    async def _after_others(self) -> None:
        """Let a prompt that is about to open do so first, and have its place then."""
        if "prompt_toolkit" in sys.modules and other_prompt() is None:
            await asyncio.sleep(_GLANCE)
        if other_prompt() is not None:
            await self._take_screen()

    async def _take_screen(self) -> None:
        toolkit = other_prompt()
        if toolkit is not None:
            await self._others.enter_async_context(toolkit.in_terminal())
            self._alone = True


def _screen() -> TextIO:
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None and stream.isatty():
            return stream
    return sys.stdout


def read_bytes(undo: ExitStack) -> asyncio.Future[bytes]:
    """Begin to read a line."""
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
        return asyncio.ensure_future(_bytes_by_thread())
    undo.callback(loop.remove_reader, stdin)
    return future


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


def other_prompt() -> Any:  # noqa: ANN401 - a module without types here
    """Return prompt_toolkit while a prompt such as IPython's is open."""
    toolkit = sys.modules.get("prompt_toolkit.application")
    app = toolkit.get_app_or_none() if toolkit is not None else None
    return toolkit if app is not None and app.is_running else None


@contextmanager
def on_interrupt(call: Callable[[], object]) -> Iterator[None]:
    """Call this on Ctrl-C, before what happens anyway.

    A loop that is left by a KeyboardInterrupt, as in IPython, leaves its tasks as they
    are: they would go on, and hold the terminal, as soon as it runs again.
    """
    before = signal.getsignal(signal.SIGINT)
    here = threading.current_thread() is threading.main_thread()
    if not here or not callable(before):
        yield
        return
    usual: Callable[..., object] = before

    def interrupt(number: int, frame: FrameType | None) -> None:
        call()
        usual(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        # Whoever took it over since then keeps it.
        if signal.getsignal(signal.SIGINT) is interrupt:
            signal.signal(signal.SIGINT, before)
