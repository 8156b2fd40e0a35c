"""How many events took which way between the steps of a run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from notebook_async.core.records import FlowRecord

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["Flows"]


class Flows:
    """Counts along the edges of a graph, and remembers what was told of it.

    Parameters
    ----------
    source
        The path of ids of the run.
    graph
        Its graph as plain data, or None.
    """

    def __init__(
        self, source: tuple[str, ...], graph: Mapping[str, Any] | None
    ) -> None:
        self._source = source
        nodes = graph["nodes"] if graph is not None else ()
        self._events = {n["id"] for n in nodes if n["node_type"] == "event"}
        steps = {node["id"] for node in nodes if node["node_type"] == "step"}
        self._takers: dict[str, list[str]] = {}
        self._makers: dict[str, list[str]] = {}
        for edge in graph["edges"] if graph is not None else ():
            if edge["target"] in steps:
                self._takers.setdefault(edge["source"], []).append(edge["target"])
            elif edge["source"] in steps:
                self._makers.setdefault(edge["target"], []).append(edge["source"])
        self._edges: Counter[tuple[str, str]] = Counter()
        self._told_edges: dict[tuple[str, str], int] = {}
        self._told_queued: dict[str, int] = {}

    def taken(self, event: Any, step: str | None, but: Collection[str] = ()) -> None:
        """Count an event on its way to the steps that take it.

        Parameters
        ----------
        event
            The event.
        step
            The only step that it was meant for, or None.
        but
            Steps that do not take it this time.
        """
        name = self._name(event)
        for taker in self._takers.get(name, ()):
            if step in {None, taker} and taker not in but:
                self._edges[name, taker] += 1

    def made(self, step: str, event: Any) -> None:
        """Count an event that a step has made."""
        self._edges[step, self._name(event)] += 1

    def sent(self, event: Any) -> None:
        """Count an event that a step has sent, where only one can have done that."""
        makers = self._makers.get(self._name(event), ())
        if len(makers) == 1:
            self.made(makers[0], event)

    def news(self, at: float, queued: Mapping[str, int]) -> FlowRecord | None:
        """Return what has changed since the last call, or None."""
        new_queued = queued.items() - self._told_queued.items()
        new_edges = self._edges.items() - self._told_edges.items()
        if not new_queued and not new_edges:
            return None
        self._told_queued.update(queued)
        self._told_edges.update(self._edges)
        return FlowRecord(
            at=at,
            source=self._source,
            phase="running",
            queued=tuple(sorted(new_queued)),
            edges=tuple(sorted((*way, count) for way, count in new_edges)),
        )

    def _name(self, event: Any) -> str:
        """Return the name of an event's class, or of the base that stands for it."""
        names = [kind.__name__ for kind in type(event).__mro__]
        return next((name for name in names if name in self._events), names[0])
