"""What all jobs and runs have come to at one moment, as far as records tell.

A state is changed in place by `fold`, and forked where one of its moments is to stay.
A fork costs no more than its three dicts: what it has belongs to both then, and the
first change to any part, on either side, makes a copy of that part alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notebook_async.core.records import (
        BlockRecord,
        EventRecord,
        ItemRecord,
        Phase,
        QuestionRecord,
        SpanRecord,
        StepRecord,
    )

__all__ = [
    "JobState",
    "OpenCall",
    "OpenItem",
    "OpenSpan",
    "RunState",
    "Source",
    "SpanState",
    "State",
    "StepState",
    "WorkflowState",
    "owned",
]

Source: TypeAlias = tuple[str, ...]
"""The path of ids of a job or a run, as records have it."""


class OpenCall(NamedTuple):
    """A call of a step that has not ended.

    Attributes
    ----------
    record
        The last record of it; its phase is running, waiting or retrying.
    since
        When it came to that phase.
    lane
        Which of the step's workers it occupies, from 0; -1 for none.
    """

    record: StepRecord
    since: float
    lane: int


class OpenItem(NamedTuple):
    """An item that has not ended.

    Attributes
    ----------
    record
        The record of its beginning.
    lane
        Which of the run's workers it occupies, from 0.
    """

    record: ItemRecord
    lane: int


class OpenSpan(NamedTuple):
    """A span that has not ended.

    Attributes
    ----------
    record
        The record of its beginning.
    group
        The key of its `SpanState`.
    lane
        Which of the lanes of that it occupies, from 0.
    """

    record: SpanRecord
    group: Source
    lane: int


@dataclass(slots=True)
class JobState:
    """What a job has come to.

    Attributes
    ----------
    name, phase, error
        As in `JobRecord`.
    began, ended
        When, in seconds of `time.perf_counter`; None before.
    """

    owner: object = field(default=None, repr=False, compare=False)
    name: str = ""
    phase: Phase = "running"
    began: float = 0.0
    ended: float | None = None
    error: str | None = None


@dataclass(slots=True)
class RunState:
    """What a run over many items has come to.

    Attributes
    ----------
    desc, phase, done, failed, running, waiting, retried, total, workers, rate, eta
        As in `RunRecord`, and kept up by the records of items.
    began, ended
        When, in seconds of `time.perf_counter`; None before.
    items
        Those in flight, by index, where items are told.
    failures
        The records of the last items that failed, the newest first.
    """

    owner: object = field(default=None, repr=False, compare=False)
    desc: str | None = None
    phase: Phase = "running"
    began: float = 0.0
    ended: float | None = None
    done: int = 0
    failed: int = 0
    running: int = 0
    waiting: int = 0
    retried: int = 0
    total: int | None = None
    workers: int = 0
    rate: float | None = None
    eta: float | None = None
    items: dict[int, OpenItem] = field(default_factory=dict)
    failures: tuple[ItemRecord, ...] = ()
    # From when on each lane is free, and a heap of those that are free now.
    lanes: list[float] = field(default_factory=list, repr=False)
    free: list[int] = field(default_factory=list, repr=False)


@dataclass(slots=True)
class StepState:
    """What a step of a run of a workflow has come to.

    Attributes
    ----------
    queued, running, waiting, retrying
        Events that wait for a worker, and calls by what they do now.
    done, failed, cancelled
        Calls by how they ended, after their last attempt.
    retried
        How often a call was to be tried again.
    seconds, longest
        How long calls took that ended, in all and the longest.
    last
        The record of the last call that ended.
    recent
        The last calls that ended and whose values were written down (`shown`), the
        newest first.
    errors
        The last attempts that failed, the newest first.
    """

    owner: object = field(default=None, repr=False, compare=False)
    queued: int = 0
    running: int = 0
    waiting: int = 0
    retrying: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    retried: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    last: StepRecord | None = None
    recent: tuple[StepRecord, ...] = ()
    errors: tuple[StepRecord, ...] = ()
    lanes: list[float] = field(default_factory=list, repr=False)
    free: list[int] = field(default_factory=list, repr=False)


@dataclass(slots=True)
class WorkflowState:
    """What a run of a workflow has come to.

    Attributes
    ----------
    name, phase, error, graph
        As in `WorkflowRecord`.
    began, ended
        When, in seconds of `time.perf_counter`; None before.
    steps
        What its steps have come to, by name.
    edges
        How many events took each way: from event to step, from step to event.
    calls
        The calls that have not ended, by number.
    events
        How many events of each class were written to its stream.
    last_event
        The last of these.
    """

    owner: object = field(default=None, repr=False, compare=False)
    name: str = ""
    phase: Phase = "running"
    began: float = 0.0
    ended: float | None = None
    error: str | None = None
    graph: Mapping[str, Any] | None = None
    steps: dict[str, StepState] = field(default_factory=dict)
    edges: dict[tuple[str, str], int] = field(default_factory=dict)
    calls: dict[int, OpenCall] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    last_event: EventRecord | None = None


@dataclass(slots=True)
class SpanState:
    """What the spans of one name in one place have come to.

    Attributes
    ----------
    name, kind
        As in `SpanRecord`.
    running, done, failed, cancelled
        How many there are of each.
    seconds, longest
        How long those took that ended, in all and the longest.
    began, at
        When the first began, and when the last one began or ended.
    errors
        The last records of spans that failed, the newest first.
    """

    owner: object = field(default=None, repr=False, compare=False)
    name: str = ""
    kind: str = "span"
    running: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    began: float = 0.0
    at: float = 0.0
    errors: tuple[SpanRecord, ...] = ()
    lanes: list[float] = field(default_factory=list, repr=False)
    free: list[int] = field(default_factory=list, repr=False)

    @property
    def phase(self) -> Phase:
        """What they have come to together."""
        if self.running:
            return "running"
        if self.failed:
            return "failed"
        return "cancelled" if self.cancelled else "done"

    @property
    def ended(self) -> float | None:
        """When the last one ended; None while one is open."""
        return None if self.running else self.at


@dataclass(slots=True)
class State:
    """What all jobs and runs have come to at one moment. Read it; do not change it.

    Of jobs, of runs, of workflows and of names of spans the last 500 that have ended
    are kept each.

    Attributes
    ----------
    at
        The time of the last record, in seconds of `time.perf_counter`; None before any.
    count
        How many records there were.
    kinds
        How many there were of each class, by its name, also of classes unknown here.
    jobs, runs, workflows
        By the path of ids that their records have as source.
    spans
        What spans have come to, by their place: a path of ids, and `~` and the names
        of the spans around them, their own last.
    open_spans, span_groups
        Spans that have not ended, and the key in `spans` of these and of the last that
        have, by the source of their records.
    questions
        Those without an answer, by id, the oldest first.
    blocks
        The last times that the event loop was held, the newest last: `BlockRecord`s.
    blocked
        Seconds that it was held in all.

    Examples
    --------
    >>> from notebook_async import record, run_jobs
    >>> async def double(x):
    ...     return 2 * x
    >>> with record() as recording:
    ...     await run_jobs(double, [1, 2, 3])
    [2, 4, 6]
    >>> (run,) = recording.state.runs.values()
    >>> run.phase, run.done, run.total
    ('done', 3, 3)
    """

    owner: object = field(default_factory=object, repr=False, compare=False)
    at: float | None = None
    count: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    jobs: dict[Source, JobState] = field(default_factory=dict)
    runs: dict[Source, RunState] = field(default_factory=dict)
    workflows: dict[Source, WorkflowState] = field(default_factory=dict)
    spans: dict[Source, SpanState] = field(default_factory=dict)
    open_spans: dict[Source, OpenSpan] = field(default_factory=dict)
    span_groups: dict[Source, Source] = field(default_factory=dict)
    questions: dict[str, QuestionRecord] = field(default_factory=dict)
    blocks: tuple[BlockRecord, ...] = ()
    blocked: float = 0.0

    @property
    def phase(self) -> Phase:
        """What the whole has come to.

        `waiting` for a person before all else, then `running`, then how the outermost
        jobs and runs ended: `failed` or `cancelled` if one did. `queued` before any.

        Examples
        --------
        >>> State().phase
        'queued'
        """
        if self.questions:
            return "waiting"
        parts: list[tuple[Source, Part]] = []
        parts += self.jobs.items()
        parts += self.runs.items()
        parts += self.workflows.items()
        parts += self.spans.items()
        if any(part.ended is None for _, part in parts):
            return "running"
        outer = {len(source) for source, _ in parts}
        phases = {part.phase for source, part in parts if len(source) == min(outer)}
        for phase in ("failed", "cancelled", "done"):
            if phase in phases:
                return phase
        return "queued"

    def fork(self) -> State:
        """Return a copy that goes on by itself.

        Examples
        --------
        >>> state = State(count=3)
        >>> state.fork() == state
        True
        """
        # What there is belongs to none of the two any more, so each copies what it
        # changes.
        self.owner = object()
        return _copied(self, object())


Part: TypeAlias = JobState | RunState | WorkflowState | SpanState
_T = TypeVar("_T")


def owned(state: State, part: _T) -> _T:
    """Return a part of a state as one that may be changed: itself, or a copy."""
    if part.owner is state.owner:  # type: ignore[attr-defined]
        return part
    return _copied(part, state.owner)


def _copied(part: _T, owner: object) -> _T:
    """Return a copy with dicts and lists of its own; what is in them is shared."""
    kind = type(part)
    copy = object.__new__(kind)
    shared, own = _FIELDS[kind]
    for name in shared:
        setattr(copy, name, getattr(part, name))
    for name in own:
        setattr(copy, name, getattr(part, name).copy())
    copy.owner = owner  # type: ignore[attr-defined]
    return copy


def _fields_of(kind: Any) -> tuple[list[str], list[str]]:  # noqa: ANN401
    """Return the names of fields, and of those that each copy needs for itself."""
    kinds: set[Any] = {dict, list}
    own = [one.name for one in fields(kind) if one.default_factory in kinds]
    names = [one.name for one in fields(kind) if one.name not in {"owner", *own}]
    return names, own


_FIELDS: dict[type, tuple[list[str], list[str]]] = {
    kind: _fields_of(kind)
    for kind in (JobState, RunState, SpanState, StepState, WorkflowState, State)
}
