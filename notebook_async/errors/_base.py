"""The base of all exceptions of this package, and those about arguments."""

from __future__ import annotations

__all__ = [
    "ArgumentTypeError",
    "InvalidArgumentError",
    "NotAwaitableError",
    "NotebookAsyncError",
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
