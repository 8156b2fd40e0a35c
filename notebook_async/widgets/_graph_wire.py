"""A scene as the front end gets it, and a state as what has changed since the last.

Numbers of a node are a short list: its index, its phase, and its counts in the order of
`COUNTS`, without the zeros at the end. What is in `widgets/js/src/graph/model.ts` reads
this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from notebook_async.workflow._graph.counts import StepCounts, StepPhase
from notebook_async.workflow._graph.scene import NodeKind, line_room

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from notebook_async.widgets._graph_source import GraphState
    from notebook_async.workflow._graph.layout import Layout, Point
    from notebook_async.workflow._graph.scene import Scene

__all__ = ["COUNTS", "GraphFeed", "scene_message"]

COUNTS = (
    "queued",
    "running",
    "waiting",
    "retrying",
    "done",
    "failed",
    "retries",
    "gathered",
    "cancelled",
)
PHASES: tuple[StepPhase, ...] = get_args(StepPhase)
KINDS: tuple[NodeKind, ...] = get_args(NodeKind)

_BOTH_WAYS = 80
"""Nodes up to which the front end may choose whether edges run right or down."""

_MOST_TIPS = 400
"""Nodes up to which each may have a tooltip; more are drawn on a canvas."""

_BUDGET = 12_000
"""Characters of one message, about: ten a second stay below 150 kB."""

_NONE = StepCounts()


def scene_message(scene: Scene, run: str) -> dict[str, Any]:
    """Return all of a scene that never changes.

    Lists of numbers are text, for JSON takes a comma and a space for each.

    Parameters
    ----------
    scene
        What is drawn.
    run
        A short name of the run.
    """
    nodes, edges = scene.nodes, scene.edges
    layouts = [scene.layout()]
    if len(nodes) <= _BOTH_WAYS:
        layouts.append(scene.layout(downward=True))
    named = any(edge.label for edge in edges)
    return {
        "title": scene.title,
        "run": run,
        "phases": list(PHASES),
        "counts": list(COUNTS),
        "kinds": list(KINDS),
        "labels": [node.label for node in nodes],
        "tips": [node.tooltip for node in nodes] if len(nodes) <= _MOST_TIPS else [],
        "kind": _text(KINDS.index(node.kind) for node in nodes),
        "workers": _text(node.workers for node in nodes),
        "rooms": _text(line_room(node) for node in nodes),
        "sizes": _text(_rounded((node.width, node.height) for node in nodes)),
        "ends": _text(end for edge in edges for end in (edge.source, edge.target)),
        "events": [edge.label for edge in edges] if named else [],
        "layouts": [_layout_message(scene, layout, named=named) for layout in layouts],
    }


def _layout_message(scene: Scene, layout: Layout, *, named: bool) -> dict[str, Any]:
    routes = zip(scene.edges, layout.routes, strict=True)
    return {
        "down": layout.downward,
        "size": [round(layout.width), round(layout.height)],
        "centres": _text(_rounded(layout.centres)),
        "routes": "|".join(
            _text(_steps(layout.centres[edge.source], route)) for edge, route in routes
        ),
        # A label without a name stands in the middle of its edge.
        "spots": _text(_rounded(layout.label_spots)) if named else "",
    }


def _steps(start: Point, route: Iterable[Point]) -> Iterator[int]:
    """Yield a way as steps from point to point, which are short as text."""
    x, y = _rounded([start])
    points = iter(_rounded(route))
    for u, v in zip(points, points, strict=True):
        yield u - x
        yield v - y
        x, y = u, v


def _rounded(points: Iterable[Point]) -> Iterator[int]:
    return (round(value) for point in points for value in point)


def _text(numbers: Iterable[int]) -> str:
    return " ".join(map(str, numbers))


class GraphFeed:
    """Remembers what the front end knows, and tells what it does not know yet.

    Parameters
    ----------
    scene
        What is drawn; states that are given are states of its graph.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._nodes: list[list[int]] = [[0] for _ in scene.nodes]
        self._edges = [0] * len(scene.edges)
        self._head: dict[str, Any] = {}
        self._seq = 0
        self._turn = 0
        self._place = {node.id: index for index, node in enumerate(scene.nodes)}
        self.behind = False

    def take(self, state: GraphState) -> None:
        """Take a state as what the front end knows, for it is given a snapshot."""
        self._nodes = list(self._numbers(state))
        self._edges = self.scene.edge_numbers(state.steps, state.edges)
        self._head = self._head_of(state)
        self.behind = False

    def snapshot(self) -> dict[str, Any]:
        """Return everything that the front end knows, for a page that is new."""
        known = enumerate(self._nodes)
        return {
            "seq": self._seq,
            "run": self._head,
            "nodes": [[i, *numbers] for i, numbers in known if numbers != [0]],
            "edges": [[i, n] for i, n in enumerate(self._edges) if n],
        }

    def delta(self, state: GraphState) -> dict[str, Any] | None:
        """Return what is new, or None; `behind` tells whether some had no room."""
        nodes, room = self._new_nodes(state, _BUDGET)
        edges, room = self._new_edges(state, room)
        self.behind = room <= 0
        head = self._head_of(state)
        changed = _without_clock(head) != _without_clock(self._head)
        if not (nodes or edges or changed):
            return None
        self._seq += 1
        message: dict[str, Any] = {"type": "delta", "seq": self._seq}
        if nodes:
            message["nodes"] = nodes
        if edges:
            message["edges"] = edges
        if changed:
            message["run"] = self._head = head
        return message

    def _new_nodes(self, state: GraphState, room: int) -> tuple[list[list[int]], int]:
        new = list(self._numbers(state))
        found = []
        # Each time from another node on, so that none has to wait for ever.
        count = len(new)
        for index in (*range(self._turn, count), *range(min(self._turn, count))):
            if new[index] == self._nodes[index]:
                continue
            if room <= 0:
                self._turn = index
                break
            found.append([index, *new[index]])
            self._nodes[index] = new[index]
            room -= len(str(found[-1]))
        return found, room

    def _new_edges(self, state: GraphState, room: int) -> tuple[list[list[int]], int]:
        new = self.scene.edge_numbers(state.steps, state.edges)
        found = []
        for index, (number, known) in enumerate(zip(new, self._edges, strict=True)):
            if number == known:
                continue
            if room <= 0:
                break
            found.append([index, number])
            self._edges[index] = number
            room -= len(str(found[-1]))
        return found, room

    def _numbers(self, state: GraphState) -> Iterator[list[int]]:
        steps = state.steps
        for node in self.scene.nodes:
            counts = steps.get(node.id, _NONE)
            numbers = [PHASES.index(counts.phase)]
            numbers += [getattr(counts, name) for name in COUNTS]
            while len(numbers) > 1 and not numbers[-1]:
                numbers.pop()
            yield numbers

    def _head_of(self, state: GraphState) -> dict[str, Any]:
        place = self._place
        return {
            "phase": state.phase,
            "elapsed": state.elapsed,
            "ticks": state.ticks,
            "waiting": state.waiting,
            "asks": state.questions[0].text if state.questions else "",
            "since": [
                [place[name], at] for name, at in state.since.items() if name in place
            ],
            "error": state.error,
            "actions": list(state.actions),
        }


def _without_clock(head: dict[str, Any]) -> dict[str, Any]:
    """Return a head without the time, where that goes on by itself."""
    if not head.get("ticks"):
        return head
    return {key: value for key, value in head.items() if key != "elapsed"}
