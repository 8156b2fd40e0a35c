# ruff: noqa: PT012, SIM117 - blocks within blocks are what it is about
"""Traces: the tree of all work, its totals and its text, however much there is."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

import pytest

from notebook_async import Recording, record, run_jobs
from notebook_async.core import BlockRecord, publish
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.tracing import Total, Trace, span, trace
from tests.tracing.told import Boom, Clock, outcomes, times, tree, wait


def spans(count: int, name: str = "load") -> None:
    """Open so many spans one after the other."""
    for number in range(count):
        with span(name, number=number):
            pass


def fail() -> bool:
    """Fail."""
    raise Boom


# -- what is in it


async def test_traces_at_once_never_mix() -> None:
    """A hundred traces at once have the spans of their own tasks, and no others."""

    async def query(n: int) -> Trace:
        with trace(f"t{n}") as traced:
            with span(f"a{n}"):
                await asyncio.gather(*(load(f"{n} {m}", m) for m in range(3)))
        return traced

    async def load(name: str, seconds: int) -> None:
        await asyncio.sleep(seconds)
        with span(name):
            await asyncio.sleep(1)

    found = await asyncio.gather(*map(query, range(100)))
    for n, traced in enumerate(found):
        inside = {f"{n} {m}": None for m in range(3)}
        assert tree(traced) == {f"t{n}": {f"a{n}": inside}}


def test_trace_within_a_trace() -> None:
    """The inner one has what is inside of it, the outer one all."""
    with trace("outer") as outer, span("a"):
        with trace("inner", page=1) as inner, span("b"):
            pass
        with span("c"):
            pass
    assert tree(inner) == {"inner": {"b": None}}
    assert tree(outer) == {"outer": {"a": {"inner": {"b": None}, "c": None}}}
    assert inner.roots[0].attributes == {"page": 1}


@pytest.mark.usefixtures("virtual")
async def test_trace_grows_while_it_runs() -> None:
    """What goes on is shown as running, with the time that it has taken so far."""
    with trace("t") as traced:
        task = asyncio.create_task(named("a", 3))
        await asyncio.sleep(1)
        assert times(traced) == [("t", 0, None), ("a", 0, None)]
        assert (traced.seconds, traced.find("a")[0].seconds(traced.now)) == (1, 1)
        await asyncio.sleep(1)
    assert traced.seconds == 2
    totals = {one.name: (one.running, one.count) for one in traced.totals()}
    assert totals == {"t": (0, 1), "a": (1, 0)}
    await task
    assert traced.tree() == "✓ t  2.00 s\n└─ ▸ a  2.00 s so far"
    assert repr(traced) == "<Trace of 2 spans, 2.00 s>"


async def named(name: str, seconds: float) -> None:
    """Be a span for so long."""
    with span(name):
        await asyncio.sleep(seconds)


def test_failed_trace_is_told_and_raises() -> None:
    """What a block raises goes on; the trace has failed, and is there."""
    with pytest.raises(Boom), trace("t") as traced:
        raise Boom
    assert outcomes(traced) == [("t", "failed", True)]
    assert not traced.recording.listens


async def test_cause_is_one_through_a_run() -> None:
    """What an item raises goes through its run, and is the fault of the item alone."""

    async def load(page: int) -> None:
        with span("load"):
            await asyncio.sleep(page)
            raise Boom(page)

    with trace("t") as traced:
        with pytest.raises(Boom), span("outer"), span("inner"):
            await run_jobs(load, [1], desc="Load")
    assert outcomes(traced) == [
        ("t", "done", False),
        ("outer", "failed", False),
        ("inner", "failed", False),
        ("Load", "failed", False),
        ("Load item", "failed", False),
        ("load", "failed", True),
    ]


def test_trace_of_a_recording() -> None:
    """Any recording can be looked at as a trace, and nothing else can."""
    with record() as recording:
        spans(2)
    assert [node.name for node in Trace(recording, name="mine")] == ["load", "load"]
    message = r"^a trace is made of a recording, got list$"
    with pytest.raises(ArgumentTypeError, match=message):
        Trace([])  # type: ignore[arg-type]


def test_trace_of_nothing() -> None:
    """An empty recording is an empty trace."""
    traced = Trace(Recording())
    assert (traced.roots, traced.seconds, traced.tree(), traced.totals()) == (
        [],
        0,
        "",
        [],
    )
    assert repr(traced) == "<Trace of 0 spans, 0 µs>"


def test_blocks_of_the_loop() -> None:
    """Times in which the loop was held are part of every trace, whoever held it."""
    block = BlockRecord(
        at=1.0,
        source=("job-9",),
        phase="done",
        seconds=0.5,
        job=None,
        step=None,
        file="/somewhere/cell.py",
        line=1,
        cell=None,
        code="time.sleep(1)",
        stack="",
    )
    with trace("t") as traced:
        publish(block)
    assert traced.blocks == [block]


# -- bounds


def test_ring_is_bounded() -> None:
    """Of more spans than it keeps the last stay, and the states stay right."""
    with trace("t", capacity=100) as traced:
        spans(1000)
    recording = traced.recording
    assert len(recording) <= 100
    assert recording.end == 2002
    (loads,) = (s for s in recording.state.spans.values() if s.name == "load")
    assert (loads.done, loads.running) == (1000, 0)
    assert recording.state.open_spans == {}
    numbers = [node.attributes.get("number") for node in traced.find("load")]
    assert numbers == list(range(1000 - len(numbers), 1000))


def test_parents_that_were_dropped() -> None:
    """What stood below a span that is not kept stands below what is kept of it."""
    with trace("t", capacity=20) as traced:
        with span("outer"):
            spans(100)
            assert {node.name for node in traced.roots} == {"load"}
    (root,) = (node for node in traced.roots if node.name == "t")
    outer = next(node for node in root.walk() if node.name == "outer")
    assert (root.phase, outer.phase) == ("done", "done")
    assert {node.name for node in outer.children} == {"load"}


def test_capacity_is_checked() -> None:
    """A trace keeps at least one record."""
    with pytest.raises(InvalidArgumentError, match=r"^capacity must be >= 1, got 0$"):
        with trace("t", capacity=0):
            pass


# -- totals


def test_totals(clock: Clock) -> None:
    """Work is summed up by name: all, its own, the longest, and how it ended."""
    with trace("t") as traced:
        for seconds in (1, 2):
            with span("load"):
                with span("parse"):
                    clock.go_on(seconds)
                clock.go_on(3)
        with pytest.raises(Boom), span("load"):
            clock.go_on(4)
            raise Boom
        with pytest.raises(KeyboardInterrupt), span("parse"):
            raise KeyboardInterrupt
    kind = "span"
    assert traced.totals() == [
        Total("load", kind, 3, 0, 1, 0, 13, 10, 5),
        Total("parse", kind, 3, 0, 0, 1, 3, 3, 2),
        Total("t", kind, 1, 0, 0, 0, 13, 0, 13),
    ]
    assert [total.average for total in traced.totals()] == [13 / 3, 1, 13]
    assert str(traced).split("\n\n")[1].splitlines() == [
        "name   count    total      own  average  longest",
        "load       3  13.00 s  10.00 s   4.33 s   5.00 s  1 failed",
        "parse      3   3.00 s   3.00 s   1.00 s   2.00 s  1 cancelled",
        "t          1  13.00 s     0 µs  13.00 s  13.00 s",
    ]


@pytest.mark.usefixtures("virtual")
async def test_own_time_of_work_at_once() -> None:
    """What ran at the same time inside counts once for what it was inside of."""
    with trace("t") as traced:
        await asyncio.sleep(1)
        async with asyncio.TaskGroup() as group:
            for seconds in (2, 3, 4):
                group.create_task(named("a", seconds))
    owns = {total.name: total.own_seconds for total in traced.totals()}
    assert owns == {"t": 1, "a": 9}


# -- text


def test_many_alike_are_one_line(clock: Clock) -> None:
    """Of more than eight in a row that are done the rest is one line."""
    with trace("t") as traced:
        for number in range(20):
            with span("load", n=number):
                clock.go_on(1)
        spans(9, "few")
    lines = traced.tree().splitlines()
    assert lines[1:10] == [
        *(f"├─ ✓ load  1.00 s  n={n}" for n in range(8)),
        "├─ … 12 more load  12.00 s in all",
    ]
    assert len(lines) == 19
    assert traced.tree(times=False).splitlines()[9] == "├─ … 12 more load"


def test_what_failed_is_always_shown() -> None:
    """Among many alike the one that failed has its own line."""
    with trace("t") as traced:
        for number in range(20):
            failing = pytest.raises(Boom) if number == 15 else nullcontext()
            with failing, span("load", n=number):
                assert number != 15 or fail()
    lines = traced.tree(times=False).splitlines()
    assert lines[9:] == ["├─ ✗ load  n=15  Boom()", "└─ … 11 more load"]


def test_long_lines_and_deep_trees_are_cut() -> None:
    """A line has at most 160 characters, and a tree at most 60 levels."""

    def down(n: int) -> None:
        with span("down", text="x" * 150, more="y\n" * 100, last="z" * 100):
            if n:
                down(n - 1)

    with trace("t") as traced:
        down(99)
    lines = traced.tree(times=False).splitlines()
    assert max(len(line.lstrip(" └─")) for line in lines) == 160
    assert lines[-1].strip() == f"└─ … {101 - (len(lines) - 1):,} deeper"
    assert len(lines) == 63


async def test_text_of_a_run() -> None:
    """Runs show their counts, items their index, and retries how many there were."""
    with trace("t") as traced:
        assert await run_jobs(wait, [1, 2], desc="Wait", workers=2) == [1, 2]
    assert traced.tree(times=False).splitlines() == [
        "✓ t",
        "└─ ✓ Wait  done=2 workers=2",
        "   ├─ ✓ Wait item  index=0 item=1",
        "   └─ ✓ Wait item  index=1 item=2",
    ]
