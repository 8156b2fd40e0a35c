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
    ├── JobNotRepeatableError       (RuntimeError)  a job that cannot be started again
    ├── NoRunningLoopError          (RuntimeError)  needs a running event loop
    ├── HostError                   (RuntimeError)  not possible where this code runs
    ├── RecordingError              (ValueError)    a file that is no recording
    ├── AllTasksBlockedError        (RuntimeError)  a test waits for what can never come
    ├── WorkflowValidationError     (ValueError)    steps that do not fit together
    ├── WorkflowConfigurationError  (ValueError)    a workflow without start or stop
    ├── WorkflowRuntimeError        (RuntimeError)  a run that cannot go on
    ├── WorkflowTimeoutError        (TimeoutError)  a run or a step took too long
    ├── WorkflowCancelledByUser     (RuntimeError)  the result of a cancelled run
    ├── WorkflowStepDoesNotExistError (LookupError) no step has this name
    ├── WorkflowDone                (RuntimeError)  the run has ended already
    ├── ServiceNotFoundError        (LookupError)   no service has this name
    ├── ContextSerdeError           (ValueError)    a context that is no data, or back
    └── ContextStateError           (RuntimeError)  a context used where it may not be

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
    "ContextSerdeError",
    "ContextStateError",
    "HostError",
    "InvalidArgumentError",
    "ItemCancelledError",
    "JobCancelledError",
    "JobNotDoneError",
    "JobNotFoundError",
    "JobNotRepeatableError",
    "NoRunningLoopError",
    "NotAwaitableError",
    "NotPicklableError",
    "NotebookAsyncError",
    "RecordingError",
    "ServiceNotFoundError",
    "WorkerLostError",
    "WorkflowCancelledByUser",
    "WorkflowConfigurationError",
    "WorkflowDone",
    "WorkflowRuntimeError",
    "WorkflowStepDoesNotExistError",
    "WorkflowTimeoutError",
    "WorkflowValidationError",
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


class WorkflowValidationError(NotebookAsyncError, ValueError):
    """Say that the steps of a workflow do not fit together, and how to mend them.

    Examples
    --------
    >>> issubclass(WorkflowValidationError, ValueError)
    True
    """


class WorkflowConfigurationError(NotebookAsyncError, ValueError):
    """Say that a workflow cannot be built: it lacks its one start or its one stop.

    Examples
    --------
    >>> issubclass(WorkflowConfigurationError, ValueError)
    True
    """


class WorkflowRuntimeError(NotebookAsyncError, RuntimeError):
    """Say that a run cannot go on.

    Examples
    --------
    >>> issubclass(WorkflowRuntimeError, RuntimeError)
    True
    """


class WorkflowTimeoutError(NotebookAsyncError, TimeoutError):
    """Say that a run, or one step of it, took longer than it may.

    Examples
    --------
    >>> issubclass(WorkflowTimeoutError, TimeoutError)
    True
    """


class WorkflowCancelledByUser(NotebookAsyncError, RuntimeError):  # noqa: N818
    """Stand for the result of a run that was cancelled.

    Examples
    --------
    >>> issubclass(WorkflowCancelledByUser, RuntimeError)
    True
    """


class WorkflowStepDoesNotExistError(NotebookAsyncError, LookupError):
    """Say that a workflow has no step of this name.

    Examples
    --------
    >>> issubclass(WorkflowStepDoesNotExistError, LookupError)
    True
    """


class WorkflowDone(NotebookAsyncError, RuntimeError):  # noqa: N818
    """Say that a run has ended, where something was to be done to it.

    Examples
    --------
    >>> issubclass(WorkflowDone, RuntimeError)
    True
    """


class ServiceNotFoundError(NotebookAsyncError, LookupError):
    """Say that no workflow was registered as a service under this name.

    Examples
    --------
    >>> issubclass(ServiceNotFoundError, LookupError)
    True
    """


class ContextSerdeError(NotebookAsyncError, ValueError):
    """Say that a context cannot be turned into data, or data into a context.

    Examples
    --------
    >>> issubclass(ContextSerdeError, ValueError)
    True
    """


class ContextStateError(NotebookAsyncError, RuntimeError):
    """Say that a method of a context was called where it has no meaning.

    Examples
    --------
    >>> issubclass(ContextStateError, RuntimeError)
    True
    """
