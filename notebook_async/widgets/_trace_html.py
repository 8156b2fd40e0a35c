"""A trace as still HTML: a tree with a timeline beside it, and the totals by name."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from notebook_async.tracing import folded, seconds_text
from notebook_async.widgets._still_parts import DIM, framed, glyph
from notebook_async.widgets._still_strips import STRIP_WIDTH, strip_box, strip_picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notebook_async.core import BlockRecord, Phase
    from notebook_async.tracing import Node, Total, Trace

__all__ = ["trace_html"]

_MOST_ROWS = 150
_MOST_TOTALS = 15
_MOST_BLOCKS = 5
_DEEPEST = 24
_LONGEST = 300
_TABLE = "table-layout:fixed;width:100%;font-size:12px;margin-top:6px"
_CELL = (
    "white-space:nowrap;overflow:hidden;text-overflow:ellipsis;padding:1px 8px 1px 0"
)
_LEFT = f"text-align:left;{_CELL}"
_RIGHT = f"text-align:right;{_CELL}"
_NAME, _TIME = "46%", "10%"
_COLUMNS = ("", "count", "total", "own", "average", "longest")


def trace_html(traced: Trace) -> str:
    """Return the tree with its timeline, when the loop was held, and the totals."""
    totals = traced.totals()
    parts = [
        _head(traced, totals),
        _waterfall(traced),
        _totals(totals),
    ]
    return framed("".join(parts))


def _head(traced: Trace, totals: list[Total]) -> str:
    count = sum(total.count + total.running for total in totals)
    facts = [f"1 span in {seconds_text(traced.seconds)}"]
    if count != 1:
        facts[0] = f"{count:,} spans in {seconds_text(traced.seconds)}"
    for number, word in (
        (sum(total.failed for total in totals), "failed"),
        (sum(total.cancelled for total in totals), "cancelled"),
        (sum(total.running for total in totals), "running"),
    ):
        if number:
            facts.append(f"{number:,} {word}")
    held = sum(block.seconds for block in traced.blocks)
    if held:
        facts.append(f"the loop was held for {seconds_text(held)}")
    if traced.recording.dropped:
        facts.append(f"{traced.recording.dropped:,} older records dropped")
    if traced.recording.listens:
        facts.append("was going on when this picture was saved")
    return (
        f"<div>{glyph(_phase(traced))} <strong>{html.escape(traced.name)}</strong>"
        f' <span style="{DIM}">{html.escape(" · ".join(facts))}</span></div>'
    )


def _phase(traced: Trace) -> Phase:
    phases = {root.phase for root in traced.roots}
    order: tuple[Phase, ...] = ("running", "failed", "cancelled", "done")
    return next((phase for phase in order if phase in phases), "queued")


# -- the tree and its timeline


def _waterfall(traced: Trace) -> str:
    roots, now, began = traced.roots, traced.now, traced.began
    scale = STRIP_WIDTH / max(now - began, 1e-9)
    rows: list[str] = []
    more = 0
    for node, depth in _lines(roots):
        if len(rows) >= _MOST_ROWS:
            more += len(node) if isinstance(node, list) else 1
        elif isinstance(node, list):
            rows.append(_hidden_row(node, depth, now, began, scale))
        else:
            rows.append(_row(node, depth, now, began, scale))
    if more:
        rows.append(f'<tr><td style="{_LEFT};{DIM}">… {more:,} more</td></tr>')
    rows += _blocks(traced.blocks, began, scale)
    return f'<table style="{_TABLE}">{"".join(rows)}</table>' if rows else ""


def _lines(roots: list[Node]) -> Iterator[tuple[Node | list[Node], int]]:
    """Go through the tree from above; a list is what one row stands for."""
    left: list[tuple[Node | list[Node], int]]
    left = [(root, 0) for root in reversed(list(folded(roots)))]
    while left:
        node, depth = left.pop()
        yield node, depth
        if not isinstance(node, list):
            inside = [(child, depth + 1) for child in folded(node.children)]
            left += reversed(inside)


def _row(node: Node, depth: int, now: float, began: float, scale: float) -> str:
    seconds = node.seconds(now)
    start = (node.began - began) * scale
    path = strip_box(start, start + seconds * scale, node.phase)
    words = f"{node.name}, {node.phase}, {seconds_text(seconds)}"
    told = " ".join(f"{key}={value}" for key, value in node.attributes.items())
    if node.error is not None and node.cause:
        told = f"{node.error} {told}".strip()
    note = html.escape(told[:_LONGEST])
    name = (
        f"{glyph(node.phase)} {html.escape(node.name)}"
        f' <span style="{DIM};font-size:11px">{note}</span>'
    )
    title = html.escape(f"{node.name} {told}"[:_LONGEST].strip())
    return _cells(name, title, depth, seconds_text(seconds), {node.phase: path}, words)


def _hidden_row(
    nodes: list[Node], depth: int, now: float, began: float, scale: float
) -> str:
    boxes = "".join(
        strip_box(
            (node.began - began) * scale,
            (node.began - began + node.seconds(now)) * scale,
            "done",
        )
        for node in nodes[:: 1 + len(nodes) // STRIP_WIDTH]
    )
    words = f"{len(nodes):,} more {nodes[0].name}"
    name = f'<span style="{DIM}">… {html.escape(words)}</span>'
    seconds = seconds_text(sum(node.seconds(now) for node in nodes))
    return _cells(
        name, html.escape(words), depth, f"Σ {seconds}", {"done": boxes}, words
    )


def _cells(  # noqa: PLR0913, PLR0917 - the parts of a row
    name: str, title: str, depth: int, time: str, shapes: dict[str, str], words: str
) -> str:
    indent = 14 * min(depth, _DEEPEST)
    return (
        f'<tr><td title="{title}" style="{_LEFT};width:{_NAME}">'
        f'<span style="padding-left:{indent}px">{name}</span></td>'
        f'<td style="{_RIGHT};width:{_TIME}">{time}</td>'
        f'<td style="text-align:left;padding:1px 0">{strip_picture(shapes, words)}'
        "</td></tr>"
    )


# -- the loop, and the totals


def _blocks(blocks: list[BlockRecord], began: float, scale: float) -> list[str]:
    """Return rows of what held the loop, the longest first."""
    longest = sorted(blocks, key=lambda block: block.seconds, reverse=True)
    rows = []
    for block in longest[:_MOST_BLOCKS]:
        place = f"{block.file} line {block.line}"
        if block.cell is not None:
            place = f"cell [{block.cell}] line {block.line}"
        what = html.escape(f"the loop was held: {place} · {block.code.strip()}")
        start = (block.at - began) * scale
        path = strip_box(start, start + block.seconds * scale, "failed")
        seconds = seconds_text(block.seconds)
        name = f"{glyph('failed')} {what}"
        rows.append(_cells(name, what, 0, seconds, {"failed": path}, what))
    if len(blocks) > _MOST_BLOCKS:
        more = f"… {len(blocks) - _MOST_BLOCKS:,} more times"
        rows.append(f'<tr><td style="{_LEFT};{DIM}">{more}</td></tr>')
    return rows


def _totals(totals: list[Total]) -> str:
    if not totals:
        return ""
    own = max(sum(total.own_seconds for total in totals), 1e-9)
    head = "".join(
        f'<th style="{_RIGHT if name else _LEFT};font-weight:normal;{DIM}">{name}</th>'
        for name in _COLUMNS
    )
    rows = [_total_row(total, own) for total in totals[:_MOST_TOTALS]]
    if len(totals) > _MOST_TOTALS:
        more = f"… {len(totals) - _MOST_TOTALS:,} more names"
        rows.append(f'<tr><td style="{_LEFT};{DIM}">{more}</td></tr>')
    return (
        f'<table style="{_TABLE}"><tr>{head}<th style="width:22%"></th></tr>'
        f"{''.join(rows)}</table>"
    )


def _total_row(total: Total, own: float) -> str:
    notes = total.notes
    note = f' <span style="{DIM};font-size:11px">{notes}</span>' if notes else ""
    durations = (total.seconds, total.own_seconds, total.average, total.longest)
    numbers = [f"{total.count:,}", *map(seconds_text, durations)]
    cells = "".join(f'<td style="{_RIGHT}">{number}</td>' for number in numbers)
    share = total.own_seconds / own
    path = strip_box(0, STRIP_WIDTH * share, "done")
    picture = strip_picture({"done": path}, f"{share:.0%} of the time")
    return (
        f'<tr><td style="{_LEFT};width:28%">{html.escape(total.name)}{note}</td>{cells}'
        f'<td style="width:22%;padding:1px 0">{picture}</td></tr>'
    )
