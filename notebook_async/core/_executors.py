"""Who runs the items of a run, if not the loop: threads, processes, other machines.

The run keeps order, errors, progress, retries and cancelling to itself. An executor
only runs chunks of items somewhere else and brings back what each came to. The kinds
that need other libraries live in `integrations`, and are found by the entry points
`notebook_async.executors`: this room knows no name of theirs.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from notebook_async.core._chunk import Halt, Outcome, failures, run_here
from notebook_async.core._options import integer
from notebook_async.core._plugins import find_plugin
from notebook_async.core._shipping import FutureExecutor
from notebook_async.errors import ArgumentTypeError, HostError, WorkerLostError

__all__ = [
    "ChunkExecutor",
    "Outcome",
    "Remote",
    "as_executor",
]

_GROUP = "notebook_async.executors"
_MOST_THREADS = 1_000
_ACCEPTED = (
    '"threads", any concurrent.futures.Executor, "cpu" (pip install'
    ' "notebook-async[cpu]"), a Dask Client (pip install "notebook-async[dask]"), an'
    ' ipyparallel view (pip install "notebook-async[ipyparallel]") or Remote(...)'
    " around one of these"
)


class ChunkExecutor(Protocol):
    """What a run hands its items to. One adapter serves one run, on one loop."""

    chunk: int
    """Items per call, >= 1."""

    async def run_chunk(
        self,
        func: Any,  # noqa: ANN401 - of one item; plain or a coroutine function
        items: list[Any],
        *,
        stop_at_error: bool,
    ) -> list[Outcome]:
        """Run the items and return one outcome for each that ran, in order.

        With `stop_at_error` the list ends with the first error, and nothing was started
        after that. An error that is no `Exception`, as from `sys.exit()`, ends it too.
        Being cancelled withdraws what has not started, kills what can be killed, and
        raises `CancelledError` without waiting for either. Nothing else is raised.
        """

    async def aclose(self) -> None:
        """Release what this adapter made itself, never the user's executor."""


@dataclass(frozen=True, slots=True)
class Remote:
    """Send items to an executor in chunks, which makes many small ones cheap.

    Parameters
    ----------
    executor
        Whatever `executor=` takes: `"threads"`, `"cpu"`, a `concurrent.futures`
        executor, a Dask client, an ipyparallel view.
    chunk
        Items per call, >= 1. Results arrive by the chunk, and a chunk that is lost with
        its process is run again.
    inner
        How many coroutines of a chunk run at once there, >= 1. Plain functions run one
        after the other.

    Raises
    ------
    InvalidArgumentError
        If `chunk` or `inner` < 1.
    ArgumentTypeError
        If either is no integer, or `executor` is a `Remote` itself.

    Notes
    -----
    Functions, items and results travel by pickle. What a cell defines travels by value,
    as it is when the run starts. What is imported from a module is imported there too,
    and `notebook_async` itself must be installed on every machine that takes part.

    Killing a process is the only way to stop a function that does not await. `"cpu"`
    does so. Threads run to their end, and so does what Dask or a pool of your own has
    begun; the run does not wait for it.

    A process that dies takes its item with it: `"cpu"` fails that item with
    `WorkerLostError` and goes on in a new process. Dask tries it on other workers, and
    gives up with its own `KilledWorker` after some. In either case the other items of
    that chunk are run again, one by one, so that **side effects can happen twice**. A
    pool of your own is broken for good.

    Examples
    --------
    >>> Remote("threads", chunk=100)
    Remote(executor='threads', chunk=100, inner=50)
    """

    executor: object
    chunk: int = 50
    inner: int = 50

    def __post_init__(self) -> None:
        if isinstance(self.executor, Remote):
            raise ArgumentTypeError(
                "executor of a Remote must be no Remote itself; give the chunk to one"
            )
        for name in ("chunk", "inner"):
            object.__setattr__(self, name, integer(name, getattr(self, name), least=1))


def as_executor(executor: object) -> ChunkExecutor:
    """Return the adapter for what a user gave as `executor=`; it serves one run.

    Raises
    ------
    ArgumentTypeError
        If it is nothing that can run items.
    HostError
        If the library that it needs is not installed.
    """
    if not isinstance(executor, Remote):
        return _adapt(executor, chunk=1, inner=1)
    return _adapt(executor.executor, chunk=executor.chunk, inner=executor.inner)


def _adapt(executor: object, *, chunk: int, inner: int) -> ChunkExecutor:
    if isinstance(executor, str) and executor == "threads":
        return ThreadExecutor(None, chunk=chunk, inner=inner)
    if isinstance(executor, ThreadPoolExecutor) and not _is_interpreters(executor):
        return ThreadExecutor(executor, chunk=chunk, inner=inner)
    if isinstance(executor, Executor):
        # It may be anything; what can cross processes can also stay in one.
        return FutureExecutor(executor, chunk=chunk, inner=inner)
    for name in _names(executor):
        if (make := find_plugin(_GROUP, name)) is not None:
            try:
                adapter: ChunkExecutor = make(executor, chunk=chunk, inner=inner)
            except ImportError as error:
                raise HostError(
                    f"executor={executor!r} needs {error.name}, which is not"
                    f' installed: pip install "notebook-async[{name}]"'
                ) from error
            return adapter
    raise ArgumentTypeError(
        f"executor must be {_ACCEPTED}; got {executor!r} ({type(executor).__name__})"
    )


def _is_interpreters(executor: Executor) -> bool:
    """Tell a pool of interpreters (3.14), whose threads share no objects."""
    return any(c.__name__ == "InterpreterPoolExecutor" for c in type(executor).__mro__)


def _names(executor: object) -> list[str]:
    """Return what an entry point for this could be called: its modules, longest first.

    A string is a name itself.
    """
    if isinstance(executor, str):
        return [executor]
    names: list[str] = []
    for kind in type(executor).__mro__[:-1]:
        parts = kind.__module__.split(".")
        names += (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return list(dict.fromkeys(names))


class ThreadExecutor:
    """Run chunks in threads of this process: nothing is pickled, nothing is copied.

    As with `asyncio.to_thread` items see the caller's context variables. Own threads
    are used, as many as chunks are in flight, for the loop's few belong to all.
    """

    def __init__(
        self, pool: ThreadPoolExecutor | None, *, chunk: int, inner: int
    ) -> None:
        self.chunk = chunk
        self._inner = inner
        self._own = pool is None
        self._pool = pool or ThreadPoolExecutor(_MOST_THREADS, "notebook_async-items")

    async def run_chunk(
        self,
        func: Any,  # noqa: ANN401 - see `ChunkExecutor`
        items: list[Any],
        *,
        stop_at_error: bool,
    ) -> list[Outcome]:
        """Run the items in a thread; see `ChunkExecutor`."""
        halt = Halt()
        run = partial(
            run_here,
            func,
            items,
            inner=self._inner,
            stop_at_error=stop_at_error,
            halt=halt,
        )
        loop = asyncio.get_running_loop()
        try:
            future = loop.run_in_executor(self._pool, copy_context().run, run)
        except RuntimeError as error:
            lost = WorkerLostError(f"the executor did not take the item: {error}")
            lost.__cause__ = error
            return failures(lost, items, stop=stop_at_error)
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError:
            halt.ask()
            future.cancel()
            raise
        if future.cancelled():
            lost = WorkerLostError("the executor cancelled the item: was it shut down?")
            return failures(lost, items, stop=stop_at_error)
        return future.result()

    async def aclose(self) -> None:
        """Let own threads end after what they run; a user's pool is left alone."""
        if self._own:
            self._pool.shutdown(wait=False, cancel_futures=True)
