"""A panel as still HTML: what stays in the saved notebook, trusted or not.

Notebooks that are not trusted lose inline SVG, style sheets and scripts, so the picture
is an `<img>` with a data URI, and all words are ordinary elements in the reader's own
colours.
"""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING

from notebook_async.widgets._live import widget_text
from notebook_async.widgets._text import final_lines
from notebook_async.widgets._words import (
    ENDED,
    GLYPHS,
    clock,
    count_words,
    pace_words,
    place_words,
    state_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notebook_async.board import LogSlice, RichOutput
    from notebook_async.core import Phase
    from notebook_async.widgets._view import Counts, View

__all__ = ["bar_picture", "board_html", "panel_html"]

# Okabe and Ito's colours, which most kinds of colour vision tell apart; each kind has a
# pattern of its own too.
# They colour bars and glyphs only: no single colour is legible as text on white and on
# black, so words have the reader's own colour.
_COLOURS = {"done": "#009E73", "failed": "#D55E00", "running": "#0072B2"}
_COLOURS["waiting"] = "#E69F00"
_GREY = "#768390"
_TAIL = 12
_MOST = 500
_FRAME = (
    "border:1px solid rgba(140,149,159,0.45);border-radius:6px;padding:8px 10px;"
    "margin:2px 0;font-size:13px"
)
_DIM = "opacity:0.75"
_CELL = "text-align:left;white-space:nowrap"
_PRE = "margin:6px 0 0;padding:0;white-space:pre-wrap;font-size:12px"


def bar_picture(counts: Counts, *, width: int = 800, height: int = 8) -> str:
    """Return an `<img>` of a bar, with its numbers as alternative text.

    Parameters
    ----------
    counts
        The numbers.
    width, height
        About the size in pixels. It fills its place, and front ends keep the ratio.
    """
    finished = counts["done"] + counts["failed"]
    total = counts["total"] or max(finished + counts["running"], 1)
    parts, x = [], 0.0
    for kind in ("done", "failed", "running", "waiting"):
        number: int = counts[kind]
        length = min(width * number / total, width - x)
        if length > 0:
            place = f'<rect x="{x:.1f}" width="{length:.1f}" height="{height}"'
            parts.append(f'{place} fill="{_COLOURS[kind]}"/>')
            if kind != "done":
                parts.append(f'{place} fill="url(#{kind})"/>')
            x += length
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}" preserveAspectRatio="none">'
        f"{_PATTERNS}"
        f'<rect width="{width}" height="{height}" fill="#8c959f" fill-opacity="0.35"/>'
        f"{''.join(parts)}</svg>"
    )
    words = html.escape(", ".join(text for _, text in count_words(counts)))
    data = base64.b64encode(svg.encode()).decode()
    return (
        f'<img alt="{words}" src="data:image/svg+xml;base64,{data}"'
        f' style="width:100%;height:{height}px">'
    )


def panel_html(view: View, log: LogSlice, rich: Iterable[RichOutput] = ()) -> str:
    """Return a panel as still HTML."""
    title = html.escape(view["title"])
    head = (
        f"<div>{_glyph(view['phase'])} <strong>{title}</strong>"
        f' <span style="{_DIM}">{html.escape(_place_and_state(view))}</span></div>'
    )
    parts = [head]
    if view["runs"]:
        parts.append(bar_picture(view["bar"]))
        parts.append(_numbers(view["bar"]))
    if len(view["runs"]) > 1:
        parts.append(_runs_table(view))
    parts += [_failures(view), _log(view, log), *(_rich(output) for output in rich)]
    return f'<div style="{_FRAME}">{"".join(parts)}</div>'


def board_html(views: Iterable[View]) -> str:
    """Return the board as a table."""
    rows = []
    for view in views:
        bar = bar_picture(view["bar"], width=160, height=6) if view["runs"] else ""
        words = " ".join(text for _, text in count_words(view["bar"]))
        now = html.escape(view["error"] or (words if view["runs"] else ""))
        rows.append(
            f"<tr><td>{_glyph(view['phase'])}</td>"
            f'<td style="{_CELL}">#{view["job_id"]}'
            f" {html.escape(view['title'])}</td>"
            f'<td style="{_CELL}">{state_words(view).partition(" ")[2]}'
            f" {clock(view['elapsed'])}</td>"
            f'<td style="width:160px">{bar}</td>'
            f'<td style="text-align:left;{_DIM}">{now}</td></tr>'
        )
    if not rows:
        return "<div>no jobs yet: start one with <code>%%arun</code></div>"
    head = "".join(
        f'<th style="text-align:left">{word}</th>'
        for word in ("", "job", "state", "progress", "now")
    )
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"


