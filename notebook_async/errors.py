"""Every exception that this package raises on its own account.

::

    NotebookAsyncError
    ├── InvalidArgumentError        (ValueError)    an argument out of its range
    ├── ArgumentTypeError           (TypeError)     an argument of the wrong type
    ├── NotAwaitableError           (TypeError)     an item that cannot be awaited
    ├── NotPicklableError           (TypeError)     what cannot travel to a process
    ├── WorkerLostError             (RuntimeError)  what ran an item died
    ├── ItemCancelledError          (RuntimeError)  an item was cancelled, its run not
    ├── JobNotFoundError            (LookupError)   no job has this id or name
    ├── JobNotDoneError             (RuntimeError)  the result of a job that still runs
    ├── JobCancelledError           (RuntimeError)  the result of a cancelled job
    ├── NoRunningLoopError          (RuntimeError)  needs a running event loop
    ├── HostError                   (RuntimeError)  not possible where this code runs
    └── AllTasksBlockedError        (RuntimeError)  a test waits for what can never come

Each also inherits from the built-in exception that a caller would expect. Facts are
attributes, so nobody has to parse a message. What a user's own code raises is never
wrapped: it comes back unchanged, with a note that says which job or item it came from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "AllTasksBlockedError",
    "ArgumentTypeError",
    "HostError",
    "InvalidArgumentError",
    "ItemCancelledError",
    "JobCancelledError",
    "JobNotDoneError",
    "JobNotFoundError",
    "NoRunningLoopError",
    "NotAwaitableError",
    "NotPicklableError",
    "NotebookAsyncError",
    "WorkerLostError",
]


class NotebookAsyncError(Exception):
    """Base of every exception that this package raises on its own account.

    Examples
    --------
    >>> issubclass(JobNotFoundError, NotebookAsyncError)
    True
    """


class InvalidArgumentError(NotebookAsyncError, ValueError):
    """Say that an argument is out of its range.

    Examples
    --------
    >>> isinstance(InvalidArgumentError("workers must be >= 1, got 0"), ValueError)
    True
    """


class ArgumentTypeError(NotebookAsyncError, TypeError):
    """Say that an argument has the wrong type.

    Examples
    --------
    >>> isinstance(ArgumentTypeError("workers must be an integer"), TypeError)
    True
    """


class NotAwaitableError(NotebookAsyncError, TypeError):
    """Say that an item of a run cannot be awaited, and what to write instead.

    Examples
    --------
    >>> isinstance(NotAwaitableError("item 0 is an int"), TypeError)
    True
    """


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
