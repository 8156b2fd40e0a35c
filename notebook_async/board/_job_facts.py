"""What a job is and what it has come to, for whoever only looks at it."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any

from notebook_async.board._output import JobOutput
from notebook_async.board._progress import JobProgress
from notebook_async.errors import JobCancelledError, JobNotDoneError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine

    from notebook_async.core import JobRun, Phase, RunStatistics

__all__ = ["JobFacts"]


class JobFacts:
    """The part of a job that changes nothing."""

    def __init__(  # noqa: PLR0913 (each a fact of the job)
        self,
        number: int,
        *,
        name: str,
        source: str = "",
        cell: int | None = None,
        echo: bool = False,
        again: Callable[[], Coroutine[Any, Any, Any]] | None = None,
    ) -> None:
        self._id = number
        self._name = name
        self._source = source
        self._cell = cell
        self._output = JobOutput(echo=echo)
        self._runs: list[JobRun[Any]] = []
        self._workflows: list[Any] = []
        self._own_workflows: list[Any] = []
        self._workflow_watchers: list[Callable[[Any], object]] = []
        self._state: Phase = "queued"
        self._wall_start: float | None = None
        self._start: float | None = None
        self._end: float | None = None
        self._task: asyncio.Task[Any] | None = None
        self._background: list[BaseException] = []
        self._again = again
        self._callbacks: list[Callable[[Any], Any]] = []

    # -- what it is

    @property
    def id(self) -> int:
        """Its number on the board, from 1."""
        return self._id

    @property
    def name(self) -> str:
        """Its name, for people; it need not be unique."""
        return self._name

    @property
    def task(self) -> asyncio.Task[Any] | None:
        """Its task, or None before it starts."""
        return self._task

    @property
    def source(self) -> str:
        """The code of its cell, or an empty text."""
        return self._source

    @property
    def cell(self) -> int | None:
        """The execution count of its cell, as in `In [7]`."""
        return self._cell

    @property
    def repeatable(self) -> bool:
        """Whether `JobBoard.repeat` can start its work again."""
        return self._again is not None

    # -- what it has come to

    @property
    def state(self) -> Phase:
        """`queued`, `running`, `done`, `failed` or `cancelled`."""
        return self._state

    @property
    def ended(self) -> bool:
        """Whether it has ended, in whichever way."""
        return self._end is not None

    @property
    def started(self) -> dt.datetime | None:
        """When it started, in local time, or None before."""
        if self._wall_start is None:
            return None
        return dt.datetime.fromtimestamp(self._wall_start).astimezone()

    @property
    def elapsed(self) -> float:
        """Seconds since it started, up to its end."""
        if self._start is None:
            return 0.0
        return (time.perf_counter() if self._end is None else self._end) - self._start

    @property
    def result(self) -> Any:  # noqa: ANN401 (a job may return anything)
        """What it returned.

        Raises
        ------
        JobNotDoneError
            If it still runs.
        JobCancelledError
            If it was cancelled.
        Exception
            What its own code raised, if it failed.
        """
        if self._task is None or not self.ended:
            raise JobNotDoneError(self._id)
        if self._state == "cancelled":
            raise JobCancelledError(self._id)
        return self._task.result()

    @property
    def exception(self) -> BaseException | None:
        """What its code raised; None if it still runs, ended well or was cancelled."""
        if self._task is None or self._state != "failed":
            return None
        return self._task.exception()

    @property
    def background_errors(self) -> tuple[BaseException, ...]:
        """What tasks raised that it started and that nobody awaited."""
        return tuple(self._background)

    @property
    def runs(self) -> tuple[JobRun[Any], ...]:
        """The runs started inside it, oldest first."""
        return tuple(self._runs)

    @property
    def workflows(self) -> tuple[Any, ...]:
        """The handlers of workflows started inside it, oldest first.

        The last twenty are kept. What a step of one of them runs is not among them.
        """
        return tuple(self._workflows)

    @property
    def progress(self) -> JobProgress:
        """The counters of its runs, added up."""
        return JobProgress.of(self.statistics())

    def statistics(self) -> list[RunStatistics]:
        """Return the counters of each of its runs.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import jobs, run_jobs
        >>> job = jobs.start(run_jobs(asyncio.sleep, [0] * 5), name="five")
        >>> results = await job
        >>> [run.done for run in job.statistics()]
        [5]
        """
        return [run.statistics() for run in self._runs]

    @property
    def output(self) -> JobOutput:
        """What it printed and displayed."""
        return self._output
