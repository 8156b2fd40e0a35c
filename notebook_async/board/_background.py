"""Report tasks that failed unseen to the job that started them.

`asyncio.create_task` in a job makes a task that the job need not await. If it fails,
asyncio logs that once the task is forgotten, wherever the loop happens to be by then,
and never if a variable of the notebook still names it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from notebook_async.kernel import scope_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["ForgottenTasks", "report_left_behind"]


class Reporting(Protocol):
    """A job, as far as this module knows it."""

    def background_failed(self, name: str, error: BaseException) -> None:
        """Take note of a failed task that nobody awaits."""


class ForgottenTasks:
    """Takes over from a loop what it would log of the tasks of jobs."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._before: Callable[[Any, dict[str, Any]], object] | None = None

    def install(self) -> None:
        """Take over from the running loop; where none runs, do nothing."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if loop is not self._loop:
            self.uninstall()
            self._loop = loop
            self._before = loop.get_exception_handler()
            loop.set_exception_handler(self._handle)

    def uninstall(self) -> None:
        """Give it back, unless somebody else has taken over since."""
        loop, self._loop = self._loop, None
        if loop is not None and loop.get_exception_handler() == self._handle:
            loop.set_exception_handler(self._before)

    def _handle(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        task = context.get("task") or context.get("future")
        error = context.get("exception")
        if error is not None and isinstance(task, asyncio.Task):
            job = _job_of(task)
            if job is not None:
                job.background_failed(task.get_name(), error)
                return
        if self._before is not None:
            self._before(loop, context)
        else:
            loop.default_exception_handler(context)


def report_left_behind(job: Reporting, loop: asyncio.AbstractEventLoop) -> None:
    """Report the tasks of an ended job that have failed, and those that will."""
    for task in list(_known_tasks(loop)):
        if task.done():
            _report_unseen(job, task)
        elif _job_of(task) is job:
            task.add_done_callback(lambda task: _soon(job, task))


def _soon(job: Reporting, task: asyncio.Task[Any]) -> None:
    # Whoever waits for it, with `asyncio.wait` for one, looks at it in the next pass.
    loop = task.get_loop()
    loop.call_soon(loop.call_soon, _report_unseen, job, task)


def _report_unseen(job: Reporting, task: asyncio.Task[Any]) -> None:
    unseen = getattr(task, "_log_traceback", False)
    if unseen and _job_of(task) is job and not task.cancelled():
        error = task.exception()  # which also tells asyncio that it is seen
        if error is not None:
            job.background_failed(task.get_name(), error)


def _job_of(task: asyncio.Task[Any]) -> Reporting | None:
    owner: Any = scope_of(task).owner
    return owner if hasattr(owner, "background_failed") else None


def _known_tasks(loop: asyncio.AbstractEventLoop) -> Iterable[asyncio.Task[Any]]:
    """Return the tasks of a loop, those that are done and still referred to included.

    asyncio forgets the latter in `all_tasks`, and from 3.14 on altogether.
    """
    tasks = asyncio.tasks
    everyone = getattr(tasks, "_all_tasks", getattr(tasks, "_scheduled_tasks", ()))
    ours = [task for task in everyone if task.get_loop() is loop]
    return {*ours, *asyncio.all_tasks(loop)}
