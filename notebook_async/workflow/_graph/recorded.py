"""Graphs from plain data, as recordings keep them, without the workflow itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from notebook_async.errors import InvalidArgumentError
from notebook_async.workflow._graph.counts import StepCounts
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
from notebook_async.workflow._graph.value import WorkflowGraph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notebook_async.core.recording import StepState, WorkflowState
    from notebook_async.workflow._graph.counts import LiveCounts

__all__ = ["graph_from_dict", "recorded_counts", "recorded_graph"]

_KINDS: dict[str, type[WorkflowGraphNode]] = {
    "step": WorkflowStepNode,
    "event": WorkflowEventNode,
    "external": WorkflowExternalNode,
    "resource": WorkflowResourceNode,
    "resource_config": WorkflowResourceConfigNode,
    "workflow": WorkflowChildNode,
}


def graph_from_dict(data: Mapping[str, Any]) -> WorkflowGraph:
    """Return the graph that `WorkflowGraph.to_dict` has turned into plain data.

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
    >>> graph = WorkflowGraph("One", (WorkflowStepNode("read", "read"),), ())
    >>> graph_from_dict(graph.to_dict()) == graph
    True
    """
    try:
        graph = WorkflowGraph(
            data["name"],
            tuple(map(_node, data["nodes"])),
            tuple(WorkflowGraphEdge(**edge) for edge in data["edges"]),
            data.get("description"),
        )
        if data.get("counts") is None:
            return graph
        counts = {name: StepCounts(**c) for name, c in data["counts"].items()}
        ways = data.get("edge_counts", ())
        edges = {(way["source"], way["target"]): way["count"] for way in ways}
        return graph.with_counts(counts, edges)
    except (AttributeError, KeyError, TypeError) as error:
        raise InvalidArgumentError(
            "this is no graph as `WorkflowGraph.to_dict` returns it:"
            f" {type(error).__name__}: {error}"
        ) from error


def recorded_graph(run: WorkflowState) -> WorkflowGraph:
    """Return the graph of a run as a recording has it, with what its steps did.

    Parameters
    ----------
    run
        What the run had come to at some moment, of `Recording.state_at(...).workflows`.

    Examples
    --------
    >>> from notebook_async import record
    >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
    >>> class Hello(Workflow):
    ...     @step
    ...     async def greet(self, ev: StartEvent) -> StopEvent:
    ...         return StopEvent(result="Hello")
    >>> with record() as recording:
    ...     await Hello().run()
    'Hello'
    >>> (run,) = recording.state.workflows.values()
    >>> print(recorded_graph(run))
    Hello
      greet: 1 done
    """
    if run.graph is None:
        # Its beginning was not recorded: what is known are the names of its steps.
        steps = tuple(WorkflowStepNode(name, name) for name in run.steps)
        graph = WorkflowGraph(run.name, steps, ())
    else:
        graph = graph_from_dict(run.graph)
    return graph.with_counts(recorded_counts(graph, run), dict(run.edges))


def recorded_counts(graph: WorkflowGraph, run: WorkflowState) -> LiveCounts:
    """Return what the steps of a run did, as a recording has it.

    Examples
    --------
    >>> from notebook_async.core.recording import WorkflowState
    >>> recorded_counts(WorkflowGraph("One", (), ()), WorkflowState())
    {}
    """
    workers = {
        node.id: node.num_workers
        for node in graph.nodes
        if isinstance(node, WorkflowStepNode)
    }
    taken = Counter[str]()
    for (_, target), number in run.edges.items():
        taken[target] += number
    return {
        name: StepCounts(
            queued=_still_queued(step, taken[name]),
            running=step.running,
            workers=workers.get(name, 0),
            waiting=step.waiting,
            retrying=step.retrying,
            done=step.done,
            failed=step.failed,
            retries=step.retried,
            cancelled=step.cancelled,
        )
        for name, step in run.steps.items()
    }


def _still_queued(step: StepState, taken: int) -> int:
    """Return how many events wait for a step.

    That is told less often than what its calls do: those that have begun since wait no
    more.
    """
    begun = step.running + step.waiting + step.retrying
    ended = step.done + step.failed + step.cancelled
    return min(step.queued, max(0, taken - begun - ended)) if taken else step.queued


def _node(data: Mapping[str, Any]) -> WorkflowGraphNode:
    """Return a node; what a newer version may have added to it is left out."""
    kind = _KINDS.get(data["node_type"], WorkflowGenericNode)
    known = {item.name for item in fields(kind)}
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in data.items()
        if name in known
    }
    return kind(**values)
