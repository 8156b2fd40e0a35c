"""Many pages at once, from a server on the loopback."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_async.core import Retry
from notebook_async.errors import (
    ArgumentTypeError,
    FetchError,
    HostError,
    InvalidArgumentError,
)
from notebook_async.retrieval import FetchResult, fetch_all
from notebook_async.retrieval._fetch import _may_pass
from notebook_async.retrieval._fetch_body import Body
from notebook_async.retrieval._fetch_hosts import Hosts
from notebook_async.retrieval._fetch_run import _retry_after
from tests.retrieval.http_server import Answer, Request, Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

# The tests of sockets, that is; those of the policies run on the virtual clock.
realtime = pytest.mark.realtime

AT_ONCE = Retry(attempts=3, on=_may_pass, base=0)


async def all_of(urls: Iterable[str], **options: Any) -> list[FetchResult]:  # noqa: ANN401 - passed on
    """Return all results, in the order of their addresses."""
    found = [result async for result in fetch_all(urls, **options)]
    return sorted(found, key=lambda result: result.index)


def serving(
    answers: Callable[[Request], Answer] | dict[str, Answer],
) -> Any:  # noqa: ANN401 - a context manager
    """Serve answers by the path of a request."""

    async def answer(request: Request) -> Answer:
        if callable(answers):
            return answers(request)
        return answers.get(request.path, Answer(404))

    return Server.run(answer)


@realtime
async def test_fetches_all() -> None:
    """Each address gives one result, with its body, status and headers."""
    body = "Tee für zwei".encode("latin-1")
    kind = {"Content-Type": "text/plain; charset=ISO-8859-1"}
    async with serving(
        {"/a": Answer(body=body, headers=kind), "/b": Answer(201, b'{"tea": 1}')}
    ) as server:
        urls = [f"{server.url}/a", f"{server.url}/b", f"{server.url}/c"]
        one, two, three = await all_of(urls)
    assert (one.text, one.status, one.headers["content-type"]) == (
        "Tee für zwei",
        200,
        kind["Content-Type"],
    )
    assert (one.url, one.final_url, one.attempts, one.ok) == (urls[0], urls[0], 1, True)
    assert (two.json(), two.status) == ({"tea": 1}, 201)
    assert (three.status, three.content, three.ok) == (404, b"", False)
    message = f"{urls[2]!r} could not be fetched: the server answered 404 Not Found"
    assert str(three.error) == message


@realtime
async def test_results_come_as_they_are_ready() -> None:
    """A slow address does not hold up the others."""
    held = asyncio.Event()

    async def answer(request: Request) -> Answer:
        if request.path == "/slow":
            await held.wait()
        return Answer(body=request.path.encode())

    async with Server.run(answer) as server:
        urls = [f"{server.url}/{name}" for name in ("slow", "b", "c", "d")]
        came = []
        async for result in fetch_all(urls):
            came.append(result.index)
            if len(came) == 3:
                held.set()
    assert came == [1, 2, 3, 0]


class Gate:
    """Holds requests until so many are there, and then one wave after the other."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.there = 0
        self.full = asyncio.Event()

    async def answer(self, _: Request) -> Answer:
        """Wait until as many requests run as there should be."""
        self.there += 1
        if self.there == self.expected:
            self.full.set()
        await self.full.wait()
        await asyncio.sleep(0.01)
        return Answer()


@realtime
@pytest.mark.parametrize(
    ("hosts", "workers", "per_host", "peaks"),
    [(1, 8, 2, [2]), (3, 8, 2, [2, 2, 2]), (1, 3, 9, [3]), (1, 1, 1, [1])],
)
async def test_keeps_its_limits(
    hosts: int, workers: int, per_host: int, peaks: list[int]
) -> None:
    """As many requests run as both limits allow, no fewer and no more."""
    gate = Gate(sum(peaks))
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(Server.run(gate.answer))
            for _ in range(hosts)
        ]
        # All of the first host come first, and do not keep the workers from the rest.
        urls = [f"{server.url}/{n}" for server in servers for n in range(12)]
        results = await all_of(urls, workers=workers, per_host=per_host)
        assert all(result.ok for result in results)
        assert [result.url for result in results] == urls
        assert [server.peak for server in servers] == peaks


@realtime
async def test_redirects_are_followed_within_the_limits() -> None:
    """A redirect to another host waits for room there, and the way is told."""

    async def there(_: Request) -> Answer:
        await asyncio.sleep(0.01)
        return Answer(body=b"there")

    async with Server.run(there) as other:

        def elsewhere(request: Request) -> Answer:
            if request.path == "/near":
                return Answer(302, headers={"Location": "/far"})
            return Answer(307, headers={"Location": f"{other.url}/x?y=1"})

        async with serving(elsewhere) as server:
            urls = [f"{server.url}/near", *(f"{server.url}/{n}" for n in range(10))]
            results = await all_of(urls, per_host=2)
    assert {result.content for result in results} == {b"there"}
    assert {result.final_url for result in results} == {f"{other.url}/x?y=1"}
    assert (server.peak <= 2, other.peak) == (True, 2)


