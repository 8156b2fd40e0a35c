"""The state of a run and its transitions; the workers themselves are in `_workers`.

N long-lived workers share one source and await its items directly: no task, future or
semaphore stands for an item. What ends a run is decided in one place, `_worker_left`,
when the last worker is gone; `_ending` does the rest.
"""

from __future__ import annotations

import asyncio
from contextvars import Context, copy_context
from time import perf_counter
from typing import TYPE_CHECKING, Any

from notebook_async.core._again import Again
from notebook_async.core._attempts import Attempts, isolated
from notebook_async.core._ending import Ending
from notebook_async.core._failures import annotate, trim
from notebook_async.core._items import Items
from notebook_async.core._pacer import Pacer
from notebook_async.core._remote import one_by_one, work_chunks
from notebook_async.core._scope import current_scope
from notebook_async.core._slot import BETWEEN, Slot
from notebook_async.core._source import WAIT
from notebook_async.core._teller import Teller
from notebook_async.core._window import Window
from notebook_async.core._workers import work, work_observed
from notebook_async.errors import ItemCancelledError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notebook_async.core._options import RunOptions
    from notebook_async.core._scope import Scope
    from notebook_async.core._source import Source
    from notebook_async.core.records import Phase

__all__ = ["Engine"]


class Engine:
    """Runs the items of a source on a changing number of workers."""

    __slots__ = (
        "__weakref__",
        "_context",
        "_gate",
        "again",
        "attempts",
        "chunk",
        "ending",
        "errors",
        "executor",
        "func",
        "items",
        "lock",
        "loop",
        "name",
        "observed",
        "options",
        "pacer",
        "results",
        "retried",
        "scope",
        "slots",
        "source",
        "started",
        "started_at",
        "stopping",
        "target",
        "teller",
        "total",
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
        self.func = source.func
        self.executor = options.executor
        self.chunk = 1
        if self.executor is not None:
            self.func = one_by_one(self.executor, source.func)
            self.chunk = self.executor.chunk
        elif options.isolation == "task":
            self.func = isolated(source)
        self.total = source.total if options.total is None else options.total
        self.target = options.workers
        self.pacer = Pacer(self.loop)
        self.slots: set[Slot] = set()
        self.results: list[Any] = []
        self.errors: dict[int, BaseException] = {}
        self.stopping = False
        self.started = 0
        self.started_at = perf_counter()
        self.retried = 0
        self.lock = asyncio.Lock()
        self.window: Window | None = None
        if options.window is not None:
            self.window = Window(self.loop, options.window, ordered=options.ordered)
        self._context = copy_context()
        self._context.run(current_scope.set, scope)
        self._gate: asyncio.Event | None = None
        self.again = Again()
        self.items = Items(self)
        self.ending = Ending(self)
        self.teller = Teller(self)
        self.attempts = Attempts(self) if options.has_policies else None
        self.observed = (
            source.items is None
            or self.window is not None
            or options.has_attempts
            or self.chunk > 1
            or self.teller.tells_items
            or self.teller.tells_spans
        )

    # -- steering

    def start(self) -> None:
        """Start the first workers; they take their first items in the next pass."""
        self.teller.start()
        self.ending.prepare()
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

    def retry(self, indices: Iterable[int] | None = None) -> int:
        """Run failed items again, all or some; return how many there are."""
        if not self.retriable:
            return 0
        self.items.look()
        planned = self.again.plan(indices)
        for index in planned:
            del self.errors[index]
            self.items.again(index)
        self.retried += len(planned)
        self.pacer.left += len(planned)
        self.pacer.expire()
        for _ in range(min(self.target - len(self.slots), len(planned))):
            self.spawn()
        return len(planned)

    def cancel_item(self, index: int) -> bool:
        """Cancel one item in flight; tell whether there was one to cancel."""
        for slot in self.slots:
            if slot.index == index and not slot.more and not slot.cancelling:
                slot.cancelling = slot.cancel()
                return slot.cancelling
        return False

    def stop(self, reason: BaseException) -> None:
        """Start no further item, cancel those in flight, end the run with `reason`."""
        if self.stopping or self.ending.finished.is_set():
            return
        self.stopping = True
        self.ending.failure = reason
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
        if self.chunk > 1:
            worker = work_chunks(self, slot)
        elif self.observed:
            worker = work_observed(self, slot)
        else:
            worker = work(self, slot)
        self.slots.add(slot)
        slot.task = self.loop.create_task(
            worker, name=f"{self.name}-worker", context=self.fresh()
        )
        slot.task.add_done_callback(lambda task: self._worker_left(slot, task))

    def fresh(self) -> Context:
        """Return the context variables that the run started with."""
        return self._context.copy()

    def may_go_on(self) -> bool:
        """Begin another stride where nothing asks for the slow path."""
        if (
            self._gate is None
            and not self.stopping
            and not self.again.due
            and len(self.slots) <= self.target
            and self.pacer.has_time()
        ):
            self.pacer.renew()
            return True
        return False

    async def checkpoint(self, slot: Slot) -> bool:
        """Yield, pause or leave as the run asks; tell whether this worker must stop."""
        slot.index = BETWEEN
        if not self.pacer.has_time():
            await self.pacer.breathe()
        if self._gate is not None:
            await self.wait_for_resume()
        if self.must_leave(slot):
            return True
        if self._gate is None and not self.again.due:
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
            if self.stopping or slot.condemned:
                self.items.cut(index)
                self.stop(error)
                return None
            error = ItemCancelledError(index).with_traceback(error.__traceback__)
        elif isinstance(error, TypeError) and self.executor is None:
            error = self.source.explain(index, item, error)
        annotate(error, f"in item {index} of {self.title}")
        self.errors[index] = error
        if self.options.on_error == "raise" or not isinstance(error, Exception):
            self.pacer.left -= 1
            self.stop(error)
            return None
        if self.window is None and self.source.is_repeatable(item):
            self.again.failed[index] = item
        return error

    def is_held_up(self) -> bool:
        """Whether no item may start: the run is paused or stops."""
        return self.stopping or self._gate is not None

    def take(self, slot: Slot) -> Any:  # noqa: ANN401 - items are anything
        """Take the next item without waiting for anything, or `WAIT`."""
        window, items = self.window, self.source.items
        if (
            items is None
            or self.is_held_up()
            or (window is not None and window.open >= window.size)
            or len(self.slots) > self.target
        ):
            return WAIT
        for item in items:
            if self.is_held_up():
                # The source itself did that.
                slot.held = item
                return WAIT
            slot.index = self.started
            self.started += 1
            if window is None:
                self.results.append(None)
            else:
                window.open += 1
            return item
        return WAIT

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
        window = self.window
        if window is None:
            self.results[index] = value
        elif self.errors and index in self.errors and self.options.on_error == "group":
            window.skip(index)
        else:
            window.deliver(index, value)

    # -- counting

    @property
    def phase(self) -> Phase:
        """What the run has come to; `waiting` while it is paused."""
        phase = self.ending.phase
        return "waiting" if phase == "running" and self.paused else phase

    @property
    def retriable(self) -> int:
        """Failed items that may run again."""
        over = self.stopping or self.ending.finished.is_set()
        return 0 if over else len(self.again.failed)

    @property
    def begun(self) -> int:
        """Items started so far."""
        return self.started if self.observed else len(self.results)

    @property
    def in_flight(self) -> int:
        """Items started and not ended, those that wait included."""
        return sum(slot.index != BETWEEN and slot.more + 1 for slot in self.slots)

    # -- the end

    def finish(self) -> None:
        """Release what only a live run needs, and tell of its end."""
        if self.attempts is not None:
            self.attempts.close()
            self.attempts = None
        self.again.failed.clear()
        self.teller.finish()

    @property
    def title(self) -> str:
        """What the run does, or its name."""
        return self.options.desc or self.name

    def _has_more(self) -> bool:
        if self.stopping or self.ending.workers_left.is_set():
            return False
        return bool(self.again.due) or self.begun != self.source.total

    def _worker_left(self, slot: Slot, task: asyncio.Task[None]) -> None:
        slot.task = None
        self.items.cut(*(index for index, _ in slot.chunk))
        if slot in self.slots:
            self.slots.discard(slot)
            if task.cancelled():
                self.stop(asyncio.CancelledError())
            elif (error := task.exception()) is not None:
                trim(error)
                error.add_note(f"raised by the source of items of {self.title}")
                self.stop(error)
        if not self.slots:
            if self.again.due and not self.stopping:
                # They came while the last worker was on its way out.
                self.spawn()
            else:
                self.ending.come()
