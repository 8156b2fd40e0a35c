"""The kinds of nodes that the graph of a workflow has, and its edges."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "WorkflowChildNode",
    "WorkflowEventNode",
    "WorkflowExternalNode",
    "WorkflowGenericNode",
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
