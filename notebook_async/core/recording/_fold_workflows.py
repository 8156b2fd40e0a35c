"""How records of a run of a workflow change a state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.core.recording._common import (
    ENDED,
    Stretch,
    forget_one,
    leave_lane,
    take_lane,
)
from notebook_async.core.recording._parts import OpenCall, StepState, WorkflowState
from notebook_async.core.recording._state import owned

if TYPE_CHECKING:
    from notebook_async.core.recording._parts import Source
    from notebook_async.core.recording._state import State
    from notebook_async.core.records import (
        EventRecord,
        FlowRecord,
        Record,
        StepRecord,
        WorkflowRecord,
    )

__all__ = ["event_changes", "flow_changes", "step_changes", "workflow_changes"]

_MOST_RECENT = 5


def step_changes(state: State, record: StepRecord, ends: list[Stretch] | None) -> None:
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
        lane = take_lane(step, start, at)
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
        if record.phase == "running":
            # It was told twice, to somebody who came late.
            flow.calls[record.call] = call._replace(record=record)
            return -1, at
        step.running -= 1
        leave_lane(step, call.lane, at)
    elif was == "waiting":
        step.waiting -= 1
    elif was == "retrying":
        step.retrying -= 1
    if record.phase == "running":
        step.running += 1
        flow.calls[record.call] = OpenCall(record, at, take_lane(step, at))
        return -1, at
    if call is not None and was == "running":
        return call.lane, call.since
    if was == "retrying":
        return take_lane(step, record.began, at), record.began
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
    elif phase in ENDED:
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


def _step_of(state: State, flow: WorkflowState, name: str) -> StepState:
    """Return a step that may be changed."""
    step = flow.steps.get(name)
    step = StepState(owner=state.owner) if step is None else owned(state, step)
    flow.steps[name] = step
    return step


def _workflow_of(state: State, record: Record) -> WorkflowState:
    """Return a run of a workflow that may be changed."""
    flow = state.workflows.get(record.source)
    if flow is None:
        flow = WorkflowState(owner=state.owner, began=record.at)
        forget_one(state.workflows)
    else:
        flow = owned(state, flow)
    state.workflows[record.source] = flow
    return flow


def workflow_changes(
    state: State, record: WorkflowRecord, ends: list[Stretch] | None
) -> None:
    flow = _workflow_of(state, record)
    flow.name, flow.phase = record.name, record.phase
    flow.error = record.error
    if record.graph is not None:
        flow.graph = record.graph
    if record.began is not None:
        flow.began = record.began
    if record.phase not in ENDED:
        flow.ended = None
        return
    flow.ended = at = record.at
    for number, call in tuple(flow.calls.items()):
        # What the run has cancelled is not told one by one.
        step = _step_of(state, flow, call.record.step)
        if call.lane >= 0:
            leave_lane(step, call.lane, at)
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


def flow_changes(state: State, record: FlowRecord, _: list[Stretch] | None) -> None:
    flow = _workflow_of(state, record)
    for name, queued in record.queued:
        _step_of(state, flow, name).queued = queued
    for source, target, count in record.edges:
        flow.edges[source, target] = count
    for name, done, failed, retried in record.before:
        step = _step_of(state, flow, name)
        step.done, step.failed, step.retried = done, failed, retried


def event_changes(state: State, record: EventRecord, _: list[Stretch] | None) -> None:
    flow = state.workflows.get(record.source)
    if flow is None or flow.owner is not state.owner:
        flow = _workflow_of(state, record)
    flow.events[record.name] = flow.events.get(record.name, 0) + 1
    flow.last_event = record


def _close_questions(state: State, source: Source) -> None:
    """Forget what only a run that has ended wanted to know."""
    size = len(source)
    for name, question in tuple(state.questions.items()):
        if question.source[:size] == source:
            del state.questions[name]
