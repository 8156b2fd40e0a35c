"""What all jobs and runs have come to at one moment, as far as records tell.

A state is changed in place by `fold`, and forked where one of its moments is to stay.
A fork costs no more than its dicts: what it has belongs to both then, and the
first change to any part, on either side, makes a copy of that part alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from notebook_async.core.recording._parts import (
    JobState,
    RunState,
    SpanState,
    StepState,
    WorkflowState,
)

if TYPE_CHECKING:
    from notebook_async.core.recording._parts import OpenSpan, Source
    from notebook_async.core.records import BlockRecord, Phase, QuestionRecord

__all__ = ["State", "owned"]


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
