"""How each record changes a state: plain transitions, without a clock or a loop.

Records of a kind that is not known here are counted, and change nothing else. Those of
other rooms are known by the name of their class, for this room imports none of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from notebook_async.core.recording._state import (
    JobState,
    OpenCall,
    OpenItem,
    RunState,
    State,
    StepState,
    WorkflowState,
    owned,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notebook_async.core.recording._state import Source
    from notebook_async.core.records import (
        EventRecord,
        FlowRecord,
        ItemRecord,
        JobRecord,
        QuestionRecord,
        Record,
        RunRecord,
        StepRecord,
        WorkflowRecord,
    )

__all__ = ["Stretch", "fold", "fold_to_ends"]

_MOST_ENDED = 500
_MOST_RECENT = 5
_MOST_FAILURES = 20
_MOST_BLOCKS = 50

_ENDED = {"done", "failed", "cancelled"}


Stretch: TypeAlias = tuple[tuple[str, ...], str, int, float, float, str, int]
"""A time in which a worker was busy: the run, its step or "" for items, the worker's
number; when that began and ended, what it came to, and the call or the item. It is a
plain tuple because there is one for every call."""


def fold(state: State, records: Sequence[Record]) -> None:
    """Change a state by several records, in their order.

    Examples
    --------
    >>> from notebook_async.core.records import JobRecord
    >>> state = State()
    >>> fold(state, [JobRecord(at=1.0, source=("job-1",), phase="running", name="a")])
    >>> state.count, state.jobs["job-1",].phase
    (1, 'running')
    """
    changes = _changes
    for record in records:
        changes[type(record)](state, record, None)
    _count(state, records)


def fold_to_ends(
    state: State, records: Sequence[Record], first: int
) -> list[tuple[int, Stretch]]:
    """Change a state by several records; return what each of them ended.

    Parameters
    ----------
    state
        The state, whose counts of records stay as they are.
    records
        The records.
    first
        The number of the first.
    """
    changes = _changes
    found: list[tuple[int, Stretch]] = []
    ends: list[Stretch] = []
    for number, record in enumerate(records, first):
        changes[type(record)](state, record, ends)
        if ends:
            found += [(number, stretch) for stretch in ends]
            ends.clear()
    return found


def _count(state: State, records: Sequence[Record]) -> None:
    if not records:
        return
    state.count += len(records)
    state.at = records[-1].at
    for kind, count in Counter(map(type, records)).items():
        name = kind.__name__
        state.kinds[name] = state.kinds.get(name, 0) + count


# -- steps


def _step(state: State, record: StepRecord, ends: list[Stretch] | None) -> None:
    flow = state.workflows.get(record.source)
    if flow is None or flow.owner is not state.owner:
        flow = _workflow_of(state, record)
    step = flow.steps.get(record.step)
    if step is None or step.owner is not state.owner:
        step = _step_of(state, flow, record.step)
    call = flow.calls.pop(record.call, None) if flow.calls else None
    phase, start, at = record.phase, record.began, record.at
    if call is None and phase != "running":
        # One that began and ended at once is told by one record.
        lane, lanes = 0, step.lanes
        if lanes and lanes[0] <= start:
            lanes[0] = at
        else:
            lane = _take_lane(lanes, start, at)
    else:
        lane, start = _go_on(flow, step, record, call)
    if ends is not None and lane >= 0:
        ends.append((record.source, record.step, lane, start, at, phase, record.call))
    if phase == "done":
        step.done += 1
        step.last = record
        if record.shown is not None:
            step.recent = (record, *step.recent[: _MOST_RECENT - 1])
        seconds = at - record.began
        step.seconds += seconds
        if seconds > step.longest:  # noqa: PLR1730 - a call would cost as much as all
            step.longest = seconds
    elif phase != "running":
        _leave(flow, step, record)


def _go_on(
    flow: WorkflowState, step: StepState, record: StepRecord, call: OpenCall | None
) -> tuple[int, float]:
    """Let a call go from one phase to the next.

    Return the lane that it has left, or -1, and from when on it had it.
    """
    was = None if call is None else call.record.phase
    at = record.at
    if call is not None and was == "running":
        step.running -= 1
        step.lanes[call.lane] = at
    elif was == "waiting":
        step.waiting -= 1
    elif was == "retrying":
        step.retrying -= 1
    if record.phase == "running":
        step.running += 1
        if call is not None and was == "running":
            # It was told twice, to somebody who came late.
            step.lanes[call.lane] = inf
            call = call._replace(record=record)
        else:
            call = OpenCall(record, at, _take_lane(step.lanes, at))
        flow.calls[record.call] = call
        return -1, at
    if call is not None and was == "running":
        return call.lane, call.since
    if was == "retrying":
        return _take_lane(step.lanes, record.began, at), record.began
    return -1, at


def _leave(flow: WorkflowState, step: StepState, record: StepRecord) -> None:
    """Count a call that has left its worker, and is not done."""
    phase = record.phase
    if phase == "retrying":
        step.retrying += 1
        step.retried += 1
        flow.calls[record.call] = OpenCall(record, record.at, -1)
    elif phase == "waiting":
        step.waiting += 1
        flow.calls[record.call] = OpenCall(record, record.at, -1)
    else:
        step.last = record
        seconds = record.at - record.began
        step.seconds += seconds
        step.longest = max(step.longest, seconds)
        if phase == "cancelled":
            step.cancelled += 1
        else:
            step.failed += 1
    if record.error is not None and phase != "cancelled":
        step.errors = (record, *step.errors[: _MOST_RECENT - 1])


def _take_lane(lanes: list[float], start: float, end: float = inf) -> int:
    """Return the first lane that is free from `start` on, and take it until `end`."""
    for lane, free in enumerate(lanes):
        if free <= start:
            lanes[lane] = end
            return lane
    lanes.append(end)
    return len(lanes) - 1


def _step_of(state: State, flow: WorkflowState, name: str) -> StepState:
    """Return a step that may be changed."""
    step = flow.steps.get(name)
    step = StepState(owner=state.owner) if step is None else owned(state, step)
    flow.steps[name] = step
    return step


# -- runs of workflows


def _workflow_of(state: State, record: Record) -> WorkflowState:
    """Return a run of a workflow that may be changed."""
    flow = state.workflows.get(record.source)
    if flow is None:
        flow = WorkflowState(owner=state.owner, began=record.at)
        _forget_one(state.workflows)
    else:
        flow = owned(state, flow)
    state.workflows[record.source] = flow
    return flow


def _workflow(state: State, record: WorkflowRecord, ends: list[Stretch] | None) -> None:
    flow = _workflow_of(state, record)
    flow.name, flow.phase = record.name, record.phase
    flow.error = record.error
    if record.graph is not None:
        flow.graph = record.graph
    if record.began is not None:
        flow.began = record.began
    if record.phase not in _ENDED:
        flow.ended = None
        return
    flow.ended = at = record.at
    for number, call in tuple(flow.calls.items()):
        # What the run has cancelled is not told one by one.
        step = _step_of(state, flow, call.record.step)
        if call.lane >= 0:
            step.lanes[call.lane] = at
            if ends is not None:
                name, lane, since = call.record.step, call.lane, call.since
                ends.append((record.source, name, lane, since, at, "cancelled", number))
        _uncount(step, call)
    flow.calls.clear()
    _close_questions(state, record.source)


def _uncount(step: StepState, call: OpenCall) -> None:
    phase = call.record.phase
    if phase == "running":
        step.running -= 1
    elif phase == "waiting":
        step.waiting -= 1
    else:
        step.retrying -= 1
    step.cancelled += 1


def _flow(state: State, record: FlowRecord, _: list[Stretch] | None) -> None:
    flow = _workflow_of(state, record)
    for name, queued in record.queued:
        _step_of(state, flow, name).queued = queued
    for source, target, count in record.edges:
        flow.edges[source, target] = count
    for name, done, failed, retried in record.before:
        step = _step_of(state, flow, name)
        step.done, step.failed, step.retried = done, failed, retried


def _event(state: State, record: EventRecord, _: list[Stretch] | None) -> None:
    flow = state.workflows.get(record.source)
    if flow is None or flow.owner is not state.owner:
        flow = _workflow_of(state, record)
    flow.events[record.name] = flow.events.get(record.name, 0) + 1
    flow.last_event = record


# -- runs over items


def _run_of(state: State, record: Record) -> RunState:
    """Return a run that may be changed."""
    run = state.runs.get(record.source)
    if run is None:
        run = RunState(owner=state.owner, began=record.at)
        _forget_one(state.runs)
    else:
        run = owned(state, run)
    state.runs[record.source] = run
    return run


def _run(state: State, record: RunRecord, ends: list[Stretch] | None) -> None:
    run = _run_of(state, record)
    run.desc, run.phase = record.desc, record.phase
    run.done, run.failed, run.running = record.done, record.failed, record.running
    run.waiting, run.retried = record.waiting, record.retried
    run.total, run.workers = record.total, record.workers
    run.rate, run.eta = record.rate, record.eta
    if record.began is not None:
        run.began = record.began
    if record.phase not in _ENDED:
        return
    run.ended = record.at
    for item in run.items.values():
        # Of a chunk that was given up.
        run.lanes[item.lane] = record.at
        _end_item(record.source, item, record.at, "cancelled", ends)
    run.items.clear()


def _item(state: State, record: ItemRecord, ends: list[Stretch] | None) -> None:
    run = state.runs.get(record.source)
    if run is None or run.owner is not state.owner:
        run = _run_of(state, record)
    item = run.items.pop(record.index, None)
    if record.phase == "running":
        if item is None:
            run.running += 1
            item = OpenItem(record, _take_lane(run.lanes, record.at))
        run.items[record.index] = item
        return
    if item is not None:
        run.running -= 1
        run.lanes[item.lane] = record.at
        _end_item(record.source, item, record.at, record.phase, ends)
    if record.phase == "done":
        run.done += 1
    elif record.phase == "failed":
        run.failed += 1
        run.failures = (record, *run.failures[: _MOST_FAILURES - 1])


def _end_item(
    source: Source,
    item: OpenItem,
    at: float,
    phase: str,
    ends: list[Stretch] | None,
) -> None:
    if ends is not None:
        began, index = item.record.at, item.record.index
        ends.append((source, "", item.lane, began, at, phase, index))


# -- jobs, questions, blocks


def _job(state: State, record: JobRecord, _: list[Stretch] | None) -> None:
    job = state.jobs.get(record.source)
    if job is None:
        job = JobState(owner=state.owner, began=record.at)
        _forget_one(state.jobs)
    else:
        job = owned(state, job)
    state.jobs[record.source] = job
    job.name, job.phase, job.error = record.name, record.phase, record.error
    if record.phase in _ENDED:
        job.ended = record.at
    if record.began is not None:
        job.began = record.began


def _question(state: State, record: QuestionRecord, _: list[Stretch] | None) -> None:
    if record.phase == "waiting":
        state.questions[record.question] = record
    else:
        state.questions.pop(record.question, None)


def _close_questions(state: State, source: Source) -> None:
    """Forget what only a run that has ended wanted to know."""
    size = len(source)
    for name, question in tuple(state.questions.items()):
        if question.source[:size] == source:
            del state.questions[name]


def _block(state: State, record: Any, ends: list[Stretch] | None) -> None:  # noqa: ANN401
    """Take note that the loop was held; `at` is when that began."""
    last = state.blocks[-1] if state.blocks else None
    if last is not None and last.phase == "running" and last.at == record.at:
        # It was told before its end, too.
        state.blocks = state.blocks[:-1]
        state.blocked -= last.seconds  # type: ignore[attr-defined]
    state.blocks = (*state.blocks[1 - _MOST_BLOCKS :], record)
    state.blocked += record.seconds
    if ends is not None and record.phase != "running":
        end = record.at + record.seconds
        ends.append(((), "loop", 0, record.at, end, "failed", 0))


# -- what they share

_S = TypeVar("_S", JobState, RunState, WorkflowState)


def _forget_one(parts: dict[Source, _S]) -> None:
    """Make room for one more: the oldest that has ended is kept no longer."""
    if len(parts) >= _MOST_ENDED:
        oldest = next((s for s, part in parts.items() if part.ended is not None), None)
        if oldest is not None:
            del parts[oldest]


_Change: TypeAlias = Callable[[State, Any, list[Stretch] | None], None]

_BY_NAME: dict[str, _Change] = {
    "BlockRecord": _block,
    "EventRecord": _event,
    "FlowRecord": _flow,
    "ItemRecord": _item,
    "JobRecord": _job,
    "QuestionRecord": _question,
    "RunRecord": _run,
    "StepRecord": _step,
    "WorkflowRecord": _workflow,
}


def _nothing(_state: State, _record: Record, _ends: list[Stretch] | None) -> None:
    pass


class _Changes(dict[type, _Change]):
    """What each class of records does, found out when the first of it comes."""

    def __missing__(self, kind: type) -> _Change:
        self[kind] = change = _BY_NAME.get(kind.__name__, _nothing)
        return change


_changes = _Changes()
