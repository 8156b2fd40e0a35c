"""What is wrong with a graph is said before the run, with how to mend it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from notebook_async.workflow._checks.validate import (
    find_start_event,
    find_stop_event,
    known_events,
    validate_graph,
)
from notebook_async.workflow.errors import (
    WorkflowConfigurationError,
    WorkflowValidationError,
)
from notebook_async.workflow.events import (
    Event,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StopEvent,
)
from tests.workflow.configs import (
    A,
    Answer,
    Ask,
    B,
    Begin,
    C,
    Finish,
    SubA,
    config,
    fan_out,
    gather,
    handler,
    join,
    steps,
)

if TYPE_CHECKING:
    from notebook_async.workflow._config import StepConfig, WorkflowGraphCheck


def problem(*graph: StepConfig, skip: tuple[WorkflowGraphCheck, ...] = ()) -> str:
    """Return what validation says of wrong steps."""
    with pytest.raises(WorkflowValidationError, match=r"^workflow 'W'") as caught:
        validate_graph(steps(*graph), "W", skip=skip)
    return str(caught.value)


ENDED = config("end", A, StopEvent)


# -- start and stop


@pytest.mark.parametrize("kind", [StartEvent, Begin])
def test_start_is_found(kind: type[StartEvent]) -> None:
    """The start is the base class or a class of one's own."""
    assert find_start_event(steps(config("a", kind, StopEvent)), "W") is kind


@pytest.mark.parametrize("kind", [StopEvent, Finish])
def test_stop_is_found(kind: type[StopEvent]) -> None:
    """The stop is the base class or a class of one's own."""
    assert find_stop_event(steps(config("a", StartEvent, kind)), "W") is kind


def test_no_steps() -> None:
    """A class without steps is told to get some."""
    expected = "workflow 'W' has no steps: write a method and put @step above it"
    with pytest.raises(WorkflowConfigurationError, match=f"^{expected}$"):
        validate_graph({}, "W")


def test_no_start() -> None:
    """A workflow that nothing can start says what to annotate."""
    expected = re.escape(
        "workflow 'W' has no start, as no step takes a StartEvent: annotate the event"
        " of its first step as `ev: StartEvent` (its steps are end)"
    )
    with pytest.raises(WorkflowConfigurationError, match=f"^{expected}$"):
        find_start_event(steps(ENDED), "W")


def test_two_starts() -> None:
    """Two different starts are named with the steps that take them."""
    graph = steps(config("a", StartEvent, A), config("b", Begin, A), ENDED)
    expected = re.escape(
        "workflow 'W' has 2 start events (StartEvent taken by step 'a'; Begin taken by"
        " step 'b'): use one of them in all steps"
    )
    with pytest.raises(WorkflowConfigurationError, match=f"^{expected}$"):
        find_start_event(graph, "W")


def test_no_stop() -> None:
    """A workflow that nothing ends says what to return."""
    expected = re.escape(
        "workflow 'W' has no end, as no step returns a StopEvent: add `-> StopEvent` to"
        " the return annotation of its last step (its steps are a)"
    )
    with pytest.raises(WorkflowConfigurationError, match=f"^{expected}$"):
        find_stop_event(steps(config("a", StartEvent, A)), "W")


def test_two_stops() -> None:
    """Two different stops are named with the steps that return them."""
    graph = steps(config("a", StartEvent, (StopEvent, A)), config("b", A, Finish))
    expected = re.escape(
        "workflow 'W' has 2 stop events (StopEvent returned by step 'a'; Finish"
        " returned by step 'b'): use one of them in all steps"
    )
    with pytest.raises(WorkflowConfigurationError, match=f"^{expected}$"):
        find_stop_event(graph, "W")


def test_known_events_are_in_the_order_written() -> None:
    """Every event that is named is known, once."""
    graph = steps(config("a", StartEvent, (A, B)), config("b", (A, B), StopEvent))
    assert known_events(graph) == [StartEvent, A, B, StopEvent]


# -- what is right


def test_chain_is_right() -> None:
    """A plain chain asks nobody."""
    assert validate_graph(steps(config("a", StartEvent, A), ENDED), "W") is False


def test_person_is_noticed() -> None:
    """A question needs no taker and an answer no maker."""
    graph = steps(config("ask", StartEvent, Ask), config("end", Answer, StopEvent))
    assert validate_graph(graph, "W") is True


def test_lists_joins_and_handlers_are_right() -> None:
    """A graph with a list, a join within it and handlers passes."""
    graph = steps(
        fan_out("split", StartEvent, A),
        config("left", A, B),
        config("right", A, C),
        join("pair", (B, C), SubA),
        gather("merge", SubA, StopEvent),
        handler("mend", SubA, steps=("left",)),
        handler("rest", StopEvent),
    )
    assert validate_graph(graph, "W") is False


