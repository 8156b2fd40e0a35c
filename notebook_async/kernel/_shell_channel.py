"""How each generation of ipykernel takes messages from its shell channel.

====================  ===============================================================
6.29 to 6.31, and     a queue with one task at its end: `msg_queue`
7.0 to 7.2 without
subshells
7.0 to 7.4            a task per message, and a lock: `_main_asyncio_lock`. With
                      subshells, a thread reads the socket and passes messages on
====================  ===============================================================

They are told apart by what they have and not by their version.
"""

from __future__ import annotations

import asyncio
import logging
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, Protocol

from notebook_async.kernel._replacement import Replacement

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notebook_async.kernel._frames import Frames

__all__ = [
    "LockedChannel",
    "QueuedChannel",
    "ShellChannel",
    "find_channel",
    "warn_of_unknown",
]

_log = logging.getLogger("notebook_async")

_unknown: set[str] = set()
"""Classes of kernels that were warned of."""


class Turns(Protocol):
    """Who knows which comm messages have had their turn before it came."""

    def take(self, frames: Frames) -> bool:
        """Return whether a message whose turn it is has still to be handled."""

    def is_known(self, frames: Frames) -> bool:
        """Tell whether a message finds its comm; the cell may be about to make it."""

    def divert(self, frames: Frames) -> bool:
        """Take a message that came on a subshell's thread; return whether it did."""

    def deliver(self, frames: Frames) -> None:
        """Handle a comm message now."""


class ShellChannel(Protocol):
    """The stream from which the main thread has its shell messages.

    Attributes
    ----------
    stream
        The stream.
    """

    stream: Any

    def install(self, on_recv: Callable[[Frames], Any], turns: Turns) -> None:
        """Let `on_recv` have the messages."""

    def stop_receiving(self) -> None:
        """Let ipykernel have them again."""

    def stop_taking_turns(self) -> None:
        """Ask no more whether a message has been handled before its turn."""

    def accept(self, frames: Frames, *, is_comm: bool) -> Awaitable[None] | None:
        """Let a message take its turn; what is returned is to become a task."""

    def pause(self) -> None:
        """Know that a cell has begun."""

    def resume(self) -> None:
        """Know that no cell runs."""

    def drop(self, frames: Frames) -> bool:
        """Let a message have no turn; return False if ipykernel has it already."""


class _Channel:
    """What the generations have in common."""

    def __init__(self, kernel: Any, stream: Any) -> None:
        self.stream = stream
        self._kernel = kernel
        self._native: Callable[[Frames], Any] = stream._recv_callback  # noqa: SLF001
        self._ours: Callable[[Frames], Any] | None = None

    def _receive(self, on_recv: Callable[[Frames], Any]) -> None:
        self._ours = on_recv
        self.stream.on_recv(on_recv, copy=False)

    def stop_receiving(self) -> None:
        """Let ipykernel have the messages again."""
        # A kernel that stops has closed it.
        if not self.stream.closed() and self.stream._recv_callback is self._ours:  # noqa: SLF001
            self.stream.on_recv(self._native, copy=False)


class QueuedChannel(_Channel):
    """Messages wait in `msg_queue` for the task that handles them all."""

    def install(self, on_recv: Callable[[Frames], Any], turns: Turns) -> None:
        """Let `on_recv` have the messages."""
        kernel = self._kernel

        async def in_turn(frames: Frames) -> None:
            if turns.take(frames):
                await kernel.dispatch_shell(frames)

        self._in_turn = in_turn
        self._receive(on_recv)

    def stop_taking_turns(self) -> None:
        """Do nothing: what waits in the queue asks once and then is gone."""

    def accept(self, frames: Frames, *, is_comm: bool) -> Awaitable[None] | None:
        """Let a message take its turn."""
        if is_comm:
            self._kernel.schedule_dispatch(self._in_turn, frames)
            return None
        return self._native(frames)

    def pause(self) -> None:
        """Do nothing: the queue waits by itself."""

    def resume(self) -> None:
        """Do nothing, likewise."""

    def drop(self, frames: Frames) -> bool:  # noqa: ARG002
        """Return False: what has a turn is in the queue."""
        return False


