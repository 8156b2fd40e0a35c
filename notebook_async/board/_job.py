"""One job of the notebook: a coroutine with a name, a state, output and a result."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from contextvars import copy_context
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from notebook_async.board._output import JobOutput
from notebook_async.board._progress import JobProgress
from notebook_async.core import (
    JobRecord,
    JobRun,
    Phase,
    Scope,
    current_scope,
    publish,
    wanted,
)
from notebook_async.core._short import one_line
from notebook_async.errors import JobCancelledError, JobNotDoneError
from notebook_async.kernel import current_sink

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

    from notebook_async.core import Record, RunStatistics

__all__ = ["Job"]

_MOST_RUNS = 100
_LONGEST_ERROR = 300


class Job:
    """An entry of `%jobs`. Await it for its result; that does not cancel it.

    Examples
    --------
    >>> import asyncio
    >>> from notebook_async import jobs
    >>> job = jobs.start(asyncio.sleep(1, "rested"), name="nap")
    >>> await job
    'rested'
    >>> job.state
    'done'
    """

    def __init__(
        self,
        number: int,
        *,
        name: str,
        source: str = "",
        cell: int | None = None,
        echo: bool = False,
    ) -> None:
        self._id = number
        self._name = name
        self._source = source
        self._cell = cell
        self._output = JobOutput(echo=echo)
        self._runs: list[JobRun[Any]] = []
        self._state: Phase = "queued"
        self._wall_start: float | None = None
        self._start: float | None = None
        self._end: float | None = None
        self._task: asyncio.Task[Any] | None = None
        self._callbacks: list[Callable[[Job], Any]] = []

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
    def source(self) -> str:
        """The code of its cell, or an empty text."""
        return self._source

    @property
    def cell(self) -> int | None:
        """The execution count of its cell, as in `In [7]`."""
        return self._cell

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
    def runs(self) -> tuple[JobRun[Any], ...]:
        """The runs started inside it, oldest first."""
        return tuple(self._runs)

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

    # -- steering

    def cancel(self) -> bool:
        """Cancel it; its `finally` blocks run. Return whether there was anything to do.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import jobs
        >>> job = jobs.start(asyncio.sleep(3600), name="long")
        >>> job.cancel()
        True
        >>> await asyncio.sleep(0.1)
        >>> job.state, job.cancel()
        ('cancelled', False)
        """
        return self._task is not None and not self.ended and self._task.cancel()

    async def wait(self) -> None:
        """Wait for its end, in whichever way it ends; being cancelled leaves it alone.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import jobs
        >>> job = jobs.start(asyncio.sleep(1), name="nap")
        >>> await job.wait()
        >>> job.state
        'done'
        """
        if self._task is not None:
            await asyncio.wait([self._task])
            # The task's own callbacks run in the next pass of the loop, at the latest.
            while not self.ended:  # noqa: ASYNC110 (an event for one pass is too much)
                await asyncio.sleep(0)

    def on_end(self, callback: Callable[[Job], Any]) -> None:
        """Call `callback(job)` once it has ended, or now if it has.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import jobs
        >>> job = jobs.start(asyncio.sleep(1), name="nap")
        >>> job.on_end(lambda job: print(job.name, job.state))
        >>> await job
        nap done
        """
        if self.ended:
            callback(self)
        else:
            self._callbacks.append(callback)

    def adopt(self, run: JobRun[Any]) -> None:
        """Take note of a run that has just started inside it.

        The last hundred runs are kept.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import jobs, run_jobs
        >>> job = jobs.start(run_jobs(asyncio.sleep, [0]), name="one")
        >>> results = await job
        >>> len(job.runs)
        1
        """
        self._runs.append(run)
        if len(self._runs) > _MOST_RUNS:
            ended = next((r for r in self._runs if r.phase == "done"), self._runs[0])
            self._runs.remove(ended)

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Start the job's coroutine as a task of the running loop; for the board."""
        context = copy_context()
        context.run(current_scope.set, Scope((f"job-{self._id}",), self))
        context.run(current_sink.set, self._output)
        self._wall_start, self._start = time.time(), time.perf_counter()
        self._state = "running"
        self._publish()
        self._task = asyncio.get_running_loop().create_task(
            work, name=f"job-{self._id}", context=context
        )
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled():
            self._state = "cancelled"
        else:
            # Asking for the exception also tells asyncio that it is being reported.
            self._state = "done" if task.exception() is None else "failed"
        self._end = time.perf_counter()
        self._publish()
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)

    def records_from_now(self) -> list[Record]:
        """Return how it and its runs stand, and let the runs tell the hooks.

        For a recording that comes late.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import jobs
        >>> job = jobs.start(asyncio.sleep(1), name="nap")
        >>> [(record.name, record.phase) for record in job.records_from_now()]
        [('nap', 'running')]
        >>> await job
        """
        own = replace(self._record(), began=self._start)
        runs = (record for run in self._runs for record in run.records_from_now())
        return [own, *runs]

    def _publish(self) -> None:
        if wanted(JobRecord):
            publish(self._record())

    def _record(self) -> JobRecord:
        error = self.exception
        line = None
        if error is not None:
            line = one_line(f"{type(error).__name__}: {error}", most=_LONGEST_ERROR)
        return JobRecord(
            at=time.perf_counter(),
            source=(f"job-{self._id}",),
            phase=self._state,
            name=self._name,
            error=line,
        )

    async def _result(self) -> Any:  # noqa: ANN401 (a job may return anything)
        await self.wait()
        return self.result

    def __await__(self) -> Generator[Any, None, Any]:
        return self._result().__await__()

    def __repr__(self) -> str:
        return f"<Job {self._id} {self._name!r} {self._state} {self.elapsed:.1f} s>"
