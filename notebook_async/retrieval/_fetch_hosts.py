"""Which address is fetched next, so that no host gets too many requests at once."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

__all__ = ["Address", "Hosts", "host_of"]

_AHEAD = 1000
"""Addresses that may be read ahead to find one whose host has room."""


@dataclass(frozen=True, slots=True)
class Address:
    """One of the addresses to fetch, and its host with the port."""

    index: int
    url: str
    host: str


def host_of(url: str) -> str:
    """Return the host and port of an address; "" if it has none.

    Examples
    --------
    >>> host_of("http://example.org:8080/tea")
    'example.org:8080'
    """
    try:
        return urlsplit(str(url)).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


class Hosts:
    """Counts the requests to each host, and lets no more begin than there may be.

    A worker is given an address only once its host has room, so that none is idle
    while addresses of other hosts are left.

    Parameters
    ----------
    most
        Requests to one host at once, >= 1.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._busy: Counter[str] = Counter()
        self._freed = asyncio.Event()
        self._given: set[int] = set()

    async def addresses(self, urls: Iterable[str]) -> AsyncIterator[Address]:
        """Yield addresses whose host has room, which each then has; in order else."""
        source = enumerate(urls)
        waiting: dict[str, deque[Address]] = {}
        count, ended = 0, False
        while True:
            while not ended and count < _AHEAD and not self._ready(waiting):
                index, url = next(source, (-1, ""))
                if index < 0:
                    ended = True
                    break
                address = Address(index, url, host_of(url))
                waiting.setdefault(address.host, deque()).append(address)
                count += 1
            if not count:
                return
            ready = self._ready(waiting)
            if not ready:
                self._freed.clear()
                await self._freed.wait()
                continue
            host = min(ready, key=lambda host: waiting[host][0].index)
            address = waiting[host].popleft()
            if not waiting[host]:
                del waiting[host]
            count -= 1
            self._busy[host] += 1
            self._given.add(address.index)
            yield address

    async def enter(self, address: Address) -> None:
        """Take the room that an address was given, or wait for room to try again."""
        if address.index in self._given:
            self._given.remove(address.index)
        else:
            await self.take(address.host)

    async def take(self, host: str) -> None:
        """Wait until a host has room, and take it."""
        while self._busy[host] >= self._most:
            self._freed.clear()
            await self._freed.wait()
        self._busy[host] += 1

    def leave(self, host: str) -> None:
        """Give room back."""
        self._busy[host] -= 1
        if not self._busy[host]:
            del self._busy[host]
        self._freed.set()

    def _ready(self, waiting: dict[str, deque[Address]]) -> list[str]:
        return [host for host in waiting if self._busy[host] < self._most]
