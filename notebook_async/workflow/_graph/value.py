"""A workflow as a graph: nodes, edges, and what a run did along them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from notebook_async.workflow._graph.nodes import WorkflowGraphEdge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notebook_async.workflow._graph.counts import EdgeCounts, LiveCounts
    from notebook_async.workflow._graph.nodes import WorkflowGraphNode

__all__ = ["WorkflowGraph"]


@dataclass(frozen=True, slots=True)
class WorkflowGraph:
    """A workflow as nodes and edges; it draws itself in a notebook.

    Attributes
    ----------
    name
        The name of the workflow's class.
    nodes, edges
        The graph. Edges go along the events; from a step to its resources and services.
    description
        The docstring of the class, or None.
    counts, edge_counts
        What a run did, or None for a graph of what is possible.

    Examples
    --------
    >>> graph = WorkflowGraph("Empty", (), ())
    >>> graph
    WorkflowGraph('Empty', 0 nodes, 0 edges)
    """

    name: str
    nodes: tuple[WorkflowGraphNode, ...]
    edges: tuple[WorkflowGraphEdge, ...]
    description: str | None = None
    counts: LiveCounts | None = None
    edge_counts: EdgeCounts | None = None

    def with_counts(
        self, steps: LiveCounts, edges: EdgeCounts | None = None
    ) -> WorkflowGraph:
        """Return the graph with what a run does, or did.

        Parameters
        ----------
        steps
            The counts of steps by name; steps that are left out did nothing.
        edges
            How many events took each edge, by step and event or event and step.

        Examples
        --------
        >>> from notebook_async.workflow.representation import (
        ...     StepCounts,
        ...     WorkflowStepNode,
        ... )
        >>> graph = WorkflowGraph("One", (WorkflowStepNode("read", "read"),), ())
        >>> print(graph.with_counts({"read": StepCounts(done=3)}))
        One
          read: 3 done
        """
        return replace(self, counts=dict(steps), edge_counts=dict(edges or {}))

    def used(self) -> WorkflowGraph:
        """Return the part of the graph that the run came by.

        Examples
        --------
        >>> WorkflowGraph("Empty", (), ()).with_counts({}).used().nodes
        ()
        """
        counts, ways = self.counts or {}, self.edge_counts or {}
        kept = {i for i, number in counts.items() if number.phase != "idle"}
        kept |= {node for way, number in ways.items() if number for node in way}
        nodes = tuple(node for node in self.nodes if node.id in kept)
        edges = tuple(e for e in self.edges if ways.get((e.source, e.target)))
        return replace(self, nodes=nodes, edges=edges)

    def filter_by_node_type(self, *node_types: str) -> WorkflowGraph:
        """Return the graph without nodes of these kinds; ways through them stay.

        Where a way led through one, the label is that of the first one left out, and
        its count that of its least used part.

        Parameters
        ----------
        *node_types
            Such as "event", "resource", "resource_config", "external", "workflow".

        Examples
        --------
        >>> from notebook_async.workflow.representation import (
        ...     WorkflowEventNode,
        ...     WorkflowStepNode,
        ... )
        >>> nodes = (
        ...     WorkflowStepNode("a", "a"),
        ...     WorkflowEventNode("E", "E"),
        ...     WorkflowStepNode("b", "b"),
        ... )
        >>> edges = (WorkflowGraphEdge("a", "E"), WorkflowGraphEdge("E", "b"))
        >>> WorkflowGraph("G", nodes, edges).filter_by_node_type("event").edges
        (WorkflowGraphEdge(source='a', target='b', label='E'),)
        """
        gone = {n.id: n for n in self.nodes if n.node_type in node_types}
        after: dict[str, list[WorkflowGraphEdge]] = {}
        for edge in self.edges:
            after.setdefault(edge.source, []).append(edge)
        counts = self.edge_counts or {}
        edges: dict[WorkflowGraphEdge, int] = {}
        for node in self.nodes:
            if node.id not in gone:
                edges.update(_ways_on(node.id, after, gone, counts))
        kept: dict[tuple[str, str], int] = {}
        for edge, number in edges.items():
            way = (edge.source, edge.target)
            kept[way] = kept.get(way, 0) + number
        return replace(
            self,
            nodes=tuple(node for node in self.nodes if node.id not in gone),
            edges=tuple(edges),
            edge_counts=None if self.edge_counts is None else kept,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the graph as plain data, which `json.dumps` takes.

        Examples
        --------
        >>> WorkflowGraph("Empty", (), ()).to_dict()
        {'name': 'Empty', 'description': None, 'nodes': [], 'edges': []}
        """
        data: dict[str, Any] = {
            "name": self.name,
            "description": self.description,
            "nodes": [_plain(node) for node in self.nodes],
            "edges": [asdict(edge) for edge in self.edges],
        }
        if self.counts is not None:
            data["counts"] = {name: asdict(c) for name, c in self.counts.items()}
            data["edge_counts"] = [
                {"source": source, "target": target, "count": number}
                for (source, target), number in (self.edge_counts or {}).items()
            ]
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> WorkflowGraph:
        """Return the graph that `to_dict` has turned into plain data.

        Parameters
        ----------
        data
            The data, as it was or from JSON.

        Raises
        ------
        InvalidArgumentError
            If it is no graph.

        Examples
        --------
        >>> graph = WorkflowGraph("Empty", (), ())
        >>> WorkflowGraph.from_dict(graph.to_dict()) == graph
        True
        """
        from notebook_async.workflow._graph.recorded import (  # noqa: PLC0415 - on use
            graph_from_dict,
        )

        return graph_from_dict(data)

    def to_mermaid(self, *, max_label_length: int | None = None) -> str:
        """Return the graph as the text of a Mermaid flow chart.

        Parameters
        ----------
        max_label_length
            Cuts labels to so many characters; None keeps them.

        Examples
        --------
        >>> from notebook_async.workflow.representation import WorkflowStepNode
        >>> nodes = (WorkflowStepNode("read", "read"),)
        >>> print(WorkflowGraph("One", nodes, ()).to_mermaid())
        flowchart LR
            n0["read"]:::step
            classDef step stroke:#0072B2,stroke-width:2px
        """
        from notebook_async.workflow._graph.mermaid import mermaid  # noqa: PLC0415 - on use

        return mermaid(self, max_label_length=max_label_length)

    def to_svg(self, *, max_label_length: int | None = None) -> str:
        """Return the picture as SVG: it asks for no font, style or script from outside.

        Parameters
        ----------
        max_label_length
            Cuts labels to so many characters; None keeps them.

        Examples
        --------
        >>> WorkflowGraph("Empty", (), ()).to_svg().startswith("<svg ")
        True
        """
        from notebook_async.workflow._graph.svg import svg  # noqa: PLC0415 - on use

        return svg(self, max_label_length=max_label_length)

    def __repr__(self) -> str:
        sizes = f"{len(self.nodes)} nodes, {len(self.edges)} edges"
        return f"WorkflowGraph({self.name!r}, {sizes})"

    def __str__(self) -> str:
        from notebook_async.workflow._graph.pictures import text  # noqa: PLC0415 - on use

        return text(self)

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, str]:
        del include, exclude  # there is one picture, and its text
        from notebook_async.workflow._graph.pictures import bundle  # noqa: PLC0415 - on use

        return bundle(self)


def _ways_on(
    start: str,
    after: dict[str, list[WorkflowGraphEdge]],
    gone: dict[str, WorkflowGraphNode],
    counts: EdgeCounts,
) -> dict[WorkflowGraphEdge, int]:
    """Return edges from a node to the next ones that stay, and how often used."""
    found: dict[WorkflowGraphEdge, int] = {}
    frontier = [
        (edge, edge.label, counts.get((start, edge.target), 0))
        for edge in reversed(after.get(start, []))
    ]
    seen: set[tuple[str, str | None]] = set()
    while frontier:
        edge, label, number = frontier.pop()
        if edge.target not in gone:
            way = WorkflowGraphEdge(start, edge.target, label)
            found[way] = found.get(way, 0) + number
            continue
        first = gone[edge.target].label if edge.source == start else label
        if (edge.target, first) not in seen:
            seen.add((edge.target, first))
            frontier += [
                (on, first, min(number, counts.get((on.source, on.target), 0)))
                for on in reversed(after.get(edge.target, []))
            ]
    return found


def _plain(node: WorkflowGraphNode) -> dict[str, Any]:
    values = {item.name: getattr(node, item.name) for item in fields(node)}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
