"""How each record changes a state: plain transitions, without a clock or a loop.

Records of a kind that is not known here are counted, and change nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from notebook_async.core.recording._common import (
    ENDED,
    Stretch,
    forget_one,
    leave_lane,
    take_lane,
)
from notebook_async.core.recording._fold_spans import span_changes
from notebook_async.core.recording._fold_workflows import (
    event_changes,
    flow_changes,
    step_changes,
    workflow_changes,
)
from notebook_async.core.recording._parts import JobState, OpenItem, RunState
from notebook_async.core.recording._state import State, owned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notebook_async.core.recording._parts import Source
    from notebook_async.core.records import (
        BlockRecord,
        ItemRecord,
        JobRecord,
        QuestionRecord,
        Record,
        RunRecord,
    )

__all__ = ["fold", "fold_to_ends"]

_MOST_FAILURES = 20
_MOST_BLOCKS = 50


def fold(state: State, records: Sequence[Record]) -> Exception | None:
    """Change a state by several records, in their order.

    Returns
    -------
    Exception or None
        What is wrong with the last record that makes no sense, if one does not. The
        others count all the same.

    Examples
    --------
    >>> from notebook_async.core.records import JobRecord
    >>> state = State()
    >>> fold(state, [JobRecord(at=1.0, source=("job-1",), phase="running", name="a")])
    >>> state.count, state.jobs["job-1",].phase
    (1, 'running')
    """
    changes, rest, problem = _changes, iter(records), None
    for _ in records:
        try:
            for record in rest:
                changes[type(record)](state, record, None)
            break
        except Exception as error:  # noqa: BLE001 - a record may hold anything
            problem = error
    _count(state, records)
    return problem


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
        try:
            changes[type(record)](state, record, ends)
        except Exception:  # noqa: BLE001, S112 - as in `fold`, which tells of it
            continue
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


# -- runs over items


def _run_of(state: State, record: Record) -> RunState:
    """Return a run that may be changed."""
    run = state.runs.get(record.source)
    if run is None:
        run = RunState(owner=state.owner, began=record.at)
        forget_one(state.runs)
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
    if record.phase not in ENDED:
        return
    run.ended = record.at
    for item in run.items.values():
        # Of a chunk that was given up.
        leave_lane(run, item.lane, record.at)
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
            item = OpenItem(record, take_lane(run, record.at))
        run.items[record.index] = item
        return
    if item is not None:
        run.running -= 1
        leave_lane(run, item.lane, record.at)
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
        forget_one(state.jobs)
    else:
        job = owned(state, job)
    state.jobs[record.source] = job
    job.name, job.phase, job.error = record.name, record.phase, record.error
    if record.phase in ENDED:
        job.ended = record.at
    if record.began is not None:
        job.began = record.began


def _question(state: State, record: QuestionRecord, _: list[Stretch] | None) -> None:
    if record.phase == "waiting":
        state.questions[record.question] = record
    else:
        state.questions.pop(record.question, None)


def _block(state: State, record: BlockRecord, ends: list[Stretch] | None) -> None:
    """Take note that the loop was held; `at` is when that began."""
    last = state.blocks[-1] if state.blocks else None
    if last is not None and last.phase == "running" and last.at == record.at:
        # It was told before its end, too.
        state.blocks = state.blocks[:-1]
        state.blocked -= last.seconds
    state.blocks = (*state.blocks[1 - _MOST_BLOCKS :], record)
    state.blocked += record.seconds
    if ends is not None and record.phase != "running":
        end = record.at + record.seconds
        ends.append(((), "loop", 0, record.at, end, "failed", 0))


_Change: TypeAlias = Callable[[State, Any, list[Stretch] | None], None]

_BY_NAME: dict[str, _Change] = {
    "BlockRecord": _block,
    "EventRecord": event_changes,
    "FlowRecord": flow_changes,
    "ItemRecord": _item,
    "JobRecord": _job,
    "QuestionRecord": _question,
    "RunRecord": _run,
    "SpanRecord": span_changes,
    "StepRecord": step_changes,
    "WorkflowRecord": workflow_changes,
}


def _nothing(_state: State, _record: Record, _ends: list[Stretch] | None) -> None:
    pass


class _Changes(dict[type, _Change]):
    """What each class of records does, found out when the first of it comes."""

    def __missing__(self, kind: type) -> _Change:
        self[kind] = change = _BY_NAME.get(kind.__name__, _nothing)
        return change


_changes = _Changes()
