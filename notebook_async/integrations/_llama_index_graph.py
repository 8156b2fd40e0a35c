"""The graph of a workflow, from the package's own representation of it."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from notebook_async.workflow.representation import (
    WorkflowEventNode,
    WorkflowExternalNode,
    WorkflowGenericNode,
    WorkflowGraph,
    WorkflowGraphEdge,
    WorkflowGraphNode,
    WorkflowResourceConfigNode,
    WorkflowResourceNode,
    WorkflowStepNode,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["graph_data"]

_log = logging.getLogger("notebook_async")

# One for all runs of a class, so that a recording writes it once.
_graphs: WeakKeyDictionary[type, dict[str, Any]] = WeakKeyDictionary()


def graph_data(workflow: Any) -> dict[str, Any] | None:
    """Return the graph as plain data that `WorkflowGraph.from_dict` takes, or None."""
    kind = type(workflow)
    try:
        module = import_module("workflows.representation")
        data = _converted(module.get_workflow_representation(workflow), workflow)
    except Exception:  # noqa: BLE001 - a picture's fault must not become the run's
        _log.exception("the graph of %s cannot be made", kind.__name__)
        return None
    if _graphs.get(kind) != data:
        _graphs[kind] = data
    return _graphs[kind]


def _converted(graph: Any, workflow: Any) -> dict[str, Any]:
    nodes = tuple(_node(node, workflow) for node in graph.nodes)
    edges = dict.fromkeys(
        WorkflowGraphEdge(edge.source, edge.target, edge.label) for edge in graph.edges
    )
    name = type(workflow).__name__
    # The docstring of the base class says nothing about this workflow.
    own = graph.description if vars(type(workflow)).get("__doc__") else None
    return WorkflowGraph(name, nodes, tuple(edges), own).to_dict()


def _node(node: Any, workflow: Any) -> WorkflowGraphNode:
    """Return a node as we have it: without values of files and places on this disk."""
    make = _MAKERS.get(node.node_type, _generic)
    return make(node, workflow)


def _step(node: Any, workflow: Any) -> WorkflowGraphNode:
    return WorkflowStepNode(
        node.id,
        node.label,
        description=node.description,
        num_workers=_num_workers(workflow, node.id),
    )


def _num_workers(workflow: Any, step: str) -> int:
    try:
        return int(workflow._get_steps()[step]._step_config.num_workers)  # noqa: SLF001
    except Exception:  # noqa: BLE001 - then it is not known
        return 0


def _event(node: Any, _: Any) -> WorkflowGraphNode:
    schema: Mapping[str, Any] = getattr(node, "event_schema", None) or {}
    return WorkflowEventNode(
        node.id,
        node.label,
        description=_of_its_own(schema.get("description"), node),
        event_type=node.event_type,
        event_types=tuple(node.event_types),
        event_fields=tuple(schema.get("properties", ())),
        produced_by=tuple(getattr(node, "produced_by", ())),
    )


def _of_its_own(description: str | None, node: Any) -> str | None:
    """Return a docstring, unless it is that of an event of the package."""
    base = getattr(sys.modules.get("workflows.events"), node.event_type, None)
    return description if base is None else None


def _external(node: Any, _: Any) -> WorkflowGraphNode:
    return WorkflowExternalNode(node.id, "a person")


def _resource(node: Any, _: Any) -> WorkflowGraphNode:
    return WorkflowResourceNode(
        node.id,
        node.label,
        description=node.description,
        type_name=node.type_name,
        getter_name=node.getter_name,
    )


def _resource_config(node: Any, _: Any) -> WorkflowGraphNode:
    return WorkflowResourceConfigNode(
        node.id,
        node.label,
        description=getattr(node, "description", None),
        type_name=node.type_name,
        config_file=node.config_file,
        path_selector=node.path_selector,
    )


def _generic(node: Any, _: Any) -> WorkflowGraphNode:
    return WorkflowGenericNode(node.id, node.label, node_type=node.node_type)


_MAKERS: dict[str, Callable[[Any, Any], WorkflowGraphNode]] = {
    "step": _step,
    "event": _event,
    "external": _external,
    "resource": _resource,
    "resource_config": _resource_config,
}