def _place_and_state(view: View) -> str:
    if view["phase"] in ENDED:
        return f"{place_words(view)} · {state_words(view).partition(' ')[2]}"
    # Nobody may have been there to replace this picture by the final one.
    return f"{place_words(view)} · was running when this picture was saved"


def _glyph(phase: Phase) -> str:
    return _coloured(GLYPHS[phase], phase)


def _coloured(glyph: str, kind: str) -> str:
    return f'<span style="color:{_COLOURS.get(kind, _GREY)}">{glyph}</span>'


def _numbers(counts: Counts) -> str:
    words = " &nbsp; ".join(
        f"{_coloured(text[0], kind)}{text[1:]}" if kind in _COLOURS else text
        for kind, text in count_words(counts)
    )
    return f'<div>{words} &nbsp; <span style="{_DIM}">{pace_words(counts)}</span></div>'


def _runs_table(view: View) -> str:
    rows = "".join(
        f'<tr><td style="text-align:left">{html.escape(run["desc"])}</td>'
        f'<td style="width:50%">{bar_picture(run, width=400, height=4)}</td>'
        f'<td style="text-align:left;{_DIM}">'
        f"{' '.join(text for _, text in count_words(run))}</td></tr>"
        for run in view["runs"]
    )
    return f'<table style="width:100%">{rows}</table>'


def _failures(view: View) -> str:
    if not view["failures"]:
        return ""
    lines = [
        f"✕ {failure['run']} item {failure['index']}  {failure['error']}"
        for failure in view["failures"]
    ]
    more = view["failures_total"] - len(lines)
    if more > 0:
        lines.insert(0, f"… {more:,} more")
    summary = "1 failed item" if view["failures_total"] == 1 else "failed items"
    return f"<details><summary>{summary}</summary>{_pre(lines)}</details>"


def _log(view: View, log: LogSlice) -> str:
    parts = []
    ordinary = _only(log, error=False)
    lines = final_lines(ordinary, most=_MOST)
    if len(lines) > _TAIL:
        earlier = lines[:-_TAIL]
        parts.append(
            f"<details><summary>{len(earlier):,} earlier lines</summary>"
            f"{_pre(earlier)}</details>"
        )
    if lines:
        parts.append(_pre(lines[-_TAIL:]))
    if view["error"]:
        summary = html.escape(view["error"])
        trace = final_lines(_only(log, error=True))
        line = f"{_glyph('failed')} {summary}"
        if trace:
            line = f"<details><summary>{line}</summary>{_pre(trace)}</details>"
        parts.append(f"<div>{line}</div>")
    return "".join(parts)


def _pre(lines: list[str]) -> str:
    return f'<pre style="{_PRE}">{html.escape(chr(10).join(lines))}</pre>'


def _only(log: LogSlice, *, error: bool) -> LogSlice:
    chunks = [
        (stream, text) for stream, text in log.chunks if (stream == "error") is error
    ]
    return type(log)(log.start, log.end, chunks, 0 if error else log.dropped)


def _rich(output: RichOutput) -> str:
    data = output.data
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            image = data[kind]
            if isinstance(image, bytes):
                image = base64.b64encode(image).decode()
            return f'<div><img src="data:{kind};base64,{image.strip()}"></div>'
    if "image/svg+xml" in data:
        svg = base64.b64encode(str(data["image/svg+xml"]).encode()).decode()
        return f'<div><img src="data:image/svg+xml;base64,{svg}"></div>'
    if "text/html" in data:
        return f"<div>{data['text/html']}</div>"
    text = widget_text(data) or str(data.get("text/plain", ""))
    return f'<pre style="{_PRE}">{html.escape(text)}</pre>'


_PATTERNS = (
    "<defs>"
    '<pattern id="failed" width="5" height="5" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><rect width="2" height="5" fill="#fff"'
    ' fill-opacity="0.5"/></pattern>'
    '<pattern id="running" width="10" height="10" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(-45)"><rect width="5" height="10" fill="#fff"'
    ' fill-opacity="0.35"/></pattern>'
    '<pattern id="waiting" width="6" height="8" patternUnits="userSpaceOnUse">'
    '<rect width="3" height="8" fill="#fff" fill-opacity="0.6"/></pattern>'
    "</defs>"
)
