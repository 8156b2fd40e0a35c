"""Show the graphs of workflows that a job runs, among the job's own output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.kernel import current_sink, detect_host
from notebook_async.widgets._show_graph import show_graph

if TYPE_CHECKING:
    from notebook_async.board import Job
    from notebook_async.workflow import WorkflowHandler

__all__ = ["show_graphs"]

_MOST_GRAPHS = 3


def show_graphs(job: Job) -> None:
    """Show the graphs of the first three workflows that a job's own code runs.

    Of those that items of its runs run there may be thousands: `job.workflows` has the
    last ones.

    Parameters
    ----------
    job
        The job.
    """
    shown = 0

    def show(handler: WorkflowHandler) -> None:
        nonlocal shown
        if shown < _MOST_GRAPHS and not detect_host().text_only:
            shown += 1
            token = current_sink.set(job.output)
            try:
                show_graph(handler)
            finally:
                current_sink.reset(token)

    job.on_workflow(show)
