"""One blocking call from plain code: its task, and what it leaves behind."""

from __future__ import annotations

import asyncio
import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from notebook_async.kernel._portal import on_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

__all__ = ["BlockingCall", "as_background", "note_task"]

# The call that the code is inside of, for what it starts.
_inside: ContextVar[BlockingCall | None] = ContextVar(
    "notebook_async_inside", default=None
)


class BlockingCall:
    """A call like `asyncio.run` under a running loop.

    Attributes
    ----------
    task
        The task, or the future, that the caller waits for.
    interrupted
        Whether a person has interrupted it.
    """

    def __init__(self) -> None:
        self._outer = _inside.get()
        self._fatal: BaseException | None = None
        self._started: WeakSet[asyncio.Task[Any]] = WeakSet()
        self.task: asyncio.Future[Any]
        self.interrupted = False

    def enter(self, context: Context) -> None:
        """Let what is started in a context count as started by this call."""
        context.run(_inside.set, self)

    def leave(self, context: Context) -> None:
        """Undo `enter`."""
        context.run(_inside.set, self._outer)

    def cancel(self) -> None:
        """Cancel what it waits for."""
        self.task.cancel()

    def fail(self, error: BaseException) -> None:
        """Take a KeyboardInterrupt or SystemExit out of its task, for the caller."""
        self._fatal = error

    def started(self, task: asyncio.Task[Any]) -> None:
        """Take note of a task that was created inside it."""
        self._started.add(task)

    def is_running_here(self) -> bool:
        """Tell whether the code that runs is inside it."""
        call = _inside.get()
        while call is not None and call is not self:
            call = call._outer  # noqa: SLF001
        return call is self

    async def ended(self, *, tidy: bool) -> None:
        """Wait for its end; then cancel, if it is to be tidy, the tasks left behind."""
        with contextlib.suppress(Exception, asyncio.CancelledError):
            await self.task  # what it raises is for `result`
        if not tidy:
            return
        left = [task for task in self._started if not task.done()]
        for task in left:
            task.cancel()
        if left:
            await asyncio.gather(*left, return_exceptions=True)

    def result(self, *, interrupt: type[BaseException]) -> Any:
        """Return what came of it, or raise that; `interrupt` if it was interrupted."""
        __tracebackhide__ = True
        fatal, self._fatal = self._fatal, None
        in_place = isinstance(fatal, KeyboardInterrupt)  # its own code blocked
        if fatal is not None and (not in_place or interrupt is KeyboardInterrupt):
            raise fatal
        if self.interrupted and (in_place or self.task.cancelled()):
            raise interrupt from fatal
        return self.task.result()


def note_task(task: asyncio.Task[Any], context: Context | None) -> None:
    """Tell the call around that a task was created, in a context of its own or not."""
    call = _inside.get() if context is None else context.get(_inside)
    if call is not None and task is not getattr(call, "task", None):
        call.started(task)


def as_background(cancel: Callable[[], object]) -> None:
    """Let the current context be that of a job.

    It outlives the call that started it, and where its code blocks the loop an
    interrupt calls `cancel`.
    """
    _inside.set(None)
    on_interrupt.set(cancel)
