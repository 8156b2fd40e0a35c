# ruff: noqa: SIM117 - blocks within blocks are what it is about
"""Spans in the states of a recording, in its lanes, and in the tree of the panel."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import jobs, record, run_jobs
from notebook_async.core import SpanRecord
from notebook_async.core.recording import Recording
from notebook_async.core.recording._fold_spans import _MOST_GROUPS
from notebook_async.tracing import span
from notebook_async.widgets._events_query import Query
from notebook_async.widgets._events_tree import Keys, tree_of, visible_nodes
from tests.tracing.panel_tree import Reader, lines, load
from tests.tracing.told import Boom

if TYPE_CHECKING:
    from notebook_async.core import Phase


def told(
    at: float,
    phase: Phase,
    name: str,
    number: int,
    **more: Any,  # noqa: ANN401 - any field
) -> SpanRecord:
    """Return the record of a span outside of everything."""
    source = (f"span-{number}",)
    return SpanRecord(at=at, source=source, phase=phase, name=name, **more)


def recorded(*records: SpanRecord) -> Recording:
    """Return a recording of these."""
    recording = Recording()
    for one in records:
        recording.add(one)
    return recording


# -- states


def test_spans_of_a_name_are_one_part() -> None:
    """Spans of one name in one place are summed up: how many, how long, what failed."""
    failed = told(9, "failed", "load", 3, began=8, error="Boom()")
    state = recorded(
        told(1, "running", "load", 1),
        told(2, "running", "load", 2),
        told(4, "done", "load", 1, began=1),
        told(5, "cancelled", "load", 2, began=2),
        failed,
        told(10, "running", "load", 4),
    ).state
    ((key, part),) = state.spans.items()
    assert key == ("~load",)
    assert (part.running, part.done, part.failed, part.cancelled) == (1, 1, 1, 1)
    assert (part.seconds, part.longest, part.began, part.at) == (7, 3, 1, 10)
    assert (part.errors, part.phase, part.ended) == ((failed,), "running", None)
    assert list(state.open_spans) == [("span-4",)]
    assert (state.phase, part.kind) == ("running", "span")


@pytest.mark.parametrize(
    ("phases", "expected"),
    [
        (["done"], "done"),
        (["done", "cancelled"], "cancelled"),
        (["done", "cancelled", "failed"], "failed"),
        (["failed", "running"], "running"),
    ],
)
def test_phase_of_several(phases: list[Phase], expected: str) -> None:
    """What goes on comes first, then what failed, then what was cancelled."""
    records = [told(n, phase, "a", n) for n, phase in enumerate(phases, 1)]
    (part,) = recorded(*records).state.spans.values()
    assert part.phase == expected
    assert part.ended == (None if expected == "running" else len(phases))


def test_places_are_apart() -> None:
    """Spans of one name in two places are two parts."""
    with record() as recording:
        with span("a"), span("load"):
            pass
        with span("b"), span("load"), span("load inner"):
            pass
        with span("load"):
            pass
    assert {key: part.done for key, part in recording.state.spans.items()} == {
        ("~a",): 1,
        ("~a", "~load"): 1,
        ("~b",): 1,
        ("~b", "~load"): 1,
        ("~b", "~load", "~load inner"): 1,
        ("~load",): 1,
    }


def test_recursion_is_one_part() -> None:
    """A function that calls itself is one part, and not one for each level."""

    @span
    def down(n: int) -> None:
        if n:
            down(n - 1)

    with record() as recording:
        down(99)
    assert {key: part.done for key, part in recording.state.spans.items()} == {
        ("~down",): 100
    }
    assert recording.state.open_spans == {}


def test_mutual_recursion_is_bounded() -> None:
    """Two functions that call each other have no more than so many parts."""

    def down(n: int) -> None:
        with span("even" if n % 2 else "odd"):
            if n:
                down(n - 1)

    with record() as recording:
        down(199)
    state = recording.state
    assert sum(part.done for part in state.spans.values()) == 200
    assert max(map(len, state.spans)) == 25


def test_moments_find_what_was_open() -> None:
    """At each moment the state is that of then, and the one of now stays."""
    recording = recorded(
        told(1, "running", "a", 1),
        told(2, "running", "b", 2, parent="span-1"),
        told(3, "done", "b", 2, parent="span-1", began=2),
        told(4, "done", "a", 1, began=1),
    )
    open_at = {
        at: sorted(
            one.record.name for one in recording.state_at(at).open_spans.values()
        )
        for at in (0.5, 1, 2, 3, 4)
    }
    assert open_at == {0.5: [], 1: ["a"], 2: ["a", "b"], 3: ["a"], 4: []}
    assert recording.state_at(2).spans["~a", "~b"].running == 1
    assert recording.state.spans["~a", "~b"].done == 1


def test_groups_are_bounded() -> None:
    """Of spans that have ended only the last are known by their ids."""
    with record() as recording:
        with span("outer"):
            for _ in range(_MOST_GROUPS + 100):
                with span("load"):
                    pass
            with span("last"):
                pass
    state = recording.state
    assert len(state.span_groups) == _MOST_GROUPS
    assert set(state.spans) == {("~outer",), ("~outer", "~load"), ("~outer", "~last")}


async def test_end_without_a_beginning() -> None:
    """A short span is told once, and counts as one that was told twice."""
    with record() as recording:
        with span("outer"):
            with span("short"):
                pass
            await asyncio.sleep(1)
    phases = [(one.name, one.phase) for one in recording if type(one) is SpanRecord]
    assert phases == [("outer", "running"), ("short", "done"), ("outer", "done")]
    counts = {
        key: (part.running, part.done) for key, part in recording.state.spans.items()
    }
    assert counts == {("~outer",): (0, 1), ("~outer", "~short"): (0, 1)}


# -- lanes


def test_lanes_of_spans() -> None:
    """What overlaps is in lanes of its own; what goes on lasts as long as is seen."""
    recording = recorded(
        told(1, "running", "load", 1),
        told(2, "running", "load", 2),
        told(3, "done", "load", 1, began=1),
        told(4, "failed", "load", 3, began=3.5),
        told(5, "running", "inner", 4, parent="span-2"),
        told(6, "cancelled", "load", 2, began=2),
    )
    lanes = {
        (lane.source, lane.name, lane.worker): [
            (one.start, one.end, one.phase) for one in lane.spans
        ]
        for lane in recording.lanes(pixels=10**9)
    }
    assert lanes == {
        ((), "load", 0): [(1, 3, "done"), (3.5, 4, "failed")],
        ((), "load", 1): [(2, 6, "cancelled")],
        (("~load",), "inner", 0): [(5, 6, "running")],
    }


# -- the panel's tree


async def test_panel_tree_of_steps_and_runs() -> None:
    """A span stands below the step or the run that it is inside of."""
    with record() as recording:
        await Reader().run(pages=[])
        await run_jobs(load, [1, 2], desc="More")
        with span("last"):
            pass
    found = [line for line in lines(recording.state) if line[2] != "Load"]
    assert found == [
        (1, "workflow", "Reader", "done"),
        (2, "step", "read", "done"),
        (3, "span", "parse", "done"),
        (1, "run", "More", "done"),
        (2, "span", "load", "done"),
        (1, "span", "last", "done"),
    ]
    nodes = [
        line.node
        for line in visible_nodes(tree_of(recording.state, None, Query()), (), Keys())
    ]
    assert [node.counts[0] for node in nodes if node.name == "load"] == [2]


def test_panel_tree_of_spans() -> None:
    """Spans stand below each other, those of a name in one place in one line."""
    with record() as recording, span("outer"):
        for _ in range(3):
            with span("a"), span("b"):
                pass
    assert lines(recording.state) == [
        (1, "span", "outer", "done"),
        (2, "span", "a", "done"),
        (3, "span", "b", "done"),
    ]


async def test_panel_tree_of_jobs() -> None:
    """Spans of a job stand below it."""
    with record() as recording:
        await jobs.start(load(1), name="index")
    assert lines(recording.state) == [
        (1, "job", "index", "done"),
        (2, "span", "load", "done"),
    ]


def test_panel_tells_what_failed() -> None:
    """The line of a span that failed says with what, and how long it took."""
    with record() as recording:
        with pytest.raises(Boom), span("load"):
            raise Boom("x")
    (node,) = tree_of(recording.state, None, Query())
    assert (node.name, node.phase, node.note) == ("load", "failed", "Boom('x')")
