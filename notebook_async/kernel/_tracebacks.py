"""Show an exception from the user's first frame on, as IPython shows it."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

from notebook_async.errors import NotebookAsyncError

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["CellSyntaxError", "pin_traceback", "render_traceback"]


class CellSyntaxError(NotebookAsyncError):
    """Stand for a SyntaxError in the body of a cell magic.

    IPython shows the magic's own frames above a SyntaxError that is raised while code
    runs. This shows what a plain cell would show: the line, and a caret under it.
    """

    def __init__(self, shell: Any, error: SyntaxError) -> None:
        super().__init__(str(error))
        self.error = error
        lines = shell.SyntaxTB.structured_traceback(type(error), error, [])
        self._lines: list[str] = lines

    def _render_traceback_(self) -> list[str]:
        return self._lines


def render_traceback(
    shell: Any, error: BaseException, *, filename: str | None = None
) -> list[str]:
    """Return the lines of a traceback, from the first frame in `filename` on.

    Parameters
    ----------
    shell
        The IPython shell, or None for Python's own format.
    error
        The exception.
    filename
        File name of the cell; frames outside of it are shown only below it.
    """
    frames = _from_file(error.__traceback__, filename)
    if shell is None or isinstance(error, BaseExceptionGroup):
        text = "".join(traceback.format_exception(type(error), error, frames))
        return text.splitlines()
    lines: list[str] = shell.InteractiveTB.structured_traceback(
        type(error), error, frames, tb_offset=0
    )
    return lines


def pin_traceback(error: BaseException, lines: list[str]) -> None:
    """Let IPython show `lines` for this exception, wherever it is shown."""
    try:
        error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
    except AttributeError:
        # An exception with slots: it is shown with our frames above the user's.
        return


def _from_file(
    frames: TracebackType | None, filename: str | None
) -> TracebackType | None:
    frame = frames
    while frame is not None and frame.tb_frame.f_code.co_filename != filename:
        frame = frame.tb_next
    return frames if frame is None else frame
