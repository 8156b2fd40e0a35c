"""A recording as still HTML and as text: what stays in the saved notebook.

As with jobs, notebooks that are not trusted lose inline SVG, style sheets and scripts:
each lane is an `<img>` with a data URI, and all words are ordinary elements.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from notebook_async.widgets._events_lanes import lane_labels
from notebook_async.widgets._events_words import (
    fine_clock,
    kind_word,
    milliseconds,
    payload,
    source_words,
)
from notebook_async.widgets._still_parts import DIM, framed, glyph
from notebook_async.widgets._still_strips import STRIP_WIDTH, strip_box, strip_picture
from notebook_async.widgets._words import GLYPHS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notebook_async.core.recording import Lane, Recording, State, StepState

__all__ = ["events_html", "events_text"]

_LAST = 12
_MOST_LANES = 12
# JupyterLab gives all tables columns of one width, unless they say theirs.
_TABLE = "table-layout:fixed;width:100%;font-size:12px"
_CELL = (
    "text-align:left;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;"
    "padding:1px 10px 1px 0"
)
_WIDE = "text-align:left;padding:1px 0"
_COLUMNS = ("13%", "11%", "22%")
_LABEL = "18%"


def events_text(recording: Recording) -> str:
    """Return what a recording holds, as text: numbers, and its last events.

    Examples
    --------
    >>> from notebook_async.core.recording import Recording
    >>> print(events_text(Recording()))
    ◔ no events
    """
    state = recording.state
    lines = ["  ".join([f"{GLYPHS[state.phase]} {_summary(recording, state)}"])]
    kinds = _kinds(state)
    if kinds:
        lines.append(f"  {kinds}")
    rows = list(_rows(recording, state))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append(f"  {'  '.join(cells)}".rstrip())
    return "\n".join(lines)


def events_html(recording: Recording) -> str:
    """Return lanes, numbers and the last events of a recording as still HTML."""
    state = recording.state
    head = (
        f"<div>{glyph(state.phase)} <strong>events</strong>"
        f' <span style="{DIM}">{html.escape(_summary(recording, state))}</span></div>'
    )
    parts = [head, _lanes(recording, state)]
    if kinds := _kinds(state):
        parts.append(f"<div>{html.escape(kinds)}</div>")
    parts.append(_table(recording, state))
    return framed("".join(parts))


# -- numbers


def _summary(recording: Recording, state: State) -> str:
    if recording.began is None or recording.ended is None:
        return "no events"
    number = f"{len(recording):,} events" if len(recording) != 1 else "1 event"
    parts = [f"{number} in {milliseconds(recording.ended - recording.began)}"]
    if recording.dropped:
        parts.append(f"{recording.dropped:,} older ones dropped")
    if state.blocked:
        parts.append(f"the loop was blocked for {milliseconds(state.blocked)}")
    if recording.incomplete:
        parts.append(recording.incomplete)
    if recording.listens:
        # Nobody may have been there to replace this picture by the final one.
        parts.append("was recording when this picture was saved")
    return " · ".join(parts)


def _kinds(state: State) -> str:
    """Return how many records there were of each kind, and what came of the work."""
    kinds = sorted(state.kinds.items(), key=_by_number, reverse=True)
    words = [f"{number:,} {kind_word(name)}" for name, number in kinds]
    failed = sum(run.failed for run in state.runs.values())
    steps: Iterable[StepState] = (
        step for flow in state.workflows.values() for step in flow.steps.values()
    )
    failed += sum(step.failed for step in steps)
    if failed:
        words.append(f"✕ {failed:,} failed")
    return " · ".join(words)


def _by_number(kind: tuple[str, int]) -> int:
    return kind[1]


# -- the last events


def _rows(recording: Recording, state: State) -> Iterable[tuple[str, str, str, str]]:
    origin = recording.began
    if origin is None:
        return
    for record in recording.window(max(recording.first, recording.end - _LAST), _LAST):
        yield (
            fine_clock(record.at - origin, 3),
            f"{GLYPHS[record.phase]} {kind_word(type(record).__name__)}",
            source_words(record.source, state),
            payload(record),
        )


def _table(recording: Recording, state: State) -> str:
    rows = list(_rows(recording, state))
    if not rows:
        return ""
    hidden = len(recording) - len(rows)
    summary = f"the last {len(rows)} events" if hidden > 0 else "all events"
    cells = "".join(
        f"<tr>{''.join(map(_cell, row[:3], _COLUMNS))}"
        f'<td style="{_WIDE}">{html.escape(row[3])}</td></tr>'
        for row in rows
    )
    return (
        f'<div style="{DIM};margin-top:6px">{summary}</div>'
        f'<table style="{_TABLE}">{cells}</table>'
    )


def _cell(text: str, width: str) -> str:
    return f'<td style="{_CELL};width:{width}">{html.escape(text)}</td>'


# -- lanes


def _lanes(recording: Recording, state: State) -> str:
    began, ended = recording.began, recording.ended
    if began is None or ended is None or ended <= began:
        return ""
    lanes = recording.lanes(pixels=STRIP_WIDTH)
    labelled = lane_labels(lanes, state)
    workers = [one for one in labelled if one[0].source]
    loop = [one for one in labelled if not one[0].source]
    rows = [
        f'<tr>{_cell(label, _LABEL)}<td style="{_WIDE}">{picture}</td></tr>'
        for lane, label, _ in (*workers[:_MOST_LANES], *loop)
        for picture in (_picture(lane, began, ended),)
    ]
    if len(workers) > _MOST_LANES:
        more = f"… {len(workers) - _MOST_LANES:,} more"
        rows.append(f"<tr>{_cell(more, _LABEL)}</tr>")
    body = "".join(rows)
    return f'<table style="{_TABLE}">{body}</table>' if body else ""


def _picture(lane: Lane, began: float, ended: float) -> str:
    """Return a lane as an `<img>`, with its numbers as alternative text."""
    scale = STRIP_WIDTH / (ended - began)
    paths: dict[str, list[str]] = {}
    numbers: dict[str, int] = {}
    for span in lane.spans:
        start, end = (span.start - began) * scale, (span.end - began) * scale
        paths.setdefault(span.phase, []).append(strip_box(start, end, span.phase))
        numbers[span.phase] = numbers.get(span.phase, 0) + span.size
    named = numbers if lane.source else {"times blocked": sum(numbers.values())}
    words = ", ".join(f"{number:,} {phase}" for phase, number in named.items())
    shapes = {phase: "".join(boxes) for phase, boxes in paths.items()}
    return strip_picture(shapes, words)
