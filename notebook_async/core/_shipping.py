"""Chunks that leave the process: what all such executors have in common.

Pickling and handing over happen in a thread of the adapter, for both take milliseconds
where a function, an item or a process is large. Replies are awaited by callbacks, so
that no thread waits for them.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from notebook_async.core._chunk import Outcome, failures
from notebook_async.core._parcel import (
    open_reply,
    seal_chunk,
    seal_function,
    work,
)
from notebook_async.errors import NotPicklableError, WorkerLostError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FutureExecutor", "ParcelExecutor", "finished"]

T = TypeVar("T")
Func = Any

# Bytes that unpickle in well under a millisecond.
_SMALL = 65_536

# Seconds for what a cluster that is gone may never answer.
_PATIENCE = 5


class ParcelExecutor:
    """Base of executors that run a chunk in another process.

    Subclasses say how a parcel gets there and its reply back.
    """

    def __init__(self, *, chunk: int, inner: int, threads: int = 1) -> None:
        self.chunk = chunk
        self._inner = inner
        self._threads = ThreadPoolExecutor(threads, "notebook_async-parcels")
        self._sealed: tuple[Func, bytes] | None = None
        self._errands: set[Future[Any]] = set()

    async def run_chunk(
        self, func: Func, items: list[Any], *, stop_at_error: bool
    ) -> list[Outcome]:
        """Run the items elsewhere; see `ChunkExecutor`."""
        seal = partial(self._seal, func, items, stop_at_error=stop_at_error)
        try:
            reply = await self.send(seal, func)
        except Exception as error:  # noqa: BLE001 - it is what the items came to
            if len(items) > 1 and self.killed_by_item(error):
                return await self._one_by_one(func, items, stop=stop_at_error)
            return failures(self.explain(error), items, stop=stop_at_error)
        if len(reply) <= _SMALL:
            return open_reply(reply)
        return await self.in_thread(open_reply, reply)

    async def aclose(self) -> None:
        """Finish what was begun by `later`, and release the threads."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                while self._errands:
                    await finished(next(iter(self._errands)))
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def send(self, seal: Callable[[], bytes], func: Func) -> bytes:
        """Make the parcel, hand it over and return the reply.

        Being cancelled withdraws what has not started.
        """
        raise NotImplementedError

    def killed_by_item(self, error: Exception) -> bool:  # noqa: ARG002 - for subclasses
        """Tell whether one of the items may have killed what ran the chunk."""
        return False

    def explain(self, error: Exception) -> Exception:
        """Return what the items of a chunk failed with that has no reply."""
        if isinstance(error, (NotPicklableError, WorkerLostError)):
            return error
        lost = WorkerLostError(
            f"the executor did not run the item: {type(error).__name__}: {error}"
        )
        lost.__cause__ = error
        return lost

    async def in_thread(self, func: Callable[..., T], *args: object) -> T:
        """Call something slow in a thread of this adapter."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, func, *args)

    def later(self, errand: Future[Any]) -> None:
        """Let something go on that nobody waits for before the end of the run."""
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    def _seal(self, func: Func, items: list[Any], *, stop_at_error: bool) -> bytes:
        if self._sealed is None or self._sealed[0] is not func:
            self._sealed = (func, seal_function(func))
        function = self._sealed[1]
        return seal_chunk(
            function, items, inner=self._inner, stop_at_error=stop_at_error
        )

    async def _one_by_one(
        self, func: Func, items: list[Any], *, stop: bool
    ) -> list[Outcome]:
        """Run the items of a chunk again, so that only the one that kills fails."""
        outcomes: list[Outcome] = []
        for item in items:
            outcomes += await self.run_chunk(func, [item], stop_at_error=stop)
            if stop and outcomes[-1].error is not None:
                break
        return outcomes


class FutureExecutor(ParcelExecutor):
    """Run chunks on a `concurrent.futures.Executor` whose workers are processes."""

    def __init__(self, executor: Executor, *, chunk: int, inner: int) -> None:
        super().__init__(chunk=chunk, inner=inner)
        self._executor = executor

    async def send(self, seal: Callable[[], bytes], func: Func) -> bytes:  # noqa: ARG002
        """Submit from a thread: a pool may start its processes there.

        Each call has a name of its own, for an executor of Dask takes equal calls for
        one and the same.
        """
        handing = self._threads.submit(
            lambda: self._executor.submit(work, seal(), uuid4().hex)
        )
        try:
            await finished(handing)
            future = handing.result()
            await finished(future)
        except asyncio.CancelledError:
            if not handing.cancel():
                handing.add_done_callback(_withdraw)
            raise
        if future.cancelled():
            raise WorkerLostError("the executor cancelled the item: was it shut down?")
        return future.result()


def _withdraw(handing: Future[Future[bytes]]) -> None:
    if handing.exception() is None:
        # It refuses where it runs already, and must be left alone then.
        handing.result().cancel()


async def finished(future: Future[Any]) -> None:
    """Wait until a future of another thread is done, however it ends.

    Unlike `asyncio.wrap_future` this never cancels it: some executors set a result all
    the same, and their threads die of it.
    """
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def tell(_: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(done.set)

    future.add_done_callback(tell)
    await done.wait()
