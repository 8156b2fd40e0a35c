"""A job's panel as still HTML: what stays in the saved notebook, trusted or not."""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING

from notebook_async.widgets._live import as_it_is_now
from notebook_async.widgets._still_parts import (
    COLOURS,
    DIM,
    PRE,
    bar_picture,
    coloured,
    framed,
    glyph,
    pre,
)
from notebook_async.widgets._text import final_lines
from notebook_async.widgets._words import (
    ENDED,
    count_words,
    pace_words,
    place_words,
    run_words,
    state_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notebook_async.board import LogSlice, RichOutput
    from notebook_async.widgets._view import View

__all__ = ["panel_html"]

_TAIL = 12
_MOST = 500


def panel_html(view: View, log: LogSlice, rich: Iterable[RichOutput] = ()) -> str:
    """Return a panel as still HTML."""
    title = html.escape(view["title"])
    head = (
        f"<div>{glyph(view['phase'])} <strong>{title}</strong>"
        f' <span style="{DIM}">{html.escape(_place_and_state(view))}</span></div>'
    )
    parts = [head]
    if view["runs"]:
        parts.append(bar_picture(view["bar"]))
        parts.append(_numbers(view))
    if len(view["runs"]) > 1:
        parts.append(_runs_table(view))
    parts += [_failures(view), _log(view, log), *(_rich(output) for output in rich)]
    return framed("".join(parts))


def _place_and_state(view: View) -> str:
    if view["phase"] in ENDED:
        return f"{place_words(view)} · {state_words(view).partition(' ')[2]}"
    # Nobody may have been there to replace this picture by the final one.
    return f"{place_words(view)} · was running when this picture was saved"


def _numbers(view: View) -> str:
    counts = view["bar"]
    words = " &nbsp; ".join(
        f"{coloured(text[0], kind)}{text[1:]}" if kind in COLOURS else text
        for kind, text in count_words(counts)
    )
    name = html.escape(run_words(view))
    before = f'<span style="{DIM}">{name}</span> &nbsp; ' if name else ""
    after = f'<span style="{DIM}">{pace_words(counts)}</span>'
    return f"<div>{before}{words} &nbsp; {after}</div>"


def _runs_table(view: View) -> str:
    rows = "".join(
        f'<tr><td style="text-align:left">{html.escape(run["desc"])}</td>'
        f'<td style="width:50%">{bar_picture(run, width=400, height=4)}</td>'
        f'<td style="text-align:left;{DIM}">'
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
    return f"<details><summary>{summary}</summary>{pre(lines)}</details>"


def _log(view: View, log: LogSlice) -> str:
    parts = []
    ordinary = _only(log, error=False)
    lines = final_lines(ordinary, most=_MOST)
    if len(lines) > _TAIL:
        earlier = lines[:-_TAIL]
        parts.append(
            f"<details><summary>{len(earlier):,} earlier lines</summary>"
            f"{pre(earlier)}</details>"
        )
    if lines:
        parts.append(pre(lines[-_TAIL:]))
    if view["error"]:
        summary = html.escape(view["error"])
        trace = final_lines(_only(log, error=True))
        line = f"{glyph('failed')} {summary}"
        if trace:
            line = f"<details><summary>{line}</summary>{pre(trace)}</details>"
        parts.append(f"<div>{line}</div>")
    return "".join(parts)


def _only(log: LogSlice, *, error: bool) -> LogSlice:
    chunks = [
        (stream, text) for stream, text in log.chunks if (stream == "error") is error
    ]
    return type(log)(log.start, log.end, chunks, 0 if error else log.dropped)


def _rich(output: RichOutput) -> str:
    data = as_it_is_now(output.data)
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
    text = str(data.get("text/plain", ""))
    return f'<pre style="{PRE}">{html.escape(text)}</pre>'
