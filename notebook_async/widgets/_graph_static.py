"""The graph of a run as still HTML and as text: what stays in the saved notebook."""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING

from notebook_async.widgets._still_parts import DIM, coloured, framed
from notebook_async.widgets._words import clock
from notebook_async.workflow._graph.counts import StepCounts
from notebook_async.workflow._graph.page import svg_width
from notebook_async.workflow._graph.run_svg import run_svg
from notebook_async.workflow._graph.words import GLYPHS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notebook_async.widgets._graph_source import (
        GraphSource,
        GraphState,
        RunPhase,
    )
    from notebook_async.workflow.representation import WorkflowGraph

__all__ = ["graph_html", "graph_text"]

_LEFT = "text-align:left"
_MOST_CALLS = 60
_SMALLEST = 0.6
_MINUTE = 60
_COLUMNS = (
    ("done", "done"),
    ("failed", "failed"),
    ("retries", "retried"),
    ("queued", "queued"),
    ("running", "running"),
    ("waiting", "waiting"),
    ("cancelled", "cancelled"),
)


def graph_html(source: GraphSource) -> str:
    """Return the picture of a run with a table of what its steps did."""
    state = source.state()
    graph = source.graph.with_counts(state.steps, state.edges)
    title = html.escape(graph.name)
    words = html.escape(" · ".join(_place(source, state)))
    head = (
        f"<div>{_glyph(state.phase)} <strong>{title}</strong>"
        f' <span style="{DIM}">{words}</span></div>'
    )
    parts = [
        head,
        _picture(graph, state),
        _error(state),
        _table(graph, source),
    ]
    return framed("".join(parts))


def graph_text(source: GraphSource) -> str:
    """Return the run in a line, and each step in one."""
    state = source.state()
    graph = source.graph.with_counts(state.steps, state.edges)
    glyph = GLYPHS[state.phase]
    lines = [f"{glyph} {graph.name}  {' · '.join(_place(source, state))}".rstrip()]
    if state.error:
        lines.append(f"  ✕ {state.error}")
    lines += [f"  ? {question.text}" for question in state.questions]
    for name, counts in _steps(graph):
        words = " · ".join(part for part in (counts.now, counts.past) if part)
        lines.append(f"  {GLYPHS[counts.phase]} {name}  {words or 'not reached'}")
    return "\n".join(lines)


def _place(source: GraphSource, state: GraphState) -> list[str]:
    words = [f"run {source.run}", clock(state.elapsed)] if source.run else []
    if state.waiting:
        several = f"{state.waiting:,} wait for you"
        words.append(several if state.waiting > 1 else "1 waits for you")
    if state.phase in {"done", "failed", "cancelled"}:
        words.append(state.phase)
    elif state.ticks:
        # Nobody may have been there to replace this picture by the final one.
        words.append("was running when this picture was saved")
    return words


def _glyph(phase: RunPhase) -> str:
    return coloured(GLYPHS[phase], phase)


def _error(state: GraphState) -> str:
    if not state.error:
        return ""
    return f"<div>{_glyph('failed')} {html.escape(state.error)}</div>"


def _picture(graph: WorkflowGraph, state: GraphState) -> str:
    svg = run_svg(graph, headed=False)
    data = base64.b64encode(svg.encode()).decode()
    words = html.escape(f"the graph of {graph.name}, {state.phase}")
    # In a narrow notebook a wide picture is scrolled before it gets too small to read.
    least = round(svg_width(svg) * _SMALLEST)
    return (
        f'<div style="overflow-x:auto"><img alt="{words}"'
        f' style="max-width:100%;min-width:{least}px;height:auto;margin:6px 0"'
        f' src="data:image/svg+xml;base64,{data}"></div>'
    )


def _steps(graph: WorkflowGraph) -> Iterator[tuple[str, StepCounts]]:
    counts = graph.counts or {}
    for node in graph.nodes:
        if node.node_type == "step":
            yield node.label, counts.get(node.id, StepCounts())


def _table(graph: WorkflowGraph, source: GraphSource) -> str:
    """Return the counts as a table, folded: the picture has them, but as a picture."""
    steps = list(_steps(graph))
    shown = [
        (field, word)
        for field, word in _COLUMNS
        if field == "done" or any(getattr(counts, field) for _, counts in steps)
    ]
    words = [*(word for _, word in shown), "each took", "last call"]
    head = "".join(f"<th>{word}</th>" for word in words)
    rows = []
    for number, (name, counts) in enumerate(steps):
        cells = "".join(f"<td>{getattr(counts, field):,}</td>" for field, _ in shown)
        last = _last_call(source, name) if number < _MOST_CALLS else ("", "")
        rows.append(
            f'<tr><td style="{_LEFT}">{GLYPHS[counts.phase]} {html.escape(name)}</td>'
            f'{cells}<td>{last[0]}</td><td style="{_LEFT}">{last[1]}</td></tr>'
        )
    number_of_steps = "1 step" if len(steps) == 1 else f"{len(steps):,} steps"
    return (
        f"<details><summary>{number_of_steps} as a table</summary>"
        f'<table><tr><th style="{_LEFT}">step</th>{head}</tr>{"".join(rows)}</table>'
        "</details>"
    )


def _last_call(source: GraphSource, step: str) -> tuple[str, str]:
    """Return how long calls took, and what the last one was given and came to."""
    try:
        details = source.details(step)
    except Exception:  # noqa: BLE001 - a user's `repr` may do anything
        return "", ""
    timing = details.timing
    took = "" if timing is None else _duration(timing.mean)
    # What has failed matters more than what came after it.
    failed = [call for call in details.calls if call.error]
    call = next(iter([*failed, *details.calls]), None)
    if call is None:
        return took, ""
    came_to = (call.error or call.returned or "").strip().splitlines()[-1:]
    words = [f"{GLYPHS[call.phase]} {call.given or ''}", *came_to]
    return took, html.escape(" → ".join(words))


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    return f"{seconds:.1f} s" if seconds < _MINUTE else clock(seconds)
