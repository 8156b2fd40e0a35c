"""A workflow as a graph: nodes, edges, and what a run did along them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notebook_async.workflow._counts import EdgeCounts, LiveCounts

__all__ = [
    "WorkflowChildNode",
    "WorkflowEventNode",
    "WorkflowExternalNode",
    "WorkflowGenericNode",
    "WorkflowGraph",
    "WorkflowGraphEdge",
    "WorkflowGraphNode",
    "WorkflowResourceConfigNode",
    "WorkflowResourceNode",
    "WorkflowStepNode",
]


@dataclass(frozen=True, slots=True)
class WorkflowGraphNode:
    """What all nodes have.

    Attributes
    ----------
    id
        Unique in its graph.
    label
        What stands in the picture.
    description
        A docstring, or None.
    node_type
        The kind, as `filter_by_node_type` takes it.

    Examples
    --------
    >>> WorkflowStepNode("read", "read").node_type
    'step'
    """

    id: str
    label: str
    description: str | None = field(default=None, kw_only=True)
    node_type: str = field(default="generic", kw_only=True)

    def truncated_label(self, max_length: int) -> str:
        """Return the label, cut to so many characters.

        Examples
        --------
        >>> WorkflowStepNode("summarise", "summarise").truncated_label(4)
        'sum…'
        """
        if len(self.label) <= max_length:
            return self.label
        return f"{self.label[: max_length - 1]}…"


@dataclass(frozen=True, slots=True)
class WorkflowStepNode(WorkflowGraphNode):
    """A step.

    Attributes
    ----------
    num_workers
        How many of its calls may run at once; 0 where that is not known.

    Examples
    --------
    >>> WorkflowStepNode("read", "read", num_workers=4).num_workers
    4
    """

    num_workers: int = field(default=0, kw_only=True)
    node_type: str = field(default="step", kw_only=True)


@dataclass(frozen=True, slots=True)
class WorkflowEventNode(WorkflowGraphNode):
    """A class of events.

    Attributes
    ----------
    event_type
        The name of the class.
    event_types
        That and the names of its bases, up to `Event`, which is left out.
    event_fields
        The names of its declared fields.
    produced_by
        The names of the steps that return it.

    Examples
    --------
    >>> page = WorkflowEventNode("P", "P", event_type="P", event_types=("P", "Base"))
    >>> page.is_subclass_of("Base")
    True
    """

    event_type: str = field(default="", kw_only=True)
    event_types: tuple[str, ...] = field(default=(), kw_only=True)
    event_fields: tuple[str, ...] = field(default=(), kw_only=True)
    produced_by: tuple[str, ...] = field(default=(), kw_only=True)
    node_type: str = field(default="event", kw_only=True)

    def is_subclass_of(self, *names: str) -> bool:
        """Tell whether the class, or one of its bases, has one of these names.

        Examples
        --------
        >>> event = WorkflowEventNode("Stop", "Stop", event_types=("Stop", "StopEvent"))
        >>> event.is_subclass_of("StartEvent", "StopEvent")
        True
        """
        return any(name in self.event_types for name in names)


@dataclass(frozen=True, slots=True)
class WorkflowExternalNode(WorkflowGraphNode):
    """A person, or whatever else answers from outside.

    Examples
    --------
    >>> WorkflowExternalNode("external_step", "a person").node_type
    'external'
    """

    node_type: str = field(default="external", kw_only=True)


@dataclass(frozen=True, slots=True)
class WorkflowResourceNode(WorkflowGraphNode):
    """A resource that a function makes.

    Attributes
    ----------
    type_name
        The annotation's name, or None.
    getter_name
        The function's name, or None.

    Examples
    --------
    >>> WorkflowResourceNode("resource:db", "db", getter_name="connect").getter_name
    'connect'
    """

    type_name: str | None = field(default=None, kw_only=True)
    getter_name: str | None = field(default=None, kw_only=True)
    node_type: str = field(default="resource", kw_only=True)


@dataclass(frozen=True, slots=True)
class WorkflowResourceConfigNode(WorkflowGraphNode):
    """A resource that is read from a file.

    Attributes
    ----------
    type_name
        The model's name, or None.
    config_file, path_selector
        The file, and the dotted path within it or None.

    Examples
    --------
    >>> WorkflowResourceConfigNode("c", "Settings", config_file="a.json").config_file
    'a.json'
    """

    type_name: str | None = field(default=None, kw_only=True)
    config_file: str | None = field(default=None, kw_only=True)
    path_selector: str | None = field(default=None, kw_only=True)
    node_type: str = field(default="resource_config", kw_only=True)


@dataclass(frozen=True, slots=True)
class WorkflowChildNode(WorkflowGraphNode):
    """Another workflow, that a step takes as a service.

    Attributes
    ----------
    workflow_name
        The name of its class.

    Examples
    --------
    >>> WorkflowChildNode("workflow:Reader", "Reader").node_type
    'workflow'
    """

    workflow_name: str = field(default="", kw_only=True)
    node_type: str = field(default="workflow", kw_only=True)


@dataclass(frozen=True, slots=True)
class WorkflowGenericNode(WorkflowGraphNode):
    """Whatever else somebody wants to draw; its `node_type` is free.

    Examples
    --------
    >>> WorkflowGenericNode("tool", "search", node_type="tool").node_type
    'tool'
    """


@dataclass(frozen=True, slots=True)
class WorkflowGraphEdge:
    """A way from one node to another.

    Attributes
    ----------
    source, target
        Ids of nodes.
    label
        What stands beside it, or None; a resource's edge has the parameter's name.

    Examples
    --------
    >>> WorkflowGraphEdge("StartEvent", "read").target
    'read'
    """

    source: str
    target: str
    label: str | None = None


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
        >>> from notebook_async.workflow._counts import StepCounts
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

        Where a way led through one, the label is that of the first one left out.

        Parameters
        ----------
        *node_types
            Such as "event", "resource", "resource_config", "external", "workflow".

        Examples
        --------
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
        edges: dict[WorkflowGraphEdge, None] = {}
        for node in self.nodes:
            if node.id not in gone:
                edges.update(dict.fromkeys(_ways_on(node.id, after, gone)))
        nodes = tuple(node for node in self.nodes if node.id not in gone)
        return replace(self, nodes=nodes, edges=tuple(edges))

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

    def to_mermaid(self, *, max_label_length: int | None = None) -> str:
        """Return the graph as the text of a Mermaid flow chart.

        Parameters
        ----------
        max_label_length
            Cuts labels to so many characters; None keeps them.

        Examples
        --------
        >>> nodes = (WorkflowStepNode("read", "read"),)
        >>> print(WorkflowGraph("One", nodes, ()).to_mermaid())
        flowchart LR
            n0["read"]:::step
            classDef step stroke:#0072B2,stroke-width:2px
        """
        from notebook_async.workflow._mermaid import mermaid  # noqa: PLC0415 - on use

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
        from notebook_async.workflow._svg import svg  # noqa: PLC0415 - on use

        return svg(self, max_label_length=max_label_length)

    def __repr__(self) -> str:
        sizes = f"{len(self.nodes)} nodes, {len(self.edges)} edges"
        return f"WorkflowGraph({self.name!r}, {sizes})"

    def __str__(self) -> str:
        from notebook_async.workflow._pictures import text  # noqa: PLC0415 - on use

        return text(self)

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:  # noqa: ANN401
        from notebook_async.workflow._pictures import bundle  # noqa: PLC0415 - on use

        return bundle(self)


def _ways_on(
    start: str,
    after: dict[str, list[WorkflowGraphEdge]],
    gone: dict[str, WorkflowGraphNode],
) -> Iterable[WorkflowGraphEdge]:
    """Return edges from a node to the next ones that stay."""
    frontier = [(edge, edge.label) for edge in reversed(after.get(start, []))]
    seen: set[tuple[str, str | None]] = set()
    while frontier:
        edge, label = frontier.pop()
        if edge.target not in gone:
            yield WorkflowGraphEdge(start, edge.target, label)
            continue
        label = gone[edge.target].label if edge.source == start else label
        if (edge.target, label) not in seen:
            seen.add((edge.target, label))
            onward = reversed(after.get(edge.target, []))
            frontier += [(following, label) for following in onward]


def _plain(node: WorkflowGraphNode) -> dict[str, Any]:
    values = {item.name: getattr(node, item.name) for item in fields(node)}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