class LockedChannel(_Channel):
    """Each message has a task, which waits for the lock that a cell holds.

    While a cell runs, messages wait here instead. Inside a nested run a new task would
    enter, for a second time, the context in which ipykernel 7.3 runs all messages, and
    its message would be lost.
    """

    def __init__(self, kernel: Any, stream: Any) -> None:
        super().__init__(kernel, stream)
        self._replaced: Replacement | None = None
        self._stopping = False
        self._paused = False
        self._held: dict[int, tuple[Frames, Context]] = {}
        self._early: dict[int, tuple[Frames, Context]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def install(self, on_recv: Callable[[Frames], Any], turns: Turns) -> None:
        """Let `on_recv` have the messages."""
        native = self._kernel.dispatch_shell

        # Both the main thread's tasks and those of subshells look it up on the kernel.
        async def dispatch_shell(
            frames: Frames, /, subshell_id: str | None = None, **options: Any
        ) -> None:
            if subshell_id is not None:
                if not turns.divert(frames):
                    await native(frames, subshell_id=subshell_id, **options)
            elif options.get("concurrent"):
                # 7.4 lets a comm message overtake, without its busy and idle.
                if self._paused and not turns.is_known(frames):
                    self._early[id(frames)] = (frames, copy_context())
                elif turns.take(frames):
                    turns.deliver(frames)
            elif turns.take(frames):
                await native(frames, subshell_id=subshell_id, **options)

        self._replaced = Replacement(
            vars(self._kernel), "dispatch_shell", dispatch_shell
        )
        self._receive(on_recv)

    def stop_taking_turns(self) -> None:
        """Ask no more whether a message has been handled before its turn.

        What waited here still asks: 7.4 would answer it without its busy and idle.
        """
        self._stopping = True
        self._restore()

    def accept(self, frames: Frames, *, is_comm: bool) -> Awaitable[None] | None:  # noqa: ARG002
        """Let a message take its turn."""
        if self._paused or self._early or self._held:
            self._held[id(frames)] = (frames, copy_context())
            return None
        return self._native(frames)

    def pause(self) -> None:
        """Let messages wait here from now on."""
        self._paused = True

    def resume(self) -> None:
        """Let the messages that wait here take their turns, in their order."""
        self._paused = False
        # ipykernel had started on the early ones before it let the cell run.
        held = self._early | self._held
        self._early, self._held = {}, {}
        for frames, context in held.values():
            turn = context.run(self._native, frames)
            if asyncio.iscoroutine(turn):
                task = asyncio.get_running_loop().create_task(turn, context=context)
                self._tasks.add(task)
                task.add_done_callback(self._turn_ended)

    def _turn_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._stopping:
            self._restore()

    def _restore(self) -> None:
        if self._replaced is not None and not self._tasks:
            self._replaced.undo()
            self._replaced = None

    def drop(self, frames: Frames) -> bool:
        """Let a message have no turn; return False if ipykernel has it already."""
        key = id(frames)
        held = self._early.pop(key, None) or self._held.pop(key, None)
        return held is not None


def find_channel(kernel: Any) -> ShellChannel | None:
    """Return how this kernel takes its messages, or None if it is of another make."""
    manager = getattr(getattr(kernel, "shell_channel_thread", None), "manager", None)
    pair = getattr(manager, "_shell_channel_to_main", None)
    stream = pair.to_stream if pair else getattr(kernel, "shell_stream", None)
    receives = callable(getattr(stream, "_recv_callback", None))
    handles = "execute_request" in getattr(kernel, "shell_handlers", {})
    if not (receives and handles):
        return None
    if pair is None and hasattr(kernel, "msg_queue"):
        return QueuedChannel(kernel, stream)
    if hasattr(kernel, "_main_asyncio_lock"):
        return LockedChannel(kernel, stream)
    return None


def warn_of_unknown(kernel: Any) -> None:
    """Say once that widgets are as slow in this kernel as they are without us."""
    name = f"{type(kernel).__module__}.{type(kernel).__qualname__}"
    if name not in _unknown:
        _unknown.add(name)
        _log.warning(
            "notebook_async does not know the kernel class %s: there, what you type or"
            " press in a widget may reach Python only after the running cell",
            name,
        )
