"""The state of a run and its transitions; the workers themselves are in `_workers`.

N long-lived workers share one source and await its items directly: no task, future or
semaphore stands for an item. What ends a run is decided in one place, `_worker_left`,
when the last worker is gone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import copy_context
from time import perf_counter
from typing import TYPE_CHECKING, Any

from notebook_async.core._pacer import Pacer
from notebook_async.core._scope import current_scope
from notebook_async.core._slot import BETWEEN, Slot
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

_MOST_NOTES = 8


class Engine:
    """Runs the items of a source on a changing number of workers."""

    __slots__ = (
        "__weakref__",
        "_closer",
        "_context",
        "_gate",
        "_room",
        "_wakeup",
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
        "ready",
        "results",
        "scope",
        "slots",
        "source",
        "started",
        "started_at",
        "stopping",
        "taken",
        "target",
        "total",
        "watchers",
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
        self.observed = (
            source.items is None
            or options.window is not None
            or not options.keep_results
            or wanted(ItemRecord)
        )
        self.lock = asyncio.Lock()
        self.ready: dict[int, Any] = {}
        self.taken = 0
        self._room: deque[asyncio.Future[None]] = deque()
        self._wakeup: asyncio.Future[None] | None = None
        self._gate: asyncio.Event | None = None
        self._closer: asyncio.Task[None] | None = None
        self._context = copy_context()
        self._context.run(current_scope.set, scope)

    # -- steering

    def start(self) -> None:
        """Start the first workers; they take their first items in the next loop pass."""
        self._publish_run()
        wished = self.target if self.total is None else min(self.target, self.total)
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
            if slot.index == index and not slot.cancelling and slot.task is not None:
                slot.cancelling = True
                slot.task.cancel()
                return True
        return False

    def stop(self, reason: BaseException) -> None:
        """Start no further item, cancel those in flight, end the run with `reason`."""
        if self.stopping or self.finished.is_set():
            return
        self.stopping = True
        self.failure = reason
        self.pacer.expire()
        for slot in self.slots:
            if slot.task is not None:
                slot.task.cancel()

    # -- what workers call

    def spawn(self) -> None:
        """Start one worker, with the context variables that the run was started with."""
        slot = Slot()
        worker = work_observed(self, slot) if self.observed else work(self, slot)
        slot.task = self.loop.create_task(
            worker, name=f"{self.name}-worker", context=self._context.copy()
        )
        self.slots.add(slot)
        slot.task.add_done_callback(lambda task: self._worker_left(slot, task))

    async def checkpoint(self, slot: Slot) -> bool:
        """Yield, pause or leave as the run asks; tell whether this worker must stop."""
        slot.index = BETWEEN
        self.pacer.expire()
        await self.pacer.breathe()
        await self.wait_for_resume()
        if self.stopping:
            return True
        if len(self.slots) > self.target:
            self.slots.discard(slot)
            return True
        if self._gate is None:
            self.pacer.renew()
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
        self, slot: Slot, index: int, item: Any, error: BaseException
    ) -> BaseException | None:
        """Take note of a failed item.

        Return the error that stands for it, or None where the worker must stop.
        """
        if isinstance(error, asyncio.CancelledError):
            if self.stopping:
                return None
            task = slot.task
            if not slot.cancelling and task is not None and task.cancelling():
                # Somebody cancels every task, as a loop does that shuts down.
                self.stop(error)
                return None
            error = ItemCancelledError(index).with_traceback(error.__traceback__)
        elif isinstance(error, TypeError):
            error = self.source.explain(index, item, error)
        self._annotate(error, index)
        self.errors[index] = error
        if self.options.on_error == "raise" or not isinstance(error, Exception):
            self.pacer.left -= 1
            self.stop(error)
            return None
        return error

    def publish_item(self, slot: Slot, phase: Phase, error: str | None = None) -> None:
        """Tell the hooks about the item that a worker is at."""
        if wanted(ItemRecord):
            publish(
                ItemRecord(
                    at=perf_counter(),
                    source=self.scope.path,
                    phase=phase,
                    index=slot.index,
                    error=error,
                )
            )

    # -- streaming: a bounded window of items started and not yet consumed

    async def wait_for_room(self) -> None:
        """Wait until an item may start without overfilling the window."""
        window = self.options.window
        while window is not None and self.started - self.taken >= window:
            room: asyncio.Future[None] = self.loop.create_future()
            self._room.append(room)
            await room

    def deliver(self, index: int, value: Any) -> None:
        """Hand a finished item to the consumer."""
        self.ready[index] = value
        self._wake_consumer()

    def take(self, index: int | None) -> tuple[int, Any] | None:
        """Return item `index`, or any where None, if one is ready; make room for more."""
        if index is None:
            index = next(iter(self.ready), None)
        if index is None or index not in self.ready:
            return None
        value = self.ready.pop(index)
        self.taken += 1
        while self._room:
            room = self._room.popleft()
            if not room.done():
                room.set_result(None)
                break
        return index, value

    async def wait_for_more(self) -> None:
        """Wait until an item is ready or the run has ended."""
        if not self.finished.is_set():
            self._wakeup = self.loop.create_future()
            await self._wakeup

    # -- the end

    async def join(self) -> list[Any]:
        """Wait for the end, items' cleanup included; being cancelled cancels the run."""
        cancelled: asyncio.CancelledError | None = None
        while not self.finished.is_set():
            try:
                await self.finished.wait()
            except asyncio.CancelledError as error:
                cancelled = error
                self.stop(error)
        if cancelled is not None:
            raise cancelled
        return self.outcome.result()

    def _has_more(self) -> bool:
        begun = self.started if self.observed else len(self.results)
        return not (self.stopping or self.finished.is_set() or begun == self.total)

    def _annotate(self, error: BaseException, index: int) -> None:
        traceback = error.__traceback__
        if traceback is not None and traceback.tb_next is not None:
            # Our own frame tells a reader nothing, and would keep the run alive.
            error.__traceback__ = traceback.tb_next
        note = f"in item {index} of {self._title()}"
        notes = getattr(error, "__notes__", ())
        if note not in notes and len(notes) < _MOST_NOTES:
            error.add_note(note)

    def _worker_left(self, slot: Slot, task: asyncio.Task[None]) -> None:
        slot.task = None
        if slot in self.slots:
            self.slots.discard(slot)
            if task.cancelled():
                self.stop(asyncio.CancelledError())
            elif (error := task.exception()) is not None:
                error.add_note(f"raised by the source of items of {self._title()}")
                self.stop(error)
        if self.slots or self._closer is not None:
            return
        if self.stopping:
            self._closer = self.loop.create_task(self._close())
        else:
            self._end()

    async def _close(self) -> None:
        try:
            await self.source.aclose()
        except Exception as error:  # noqa: BLE001
            if isinstance(self.failure, Exception):
                self.failure.add_note(f"closing the source of items failed: {error!r}")
            else:
                self.failure = error
        finally:
            self._end()

    def _end(self) -> None:
        failure = self.failure
        self._closer = None
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
            if isinstance(failure, StopIteration):
                # No future or coroutine may raise it; PEP 479 turns it into this.
                failure, cause = RuntimeError("an item raised StopIteration"), failure
                failure.__cause__ = cause
            self.outcome.set_exception(failure)
        self.failure = None
        self.finished.set()
        self._wake_consumer()
        self._publish_run()
        watchers, self.watchers = self.watchers, []
        for watcher in watchers:
            self.loop.call_soon(watcher)

    def _title(self) -> str:
        return self.options.desc or self.name

    def _wake_consumer(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)

    def _publish_run(self) -> None:
        if wanted(RunRecord):
            failed = len(self.errors)
            publish(
                RunRecord(
                    at=perf_counter(),
                    source=self.scope.path,
                    phase=self.phase,
                    desc=self.options.desc,
                    done=self.pacer.finished - failed,
                    failed=failed,
                    total=self.total,
                )
            )
