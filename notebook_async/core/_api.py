"""The calls by which a run is made whose results come all at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, overload

from notebook_async.core._run import JobRun
from notebook_async.core._signatures import (
    AnyIterable,
    Common,
    Job,
    Raising,
    make_options,
)
from notebook_async.core._source import Source
from notebook_async.errors import NoRunningLoopError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notebook_async.core._options import Isolation, OnError
    from notebook_async.core.policies import Adaptive, Rate, Retry

__all__ = ["run_jobs", "start_jobs"]

T = TypeVar("T")
S = TypeVar("S")


@overload
async def run_jobs(
    jobs: Callable[[S], Awaitable[T]],
    items: AnyIterable[S],
    *,
    on_error: Raising = ...,
    executor: object = ...,
    **options: Unpack[Common],
) -> list[T]: ...
@overload
async def run_jobs(
    jobs: Callable[[S], Awaitable[T]],
    items: AnyIterable[S],
    *,
    on_error: OnError,
    executor: object = ...,
    **options: Unpack[Common],
) -> list[T | Exception]: ...
@overload
async def run_jobs(
    jobs: AnyIterable[Job[T]],
    *,
    on_error: Raising = ...,
    executor: object = ...,
    **options: Unpack[Common],
) -> list[T]: ...
@overload
async def run_jobs(
    jobs: AnyIterable[Job[T]],
    *,
    on_error: OnError,
    executor: object = ...,
    **options: Unpack[Common],
) -> list[T | Exception]: ...
@overload
async def run_jobs(
    jobs: Callable[[S], T],
    items: AnyIterable[S],
    *,
    executor: object,
    on_error: Raising = ...,
    **options: Unpack[Common],
) -> list[T]: ...
@overload
async def run_jobs(
    jobs: Callable[[S], T],
    items: AnyIterable[S],
    *,
    executor: object,
    on_error: OnError,
    **options: Unpack[Common],
) -> list[T | Exception]: ...
async def run_jobs(  # noqa: PLR0913 - options are named by the caller
    jobs: Any,
    items: Any = None,
    *,
    workers: int | Adaptive = 4,
    show_progress: bool = False,
    desc: str | None = None,
    total: int | None = None,
    on_error: OnError = "raise",
    timeout: float | None = None,  # noqa: ASYNC109 - of each item, not of the call
    retry: Retry | int | None = None,
    rate: Rate | float | None = None,
    isolation: Isolation = "context",
    executor: object = None,
) -> list[Any]:
    """Run every item, at most `workers` at once, and return results in their order.

    Items are pulled from their source only as workers become free, so that the source
    may be a generator over millions of things.

    Parameters
    ----------
    jobs
        Coroutines, other awaitables or functions without arguments, as an iterable or
        an async iterable; or, with `items`, a function of one item that returns an
        awaitable.
    items
        What to call the function with, as an iterable or an async iterable.
    workers
        Items in flight at once, >= 1, or an `Adaptive` that finds the number.
    show_progress
        Show a bar: in the panel of the job around, else in a panel of its own in a
        notebook, else by `tqdm` on stderr.
    desc
        What is being done, for people.
    total
        Number of items, >= 0, where the source cannot tell.
    on_error
        `"raise"`: the first exception of an item ends the run; nothing starts after
        it, items in flight are cancelled and awaited, and it is raised.
        `"return"`: exceptions stand in the list in the place of results.
        `"group"`: everything runs, then the exceptions are raised as one
        `ExceptionGroup`.
    timeout
        Seconds > 0 that each attempt at an item may take; then it is cancelled and
        fails with `TimeoutError`. A bound on the whole call is `asyncio.timeout`.
    retry
        A `Retry`, or the number of attempts beyond the first with its defaults.
    rate
        A `Rate`, or starts per second > 0.
    isolation
        `"context"`: items share the tasks of the workers, but see none of the context
        variables that another sets. `"task"`: each item has a task of its own, for code
        that needs `asyncio.current_task()` to itself; an item then costs about three
        times as much.
    executor
        Where items run instead of on the loop, then plain functions too: `"threads"`,
        `"cpu"` for processes, any `concurrent.futures.Executor`, a Dask client, an
        ipyparallel view, or a `Remote` around one of these, to send them by the chunk.

    Returns
    -------
    list
        One result per item, in the order of the items.

    Raises
    ------
    InvalidArgumentError
        If `workers` < 1, `total` < 0 or an option is none of its choices.
    ArgumentTypeError
        If `workers` is no integer, or `jobs` and `items` are not as described.
    NotAwaitableError
        If an item cannot be awaited, or its function needs other arguments.

    Notes
    -----
    An exception is the very object that the item raised, with a note that says which
    item that was. Cancelling the call cancels the run and waits for the items' cleanup.

    Examples
    --------
    >>> import asyncio
    >>> async def fetch(n):
    ...     await asyncio.sleep(1)
    ...     return n * n
    >>> await run_jobs(fetch, range(5), workers=2)
    [0, 1, 4, 9, 16]
    >>> await run_jobs([fetch(2), fetch(3)])
    [4, 9]
    >>> await run_jobs(fetch, [4], timeout=0.5, on_error="return")
    [TimeoutError('item 0 ran longer than timeout=0.5 s')]
    """
    options = make_options(
        workers=workers,
        show_progress=show_progress,
        desc=desc,
        total=total,
        on_error=on_error,
        timeout=timeout,
        retry=retry,
        rate=rate,
        isolation=isolation,
        executor=executor,
    )
    return await JobRun(Source(jobs, items), options)


@overload
def start_jobs(
    jobs: Callable[[S], Awaitable[T]],
    items: AnyIterable[S],
    *,
    on_error: Raising = ...,
    executor: object = ...,
    **options: Unpack[Common],
) -> JobRun[T]: ...
@overload
def start_jobs(
    jobs: Callable[[S], Awaitable[T]],
    items: AnyIterable[S],
    *,
    on_error: OnError,
    executor: object = ...,
    **options: Unpack[Common],
) -> JobRun[T | Exception]: ...
@overload
def start_jobs(
    jobs: AnyIterable[Job[T]],
    *,
    on_error: Raising = ...,
    executor: object = ...,
    **options: Unpack[Common],
) -> JobRun[T]: ...
@overload
def start_jobs(
    jobs: AnyIterable[Job[T]],
    *,
    on_error: OnError,
    executor: object = ...,
    **options: Unpack[Common],
) -> JobRun[T | Exception]: ...
@overload
def start_jobs(
    jobs: Callable[[S], T],
    items: AnyIterable[S],
    *,
    executor: object,
    on_error: Raising = ...,
    **options: Unpack[Common],
) -> JobRun[T]: ...
@overload
def start_jobs(
    jobs: Callable[[S], T],
    items: AnyIterable[S],
    *,
    executor: object,
    on_error: OnError,
    **options: Unpack[Common],
) -> JobRun[T | Exception]: ...
def start_jobs(  # noqa: PLR0913 - options are named by the caller
    jobs: Any,
    items: Any = None,
    *,
    workers: int | Adaptive = 4,
    show_progress: bool = False,
    desc: str | None = None,
    total: int | None = None,
    on_error: OnError = "raise",
    timeout: float | None = None,
    retry: Retry | int | None = None,
    rate: Rate | float | None = None,
    isolation: Isolation = "context",
    executor: object = None,
) -> JobRun[Any]:
    """Start a run as `run_jobs` does and return at once.

    Parameters
    ----------
    jobs, items, workers, show_progress, desc, total
        As for `run_jobs`.
    on_error, timeout, retry, rate, isolation, executor
        As for `run_jobs`.

    Returns
    -------
    JobRun
        Await it for the list of results. It can be counted, paused, resized and
        cancelled while it runs.

    Raises
    ------
    NoRunningLoopError
        If no event loop runs in this thread.
    InvalidArgumentError, ArgumentTypeError
        As for `run_jobs`.

    Examples
    --------
    >>> import asyncio
    >>> run = start_jobs(asyncio.sleep, [1] * 100, workers=10)
    >>> run.workers = 50
    >>> await asyncio.sleep(1.5)
    >>> run.done
    50
    >>> results = await run
    """
    options = make_options(
        workers=workers,
        show_progress=show_progress,
        desc=desc,
        total=total,
        on_error=on_error,
        timeout=timeout,
        retry=retry,
        rate=rate,
        isolation=isolation,
        executor=executor,
    )
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise NoRunningLoopError("start_jobs") from None
    return JobRun(Source(jobs, items), options)
