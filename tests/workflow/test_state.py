"""The state of a run as a table of transitions: no loop, no task, no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from notebook_async.workflow import (
    Event,
    InputRequiredEvent,
    StartEvent,
    StepFailedEvent,
    StopEvent,
    UnhandledEvent,
    WorkflowFailedEvent,
    WorkflowIdleEvent,
    WorkflowRuntimeError,
)
from notebook_async.workflow._engine.definition import Definition
from notebook_async.workflow._engine.log import EventLog
from notebook_async.workflow._engine.state import RunState
from notebook_async.workflow.retry_policy import ConstantDelayRetryPolicy
from tests.workflow.configs import (
    A,
    Ask,
    B,
    C,
    config,
    fan_out,
    gather,
    handler,
    join,
    steps,
)

if TYPE_CHECKING:
    from notebook_async.workflow._config import StepConfig
    from notebook_async.workflow._engine.invocation import Invocation


def make(*configs: StepConfig, internal: bool = False) -> RunState:
    """Return the state of a run of these steps that has its start event."""
    log = EventLog()
    log.internal = internal
    state = RunState(Definition("Test", steps(*configs)), log, "run")
    state.deliver(StartEvent())
    return state


def ready(state: RunState) -> list[str]:
    """Return the names of the steps that may begin."""
    return [call.station.name for call in state.ready]


def queued(state: RunState) -> dict[str, int]:
    """Return how many calls are queued, by step."""
    return {
        name: len(station.queue)
        for name, station in state.stations.items()
        if station.queue
    }


def begin(state: RunState, now: float = 0.0) -> Invocation:
    """Let the next call begin."""
    call = state.ready.popleft()
    state.begin(call, now)
    return call


def finish(state: RunState, value: object = None) -> None:
    """Let the next call begin and return something."""
    state.finish(begin(state), value)


CHAIN = (config("one", StartEvent, A), config("two", A, StopEvent, num_workers=1))


def test_start_event_makes_a_call() -> None:
    """The start event makes the first step ready, and nothing else."""
    state = make(*CHAIN)
    assert (ready(state), queued(state), state.busy) == (["one"], {}, 1)


def test_chain_to_the_end() -> None:
    """What a step returns makes the next one ready; a `StopEvent` ends the run."""
    state = make(*CHAIN)
    finish(state, A())
    assert (ready(state), state.busy) == (["two"], 1)
    stop = StopEvent(result=1)
    finish(state, stop)
    assert state.outcome is not None
    assert (state.outcome.event, state.outcome.error) == (stop, None)
    assert (ready(state), state.busy) == ([], 0)


def test_calls_beyond_the_workers_are_queued() -> None:
    """A step with one worker has one call ready; the next comes when that is over."""
    state = make(*CHAIN)
    for _ in range(3):
        state.deliver(A())
    assert (ready(state), queued(state), state.busy) == (["one", "two"], {"two": 2}, 4)
    finish(state)
    finish(state)
    assert (ready(state), queued(state), state.busy) == (["two"], {"two": 1}, 2)


def test_free_workers_are_given_back() -> None:
    """When all calls are over all workers are free again."""
    state = make(config("one", StartEvent, StopEvent, num_workers=3))
    for _ in range(5):
        state.deliver(StartEvent())
    for _ in range(6):
        finish(state)
    station = state.stations["one"]
    assert (station.free, station.done, state.busy, ready(state)) == (3, 6, 0, [])


@pytest.mark.parametrize(
    ("kind", "takers"), [(A, ["two", "both"]), (B, ["both"]), (C, [])]
)
def test_events_go_to_all_who_take_them(kind: type[Event], takers: list[str]) -> None:
    """An event makes a call for each step that takes its class, in their order."""
    state = make(
        config("one", StartEvent, (A, B)),
        config("two", A, StopEvent),
        config("both", (A, B), StopEvent),
    )
    state.ready.clear()
    state.deliver(kind())
    assert ready(state) == takers


@pytest.mark.parametrize("internal", [False, True])
def test_untaken_event_is_told_to_those_who_ask(*, internal: bool) -> None:
    """An `UnhandledEvent` is made only while somebody reads the internals."""
    state = make(*CHAIN, internal=internal)
    state.log.events.clear()
    state.deliver(C())
    told = [event for event in state.log.events if isinstance(event, UnhandledEvent)]
    assert [event.event_type for event in told] == (["C"] if internal else [])


def test_quiet_is_told() -> None:
    """When the last call is over, readers of the internals are told."""
    state = make(*CHAIN, internal=True)
    finish(state)
    assert state.busy == 0
    assert isinstance(state.log.events[-1], WorkflowIdleEvent)


def test_nothing_is_taken_after_the_end() -> None:
    """An event that comes after the end makes no call."""
    state = make(*CHAIN)
    finish(state, StopEvent())
    state.deliver(A())
    state.deliver_to("two", A())
    assert (ready(state), queued(state), state.busy) == ([], {}, 0)


def test_second_end_changes_nothing() -> None:
    """The first end of a run counts."""
    state = make(*CHAIN)
    finish(state, StopEvent(result=1))
    state.fail(OSError("late"))
    assert state.outcome is not None
    assert state.outcome.event.result == 1
    assert state.outcome.error is None


# -- failures


def test_failure_ends_the_run() -> None:
    """Without a policy the first failure ends the run with the exception itself."""
    state = make(*CHAIN)
    error = OSError("no")
    assert state.fail_attempt(begin(state), error, 2.0, 0.0) is None
    assert state.outcome is not None
    assert state.outcome.error is error
    event: Any = state.outcome.event
    assert isinstance(event, WorkflowFailedEvent)
    assert (event.step_name, event.attempts, event.elapsed_seconds) == ("one", 1, 2.0)


def test_retry_frees_the_worker_and_queues_again() -> None:
    """A call that waits to be tried again holds no worker, and is still counted."""
    policy = ConstantDelayRetryPolicy(maximum_attempts=2, delay=3)
    state = make(
        config("one", StartEvent, StopEvent, retry_policy=policy, num_workers=1)
    )
    state.deliver(StartEvent(n=2))
    call = begin(state)
    assert state.fail_attempt(call, OSError(), 0.0, 0.0) == 3.0
    assert (ready(state), queued(state), state.busy) == (["one"], {}, 2)
    assert list(state.retrying) == [call]
    state.retry(call)
    assert (ready(state), queued(state), state.busy) == (["one"], {"one": 1}, 2)
    finish(state)
    again = begin(state, 3.0)
    assert again is call
    assert (again.attempts, again.began) == (1, 0.0)
    assert state.fail_attempt(again, OSError(), 3.0, 0.0) is None
    assert state.outcome is not None


def test_handler_is_called_when_retries_are_spent() -> None:
    """A failure with a handler makes a call of it, with a `StepFailedEvent`."""
    state = make(config("one", StartEvent, StopEvent), handler("mend", StopEvent))
    state.fail_attempt(begin(state), OSError("no"), 0.5, 0.0)
    assert (ready(state), state.busy, state.outcome) == (["mend"], 1, None)
    given = state.ready[0].given
    assert isinstance(given, StepFailedEvent)
    assert (given.step_name, given.attempts, given.elapsed_seconds) == ("one", 1, 0.5)


def test_budget_of_a_handler_is_spent_in_one_line() -> None:
    """A line of events that was mended once is not mended again."""
    state = make(
        config("one", StartEvent, A), config("two", A, StopEvent), handler("mend", A)
    )
    finish(state, A())
    state.fail_attempt(begin(state), OSError("first"), 0.0, 0.0)
    finish(state, A())
    assert (ready(state), state.outcome) == (["two"], None)
    error = OSError("second")
    state.fail_attempt(begin(state), error, 0.0, 0.0)
    assert state.outcome is not None
    assert state.outcome.error is error


@pytest.mark.parametrize("value", [3, "text", [], object()])
def test_return_that_is_no_event(value: object) -> None:
    """What is no event fails the run."""
    state = make(*CHAIN)
    finish(state, value)
    assert state.outcome is not None
    assert isinstance(state.outcome.error, WorkflowRuntimeError)


# -- sent to one step


def test_deliver_to_one_step() -> None:
    """An event that is sent to a step goes to no other."""
    state = make(
        config("one", StartEvent, A),
        config("two", A, StopEvent),
        config("three", A, StopEvent),
    )
    state.ready.clear()
    state.deliver_to("three", A())
    assert ready(state) == ["three"]


@pytest.mark.parametrize(
    ("step", "message"),
    [("nowhere", "does not exist"), ("one", "does not accept event of type")],
)
def test_target_is_checked(step: str, message: str) -> None:
    """A step must be there and take the event."""
    with pytest.raises(WorkflowRuntimeError, match=message):
        make(*CHAIN).check_target(step, A())


def test_cancelling_a_step_drops_what_has_not_begun() -> None:
    """`take_queued` drops what has not begun of a step, and gives workers back."""
    state = make(config("one", StartEvent, StopEvent, num_workers=2))
    for _ in range(4):
        state.deliver(StartEvent())
    begin(state)
    assert state.take_queued(state.stations["one"]) == 4
    assert (ready(state), queued(state), state.busy) == ([], {}, 1)
    assert state.stations["one"].free == 1


# -- lists and joins


def test_list_closes_when_its_work_is_done() -> None:
    """The step that gathers is called once the last call of the list is over."""
    state = make(
        fan_out("split", StartEvent, A),
        config("work", A, B),
        gather("merge", B, StopEvent),
    )
    finish(state, [A(), A()])
    finish(state, B(n=1))
    assert ready(state) == ["work"]
    finish(state, None)
    assert ready(state) == ["merge"]
    assert state.ready[0].given == [B(n=1)]


def test_empty_list_closes_at_once() -> None:
    """An empty list calls the step that gathers it with nothing."""
    state = make(fan_out("split", StartEvent, A), gather("merge", A, StopEvent))
    finish(state, [])
    assert ready(state) == ["merge"]
    assert state.ready[0].given == []


def test_join_waits_for_one_of_each() -> None:
    """A join is ready once each parameter has an event, and keeps the extras."""
    state = make(config("one", StartEvent, (A, B)), join("meet", (A, B), StopEvent))
    state.ready.clear()
    for event in (A(n=1), A(n=2)):
        state.deliver(event)
    assert ready(state) == []
    state.deliver(B(n=3))
    assert [call.given for call in state.ready] == [{"a": A(n=1), "b": B(n=3)}]
    state.deliver(B(n=4))
    assert [call.given for call in state.ready][1:] == [{"a": A(n=2), "b": B(n=4)}]


# -- questions


def test_returned_question_is_remembered() -> None:
    """A question that a step returns is shown, gets an id and is waited for."""
    state = make(config("one", StartEvent, Ask), config("two", A, StopEvent))
    question = Ask()
    finish(state, question)
    assert isinstance(question, InputRequiredEvent)
    assert state.log.events == [question]
    assert list(state.waits.questions) == [question.question_id]
    assert (state.waits.expecting, state.busy) == (True, 0)
