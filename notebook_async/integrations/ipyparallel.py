"""`executor=view`: the engines of an ipyparallel cluster.

A load-balanced view sends each chunk to whichever engine is free, a direct view to its
engines in turn.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import cycle
from typing import TYPE_CHECKING, Any

from notebook_async.core._parcel import work
from notebook_async.core._shipping import ParcelExecutor, finished
from notebook_async.errors import ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

__all__ = ["ViewExecutor"]


class ViewExecutor(ParcelExecutor):
    """Run each chunk on one engine of a view.

    Parameters
    ----------
    view
        A `LoadBalancedView` or a `DirectView`.
    chunk, inner
        As for `Remote`.

    Notes
    -----
    Cancelling withdraws what no engine has begun; what one has begun goes on there. The
    items of an engine that dies fail once the controller misses it, which takes some
    seconds.
    """

    def __init__(self, view: Any, *, chunk: int, inner: int) -> None:
        names = {kind.__name__ for kind in type(view).__mro__}
        if "LoadBalancedView" in names:
            self._views = cycle([view])
        elif "DirectView" in names and "BroadcastView" not in names:
            self._views = cycle([view.client[engine] for engine in _engines(view)])
        else:
            raise ArgumentTypeError(
                "executor must be a view that runs a call once, as"
                f" client.load_balanced_view() makes; got a {type(view).__name__}"
            )
        super().__init__(chunk=chunk, inner=inner)
        self._client = view.client

    async def send(self, seal: Callable[[], bytes], func: Any) -> bytes:  # noqa: ARG002
        """Submit from a thread, for it takes milliseconds.

        Another thread that uses the same view meanwhile may find a call of ours in the
        view's `history`, and nothing worse.
        """
        view = next(self._views)
        handing = self._threads.submit(lambda: view.apply_async(work, seal()))
        try:
            await finished(handing)
            call = handing.result()
            await finished(call)
        except asyncio.CancelledError:
            if not handing.cancel():
                self.later(self._threads.submit(self._abort, handing))
            raise
        reply: bytes = call.result()
        return reply

    def _abort(self, handing: Future[Any]) -> None:
        call = handing.result()
        # Having sent the word it makes a future for the answer, which takes a loop. The
        # answer of an engine that is dead or busy would be waited for in vain.
        with suppress(RuntimeError):
            self._client.abort(call, block=False)


def _engines(view: Any) -> list[int]:
    """Return the numbers of the engines that a direct view speaks to."""
    if isinstance(view.targets, int):
        return [view.targets]
    return list(view.client.ids if view.targets in (None, "all") else view.targets)
