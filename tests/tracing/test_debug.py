# ruff: noqa: PT012, SIM117 - blocks within blocks are what it is about
"""A debug handler: what it keeps of events, and how it counts their time."""

from __future__ import annotations

import asyncio

import pytest

from notebook_async.tracing import (
    CallbackManager,
    CBEventType,
    DebugHandler,
    EventStats,
    LlamaDebugHandler,
)
from tests.tracing.told import Boom, Clock


@pytest.fixture
def lines() -> list[str]:
    """Return what the handler has printed."""
    return []


@pytest.fixture
def debug(lines: list[str]) -> DebugHandler:
    """Give a handler that prints into a list."""
    return DebugHandler(print_function=lines.append)


@pytest.fixture
def manager(debug: DebugHandler) -> CallbackManager:
    """Give a manager that tells the handler."""
    return CallbackManager([debug])


def test_events_and_pairs(debug: DebugHandler, manager: CallbackManager) -> None:
    """Beginnings and ends are kept in order; a pair is both of one event."""
    with manager.as_trace("t"), manager.event("query", event_id="q"):
        with manager.event("llm", event_id="a"), manager.event("llm", event_id="b"):
            pass
        manager.on_event_start("llm", event_id="c")
        kept = [(one.id_, one.status) for one in debug.get_events()]
        pairs = debug.get_event_pairs(CBEventType.LLM)
        manager.on_event_end("llm", event_id="c")
    assert kept == [
        ("q", "running"),
        ("a", "running"),
        ("b", "running"),
        ("b", "done"),
        ("a", "done"),
        ("c", "running"),
    ]
    assert [(start.id_, end.id_) for start, end in pairs] == [("b", "b"), ("a", "a")]
    assert [one.id_ for one in debug.get_events("query")] == ["q", "q"]
    assert debug.get_events("tree") == []


def test_time_info(debug: DebugHandler, manager: CallbackManager, clock: Clock) -> None:
    """Total and average are those of what has ended; what runs is told apart."""
    with manager.as_trace("t"):
        for seconds in (1, 3):
            with manager.event("llm"):
                clock.go_on(seconds)
        with manager.event("embedding"):
            clock.go_on(10)
        manager.on_event_start("llm", event_id="open")
        clock.go_on(100)
        assert debug.get_event_time_info("llm") == EventStats(4.0, 2.0, 2, 1)
        assert debug.get_event_time_info() == EventStats(14.0, 14 / 3, 3, 1)
        assert [one.id_ for one in debug.get_running()] == ["open"]
        assert debug.get_running("embedding") == []
        manager.on_event_end("llm", event_id="open")
    assert debug.get_event_time_info("llm") == EventStats(104.0, 104 / 3, 3, 0)


def test_id_that_comes_again_is_running_again(
    debug: DebugHandler, manager: CallbackManager
) -> None:
    """What ended once and began again with the same id is running."""
    with manager.as_trace("t"):
        with manager.event("llm", event_id="same"):
            pass
        with manager.event("llm", event_id="same"):
            assert [one.id_ for one in debug.get_running()] == ["same"]
    assert debug.get_event_time_info("llm").total_count == 2


def test_event_that_was_cancelled_keeps_its_status(
    debug: DebugHandler, manager: CallbackManager
) -> None:
    """How an event ended can be read from the end of its pair."""
    with pytest.raises(asyncio.CancelledError), manager.event("llm"):
        raise asyncio.CancelledError
    with pytest.raises(Boom), manager.event("query"):
        raise Boom
    pairs = debug.get_event_pairs()
    assert [(start.event_type.value, end.status) for start, end in pairs] == [
        ("llm", "cancelled"),
        ("exception", "error"),
        ("query", "error"),
    ]


def test_inputs_and_outputs_of_models(
    debug: DebugHandler, manager: CallbackManager
) -> None:
    """What a model was asked and what it said stand in one pair, as short text."""
    with manager.as_trace("t"):
        with manager.event("llm", {"formatted_prompt": "Hello"}) as event:
            event.on_end({"completion": ["Hi"] * 3})
        with manager.event("embedding", {"chunks": ["a"]}):
            pass
    [(start, end)] = debug.get_llm_inputs_outputs()
    assert start.payload == {"formatted_prompt": "Hello"}
    assert end.payload == {"completion": "['Hi', 'Hi', 'Hi']"}


def test_payloads_are_limited(lines: list[str]) -> None:
    """A value takes no more characters than asked for, however large it is."""
    debug = DebugHandler(most=20, print_function=lines.append)
    manager = CallbackManager([debug])
    with manager.event("llm", {"a": "x" * 10_000, "b": list(range(10_000))}):
        pass
    start = debug.get_events()[0]
    assert start.payload == {"a": f"'{'x' * 18}…", "b": "[0, 1, 2, 3, 4, 5, …"}


def test_oldest_events_go_first(lines: list[str]) -> None:
    """With a capacity of four the last four are kept, and pairs are of these."""
    debug = DebugHandler(capacity=4, print_function=lines.append)
    manager = CallbackManager([debug])
    with manager.as_trace("t"), manager.event("query", event_id="q"):
        for n in range(10):
            with manager.event("llm", event_id=f"l{n}"):
                pass
    kept = [(one.id_, one.status) for one in debug.get_events()]
    assert kept == [("l8", "done"), ("l9", "running"), ("l9", "done"), ("q", "done")]
    assert [start.id_ for start, _ in debug.get_event_pairs()] == ["l9"]
    assert lines == ["Trace t:", "· q", *[f"  · l{n}" for n in range(9)], lines[-1]]


def test_tree_of_a_trace(
    lines: list[str], manager: CallbackManager, clock: Clock
) -> None:
    """At its end a trace is printed as a tree: how each event ended, and its time."""
    with pytest.raises(Boom), manager.as_trace("query"):
        with manager.event("query"):
            with manager.event("retrieve", {"name": "index"}):
                clock.go_on(0.25)
            manager.on_event_start("llm")
            with manager.event("synthesize"):
                clock.go_on(1)
                raise Boom
    assert lines == [
        "Trace query:",
        "✗ query  1.25 s",
        "  ✓ retrieve index  250 ms",
        "  ▸ llm  running",
        "  ✗ synthesize  1.00 s",
        "    ✗ exception  0 µs",
    ]


def test_last_tree_again(
    debug: DebugHandler, manager: CallbackManager, lines: list[str], clock: Clock
) -> None:
    """`print_trace_map` prints the last trace, until everything is forgotten."""
    debug.print_trace_on_end = False
    with manager.as_trace("t"), manager.event("llm"):
        clock.go_on(2)
    assert lines == []
    debug.print_trace_map()
    debug.flush_event_logs()
    debug.print_trace_map()
    assert lines == ["Trace:", "✓ llm  2.00 s", "Trace: nothing has happened"]
    assert debug.get_event_time_info() == EventStats(0.0, 0.0, 0, 0)


def test_trace_without_events(manager: CallbackManager, lines: list[str]) -> None:
    """A trace in which nothing has happened says so."""
    with manager.as_trace("t"):
        pass
    assert lines == ["Trace t: nothing has happened"]


def test_types_to_ignore(lines: list[str]) -> None:
    """What it is told to ignore is not kept, and stands in the tree by its id."""
    debug = DebugHandler(["llm"], ["llm"], print_function=lines.append)
    with CallbackManager([debug]).event("llm", event_id="l"):
        pass
    assert debug.get_events() == []
    assert lines == ["Trace trace:", "· l"]


def test_name_of_llama_index() -> None:
    """`LlamaDebugHandler` is the same class."""
    assert LlamaDebugHandler is DebugHandler
