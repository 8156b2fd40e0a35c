"""Which steps gather what came of which list."""

from __future__ import annotations

from notebook_async.workflow._checks.levels import (
    collectors_of,
    handlers_of,
    levels_of,
    list_events,
    top_level,
)
from notebook_async.workflow.events import Event, StartEvent, StopEvent
from tests.workflow.configs import (
    A,
    B,
    C,
    D,
    SubA,
    config,
    fan_out,
    gather,
    handler,
    steps,
)


def test_list_is_gathered_directly() -> None:
    """A step that takes the list of another gathers it."""
    graph = steps(fan_out("split", StartEvent, A), gather("merge", A, StopEvent))
    assert collectors_of(graph) == {"split": ("merge",)}


def test_list_is_gathered_after_steps_between() -> None:
    """What steps make of the events of a list, one by one, is still of the list."""
    graph = steps(
        fan_out("split", StartEvent, A),
        config("work", A, B),
        config("more", B, (C, B)),
        gather("merge", C, StopEvent),
    )
    assert levels_of(graph) == {"split": {A, B, C}}
    assert collectors_of(graph) == {"split": ("merge",)}


def test_several_gather_one_list_in_the_order_written() -> None:
    """A list may be gathered by several steps, each taking its part."""
    graph = steps(
        gather("second", B, StopEvent),
        fan_out("split", StartEvent, (A, B)),
        gather("first", A, C),
        config("end", C, StopEvent),
    )
    assert collectors_of(graph) == {"split": ("second", "first")}


def test_list_that_nobody_gathers_has_no_collectors() -> None:
    """A list may just be worked off."""
    graph = steps(fan_out("split", StartEvent, A), config("work", A, StopEvent))
    assert collectors_of(graph) == {"split": ()}


def test_steps_without_lists_open_no_level() -> None:
    """Only steps that return lists are in the answer."""
    assert collectors_of(steps(config("only", StartEvent, StopEvent))) == {}


def test_nested_list_comes_back_to_the_outer_level() -> None:
    """What is gathered from an inner list is of the outer one, its events are not."""
    graph = steps(
        fan_out("outer", StartEvent, A),
        fan_out("inner", A, B),
        gather("merge_inner", B, C),
        gather("merge_outer", C, StopEvent),
    )
    assert levels_of(graph) == {"outer": {A, C}, "inner": {B}}
    assert collectors_of(graph) == {
        "outer": ("merge_outer",),
        "inner": ("merge_inner",),
    }


def test_gathering_step_may_return_a_list_again() -> None:
    """A step that gathers and returns a list brings back what is gathered from that."""
    graph = steps(
        fan_out("outer", StartEvent, A),
        fan_out("inner", A, B),
        gather("again", B, C, is_fan_out=True),
        gather("merge", C, D),
        gather("end", D, StopEvent),
    )
    assert collectors_of(graph) == {
        "outer": ("end",),
        "inner": ("again",),
        "again": ("merge",),
    }


def test_bare_event_belongs_to_the_level_around() -> None:
    """What a step may return instead of its list is no event of the list."""
    split = fan_out("split", StartEvent, A, bare=B)
    graph = steps(split, gather("merge", A, C), config("end", (B, C), StopEvent))
    assert list_events(split) == (A,)
    assert levels_of(graph) == {"split": {A}}
    assert top_level(graph, [StartEvent]) == {StartEvent, B, C, StopEvent}


def test_list_is_meant_where_the_same_event_may_be_bare() -> None:
    """In `list[A] | A` the list is what counts."""
    split = config("split", StartEvent, A, is_fan_out=True, bare_return_types=(A,))
    assert list_events(split) == (A,)


def test_loop_through_a_list_ends() -> None:
    """A list whose events lead to the same step again is analysed in finite time."""
    graph = steps(
        fan_out("split", (StartEvent, A), B),
        config("work", B, (A, C)),
        gather("merge", C, D),
        gather("end", D, StopEvent),
    )
    assert levels_of(graph) == {"split": {A, B, C, D, StopEvent}}
    assert collectors_of(graph) == {"split": ("merge", "end")}


def test_subclasses_are_gathered_where_a_step_takes_them() -> None:
    """`accept_event_subclasses` counts for lists too."""
    split = fan_out("split", StartEvent, SubA)
    exact = gather("exact", A, StopEvent)
    broad = gather("broad", A, StopEvent, accept_event_subclasses=True)
    assert collectors_of(steps(split, exact, broad)) == {"split": ("broad",)}


def test_end_of_a_run_goes_to_no_step() -> None:
    """A StopEvent is not taken even by a step that takes every event."""
    graph = steps(
        fan_out("split", StartEvent, (A, StopEvent)),
        config("all", Event, B, accept_event_subclasses=True),
    )
    assert levels_of(graph) == {"split": {A, B, StopEvent}}
    assert top_level(graph, [StopEvent]) == {StopEvent}


def test_what_a_handler_returns_is_of_the_level_of_the_failure() -> None:
    """A failure mended within a list is gathered with it."""
    graph = steps(
        fan_out("split", StartEvent, A),
        config("work", A, B),
        gather("merge", (B, C), StopEvent),
        handler("mend", C, steps=("work",)),
    )
    assert levels_of(graph) == {"split": {A, B, C}}
    assert collectors_of(graph) == {"split": ("merge",)}


def test_named_handler_goes_before_the_one_for_all() -> None:
    """A handler for all steps takes those that no other names; handlers have none."""
    graph = steps(
        config("a", StartEvent, A),
        config("b", A, StopEvent),
        handler("rest", StopEvent),
        handler("mine", StopEvent, steps=("b", "no_such_step")),
    )
    assert handlers_of(graph) == {"a": "rest", "b": "mine"}
