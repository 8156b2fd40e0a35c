"""What moved between the steps of a run, for those who are told."""

from __future__ import annotations

from collections import Counter
from time import perf_counter
from typing import TYPE_CHECKING
from weakref import proxy

from notebook_async.core.records import FlowRecord

if TYPE_CHECKING:
    from notebook_async.workflow._engine.state import RunState

__all__ = ["Flows"]


class Flows:
    """Reads the counters of a run, and remembers which of them were told.

    Parameters
    ----------
    state
        The state of the run; not kept alive by this.
    source
        The path of ids of the run.
    """

    __slots__ = ("_edges", "_queued", "_source", "_state")

    def __init__(self, state: RunState, source: tuple[str, ...]) -> None:
        self._state: RunState = proxy(state)
        self._source = source
        self._queued: dict[str, int] = {}
        self._edges: dict[tuple[str, str], int] = {}

    def news(self) -> FlowRecord | None:
        """Return what has changed since the last call, or None."""
        queued, edges = self._counts()
        new_queued = queued.items() - self._queued.items()
        new_edges = edges.items() - self._edges.items()
        self._queued, self._edges = queued, edges
        if not new_queued and not new_edges:
            return None
        return self._record(dict(new_queued), dict(new_edges))

    def standing(self) -> FlowRecord:
        """Return everything, with what the steps have done so far."""
        before = tuple(
            (name, station.done, station.failed, station.retried)
            for name, station in self._state.stations.items()
        )
        return self._record(*self._counts(), before)

    def has_past(self) -> bool:
        """Tell whether steps have done something, as in a run that was restored."""
        return any(
            station.done or station.failed or station.retried
            for station in self._state.stations.values()
        )

    def _counts(self) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
        ready = Counter(call.station.name for call in self._state.ready)
        queued: dict[str, int] = {}
        edges: Counter[tuple[str, str]] = Counter()
        for name, station in self._state.stations.items():
            queued[name] = len(station.queue) + ready[name]
            for kind, count in station.taken.items():
                edges[kind.__name__, name] += count
            for kind, count in station.made.items():
                edges[name, kind.__name__] += count
        return queued, edges

    def _record(
        self,
        queued: dict[str, int],
        edges: dict[tuple[str, str], int],
        before: tuple[tuple[str, int, int, int], ...] = (),
    ) -> FlowRecord:
        return FlowRecord(
            at=perf_counter(),
            source=self._source,
            phase="running",
            queued=tuple(sorted(queued.items())),
            edges=tuple(sorted((*way, count) for way, count in edges.items())),
            before=before,
        )
