"""How a run ends: when the last worker is gone, the source is closed, and all are told.

No traceback may refer to what refers to its error, else a finished run stays until the
garbage collector comes: hence `trim`, and the `del` where errors pass through.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, Any

from notebook_async.core._failures import raisable, trim

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.core._engine import Engine
    from notebook_async.core.records import Phase

__all__ = ["Ending"]


class Ending:
    """The end of one run, before and after it has come.

    Attributes
    ----------
    failure
        What the run is to end by; None while all is well, and after the end.
    finished
        Set once the run has ended.
    outcome
        The results, or what the run ended by.
    phase
        `running`, then `done`, `failed` or `cancelled`.
    at
        `perf_counter` at the end, or None before.
    workers_left
        Set once no worker is left.
    watchers
        What to call at the end.
    """

    __slots__ = (
        "_closer",
        "_engine",
        "at",
        "failure",
        "finished",
        "outcome",
        "phase",
        "watchers",
        "workers_left",
    )

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.failure: BaseException | None = None
        self.finished = asyncio.Event()
        self.outcome: asyncio.Future[list[Any]] = engine.loop.create_future()
        self.phase: Phase = "running"
        self.at: float | None = None
        self.workers_left = asyncio.Event()
        self.watchers: list[Callable[[], Any]] = []
        self._closer: asyncio.Task[None] | None = None

    def prepare(self) -> None:
        """Have an async source, or an executor, closed at the end.

        From the start, so that a loop that shuts down waits for it to the end.
        """
        engine = self._engine
        if engine.source.async_items is not None or engine.executor is not None:
            self._closer = engine.loop.create_task(
                self._close_source(),
                name=f"{engine.name}-closer",
                context=engine.fresh(),
            )
            self._closer.add_done_callback(self._source_closed)

    def come(self) -> None:
        """Begin the end: the last worker has left."""
        self.workers_left.set()
        if self._closer is None:
            self._finish()

    async def join(self) -> list[Any]:
        """Wait for the end and all cleanup; being cancelled cancels the run."""
        cancelled: asyncio.CancelledError | None = None
        while not self.finished.is_set():
            try:
                await self.finished.wait()
            except asyncio.CancelledError as error:
                cancelled = error
                if not self.finished.is_set():
                    self._engine.stop(error)
        try:
            if cancelled is None:
                return self.outcome.result()
            self._see_outcome()
            raise cancelled
        finally:
            del self, cancelled

    async def _close_source(self) -> None:
        engine = self._engine
        while engine.slots:
            try:
                await self.workers_left.wait()
            except asyncio.CancelledError as error:
                engine.stop(error)
        try:
            await engine.source.aclose()
            if engine.executor is not None:
                await engine.executor.aclose()
        except Exception as error:  # noqa: BLE001 - it becomes the run's failure
            self._closing_failed(error)

    def _source_closed(self, closer: asyncio.Task[None]) -> None:
        self._closer = None
        if closer.cancelled():
            self._engine.stop(asyncio.CancelledError())
        elif (error := closer.exception()) is not None:
            self.failure = error
        if not self._engine.slots:
            self._finish()

    def _closing_failed(self, error: Exception) -> None:
        if isinstance(self.failure, Exception):
            self.failure.add_note(f"closing the source of items failed: {error!r}")
        else:
            trim(error)
            self.failure = error

    def _finish(self) -> None:
        engine = self._engine
        if engine.stopping:
            try:
                engine.source.close()
            except Exception as error:  # noqa: BLE001 - it becomes the run's failure
                self._closing_failed(error)
        self.at = perf_counter()
        self._set_outcome(self.failure or self._all_failures())
        self.failure = None
        self.finished.set()
        if engine.window is not None:
            # The stream tells, or was dropped by a consumer that is content.
            self._see_outcome()
            engine.window.wake()
        engine.finish()
        while self.watchers:
            engine.loop.call_soon(self.watchers.pop(0))
        # From now on the engine keeps this, and nothing keeps the engine.
        del self._engine

    def _all_failures(self) -> BaseException | None:
        engine = self._engine
        if engine.options.on_error != "group" or not engine.errors:
            return None
        return BaseExceptionGroup(
            f"{len(engine.errors)} of {engine.pacer.finished} items of"
            f" {engine.title} failed",
            [engine.errors[index] for index in sorted(engine.errors)],
        )

    def _set_outcome(self, failure: BaseException | None) -> None:
        if failure is None:
            self.phase = "done"
            self.outcome.set_result(self._engine.results)
        elif isinstance(failure, asyncio.CancelledError):
            self.phase = "cancelled"
            self.outcome.cancel()
        else:
            self.phase = "failed"
            streamed = self._engine.window is not None
            self.outcome.set_exception(raisable(failure, streamed=streamed))

    def _see_outcome(self) -> None:
        """Keep the loop from reporting a failure that nobody asked for."""
        if not self.outcome.cancelled():
            self.outcome.exception()
