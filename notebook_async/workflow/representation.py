"""Workflows as graphs: to look at, to filter, to draw and to export."""

from __future__ import annotations

from notebook_async.workflow._build import get_workflow_representation
from notebook_async.workflow._counts import EdgeCounts, LiveCounts, StepCounts
from notebook_async.workflow._graph import WorkflowGraph
from notebook_async.workflow._nodes import (
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
]
