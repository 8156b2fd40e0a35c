"""Let plain code deep inside a task wait, while the loop of the task goes on.

Each step of a coroutine runs in a greenlet. Where plain code in it has to wait, the
greenlet stands still as it is, frames and all, and what it waits for is handed to the
loop as if the coroutine itself had awaited it. Nothing is nested: any number of such
calls may overlap and end in any order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from sys import getrefcount
from types import CoroutineType
from typing import TYPE_CHECKING, Any, TypeVar, cast
from weakref import ref

from greenlet import getcurrent

from notebook_async.kernel import _runners
from notebook_async.kernel._runners import (
    can_wait,
    current_task,
    give_back,
    is_between_steps,
    performs_steps,
    stepping,
    take,
    wait,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import FrameType, TracebackType

    from notebook_async.kernel._runners import Runner

__all__ = [
    "Portal",
    "can_wait",
    "current_task",
    "is_between_steps",
    "is_portal_factory",
    "portal_factory",
    "stepping",
    "wait",
]

T = TypeVar("T")


class Portal(Coroutine[Any, Any, T]):
    """A coroutine in which plain code may `wait`.

    To all who look into one it is the coroutine: whatever is asked of it that is not
    here is asked of that.

    Parameters
    ----------
    coro
        The coroutine.
    on_fatal
        Given the KeyboardInterrupt or SystemExit that leaves it, and says what is to be
        raised instead; by default they are raised, which ends the loop of a task.

    Attributes
    ----------
    coroutine
        The coroutine itself.

    Examples
    --------
    >>> async def main():
    ...     return [wait(asyncio.sleep(1, each)) for each in "ab"]
    >>> await asyncio.create_task(Portal(main()))
    ['a', 'b']
    """

    __slots__ = ("__weakref__", "_on_fatal", "_runner", "_task", "coroutine")

    def __init__(
        self,
        coro: Coroutine[Any, Any, T],
        *,
        on_fatal: Callable[[BaseException], BaseException] | None = None,
    ) -> None:
        self.coroutine: Any = coro
        self._on_fatal = on_fatal
        self._runner: Runner | None = None
        self._task: ref[asyncio.Task[Any]] | None = None

    # --- as a coroutine -------------------------------------------------------------

    @performs_steps
    def send(self, value: Any = None, error: BaseException | None = None, /) -> Any:
        """Run the next step, and let it begin with a value or an exception."""
        __tracebackhide__ = True
        here = getcurrent()
        runner = self._runner
        if runner is None:
            if self._task is None:
                task = current_task()
                self._task = None if task is None else ref(task)
            try:
                self._runner = runner = take(self)
            except RecursionError:
                self.coroutine.close()  # for its task this is the end of it
                raise
            # As asyncio would have it: the step runs in the context of its task.
            runner.gr_context = here.gr_context
            runner.references = getrefcount(runner)
        if runner.parent is not here:
            runner.parent = here
        runner.value, runner.error = value, error
        (runner.paused or runner).switch()
        value, error = runner.value, runner.error
        runner.value = runner.error = None
        if runner.paused is None and getrefcount(runner) <= runner.references:
            self._runner = None
            give_back(runner)
        if error is None:
            return value
        self._runner = runner.portal = None
        on_fatal, self._on_fatal = self._on_fatal, None
        if on_fatal is not None and isinstance(error, KeyboardInterrupt | SystemExit):
            error = on_fatal(error)
        try:
            raise error
        finally:
            # Its traceback refers to this frame.
            del error, here, on_fatal, runner

    __next__ = send

    @performs_steps
    def throw(
        self, kind: Any, value: Any = None, trace: TracebackType | None = None, /
    ) -> Any:
        """Run the next step, and let it begin with an exception."""
        __tracebackhide__ = True
        error = kind if value is None else value
        if isinstance(error, type):
            error = error()
        if trace is not None:
            error = error.with_traceback(trace)
        try:
            return self.send(None, error)
        finally:
            del error, kind, value

    def close(self) -> None:
        """End it early, as a coroutine is closed."""
        if self._runner is None:
            self.coroutine.close()
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

    # --- as asyncio and people look into one ----------------------------------------

    def __getattr__(self, name: str) -> Any:
        return getattr(self.coroutine, name)

    def __repr__(self) -> str:
        return f"<portal of {self.coroutine!r}>"

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self.coroutine)  # for `inspect.iscoroutine`

    @property
    def task(self) -> asyncio.Task[Any] | None:
        """The task that its steps are part of, once it has begun."""
        return None if self._task is None else self._task()

    @property
    def stack(self) -> FrameType | None:
        """The innermost frame of plain code that waits in it, or None."""
        runner = self._runner
        if runner is None or runner.paused is None:
            return None
        frame: FrameType | None = runner.paused.gr_frame
        while (
            frame is not None and frame.f_globals.get("__name__") == _runners.__name__
        ):
            frame = frame.f_back
        return frame


def portal_factory(
    before: Callable[..., Any] | None = None,
    made: Callable[..., object] | None = None,
    *,
    on_fatal: Callable[[BaseException], BaseException] | None = None,
) -> Callable[..., Any]:
    """Return a task factory whose tasks may wait.

    Parameters
    ----------
    before
        The task factory so far, if there is one.
    made
        Called with each task and the context given for it, if any.
    on_fatal
        As of `Portal`.

    Examples
    --------
    >>> async def main():
    ...     return can_wait()
    >>> loop = asyncio.get_running_loop()
    >>> loop.set_task_factory(portal_factory())
    >>> await asyncio.create_task(main())
    True
    >>> loop.set_task_factory(None)
    """

    def make(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> Any:
        kind = type(coro)
        if kind is CoroutineType or (kind is not Portal and asyncio.iscoroutine(coro)):
            coro = Portal(coro, on_fatal=on_fatal)
        if before is None:
            # Not a constant: nest_asyncio replaces the class.
            task: Any = asyncio.Task(coro, loop=loop, **options)
        else:
            task = before(loop, coro, **options)
        if made is not None:
            made(task, options.get("context"))
        return task

    make.makes_portals = True  # type: ignore[attr-defined]
    return make


def is_portal_factory(factory: Callable[..., Any] | None) -> bool:
    """Tell whether the tasks of a factory may wait.

    Examples
    --------
    >>> is_portal_factory(portal_factory())
    True
    >>> is_portal_factory(None)
    False
    """
    return getattr(factory, "makes_portals", False)
