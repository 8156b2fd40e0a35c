"""Exceptions of jobs, runs, recordings and of the place where code runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.errors._base import NotebookAsyncError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "AllTasksBlockedError",
    "HostError",
    "ItemCancelledError",
    "JobCancelledError",
    "JobNotDoneError",
    "JobNotFoundError",
    "JobNotRepeatableError",
    "NoRunningLoopError",
    "NotPicklableError",
    "RecordingError",
    "WorkerLostError",
]


class ItemCancelledError(NotebookAsyncError, RuntimeError):
    """Stand for an item that was cancelled while its run went on.

    A `CancelledError` would end the whole run, or the cell; this is but a failure.

    Attributes
    ----------
    index
        Position of the item in its run, from 0.

    Examples
    --------
    >>> ItemCancelledError(3).index
    3
    """

    def __init__(self, index: int) -> None:
        super().__init__(f"item {index} was cancelled")
        self.index = index


class JobNotFoundError(NotebookAsyncError, LookupError):
    """Say that no job has this id or name, and which ones there are.

    Attributes
    ----------
    reference
        What was asked for.

    Examples
    --------
    >>> print(JobNotFoundError("indx", known=["1", "index"]))
    no job 'indx'; did you mean 'index'?
    """

    def __init__(self, reference: object, *, known: Iterable[str] = ()) -> None:
        self.reference = reference
        from difflib import get_close_matches  # noqa: PLC0415 - rarely needed

        names = list(dict.fromkeys(known))
        close = get_close_matches(str(reference), names, n=1)
        if close:
            hint = f"did you mean {close[0]!r}?"
        elif names:
            hint = f"there are {', '.join(names[:10])}"
        else:
            hint = "there are no jobs yet: start one with %%arun"
        super().__init__(f"no job {reference!r}; {hint}")


class JobNotDoneError(NotebookAsyncError, RuntimeError):
    """Say that a job has no result yet.

    Attributes
    ----------
    job_id
        The job that was asked.

    Examples
    --------
    >>> print(JobNotDoneError(3))
    job 3 still runs: `await` it, or use %jobs wait 3
    """

    def __init__(self, job_id: int) -> None:
        super().__init__(
            f"job {job_id} still runs: `await` it, or use %jobs wait {job_id}"
        )
        self.job_id = job_id


class JobCancelledError(NotebookAsyncError, RuntimeError):
    """Stand for a cancelled job where its result was asked for.

    Attributes
    ----------
    job_id
        The job that was asked.

    Examples
    --------
    >>> print(JobCancelledError(3))
    job 3 was cancelled and has no result
    """

    def __init__(self, job_id: int) -> None:
        super().__init__(f"job {job_id} was cancelled and has no result")
        self.job_id = job_id


class JobNotRepeatableError(NotebookAsyncError, RuntimeError):
    """Say that a job cannot be started again.

    Attributes
    ----------
    job_id
        The job that was asked.

    Examples
    --------
    >>> print(JobNotRepeatableError(3))
    job 3 cannot be repeated: it was started with a coroutine, which runs only once;
    give start(..., again=) a function that makes it anew, or start it by %%arun
    """

    def __init__(self, job_id: int) -> None:
        super().__init__(
            f"job {job_id} cannot be repeated: it was started with a coroutine, which"
            " runs only once; give start(..., again=) a function that makes it anew,"
            " or start it by %%arun"
        )
        self.job_id = job_id


class NoRunningLoopError(NotebookAsyncError, RuntimeError):
    """Say that a call needs a running event loop.

    Examples
    --------
    >>> isinstance(NoRunningLoopError("start_jobs"), RuntimeError)
    True
    """

    def __init__(self, caller: str) -> None:
        super().__init__(
            f"{caller} needs a running event loop: call it in a coroutine or a notebook"
            " cell, or use asyncio.run"
        )


class HostError(NotebookAsyncError, RuntimeError):
    """Say that something is not possible where this code runs.

    Examples
    --------
    >>> isinstance(HostError("no IPython shell is active"), RuntimeError)
    True
    """


class RecordingError(NotebookAsyncError, ValueError):
    """Say that a file is no recording that can be loaded, and why.

    Attributes
    ----------
    path
        The file.
    line
        The line that is wrong, from 1, or None.

    Examples
    --------
    >>> print(RecordingError("run.txt", "it is not compressed by gzip, as all are"))
    cannot load run.txt as a recording: it is not compressed by gzip, as all are
    """

    def __init__(self, path: object, why: str, line: int | None = None) -> None:
        where = "" if line is None else f", line {line:,}"
        super().__init__(f"cannot load {path} as a recording{where}: {why}")
        self.path = path
        self.line = line


class AllTasksBlockedError(NotebookAsyncError, RuntimeError):
    """Say that, on a virtual clock, every task waits for what can never come.

    Examples
    --------
    >>> isinstance(AllTasksBlockedError("deadlock"), RuntimeError)
    True
    """


class NotPicklableError(NotebookAsyncError, TypeError):
    """Say what cannot travel between processes, and why.

    Examples
    --------
    >>> isinstance(NotPicklableError("item: cannot pickle 'lock'"), TypeError)
    True
    """


class WorkerLostError(NotebookAsyncError, RuntimeError):
    """Say that an item has no outcome, because what ran it died or went away.

    Its `__cause__` is what the executor said.

    Examples
    --------
    >>> isinstance(WorkerLostError("the process died"), RuntimeError)
    True
    """
