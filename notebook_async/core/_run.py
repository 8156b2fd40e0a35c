"""A run as its user sees it: awaitable, countable and steerable."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from notebook_async.core._engine import Engine
from notebook_async.core._options import integer
from notebook_async.core._progress import show_progress
from notebook_async.core._run_facts import RunFacts
from notebook_async.core._scope import current_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from notebook_async.core._options import RunOptions
    from notebook_async.core._source import Source
    from notebook_async.core.records import Record

__all__ = ["JobRun"]

T = TypeVar("T")

_numbers = itertools.count(1)


class JobRun(RunFacts, Generic[T]):
    """One bounded execution over many items, made by `start_jobs`.

    Await it for the list of results. It can be steered from anywhere on the loop while
    it runs, also by its own items.

    Examples
    --------
    >>> from notebook_async import start_jobs
    >>> async def double(x):
    ...     return 2 * x
    >>> run = start_jobs(double, range(4), workers=2, desc="doubling")
    >>> await run
    [0, 2, 4, 6]
    >>> run
    <JobRun run-... 'doubling' done: 4 of 4>
    """

    __slots__ = ()

    def __init__(self, source: Source, options: RunOptions) -> None:
        self._name = f"run-{next(_numbers)}"
        outside = current_scope.get()
        scope = outside.inside(self._name)
        self._engine = Engine(source, options, name=self._name, scope=scope)
        if outside.owner is not None:
            outside.owner.adopt(self)
        if options.show_progress:
            show_progress(self)
        self._engine.start()

    @property
    def workers(self) -> int:
        """Items that may be in flight at once. Setting it takes effect at once.

        With `Adaptive` it changes by itself.

        More workers start in this loop pass; surplus ones leave after their item.

        Raises
        ------
        InvalidArgumentError
            If it is set to less than 1.
        """
        return self._engine.target

    @workers.setter
    def workers(self, workers: int) -> None:
        self._engine.resize(integer("workers", workers, least=1))

    def pause(self) -> None:
        """Let no item start until `resume`; items in flight go on.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import start_jobs
        >>> run = start_jobs(asyncio.sleep, [1] * 10, workers=2)
        >>> run.pause()
        >>> await asyncio.sleep(5)
        >>> run.done
        0
        >>> run.resume()
        >>> results = await run
        """
        self._engine.pause()

    def resume(self) -> None:
        """Let items start again after `pause`.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import start_jobs
        >>> run = start_jobs(asyncio.sleep, [1] * 4)
        >>> run.resume()  # nothing to do: it is not paused
        >>> await run
        [None, None, None, None]
        """
        self._engine.resume()

    def cancel(self) -> None:
        """Start no further item and cancel those in flight; `await` waits for them.

        After the end of the run it does nothing.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import start_jobs
        >>> run = start_jobs(asyncio.sleep, [3600] * 10)
        >>> run.cancel()
        >>> await asyncio.sleep(0.1)
        >>> run.phase
        'cancelled'
        """
        self._engine.stop(asyncio.CancelledError())

    def cancel_item(self, index: int) -> bool:
        """Cancel one item in flight; the run goes on, the item counts as failed.

        Its error is an `ItemCancelledError`, to be treated as `on_error` says.

        Parameters
        ----------
        index
            Position of the item in its source, from 0.

        Returns
        -------
        bool
            Whether the item was in flight.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import start_jobs
        >>> run = start_jobs(asyncio.sleep, [3600, 1], on_error="return")
        >>> await asyncio.sleep(0.1)
        >>> run.cancel_item(0)
        True
        >>> await run
        [ItemCancelledError('item 0 was cancelled'), None]
        """
        return self._engine.cancel_item(index)

    def retry_failed(self) -> int:
        """Run the items that have failed so far again, while the run goes on.

        They count as failed no longer. Coroutines and other awaitables, which can run
        only once, and items of a stream, whose consumer has seen them, are left alone.

        Returns
        -------
        int
            How many will run again; 0 after the end of the run.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import start_jobs
        >>> broken = True
        >>> async def work(x):
        ...     await asyncio.sleep(1)
        ...     if broken and x == 0:
        ...         raise ConnectionError("try later")
        ...     return x
        >>> run = start_jobs(work, range(3), workers=1, on_error="return")
        >>> await asyncio.sleep(1.5)
        >>> broken = False
        >>> run.failed, run.retry_failed(), run.failed
        (1, 1, 0)
        >>> await run
        [0, 1, 2]
        """
        return self._engine.retry()

    def retry_item(self, index: int) -> bool:
        """Run one failed item again, while the run goes on; see `retry_failed`.

        Parameters
        ----------
        index
            Position of the item in its source, from 0.

        Returns
        -------
        bool
            Whether it will run again.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import start_jobs
        >>> async def work(x):
        ...     await asyncio.sleep(x)
        ...     if x == 1:
        ...         raise ConnectionError("gone")
        >>> run = start_jobs(work, [1, 9], on_error="return")
        >>> await asyncio.sleep(2)
        >>> run.retry_item(0), run.retry_item(1)
        (True, False)
        >>> await run
        [ConnectionError('gone'), None]
        """
        return bool(self._engine.retry([index]))

    def on_end(self, callback: Callable[[JobRun[T]], Any]) -> None:
        """Call `callback(run)` once the run has ended, or now if it has.

        Examples
        --------
        >>> from notebook_async import start_jobs
        >>> async def double(x):
        ...     return 2 * x
        >>> run = start_jobs(double, [1, 2])
        >>> run.on_end(lambda run: print(run.phase))
        >>> results = await run
        done
        """
        if self._engine.ending.finished.is_set():
            callback(self)
        else:
            self._engine.ending.watchers.append(lambda: callback(self))

    def records_from_now(self) -> list[Record]:
        """Begin to tell the hooks where it does not yet, and return how it stands.

        For a recording that comes late. A run that began before anybody wanted records
        of its items may go on without them.

        Examples
        --------
        >>> from notebook_async import start_jobs
        >>> async def double(x):
        ...     return 2 * x
        >>> run = start_jobs(double, [1, 2])
        >>> results = await run
        >>> [(record.phase, record.done) for record in run.records_from_now()]
        [('done', 2)]
        """
        return self._engine.teller.join()

    def __await__(self) -> Generator[Any, None, list[T]]:
        return self._engine.ending.join().__await__()
