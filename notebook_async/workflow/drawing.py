"""Draw workflows to files: pages that need no network, and Mermaid text."""

from __future__ import annotations

import html
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from notebook_async.workflow._graph.build import get_workflow_representation
from notebook_async.workflow._graph.value import WorkflowGraph

if TYPE_CHECKING:
    from os import PathLike

    from notebook_async.workflow.handler import WorkflowHandler
    from notebook_async.workflow.workflow import Workflow

__all__ = [
    "draw_all_possible_flows",
    "draw_all_possible_flows_mermaid",
    "draw_most_recent_execution",
    "draw_most_recent_execution_mermaid",
]


def draw_all_possible_flows(
    workflow: Workflow | type[Workflow] | WorkflowGraph,
    filename: str | PathLike[str] | None = "workflow_all_flows.html",
    notebook: bool = False,  # noqa: FBT001, FBT002 - as others call it
    max_label_length: int | None = None,
    include_child_workflows: bool = True,  # noqa: FBT001, FBT002
) -> WorkflowGraph | None:
    """Write a page with the graph of a workflow; drag, turn the wheel, or press fit.

    Parameters
    ----------
    workflow
        The class, an object of it, or a graph.
    filename
        Where to write; the page needs nothing but itself. None writes nothing.
    notebook
        Whether to return the graph, which shows itself at the end of a cell.
    max_label_length
        Cuts names to so many characters.
    include_child_workflows
        Whether to draw the workflows that steps take as services.

    Returns
    -------
    WorkflowGraph or None
        The graph, if asked for.

    Examples
    --------
    >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
    >>> class Greeter(Workflow):
    ...     @step
    ...     async def greet(self, ev: StartEvent) -> StopEvent: ...
    >>> draw_all_possible_flows(Greeter, filename=None, notebook=True)
    WorkflowGraph('Greeter', 3 nodes, 2 edges)
    """
    graph = _possible(workflow, children=include_child_workflows)
    return _draw(graph, filename, max_label_length, show=notebook)


def draw_all_possible_flows_mermaid(
    workflow: Workflow | type[Workflow] | WorkflowGraph,
    filename: str | PathLike[str] | None = "workflow_all_flows.mermaid",
    max_label_length: int | None = None,
    include_child_workflows: bool = True,  # noqa: FBT001, FBT002 - as others call it
) -> str:
    """Return the graph of a workflow as Mermaid text, and write it to a file.

    Parameters
    ----------
    workflow
        The class, an object of it, or a graph.
    filename
        Where to write; None or "" writes nothing.
    max_label_length
        Cuts names to so many characters.
    include_child_workflows
        Whether to draw the workflows that steps take as services.

    Examples
    --------
    >>> graph = WorkflowGraph("Empty", (), ())
    >>> draw_all_possible_flows_mermaid(graph, filename=None)
    'flowchart LR'
    """
    graph = _possible(workflow, children=include_child_workflows)
    return _write_mermaid(graph, filename, max_label_length)


def draw_most_recent_execution(
    handler: WorkflowHandler | WorkflowGraph,
    filename: str | PathLike[str] | None = "workflow_recent_execution.html",
    notebook: bool = False,  # noqa: FBT001, FBT002 - as others call it
    max_label_length: int | None = None,
) -> WorkflowGraph | None:
    """Write a page with what a run did: the steps it came by, and how often.

    Parameters
    ----------
    handler
        The handler of the run, which may still go on, or a graph with counts.
    filename
        Where to write; the page needs nothing but itself. None writes nothing.
    notebook
        Whether to return the graph, which shows itself at the end of a cell.
    max_label_length
        Cuts names to so many characters.

    Returns
    -------
    WorkflowGraph or None
        The graph, if asked for.

    Examples
    --------
    >>> run = WorkflowGraph("Empty", (), ()).with_counts({})
    >>> draw_most_recent_execution(run, filename=None, notebook=True)
    WorkflowGraph('Empty', 0 nodes, 0 edges)
    """
    return _draw(_recent(handler), filename, max_label_length, show=notebook)


def draw_most_recent_execution_mermaid(
    handler: WorkflowHandler | WorkflowGraph,
    filename: str | PathLike[str] | None = "workflow_recent_execution.mermaid",
    max_label_length: int | None = None,
) -> str:
    """Return what a run did as Mermaid text, and write it to a file.

    Parameters
    ----------
    handler
        The handler of the run, which may still go on, or a graph with counts.
    filename
        Where to write; None or "" writes nothing.
    max_label_length
        Cuts names to so many characters.

    Examples
    --------
    >>> run = WorkflowGraph("Empty", (), ()).with_counts({})
    >>> draw_most_recent_execution_mermaid(run, filename=None)
    'flowchart LR'
    """
    return _write_mermaid(_recent(handler), filename, max_label_length)


def _possible(workflow: Any, *, children: bool) -> WorkflowGraph:
    if isinstance(workflow, WorkflowGraph):
        graph = workflow
    else:
        graph = get_workflow_representation(workflow)
    return graph if children else graph.filter_by_node_type("workflow")


def _recent(handler: Any) -> WorkflowGraph:
    graph: WorkflowGraph = (
        handler if isinstance(handler, WorkflowGraph) else handler.graph()
    )
    return graph.used()


def _draw(
    graph: WorkflowGraph,
    filename: str | PathLike[str] | None,
    longest: int | None,
    *,
    show: bool,
) -> WorkflowGraph | None:
    if filename:
        page = (files(__package__) / "_graph" / "page.html").read_text(encoding="utf-8")
        page = page.replace("{{title}}", html.escape(graph.name))
        page = page.replace("{{svg}}", graph.to_svg(max_label_length=longest))
        Path(filename).write_text(page, encoding="utf-8")
    return graph if show else None


def _write_mermaid(
    graph: WorkflowGraph, filename: str | PathLike[str] | None, longest: int | None
) -> str:
    text = graph.to_mermaid(max_label_length=longest)
    if filename:
        Path(filename).write_text(text, encoding="utf-8")
    return text
