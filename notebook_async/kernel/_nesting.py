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
import functools
import threading
import warnings
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Literal

from notebook_async.core._blocking import Nester, adopt, run_in_thread, set_nester
from notebook_async.kernel._calls import BlockingCall, note_task
from notebook_async.kernel._nest_state import (
    Mechanism,
    NestingState,
    explain,
    loop_name,
    nest_applied,
)
from notebook_async.kernel._patches import Patch
from notebook_async.kernel._portal import Portal, can_wait, portal_factory, wait
from notebook_async.kernel._ready import guard_ready, release_ready
from notebook_async.kernel._threads import end_in_thread, ended_in_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from contextvars import Context

    from notebook_async.kernel._sigint import Interrupts

__all__ = ["Nesting", "nesting_state"]

_SAID = {
    "nested": (
        "This call nests the kernel's event loop (nest-asyncio2): calls that overlap"
        " end in reverse order only, tasks get slower, and it lasts until the kernel"
        " restarts."
    ),
    "thread": (
        "This call runs on another thread, since {loop} cannot be nested: it blocks"
        " the kernel, and what belongs to the kernel's loop needs `await` instead."
    ),
}
_active: Nesting | None = None


class Nesting:
    """What makes blocking calls work in a kernel, while it is installed.

    Parameters
    ----------
    kernel
        The ipykernel.
    interrupts
        Its handler of interrupts.
    """

    def __init__(self, kernel: Any, interrupts: Interrupts) -> None:
        self._kernel = kernel
        self._interrupts = interrupts
        self._loop: asyncio.AbstractEventLoop | None = None
        self._factory_before: Any = None
        self._factory: Any = None
        self._patches: list[Patch] = []
        self._said: set[str] = set()
        self._nester_before: Nester | None = None
        self._run = asyncio.run

    # --- coming and going -----------------------------------------------------------

    def install(self) -> None:
        """Make the calls work from now on."""
        global _active  # noqa: PLW0603
        _active = self
        self._run = asyncio.run
        self._nester_before = set_nester(self._nest)
        base = asyncio.BaseEventLoop
        self._patches = [
            Patch(asyncio, "run", self._make_run, everywhere=True),
            Patch(asyncio.Runner, "run", self._make_runner_run),
            Patch(base, "run_until_complete", self._make_run_until_complete),
        ]
        if hasattr(self._kernel, "do_execute"):
            make = self._make_do_execute
            self._patches.append(Patch(self._kernel, "do_execute", make))
        self._attach()
        self._put()

    def uninstall(self) -> None:
        """Take everything back that can be; nest-asyncio2 stays if it was applied."""
        global _active  # noqa: PLW0603
        _active = None
        set_nester(self._nester_before)
        for patch in reversed(self._patches):
            patch.undo()
        loop = self._loop
        if loop is None:
            return
        release_ready(loop)
        if loop.get_task_factory() is self._factory:
            loop.set_task_factory(self._factory_before)

    def state(self) -> NestingState:
        """Return which mechanism a call right here would take, and why."""
        loop = asyncio._get_running_loop()  # noqa: SLF001
        mechanism = self._mechanism(loop)
        return NestingState(
            mechanism=mechanism,
            reason=explain(mechanism, loop),
            loop=loop_name(loop),
            nested_by=nest_applied(loop),
            installed=True,
        )

    def _attach(self) -> None:
        loop = asyncio._get_running_loop()  # noqa: SLF001
        if loop is None or self._loop is not None:
            return
        if threading.current_thread() is not threading.main_thread():
            return
        self._loop = loop
        self._factory_before = loop.get_task_factory()
        self._factory = portal_factory(self._factory_before, note_task)
        loop.set_task_factory(self._factory)
        guard_ready(loop)
        self._interrupts.attach(loop)

    def _put(self, *loops: asyncio.AbstractEventLoop) -> None:
        # nest_asyncio, whoever applies it, puts its own in place of ours.
        classes = {type(loop) for loop in (self._loop, *loops) if loop is not None}
        for cls in classes:
            owns = "run_until_complete" in vars(cls)
            if owns and not any(each.owner is cls for each in self._patches):
                make = self._make_run_until_complete
                self._patches.append(Patch(cls, "run_until_complete", make))
        for patch in self._patches:
            patch.put()

    # --- a call ---------------------------------------------------------------------

    def _nest(self, coro: Coroutine[Any, Any, Any], /) -> Any:
        __tracebackhide__ = True
        return self._call(coro)

    def _call(
        self,
        work: Awaitable[Any],
        *,
        tidy: bool = True,
        context: Context | None = None,
    ) -> Any:
        """Run something to its end on the loop that runs here."""
        __tracebackhide__ = True
        loop = asyncio.get_running_loop()
        mechanism = self._mechanism(loop)
        if mechanism == "thread":
            self._say("thread", loop)
            return run_in_thread(_as_coroutine(work))
        nested = mechanism == "nested"
        if nested:
            self._apply_nest(loop)
        context = copy_context() if context is None else context
        call = BlockingCall()
        call.enter(context)
        if isinstance(work, asyncio.Future):
            call.task = work
        else:
            portal = Portal(_as_coroutine(work), on_fatal=call.fail)
            call.task = loop.create_task(portal, context=context)
        try:
            with self._interrupts.during(call, nested=nested) as interrupt:
                self._wait(loop, call.ended(tidy=tidy), nested=nested)
        finally:
            call.leave(context)
            adopt(context)
        return call.result(interrupt=interrupt)

    def _mechanism(self, loop: asyncio.AbstractEventLoop | None) -> Mechanism:
        if loop is None:
            return "own loop"
        if can_wait():
            return "portal"
        return "nested" if isinstance(loop, asyncio.BaseEventLoop) else "thread"

    def _wait(
        self,
        loop: asyncio.AbstractEventLoop,
        coro: Coroutine[Any, Any, None],
        *,
        nested: bool,
    ) -> None:
        __tracebackhide__ = True
        if nested:
            self._nested_run(loop)(loop, coro)
        else:
            wait(coro)

    def _apply_nest(self, loop: asyncio.AbstractEventLoop) -> None:
        if nest_applied(loop) is None:
            import nest_asyncio2  # noqa: PLC0415

            self._say("nested", loop)
            nest_asyncio2.apply(loop)
        self._put(loop)

    def _nested_run(self, loop: asyncio.AbstractEventLoop) -> Callable[..., Any]:
        for cls in type(loop).__mro__:
            for patch in self._patches:
                if patch.owner is cls and patch.name == "run_until_complete":
                    return patch.before
        raise RuntimeError(f"{loop_name(loop)} cannot be nested")

    def _say(
        self, what: Literal["nested", "thread"], loop: asyncio.AbstractEventLoop
    ) -> None:
        if what not in self._said:
            self._said.add(what)
            text = _SAID[what].format(loop=loop_name(loop))
            warnings.warn(text, RuntimeWarning, stacklevel=2)

    # --- what is put in place -------------------------------------------------------

    def _make_run(self, before: Callable[..., Any]) -> Callable[..., Any]:
        stock = self._run

        @functools.wraps(stock)
        def run(main: Any, **options: Any) -> Any:
            __tracebackhide__ = True
            if asyncio._get_running_loop() is None:  # noqa: SLF001
                return stock(main, **options)
            if not asyncio.iscoroutine(main):
                raise ValueError(f"a coroutine was expected, got {main!r}")
            return self._call(main)

        del before
        return run

    def _make_runner_run(self, before: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(before)
        def run(runner: Any, coro: Any, *, context: Context | None = None) -> Any:
            __tracebackhide__ = True
            if not asyncio.iscoroutine(coro):
                return before(runner, coro, context=context)
            if asyncio._get_running_loop() is None:  # noqa: SLF001
                self._prepare(runner.get_loop())
                return before(runner, coro, context=context)
            return self._call(coro, context=context)

        return run

    def _make_run_until_complete(
        self, before: Callable[..., Any]
    ) -> Callable[..., Any]:
        @functools.wraps(before)
        def run_until_complete(loop: Any, future: Any) -> Any:
            __tracebackhide__ = True
            here = asyncio._get_running_loop()  # noqa: SLF001
            if here is loop:
                return self._call(future, tidy=False)
            if here is None and loop.is_running():  # in another thread
                coro = _as_coroutine(future)
                return asyncio.run_coroutine_threadsafe(coro, loop).result()
            if here is None:
                self._prepare(loop)
                return before(loop, future)
            return self._on_other_loop(loop, future, before)

        return run_until_complete

    def _on_other_loop(self, loop: Any, future: Any, run: Callable[..., Any]) -> Any:
        """Run something on a loop that stands still, where another one runs."""
        __tracebackhide__ = True
        here = asyncio.get_running_loop()
        mechanism = self._mechanism(here)
        if mechanism == "nested":
            self._apply_nest(loop)
            return self._nested_run(loop)(loop, future)
        self._prepare(loop)
        task = asyncio.ensure_future(future, loop=loop)
        if mechanism == "thread":
            return end_in_thread(loop, task, run)
        call = BlockingCall()
        call.task = here.create_task(ended_in_thread(loop, task, run))
        with self._interrupts.during(call, nested=False) as interrupt:
            wait(call.ended(tidy=False))
        return call.result(interrupt=interrupt)

    def _make_do_execute(self, before: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(before)
        async def do_execute(*args: Any, **options: Any) -> Any:
            self._attach()
            self._put()
            if can_wait():
                return await before(*args, **options)
            # Not before ipykernel 7 has every message a task of its own.
            return await Portal(before(*args, **options), is_task=False)

        return do_execute

    def _prepare(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let calls nested in a loop of somebody's own, in a thread, be portals too."""
        if loop.get_task_factory() is None:
            loop.set_task_factory(portal_factory(None, note_task))


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


def _as_coroutine(work: Any) -> Any:
    if asyncio.iscoroutine(work):
        return work

    async def awaited() -> Any:
        return await work

    return awaited()
