"""What the calls that make a run have in common: their options, for all and typed."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from typing import Any, Literal, TypeAlias, TypedDict, TypeVar

from notebook_async.core._options import Isolation, RunOptions, integer
from notebook_async.core.policies import Adaptive, Rate, Retry, as_rate, as_retry

__all__ = [
    "AnyIterable",
    "Common",
    "Job",
    "Raising",
    "Streaming",
    "default_window",
    "make_options",
]

T = TypeVar("T")

Job: TypeAlias = Awaitable[T] | Callable[[], Awaitable[T]]
AnyIterable: TypeAlias = Iterable[T] | AsyncIterable[T]
Raising: TypeAlias = Literal["raise", "group"]


class Common(TypedDict, total=False):
    """The options that all three calls have, for type checkers."""

    workers: int | Adaptive
    show_progress: bool
    desc: str | None
    total: int | None
    timeout: float | None
    retry: Retry | int | None
    rate: Rate | float | None
    isolation: Isolation


class Streaming(Common, total=False):
    """The options of `iter_jobs`, for type checkers."""

    ordered: bool
    window: int | None


def make_options(
    *,
    workers: int | Adaptive,
    retry: Retry | int | None,
    rate: Rate | float | None,
    executor: object,
    **options: Any,  # noqa: ANN401 - the rest of `RunOptions`
) -> RunOptions:
    """Return the options as a run has them, from what a caller may write."""
    if isinstance(workers, Adaptive):
        options["adaptive"], workers = workers, workers.start
    if executor is not None:
        # Loaded on first use: it brings much that an ordinary run does without.
        from notebook_async.core._executors import as_executor  # noqa: PLC0415

        options["executor"] = as_executor(executor)
    return RunOptions(
        workers=workers, retry=as_retry(retry), rate=as_rate(rate), **options
    )


def default_window(workers: int | Adaptive) -> int:
    """Return how many items of a stream may be started and not yet consumed."""
    most = workers.high if isinstance(workers, Adaptive) else workers
    return 2 * integer("workers", most, least=1)
