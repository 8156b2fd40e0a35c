"""What each record makes of a state, and that any moment is found again."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notebook_async.core import (
    EventRecord,
    FlowRecord,
    JobRecord,
    Phase,
    QuestionRecord,
    Record,
)
from notebook_async.core.recording import State
from notebook_async.core.recording._fold import fold, fold_to_ends
from tests.core.recorded import (
    FLOW,
    GRAPH,
    JOB,
    RUN,
    NewRecord,
    any_records,
    block,
    flow,
    folded,
    item,
    recorded,
    run,
    step,
)

COUNTS = ("queued", "running", "waiting", "retrying", "done", "failed", "cancelled")


def counts(*records: Record) -> dict[str, int]:
    """Return the counts of the step after these records, those that are not 0."""
    state = folded(records).workflows[FLOW].steps["read"]
    found = {name: getattr(state, name) for name in (*COUNTS, "retried")}
    return {name: number for name, number in found.items() if number}


# -- steps


@pytest.mark.parametrize(
    ("phases", "expected"),
    [
        (["running"], {"running": 1}),
        (["running", "done"], {"done": 1}),
        (["done"], {"done": 1}),
        (["failed"], {"failed": 1}),
        (["running", "waiting"], {"waiting": 1}),
        (["running", "waiting", "running"], {"running": 1}),
        (["running", "waiting", "running", "done"], {"done": 1}),
        (["running", "retrying"], {"retrying": 1, "retried": 1}),
        (["running", "retrying", "done"], {"retried": 1, "done": 1}),
        (["running", "retrying", "running"], {"retried": 1, "running": 1}),
        (["retrying", "retrying", "failed"], {"retried": 2, "failed": 1}),
        (["running", "cancelled"], {"cancelled": 1}),
        (["running", "waiting", "cancelled"], {"cancelled": 1}),
        (["running", "running"], {"running": 1}),
    ],
)
def test_step_counts(phases: list[Phase], expected: dict[str, int]) -> None:
    """A call is counted once, in the phase that it was told to be in last."""
    assert counts(*(step(at, phase) for at, phase in enumerate(phases))) == expected


def test_end_of_a_run_ends_its_calls() -> None:
    """Calls that a run has cancelled, of which nothing is told, are counted as such."""
    records = [step(1, "running", 1), step(1, "running", 2), step(2, "waiting", 2)]
    records += [step(2, "retrying", 3)]
    assert counts(*records, flow(3, "failed")) == {"cancelled": 3, "retried": 1}
    state = folded([*records, flow(3, "failed")]).workflows[FLOW]
    assert (state.calls, state.ended, state.steps["read"].lanes) == ({}, 3, [3, 2])


def test_step_keeps_its_last_values_errors_and_times() -> None:
    """Of a step the last calls with values, the last errors and the times stay."""
    records = [
        step(n + 2, "done", n, began=n, shown=(f"Page({n})", None)) for n in range(6)
    ]
    failed = [step(9, "retrying", 7, error="E1"), step(11, "failed", 7, error="E2")]
    quick = step(12, "done", 8)
    state = folded([*records, *failed, quick]).workflows[FLOW].steps["read"]
    assert state.recent == tuple(reversed(records[1:]))
    assert state.errors == (failed[1], failed[0])
    assert (state.last, state.seconds, state.longest) == (quick, 12, 2)


def test_open_call_keeps_its_record_and_lane() -> None:
    """Of a call under way one finds the record, since when, and its worker."""
    first, second = step(1, "running", 1), step(2, "running", 2)
    waits, again = step(3, "waiting", 1, began=1), step(5, "running", 1, began=1)
    calls = folded([first, second]).workflows[FLOW].calls
    assert calls == {1: (first, 1, 0), 2: (second, 2, 1)}
    calls = folded([first, second, waits]).workflows[FLOW].calls
    assert calls[1] == (waits, 3, -1)
    calls = folded([first, second, waits, step(4, "running", 3), again])
    assert calls.workflows[FLOW].calls[1] == (again, 5, 2)


def test_call_told_late_does_not_take_the_lane_of_one_told_before() -> None:
    """Two calls at the same time are in two lanes, whichever is told first."""
    records = [step(3, "done", 2, began=2), step(1, "running", 1)]
    state = folded(records).workflows[FLOW]
    assert (state.calls[1].lane, state.steps["read"].lanes) == (1, [3, inf])


# -- runs of workflows


def test_workflow_begins_and_ends() -> None:
    """A run of a workflow has a name, a graph, a beginning and an end."""
    state = State()
    fold(state, [flow(1, "running", graph=GRAPH)])
    begun = state.fork().workflows[FLOW]
    fold(state, [flow(5, "failed", error="ValueError()")])
    ended = state.workflows[FLOW]
    assert (begun.name, begun.graph, begun.began, begun.ended) == (
        "Reader",
        GRAPH,
        1,
        None,
    )
    assert (ended.phase, ended.began, ended.ended) == ("failed", 1, 5)
    assert (ended.error, ended.graph) == ("ValueError()", GRAPH)


def test_workflow_that_goes_on_has_not_ended() -> None:
    """A run that is taken up again after its end goes on with what it had."""
    records = [flow(1, "running"), step(2, "done"), flow(3, "cancelled")]
    state = folded([*records, flow(4, "running")]).workflows[FLOW]
    assert (state.phase, state.ended, state.began) == ("running", None, 1)
    assert state.steps["read"].done == 1


def test_flow_record_sets_totals() -> None:
    """What moved between the steps is told as totals, which replace what was known."""
    first = FlowRecord(
        at=1,
        source=FLOW,
        phase="running",
        queued=(("read", 3), ("write", 1)),
        edges=(("Page", "read", 4),),
        before=(("read", 9, 2, 1),),
    )
    second = FlowRecord(at=2, source=FLOW, phase="running", queued=(("read", 0),))
    state = folded([step(0, "done"), first, second]).workflows[FLOW]
    assert {name: one.queued for name, one in state.steps.items()} == {
        "read": 0,
        "write": 1,
    }
    assert state.edges == {("Page", "read"): 4}
    assert counts(step(0, "done"), first, second) == {
        "done": 9,
        "failed": 2,
        "retried": 1,
    }


def test_events_are_counted_by_class() -> None:
    """Events of the stream are counted, and the last one stays."""
    events = [
        EventRecord(at=n, source=FLOW, phase="done", name=name)
        for n, name in enumerate("ABA")
    ]
    state = folded(events).workflows[FLOW]
    assert (state.events, state.last_event) == ({"A": 2, "B": 1}, events[2])


# -- runs over items


def test_items_are_counted_between_the_records_of_their_run() -> None:
    """Records of items move the counters, and the next one of the run sets them."""
    records = [run(0, "running"), item(1, "running", 0), item(1, "running", 1)]
    state = folded(records).runs[RUN]
    assert (state.running, sorted(state.items)) == (2, [0, 1])
    records += [item(2, "done", 0), item(3, "failed", 1, error="E")]
    state = folded(records).runs[RUN]
    assert (state.running, state.done, state.failed) == (0, 1, 1)
    assert (state.items, state.failures) == ({}, (records[-1],))
    state = folded([*records, run(4, "running", done=7, retried=2)]).runs[RUN]
    assert (state.done, state.failed, state.retried) == (7, 0, 2)


def test_run_told_late_has_its_beginning() -> None:
    """A run of which one hears late says itself when it began."""
    state = folded([run(9, "running", began=2)]).runs[RUN]
    assert (state.began, state.ended) == (2, None)


def test_end_of_a_run_ends_its_items() -> None:
    """Items of a chunk that was given up are in flight no longer."""
    records = [run(0, "running"), item(1, "running"), run(2, "cancelled")]
    state = folded(records).runs[RUN]
    assert (state.items, state.lanes, state.ended) == ({}, [2], 2)


def test_last_failures_stay() -> None:
    """Of failed items the last twenty stay, the newest first."""
    failures = [item(n, "failed", n) for n in range(25)]
    assert folded(failures).runs[RUN].failures == tuple(reversed(failures[5:]))


# -- jobs, questions, blocks and the rest


def test_job() -> None:
    """A job has a name, a phase and its times."""
    records = [
        JobRecord(at=at, source=JOB, phase=phase, name="index", error=error)
        for at, phase, error in [(1, "running", None), (4, "failed", "E")]
    ]
    state = folded(records).jobs[JOB]
    assert (state.name, state.phase, state.began, state.ended, state.error) == (
        "index",
        "failed",
        1,
        4,
        "E",
    )


def question(at: float, phase: Phase, name: str) -> QuestionRecord:
    """Return the record of a question."""
    return QuestionRecord(at=at, source=FLOW, phase=phase, question=name, text="ok?")


def test_questions_are_open_until_answered() -> None:
    """Questions stand in the order asked, until answered or until their run ends."""
    asked = [question(1, "waiting", "a"), question(2, "waiting", "b")]
    assert list(folded(asked).questions.values()) == asked
    assert list(folded([*asked, question(3, "done", "a")]).questions) == ["b"]
    assert folded([*asked, flow(3, "cancelled")]).questions == {}


def test_blocks_add_up() -> None:
    """Times in which the loop was held are kept and added up, each once."""
    early = block(1, "running", 5.0)
    ended = block(1, "done", 6.0)
    other = block(9, "done", 0.5)
    assert folded([early]).blocked == 5.0
    state = folded([early, ended, other])
    assert (state.blocks, state.blocked) == ((ended, other), 6.5)
    assert len(folded([other] * 60).blocks) == 50


def test_unknown_records_are_counted() -> None:
    """A record of an unknown kind changes nothing but the count of its kind."""
    records = [NewRecord(at=3, source=(), phase="done", what=1), flow(4, "running")]
    state = folded(records)
    assert state.kinds == {"NewRecord": 1, "WorkflowRecord": 1}
    assert (state.count, state.at) == (2, 4)


@pytest.mark.parametrize(
    ("records", "phase"),
    [
        ([], "queued"),
        ([flow(1, "running")], "running"),
        ([flow(1, "running"), question(2, "waiting", "a")], "waiting"),
        ([flow(1, "done")], "done"),
        ([flow(1, "done"), run(2, "failed")], "failed"),
        ([flow(1, "cancelled"), run(2, "done")], "cancelled"),
        (
            [
                flow(1, "failed"),
                JobRecord(at=2, source=JOB, phase="done", name="index"),
            ],
            "done",
        ),
    ],
)
def test_phase_of_the_whole(records: list[Record], phase: Phase) -> None:
    """Waiting goes before running, and how the outermost ended tells the rest."""
    assert folded(records).phase == phase


def test_only_so_many_ended_runs_are_kept() -> None:
    """Of runs that have ended the first go, of those that go on none does."""
    going = [flow(0, "running", source=("flow", str(n))) for n in range(3)]
    ended = [flow(1, "done", source=("flow", str(n))) for n in range(3, 700)]
    kept = list(folded([*going, *ended]).workflows)
    assert len(kept) == 500
    assert kept[:4] == [*(one.source for one in going), ("flow", "203")]


# -- forks and moments


@settings(deadline=None)
@given(any_records, any_records)
def test_fork_goes_its_own_way(before: list[Record], after: list[Record]) -> None:
    """What happens to a state changes none of its forks, and the other way round."""
    state = folded(before)
    fork, second = state.fork(), state.fork()
    written = repr(fork)
    fold(state, after)
    assert repr(fork) == written
    fold(second, after)
    assert (repr(fork), second) == (written, state)


@settings(deadline=None)
@given(any_records, st.integers(1, 60))
def test_seek_is_to_fold_from_the_start(records: list[Record], capacity: int) -> None:
    """The state before any record that is kept is what all before it come to.

    Also where the beginning was dropped.
    """
    recording = recorded(records, capacity=capacity)
    assert recording.end == len(records)
    assert max(0, len(records) - capacity) <= recording.first
    for number in range(recording.first, recording.end + 1):
        assert recording.seek(number) == folded(records[:number])
    assert recording.seek(0) == folded(records[: recording.first])
    assert recording.seek(10**6) == recording.state == folded(records)


@settings(deadline=None)
@given(any_records, st.integers(1, 60), st.floats(-1, 101))
def test_state_at_a_time(records: list[Record], capacity: int, at: float) -> None:
    """The state at a time is the one before the first record that is later."""
    recording = recorded(records, capacity=capacity)
    kept = records[recording.first :]
    later = [number for number, one in enumerate(kept) if one.at > at]
    number = recording.first + (later[0] if later else len(kept))
    before = max((one.at for one in records[: recording.first]), default=-1)
    if before > at:
        number = recording.first
    assert recording.number_at(at) == number
    assert recording.state_at(at) == folded(records[:number])


@settings(deadline=None)
@given(any_records)
def test_ends_are_found_without_counting(records: list[Record]) -> None:
    """Looking for what has ended changes a state as folding does, but for the count."""
    state, other = folded(records), State()
    ends = fold_to_ends(other, records, 0)
    fold(other, [])
    other.kinds, other.count, other.at = state.kinds, state.count, state.at
    assert other == state
    assert all(0 <= number < len(records) and end[2] >= 0 for number, end in ends)


def test_states_share_what_has_not_changed() -> None:
    """A fork costs its dicts only: what nobody changes is the same object in both."""
    state = folded([flow(1, "running"), run(1, "running")])
    fork = state.fork()
    fold(state, [step(2, "done")])
    assert fork.runs[RUN] is state.runs[RUN]
    same: Any = fork.workflows[FLOW]
    assert same is not state.workflows[FLOW]
