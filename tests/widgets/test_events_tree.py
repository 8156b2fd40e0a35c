"""The tree of a recording: what is inside of what, folded and filtered."""

from __future__ import annotations

from notebook_async.core import JobRecord, WorkflowRecord
from notebook_async.core.recording import State
from notebook_async.widgets import _events_tree
from notebook_async.widgets._events_query import Query
from notebook_async.widgets._events_tree import COUNTS, Keys, tree_of, visible_nodes
from tests.widgets.recordings import FLOW, GRAPH, RUN, recorded, story


def lines(
    state: State, at: float | None = None, query: Query | None = None
) -> list[tuple[int, str, str, str]]:
    """Return level, kind, name and phase of each line."""
    roots = tree_of(state, at, query or Query())
    return [
        (line.level, line.node.kind, line.node.name, line.node.phase)
        for line in visible_nodes(roots, (), Keys())
    ]


def test_jobs_hold_runs_and_workflows_with_their_steps() -> None:
    """What runs inside a thing stands below it, in the order in which it began."""
    assert lines(recorded(story()).state) == [
        (1, "job", "index", "done"),
        (2, "run", "read", "done"),
        (2, "workflow", "Triage 1b4e16c8", "done"),
        (3, "step", "dispatch", "idle"),
        (3, "step", "classify", "failed"),
        (3, "step", "review", "idle"),
    ]


def test_a_moment_shows_what_was_then() -> None:
    """At an earlier moment later things are not there, and phases are those of then."""
    recording = recorded(story())
    assert lines(recording.state_at(102.5), 102.5) == [
        (1, "job", "index", "running"),
        (2, "run", "read", "running"),
    ]
    (job,) = tree_of(recording.state_at(102.5), 102.5, Query())
    [run] = job.children or []
    counts = dict(zip(COUNTS, run.counts, strict=True))
    assert (counts["done"], counts["running"], run.total) == (2, 2, 4)
    assert (job.seconds, run.seconds) == (2.5, 2.5)


def test_steps_tell_what_failed() -> None:
    """A step shows its counts and the line about its last failure."""
    (job,) = tree_of(recorded(story()).state, None, Query())
    flow = (job.children or [])[1]
    step = (flow.children or [])[1]
    counts = dict(zip(COUNTS, step.counts, strict=True))
    assert (counts["done"], counts["failed"], step.note) == (1, 1, "KeyError('x')")
    assert flow.counts == step.counts


def test_keys_stay_and_folds_close() -> None:
    """A node keeps its key; what somebody toggled is closed, or opened."""
    recording, keys = recorded(story()), Keys()
    first = {
        line.node.name: line.key
        for line in visible_nodes(tree_of(recording.state, None, Query()), (), keys)
    }
    toggled = {first["Triage 1b4e16c8"]}
    again = list(visible_nodes(tree_of(recording.state, None, Query()), toggled, keys))
    assert [line.node.name for line in again] == ["index", "read", "Triage 1b4e16c8"]
    assert [line.key for line in again] == [first[line.node.name] for line in again]
    assert [line.open for line in again] == [True, True, False]
    assert [(line.place, line.among) for line in again] == [(1, 1), (1, 2), (2, 2)]


def test_many_workflows_begin_folded() -> None:
    """The first three show their steps, those after them wait to be opened."""
    records = [
        WorkflowRecord(at=i, source=(f"w{i}",), phase="running", name="W", graph=GRAPH)
        for i in range(5)
    ]
    shown = lines(recorded(list(records)).state)
    assert [kind for _, kind, _, _ in shown] == ["workflow", *["step"] * 3] * 3 + [
        "workflow"
    ] * 2


def test_filters_keep_what_is_above() -> None:
    """A filter by source or by name keeps the branches that lead there."""
    state = recorded(story()).state
    names = [name for _, _, name, _ in lines(state, query=Query(source=RUN))]
    assert names == ["index", "read"]
    by_step = Query(names=frozenset({"classify"}))
    names = [name for _, _, name, _ in lines(state, query=by_step)]
    assert names == ["index", "Triage 1b4e16c8", "classify"]
    by_flow = Query(names=frozenset({"Triage"}), source=FLOW)
    assert len(lines(state, query=by_flow)) == 5
    assert lines(state, query=Query(names=frozenset({"nobody"}))) == []


def test_nothing_has_begun() -> None:
    """An empty recording has an empty tree."""
    assert lines(State()) == []


def test_a_job_that_waits_for_its_name() -> None:
    """Without a name a job shows its id, and without a parent a run stands alone."""
    record = JobRecord(at=1, source=("job-9",), phase="failed", name="", error="E")
    (job,) = tree_of(recorded([record]).state, None, Query())
    assert (job.name, job.note, job.seconds) == ("job-9", "E", 0)


def test_keys_are_bounded() -> None:
    """However many runs there were, the numbers given to nodes do not pile up."""
    keys = Keys()
    for i in range(_events_tree._MOST_KEYS + 100):
        assert keys[(f"run-{i}",), ""] <= _events_tree._MOST_KEYS + 1
    assert len(keys._keys) <= _events_tree._MOST_KEYS + 1
