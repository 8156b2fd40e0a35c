"""The state of a run and its transitions; the workers themselves are in `_workers`.

N long-lived workers share one source and await its items directly: no task, future or
semaphore stands for an item. What ends a run is decided in one place, `_worker_left`,
when the last worker is gone.

No traceback may refer to what refers to its error, else a finished run stays until the
garbage collector comes: hence `trim`, and the `del` where errors pass through.
"""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from time import perf_counter
from typing import TYPE_CHECKING, Any

from notebook_async.core._failures import annotate, raisable, trim
from notebook_async.core._pacer import Pacer
from notebook_async.core._scope import current_scope
from notebook_async.core._slot import BETWEEN, Slot
from notebook_async.core._window import Window
from notebook_async.core._workers import work, work_observed
from notebook_async.core.hooks import publish, wanted
from notebook_async.core.records import ItemRecord, Phase, RunRecord
from notebook_async.errors import ItemCancelledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.core._options import RunOptions
    from notebook_async.core._scope import Scope
    from notebook_async.core._source import Source

__all__ = ["Engine"]


class Engine:
    """Runs the items of a source on a changing number of workers."""

    __slots__ = (
        "__weakref__",
        "_closer",
        "_context",
        "_gate",
        "_left",
        "ended",
        "errors",
        "failure",
        "finished",
        "lock",
        "loop",
        "name",
        "observed",
        "options",
        "outcome",
        "pacer",
        "phase",
        "recorded",
        "results",
        "scope",
        "slots",
        "source",
        "started",
        "started_at",
        "stopping",
        "target",
        "total",
        "watchers",
        "window",
    )

    def __init__(
        self, source: Source, options: RunOptions, *, name: str, scope: Scope
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.source = source
        self.options = options
        self.name = name
        self.scope = scope
        self.total = source.total if options.total is None else options.total
        self.target = options.workers
        self.pacer = Pacer(self.loop)
        self.slots: set[Slot] = set()
        self.results: list[Any] = []
        self.errors: dict[int, BaseException] = {}
        self.failure: BaseException | None = None
        self.stopping = False
        self.phase: Phase = "running"
        self.finished = asyncio.Event()
        self.outcome: asyncio.Future[list[Any]] = self.loop.create_future()
        self.started = 0
        self.started_at = perf_counter()
        self.ended: float | None = None
        self.watchers: list[Callable[[], Any]] = []
        self.recorded = wanted(ItemRecord)
        self.observed = (
            source.items is None or options.window is not None or self.recorded
        )
        self.lock = asyncio.Lock()
        self.window: Window | None = None
        if options.window is not None:
            self.window = Window(self.loop, options.window, ordered=options.ordered)
        self._gate: asyncio.Event | None = None
        self._left = asyncio.Event()
        self._closer: asyncio.Task[None] | None = None
        self._context = copy_context()
        self._context.run(current_scope.set, scope)

    # -- steering

    def start(self) -> None:
        """Start the first workers; they take their first items in the next pass."""
        self._publish_run()
        if self.source.async_items is not None:
            # From the start, so that a loop that shuts down waits for it to the end.
            self._closer = self.loop.create_task(
                self._close(), name=f"{self.name}-closer", context=self._context.copy()
            )
            self._closer.add_done_callback(self._closed)
        size = self.source.total
        wished = self.target if size is None else min(self.target, size)
        for _ in range(max(1, wished)):
            self.spawn()

    def resize(self, workers: int) -> None:
        """Start workers at once, or let surplus ones leave after their item."""
        self.target = workers
        self.pacer.expire()
        while len(self.slots) < workers and self._has_more():
            self.spawn()

    def pause(self) -> None:
        """Let no item start until `resume`; items in flight go on."""
        if self._gate is None:
            self._gate = asyncio.Event()
            self.pacer.expire()

    def resume(self) -> None:
        """Let items start again."""
        if self._gate is not None:
            self._gate.set()
            self._gate = None

    @property
    def paused(self) -> bool:
        """Whether items wait for `resume`."""
        return self._gate is not None

    def cancel_item(self, index: int) -> bool:
        """Cancel one item in flight; tell whether there was one to cancel."""
        for slot in self.slots:
            if slot.index == index and not slot.cancelling:
                slot.cancelling = slot.cancel()
                return slot.cancelling
        return False

    def stop(self, reason: BaseException) -> None:
        """Start no further item, cancel those in flight, end the run with `reason`."""
        if self.stopping or self.finished.is_set():
            return
        self.stopping = True
        self.failure = reason
        self.pacer.expire()
        # A loop that shuts down has cancelled every task already: to do it once more
        # would tear the items out of their cleanup.
        if not all(slot.condemned for slot in self.slots):
            for slot in self.slots:
                slot.cancel()

    # -- what workers call

    def spawn(self) -> None:
        """Start one worker, with the context variables that the run started with."""
        slot = Slot()
        worker = work_observed(self, slot) if self.observed else work(self, slot)
        self.slots.add(slot)
        slot.task = self.loop.create_task(
            worker, name=f"{self.name}-worker", context=self._context.copy()
        )
        slot.task.add_done_callback(lambda task: self._worker_left(slot, task))

    async def checkpoint(self, slot: Slot) -> bool:
        """Yield, pause or leave as the run asks; tell whether this worker must stop."""
        slot.index = BETWEEN
        self.pacer.expire()
        await self.pacer.breathe()
        await self.wait_for_resume()
        if self.must_leave(slot):
            return True
        if self._gate is None:
            self.pacer.renew()
        return False

    def must_leave(self, slot: Slot) -> bool:
        """Tell whether this worker must stop: the run stops, or it is one too many."""
        if self.stopping:
            return True
        if len(self.slots) > self.target:
            self.slots.discard(slot)
            return True
        return False

    async def wait_for_resume(self) -> None:
        """Wait until the run is not paused."""
        while self._gate is not None and not self.stopping:
            await self._gate.wait()

    def replace(self, slot: Slot) -> None:
        """Start a fresh worker in the place of one that must not run another item.

        Its item set a context variable, which the next one must not see, or finished
        although it was cancelled, so that the cancellation could hit the next one.
        """
        self.slots.discard(slot)
        self.spawn()

    def item_failed(
        self, slot: Slot, index: int, item: object, error: BaseException
    ) -> BaseException | None:
        """Take note of a failed item.

        Return the error that stands for it, or None where the worker must stop.
        """
        slot.index = BETWEEN
        trim(error)
        if isinstance(error, asyncio.CancelledError):
            if self.stopping:
                return None
            if slot.condemned:
                self.stop(error)
                return None
            error = ItemCancelledError(index).with_traceback(error.__traceback__)
        elif isinstance(error, TypeError):
            error = self.source.explain(index, item, error)
        annotate(error, f"in item {index} of {self._title()}")
        self.errors[index] = error
        if self.options.on_error == "raise" or not isinstance(error, Exception):
            self.pacer.left -= 1
            self.stop(error)
            return None
        return error

    def begin(self, slot: Slot) -> None:
        """Put a worker at the next item."""
        slot.index = self.started
        self.started += 1
        if self.options.keep_results:
            self.results.append(None)
        if self.window is not None:
            self.window.open += 1

    def keep(self, index: int, value: object) -> None:
        """Keep what an item came to, and hand it to the consumer of a stream."""
        if self.options.keep_results:
            self.results[index] = value
        if self.window is None:
            return
        if index in self.errors and self.options.on_error == "group":
            self.window.skip(index)
        else:
            self.window.deliver(index, value)

    def publish_item(
        self, index: int, phase: Phase, error: BaseException | None = None
    ) -> None:
        """Tell the hooks about an item."""
        publish(
            ItemRecord(
                at=perf_counter(),
                source=self.scope.path,
                phase=phase,
                index=index,
                error=None if error is None else repr(error),
            )
        )

    # -- the end

    async def join(self) -> list[Any]:
        """Wait for the end and all cleanup; being cancelled cancels the run."""
        cancelled: asyncio.CancelledError | None = None
        while not self.finished.is_set():
            try:
                await self.finished.wait()
            except asyncio.CancelledError as error:
                cancelled = error
                self.stop(error)
        try:
            if cancelled is None:
                return self.outcome.result()
            self._see_outcome()
            raise cancelled
        finally:
            del self, cancelled

    def _has_more(self) -> bool:
        if self.stopping or self._left.is_set():
            return False
        begun = self.started if self.observed else len(self.results)
        return begun != self.source.total

    def _worker_left(self, slot: Slot, task: asyncio.Task[None]) -> None:
        slot.task = None
        if slot in self.slots:
            self.slots.discard(slot)
            if task.cancelled():
                self.stop(asyncio.CancelledError())
            elif (error := task.exception()) is not None:
                trim(error)
                error.add_note(f"raised by the source of items of {self._title()}")
                self.stop(error)
        if self.slots:
            return
        self._left.set()
        if self._closer is None:
            self._end()

    async def _close(self) -> None:
        """Close an async source when the last worker has left."""
        while self.slots:
            try:
                await self._left.wait()
            except asyncio.CancelledError as error:
                self.stop(error)
        try:
            await self.source.aclose()
        except Exception as error:  # noqa: BLE001 - it becomes the run's failure
            self._closing_failed(error)

    def _closed(self, closer: asyncio.Task[None]) -> None:
        self._closer = None
        if closer.cancelled():
            self.stop(asyncio.CancelledError())
        if not self.slots:
            self._end()

    def _closing_failed(self, error: Exception) -> None:
        if isinstance(self.failure, Exception):
            self.failure.add_note(f"closing the source of items failed: {error!r}")
        else:
            trim(error)
            self.failure = error

    def _end(self) -> None:
        if self.stopping:
            try:
                self.source.close()
            except Exception as error:  # noqa: BLE001 - it becomes the run's failure
                self._closing_failed(error)
        failure = self.failure
        if failure is None and self.errors and self.options.on_error == "group":
            failure = BaseExceptionGroup(
                f"{len(self.errors)} of {self.pacer.finished} items of"
                f" {self._title()} failed",
                [self.errors[index] for index in sorted(self.errors)],
            )
        self.ended = perf_counter()
        if failure is None:
            self.phase = "done"
            self.outcome.set_result(self.results)
        elif isinstance(failure, asyncio.CancelledError):
            self.phase = "cancelled"
            self.outcome.cancel()
        else:
            self.phase = "failed"
            self.outcome.set_exception(
                raisable(failure, streamed=self.window is not None)
            )
        self.failure = None
        self.finished.set()
        if self.window is not None:
            # The stream tells, or was dropped by a consumer that is content.
            self._see_outcome()
            self.window.wake()
        self._publish_run()
        while self.watchers:
            self.loop.call_soon(self.watchers.pop(0))

    def _title(self) -> str:
        return self.options.desc or self.name

    def _see_outcome(self) -> None:
        """Keep the loop from reporting a failure that nobody asked for."""
        if not self.outcome.cancelled():
            self.outcome.exception()

    def _publish_run(self) -> None:
        if wanted(RunRecord):
            publish(
                RunRecord(
                    at=perf_counter(),
                    source=self.scope.path,
                    phase=self.phase,
                    desc=self.options.desc,
                    done=self.pacer.finished - len(self.errors),
                    failed=len(self.errors),
                    total=self.total,
                )
            )