@realtime
async def test_redirects_come_to_an_end() -> None:
    """A ring of redirects is an error after 20, and so is one to no page."""
    ring = Answer(302, headers={"Location": "/ring"})
    nowhere = Answer(302, headers={"Location": "ftp://127.0.0.1/x"})
    async with serving({"/ring": ring, "/nowhere": nowhere}) as server:
        urls = [f"{server.url}/ring", f"{server.url}/nowhere"]
        one, two = await all_of(urls)
        assert server.paths == {"/ring": 21, "/nowhere": 1}
    assert "redirected more than 20 times" in str(one.error)
    assert "UnsupportedProtocol" in str(two.error)
    assert two.error is not None
    assert isinstance(two.error.__cause__, httpx.UnsupportedProtocol)


PACKED = {
    "gzip": gzip.compress(b"tea " * 1000),
    "deflate": zlib.compress(b"tea " * 1000),
    "x-gzip": gzip.compress(b"tea " * 500) + gzip.compress(b"tea " * 500),
    "Deflate": zlib.compress(b"tea " * 1000)[2:-4],
    "identity": b"tea " * 1000,
}


@realtime
async def test_bodies_are_unpacked() -> None:
    """Each encoding that is asked for is unpacked; any other one is told."""

    def answers(request: Request) -> Answer:
        assert request.headers["accept-encoding"] == "gzip, deflate"
        name = request.path[1:]
        body = PACKED.get(name, b"?")
        return Answer(body=body, headers={"Content-Encoding": name})

    async with serving(answers) as server:
        *results, odd = await all_of([f"{server.url}/{n}" for n in (*PACKED, "br")])
    assert [result.content for result in results] == [b"tea " * 1000] * 5
    assert "its encoding 'br' is none of: gzip, deflate" in str(odd.error)


@realtime
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("told", [False, True])
async def test_size_is_limited(*, packed: bool, told: bool) -> None:
    """A body of the limit is fetched, one byte more is an error; unpacked, that is."""

    def answers(request: Request) -> Answer:
        body = b"x" * int(request.path[1:])
        headers = {} if told else {"Content-Length": "", "Connection": "close"}
        if packed:
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        return Answer(body=body, headers=headers, length=None if told else len(body))

    async with serving(answers) as server:
        urls = [f"{server.url}/{size}" for size in (100_000, 100_001)]
        fits, large = await all_of(urls, max_bytes=100_000)
        assert server.paths["/100001"] == 1
    assert (len(fits.content), fits.ok) == (100_000, True)
    assert (large.content, large.status) == (b"", 200)
    assert "its body has more than max_bytes=100000" in str(large.error)


@realtime
async def test_bomb_is_not_unpacked() -> None:
    """A hundred megabytes in a small body are an error, and are not unpacked."""
    packer = zlib.compressobj(1)
    bomb = b"".join(packer.compress(b"\0" * 10_000_000) for _ in range(10))
    bomb += packer.flush()
    answer = Answer(body=bomb, headers={"Content-Encoding": "deflate"})
    assert len(bomb) < 1_000_000
    async with serving({"/": answer}) as server:
        (result,) = await all_of([f"{server.url}/"], max_bytes=1_000_000)
    assert "more than max_bytes" in str(result.error)


@given(
    st.binary(max_size=2000), st.integers(1, 50), st.integers(0, 2000), st.booleans()
)
def test_body_is_never_more_than_its_limit(
    data: bytes,
    size: int,
    most: int,
    packed: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    """In pieces of any size a body is whole, or known to be too large in time."""
    sent = gzip.compress(data) if packed else data
    body = Body("gzip" if packed else "", most=most)
    fits = all(body.feed(sent[at : at + size]) for at in range(0, len(sent), size))
    assert fits == (len(data) <= most)
    assert sum(map(len, body._parts)) <= most + max(size, 1)
    if fits:
        assert body.finish() == data


@realtime
@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (Answer(body=b"abc", length=9), httpx.RemoteProtocolError),
        (Answer(body=b"no gzip", headers={"Content-Encoding": "gzip"}), zlib.error),
        (
            Answer(body=PACKED["gzip"][:40], headers={"Content-Encoding": "gzip"}),
            zlib.error,
        ),
        (Answer(headers={"Content-Encoding": "zstd"}), ValueError),
    ],
)
async def test_broken_bodies_are_errors(answer: Answer, cause: type[Exception]) -> None:
    """A body that breaks off, or is not what it was said to be, is an error."""
    async with serving({"/": answer}) as server:
        (result,) = await all_of([f"{server.url}/"], retry=None)
    assert result.error is not None
    assert isinstance(result.error.__cause__, cause)
    assert not result.ok