def test_subclass_is_taken_where_a_step_takes_subclasses() -> None:
    """A base class that nobody returns is satisfied by its subclass."""
    graph = steps(
        config("a", StartEvent, SubA),
        config("end", A, StopEvent, accept_event_subclasses=True),
    )
    assert validate_graph(graph, "W") is False


# -- lists and joins


def test_list_without_maker() -> None:
    """A gathered event that is of no list says which annotation to change."""
    said = problem(config("make", StartEvent, A), gather("merge", A, StopEvent))
    assert said == (
        "workflow 'W': step 'merge' gathers 'evs': list[A], but no list of them is"
        " returned, nor do they come of one: add `-> list[A]` to the return annotation"
        " of step 'make', or of a step before; for events sent with ctx.send_event use"
        " ctx.collect_events"
    )


def test_every_list_without_maker_is_told() -> None:
    """Two wrong lists are told at once."""
    said = problem(
        config("make", StartEvent, StopEvent), gather("m", A), gather("n", (B, C))
    )
    assert said.splitlines()[0] == "workflow 'W' has lists that nobody returns:"
    assert re.findall(r"- step '\w' gathers 'evs': (\S+ ?\|? ?\w?\]?),", said) == [
        "list[A]",
        "list[B | C]",
    ]


def test_join_across_levels() -> None:
    """A join whose events come at different levels says where each comes."""
    said = problem(
        fan_out("split", StartEvent, A),
        config("other", StartEvent, B),
        join("pair", (A, B), StopEvent),
    )
    assert said == (
        "workflow 'W': step 'pair' waits for one of each, but they never come at the"
        " same level: 'a' (A) comes within the list of 'split'; 'b' (B) comes outside"
        " of all lists; gather the list first, in a step that takes `list[...]`, or"
        " wait with ctx.wait_for_event in the step that needs both"
    )


# -- connections


def test_stop_is_not_taken() -> None:
    """A step that takes the end of the run is told so."""
    said = problem(config("a", StartEvent, StopEvent), config("b", StopEvent))
    assert said == (
        "workflow 'W': step 'b' cannot accept StopEvent, which ends the run: let it"
        " take an event of its own, and return that where StopEvent is returned now"
    )


def test_event_is_never_produced() -> None:
    """An event that nobody returns says where to add it, and what counts."""
    said = problem(config("a", StartEvent, StopEvent), ENDED)
    assert said == (
        "workflow 'W': event 'A' is consumed but never produced: step 'end' takes it,"
        " no step returns it; add `-> A` to the return annotation of the step that"
        " makes it (events sent with ctx.send_event count when they stand in the return"
        " annotation)"
    )


def test_event_is_never_consumed() -> None:
    """An event that nobody takes says which step to write."""
    said = problem(config("a", StartEvent, (StopEvent, A)))
    assert said == (
        "workflow 'W': event 'A' is produced but never consumed: step 'a' returns it,"
        " no step takes it; write a step that takes it, as in `ev: A`, or take it out"
        " of the return annotation"
    )


def test_all_loose_events_are_told() -> None:
    """Several problems of one check are one message."""
    said = problem(
        config("a", StartEvent, (StopEvent, A)),
        config("b", B, StopEvent),
        config("c", (B, C), StopEvent),
    )
    assert said.startswith("workflow 'W' has events that lead nowhere:\n  - event 'B'")
    assert re.findall(r"- event '(\w)' is (\w+)", said) == [
        ("B", "consumed"),
        ("C", "consumed"),
        ("A", "produced"),
    ]
    assert "steps 'b' and 'c' take it" in said


class PageRead(Event):
    """An event."""


class PagesRead(Event):
    """An event with nearly the same name."""


def test_mistaken_name_is_guessed() -> None:
    """Of two loose events with like names, each is offered for the other."""
    said = problem(
        config("a", StartEvent, (StopEvent, PageRead)),
        config("b", PagesRead, StopEvent),
    )
    assert "did you mean 'PageRead', which step 'a' returns and no step takes?" in said
    assert "did you mean 'PagesRead', which step 'b' takes and no step returns?" in said


def test_subclass_is_offered() -> None:
    """Where only a subclass is returned, the switch for it is named."""
    said = problem(config("a", StartEvent, SubA), ENDED)
    assert said.count("@step(accept_event_subclasses=True)") == 2
    assert "step 'a' returns 'SubA', a subclass of it" in said
    assert "step 'end' takes its base 'A'" in said


