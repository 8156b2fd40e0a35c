"""What single jobs, runs, workflows, steps and spans have come to at one moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notebook_async.core.records import (
        EventRecord,
        ItemRecord,
        Phase,
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
    "StepState",
    "WorkflowState",
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
