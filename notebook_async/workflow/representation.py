"""Workflows as graphs: to look at, to filter, to draw and to export."""

from __future__ import annotations

from notebook_async.workflow._graph.build import get_workflow_representation
from notebook_async.workflow._graph.counts import EdgeCounts, LiveCounts, StepCounts
from notebook_async.workflow._graph.nodes import (
    WorkflowChildNode,
    WorkflowEventNode,
    WorkflowExternalNode,
    WorkflowGenericNode,
    WorkflowGraphEdge,
    WorkflowGraphNode,
    WorkflowResourceConfigNode,
    WorkflowResourceNode,
    WorkflowStepNode,
)
from notebook_async.workflow._graph.recorded import recorded_graph
from notebook_async.workflow._graph.value import WorkflowGraph

__all__ = [
    "EdgeCounts",
    "LiveCounts",
    "StepCounts",
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
    "get_workflow_representation",
    "recorded_graph",
]
