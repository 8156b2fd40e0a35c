"""Run awaitables in batches, one batch after the other."""

from __future__ import annotations

import asyncio
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

    A batch waits for its slowest task; `run_jobs` has no such gaps.

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
    listed = list(tasks)
    results: list[T] = []
    for first in range(0, len(listed), size):
        results += await asyncio.gather(*listed[first : first + size])
        if verbose:
            print(f"Completed {len(results)} out of {len(listed)} tasks")  # noqa: T201
    return results
