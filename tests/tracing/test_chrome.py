# ruff: noqa: PT012 - a block that fails takes its time first
"""Traces in Chrome's format: valid JSON, whose pieces nest on every track."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notebook_async import Recording, run_jobs
from notebook_async.core import BlockRecord, SpanRecord
from notebook_async.core.records import Anchor
from notebook_async.tracing import Trace, span, trace
from tests.tracing.told import Boom, Clock, wait

if TYPE_CHECKING:
    from pathlib import Path


def pieces(traced: Trace) -> list[tuple[int, str, float, float]]:
    """Return track, name, beginning and duration of all pieces, in microseconds."""
    return [
        (one["tid"], one["name"], one["ts"], one["dur"])
        for one in traced.to_chrome()["traceEvents"]
        if one["ph"] == "X"
    ]


def prove_nesting(traced: Trace) -> None:
    """Prove that of two pieces on one track one holds the other, or they are apart."""
    # In whole nanoseconds, for a sum of fractions is not exact.
    tracks: dict[int, list[tuple[int, int]]] = {}
    for track, _, start, duration in pieces(traced):
        begin, end = round(1000 * start), round(1000 * start) + round(1000 * duration)
        assert end >= begin
        tracks.setdefault(track, []).append((begin, end))
    for times in tracks.values():
        open_until: list[int] = []
        for begin, end in sorted(times, key=lambda one: (one[0], -one[1])):
            while open_until and open_until[-1] <= begin:
                open_until.pop()
            assert not open_until or end <= open_until[-1]
            open_until.append(end)


def test_pieces_in_microseconds(clock: Clock) -> None:
    """Each piece of work is a complete event with its sort and what is known of it."""
    clock.now = 100
    with trace("t") as traced:
        clock.go_on(0.5)
        with pytest.raises(Boom), span("load", kind="llm", page=3):
            clock.go_on(0.25)
            raise Boom
    traced.recording.anchor = Anchor(wall=1000, perf=0)
    data = traced.to_chrome()
    assert data == {
        "traceEvents": [
            {
                "ph": "M",
                "name": "process_name",
                "pid": 1,
                "tid": 0,
                "args": {"name": "t"},
            },
            {
                "ph": "M",
                "name": "thread_name",
                "pid": 1,
                "tid": 0,
                "args": {"name": "event loop held"},
            },
            {
                "ph": "X",
                "name": "t",
                "cat": "span",
                "pid": 1,
                "tid": 1,
                "ts": 0,
                "dur": 750_000,
                "args": {},
            },
            {
                "ph": "X",
                "name": "load",
                "cat": "llm",
                "pid": 1,
                "tid": 1,
                "ts": 500_000,
                "dur": 250_000,
                "args": {"page": 3, "error": "Boom()", "phase": "failed"},
            },
            {
                "ph": "M",
                "name": "thread_name",
                "pid": 1,
                "tid": 1,
                "args": {"name": "work 1"},
            },
        ],
        "displayTimeUnit": "ms",
        "otherData": {"began": 1100},
    }


def test_file_is_json(tmp_path: Path) -> None:
    """What is written is what is returned, also where JSON has no word for a number."""
    with trace("t") as traced, span("Ünïcode", x=float("nan"), y=float("inf"), z=1e300):
        pass
    path = tmp_path / "t.json"
    data = traced.to_chrome(path)
    assert json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail) == (
        data
    )
    assert data["traceEvents"][3]["args"] == {"x": "nan", "y": "inf", "z": 1e300}


@pytest.mark.usefixtures("virtual")
async def test_work_at_once_has_tracks_of_its_own() -> None:
    """What overlaps is on different tracks, and a track is used again once it is free.

    What is inside follows what it is inside of.
    """

    async def load(seconds: float) -> None:
        with span(f"load {seconds:g}"):
            await asyncio.sleep(seconds)

    with trace("t") as traced:
        await run_jobs(load, [3, 1, 1], workers=2, desc="Load")
    million = 1_000_000
    assert pieces(traced) == [
        (1, "t", 0, 3 * million),
        (1, "Load", 0, 3 * million),
        (1, "Load item", 0, 3 * million),
        (2, "Load item", 0, million),
        (1, "load 3", 0, 3 * million),
        (2, "load 1", 0, million),
        (2, "Load item", million, million),
        (2, "load 1", million, million),
    ]
    prove_nesting(traced)


@pytest.mark.usefixtures("virtual")
async def test_work_that_outlives_what_it_is_inside_of() -> None:
    """A task that goes on after its span has a track of its own; what runs says so."""
    with trace("t") as traced:
        with span("a"):
            task = asyncio.create_task(named())
            await asyncio.sleep(1)
        await asyncio.sleep(1)
    events = {one["name"]: one for one in traced.to_chrome()["traceEvents"]}
    assert (events["a"]["tid"], events["late"]["tid"]) == (1, 2)
    assert (events["late"]["dur"], events["late"]["args"]) == (
        2_000_000,
        {"phase": "running"},
    )
    await task


async def named() -> None:
    """Be a span for a long time."""
    with span("late"):
        await wait(9)


def test_child_of_an_earlier_clock() -> None:
    """What seems to begin before what it is inside of has a track of its own."""
    traced = Trace(recorded([(1.0, 3.0, None), (0.5, 2.0, 0), (1.5, 2.0, 1)]))
    assert {name: track for track, name, *_ in pieces(traced)} == {
        "0": 2,
        "1": 1,
        "2": 1,
    }
    prove_nesting(traced)


def test_loop_that_was_held() -> None:
    """Times in which the loop was held are on a track of their own."""
    recording = recorded([(0.0, 2.0, None)])
    where: dict[str, Any] = {"job": None, "step": None, "cell": 7, "stack": ""}
    recording.add(
        BlockRecord(
            at=0.5,
            source=(),
            phase="done",
            seconds=1.0,
            file="/cell.py",
            line=12,
            code=" json.loads(text) ",
            **where,
        )
    )
    last = Trace(recording).to_chrome()["traceEvents"][-1]
    assert (last["tid"], last["name"], last["ts"], last["dur"]) == (
        0,
        "held: json.loads(text)",
        500_000,
        1_000_000,
    )
    assert last["args"] == {"file": "/cell.py", "line": 12}


def test_trace_of_nothing() -> None:
    """An empty trace is valid, and has no piece."""
    data = Trace(Recording()).to_chrome()
    assert [one["ph"] for one in data["traceEvents"]] == ["M", "M"]


# -- whatever the tree

_seconds = st.floats(0, 10, allow_nan=False)
_spans = st.lists(st.tuples(_seconds, _seconds, st.integers(0, 100)), max_size=25)


def recorded(spans: list[tuple[float, float, int | None]]) -> Recording:
    """Return a recording of spans: beginning, end, and the number of the parent."""
    recording = Recording()
    records = []
    for number, (began, end, parent) in enumerate(spans):
        around = None if parent is None else f"span-{parent}"
        record = SpanRecord(
            at=end,
            source=(f"span-{number}",),
            phase="done",
            name=str(number),
            parent=around,
            began=began,
        )
        records.append(record)
    for record in sorted(records, key=lambda one: one.at):
        recording.add(record)
    return recording


@settings(deadline=None)
@given(_spans, st.booleans())
def test_pieces_always_nest(
    found: list[tuple[float, float, int]],
    inside: bool,  # noqa: FBT001 - by Hypothesis
) -> None:
    """Whatever ran at once, and whatever outlived what, no two pieces half overlap."""
    spans: list[tuple[float, float, int | None]] = []
    for number, (began, seconds, around) in enumerate(found):
        parent = around % number if number else None
        start, end = began, began + seconds
        if inside and parent is not None:
            first, last, _ = spans[parent]
            start = first + (last - first) * began / 10
            end = start + (last - start) * seconds / 10
        spans.append((start, end, parent))
    traced = Trace(recorded(spans))
    prove_nesting(traced)
    assert len(pieces(traced)) == len(spans)
