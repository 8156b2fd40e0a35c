"""Many pages at once: as they come, politely, and with every failure told."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from notebook_async.core import Retry, iter_jobs
from notebook_async.core._options import integer, seconds
from notebook_async.errors import ArgumentTypeError, FetchError
from notebook_async.retrieval._extras import needed
from notebook_async.retrieval._fetch_body import ACCEPTED, Body
from notebook_async.retrieval._fetch_hosts import Hosts, host_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping

    from notebook_async.retrieval._fetch_hosts import Address

__all__ = ["FetchResult", "fetch_all"]

Client: TypeAlias = Any
"""An `httpx.AsyncClient`."""

_REDIRECTS = 20
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]+)", re.IGNORECASE)

# What may be gone when it is tried again: too many requests, and servers in trouble.
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_FAILED = 400

_PATIENCE = 60.0
"""Seconds that a server may ask to wait for; longer is not waited for."""


@dataclass(frozen=True, slots=True)
class FetchResult:
    """What came of one address: a body, or an error.

    Attributes
    ----------
    url, index
        The address as it was given, and its place among them, from 0.
    error
        What went wrong, with its cause; None if nothing did.
    status
        The status of the last answer, or None if there was none.
    headers
        Those of the answer, by names in small letters.
    content
        The body, unpacked; empty if there is an error.
    final_url
        Where the answer came from, after redirects.
    attempts
        How often it was tried.

    Examples
    --------
    >>> result = FetchResult("http://a.org", 0, content=b'{"tea": 1}')
    >>> result.ok, result.text, result.json()
    (True, '{"tea": 1}', {'tea': 1})
    """

    url: str
    index: int
    error: FetchError | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = field(default=b"", repr=False)
    final_url: str = ""
    attempts: int = 1

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return self.error is None

    @property
    def text(self) -> str:
        """The body as text, by the charset of its Content-Type, else UTF-8."""
        said = _CHARSET.search(self.headers.get("content-type", ""))
        try:
            return self.content.decode(said[1] if said else "utf-8", "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")

    def json(self) -> Any:  # noqa: ANN401 - whatever it holds
        """Return the body read as JSON.

        Examples
        --------
        >>> FetchResult("http://a.org", 0, content=b"[1, 2]").json()
        [1, 2]
        """
        return json.loads(self.content)


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
    fetching = _Fetching(
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


class _Fetching:
    """One call of `fetch_all`."""

    def __init__(
        self,
        *,
        httpx: Any,  # noqa: ANN401 - the module
        hosts: Hosts,
        timeout: float | None,
        max_bytes: int,
        client: Client | None,
    ) -> None:
        self._httpx = httpx
        self._hosts = hosts
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._client: Client = client
        self._started: list[Address] = []
        self._attempts: Counter[int] = Counter()

    async def results(
        self, urls: Iterable[str], workers: int, retry: Retry | None
    ) -> AsyncGenerator[FetchResult, None]:
        """Yield results as they come."""
        own = None if self._client is not None else await self._make_client()
        self._client = self._client or own
        stream = iter_jobs(
            self._fetch,
            self._addresses(urls),
            workers=workers,
            retry=retry,
            on_error="return",
            desc="fetch",
        )
        try:
            async with stream:
                async for number, came in stream:
                    yield self._result(self._started[number], came)
        finally:
            if own is not None:
                await own.aclose()

    async def _make_client(self) -> Client:
        # Reading the certificates takes tens of milliseconds.
        context = await asyncio.to_thread(self._httpx.create_ssl_context)
        limits = self._httpx.Limits(max_connections=None)
        return self._httpx.AsyncClient(verify=context, timeout=None, limits=limits)

    async def _addresses(self, urls: Iterable[str]) -> AsyncGenerator[Address, None]:
        async for address in self._hosts.addresses(urls):
            self._started.append(address)
            yield address

    def _result(self, address: Address, came: FetchResult | Exception) -> FetchResult:
        if isinstance(came, FetchResult):
            return came
        if not isinstance(came, FetchError):
            # Such as what the functions of a `Retry` raise.
            error = FetchError(address.url, _why(came))
            error.__cause__ = came
            came = error
        return FetchResult(
            address.url,
            address.index,
            error=came,
            status=came.status,
            attempts=self._attempts.pop(address.index, 0),
        )

    async def _fetch(self, address: Address) -> FetchResult:
        """Fetch one address once, through all its redirects."""
        self._attempts[address.index] += 1
        await self._hosts.enter(address)
        host: str | None = address.host
        try:
            request = self._request(address.url)
            for _ in range(_REDIRECTS + 1):
                response, content = await self._ask(address.url, request)
                request = response.next_request
                if request is None:
                    return self._success(address, response, content)
                there = host_of(str(request.url))
                if there != host:
                    # With the old room kept, two could wait for each other for ever.
                    self._hosts.leave(host or "")
                    host = None
                    await self._hosts.take(there)
                    host = there
        except FetchError:
            raise
        except Exception as error:
            passing = isinstance(error, self._passing)
            raise FetchError(address.url, _why(error), transient=passing) from error
        finally:
            if host is not None:
                self._hosts.leave(host)
        raise FetchError(address.url, f"it was redirected more than {_REDIRECTS} times")

    def _request(self, url: str) -> Any:  # noqa: ANN401 - an `httpx.Request`
        try:
            asked = self._httpx.URL(url)
        except (self._httpx.InvalidURL, TypeError) as error:
            raise FetchError(url, "it is no address of http or https") from error
        if asked.scheme not in {"http", "https"} or not asked.host:
            raise FetchError(url, "it is no address of http or https")
        headers = {"Accept-Encoding": ACCEPTED}
        return self._client.build_request("GET", asked, headers=headers)

    async def _ask(self, url: str, request: Any) -> tuple[Any, bytes]:  # noqa: ANN401 - of httpx
        """Return an answer with its body, which a redirect does not need."""
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._client.send(
                    request, stream=True, follow_redirects=False
                )
                try:
                    return response, await self._read(url, response)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            why = f"no whole answer came within {self._timeout} s"
            raise FetchError(url, why, transient=True) from error

    async def _read(self, url: str, response: Any) -> bytes:  # noqa: ANN401 - of httpx
        if response.next_request is not None:
            return b""
        if response.status_code >= _FAILED:
            raise FetchError(
                url,
                f"the server answered {response.status_code} {response.reason_phrase}",
                status=response.status_code,
                retry_after=_retry_after(response.headers.get("retry-after", "")),
                transient=response.status_code in _TRANSIENT,
            )
        headers = response.headers
        body = Body(headers.get("content-encoding", ""), most=self._max_bytes)
        length = headers.get("content-length", "")
        small = not length.isdecimal() or int(length) <= self._max_bytes
        async for data in response.aiter_raw():
            small = small and body.feed(data)
            if not small:
                break
        if small:
            return body.finish()
        raise FetchError(
            url,
            f"its body has more than max_bytes={self._max_bytes}",
            status=response.status_code,
        )

    def _success(self, address: Address, response: Any, content: bytes) -> FetchResult:  # noqa: ANN401 - of httpx
        return FetchResult(
            address.url,
            address.index,
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            content=content,
            final_url=str(response.url),
            attempts=self._attempts.pop(address.index),
        )

    @property
    def _passing(self) -> tuple[type[Exception], ...]:
        httpx = self._httpx
        return (
            httpx.NetworkError,
            httpx.ProxyError,
            httpx.RemoteProtocolError,
            httpx.TimeoutException,
        )


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


def _retry_after(said: str) -> float | None:
    """Return the seconds of a Retry-After, which are a number or a date."""
    if said.isdecimal():
        return float(said)
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


def _why(error: Exception) -> str:
    name = type(error).__name__
    return f"{name}: {error}" if str(error) else name
