"""Let jobs, runs, workflows and the like as the value of a cell show themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.board import AwaitTree, Job, JobBoard
from notebook_async.core import JobRun, Recording
from notebook_async.kernel import detect_host
from notebook_async.widgets import (
    board_text,
    job_text,
    run_text,
    show_board,
    show_graph,
    show_job,
    show_run,
    show_trace,
    show_tree,
    watch,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["register_formatters"]

# Those that are named here are imported by whoever uses them.
_SHOWN: dict[type | str, Callable[[Any], object]] = {
    AwaitTree: show_tree,
    Job: show_job,
    JobBoard: show_board,
    JobRun: show_run,
    Recording: watch,
    "notebook_async.tracing._trace.Trace": show_trace,
    "notebook_async.workflow.handler.WorkflowHandler": show_graph,
    "notebook_async.workflow.workflow.Workflow": show_graph,
    "workflows.handler.WorkflowHandler": watch,
}
_TOLD: dict[type | str, Callable[[Any], str]] = {
    Job: job_text,
    JobBoard: board_text,
    JobRun: run_text,
    "notebook_async.tracing._trace.Trace": str,
}


def register_formatters(shell: Any) -> Callable[[], None]:
    """Show them by their panels, in a terminal as text; return what undoes that."""
    formatters = shell.display_formatter
    kinds: dict[type | str, Callable[..., object]]
    if detect_host(shell).kind == "kernel":
        formatter, kinds = formatters.ipython_display_formatter, dict(_SHOWN)
    else:
        # A workflow and its handler say by themselves what they are.
        formatter = formatters.formatters["text/plain"]
        kinds = {kind: _printer(text) for kind, text in _TOLD.items()}
    before = {kind: _set(formatter, kind, show) for kind, show in kinds.items()}

    def undo() -> None:
        for kind, printer in before.items():
            formatter.pop(kind)
            if printer is not None:
                _set(formatter, kind, printer)

    return undo


def _set(formatter: Any, kind: type | str, show: Callable[..., object]) -> Any:
    """Let a function show a class, given or named; return what showed it before."""
    if isinstance(kind, str):
        module, _, name = kind.rpartition(".")
        return formatter.for_type_by_name(module, name, show)
    return formatter.for_type(kind, show)


def _printer(text: Callable[[Any], str]) -> Callable[[Any, Any, bool], None]:
    def show(value: Any, printer: Any, cycle: bool) -> None:  # noqa: ARG001, FBT001
        # Within a list, say, a value stands in one line.
        alone = len(printer.stack) <= 1
        printer.text(text(value) if alone else repr(value))

    return show
