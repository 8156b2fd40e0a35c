"""Let a job, a run, the board or an await tree as the value of a cell show itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.board import AwaitTree, Job, JobBoard
from notebook_async.core import JobRun
from notebook_async.kernel import detect_host
from notebook_async.widgets import (
    board_text,
    job_text,
    run_text,
    show_board,
    show_job,
    show_run,
    show_tree,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["register_formatters"]

_SHOWN: dict[type, Callable[[Any], object]] = {
    AwaitTree: show_tree,
    Job: show_job,
    JobBoard: show_board,
    JobRun: show_run,
}
_TOLD: dict[type, Callable[[Any], str]] = {
    Job: job_text,
    JobBoard: board_text,
    JobRun: run_text,
}


def register_formatters(shell: Any) -> Callable[[], None]:
    """Show them by their panels, in a terminal as text; return what undoes that."""
    formatters = shell.display_formatter
    kinds: dict[type, Callable[..., object]]
    if detect_host(shell).kind == "kernel":
        formatter, kinds = formatters.ipython_display_formatter, dict(_SHOWN)
    else:
        formatter = formatters.formatters["text/plain"]
        kinds = {kind: _printer(text) for kind, text in _TOLD.items()}
    before = {kind: formatter.for_type(kind, show) for kind, show in kinds.items()}

    def undo() -> None:
        for kind, printer in before.items():
            formatter.pop(kind)
            if printer is not None:
                formatter.for_type(kind, printer)

    return undo


def _printer(text: Callable[[Any], str]) -> Callable[[Any, Any, bool], None]:
    def show(value: Any, printer: Any, cycle: bool) -> None:  # noqa: ARG001, FBT001
        # Within a list, say, a value stands in one line.
        alone = len(printer.stack) <= 1
        printer.text(text(value) if alone else repr(value))

    return show