@realtime
async def test_what_may_pass_is_tried_again() -> None:
    """Statuses of trouble are tried again, as often as asked; others are not."""
    seen: dict[str, int] = {}

    def answers(request: Request) -> Answer:
        seen[request.path] = seen.get(request.path, 0) + 1
        _, status, times = request.path.split("/")
        return Answer(int(status) if seen[request.path] <= int(times) else 200)

    async with serving(answers) as server:
        paths = ["/503/2", "/503/3", "/429/1", "/404/1", "/500/9"]
        results = await all_of([server.url + path for path in paths], retry=AT_ONCE)
        assert [result.attempts for result in results] == [3, 3, 2, 1, 3]
        assert [result.status for result in results] == [200, 503, 200, 404, 500]
        (once,) = await all_of([f"{server.url}/503/4"], retry=None)
        assert (once.attempts, once.status) == (1, 503)
        (twice,) = await all_of([f"{server.url}/502/4"], retry=2)
        assert (twice.attempts, twice.status) == (2, 502)


@realtime
async def test_retry_after_is_kept() -> None:
    """A server that says when to come again is asked no earlier, or not at all."""
    times: list[float] = []

    def answers(request: Request) -> Answer:
        times.append(asyncio.get_running_loop().time())
        wait = request.path[1:]
        return Answer(429 if len(times) == 1 else 200, headers={"Retry-After": wait})

    async with serving(answers) as server:
        (result,) = await all_of([f"{server.url}/1"])
        assert result.ok
        assert 1 <= times[1] - times[0] < 2
        times.clear()
        (result,) = await all_of([f"{server.url}/61"])
        assert (len(times), result.status) == (1, 429)
        assert result.error is not None
        assert result.error.retry_after == 61


def test_retry_after_is_seconds_or_a_date() -> None:
    """Both forms of the header are read; anything else is nothing."""
    assert _retry_after("7") == 7
    later = datetime.now(UTC) + timedelta(seconds=30)
    assert 28 < (_retry_after(format_datetime(later, usegmt=True)) or 0) <= 30
    assert _retry_after("Thu, 01 Jan 1970 00:00:00 GMT") == 0
    assert _retry_after("soon") is None
    assert _retry_after("") is None


@realtime
async def test_slow_answers_time_out() -> None:
    """A request that takes longer than its time is an error, or is tried again."""
    never = asyncio.Event()

    async def answer(request: Request) -> Answer:
        if request.path == "/slow":
            await never.wait()
        return Answer(body=b"x", length=9 if request.path == "/half" else None)

    async with Server.run(answer) as server:
        urls = [f"{server.url}/slow", f"{server.url}/quick"]
        slow, quick = await all_of(urls, timeout=0.1, retry=None)
    assert "no whole answer came within 0.1 s" in str(slow.error)
    assert slow.error is not None
    assert slow.error.transient
    assert isinstance(slow.error.__cause__, TimeoutError)
    assert quick.ok


@realtime
async def test_waiting_for_room_is_not_timed() -> None:
    """The time of a request begins when it is sent."""

    async def answer(_: Request) -> Answer:
        await asyncio.sleep(0.05)
        return Answer()

    async with Server.run(answer) as server:
        urls = [f"{server.url}/{n}" for n in range(6)]
        results = await all_of(urls, per_host=1, timeout=0.25, retry=None)
    assert all(result.ok for result in results)


@realtime
async def test_no_connection_is_an_error() -> None:
    """Where nobody listens the error has its cause, after all attempts."""
    async with serving({}) as server:
        gone = server.url
    (result,) = await all_of([gone], retry=AT_ONCE)
    assert result.error is not None
    assert isinstance(result.error.__cause__, httpx.ConnectError)
    assert (result.error.transient, result.attempts, result.status) == (True, 3, None)


async def test_no_address_is_an_error() -> None:
    """What is no address of HTTP fails by itself, without a request."""
    urls: list[Any] = ["", "tea", "http://", "file:///x", "http://a:port/", 7, None]
    results = await all_of(urls)
    assert [result.url for result in results] == urls
    for result in results:
        assert isinstance(result.error, FetchError)
        assert "it is no address of http or https" in str(result.error)
        assert result.attempts == 1


