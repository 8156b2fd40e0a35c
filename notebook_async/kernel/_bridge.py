"""Let comm messages reach the loop while a cell awaits.

A kernel handles the messages of its shell channel one after the other, and so a click
waits for the cell that awaits it. The bridge stands where the main thread receives
them. While a cell is suspended, comm messages overtake it, in the order in which they
came; everything else keeps its turn. In an idle kernel it only notes that a comm
message has come, and ipykernel handles it as ever.

A message has its turn where it stood among the others. `_waiting` has the comm messages
that were not handled yet. One that overtakes leaves it early: its turn, if it had one
already, then finds it in `_overtaken` and passes.
"""

from __future__ import annotations

import asyncio
import builtins
import contextvars
import inspect
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from notebook_async.kernel._comm_delivery import CommDelivery, RunningCell
from notebook_async.kernel._frames import comm_kind, content_of
from notebook_async.kernel._replacement import Replacement
from notebook_async.kernel._shell_channel import find_channel, warn_of_unknown
from notebook_async.kernel._shell_replies import mend_replies

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notebook_async.kernel._frames import Frames
    from notebook_async.kernel._shell_channel import ShellChannel

__all__ = ["CommBridge"]

# The targets of ipywidgets' protocol. A callback may touch what a cell awaits, and
# asyncio's futures and locks bear no other thread. From ipykernel 7.0 on, JupyterLab
# sends each widget's messages to a thread of its own; 7.4 has it send them here again.
_WIDGETS = frozenset({"jupyter.widget", "jupyter.widget.control"})


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A comm message that was not handled yet, and whether a turn will come for it."""

    frames: Frames
    has_turn: bool


class CommBridge:
    """Delivers comm messages in the midst of awaiting cells, while it is installed.

    Parameters
    ----------
    shell
        The IPython shell. Outside of a kernel the bridge has nothing to do.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._kernel: Any = getattr(shell, "kernel", None)
        self._delivery = CommDelivery(shell)
        self._undo: list[Callable[[], object]] = []
        self._waiting: dict[int, _Arrival] = {}
        self._overtaken: dict[int, Frames] = {}
        self._cell: RunningCell | None = None

    @property
    def installed(self) -> bool:
        """Whether messages come to the bridge."""
        return bool(self._undo)

    def install(self) -> None:
        """Stand between the shell channel and the kernel, or say that it cannot be."""
        if self._kernel is None or self._undo:
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            # Loaded by a configuration, before the kernel has started to receive.
            self._at_event("pre_execute", self._attach)
        else:
            self._attach()

    def uninstall(self) -> None:
        """Put everything back; what waits here is handled or takes its turn."""
        while self._undo:
            self._undo.pop()()
        self._deliver_turnless()

    def _attach(self) -> None:
        channel = find_channel(self._kernel)
        if channel is None:
            warn_of_unknown(self._kernel)
            return
        self._channel: ShellChannel = channel
        self._loop = asyncio.get_running_loop()
        self._thread = threading.current_thread()
        self._context = contextvars.copy_context()
        self._mark_loading_cell()
        self._delivery.install()
        self._undo.append(self._delivery.uninstall)
        self._wrap_execution()
        channel.install(self._on_recv, self)
        self._undo.append(self._detach_channel)
        if (unmend := mend_replies(self._kernel)) is not None:
            self._undo.append(unmend)

    def _mark_loading_cell(self) -> None:
        """Know the cell that loads the extension: it has begun without the bridge."""
        # ipykernel answers `input` itself while a cell runs, and only then.
        in_cell = getattr(builtins.input, "__self__", None) is self._kernel
        if not in_cell:
            return
        ident = self._kernel._parent_ident["shell"]  # noqa: SLF001
        cell = self._begin(ident, self._kernel.get_parent("shell"))
        self._at_event("post_execute", lambda: self._end(cell))

    def _at_event(self, name: str, call: Callable[[], object]) -> None:
        """Call once at the next event of that name."""
        events = self._shell.events

        def once(*_: object) -> None:
            forget()
            call()

        def forget() -> None:
            if once in events.callbacks[name]:
                events.unregister(name, once)

        events.register(name, once)
        self._undo.append(forget)

    def _wrap_execution(self) -> None:
        handlers = self._kernel.shell_handlers
        native = handlers["execute_request"]

        async def execute_request(
            stream: Any, ident: Any, parent: dict[str, Any]
        ) -> None:
            cell = None
            if threading.current_thread() is self._thread:  # and not a subshell
                cell = self._begin(ident, parent)
            try:
                result = native(stream, ident, parent)
                if inspect.isawaitable(result):
                    await result
            finally:
                self._end(cell)

        replaced = Replacement(handlers, "execute_request", execute_request)
        self._undo.append(replaced.undo)

    def _detach_channel(self) -> None:
        self._channel.stop_receiving()
        self._channel.resume()
        if not self._overtaken:
            self._channel.stop_taking_turns()

    # --- cells ----------------------------------------------------------------------

    def _begin(self, ident: Any, parent: dict[str, Any]) -> RunningCell:
        self._context = contextvars.copy_context()
        self._cell = RunningCell(ident, parent, self._context)
        self._channel.pause()
        # What came in the last moment of the cell before is due before this one.
        self._deliver_turnless()
        # What has its turn after this cell overtakes it once it is suspended.
        self._loop.call_soon(self._overtake)
        return self._cell

    def _end(self, cell: RunningCell | None) -> None:
        if cell is None or self._cell is not cell:
            return
        self._context = contextvars.copy_context()
        self._cell = None
        self._loop.call_soon(self._resume)

    def _resume(self) -> None:
        # ipykernel may have begun with the next cell in the meantime.
        if self._cell is None:
            self._channel.resume()

    # --- messages -------------------------------------------------------------------

    def _on_recv(self, frames: Frames) -> Awaitable[None] | None:
        if comm_kind(self._kernel.session, frames) is None:
            return self._channel.accept(frames, is_comm=False)
        overtakes = self._cell is not None and self.is_known(frames)
        self._waiting[id(frames)] = _Arrival(frames, has_turn=not overtakes)
        if self._cell is not None:
            # One that has no turn must not leave those before it behind, either.
            self._loop.call_soon(self._overtake)
        return None if overtakes else self._channel.accept(frames, is_comm=True)

    def _overtake(self) -> None:
        """Deliver what may pass the cell that is suspended now."""
        for key, arrival in list(self._waiting.items()):
            if key not in self._waiting:
                continue  # a callback ran the loop, which came by here
            if arrival.has_turn:
                if self._cell is None or not self.is_known(arrival.frames):
                    continue
                if not self._channel.drop(arrival.frames):
                    self._overtaken[key] = arrival.frames
            del self._waiting[key]
            self.deliver(arrival.frames)

    def _deliver_turnless(self) -> None:
        for key, arrival in list(self._waiting.items()):
            if not arrival.has_turn and self._waiting.pop(key, None) is not None:
                self.deliver(arrival.frames)

    # --- for the channel ------------------------------------------------------------

    def take(self, frames: Frames) -> bool:
        """Return whether a message whose turn it is has still to be handled."""
        self._waiting.pop(id(frames), None)
        if self._overtaken.pop(id(frames), None) is None:
            return True
        if not self._overtaken and not self.installed:
            self._channel.stop_taking_turns()
        return False

    def is_known(self, frames: Frames) -> bool:
        """Tell whether a message finds its comm; the cell may be about to make it."""
        content = content_of(self._kernel.session, frames)
        manager = self._kernel.comm_manager
        return (
            content.get("comm_id") in manager.comms
            or content.get("target_name") in manager.targets
        )

    def divert(self, frames: Frames) -> bool:
        """Take a message of a widget from a subshell to the main loop."""
        if not self.installed or not self._is_of_widget(frames):
            return False
        self._loop.call_soon_threadsafe(self.deliver, frames)
        return True

    def _is_of_widget(self, frames: Frames) -> bool:
        if comm_kind(self._kernel.session, frames) is None:
            return False
        content = content_of(self._kernel.session, frames)
        comm = self._kernel.comm_manager.comms.get(content.get("comm_id"))
        target = content.get("target_name") or getattr(comm, "target_name", None)
        return target in _WIDGETS

    def deliver(self, frames: Frames) -> None:
        """Handle a comm message now, under itself and with the cell's variables."""
        context = self._context.copy()
        context.run(self._delivery.deliver, frames, self._cell)
