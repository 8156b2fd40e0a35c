"""Run awaitables in batches, one batch after the other."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeVar

from notebook_async.core._options import integer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Iterator

__all__ = ["batch_gather", "chunks"]

T = TypeVar("T")


def chunks(iterable: Iterable[T], size: int) -> Iterator[tuple[T | None, ...]]:
    """Yield tuples of `size` items, the last one padded with None.

    `itertools.batched` (Python 3.12) does the same without the padding.

    Parameters
    ----------
    iterable
        Any iterable.
    size
        Items per tuple, >= 1.

    Raises
    ------
    InvalidArgumentError
        If `size` < 1.

    Examples
    --------
    >>> list(chunks("abcde", 2))
    [('a', 'b'), ('c', 'd'), ('e', None)]
    """
    number = integer("size", size, least=1)
    return zip_longest(*[iter(iterable)] * number)


async def batch_gather(
    tasks: Iterable[Awaitable[T]],
    batch_size: int = 10,
    verbose: bool = False,  # noqa: FBT001, FBT002 - the name and place are given
) -> list[T]:
    """Await batches one after the other, the tasks of a batch together.

    A batch waits for its slowest task; `run_jobs` has no such gaps. The first exception
    is raised; the rest of its batch is cancelled and awaited, and no batch follows.

    Parameters
    ----------
    tasks
        Coroutines or other awaitables.
    batch_size
        Awaitables at once, >= 1.
    verbose
        Print a line after each batch.

    Returns
    -------
    list
        One result per task, in order; None among them stays.

    Raises
    ------
    InvalidArgumentError
        If `batch_size` < 1.

    Examples
    --------
    >>> import asyncio
    >>> await batch_gather([asyncio.sleep(1, n) for n in range(5)], batch_size=2)
    [0, 1, 2, 3, 4]
    """
    size = integer("batch_size", batch_size, least=1)
    left = deque(tasks)
    total = len(left)
    results: list[T] = []
    batch: list[asyncio.Future[T]] = []
    try:
        while left:
            batch = [
                asyncio.ensure_future(left.popleft())
                for _ in range(min(size, len(left)))
            ]
            results += await asyncio.gather(*batch)
            if verbose:
                print(f"Completed {len(results)} out of {total} tasks")  # noqa: T201
    except BaseException:
        for future in batch:
            future.cancel()
        await asyncio.gather(*batch, return_exceptions=True)
        for task in left:
            if inspect.iscoroutine(task):
                task.close()
        raise
    return results
