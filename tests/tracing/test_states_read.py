# ruff: noqa: SIM117 - blocks within blocks are what it is about
"""Spans in the tree of the panel, and traces that were kept in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notebook_async import jobs, load_recording, record, run_jobs
from notebook_async.tracing import Trace, span, trace
from notebook_async.widgets._events_query import Query
from notebook_async.widgets._events_tree import Keys, tree_of, visible_nodes
from tests.tracing.panel_tree import Reader, lines, load
from tests.tracing.told import Boom, Clock

if TYPE_CHECKING:
    from pathlib import Path


async def outer_load() -> None:
    """Be a span around a run."""
    with span("outer"):
        await run_jobs(load, [1], desc="Load")


async def test_panel_tree_below_spans() -> None:
    """A span stands below the step, the run or the span that it is inside of."""
    with record() as recording:
        with span("outer"):
            await Reader().run(pages=[1, 2])
            await run_jobs(load, [1], desc="More")
            with span("last"):
                pass
    assert lines(recording.state) == [
        (1, "span", "outer", "done"),
        (2, "workflow", "Reader", "done"),
        (3, "step", "read", "done"),
        (4, "span", "parse", "done"),
        (5, "run", "Load", "done"),
        (6, "span", "load", "done"),
        (2, "run", "More", "done"),
        (3, "span", "load", "done"),
        (2, "span", "last", "done"),
    ]
    nodes = [
        line.node
        for line in visible_nodes(tree_of(recording.state, None, Query()), (), Keys())
    ]
    assert [node.counts[0] for node in nodes if node.name == "load"] == [2, 1]


async def test_panel_tree_of_steps() -> None:
    """A span stands below the step or the run that it is inside of."""
    with record() as recording:
        await Reader().run(pages=[1, 2])
        await run_jobs(load, [1], desc="More")
        with span("last"):
            pass
    assert lines(recording.state) == [
        (1, "workflow", "Reader", "done"),
        (2, "step", "read", "done"),
        (3, "span", "parse", "done"),
        (4, "run", "Load", "done"),
        (5, "span", "load", "done"),
        (1, "run", "More", "done"),
        (2, "span", "load", "done"),
        (1, "span", "last", "done"),
    ]
    nodes = [
        line.node
        for line in visible_nodes(tree_of(recording.state, None, Query()), (), Keys())
    ]
    assert [node.counts[0] for node in nodes if node.name == "load"] == [2, 1]


async def test_panel_tree_of_jobs() -> None:
    """Spans of a job stand below it, and runs inside of them below them."""
    with record() as recording:
        job = jobs.start(outer_load(), name="index")
        await job
    assert lines(recording.state) == [
        (1, "job", "index", "done"),
        (2, "span", "outer", "done"),
        (3, "run", "Load", "done"),
        (4, "span", "load", "done"),
    ]


def _fail(clock: Clock) -> None:
    with span("b", kind="llm"):
        clock.go_on(2)
        raise Boom


def test_trace_from_a_file(tmp_path: Path, clock: Clock) -> None:
    """A trace that was written to a file is the same tree in any other notebook."""
    with trace("t", page=1) as traced:
        with pytest.raises(Boom), span("a", many=[1, 2]):
            _fail(clock)
    path = traced.recording.export(tmp_path / "t.jsonl.gz")
    again = Trace(load_recording(path), name="t")
    assert again.tree() == traced.tree()
    assert again.tree().splitlines() == [
        "✓ t  2.00 s  page=1",
        "└─ ✗ a  2.00 s  many=[1, 2]",
        "   └─ ✗ b  2.00 s  Boom()",
    ]
    assert [node.kind for node in again] == ["span", "span", "llm"]
    assert again.recording.state == traced.recording.state
    assert again.to_chrome()["traceEvents"] == traced.to_chrome()["traceEvents"]
