"""Where code stands, as a person would say it: the cell and the line."""

from __future__ import annotations

import linecache
import os
import sysconfig
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from notebook_async.kernel._host import get_shell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["OURS", "Place", "is_own", "own_place", "place_of", "step_of", "walk"]

OURS = str(Path(__file__).parents[1]) + os.sep
"""Where the files of this package are."""

_LIBRARIES = (
    OURS,
    *(sysconfig.get_path(kind) + os.sep for kind in ("stdlib", "platstdlib")),
)
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_WORKER = ("notebook_async.workflow._engine.worker", "work")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of code.

    Attributes
    ----------
    file
        Its file; of a cell the name that IPython has made up.
    line
        From 1.
    function
        The function around it.
    cell
        Execution count of the cell, as in `In [7]`, or None outside of cells.
    """

    file: str
    line: int
    function: str
    cell: int | None = None

    @property
    def code(self) -> str:
        """The line itself, or an empty text where nobody has it."""
        return linecache.getline(self.file, self.line).strip()

    def __str__(self) -> str:
        if self.cell is not None:
            return f"cell [{self.cell}] line {self.line}"
        return f"{os.path.basename(self.file)}:{self.line}"  # noqa: PTH119 (may be no path)


def place_of(file: str, line: int, function: str) -> Place:
    """Return a line of code, with its cell if it is in one."""
    return Place(file, line, function, _cells().get(file))


def own_place(lines: Iterable[tuple[FrameType, int]]) -> Place | None:
    """Return the innermost line of a cell, or of the caller's own code, or of all.

    Parameters
    ----------
    lines
        Frames with their lines, innermost first, as `traceback.walk_stack` gives them.
    """
    cells = _cells()
    innermost = own = None
    for frame, line in lines:
        code = frame.f_code
        if code.co_filename in cells:
            cell = cells[code.co_filename]
            return Place(code.co_filename, line, code.co_name, cell)
        place = Place(code.co_filename, line, code.co_name)
        innermost = innermost or place
        if own is None and is_own(code.co_filename):
            own = place
    return own or innermost


def is_own(file: str) -> bool:
    """Tell whether a file is the caller's own: of no library, and not ours."""
    return not (
        file.startswith(("<frozen ", *_LIBRARIES))
        or any(part in file for part in _INSTALLED)
    )


def walk(frame: FrameType) -> Iterator[tuple[FrameType, int]]:
    """Go outwards from a frame, through the steps of a portal to the loop below.

    A portal runs each step in a greenlet, whose frames do not know who switched to it.
    """
    inner: FrameType | None = frame
    while inner is not None:
        last = inner
        for last, line in traceback.walk_stack(inner):
            yield last, line
        parent = getattr(last.f_locals.get("self"), "parent", None)
        below = getattr(parent, "gr_frame", None)
        inner = below if isinstance(below, FrameType) else None


def step_of(frame: FrameType) -> str | None:
    """Return the step of a workflow that a frame runs, if it is that of a worker.

    A frame is told by its names, for this room does not know workflows.
    """
    if (frame.f_globals.get("__name__"), frame.f_code.co_name) != _WORKER:
        return None
    station = getattr(frame.f_locals.get("invocation"), "station", None)
    name = getattr(station, "name", None)
    return name if isinstance(name, str) else None


def _cells() -> Mapping[str, int]:
    # IPython keeps the execution counts of its made-up file names for tracebacks.
    numbers = getattr(getattr(get_shell(), "compile", None), "_filename_map", None)
    return numbers if isinstance(numbers, dict) else {}
