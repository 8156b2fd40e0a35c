"""What happens to a chunk of items where it runs: in a thread or on another machine.

A failed item is an outcome like any other, so that it never costs its neighbours their
results.
"""

from __future__ import annotations

import asyncio
import inspect
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from notebook_async.core._spans import PlacedItem

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence

__all__ = ["Halt", "Outcome", "failures", "is_async", "run_async", "run_here"]

T = TypeVar("T")

_OURS = {__name__, "notebook_async.core._parcel"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one item came to: a value, or the exception that it raised."""

    value: Any = None
    error: BaseException | None = None


class Halt:
    """Ask a chunk, from another thread, to start nothing more.

    Coroutines of the chunk are cancelled. A blocking call goes on to its own end:
    Python cannot stop a thread.
    """

    def __init__(self) -> None:
        self.asked = False
        self._lock = Lock()
        self._cancel: Callable[[], object] | None = None

    def ask(self) -> None:
        """Let the chunk end; any thread may call this."""
        with self._lock:
            self.asked = True
            if self._cancel is not None:
                self._cancel()

    @contextmanager
    def cancelling(self, task: asyncio.Task[Any]) -> Iterator[None]:
        """Cancel this task, which runs in this thread, when asked."""
        loop = task.get_loop()
        with self._lock:
            self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
            if self.asked:
                task.cancel()
        try:
            yield
        finally:
            with self._lock:
                self._cancel = None


def is_async(func: Callable[..., Any]) -> bool:
    """Tell whether calling this function makes a coroutine."""
    return inspect.iscoroutinefunction(func) or inspect.iscoroutinefunction(
        type(func).__call__  # an object with an async call
    )


def failures(error: BaseException, items: list[Any], *, stop: bool) -> list[Outcome]:
    """Return the outcomes of items that all failed for the same reason."""
    return [Outcome(error=error)] * (1 if stop else len(items))


def run_here(
    func: Callable[[Any], Any],
    items: Sequence[Any],
    *,
    inner: int,
    stop_at_error: bool,
    halt: Halt | None = None,
) -> list[Outcome]:
    """Run a chunk in this thread; coroutines get an event loop of their own."""
    halt = halt or Halt()
    if is_async(func):
        return _in_own_loop(
            run_async(func, items, inner=inner, stop_at_error=stop_at_error, halt=halt)
        )
    outcomes: list[Outcome] = []
    for item in items:
        if halt.asked:
            break
        outcomes.append(outcome := _outcome(func, item))
        if _ends(outcome, stop_at_error=stop_at_error):
            break
    return outcomes


async def run_async(
    func: Callable[[Any], Any],
    items: Sequence[Any],
    *,
    inner: int,
    stop_at_error: bool,
    halt: Halt | None = None,
) -> list[Outcome]:
    """Run a chunk of coroutines, at most `inner` at once, each as its own task.

    Once one has failed those behind it are cancelled. Those before it go on, for
    otherwise the outcomes up to the error would have gaps.
    """
    found: dict[int, Outcome] = {}
    running: dict[int, asyncio.Task[None]] = {}
    room = asyncio.Semaphore(inner)
    last = len(items)

    async def run(index: int, item: object) -> None:
        nonlocal last
        if isinstance(item, PlacedItem):
            item = item.enter()
        try:
            found[index] = outcome = Outcome(await func(item))
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError) and _cancelled_by_us():
                raise
            found[index] = outcome = Outcome(error=_trimmed(error))
        finally:
            del running[index]
            room.release()
        if index < last and _ends(outcome, stop_at_error=stop_at_error):
            last = index
            for behind in [task for at, task in running.items() if at > last]:
                behind.cancel()

    task: Any = asyncio.current_task()
    with (halt or Halt()).cancelling(task):
        async with asyncio.TaskGroup() as group:
            for index, item in enumerate(items):
                await room.acquire()
                if index > last:
                    break
                running[index] = group.create_task(run(index, item))
    return [found[index] for index in sorted(found) if index <= last]


def _in_own_loop(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a new loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        with asyncio.Runner() as runner:
            return runner.run(main)
    # As on an engine of ipyparallel, which calls blocking functions on its loop.
    context = copy_context()

    def run() -> T:
        return _in_own_loop(main)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(context.run, run).result()


def _cancelled_by_us() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _outcome(func: Callable[[Any], Any], item: object) -> Outcome:
    """Call a blocking function, in a context that the next item does not see."""
    context = copy_context()
    if isinstance(item, PlacedItem):
        item = context.run(item.enter)
    try:
        value = context.run(func, item)
        if inspect.isawaitable(value):
            value = _in_own_loop(_value_of(value))
    except BaseException as error:  # noqa: BLE001 - it is what the item came to
        return Outcome(error=_trimmed(error))
    return Outcome(value)


async def _value_of(awaitable: Any) -> Any:  # noqa: ANN401 - results are anything
    return await awaitable


def _ends(outcome: Outcome, *, stop_at_error: bool) -> bool:
    """Tell whether nothing may start after this: `sys.exit()` ends every chunk."""
    return outcome.error is not None and (
        stop_at_error
        or not isinstance(outcome.error, (Exception, asyncio.CancelledError))
    )


def _trimmed(error: BaseException) -> BaseException:
    """Take our own frames off the beginning of a traceback."""
    traceback = error.__traceback__
    while traceback and traceback.tb_frame.f_globals.get("__name__") in _OURS:
        traceback = traceback.tb_next
    return error.with_traceback(traceback)
