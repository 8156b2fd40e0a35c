"""One blocking call from plain code: its task, and what it leaves behind."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextvars import Context

__all__ = ["BlockingCall", "as_background", "end_tasks", "note_task", "outlive"]

# The call that the code is inside of, for what it starts.
_inside: ContextVar[BlockingCall | None] = ContextVar(
    "notebook_async_inside", default=None
)

# What else an interrupt of code that blocks the loop cancels, such as the job around.
_on_interrupt: ContextVar[Callable[[], object] | None] = ContextVar(
    "notebook_async_on_interrupt", default=None
)


class BlockingCall:
    """A call like `asyncio.run` under a running loop.

    Parameters
    ----------
    started
        Where to take note of the tasks that it starts; by default it does so itself.

    Attributes
    ----------
    task
        The task, or the future, that the caller waits for.
    interrupted
        Whether a person has interrupted it.
    depth
        How many calls it is in, with itself.

    Raises
    ------
    RecursionError
        If it is in more calls than Python's limit of recursion.

    Examples
    --------
    >>> call = BlockingCall()
    >>> call.task = asyncio.create_task(asyncio.sleep(1, "rested"))
    >>> await call.ended(tidy=True)
    >>> call.result(interrupt=KeyboardInterrupt)
    'rested'
    """

    def __init__(self, started: WeakSet[asyncio.Task[Any]] | None = None) -> None:
        self._outer = outer = _inside.get()
        self.depth: int = 1 if outer is None else outer.depth + 1
        if self.depth > sys.getrecursionlimit():
            # Each stands on a stack of its own, so Python does not see it.
            raise RecursionError("maximum depth of blocking calls exceeded")
        self._fatal: BaseException | None = None
        self._started = WeakSet() if started is None else started
        self._cancelled = False
        self.task: asyncio.Future[Any]
        self.interrupted = False

    def enter(self, context: Context) -> None:
        """Let what is started in a context count as started by this call."""
        context.run(_inside.set, self)

    def leave(self, context: Context) -> None:
        """Undo `enter`."""
        context.run(_inside.set, self._outer)

    def cancel(self) -> None:
        """Cancel what it waits for, unless that has ended by now."""
        self._cancelled = self.task.cancel() or self._cancelled

    def fail(self, error: BaseException) -> BaseException:
        """Keep what would end the loop for the caller; return what its task raises."""
        self._fatal = error
        return asyncio.CancelledError("interrupted")

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
        try:
            with contextlib.suppress(Exception):  # what it raises is for `result`
                await self.task
        except asyncio.CancelledError:
            # Who waits is cancelled after the task has ended, or with it.
            if not self.task.cancelled():
                raise
        finally:
            if tidy:
                await end_tasks(self._started)

    def result(self, *, interrupt: type[BaseException]) -> Any:
        """Return what came of it, or raise that; `interrupt` if it was interrupted."""
        __tracebackhide__ = True
        fatal, self._fatal = self._fatal, None
        in_place = isinstance(fatal, KeyboardInterrupt)  # its own code blocked
        try:
            if fatal is not None and (not in_place or interrupt is KeyboardInterrupt):
                raise fatal
            # One that came too late for the task is still one for the caller.
            heeded = in_place or self.task.cancelled() or not self._cancelled
            if self.interrupted and heeded:
                raise interrupt from fatal
            return self.task.result()
        finally:
            # What is raised has a traceback, and that refers to this frame.
            del self, fatal


async def end_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks, and wait for their ends, as `asyncio.run` does before it returns.

    Examples
    --------
    >>> task = asyncio.create_task(asyncio.sleep(60))
    >>> await end_tasks([task])
    >>> task.cancelled()
    True
    """
    left = [task for task in tasks if not task.done()]
    for task in left:
        task.cancel()
    if not left:
        return
    await asyncio.gather(*left, return_exceptions=True)
    for task in left:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            asyncio.get_running_loop().call_exception_handler(
                {
                    "message": "a task that a blocking call left behind failed",
                    "exception": error,
                    "task": task,
                }
            )


def note_task(task: asyncio.Task[Any], context: Context | None) -> None:
    """Tell the call around that a task was created, in a context of its own or not.

    Examples
    --------
    >>> note_task(asyncio.current_task(), None)  # no call is around
    """
    call = _inside.get() if context is None else context.get(_inside)
    if call is not None and task is not getattr(call, "task", None):
        call.started(task)


def as_background(cancel: Callable[[], object]) -> None:
    """Let the current context be that of a job.

    It outlives the call that started it, and where its code blocks the loop an
    interrupt calls `cancel`.

    Examples
    --------
    >>> from contextvars import copy_context
    >>> job = asyncio.get_running_loop().create_future()
    >>> copy_context().run(as_background, job.cancel)
    """
    _inside.set(None)
    _on_interrupt.set(cancel)


def outlive(error: BaseException) -> BaseException:
    """Return what a task of the kernel's loop is to raise instead of what would end it.

    Examples
    --------
    >>> outlive(KeyboardInterrupt())
    CancelledError('interrupted')
    """
    if not isinstance(error, KeyboardInterrupt):
        return error
    cancel = _on_interrupt.get()
    if cancel is not None:
        cancel()
    return asyncio.CancelledError("interrupted")
