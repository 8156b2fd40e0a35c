"""Let plain code run asynchronous code in a kernel, whose loop runs already.

`asyncio.run`, `asyncio.Runner`, `loop.run_until_complete` and our own `asyncio_run`
refuse to work there, or block the loop. Each call takes the first of three ways:

1. In a step of a portal, as cells, jobs and tasks are, the call stands still and the
   loop goes on; see `_portal`.
2. Elsewhere, as in a plain callback, the loop is nested by nest-asyncio2. That is
   applied at the first call that needs it, for it cannot be undone.
3. A loop of another make cannot be nested. There the coroutine gets another thread.

The tasks that a coroutine leaves behind are cancelled, as by `asyncio.run` anywhere.
"""

from __future__ import annotations

import asyncio
import sys
import warnings
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Literal

from notebook_async.core._blocking import Nester, adopt, run_in_thread, set_nester
from notebook_async.kernel._calls import BlockingCall
from notebook_async.kernel._entries import Entries, as_coroutine
from notebook_async.kernel._loops import KernelLoop, prepare
from notebook_async.kernel._nest_state import (
    Mechanism,
    NestingState,
    drawback,
    explain,
    loop_name,
    nest_applied,
)
from notebook_async.kernel._portal import Portal, can_wait, wait
from notebook_async.kernel._threads import end_in_thread, ended_in_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from contextvars import Context
    from weakref import WeakSet

    from notebook_async.kernel._sigint import Interrupts

__all__ = ["Nesting", "nesting_state"]

_OURS = __name__.partition(".")[0] + "."
_active: Nesting | None = None