def test_class_defined_again_is_noticed() -> None:
    """Two classes of one name, as a cell run twice makes them, are told apart."""
    again = type("A", (Event,), {"__module__": "cell", "__qualname__": "A"})
    said = problem(config("a", StartEvent, again), ENDED)
    assert "another class named 'A' (cell.A was defined again since)" in said
    assert "run the cells of all steps that name it once more" in said


# -- handlers


def test_handler_names_unknown_step() -> None:
    """An unknown step is answered with a close name."""
    said = problem(
        config("fetch", StartEvent, StopEvent),
        handler("h", StopEvent, steps=("fetsh",)),
    )
    assert said == (
        "workflow 'W': handler 'h' for_steps: there is no step 'fetsh'; did you mean"
        " 'fetch'?"
    )


def test_every_wrong_handler_is_told() -> None:
    """Two for all, two for one, one for a handler and a wrong number: all at once."""
    said = problem(
        config("a", StartEvent, StopEvent),
        handler("all", StopEvent),
        handler("every", StopEvent, recoveries=0),
        handler("one", StopEvent, steps=("a", "all")),
        handler("two", StopEvent, steps=("a",)),
    )
    assert said == (
        "workflow 'W' has wrong @catch_error handlers:\n"
        "  - handler 'every': max_recoveries must be an int >= 1, got 0\n"
        "  - steps 'all' and 'every' each catch the failures of all steps: give all but"
        " one of them `for_steps=[...]`\n"
        "  - step 'a' is covered by handlers 'one' and 'two': leave it in the for_steps"
        " of one\n"
        "  - handler 'one' cannot cover handler 'all': take it out of for_steps, as its"
        " own failure fails the run"
    )


# -- the graph

ISLAND = (
    config("a", StartEvent, StopEvent),
    config("b", A, B),
    config("c", B, (A, StopEvent)),
)


def test_unreachable_steps() -> None:
    """Steps that feed only each other are all named."""
    said = problem(*ISLAND)
    assert re.findall(r"- step '(\w)' is unreachable", said) == ["b", "c"]
    assert (
        "add `-> A | None` to the return annotation of a step that is reached" in said
    )


def test_dead_end() -> None:
    """Steps that lead round and round, and to no end, are all named."""
    said = problem(
        config("a", StartEvent, (StopEvent, A)), config("b", A, B), config("c", B, A)
    )
    assert re.findall(r"- step '(\w)' is a dead end: it returns (\w)", said) == [
        ("b", "B"),
        ("c", "A"),
    ]


def test_terminal_answer() -> None:
    """An answer that a step returns must be taken by a step."""
    said = problem(config("a", StartEvent, (StopEvent, HumanResponseEvent)))
    assert said == (
        "workflow 'W': event 'HumanResponseEvent' ends nowhere: step 'a' may return it"
        " and no step takes it, but only StopEvent and InputRequiredEvent may be last;"
        " write a step that takes it, as in `ev: HumanResponseEvent`, or return a"
        " StopEvent"
    )


def test_step_that_returns_nothing_is_no_dead_end() -> None:
    """A step that only looks, and returns None, need not lead on."""
    graph = steps(config("a", StartEvent, (StopEvent, A)), config("look", A))
    assert validate_graph(graph, "W") is False


def test_question_is_an_end() -> None:
    """A step that asks leads somewhere: to a person."""
    graph = steps(
        config("a", StartEvent, (StopEvent, A)), config("b", A, InputRequiredEvent)
    )
    assert validate_graph(graph, "W") is True


@pytest.mark.parametrize(
    ("check", "graph"),
    [
        ("reachability", ISLAND),
        ("dead_end", (config("a", StartEvent, (StopEvent, A)), config("b", A, A))),
        ("terminal_event", (config("a", StartEvent, (StopEvent, Answer)),)),
    ],
)
def test_check_is_skipped(
    check: WorkflowGraphCheck, graph: tuple[StepConfig, ...]
) -> None:
    """A check of the whole graph that is skipped finds nothing."""
    with pytest.raises(WorkflowValidationError, match=r"^workflow 'W'"):
        validate_graph(steps(*graph), "W")
    asks = check == "terminal_event"
    assert validate_graph(steps(*graph), "W", skip=[check]) is asks


def test_step_leaves_itself_out() -> None:
    """A step may be left out of a check; the others are not."""
    said = problem(
        ISLAND[0],
        config("b", A, B, skip_graph_checks=frozenset({"reachability"})),
        ISLAND[2],
    )
    assert re.findall(r"step '(\w)' is unreachable", said) == ["c"]
