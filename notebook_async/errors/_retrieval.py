"""Exceptions of stores, searches and fetches."""

from __future__ import annotations

from notebook_async.errors._base import NotebookAsyncError

__all__ = ["StoreClosedError", "StoreFormatError"]


class StoreClosedError(NotebookAsyncError, RuntimeError):
    """Say that a store was closed before what was asked of it.

    Attributes
    ----------
    store
        Its name.

    Examples
    --------
    >>> print(StoreClosedError("notes.db"))
    the store 'notes.db' is closed; make another one of the same place to go on
    """

    def __init__(self, store: str) -> None:
        super().__init__(
            f"the store {store!r} is closed; make another one of the same place to"
            " go on"
        )
        self.store = store


class StoreFormatError(NotebookAsyncError, ValueError):
    """Say that a file is no store, or one of another version.

    Attributes
    ----------
    path
        The file.

    Examples
    --------
    >>> print(StoreFormatError("other.db", "it is some other database"))
    'other.db' cannot be used as a store: it is some other database
    """

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path!r} cannot be used as a store: {why}")
        self.path = path
