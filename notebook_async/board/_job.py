"""One job of the notebook: a coroutine with a name, a state, output and a result."""

from __future__ import annotations

import asyncio
import time
from contextvars import copy_context
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from notebook_async.board._background import report_left_behind
from notebook_async.board._closers import Closers, current_closers
from notebook_async.board._job_facts import JobFacts
from notebook_async.core import (
    JobRecord,
    JobRun,
    Scope,
    current_scope,
    publish,
    wanted,
)
from notebook_async.core._short import one_line
from notebook_async.errors import JobNotRepeatableError
from notebook_async.kernel import (
    as_background,
    current_sink,
    get_shell,
    print_plain,
    render_traceback,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

    from notebook_async.core import Record

__all__ = ["Job"]

_MOST_RUNS = 100
_MOST_WORKFLOWS = 20
_LONGEST_ERROR = 300


class Job(JobFacts):
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

    def pause(self) -> int:
        """Let no item of its runs start until `resume`; items in flight go on.

        Returns
        -------
        int
            How many runs it paused. Code outside of runs knows no pause.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import jobs, run_jobs
        >>> job = jobs.start(run_jobs(asyncio.sleep, [1] * 8, workers=2))
        >>> await asyncio.sleep(0.5)
        >>> job.pause()
        1
        >>> await asyncio.sleep(5)
        >>> job.progress.done, job.resume()
        (2, 1)
        >>> results = await job
        """
        running = [run for run in self._runs if run.phase == "running"]
        for run in running:
            run.pause()
        return len(running)

    def resume(self) -> int:
        """Let items start again after `pause`; return how many runs go on.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import jobs
        >>> job = jobs.start(asyncio.sleep(1))
        >>> job.resume()  # nothing to do: no run of it is paused
        0
        >>> await job
        """
        paused = [run for run in self._runs if run.phase == "waiting"]
        for run in paused:
            run.resume()
        return len(paused)

    def retry_failed(self) -> int:
        """Run again the items that have failed so far, of its runs that go on.

        Returns
        -------
        int
            How many items will run again, see `JobRun.retry_failed`.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import jobs
        >>> job = jobs.start(asyncio.sleep(1))
        >>> job.retry_failed()
        0
        >>> await job
        """
        return sum(run.retry_failed() for run in self._runs)

    def again(self) -> Coroutine[Any, Any, Any]:
        """Return its work anew; for the board.

        Raises
        ------
        JobNotRepeatableError
            If it was started with a coroutine, which runs only once.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import jobs
        >>> job = jobs.start(asyncio.sleep(1))
        >>> job.again()
        Traceback (most recent call last):
        ...
        JobNotRepeatableError: job ... cannot be repeated: ...
        >>> await job
        """
        if self._again is None:
            raise JobNotRepeatableError(self._id)
        return self._again()

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
        __tracebackhide__ = True
        if self._task is not None and not self.ended:
            end = asyncio.get_running_loop().create_future()
            self.on_end(lambda _: None if end.done() else end.set_result(None))
            await end

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

    def adopt_workflow(self, handler: Any) -> None:  # noqa: ANN401 - of a room above
        """Take note of the handler of a workflow's run that has just started inside it.

        The last twenty are kept.

        Examples
        --------
        >>> from notebook_async import jobs
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> async def run():
        ...     return await Hello().run()
        >>> job = jobs.start(run(), name="hello")
        >>> await job
        'Hello'
        >>> job.workflows
        (<WorkflowHandler Hello done>,)
        """
        self._workflows.append(handler)
        if current_scope.get().depth == 1:
            self._own_workflows.append(handler)
            for watcher in self._workflow_watchers:
                watcher(handler)
            del self._own_workflows[_MOST_WORKFLOWS:]
        if len(self._workflows) > _MOST_WORKFLOWS:
            ended = (each for each in self._workflows if each.is_done())
            self._workflows.remove(next(ended, self._workflows[0]))

    def on_workflow(self, callback: Callable[[Any], object]) -> None:
        """Call `callback(handler)` with each workflow's run that its own code starts.

        Those that the items of its runs start are not told.

        Parameters
        ----------
        callback
            Called at once with the first twenty of the past.
        """
        for handler in self._own_workflows:
            callback(handler)
        self._workflow_watchers.append(callback)

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Start the job's coroutine as a task of the running loop; for the board."""
        context = copy_context()
        context.run(current_scope.set, Scope((f"job-{self._id}",), self, 1))
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
        records: list[Record] = [own]
        for each in (*self._runs, *self._workflows):
            for one in each.records_from_now():
                # A run of a workflow that has ended has forgotten where it was.
                known = one.source[:1] == own.source
                path = one.source if known else (*own.source, *one.source)
                records.append(replace(one, source=path))
        return records

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
        __tracebackhide__ = True
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
