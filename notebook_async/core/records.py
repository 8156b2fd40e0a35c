"""The one vocabulary in which the package tells what happens.

Producers publish these frozen records to `notebook_async.core.hooks`; panels, tracing
and tests read them, and nothing else observes a run. A record that nobody wants is not
built.

`at` is in seconds of `time.perf_counter`; `Anchor` ties that clock to the wall clock
once per recording, so that records stay comparable when the wall clock is set.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Anchor",
    "BlockRecord",
    "EventRecord",
    "FlowRecord",
    "ItemRecord",
    "JobRecord",
    "Phase",
    "QuestionRecord",
    "Record",
    "RunRecord",
    "SpanRecord",
    "StepRecord",
    "WorkflowRecord",
]

Phase: TypeAlias = Literal[
    "queued", "running", "waiting", "retrying", "done", "failed", "cancelled"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """One moment on both clocks: seconds since the epoch and `time.perf_counter`.

    Examples
    --------
    >>> Anchor(wall=1000.0, perf=10.0).wall_time(12.5)
    1002.5
    """

    wall: float = field(default_factory=time.time)
    perf: float = field(default_factory=time.perf_counter)

    def wall_time(self, at: float) -> float:
        """Return the seconds since the epoch at the `perf_counter` time `at`.

        Examples
        --------
        >>> Anchor(wall=1000.0, perf=10.0).wall_time(10.0)
        1000.0
        """
        return self.wall + at - self.perf


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What every record tells: when, from where, and in which phase.

    Values are plain: text, numbers, None, and tuples of these. Records are kept by the
    hundred thousand, so none holds an object of a user's; and a field with the metadata
    `{"secret": True}` never enters a recording.

    Attributes
    ----------
    at
        Seconds of `time.perf_counter`.
    source
        Path of ids from the outermost, such as `("job-3", "run-1", "run-7")`.
    phase
        What the thing came to at that moment.
    """

    at: float
    source: tuple[str, ...]
    phase: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord(Record):
    """A job of the board changed its phase.

    Attributes
    ----------
    name
        The job's name, for people.
    error
        One line about the exception, of a failed job.
    began
        When it began, where that was before anybody wanted to know.
    """

    name: str
    error: str | None = None
    began: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord(Record):
    """A run started, went on for a tenth of a second, or ended.

    Attributes
    ----------
    desc, done, failed, running, waiting, retried, total, workers, rate, eta
        As in `RunStatistics`.
    began
        When it began, where that was before anybody wanted to know.
    """

    desc: str | None
    done: int
    failed: int
    running: int
    waiting: int
    retried: int
    total: int | None
    workers: int
    rate: float | None
    eta: float | None
    began: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRecord(Record):
    """An item of a run changed its phase.

    Attributes
    ----------
    index
        Position of the item in its source, from 0.
    error
        One line about the exception, of a failed item.
    began
        When it began, once it has ended.
    item
        The item as short text, as it begins and where it fails. Of very many items at
        once only some are written down.
    """

    index: int
    error: str | None = None
    began: float | None = None
    item: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRecord(Record):
    """A run of a workflow started or ended.

    Attributes
    ----------
    name
        The class of the workflow.
    error
        One line about the exception, of a failed run.
    began
        When it began, where that was before anybody wanted to know.
    graph
        As it begins, the steps and events of the workflow as plain data, which
        `WorkflowGraph.from_dict` takes. All runs of a class share it.
    """

    name: str
    error: str | None = None
    began: float | None = None
    graph: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord(Record):
    """A call of a step changed its phase; one that never waits is told when it ends.

    Attributes
    ----------
    began
        When the attempt began, in seconds of `time.perf_counter`.
    step
        The step.
    call
        Tells the calls of a run apart; one that is retried keeps its own.
    given, returned
        Class names of the event it was given and of what it returned, or None.
    attempt
        Which attempt it is, from 1.
    error
        One line about the exception, of an attempt that failed.
    shown
        What it was given and what it returned, as short text. Of very many calls at
        once only some are written down, and each that fails.
    """

    step: str
    call: int
    began: float
    given: str
    returned: str | None = None
    attempt: int = 1
    error: str | None = None
    shown: tuple[str, str | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRecord(Record):
    """Events moved between the steps of a run; told twenty times a second at most.

    Each tells what has changed since the one before, as totals.

    Attributes
    ----------
    queued
        Steps, and how many events wait for a worker of each.
    edges
        Two names, and how many events took that way in all: from an event to a step
        that takes it, or from a step to an event that it made.
    before
        Steps, and how many calls were done, had failed and were retried before anybody
        wanted to know.
    """

    queued: tuple[tuple[str, int], ...] = ()
    edges: tuple[tuple[str, str, int], ...] = ()
    before: tuple[tuple[str, int, int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord(Record):
    """An event was written to the stream of a run.

    Attributes
    ----------
    name
        Its class.
    shown
        The event as short text. Of very many at once only some are written down.
    """

    name: str
    shown: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRecord(Record):
    """A person was asked (`waiting`), has answered (`done`) or cannot any more.

    The answer itself is no part of it.

    Attributes
    ----------
    question
        Its id, which tells the questions of a process apart.
    text
        What was asked, as short text.
    step
        The step of a workflow that asked, or None.
    """

    question: str
    text: str
    step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanRecord(Record):
    """A span began or ended: some work that has a name, within a trace of all work.

    Its `source` ends with its own id; what happens inside of it has that in its path.

    Attributes
    ----------
    name
        What is done, such as the name of a function.
    kind
        The sort of work, a value of `notebook_async.tracing.CBEventType`.
    parent
        Id of the span around it, or None where there is none but what the path names.
    attributes
        Names and values, the values as numbers or short text.
    error
        One line about the exception, of a span that failed.
    cause
        Id of the innermost span that this exception came out of.
    began
        When it began, once it has ended.
    """

    name: str
    kind: str = "span"
    parent: str | None = None
    attributes: tuple[tuple[str, str | float | bool | None], ...] = ()
    error: str | None = None
    cause: str | None = None
    began: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRecord(Record):
    """Something held the event loop, so that nothing else could run meanwhile.

    It is told when it is over, with `at` as the moment at which it began. One that
    lasts is told before, in phase `running`, from another thread than the loop's.

    Attributes
    ----------
    seconds
        For how long, give or take a quarter of the limit above which it is told.
    job
        Name of the job that did it, or None outside of any.
    step
        Step of a workflow that did it, or None.
    file, line
        Where: the innermost line of a cell, or else of the caller's own code.
    cell
        Execution count of that cell, as in `In [7]`, or None.
    code
        That line itself.
    stack
        The stack at that moment, as in a traceback, from the outermost line of the
        caller's own code on.
    """

    seconds: float
    job: str | None
    step: str | None
    file: str
    cell: int | None
    line: int
    code: str
    stack: str = field(repr=False)
