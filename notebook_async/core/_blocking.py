"""Call asynchronous code from ordinary functions, wherever they run.

Without a running loop the coroutine gets one of its own. With one, as in a notebook
cell, it is for the nester: the kernel room sets one that lets the coroutine run on the
loop here. Without a nester the caller blocks and the coroutine runs on a loop in
another thread: nothing is patched, and the loop here stands still until it is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import re
import threading
from collections.abc import Coroutine
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from notebook_async.core._api import run_jobs
from notebook_async.core._options import seconds
from notebook_async.errors import ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

__all__ = [
    "Nester",
    "adopt",
    "asyncio_run",
    "run_async_tasks",
    "run_in_thread",
    "run_sync",
    "set_nester",
]

T = TypeVar("T")

_PATIENCE = 5.0
"""Seconds until a thread that does not begin was not started at all."""


class Nester(Protocol):
    """Runs a coroutine to its end in a thread whose loop runs, for plain code."""

    def __call__(self, coro: Coroutine[Any, Any, T], /) -> T:
        """Return what the coroutine returns, with context variables both ways."""


_nester: Nester | None = None


def set_nester(nester: Nester | None) -> Nester | None:
    """Let blocking calls under a running loop be done by `nester`; None ends that.

    Returns
    -------
    Nester or None
        The one before.

    Examples
    --------
    >>> before = set_nester(None)
    >>> set_nester(before) is None
    True
    """
    global _nester
    before, _nester = _nester, nester
    return before


def asyncio_run(coro: Coroutine[Any, Any, T], *, timeout: float | None = None) -> T:
    """Run a coroutine to its end and return its result, also where a loop runs already.

    Parameters
    ----------
    coro
        The coroutine.
    timeout
        Seconds > 0 after which it is cancelled and `TimeoutError` is raised; None for
        no bound.

    Returns
    -------
    object
        What the coroutine returned. What it raises comes out unchanged.

    Raises
    ------
    ArgumentTypeError
        If `coro` is no coroutine.
    TimeoutError
        If it ran longer than `timeout`.

    Notes
    -----
    Context variables of the caller are seen inside, and those set inside are set for
    the caller afterwards. In a thread whose loop runs the coroutine gets another loop,
    so it must not await what belongs to this one; `await coro` can.

    Examples
    --------
    >>> import asyncio
    >>> async def answer():
    ...     await asyncio.sleep(0.01)
    ...     return 42
    >>> asyncio_run(answer())
    42
    """
    _check_coroutine(coro)
    if timeout is not None:
        try:
            seconds("timeout", timeout, positive=True)
        except BaseException:
            coro.close()
            raise
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        context = copy_context()
        call = _Call(coro, timeout, context)
        call.run()
        adopt(context)
        value: T = call.result()
        return value
    if _nester is None:
        return run_in_thread(coro, timeout=timeout)
    return _nester(coro if timeout is None else _bounded(coro, timeout))


run_sync = asyncio_run


def run_async_tasks(
    tasks: Iterable[Awaitable[T] | Callable[[], Awaitable[T]]],
    show_progress: bool = False,  # noqa: FBT001, FBT002 - the name and place are given
    progress_bar_desc: str = "Running async tasks",
    workers: int | None = None,
) -> list[T]:
    """Run awaitables to their end from ordinary code, and return results in order.

    Parameters
    ----------
    tasks
        Coroutines or functions without arguments that return awaitables.
    show_progress
        Show a bar.
    progress_bar_desc
        What the bar says.
    workers
        Tasks in flight at once, >= 1; by default all of them.

    Returns
    -------
    list
        One result per task, in the order of `tasks`, as `asyncio.gather` gives.

    Raises
    ------
    InvalidArgumentError, ArgumentTypeError
        As for `run_jobs`.

    Examples
    --------
    >>> import asyncio
    >>> run_async_tasks([asyncio.sleep(0.01, "a"), asyncio.sleep(0, "b")])
    ['a', 'b']
    """
    listed = list(tasks)
    return asyncio_run(
        run_jobs(
            listed,
            workers=max(1, len(listed)) if workers is None else workers,
            show_progress=show_progress,
            desc=progress_bar_desc,
        )
    )


def run_in_thread(coro: Coroutine[Any, Any, T], *, timeout: float | None = None) -> T:
    """Block, and run a coroutine on a new loop of another thread with this context.

    Parameters
    ----------
    coro
        The coroutine.
    timeout
        As in `asyncio_run`.

    Examples
    --------
    >>> import asyncio
    >>> run_in_thread(asyncio.sleep(0.01, "a"))
    'a'
    """
    context = copy_context()
    call = _Call(coro, timeout, context)
    try:
        call.run_in_thread()
    finally:
        adopt(context)
    value: T = call.result()
    return value


class _Call:
    """One blocking call: where its coroutine runs, and what came of it."""

    def __init__(
        self, coro: Coroutine[Any, Any, Any], timeout: float | None, context: Context
    ) -> None:
        self._coro = coro
        self._timeout = timeout
        self._context = context
        self._value: Any = None
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._interrupted = False
        self._begun = threading.Event()
        self._ended = threading.Event()

    def run(self) -> None:
        """Run the coroutine on a new loop of this thread."""
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            try:
                self._value = runner.run(self._main(), context=self._context)
            except BaseException as error:  # noqa: BLE001 - it is raised by `result`
                self._error = error

    def run_in_thread(self) -> None:
        """Run the coroutine on a new loop of another thread, and wait for its end."""
        thread = threading.Thread(target=self._run_and_tell, name="asyncio_run")
        started = False
        interrupt: KeyboardInterrupt | None = None
        # A `join` that is interrupted takes the thread for dead (python/cpython#90882).
        while True:
            try:
                if not started:
                    started = True
                    # The coroutine may be under way before this comes back.
                    thread.start()
                self._ended.wait()
                break
            except KeyboardInterrupt as error:
                interrupt = error
                self._cancel()
                if not self._begun.wait(_PATIENCE):
                    # The thread itself was not started any more.
                    self._coro.close()
                    raise
        thread.join()
        if interrupt is not None:
            raise interrupt
        # asyncio has no class of its own for this.
        if isinstance(self._error, RuntimeError | ValueError) and re.search(
            "different (event )?loop", str(self._error)
        ):
            self._error.add_note(
                "the coroutine awaits something of the loop that runs here: write"
                " `await` instead of a blocking call"
            )

    def result(self) -> Any:  # noqa: ANN401 - a coroutine returns anything
        """Return what the coroutine returned, or raise what it raised."""
        error, self._error = self._error, None
        try:
            if error is not None:
                raise error
            return self._value
        finally:
            # Its traceback refers to this frame.
            del self, error

    def _run_and_tell(self) -> None:
        self._begun.set()
        try:
            self.run()
        finally:
            self._ended.set()

    async def _main(self) -> Any:  # noqa: ANN401 - as `result`
        self._task = asyncio.current_task()
        if self._interrupted:
            self._cancel()
        async with asyncio.timeout(self._timeout):
            return await self._coro

    def _cancel(self) -> None:
        self._interrupted = True
        if self._loop is not None and self._task is not None:
            with contextlib.suppress(RuntimeError):  # the loop has just been closed
                self._loop.call_soon_threadsafe(self._task.cancel)


async def _bounded(coro: Coroutine[Any, Any, T], timeout: float) -> T:  # noqa: ASYNC109
    async with asyncio.timeout(timeout):
        return await coro


def adopt(context: Context) -> None:
    """Set here what was set in `context`.

    Examples
    --------
    >>> from contextvars import ContextVar
    >>> variable = ContextVar("variable", default="outside")
    >>> context = copy_context()
    >>> _ = context.run(variable.set, "inside")
    >>> adopt(context)
    >>> variable.get()
    'inside'
    """
    here = copy_context()
    for variable, value in context.items():
        if variable not in here or here[variable] is not value:
            variable.set(value)


def _check_coroutine(coro: object) -> None:
    # Not `inspect.iscoroutine`: compiled code has coroutines of another class.
    if isinstance(coro, Coroutine):
        return
    name = getattr(coro, "__qualname__", repr(coro))
    if inspect.iscoroutinefunction(coro):
        raise ArgumentTypeError(
            f"asyncio_run needs a coroutine, got the coroutine function {name}:"
            f" call it, as in asyncio_run({name}(...))"
        )
    raise ArgumentTypeError(
        f"asyncio_run needs a coroutine, got {coro!r} ({type(coro).__name__})"
    )