async def test_errors_of_a_policy_are_results_too() -> None:
    """What the functions of a `Retry` raise is the error of that address."""

    def wrong(_: Exception) -> float | None:
        raise ZeroDivisionError

    (result,) = await all_of(["tea"], retry=Retry(hint=wrong))
    assert result.error is not None
    assert isinstance(result.error.__cause__, ZeroDivisionError)


async def test_errors_of_the_addresses_come_out() -> None:
    """What the iterable of addresses raises is raised."""

    def broken() -> Iterable[str]:
        yield "tea"
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        await all_of(broken())


@realtime
async def test_addresses_are_read_as_there_is_room() -> None:
    """An endless iterable is no trouble, and leaving the loop ends all requests."""
    async with serving(lambda _: Answer()) as server:

        def endless() -> Iterable[str]:
            while True:
                yield f"{server.url}/x"

        count = 0
        async with aclosing(fetch_all(endless())) as results:
            async for result in results:
                assert result.ok
                count += 1
                if count == 50:
                    break
        assert len(server.requests) <= 50 + 2 * 8
        assert server.running == 0
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert {task for task in others if "_fetch" in repr(task)} == set()


@realtime
async def test_client_may_be_given() -> None:
    """A client of one's own brings its headers, and stays open."""
    async with (
        serving(
            lambda request: Answer(body=request.headers["x-tea"].encode())
        ) as server,
        httpx.AsyncClient(headers={"X-Tea": "green"}) as client,
    ):
        (result,) = await all_of([server.url], client=client)
        assert result.text == "green"
        assert not client.is_closed


@realtime
async def test_secrets_are_not_redirected() -> None:
    """The authentication of a client goes to the host that was asked, and no other."""

    async def there(_: Request) -> Answer:
        return Answer()

    async with Server.run(there) as other:

        def answers(request: Request) -> Answer:
            places = {"/near": "/there", "/far": f"{other.url}/there"}
            place = places.get(request.path)
            return Answer(302, headers={"Location": place}) if place else Answer()

        async with (
            serving(answers) as server,
            httpx.AsyncClient(auth=("me", "secret")) as client,
        ):
            urls = [f"{server.url}/near", f"{server.url}/far"]
            results = await all_of(urls, client=client)
    assert [result.ok for result in results] == [True, True]
    assert len(server.requests) == 3
    assert all("authorization" in request.headers for request in server.requests)
    assert ["authorization" in request.headers for request in other.requests] == [False]


async def test_worker_is_not_kept_by_a_full_host() -> None:
    """Addresses of free hosts overtake those of a full one; each host keeps order."""
    hosts = Hosts(1)
    urls = ["http://a/1", "http://a/2", "http://b/1", "http://a/3", "http://c/1"]
    given: AsyncIterator[Any] = hosts.addresses(urls)
    first = [(await anext(given)).index for _ in range(3)]
    assert first == [0, 2, 4]
    waiting = asyncio.ensure_future(anext(given))
    await asyncio.sleep(1)
    assert not waiting.done()
    hosts.leave("b")
    await asyncio.sleep(1)
    assert not waiting.done()
    hosts.leave("a")
    assert (await waiting).index == 1
    hosts.leave("a")
    assert (await anext(given)).index == 3
    with pytest.raises(StopAsyncIteration):
        await anext(given)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"workers": 0}, InvalidArgumentError, "workers must be >= 1, got 0"),
        ({"per_host": 0}, InvalidArgumentError, "per_host must be >= 1, got 0"),
        ({"timeout": 0}, InvalidArgumentError, "timeout must be > 0 seconds"),
        ({"retry": 0}, InvalidArgumentError, "attempts must be >= 1, got 0"),
        ({"max_bytes": -1}, InvalidArgumentError, "max_bytes must be >= 0, got -1"),
        ({"per_host": "2"}, ArgumentTypeError, "per_host must be an integer"),
    ],
)
def test_wrong_options_are_refused(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    """Options out of their range are told by the call itself."""
    with pytest.raises(error, match=message):
        fetch_all([], **options)


def test_one_address_is_no_list_of_them() -> None:
    """A text is not taken for its characters."""
    with pytest.raises(
        ArgumentTypeError, match="urls must be an iterable of addresses"
    ):
        fetch_all("http://a.org")


def test_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without httpx the error says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "httpx", None)
    with pytest.raises(HostError, match="fetch_all needs httpx"):
        fetch_all([])


@pytest.mark.parametrize("charset", ["tea", "idna", "undefined", "punycode", "hex"])
def test_text_of_an_unknown_charset(charset: str) -> None:
    """What names no charset of texts is read as UTF-8, and never raises."""
    headers = {"content-type": f"text/plain; charset={charset}"}
    result = FetchResult("u", 0, headers=headers, content=b"th\xc3\xa9 \xff")
    assert result.text == "thé \ufffd"
