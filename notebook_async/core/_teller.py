"""Tell the hooks of a run: of items as they come and go, of its counters at times."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING
from weakref import proxy

from notebook_async.core._statistics import RateMeter, RunStatistics
from notebook_async.core.hooks import publish, wanted
from notebook_async.core.records import ItemRecord, Phase, RunRecord

if TYPE_CHECKING:
    import asyncio

    from notebook_async.core._engine import Engine

__all__ = ["Teller"]

_INTERVAL = 0.1


class Teller:
    """Counts for whoever asks, and publishes records where somebody wants them."""

    __slots__ = ("_engine", "_meter", "_timer", "tells_items")

    def __init__(self, engine: Engine) -> None:
        # Not to keep each other alive: workers and runs hold the engine.
        self._engine: Engine = proxy(engine)
        self._meter = RateMeter(engine.started_at)
        self._timer: asyncio.TimerHandle | None = None
        self.tells_items = wanted(ItemRecord)

    def start(self) -> None:
        """Tell that the run has started, and then how it goes, ten times a second."""
        if wanted(RunRecord):
            self._tell()
            self._schedule()

    def finish(self) -> None:
        """Tell how the run has ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if wanted(RunRecord):
            self._tell()

    def item(
        self, index: int, phase: Phase, error: BaseException | None = None
    ) -> None:
        """Tell of an item, if anybody wants to know."""
        if self.tells_items:
            publish(
                ItemRecord(
                    at=perf_counter(),
                    source=self._engine.scope.path,
                    phase=phase,
                    index=index,
                    error=None if error is None else repr(error),
                )
            )

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
        self._tell()
        self._schedule()

    def _tell(self) -> None:
        statistics = self.statistics()
        publish(
            RunRecord(
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
        )
