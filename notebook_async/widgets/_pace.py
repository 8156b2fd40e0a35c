"""When a panel sends: one message at a time, and never too often.

A panel has several parts that may have something to send. At each tick one of them
does, in turns, so that none waits for ever; nothing is sent per event.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable

__all__ = ["SEEN", "UNSEEN", "Pace"]

SEEN, UNSEEN = 0.1, 1.0
"""Seconds between two messages of a panel that somebody sees, and of another."""


class Pace:
    """Lets the parts of a panel send, one message at each tick.

    Parameters
    ----------
    loop
        On which all this happens.
    parts
        Each sends one message if there is something new, and tells whether it did.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, parts: Iterable[Callable[[], bool]]
    ) -> None:
        self._loop = loop
        self._parts = deque(parts)
        self._timer: asyncio.TimerHandle | None = None
        self._polls = False
        self._may_send_at = loop.time()
        self._closed = False
        self.visible = False

    def start(self) -> None:
        """Look for news from now on."""
        if not self._polls:
            self._polls = True
            self._tick_in(SEEN if self.visible else UNSEEN)

    def stop(self) -> None:
        """Look for no more news; what there is now is sent at once."""
        self._polls = False
        self._cancel()
        for part in list(self._parts):
            part()

    def rest(self) -> None:
        """Look for no more news until the next `start` or `ask`."""
        self._polls = False

    def close(self) -> None:
        """Send what there is now, and nothing ever again."""
        self._closed = True
        self.stop()

    def watch(self, *, visible: bool) -> None:
        """Take note of whether somebody sees the panel."""
        self.visible = visible
        if visible and self._polls:
            self._tick_in(SEEN)

    def ask(self) -> None:
        """Send what there is as soon as another message may be sent."""
        self._tick_in(max(0.0, self._may_send_at - self._loop.time()))

    def _tick_in(self, delay: float) -> None:
        if self._closed:
            return
        at = self._loop.time() + delay
        if self._timer is not None and self._timer.when() <= at:
            return
        self._cancel()
        self._timer = self._loop.call_at(at, self._tick)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        self._timer = None
        sent = self._send_one()
        if sent:
            self._may_send_at = self._loop.time() + SEEN
        if self._polls:
            self._tick_in(SEEN if self.visible else UNSEEN)
        elif sent:
            # Somebody asked: there may be more to answer.
            self._tick_in(SEEN)

    def _send_one(self) -> bool:
        for _ in range(len(self._parts)):
            part = self._parts[0]
            self._parts.rotate(-1)
            if part():
                return True
        return False
