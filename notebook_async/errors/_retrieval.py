"""Exceptions of stores, searches and fetches."""

from __future__ import annotations

import re

from notebook_async.errors._base import NotebookAsyncError

__all__ = ["FetchError", "SolrError", "StoreClosedError", "StoreFormatError"]


def shown_url(url: object) -> str:
    """Return an address as it may be printed, which ends in notebooks: no password.

    Examples
    --------
    >>> shown_url("http://me:secret@a.org/@x")
    'http://•••@a.org/@x'
    """
    return re.sub(r"//[^/@]*@", "//•••@", str(url))


class FetchError(NotebookAsyncError, OSError):
    """Say why an address could not be fetched; its cause is what was raised.

    Attributes
    ----------
    url
        The address as it was given.
    status
        What the server answered, or None if it did not.
    retry_after
        Seconds after which the server asked to come again, or None.
    transient
        Whether it may be gone when it is tried again.

    Examples
    --------
    >>> print(FetchError("http://a.org", "the server answered 404", status=404))
    'http://a.org' could not be fetched: the server answered 404
    >>> print(FetchError("http://me:secret@a.org", "no answer"))
    'http://•••@a.org' could not be fetched: no answer
    """

    def __init__(
        self,
        url: str,
        why: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        transient: bool = False,
    ) -> None:
        super().__init__(f"{shown_url(url)!r} could not be fetched: {why}")
        self.url = url
        self.status = status
        self.retry_after = retry_after
        self.transient = transient


class SolrError(NotebookAsyncError, RuntimeError):
    """Say what a Solr server answered, or that it did not.

    Attributes
    ----------
    store
        Name of the store.
    status
        The status of HTTP, or None if the server could not be reached; then the cause
        says why.

    Examples
    --------
    >>> print(SolrError("notes", "undefined field text_t", status=400))
    the Solr store 'notes' failed: undefined field text_t
    """

    def __init__(self, store: str, why: str, *, status: int | None = None) -> None:
        super().__init__(f"the Solr store {store!r} failed: {why}")
        self.store = store
        self.status = status


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
