"""A panel as plain text: for terminals, logs and front ends that show nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from notebook_async.widgets._people import asking_words
from notebook_async.widgets._words import (
    clock,
    count_words,
    pace_words,
    place_words,
    run_words,
    state_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notebook_async.board import Job, LogSlice
    from notebook_async.widgets._view import View

__all__ = ["board_text", "final_lines", "panel_text", "plain_log"]

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")
_TAIL = 30


def panel_text(view: View, log: LogSlice) -> str:
    """Return a panel with the end of its log."""
    lines = [f"{state_words(view)}  {view['title']}  {place_words(view)}"]
    if view["runs"]:
        words = "  ".join(text for _, text in count_words(view["bar"]))
        name = run_words(view)
        words = f"{name}: {words}" if name else words
        lines.append("   ".join(filter(None, [f"  {words}", pace_words(view["bar"])])))
    if view["error"] and not any(stream == "error" for stream, _ in log.chunks):
        lines.append(f"  ✕ {view['error']}")
    lines += [
        f"  ✕ item {failure['index']}  {failure['error']}"
        for failure in view["failures"]
    ]
    tail = final_lines(log, most=_TAIL)
    return "\n".join([*lines, *tail])


def plain_log(text: str) -> str:
    r"""Return text without terminal colours.

    Examples
    --------
    >>> plain_log("\x1b[31mred\x1b[0m")
    'red'
    """
    return _ANSI.sub("", text)


def final_lines(log: LogSlice, *, most: int | None = None) -> list[str]:
    r"""Return the lines of a log as they stand: without colours, `\r` carried out.

    Parameters
    ----------
    log
        A stretch of a log.
    most
        Lines to return at most, the last ones; the first line then says what is left
        out.
    """
    text = plain_log(log.text)
    lines = [line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n")]
    if lines and not lines[-1]:
        lines.pop()
    hidden = 0
    if most is not None and len(lines) > most:
        hidden = len(lines) - most
        lines = lines[-most:]
    if log.dropped:
        lines.insert(0, f"… {log.dropped:,} characters dropped")
    elif hidden:
        lines.insert(0, f"… {hidden:,} earlier lines")
    return lines


def board_text(jobs: Iterable[Job]) -> str:
    """Return the board as a table of text."""
    rows = [["", "job", "name", "state", "time", "progress"]]
    for view, job in ((_job_view(job), job) for job in jobs):
        bar = view["bar"]
        progress = (
            "  ".join(text for _, text in count_words(bar)) if view["runs"] else ""
        )
        progress = "  ".join(filter(None, [progress, asking_words(job)]))
        if view["error"]:
            progress = view["error"] if not progress else f"{progress}  {view['error']}"
        glyph, _, state = state_words(view).partition(" ")
        rows.append(
            [
                glyph,
                f"#{view['job_id']}",
                view["title"],
                state,
                clock(view["elapsed"]),
                progress,
            ]
        )
    if len(rows) == 1:
        return "no jobs yet: start one with %%arun"
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        "  ".join(
            [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
            + [row[-1]]
        ).rstrip()
        for row in rows
    )


def _job_view(job: Job) -> View:
    from notebook_async.widgets._subjects import JobSubject  # noqa: PLC0415

    return JobSubject(job).view()
