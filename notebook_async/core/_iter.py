"""The call by which a run is made whose results come as they are ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, Unpack, overload

from notebook_async.core._signatures import (
    AnyIterable,
    Job,
    Raising,
    Streaming,
    default_window,
    make_options,
)
from notebook_async.core._source import Source
from notebook_async.core._stream import JobStream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notebook_async.core._options import Isolation, OnError
    from notebook_async.core.policies import Adaptive, Rate, Retry

__all__ = ["iter_jobs"]

T = TypeVar("T")
S = TypeVar("S")


@overload
def iter_jobs(
    jobs: Callable[[S], Awaitable[T]],
    items: AnyIterable[S],
    *,
    on_error: Raising = ...,
    executor: object = ...,
    **options: Unpack[Streaming],
) -> JobStream[T]: ...
@overload
def iter_jobs(
    jobs: Callable[[S], Awaitable[T]],
    items: AnyIterable[S],
    *,
    on_error: OnError,
    executor: object = ...,
    **options: Unpack[Streaming],
) -> JobStream[T | Exception]: ...
@overload
def iter_jobs(
    jobs: AnyIterable[Job[T]],
    *,
    on_error: Raising = ...,
    executor: object = ...,
    **options: Unpack[Streaming],
) -> JobStream[T]: ...
@overload
def iter_jobs(
    jobs: AnyIterable[Job[T]],
    *,
    on_error: OnError,
    executor: object = ...,
    **options: Unpack[Streaming],
) -> JobStream[T | Exception]: ...
@overload
def iter_jobs(
    jobs: Callable[[S], T],
    items: AnyIterable[S],
    *,
    executor: object,
    on_error: Raising = ...,
    **options: Unpack[Streaming],
) -> JobStream[T]: ...
@overload
def iter_jobs(
    jobs: Callable[[S], T],
    items: AnyIterable[S],
    *,
    executor: object,
    on_error: OnError,
    **options: Unpack[Streaming],
) -> JobStream[T | Exception]: ...
def iter_jobs(  # noqa: PLR0913 - options are named by the caller
    jobs: Any,
    items: Any = None,
    *,
    workers: int | Adaptive = 4,
    ordered: bool = False,
    window: int | None = None,
    show_progress: bool = False,
    desc: str | None = None,
    total: int | None = None,
    on_error: OnError = "raise",
    timeout: float | None = None,
    retry: Retry | int | None = None,
    rate: Rate | float | None = None,
    isolation: Isolation = "context",
    executor: object = None,
) -> JobStream[Any]:
    """Yield `(index, value)` of items as they finish, or in order, with backpressure.

    Parameters
    ----------
    jobs, items, workers, show_progress, desc, total
        As for `run_jobs`.
    ordered
        Yield in the order of the items instead of the order in which they finish.
    window
        Items started and not yet consumed, at most, >= 1; default twice `workers`.
        A slow consumer slows the items down.
    on_error
        As for `run_jobs`. With `"return"` a failed item's value is its exception, with
        `"group"` it is left out, and raised at the end.
    timeout, retry, rate, isolation, executor
        As for `run_jobs`.

    Returns
    -------
    JobStream
        An async iterator. Leaving its loop cancels the rest.

    Raises
    ------
    InvalidArgumentError, ArgumentTypeError
        As for `run_jobs`, at once. What an item raises comes out of the iteration.

    Examples
    --------
    >>> import asyncio
    >>> async def wait(seconds):
    ...     await asyncio.sleep(seconds)
    ...     return seconds
    >>> async for index, value in iter_jobs(wait, [3, 1, 2]):
    ...     print(index, value)
    1 1
    2 2
    0 3
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
        keep_results=False,
        window=default_window(workers) if window is None else window,
        ordered=ordered,
    )
    return JobStream(Source(jobs, items), options)
