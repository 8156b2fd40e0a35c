"""The greenlets in which the steps of coroutines run, and may stand still.

A runner belongs to a portal only while a step lasts or stands still in a wait, so that
ten thousand sleeping tasks need one: making a greenlet takes longer than ten steps, and
each keeps some 16 KB. And it answers whichever greenlet asked for this very step: if
somebody nests a loop in a step, which steps other tasks from there, each of them still
finds its way back.

Libraries with greenlets of their own, as SQLAlchemy has, come back to the one that they
left. So a runner that somebody refers to stays with its portal.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from greenlet import getcurrent, greenlet

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from types import CodeType, FrameType

__all__ = [
    "Runner",
    "can_wait",
    "current_task",
    "give_back",
    "is_between_steps",
    "performs_steps",
    "stepping",
    "take",
    "wait",
]

T = TypeVar("T")
Function = TypeVar("Function", bound="Callable[..., Any]")

_IDLE_AT_MOST = 16


class Stepped(Protocol):
    """What a runner performs steps for."""

    @property
    def coroutine(self) -> Any:
        """The coroutine."""

    @property
    def task(self) -> asyncio.Task[Any] | None:
        """The task that its steps are part of."""


class Runner(greenlet):
    """A greenlet that performs a step at each switch to it.

    Attributes
    ----------
    portal
        For whom, or None while it is idle.
    value, error
        What the step begins with, and afterwards what it came to.
    paused
        The greenlet that stands still within the step, or None. It is this one, or one
        that a library has begun in it.
    references
        How many there are to it, while nobody else has one.
    """

    __slots__ = ("error", "paused", "portal", "references", "value")

    def __init__(self) -> None:
        super().__init__(_serve)
        self.portal: Stepped | None = None
        self.value: Any = None
        self.error: BaseException | None = None
        self.paused: greenlet | None = None
        self.references = 0
        self.switch()  # up to where it waits for its first step

    def pause(self, yielded: Any) -> tuple[Any, BaseException | None]:
        """Hand something to the loop from within a step; return what it answers."""
        self.value, self.error = yielded, None
        self.paused = getcurrent()
        try:
            self.parent.switch()
        finally:
            self.paused = None
        answer = self.value, self.error
        self.value = self.error = None
        return answer


def _serve() -> None:
    while True:
        getcurrent().parent.switch()
        self = getcurrent()  # by this name `walk` finds the way out of a step
        _perform(self)
        del self  # a suspended frame that refers to its greenlet keeps it for ever


def _perform(runner: Runner) -> None:
    """Perform a step. Afterwards only the runner refers to what it came to."""
    coroutine = runner.portal.coroutine  # type: ignore[union-attr]
    value, error = runner.value, runner.error
    try:
        if error is None:
            runner.value = coroutine.send(value)
        else:
            runner.error = None
            runner.value = coroutine.throw(error)
    except BaseException as raised:  # noqa: BLE001 (it is raised where the step was asked)
        runner.value = None
        trace: Any = raised.__traceback__
        runner.error = raised.with_traceback(trace.tb_next)
        del trace
    finally:
        del error


class _Pool:
    """The runners of a thread: a greenlet cannot leave it."""

    def __init__(self) -> None:
        root = getcurrent()
        while root.parent is not None:
            root = root.parent
        self.root: greenlet = root
        self.idle: list[Runner] = []
        self._maker = greenlet(_make)
        self._maker.switch()

    def make(self) -> None:
        """Make a runner.

        A greenlet counts its frames from those of the one that it was begun in, towards
        the limit of recursion. Where tasks begin in one another, as eager ones do, that
        would add up for good: so all are begun in one that is near the bottom, and the
        steps in one another are counted here.
        """
        here = getcurrent()
        if sum(1 for _ in _runners_of(here)) > sys.getrecursionlimit() // 4:
            raise RecursionError("maximum depth of steps within steps exceeded")
        self._maker.parent = here
        self._maker.switch()
        self._maker.parent = self.root


def _make() -> None:
    while True:
        getcurrent().parent.switch()
        runner = Runner()
        pool = _pool()
        runner.parent = pool.root
        pool.idle.append(runner)
        del pool, runner


class _Here(threading.local):
    pool: _Pool | None = None


_here = _Here()


def _pool() -> _Pool:
    """Return that of this thread, made at its first step, which is near the bottom."""
    pool = _here.pool
    if pool is None:
        pool = _here.pool = _Pool()
    return pool


def take(portal: Stepped) -> Runner:
    """Return a runner for a step of a portal."""
    pool = _here.pool or _pool()
    if not pool.idle:
        pool.make()
    runner = pool.idle.pop()
    runner.portal = portal
    return runner


def give_back(runner: Runner) -> None:
    """Let a runner serve others, or end it where there are enough."""
    runner.portal = None
    runner.gr_context = None
    pool = _here.pool or _pool()
    if runner.parent is not pool.root:
        # It would seem to be a greenlet that is to come back to its parent.
        runner.parent = pool.root
    if len(pool.idle) < _IDLE_AT_MOST:
        pool.idle.append(runner)


_BETWEEN: set[CodeType] = {_serve.__code__, _make.__code__}


# --- for the code in a step


def can_wait() -> bool:
    """Tell whether the code that runs may `wait`.

    Examples
    --------
    >>> can_wait()
    False
    """
    runner = _runner_here()
    if runner is None or runner.portal is None:
        return False
    # A callback that a nested loop runs in the greenlet of a step is no part of it.
    task = current_task()
    return task is not None and runner.portal.task is task


def wait(awaitable: Awaitable[T]) -> T:
    """Wait from plain code in a step of a portal, where `can_wait` says so.

    Examples
    --------
    >>> from notebook_async.kernel._portal import Portal
    >>> async def main():
    ...     return plain()
    >>> def plain():
    ...     return wait(asyncio.sleep(1, "rested"))
    >>> await asyncio.create_task(Portal(main()))
    'rested'
    """
    __tracebackhide__ = True
    runner = cast("Runner", _runner_here())
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


def performs_steps(function: Function) -> Function:
    """Mark what has steps performed by other greenlets, and runs none in its own.

    Examples
    --------
    >>> @performs_steps
    ... def step(portal):
    ...     return take(portal)
    """
    _BETWEEN.add(cast("Any", function).__code__)
    return function


def is_between_steps(frame: FrameType | None) -> bool:
    """Tell whether an exception in a frame would miss the step, and end the loop.

    Examples
    --------
    >>> import sys
    >>> is_between_steps(sys._getframe())
    False
    """
    inner = frame
    while frame is not None:
        if frame.f_code in _BETWEEN:
            return True
        if frame.f_code is _perform.__code__:
            return inner is frame
        frame = frame.f_back
    return False


def stepping() -> list[asyncio.Task[Any]]:
    """Return the tasks whose steps are under way here, innermost first.

    There are several where a loop is nested in a step.

    Examples
    --------
    >>> stepping()
    []
    """
    portals = [runner.portal for runner in _runners_of(getcurrent())]
    return [each.task for each in portals if each is not None and each.task is not None]


def current_task() -> asyncio.Task[Any] | None:
    """Return the task that runs here, or None, also where no loop runs."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def _runner_here() -> Runner | None:
    return next(_runners_of(getcurrent()), None)


def _runners_of(here: greenlet | None) -> Iterator[Runner]:
    """Give the runners around a greenlet, innermost first."""
    while here is not None:
        if isinstance(here, Runner):
            yield here
        here = here.parent
