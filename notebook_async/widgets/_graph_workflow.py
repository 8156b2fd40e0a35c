"""A workflow that nobody has run, as a graph panel shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.widgets._graph_source import GraphState, StepDetails

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.workflow import Workflow

__all__ = ["WorkflowSource"]

_QUEUED = GraphState(phase="queued", elapsed=0.0, steps={}, edges={})


class WorkflowSource:
    """Shows the steps and events of a workflow.

    Parameters
    ----------
    workflow
        The workflow.
    """

    ended = True
    run = ""
    version = 0

    def __init__(self, workflow: Workflow) -> None:
        self.graph = workflow.graph()

    def state(self) -> GraphState:
        """Return that nothing has been done."""
        return _QUEUED

    def details(self, step: str) -> StepDetails:  # noqa: ARG002 - as of any source
        """Return nothing: no step has been called."""
        return StepDetails()

    def cancel(self) -> None:
        """Do nothing: there is no run."""

    def on_end(self, callback: Callable[[Any], Any]) -> None:
        """Do nothing: there is no run that could end."""
