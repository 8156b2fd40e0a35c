"""A small HTTP server on the loopback, whose answers a test decides."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


@dataclass(frozen=True)
class Request:
    """What was asked."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        """The parameters of the target."""
        return parse_qs(urlsplit(self.target).query)


@dataclass
class Answer:
    """What is answered; `body` may be more or less than Content-Length says."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None


@dataclass
class Server:
    """Serves until the end of its context, and counts what goes on."""

    answer: Callable[[Request], Awaitable[Answer]]
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    running: int = 0
    peak: int = 0
    paths: Counter[str] = field(default_factory=Counter)

    @classmethod
    @asynccontextmanager
    async def run(
        cls, answer: Callable[[Request], Awaitable[Answer]]
    ) -> AsyncIterator[Self]:
        """Serve on a free port of the loopback."""
        self = cls(answer)
        talks: set[asyncio.Task[None]] = set()

        def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(self._talk(reader, writer))
            talks.add(task)
            task.add_done_callback(talks.discard)

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for task in list(talks):
                task.cancel()
            await asyncio.gather(*talks, return_exceptions=True)
            await server.wait_closed()

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer the requests of one connection."""
        try:
            while (request := await _read(reader)) is not None:
                self.requests.append(request)
                self.paths[request.path] += 1
                self.running += 1
                self.peak = max(self.peak, self.running)
                try:
                    answer = await self.answer(request)
                finally:
                    self.running -= 1
                writer.write(_written(answer))
                await writer.drain()
                if answer.length is not None:
                    return
        except ConnectionError:
            pass  # the client has gone
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, target, headers, body)


def _written(answer: Answer) -> bytes:
    length = len(answer.body) if answer.length is None else answer.length
    headers = {"Content-Length": str(length), **answer.headers}
    lines = [
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
        *(f"{name}: {value}" for name, value in headers.items() if value),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body
