"""The items of a run as a panel lists them: some rows, for whoever asks for these."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from notebook_async.core import ItemKind
from notebook_async.kernel import get_shell, render_traceback
from notebook_async.widgets._text import plain_log
from notebook_async.widgets._view import one_line

if TYPE_CHECKING:
    from notebook_async.core import ItemState, JobRun

__all__ = ["MOST_ROWS", "item_details", "item_rows"]

MOST_ROWS = 60
_LONGEST_ERROR = 120
_LONGEST_TRACEBACK = 20_000
_KINDS: tuple[ItemKind, ...] = get_args(ItemKind)


def item_rows(run: JobRun[Any], kind: object, start: int, most: int) -> dict[str, Any]:
    """Return some rows of a list of items, and how long the whole list is.

    Parameters
    ----------
    run
        Whose items they are.
    kind
        Which of them; what is no kind of items gives them all.
    start, most
        Position of the first row, and how many rows are asked for.

    Examples
    --------
    >>> from notebook_async import start_jobs
    >>> run = start_jobs(asyncio.sleep, [0])
    >>> results = await run
    >>> item_rows(run, "all", 0, 10)
    {'start': 0, 'total': 1, 'rows': [[0, 'done', 1, None, None, '']]}
    """
    known: ItemKind = next((each for each in _KINDS if each == kind), "all")
    page = run.items(known, start=start, most=max(1, min(most, MOST_ROWS)))
    return {
        "start": page.start,
        "total": page.total,
        "rows": [_row(item) for item in page.items],
    }


def item_details(run: JobRun[Any], index: int) -> str:
    """Return the traceback of a failed item, or an empty text."""
    error = run.errors.get(index)
    if error is None:
        return ""
    text = plain_log("\n".join(render_traceback(get_shell(), error)))
    # A rule across a terminal, and words at its right end, are too wide for a panel.
    text = re.sub(r" {4,}(?=Traceback \()", "  ", re.sub(r"\A-+\n", "", text))
    return text[-_LONGEST_TRACEBACK:]


def _row(item: ItemState) -> list[Any]:
    error = None if item.error is None else one_line(item.error)[:_LONGEST_ERROR]
    seconds = None if item.seconds is None else round(item.seconds, 1)
    actions = "c" * item.cancellable + "r" * item.retriable
    return [item.index, item.phase, item.attempts, seconds, error, actions]
