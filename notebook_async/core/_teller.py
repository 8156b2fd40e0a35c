"""Tell the hooks of a run: of items as they come and go, of its counters at times."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING
from weakref import proxy

from notebook_async.core._drafts import draft_of
from notebook_async.core._short import error_line, short
from notebook_async.core._statistics import RateMeter, RunStatistics
from notebook_async.core.hooks import publish, wanted
from notebook_async.core.records import ItemRecord, Phase, Record, RunRecord, SpanRecord

if TYPE_CHECKING:
    import asyncio

    from notebook_async.core._engine import Engine

__all__ = ["Teller"]

_INTERVAL = 0.1
# Items that are written down, at most, and within how many seconds.
_MOST_SHOWN, _WITHIN = 50, 0.02

_ItemDraft = draft_of(ItemRecord)


class Teller:
    """Counts for whoever asks, and publishes records where somebody wants them."""

    __slots__ = (
        "_began",
        "_engine",
        "_meter",
        "_shown",
        "_shown_since",
        "_timer",
        "tells_items",
        "tells_spans",
    )

    def __init__(self, engine: Engine) -> None:
        # Not to keep each other alive: workers and runs hold the engine.
        self._engine: Engine = proxy(engine)
        self._meter = RateMeter(engine.started_at)
        self._timer: asyncio.TimerHandle | None = None
        self.tells_items = wanted(ItemRecord)
        self.tells_spans = wanted(SpanRecord)
        self._began: dict[int, float] = {}
        self._shown = 0
        self._shown_since = 0.0

    def start(self) -> None:
        """Tell that the run has started, and then how it goes, ten times a second."""
        if wanted(RunRecord):
            publish(self._record())
            self._schedule()

    def join(self) -> list[Record]:
        """Begin to tell, for somebody who comes late; return how the run stands.

        Items are told only where the run goes the way on which that is possible.
        """
        engine = self._engine
        if engine.ending.at is None:
            if self._timer is None and wanted(RunRecord):
                self._schedule()
            self.tells_items = engine.observed and wanted(ItemRecord)
        return [replace(self._record(), began=engine.started_at)]

    def finish(self) -> None:
        """Tell how the run has ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if wanted(RunRecord):
            publish(self._record())

    def item_began(self, index: int, item: object) -> None:
        """Tell that an item begins, if anybody wants to know."""
        if self.tells_items:
            now = self._began[index] = perf_counter()
            self._publish_item(index, "running", now, None, self._text(item, now), None)

    def item_ended(
        self, index: int, phase: Phase, item: object, error: BaseException | None = None
    ) -> None:
        """Tell what has become of an item, if anybody wants to know."""
        if self.tells_items:
            began, text, line = self._began.pop(index, None), None, None
            if error is not None:
                text, line = short(item), error_line(error)
            self._publish_item(index, phase, perf_counter(), began, text, line)

    def _text(self, item: object, now: float) -> str | None:
        """Return an item as short text, unless there were many just before."""
        if self._shown >= _MOST_SHOWN:
            if now - self._shown_since < _WITHIN:
                return None
            self._shown, self._shown_since = 0, now
        self._shown += 1
        return short(item)

    def _publish_item(  # noqa: PLR0913, PLR0917 - two calls for each item
        self,
        index: int,
        phase: Phase,
        at: float,
        began: float | None,
        item: str | None,
        error: str | None,
    ) -> None:
        record = _ItemDraft()
        record.at = at
        record.source = self._engine.scope.path
        record.phase = phase
        record.index = index
        record.error = error
        record.began = began
        record.item = item
        record.__class__ = ItemRecord
        publish(record)

    def statistics(self) -> RunStatistics:
        """Return the counters of this moment."""
        engine = self._engine
        engine.items.look()
        ended = engine.ending.at
        now = perf_counter() if ended is None else ended
        failed = len(engine.errors)
        finished = engine.pacer.finished
        waiting = sum(slot.waiting for slot in engine.slots)
        rate = self._meter.rate(now, finished)
        if engine.paused:
            rate = None
        left = None if engine.total is None else max(0, engine.total - finished)
        return RunStatistics(
            name=engine.name,
            desc=engine.options.desc,
            phase=engine.phase,
            done=finished - failed,
            failed=failed,
            running=engine.in_flight - waiting,
            waiting=waiting,
            retried=engine.retried,
            total=engine.total,
            workers=engine.target,
            elapsed=now - engine.started_at,
            rate=rate,
            eta=left / rate if rate and left is not None else None,
        )

    def _schedule(self) -> None:
        self._timer = self._engine.loop.call_later(_INTERVAL, self._tick)

    def _tick(self) -> None:
        publish(self._record())
        self._schedule()

    def _record(self) -> RunRecord:
        statistics = self.statistics()
        return RunRecord(
            at=perf_counter(),
            source=self._engine.scope.path,
            phase=statistics.phase,
            desc=statistics.desc,
            done=statistics.done,
            failed=statistics.failed,
            running=statistics.running,
            waiting=statistics.waiting,
            retried=statistics.retried,
            total=statistics.total,
            workers=statistics.workers,
            rate=statistics.rate,
            eta=statistics.eta,
        )
