"""Let plain code deep inside a task wait, while the loop of the task goes on.

Each step of a coroutine runs in a greenlet. Where plain code in it has to wait, the
greenlet stands still as it is, frames and all, and what it waits for is handed to the
loop as if the coroutine itself had awaited it. Nothing is nested: any number of such
calls may overlap and end in any order.

A greenlet belongs to a coroutine only while a step lasts or stands still in a wait, so
that ten thousand sleeping tasks need one. And it answers whichever greenlet asked for
this very step: if somebody nests a loop in a step, which steps other tasks from there,
each of them still finds its way back. (greenback keeps the one of the first step; a
loop nested in its portal mixes up the tasks.)
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar, cast

from greenlet import getcurrent, greenlet

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from types import CodeType, FrameType, TracebackType

__all__ = [
    "Portal",
    "can_wait",
    "is_step",
    "on_interrupt",
    "portal_factory",
    "stepping",
    "wait",
]

T = TypeVar("T")

# What else an interrupt of code that blocks the loop cancels, such as the job around.
on_interrupt: ContextVar[Callable[[], object] | None] = ContextVar(
    "notebook_async_on_interrupt", default=None
)


class Portal(Coroutine[Any, Any, T]):
    """A coroutine in which plain code may `wait`. To asyncio it is the coroutine.

    A KeyboardInterrupt that leaves a task would end the loop, so it becomes a
    cancellation.

    Parameters
    ----------
    coro
        The coroutine.
    on_fatal
        Called with a KeyboardInterrupt or SystemExit; the task is cancelled instead.
    is_task
        Whether it is to be a task, not awaited in one.
    """

    def __init__(
        self,
        coro: Coroutine[Any, Any, T],
        *,
        on_fatal: Callable[[BaseException], object] | None = None,
        is_task: bool = True,
    ) -> None:
        self._coro: Any = coro
        self._on_fatal = on_fatal
        self._is_task = is_task
        self._runner: _Runner | None = None
        self.task: asyncio.Task[Any] | None = None
        self.__name__ = getattr(coro, "__name__", "coroutine")
        self.__qualname__ = getattr(coro, "__qualname__", self.__name__)

    # --- as a coroutine -------------------------------------------------------------

    def send(self, value: Any) -> Any:
        """Run the next step."""
        __tracebackhide__ = True
        return self._step(value, None)

    def throw(
        self,
        kind: Any,
        value: Any = None,
        trace: TracebackType | None = None,
        /,
    ) -> Any:
        """Run the next step, and let it begin with an exception."""
        __tracebackhide__ = True
        error = kind if value is None else value
        if isinstance(error, type):
            error = error()
        if trace is not None:
            error = error.with_traceback(trace)
        return self._step(None, error)

    def close(self) -> None:
        """End it early, as a coroutine is closed."""
        if self._runner is None:
            self._coro.close()
            return
        try:
            self.throw(GeneratorExit())
        except (GeneratorExit, StopIteration):
            return
        raise RuntimeError("coroutine ignored GeneratorExit")

    def __await__(self) -> Generator[Any, Any, T]:
        return cast("Generator[Any, Any, T]", self)

    def __iter__(self) -> Portal[T]:
        return self

    def __next__(self) -> Any:
        return self._step(None, None)

    # --- as asyncio and people look into one ----------------------------------------

    @property
    def coroutine(self) -> Coroutine[Any, Any, T]:
        """The coroutine itself."""
        return cast("Coroutine[Any, Any, T]", self._coro)

    @property
    def cr_await(self) -> Any:
        """What it awaits."""
        return getattr(self._coro, "cr_await", None)

    @property
    def cr_code(self) -> CodeType | None:
        """Its code."""
        return getattr(self._coro, "cr_code", None)

    @property
    def cr_frame(self) -> FrameType | None:
        """Its outermost frame, or None once it has ended."""
        return getattr(self._coro, "cr_frame", None)

    @property
    def cr_running(self) -> bool:
        """Whether a step runs, or stands still in a wait."""
        return bool(getattr(self._coro, "cr_running", False))

    @property
    def stack(self) -> FrameType | None:
        """The innermost frame of plain code that waits in it, or None."""
        runner = self._runner
        if runner is None or not runner.waiting:
            return None
        frame: FrameType | None = runner.gr_frame
        while frame is not None and frame.f_globals.get("__name__") == __name__:
            frame = frame.f_back
        return frame

    # --- within ---------------------------------------------------------------------

    def _step(self, value: Any, error: BaseException | None) -> Any:
        __tracebackhide__ = True
        here = getcurrent()
        runner = self._runner
        if runner is None:
            if self.task is None:
                self.task = _current_task()
            idle = _idle_runners()
            self._runner = runner = idle.pop() if idle else _Runner()
            runner.portal = self
            # As asyncio would have it: the step runs in the context of its task.
            runner.gr_context = here.gr_context
        runner.parent = here
        runner.inbox = (value, error)
        runner.switch()
        yielded, raised = runner.take_outbox()
        if not runner.waiting:
            self._runner = runner.portal = None
            runner.gr_context = None
            _idle_runners().append(runner)
        if raised is None:
            return yielded
        try:
            if isinstance(raised, KeyboardInterrupt | SystemExit) and self._is_task:
                raise self._survive(raised) from None
            raise raised
        finally:
            del raised, yielded, error  # its traceback refers to this frame

    def _survive(self, error: BaseException) -> BaseException:
        if self._on_fatal is not None:
            self._on_fatal(error)
        elif isinstance(error, KeyboardInterrupt):
            cancel = on_interrupt.get()
            if cancel is not None:
                cancel()
        else:
            return error
        return asyncio.CancelledError("interrupted")


class _Runner(greenlet):
    """A greenlet that performs steps, one after the other, for whichever portal."""

    def __init__(self) -> None:
        super().__init__()
        self.portal: Portal[Any] | None = None
        self.inbox: tuple[Any, BaseException | None] = (None, None)
        self._outbox: tuple[Any, BaseException | None] = (None, None)
        self.waiting = False

    def run(self) -> None:
        """Perform a step at each switch to it."""
        while True:
            self._perform()
            self.parent.switch()

    def _perform(self) -> None:
        # Whatever refers to the step must be gone once it is done: this greenlet stays.
        portal = self.portal
        if portal is None:
            return
        value, error = self.take_inbox()
        try:
            if error is None:
                self._outbox = (portal._coro.send(value), None)  # noqa: SLF001
            else:
                self._outbox = (portal._coro.throw(error), None)  # noqa: SLF001
        except BaseException as raised:  # noqa: BLE001 (it is raised where the step was asked)
            trace = raised.__traceback__
            self._outbox = (
                None,
                raised.with_traceback(trace and trace.tb_next),
            )
        finally:
            del error

    def pause(self, yielded: Any) -> tuple[Any, BaseException | None]:
        """Hand something to the loop from within a step; return what it answers."""
        self._outbox = (yielded, None)
        self.waiting = True
        try:
            self.parent.switch()
        finally:
            self.waiting = False
        return self.take_inbox()

    def take_inbox(self) -> tuple[Any, BaseException | None]:
        """Return what the step begins with, and forget it."""
        taken, self.inbox = self.inbox, (None, None)
        return taken

    def take_outbox(self) -> tuple[Any, BaseException | None]:
        """Return what the step came to, and forget it."""
        taken, self._outbox = self._outbox, (None, None)
        return taken


def can_wait() -> bool:
    """Tell whether the code that runs may `wait`."""
    runner = getcurrent()
    if not isinstance(runner, _Runner) or runner.portal is None:
        return False
    # A callback that a nested loop runs in the greenlet of a step is no part of it.
    task = _current_task()
    return task is not None and runner.portal.task is task


def wait(awaitable: Awaitable[T]) -> T:
    """Wait from plain code in a step of a portal, where `can_wait` says so."""
    runner = cast("_Runner", getcurrent())
    steps: Any = awaitable.__await__()
    value, error = None, None
    while True:
        try:
            yielded = steps.send(value) if error is None else steps.throw(error)
        except StopIteration as stop:
            return cast("T", stop.value)
        finally:
            error = None
        value, error = runner.pause(yielded)


def is_step(frame: FrameType | None) -> bool:
    """Tell whether a frame is part of a step, and not of what carries it out."""
    if frame is None or frame.f_globals.get("__name__") == __name__:
        return False
    while frame is not None:
        if frame.f_code is _PERFORM:
            return True
        frame = frame.f_back
    return False


def stepping() -> list[asyncio.Task[Any]]:
    """Return the tasks whose steps are under way here, innermost first.

    There are several where a loop is nested in a step.
    """
    tasks = []
    here: greenlet | None = getcurrent()
    while here is not None:
        if isinstance(here, _Runner) and here.portal and here.portal.task:
            tasks.append(here.portal.task)
        here = here.parent
    return tasks


def portal_factory(
    before: Callable[..., Any] | None, made: Callable[..., object]
) -> Callable[..., Any]:
    """Return a task factory whose tasks may wait.

    Parameters
    ----------
    before
        The task factory so far.
    made
        Called with each task and the context given for it, if any.
    """

    def make(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> Any:
        if not isinstance(coro, Portal) and asyncio.iscoroutine(coro):
            coro = Portal(coro)
        if before is None:
            # Not a constant: nest_asyncio replaces the class.
            task: Any = asyncio.Task(coro, loop=loop, **options)
        else:
            task = before(loop, coro, **options)
        made(task, options.get("context"))
        return task

    return make


_PERFORM = _Runner._perform.__code__  # noqa: SLF001


class _Idle(threading.local):
    def __init__(self) -> None:
        self.runners: list[_Runner] = []


_idle = _Idle()


def _idle_runners() -> list[_Runner]:
    return _idle.runners


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
