"""Show the board in the way that fits where this code runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.kernel import detect_host, display_bundle, print_plain
from notebook_async.widgets._board_rows import board_row
from notebook_async.widgets._live_display import has_loop, show_panel
from notebook_async.widgets._still_board import board_html
from notebook_async.widgets._text import board_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notebook_async.board import Job, JobBoard

__all__ = ["board_bundle", "show_board"]

_MOST_PANELS = 4


def show_board(board: JobBoard, only: Iterable[Job] | None = None) -> None:
    """Show jobs as a table in the cell that runs now, live where that is possible.

    Parameters
    ----------
    board
        Whose jobs they are.
    only
        The jobs to show; by default all.
    """
    listed = list(board if only is None else only)
    host = detect_host()
    if host.text_only:
        print_plain(board_text(listed))
    elif host.headless or not has_loop():
        display_bundle(board_bundle(listed))
    else:
        _show_live(board, None if only is None else [job.id for job in listed])


def board_bundle(jobs: Iterable[Job]) -> dict[str, Any]:
    """Return jobs as a table of text and of HTML."""
    listed = list(jobs)
    return {
        "text/plain": board_text(listed),
        "text/html": board_html([board_row(job) for job in listed]),
    }


def _show_live(board: JobBoard, only: list[int] | None) -> None:
    from notebook_async.widgets.board_panel import BoardPanel  # noqa: PLC0415

    panel = BoardPanel(board, only)
    display = show_panel(
        panel,
        lambda: board_bundle(panel.jobs()),
        kind="board",
        most=_MOST_PANELS,
        endless=True,
    )
    panel.on_retire(board.on_change(display.touch))
