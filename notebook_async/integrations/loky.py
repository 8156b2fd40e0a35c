"""`executor="cpu"`: processes of our own for work that keeps a processor busy.

Each process is a loky executor of one worker, and has one chunk at a time. loky can
neither stop a running item nor lose one process of several: both break the whole pool.
This way a process that dies, by a cancelled item or by the system's hand, takes nothing
with it but its own chunk.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import BrokenExecutor, Future
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

from notebook_async.core._parcel import work
from notebook_async.core._shipping import ParcelExecutor, finished
from notebook_async.errors import WorkerLostError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LokyExecutor"]

Process: TypeAlias = Any
"""A `loky.ProcessPoolExecutor` of one worker."""

# Seconds for which an idle process waits for the next run; starting one takes 0.2.
_IDLE_DELAY = 120

# Threads that start processes: these mostly wait.
_STARTING_AT_ONCE = 8

_idle: list[Process] = []
_lock = Lock()


class LokyExecutor(ParcelExecutor):
    """Run each chunk in a process, as many at once as there are processors.

    Processors are those that this process may use, by affinity and by container. Idle
    processes are kept for the next run for two minutes.

    Parameters
    ----------
    executor
        The word `"cpu"`.
    chunk, inner
        As for `Remote`.

    Notes
    -----
    A process that dies fails the item that it ran with `WorkerLostError`, and the
    others of its chunk are run again. Cancelling kills the process.
    """

    def __init__(self, executor: object, *, chunk: int, inner: int) -> None:  # noqa: ARG002
        if find_spec("loky") is None:
            raise ModuleNotFoundError("No module named 'loky'", name="loky")
        super().__init__(chunk=chunk, inner=inner, threads=_STARTING_AT_ONCE)
        self._rooms: list[asyncio.Semaphore] = []

    async def send(self, seal: Callable[[], bytes], func: Any) -> bytes:  # noqa: ARG002
        """Run a parcel in a process that nobody else uses meanwhile."""
        if not self._rooms:
            self._rooms.append(asyncio.Semaphore(await self.in_thread(_processors)))
        # Several may have come here while the first asked: one room is for all.
        async with self._rooms[0]:
            handing = self._threads.submit(_start, seal)
            try:
                await finished(handing)
                process, future = handing.result()
                await finished(future)
            except asyncio.CancelledError:
                if not handing.cancel():
                    self._end(handing)
                raise
        error = future.exception()
        if isinstance(error, BrokenExecutor):
            self._end(handing)
            raise WorkerLostError(
                "the process died that ran the item: it was killed, ran out of memory"
                " or called os._exit; the cause of this error tells its exit code"
            ) from error
        _give_back(process)
        return future.result()

    def killed_by_item(self, error: Exception) -> bool:
        """Tell whether the process died."""
        return isinstance(error, WorkerLostError)

    def _end(self, handing: Future[tuple[Process, Future[bytes]]]) -> None:
        """Kill a process from a thread, once it has been started."""
        self.later(self._threads.submit(_kill, handing))


def _processors() -> int:
    count: int = import_module("loky").cpu_count()
    return count


def _start(seal: Callable[[], bytes]) -> tuple[Process, Future[bytes]]:
    """Hand a parcel to an idle process, or to a new one."""
    parcel = seal()
    while True:
        with _lock:
            process = _idle.pop() if _idle else None
        if process is None:
            process = import_module("loky").ProcessPoolExecutor(
                max_workers=1, timeout=_IDLE_DELAY
            )
            return process, process.submit(work, parcel)
        # One that died while it was idle refuses.
        with suppress(RuntimeError):
            return process, process.submit(work, parcel)


def _give_back(process: Process) -> None:
    with _lock:
        if len(_idle) < _processors():
            _idle.append(process)
            return
    process.shutdown(wait=False)


def _kill(handing: Future[tuple[Process, Future[bytes]]]) -> None:
    with suppress(Exception):  # it was not even started
        process, _ = handing.result()
        process.shutdown(kill_workers=True)