class Nesting:
    """What makes blocking calls work in a kernel, while it is installed.

    Parameters
    ----------
    kernel
        The ipykernel.
    interrupts
        Its handler of interrupts.

    Examples
    --------
    >>> from notebook_async import asyncio_run
    >>> from notebook_async.kernel import Interrupts
    >>> class Kernel:
    ...     async def do_execute(self, cell):
    ...         return cell()
    >>> kernel = Kernel()
    >>> nesting = Nesting(kernel, Interrupts(kernel))
    >>> nesting.install()
    >>> await kernel.do_execute(lambda: asyncio_run(asyncio.sleep(1, "rested")))
    'rested'
    >>> nesting.uninstall()
    """

    def __init__(self, kernel: Any, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._entries = Entries(self, kernel)
        self._kernel_loop = KernelLoop(interrupts)
        self._said: set[str] = set()
        self._nester_before: Nester | None = None

    # --- coming and going -----------------------------------------------------------

    def install(self) -> None:
        """Make the calls work from now on."""
        global _active  # noqa: PLW0603
        _active = self
        self._nester_before = set_nester(self.call)
        self.begin_cell()

    def uninstall(self) -> None:
        """Take everything back that can be; nest-asyncio2 stays if it was applied."""
        global _active  # noqa: PLW0603
        _active = None
        set_nester(self._nester_before)
        self._entries.undo()
        self._kernel_loop.release()

    def state(self) -> NestingState:
        """Return which mechanism a call right here would take, and why."""
        loop = asyncio._get_running_loop()  # noqa: SLF001
        mechanism = _mechanism(loop)
        return NestingState(
            mechanism=mechanism,
            reason=explain(mechanism, loop),
            loop=loop_name(loop),
            nested_by=nest_applied(loop),
            installed=True,
        )

    def begin_cell(self) -> None:
        """Put what somebody has replaced since, and what waits for the loop to run."""
        loop = self._kernel_loop.attach()
        self._entries.put(*([] if loop is None else [loop]))

    # --- a call ---------------------------------------------------------------------

    def call(
        self,
        work: Awaitable[Any],
        /,
        *,
        tidy: bool = True,
        context: Context | None = None,
        started: WeakSet[asyncio.Task[Any]] | None = None,
    ) -> Any:
        """Run something to its end on the loop that runs here.

        Parameters
        ----------
        work
            A coroutine, or something else that can be awaited.
        tidy
            Whether to cancel the tasks that it leaves behind.
        context
            Its context, which stays apart; by default variables go both ways.
        started
            Where to take note of the tasks that it starts.
        """
        __tracebackhide__ = True
        loop = asyncio.get_running_loop()
        mechanism = _mechanism(loop)
        if mechanism == "thread":
            self._say("thread", loop)
            with self._interrupts.blocking():
                return run_in_thread(as_coroutine(work))
        nested = mechanism == "nested"
        if nested:
            self._apply_nest(loop)
        inside = copy_context() if context is None else context
        try:
            call = BlockingCall(started)
        except RecursionError:
            as_coroutine(work).close()
            raise
        call.enter(inside)
        try:
            # From here on an interrupt cancels, and so leaves no task behind.
            with self._interrupts.during(call, nested=nested) as interrupt:
                call.task = _begun(work, call, loop, inside)
                self._wait(loop, call.ended(tidy=tidy), nested=nested)
            return call.result(interrupt=interrupt)
        finally:
            call.leave(inside)
            if context is None:
                adopt(inside)
            # What is raised has a traceback, and that refers to this frame.
            del call, work

    def call_other(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Awaitable[Any],
        run: Callable[..., Any],
        /,
    ) -> Any:
        """Run something on a loop that stands still, where another one runs.

        Parameters
        ----------
        loop
            The loop that stands still.
        work
            A coroutine, or something else that can be awaited.
        run
            Runs the loop until a task of it is done.
        """
        __tracebackhide__ = True
        here = asyncio.get_running_loop()
        mechanism = _mechanism(here)
        if mechanism == "nested":
            self._apply_nest(loop)
            return self._entries.nested_run(loop)(loop, work)
        prepare(loop)
        task = asyncio.ensure_future(work, loop=loop)
        if mechanism == "thread":
            with self._interrupts.blocking():
                return end_in_thread(loop, task, run)
        call = BlockingCall()
        try:
            with self._interrupts.during(call, nested=False) as interrupt:
                call.task = here.create_task(ended_in_thread(loop, task, run))
                wait(call.ended(tidy=False))
            return call.result(interrupt=interrupt)
        finally:
            del call, task, work

    def _wait(
        self,
        loop: asyncio.AbstractEventLoop,
        coro: Coroutine[Any, Any, None],
        *,
        nested: bool,
    ) -> None:
        __tracebackhide__ = True
        if nested:
            self._entries.nested_run(loop)(loop, coro)
        else:
            wait(coro)

    def _apply_nest(self, loop: asyncio.AbstractEventLoop) -> None:
        if nest_applied(loop) is None:
            import nest_asyncio2  # noqa: PLC0415

            self._say("nested", loop)
            nest_asyncio2.apply(loop)
        self._entries.put(loop)

    def _say(
        self, what: Literal["nested", "thread"], loop: asyncio.AbstractEventLoop
    ) -> None:
        if what not in self._said:
            self._said.add(what)
            level = _level_of_caller()
            warnings.warn(drawback(what, loop), RuntimeWarning, stacklevel=level)


def nesting_state() -> NestingState:
    """Return how a blocking call right here would be run, and why.

    Examples
    --------
    >>> from notebook_async.kernel import nesting_state
    >>> nesting_state().nested_by is None
    True
    """
    if _active is not None:
        return _active.state()
    loop = asyncio._get_running_loop()  # noqa: SLF001
    mechanism: Mechanism = "own loop" if loop is None else "thread"
    return NestingState(
        mechanism=mechanism,
        reason=explain(mechanism, loop, installed=False),
        loop=loop_name(loop),
        nested_by=nest_applied(loop),
        installed=False,
    )


def _mechanism(loop: asyncio.AbstractEventLoop | None) -> Mechanism:
    if loop is None:
        return "own loop"
    if can_wait():
        return "portal"
    return "nested" if isinstance(loop, asyncio.BaseEventLoop) else "thread"


def _begun(
    work: Awaitable[Any],
    call: BlockingCall,
    loop: asyncio.AbstractEventLoop,
    context: Context,
) -> asyncio.Future[Any]:
    if asyncio.isfuture(work):
        return work
    portal = Portal(as_coroutine(work), on_fatal=call.fail)
    return loop.create_task(portal, context=context)


def _level_of_caller() -> int:
    """Return the `stacklevel`, for the one who asks, of the code that called us."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(_OURS):
        level, frame = level + 1, frame.f_back
    return level
