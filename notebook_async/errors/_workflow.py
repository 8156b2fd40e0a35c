"""Exceptions of the workflow engine."""

from __future__ import annotations

from notebook_async.errors._base import NotebookAsyncError

__all__ = [
    "ContextSerdeError",
    "ContextStateError",
    "ServiceNotFoundError",
    "WorkflowCancelledByUser",
    "WorkflowConfigurationError",
    "WorkflowDone",
    "WorkflowRuntimeError",
    "WorkflowStepDoesNotExistError",
    "WorkflowTimeoutError",
    "WorkflowValidationError",
]


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
