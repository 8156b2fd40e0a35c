"""One job of the notebook: a coroutine with a name, a state, output and a result."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from notebook_async.board._background import report_left_behind
from notebook_async.board._closers import Closers, current_closers
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
from notebook_async.errors import JobCancelledError, JobNotDoneError
from notebook_async.kernel import (
    as_background,
    current_sink,
    get_shell,
    print_plain,
    render_traceback,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

    from notebook_async.core import RunStatistics

__all__ = ["Job"]

_MOST_RUNS = 100


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
        self._background: list[BaseException] = []
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
    def background_errors(self) -> tuple[BaseException, ...]:
        """What tasks raised that it started and that nobody awaited."""
        return tuple(self._background)

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
        context.run(as_background, self.cancel)
        closers = Closers()
        context.run(current_closers.set, closers)
        self._wall_start, self._start = time.time(), time.perf_counter()
        self._state = "running"
        self._publish()
        self._task = asyncio.get_running_loop().create_task(
            _closing(work, closers), name=f"job-{self._id}", context=context
        )
        # One that is cancelled before its first step is never awaited.
        self._task.add_done_callback(lambda _: work.close())
        self._task.add_done_callback(self._ended)

    def background_failed(self, name: str, error: BaseException) -> None:
        """Take note of a failed task that nobody awaits; for the board.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import jobs
        >>> job = jobs.start(asyncio.sleep(1), name="nap")
        >>> job.background_failed("Task-7", ValueError("no"))
        >>> print(job.output.text)
        background task 'Task-7' of job ... 'nap' failed:
        ValueError: no
        >>> await job
        """
        self._background.append(error)
        lines = render_traceback(get_shell(), error)
        head = f"background task {name!r} of job {self._id} {self._name!r} failed:"
        text = "\n".join([head, *lines])
        if self._output.write("error", f"{text}\n"):
            print_plain(text)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled():
            self._state = "cancelled"
        else:
            # Asking for the exception also tells asyncio that it is being reported.
            self._state = "done" if task.exception() is None else "failed"
        self._end = time.perf_counter()
        report_left_behind(self, task.get_loop())
        self._publish()
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)

    def _publish(self) -> None:
        if wanted(JobRecord):
            error = self.exception
            publish(
                JobRecord(
                    at=time.perf_counter(),
                    source=(f"job-{self._id}",),
                    phase=self._state,
                    name=self._name,
                    error=None if error is None else f"{type(error).__name__}: {error}",
                )
            )

    async def _result(self) -> Any:  # noqa: ANN401 (a job may return anything)
        await self.wait()
        return self.result

    def __await__(self) -> Generator[Any, None, Any]:
        return self._result().__await__()

    def __repr__(self) -> str:
        return f"<Job {self._id} {self._name!r} {self._state} {self.elapsed:.1f} s>"


async def _closing(work: Coroutine[Any, Any, Any], closers: Closers) -> Any:  # noqa: ANN401
    """Run a job's coroutine, and close its clients before it counts as ended."""
    __tracebackhide__ = True
    try:
        return await work
    finally:
        await closers.aclose()
        del closers
