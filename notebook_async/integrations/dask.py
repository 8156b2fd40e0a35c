"""`executor=client`: a Dask cluster, on this machine or on many.

Dask places the items, tries again those of a worker that died, and runs coroutines on
the loop of a worker, `nthreads` at once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from notebook_async.core._chunk import is_async
from notebook_async.core._parcel import work, work_async
from notebook_async.core._shipping import ParcelExecutor, finished
from notebook_async.errors import ArgumentTypeError, WorkerLostError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

__all__ = ["DaskExecutor"]


class DaskExecutor(ParcelExecutor):
    """Run each chunk as one task of a Dask cluster; the client may be of either kind.

    Parameters
    ----------
    client
        A `distributed.Client`. It stays open.
    chunk, inner
        As for `Remote`.

    Notes
    -----
    The items of a worker that dies are run again elsewhere, so that side effects can
    happen twice. Cancelling withdraws what no worker has begun; what one has begun goes
    on there to its end.
    """

    def __init__(self, client: Any, *, chunk: int, inner: int) -> None:
        if not hasattr(client, "submit"):
            raise ArgumentTypeError(
                f"executor must be a Dask Client, got a {type(client).__name__}"
            )
        super().__init__(chunk=chunk, inner=inner)
        self._client = client

    async def send(self, seal: Callable[[], bytes], func: Any) -> bytes:
        """Submit from a thread; gather on the client's own loop."""
        run = work_async if is_async(func) else work
        # Dask gives equal keys equal results, and draws what is before the dash.
        key = f"{getattr(func, '__name__', 'item').strip('<>')}-{uuid4().hex}"

        def submit() -> Any:
            return self._client.submit(run, seal(), key=key, pure=False)

        handing = self._threads.submit(submit)
        try:
            await finished(handing)
            gathering = self._on_its_loop(
                self._client.gather([handing.result()], asynchronous=True)
            )
            await finished(gathering)
        except asyncio.CancelledError:
            if not handing.cancel():
                handing.add_done_callback(self._withdraw)
            raise
        if gathering.cancelled():
            raise WorkerLostError(
                "Dask cancelled the item: was the client closed, or the cluster"
                " restarted?"
            )
        reply: bytes = gathering.result()[0]
        return reply

    def killed_by_item(self, error: Exception) -> bool:
        """Tell whether Dask gave up on a chunk whose workers all died."""
        from distributed import KilledWorker  # noqa: PLC0415 - with a client it is there

        return isinstance(error, KilledWorker)

    def explain(self, error: Exception) -> Exception:
        """Leave Dask's own word for an item that kills its workers as it is."""
        return error if self.killed_by_item(error) else super().explain(error)

    def _on_its_loop(self, coroutine: Any) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(
            coroutine, self._client.loop.asyncio_loop
        )

    def _withdraw(self, handing: Future[Any]) -> None:
        if handing.exception() is None:
            cancelling = self._client.cancel([handing.result()], asynchronous=True)
            self.later(self._on_its_loop(cancelling))
