"""Many pages at once: as they come, politely, and with every failure told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from notebook_async.core import Retry
from notebook_async.core._options import integer, seconds
from notebook_async.errors import ArgumentTypeError, FetchError
from notebook_async.retrieval._extras import needed
from notebook_async.retrieval._fetch_hosts import Hosts
from notebook_async.retrieval._fetch_run import Fetching

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from notebook_async.retrieval._fetch_result import FetchResult

__all__ = ["fetch_all"]

Client: TypeAlias = Any
"""An `httpx.AsyncClient`."""

_PATIENCE = 60.0
"""Seconds that a server may ask to wait for; longer is not waited for."""


def fetch_all(  # noqa: PLR0913 - options are named by the caller
    urls: Iterable[str],
    *,
    workers: int = 8,
    per_host: int = 2,
    timeout: float | None = 30.0,
    retry: Retry | int | None = 3,
    max_bytes: int = 10_000_000,
    client: Client | None = None,
) -> AsyncGenerator[FetchResult, None]:
    """Fetch addresses, and yield what comes of each as soon as it does.

    Parameters
    ----------
    urls
        Addresses of HTTP; read as there is room for more, up to 1,000 ahead.
    workers
        Requests at once, >= 1.
    per_host
        Requests at once to one host and port, >= 1. Others go on meanwhile.
    timeout
        Seconds > 0 for a request with its body; a redirect begins anew, and waiting
        for room does not count. None for no bound.
    retry
        Attempts in all, >= 1, for what may pass: failed connections, timeouts and the
        statuses 408, 425, 429, 500, 502, 503 and 504; a Retry-After of up to a minute
        is kept. A `Retry` is taken as it is, and gets `FetchError` objects. None tries
        once.
    max_bytes
        Bytes of an unpacked body at most, >= 0; more than that is an error.
    client
        An `httpx.AsyncClient` with headers, authentication or a proxy; it is not
        closed. By default one is made for the call.

    Returns
    -------
    AsyncGenerator
        Of `FetchResult`, one per address, in the order in which they come. Leaving its
        loop cancels the rest; with `contextlib.aclosing` that is also waited for.

    Raises
    ------
    InvalidArgumentError, ArgumentTypeError
        If an option is out of its range, at once. What goes wrong with an address is
        never raised: it is the `error` of its result.
    HostError
        If httpx is not installed.

    Notes
    -----
    Redirects are followed, up to 20. A status of 400 or more is an error.

    Examples
    --------
    An address that cannot be fetched does no harm to the others:

    >>> async for result in fetch_all(["nonsense", "file:///tea"]):
    ...     print(result.index, result.error)
    0 'nonsense' could not be fetched: it is no address of http or https
    1 'file:///tea' could not be fetched: it is no address of http or https
    """
    if isinstance(urls, str):
        raise ArgumentTypeError(f"urls must be an iterable of addresses, got {urls!r}")
    fetching = Fetching(
        httpx=needed("httpx", "fetch_all"),
        hosts=Hosts(integer("per_host", per_host, least=1)),
        timeout=timeout
        if timeout is None
        else seconds("timeout", timeout, positive=True),
        max_bytes=integer("max_bytes", max_bytes, least=0),
        client=client,
    )
    workers = integer("workers", workers, least=1)
    return fetching.results(urls, workers, _policy(retry))


def _policy(retry: Retry | int | None) -> Retry | None:
    if retry is None or isinstance(retry, Retry):
        return retry
    return Retry(attempts=retry, on=_may_pass, hint=_hint)


def _may_pass(error: Exception) -> bool:
    if not isinstance(error, FetchError) or not error.transient:
        return False
    return error.retry_after is None or error.retry_after <= _PATIENCE


def _hint(error: Exception) -> float | None:
    return error.retry_after if isinstance(error, FetchError) else None
