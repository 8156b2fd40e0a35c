"""The events that a run shows, kept for any number of readers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from notebook_async.workflow.events import InternalDispatchEvent, StopEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.workflow._engine.teller import Teller
    from notebook_async.workflow.events import Event

__all__ = ["EventLog", "EventReader"]


class EventLog:
    """What was written to the stream of a run, from its beginning or from a bound on.

    Parameters
    ----------
    size
        How many events to keep at least, or None for all.

    Attributes
    ----------
    first
        How many events were dropped at the beginning.
    internal
        Whether somebody reads what the engine says about itself; it is not made
        otherwise.
    sealed
        Whether the last event is there.
    closed
        Whether the run is over, so that readers end.
    forward
        The log of the run that this one is inside of; its readers see these too.
    teller
        Who tells the hooks, if anybody wants to know.
    idle
        Called when a reader begins to wait for more, and when it does no more; or None.
    """

    __slots__ = (
        "_size",
        "_waiting",
        "closed",
        "events",
        "first",
        "forward",
        "idle",
        "internal",
        "sealed",
        "teller",
    )

    def __init__(self, size: int | None = None) -> None:
        self.events: list[Event] = []
        self.first = 0
        self.internal = False
        self.closed = False
        self.sealed = False
        self.forward: EventLog | None = None
        self.teller: Teller | None = None
        self.idle: Callable[[], None] | None = None
        self._size = size
        self._waiting: list[asyncio.Future[None]] | None = None

    def append(self, event: Event) -> None:
        """Add an event, and wake those who read; nothing comes after the last."""
        if self.sealed:
            return
        self._add(event)
        if self._waiting:
            self._wake()
        if self.teller is not None or self.forward is not None:
            self._pass_on(event)

    def _add(self, event: Event) -> None:
        self.events.append(event)
        if self._size is not None and len(self.events) >= 2 * self._size:
            # By halves, so that an event is moved but once on average.
            extra = len(self.events) - self._size
            del self.events[:extra]
            self.first += extra

    def close(self, last: Event) -> None:
        """Add the last event, and let every reader end once it has read all."""
        self._add(last)
        self.closed = True
        self.forward = self.teller = self.idle = None
        self._wake()

    async def wait(self) -> None:
        """Wait until there is more to read, or the end."""
        future = asyncio.get_running_loop().create_future()
        if self._waiting is None:
            self._waiting = []
        self._waiting.append(future)
        if self.idle is not None:
            self.idle()
        try:
            await future
        except asyncio.CancelledError:
            self._waiting = [each for each in self._waiting or () if each is not future]
            if self.idle is not None:
                self.idle()
            raise

    @property
    def is_awaited(self) -> bool:
        """Whether somebody has read everything, and waits for more."""
        return bool(self._waiting)

    def _pass_on(self, event: Event) -> None:
        if isinstance(event, InternalDispatchEvent):
            return
        if self.teller is not None:
            self.teller.event(event)
        if self.forward is not None and not isinstance(event, StopEvent):
            self.forward.append(event)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        for future in waiting or ():
            if not future.done():
                future.get_loop().call_soon_threadsafe(_resolve, future)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class EventReader:
    """An async iterator over the events of a run, past and to come.

    Every reader has a place of its own. One that is slower than a bounded log misses
    what was dropped.

    Parameters
    ----------
    log
        What it reads.
    place
        A list of one: how many events were read or skipped. Whoever made the reader
        can thus go on where it was left.
    internal
        Whether it shows what the engine says about itself.
    """

    __slots__ = ("__weakref__", "_internal", "_log", "_place")

    def __init__(self, log: EventLog, place: list[int], *, internal: bool) -> None:
        self._log = log
        self._internal = internal
        self._place = place

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        log, place = self._log, self._place
        while True:
            at = max(0, place[0] - log.first)
            events = log.events
            if at < len(events):
                event = events[at]
                place[0] = log.first + at + 1
                if self._internal or not isinstance(event, InternalDispatchEvent):
                    return event
            elif log.closed:
                raise StopAsyncIteration
            else:
                await log.wait()

    async def aclose(self) -> None:
        """Do nothing: there is nothing to give back."""
