"""Hand one comm message to its widget, also in the midst of a cell.

A front end sends the next change of a widget once it has heard that the kernel is idle
again after the last one. So every message has its busy and its idle, as in an idle
kernel; then the cell's parent is put back, and what the cell prints stands under it.
"""

from __future__ import annotations

import contextlib
import inspect
import signal
import sys
import threading
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from notebook_async.kernel._frames import COMM_KINDS
from notebook_async.kernel._portal import Portal, can_wait
from notebook_async.kernel._replacement import Replacement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from notebook_async.kernel._frames import Frames

__all__ = ["CommDelivery", "RunningCell"]

_CELL_EVENTS = frozenset({"pre_execute", "post_execute"})


@dataclass(frozen=True, slots=True, eq=False)
class RunningCell:
    """A cell that has begun and not ended, and how to make it the current one again.

    Attributes
    ----------
    ident, parent
        What the kernel's `set_parent` wants.
    context
        The context variables with which the cell began.
    """

    ident: Any
    parent: dict[str, Any]
    context: Context = field(repr=False)


class _Silence:
    """The time in which a suspended cell must not take a click for its own end."""

    def __init__(self) -> None:
        self.on = True


_silence: ContextVar[_Silence | None] = ContextVar(
    "notebook_async_silence", default=None
)


class CommDelivery:
    """Calls the kernel's handlers of comm messages for us.

    Parameters
    ----------
    shell
        The IPython shell; only that of a kernel has anything to deliver.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._kernel: Any = getattr(shell, "kernel", None)
        self._handlers: dict[str, Callable[..., Any]] = {}
        self._replaced: list[Replacement] = []

    def install(self) -> None:
        """Start to keep a cell's events from what is delivered in its midst.

        What ipykernel itself delivers may wait from plain code from now on.
        """
        handlers = self._kernel.shell_handlers
        for kind in COMM_KINDS & handlers.keys():
            self._handlers[kind] = native = handlers[kind]
            replaced = Replacement(handlers, kind, _in_portal(native))
            self._replaced.append(replaced)
        trigger = self._shell.events.trigger

        def trigger_unless_silent(event: str, *args: Any, **kwargs: Any) -> Any:
            silence = _silence.get()
            if silence is None or not silence.on or event not in _CELL_EVENTS:
                return trigger(event, *args, **kwargs)
            return None

        self._replaced.append(
            Replacement(vars(self._shell.events), "trigger", trigger_unless_silent)
        )

    def uninstall(self) -> None:
        """Put the events and the handlers back."""
        while self._replaced:
            self._replaced.pop().undo()

    def deliver(self, frames: Frames, cell: RunningCell | None) -> None:
        """Handle a comm message now, on the kernel's main thread.

        Parameters
        ----------
        frames
            The message as it came.
        cell
            The cell that is suspended meanwhile.
        """
        kernel = self._kernel
        idents, parts = kernel.session.feed_identities(frames, copy=False)
        try:
            message = kernel.session.deserialize(parts, content=True, copy=False)
        except Exception:
            kernel.log.exception("Invalid Message")
            return
        kernel.set_parent(idents, message, channel="shell")
        kernel._publish_status("busy", "shell", parent=message)  # noqa: SLF001
        try:
            with _interruptible(), _silent() if cell else contextlib.nullcontext():
                self._handle(idents, message)
        except KeyboardInterrupt:
            kernel.log.warning("KeyboardInterrupt in the handler of a comm message.")
        except Exception:
            kernel.log.exception("Exception in the handler of a comm message:")
        finally:
            self._end(message, cell)

    def _handle(self, idents: Any, message: dict[str, Any]) -> None:
        handler = self._handlers[message["header"]["msg_type"]]
        result = handler(self._kernel.shell_stream, idents, message)
        if inspect.iscoroutine(result):
            # ipykernel's own are plain functions. An async one of a kernel of another
            # make has no cell to be awaited in; nothing is lost by its own pace.
            self._kernel.io_loop.add_callback(lambda: result)

    def _end(self, message: dict[str, Any], cell: RunningCell | None) -> None:
        kernel = self._kernel
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        kernel._publish_status("idle", "shell", parent=message)  # noqa: SLF001
        if cell is not None:
            kernel.set_parent(cell.ident, cell.parent, channel="shell")
            # A front end shows the last state that it heard, and the cell goes on.
            kernel._publish_status("busy", "shell", parent=cell.parent)  # noqa: SLF001


def _in_portal(native: Callable[..., Any]) -> Callable[..., Any]:
    """Let the callbacks of a comm wait: many call `asyncio.run`."""

    async def call(*args: Any) -> None:
        result = native(*args)
        if inspect.isawaitable(result):
            await result

    async def handle(*args: Any) -> None:
        # On 7.4 the task of each message is one already.
        on_main = threading.current_thread() is threading.main_thread()
        await (call(*args) if can_wait() or not on_main else Portal(call(*args)))

    return handle


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep `post_execute` from being called: inline matplotlib flushes figures on it.

    It holds for the code called here only. A callback may run the loop, and then the
    cell itself can end meanwhile.
    """
    silence = _Silence()
    token = _silence.set(silence)
    try:
        yield
    finally:
        # A task that the callback has started keeps a copy of the variable.
        silence.on = False
        _silence.reset(token)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let an interrupt end a callback that blocks, and not the cell that awaits.

    While a cell awaits, an interrupt only asks the loop to cancel the cell, which would
    wait for the callback to end by itself.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
