"""Collect what many ask for at once into calls that serve many."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from notebook_async.retrieval._shared import to_the_end

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

__all__ = ["Batcher"]

# Such as a full disk, or a file that another program has locked: no item's fault. Each
# try may take as long as its patience, so after a few that fail alike none is made.
_OF_THE_STORE = (OSError, sqlite3.OperationalError)
_ENOUGH = 3

S = TypeVar("S")
R = TypeVar("R")


class _Request(Generic[S, R]):
    """What one caller asked for, and what has come of it."""

    __slots__ = ("done", "items", "left", "results")

    def __init__(self, items: Sequence[S], done: asyncio.Future[None]) -> None:
        self.items = items
        self.done = done
        self.left = len(items)
        self.results: list[Any] = [None] * len(items)

    def put(self, index: int, result: R) -> None:
        self.results[index] = result
        self.left -= 1
        if not self.left and not self.done.done():
            self.done.set_result(None)

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class Batcher(Generic[S, R]):
    """Serve concurrent callers by few calls: each takes what waits when it begins.

    Nobody waits for a batch to fill: under little load batches are small and at once,
    under much load they are full. A call that fails for several callers is made again
    for each alone, so that one bad item fails nobody else; unless what is called is
    itself out of order, as the first few of these calls tell.

    Parameters
    ----------
    call
        Gets a list of items and returns one result for each, in order.
    size
        Items in a call, at most; one that serves a caller alone may have more.
    workers
        Calls in flight, at most.
    """

    def __init__(
        self,
        call: Callable[[list[S]], Awaitable[Sequence[R]]],
        *,
        size: int,
        workers: int,
    ) -> None:
        self._call = call
        self._size = size
        self._workers = workers
        self._waiting: deque[tuple[_Request[S, R], int]] = deque()
        self._working = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = False

    async def ask(self, items: Sequence[S]) -> list[R]:
        """Return one result per item."""
        if not items:
            return []
        request: _Request[S, R] = _Request(items, asyncio.Future())
        self._waiting.extend((request, index) for index in range(len(items)))
        if self._working < self._workers:
            self._working += 1
            task = asyncio.create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await request.done
        return request.results

    async def _work(self) -> None:
        try:
            # Let the others that are ready ask first.
            await asyncio.sleep(0)
            while batch := self._take():
                try:
                    await self._serve(batch)
                except asyncio.CancelledError:
                    for request, _ in batch:
                        request.done.cancel()
                    # A call may cancel itself; those who wait are still to be served.
                    if self._ended:
                        raise
        finally:
            # Here and not once the task is over: who asks in between would count on it.
            self._working -= 1

    def _take(self) -> list[tuple[_Request[S, R], int]]:
        batch: list[tuple[_Request[S, R], int]] = []
        while self._waiting and len(batch) < self._size:
            request, index = self._waiting.popleft()
            if not request.done.done():  # it failed, or its caller has gone
                batch.append((request, index))
        return batch

    async def _serve(self, batch: list[tuple[_Request[S, R], int]]) -> None:
        requests = {id(request): request for request, _ in batch}
        try:
            await self._put(batch)
        except Exception as error:  # noqa: BLE001 - it belongs to those who asked
            if len(requests) == 1:
                batch[0][0].fail(error)
                return
            alike = 0
            for request in requests.values():
                if alike >= _ENOUGH:
                    request.fail(error)
                    continue
                part = [(one, index) for one, index in batch if one is request]
                try:
                    await self._put(part)
                except Exception as own:  # noqa: BLE001 - likewise
                    request.fail(own)
                    alike += isinstance(own, _OF_THE_STORE) and str(own) == str(error)

    async def _put(self, batch: list[tuple[_Request[S, R], int]]) -> None:
        items = [request.items[index] for request, index in batch]
        results = await self._call(items)
        if len(results) != len(items):
            raise ValueError(f"{len(results)} results came for {len(items)} items")
        for (request, index), result in zip(batch, results, strict=True):
            request.put(index, result)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._ended = True
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            # Also where this task is cancelled once more: nothing is left behind.
            await to_the_end(lambda: asyncio.wait(tasks))
