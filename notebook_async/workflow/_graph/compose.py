"""Compose the scene of a graph: what is a box in it, and what a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.workflow._graph.boxes import tooltip
from notebook_async.workflow._graph.nodes import WorkflowEventNode, WorkflowStepNode
from notebook_async.workflow._graph.scene import DOTS, Scene, SceneEdge, SceneNode
from notebook_async.workflow._graph.text import text_width

if TYPE_CHECKING:
    from notebook_async.workflow._graph.nodes import (
        WorkflowGraphEdge,
        WorkflowGraphNode,
    )
    from notebook_async.workflow._graph.scene import NodeKind
    from notebook_async.workflow._graph.value import WorkflowGraph

__all__ = ["scene_of"]

_LEFT_OUT = ("resource", "resource_config")
_KINDS: dict[str, NodeKind] = {
    "step": "step",
    "external": "external",
    "workflow": "workflow",
}
# Beyond so many edges their labels tell the counts alone: names would make the picture
# too wide to be seen as a whole.
_MOST_NAMED = 150
_LONGEST_NAME, _LONGEST_LABEL = 48, 22
_NAME, _PILL, _SMALL = 13.0, 12.0, 11.0
_NARROWEST, _HEIGHT, _PILL_HEIGHT, _CIRCLE = 150.0, 46.0, 26.0, 18.0
_BEFORE_NAME, _MARGIN, _MARK = 30.0, 12.0, 18.0
_DOT = 9.0


def scene_of(graph: WorkflowGraph, *, max_label_length: int | None = None) -> Scene:
    """Return a graph as it is drawn while it runs.

    Events become labels of edges, save where that would take more lines than the event
    has itself; resources are left out.

    Parameters
    ----------
    graph
        The graph of a workflow; counts in it are ignored.
    max_label_length
        Cuts names to so many characters.

    Examples
    --------
    >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
    >>> class Greeter(Workflow):
    ...     @step
    ...     async def greet(self, ev: StartEvent) -> StopEvent: ...
    >>> [node.kind for node in scene_of(Greeter.graph()).nodes]
    ['start', 'stop', 'step']
    """
    return _Builder(graph, max_label_length).scene()


class _Builder:
    def __init__(self, graph: WorkflowGraph, longest: int | None) -> None:
        self.graph = graph
        self.longest = longest
        self.kinds = {node.id: node for node in graph.nodes}
        self.into: dict[str, list[WorkflowGraphEdge]] = {}
        self.out: dict[str, list[WorkflowGraphEdge]] = {}
        for edge in graph.edges:
            if edge.source in self.kinds and edge.target in self.kinds:
                self.into.setdefault(edge.target, []).append(edge)
                self.out.setdefault(edge.source, []).append(edge)
        self.kept = [node for node in graph.nodes if self._stays(node)]
        self.place = {node.id: index for index, node in enumerate(self.kept)}

    def scene(self) -> Scene:
        edges = []
        for edge in self.graph.edges:
            if edge.source not in self.place:
                continue
            if edge.target in self.place:
                edges.append(self._direct(edge))
            elif isinstance(self.kinds.get(edge.target), WorkflowEventNode):
                edges += [
                    self._through(edge, on)
                    for on in self.out[edge.target]
                    if on.target in self.place
                ]
        if len(edges) > _MOST_NAMED:
            edges = [
                SceneEdge(edge.source, edge.target, "", edge.ways, edge.fails)
                for edge in edges
            ]
        nodes = tuple(self._node(node) for node in self.kept)
        return Scene(self.graph.name, nodes, tuple(edges))

    def _stays(self, node: WorkflowGraphNode) -> bool:
        """Tell whether a node is drawn as one."""
        if node.node_type in _LEFT_OUT:
            return False
        if not isinstance(node, WorkflowEventNode) or _kind(node) != "event":
            return True
        makers, takers = len(self.into.get(node.id, ())), len(self.out.get(node.id, ()))
        return makers * takers == 0 or makers * takers > makers + takers

    def _direct(self, edge: WorkflowGraphEdge) -> SceneEdge:
        source, target = self.kinds[edge.source], self.kinds[edge.target]
        label = edge.label or ""
        if _kind(source) == "start":
            label = _event_name(source, "StartEvent")
        elif _kind(target) == "stop":
            label = _event_name(target, "StopEvent")
        return self._edge(edge, edge, label)

    def _through(self, one: WorkflowGraphEdge, other: WorkflowGraphEdge) -> SceneEdge:
        return self._edge(one, other, self.kinds[one.target].label)

    def _edge(
        self, one: WorkflowGraphEdge, other: WorkflowGraphEdge, label: str
    ) -> SceneEdge:
        counted = {
            (edge.source, edge.target): None
            for edge in (one, other)
            if edge.label is None and self._is_counted(edge)
        }
        is_failure = one.label == "fails" and one is not other
        return SceneEdge(
            self.place[one.source],
            self.place[other.target],
            _cut(label, self.longest or _LONGEST_LABEL),
            tuple(counted),
            one.source if is_failure else None,
        )

    def _is_counted(self, edge: WorkflowGraphEdge) -> bool:
        """Tell whether a step is at one end: what others do nobody counts."""
        ends = (self.kinds[edge.source], self.kinds[edge.target])
        return any(isinstance(node, WorkflowStepNode) for node in ends)

    def _node(self, node: WorkflowGraphNode) -> SceneNode:
        kind = _kind(node)
        label = _cut(node.label, self.longest or _LONGEST_NAME)
        workers = node.num_workers if isinstance(node, WorkflowStepNode) else 0
        if kind in {"start", "stop"}:
            label = "start" if kind == "start" else "end"
            size = (_CIRCLE, _CIRCLE)
        elif kind == "step":
            room = text_width(label, _NAME) + _running_room(workers)
            size = (max(_NARROWEST, _BEFORE_NAME + room + _MARGIN), _HEIGHT)
        else:
            mark = 0.0 if kind in {"event", "generic"} else _MARK
            size = (text_width(label, _PILL) + 2 * _MARGIN + mark, _PILL_HEIGHT)
        return SceneNode(
            node.id, kind, label, workers, tooltip(node), round(size[0]), size[1]
        )


def _kind(node: WorkflowGraphNode) -> NodeKind:
    if isinstance(node, WorkflowEventNode):
        if node.is_subclass_of("StartEvent"):
            return "start"
        return "stop" if node.is_subclass_of("StopEvent") else "event"
    return _KINDS.get(node.node_type, "generic")


def _event_name(node: WorkflowGraphNode, usual: str) -> str:
    """Return the name of an event, unless it is the one that stands there anyway."""
    return "" if node.label == usual else node.label


def _running_room(workers: int) -> float:
    """Return the width of what shows how many calls run."""
    if workers == 1:
        return 0.0
    if 1 < workers <= DOTS:
        return workers * _DOT + 8.0
    return text_width(f"{workers:,}/{workers:,}" if workers else "999", _SMALL) + 8.0


def _cut(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
