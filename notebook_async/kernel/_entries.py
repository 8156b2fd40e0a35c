"""What stands in place of `asyncio.run` and its like while the extension is loaded.

Where no loop runs they do what they always did. Elsewhere they hand on to the caller.
"""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary, WeakSet

from notebook_async.kernel._calls import end_tasks
from notebook_async.kernel._loops import prepare
from notebook_async.kernel._nest_state import loop_name
from notebook_async.kernel._patches import Patch
from notebook_async.kernel._portal import Portal, can_wait

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextvars import Context

__all__ = ["Caller", "Entries", "as_coroutine"]

_UNTIL = "run_until_complete"
_IMMUTABLE = 1 << 8  # Py_TPFLAGS_IMMUTABLETYPE: a class written in C


class Caller(Protocol):
    """Carries out the calls that come in."""

    def call(
        self,
        work: Awaitable[Any],
        *,
        tidy: bool = True,
        context: Context | None = None,
        started: WeakSet[asyncio.Task[Any]] | None = None,
    ) -> Any:
        """Run something to its end on the loop that runs here."""

    def call_other(
        self, loop: asyncio.AbstractEventLoop, work: Awaitable[Any], run: Any
    ) -> Any:
        """Run something to its end on a loop that stands still, where another runs."""

    def begin_cell(self) -> None:
        """See to it that all is in place before a cell runs."""


# To whom all functions of ours hand on, also those that somebody has kept from an
# earlier load.
_caller: Caller | None = None


def _caller_here() -> Caller | None:
    """Return who carries out a call right here; None where no loop runs, or nobody."""
    return None if asyncio._get_running_loop() is None else _caller  # noqa: SLF001


class Entries:
    """The functions by which calls come in, while they are put.

    Parameters
    ----------
    caller
        Carries out the calls.
    kernel
        The ipykernel, whose cells run in portals.
    """

    def __init__(self, caller: Caller, kernel: Any) -> None:
        self._caller = caller
        # Not `asyncio.run`, which may be nest_asyncio's.
        self._stock_run = asyncio.runners.run
        self._started_by: WeakKeyDictionary[asyncio.Runner, WeakSet[asyncio.Task[Any]]]
        self._started_by = WeakKeyDictionary()
        base = asyncio.BaseEventLoop
        self._patches = [
            Patch(asyncio, "run", self._make_run, imported=(self._stock_run,)),
            Patch(asyncio.Runner, "run", self._make_runner_run),
            Patch(asyncio.Runner, "close", self._make_runner_close),
            Patch(base, _UNTIL, self._make_run_until_complete),
        ]
        if hasattr(kernel, "do_execute"):
            self._patches.append(Patch(kernel, "do_execute", self._make_do_execute))

    def put(self, *loops: asyncio.AbstractEventLoop) -> None:
        """Put them in place of the originals, and of what somebody has put since.

        Parameters
        ----------
        loops
            Loops whose classes may have a function of their own: those of another make
            do, and nest_asyncio, whoever applies it, gives them one.
        """
        global _caller  # noqa: PLW0603
        _caller = self._caller
        owners = {each.owner for each in self._patches if each.name == _UNTIL}
        for cls in {type(loop) for loop in loops}:
            owner = next((each for each in cls.__mro__ if _UNTIL in vars(each)), None)
            if owner not in owners and not cls.__flags__ & _IMMUTABLE:
                self._patches.append(Patch(cls, _UNTIL, self._make_run_until_complete))
        for patch in self._patches:
            patch.put()

    def undo(self) -> None:
        """Put the originals back."""
        global _caller  # noqa: PLW0603
        _caller = None
        for patch in reversed(self._patches):
            patch.undo()

    def nested_run(self, loop: asyncio.AbstractEventLoop) -> Callable[..., Any]:
        """Return what runs a loop from within, once it is nestable."""
        for cls in type(loop).__mro__:
            for patch in self._patches:
                if patch.owner is cls and patch.name == _UNTIL:
                    return patch.before
        raise RuntimeError(f"{loop_name(loop)} cannot be nested")

    # --- the functions --------------------------------------------------------------

    def _make_run(self, before: Callable[..., Any]) -> Callable[..., Any]:
        stock = self._stock_run

        @functools.wraps(stock)
        def run(main: Any, **options: Any) -> Any:
            __tracebackhide__ = True
            caller = _caller_here()
            if caller is None:
                return stock(main, **options)
            if not asyncio.iscoroutine(main):
                raise ValueError(f"a coroutine was expected, got {main!r}")
            return caller.call(main)

        del before  # nest_asyncio's would nest the loop
        return run

    def _make_runner_run(self, before: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(before)
        def run(runner: Any, coro: Any, *, context: Context | None = None) -> Any:
            __tracebackhide__ = True
            if _caller is None or not asyncio.iscoroutine(coro):
                return before(runner, coro, context=context)
            loop = runner.get_loop()  # or it says that the runner is closed
            caller = _caller_here()
            if caller is None:
                prepare(loop)
                return before(runner, coro, context=context)
            # A runner keeps its tasks from one run to the next.
            started = self._started_by.setdefault(runner, WeakSet())
            return caller.call(coro, tidy=False, context=context, started=started)

        return run

    def _make_runner_close(self, before: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(before)
        def close(runner: Any) -> None:
            __tracebackhide__ = True
            started = self._started_by.pop(runner, None)
            caller, here = _caller_here(), asyncio._get_running_loop()  # noqa: SLF001
            if caller is None:
                before(runner)
                return
            if started:
                caller.call(end_tasks(started))
            # Its loop has never run, and so is done with at once.
            asyncio._set_running_loop(None)  # noqa: SLF001
            try:
                before(runner)
            finally:
                asyncio.set_event_loop(here)
                asyncio._set_running_loop(here)  # noqa: SLF001

        return close

    def _make_run_until_complete(
        self, before: Callable[..., Any]
    ) -> Callable[..., Any]:
        @functools.wraps(before)
        def run_until_complete(loop: Any, future: Any) -> Any:
            __tracebackhide__ = True
            if _caller is None:
                return before(loop, future)
            here = asyncio._get_running_loop()  # noqa: SLF001
            if here is loop:
                return _caller.call(future, tidy=False)
            if here is not None:
                return _caller.call_other(loop, future, before)
            if loop.is_running():  # in another thread
                coro = as_coroutine(future)
                return asyncio.run_coroutine_threadsafe(coro, loop).result()
            prepare(loop)
            return before(loop, future)

        return run_until_complete

    def _make_do_execute(self, before: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(before)
        async def do_execute(*args: Any, **options: Any) -> Any:
            if _caller is not None:
                _caller.begin_cell()
            if can_wait():
                return await before(*args, **options)
            # Not before ipykernel 7 has every message a task of its own.
            return await Portal(before(*args, **options))

        return do_execute


def as_coroutine(work: Any) -> Any:
    """Return something awaitable as a coroutine.

    Examples
    --------
    >>> future = asyncio.get_running_loop().create_future()
    >>> future.set_result("done")
    >>> await as_coroutine(future)
    'done'
    """
    if asyncio.iscoroutine(work):
        return work

    async def awaited() -> Any:
        return await work

    return awaited()
