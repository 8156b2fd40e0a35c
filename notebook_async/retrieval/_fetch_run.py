"""One call of `fetch_all`: requests, redirects, bodies, and what becomes of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from notebook_async.core import iter_jobs
from notebook_async.errors import FetchError
from notebook_async.retrieval._fetch_body import ACCEPTED, Body
from notebook_async.retrieval._fetch_hosts import Hosts, host_of
from notebook_async.retrieval._fetch_result import FetchResult

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from notebook_async.core import Retry
    from notebook_async.retrieval._fetch_hosts import Address

__all__ = ["Fetching"]

Client: TypeAlias = Any
"""An `httpx.AsyncClient`."""

_REDIRECTS = 20
_FAILED = 400

# What may be gone when it is tried again: too many requests, and servers in trouble.
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})


class Fetching:
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
        self._started: dict[int, Address] = {}
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
                    yield self._result(self._started.pop(number), came)
        finally:
            if own is not None:
                await own.aclose()

    async def _make_client(self) -> Client:
        # Reading the certificates takes tens of milliseconds.
        context = await asyncio.to_thread(self._httpx.create_ssl_context)
        limits = self._httpx.Limits(max_connections=None)
        return self._httpx.AsyncClient(verify=context, timeout=None, limits=limits)

    async def _addresses(self, urls: Iterable[str]) -> AsyncGenerator[Address, None]:
        number = 0
        async for address in self._hosts.addresses(urls):
            self._started[number] = address
            number += 1
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
            for hop in range(_REDIRECTS + 1):
                # The client's authentication is not for whom a server names: what may
                # go along a redirect httpx has put into its headers.
                auth = {"auth": None} if hop else {}
                response, content = await self._ask(address.url, request, auth)
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

    async def _ask(
        self,
        url: str,
        request: Any,  # noqa: ANN401 - an `httpx.Request`
        options: dict[str, Any],
    ) -> tuple[Any, bytes]:
        """Return an answer with its body, which a redirect does not need."""
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._client.send(
                    request, stream=True, follow_redirects=False, **options
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
