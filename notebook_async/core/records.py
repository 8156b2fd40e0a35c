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
from typing import Literal, TypeAlias

__all__ = [
    "Anchor",
    "BlockRecord",
    "EventRecord",
    "ItemRecord",
    "JobRecord",
    "Phase",
    "Record",
    "RunRecord",
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
    """

    name: str
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord(Record):
    """A run started, went on for a tenth of a second, or ended.

    Attributes
    ----------
    desc, done, failed, running, waiting, retried, total, workers, rate, eta
        As in `RunStatistics`.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRecord(Record):
    """An item of a run changed its phase.

    Attributes
    ----------
    index
        Position of the item in its source, from 0.
    error
        One line about the exception, of a failed item.
    """

    index: int
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRecord(Record):
    """A run of a workflow started or ended.

    Attributes
    ----------
    name
        The class of the workflow.
    error
        One line about the exception, of a failed run.
    """

    name: str
    error: str | None = None


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
    """

    step: str
    call: int
    began: float
    given: str
    returned: str | None = None
    attempt: int = 1
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord(Record):
    """An event was written to the stream of a run.

    Attributes
    ----------
    name
        Its class.
    """

    name: str


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
