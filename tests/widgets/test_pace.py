"""When a panel sends, and how its parts take turns."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from notebook_async.widgets._pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable


class Parts:
    """Parts of a panel that have so many things to send, and what they sent when."""

    def __init__(self, **news: int) -> None:
        self.news = news
        self.sent: list[tuple[float, str]] = []

    def all(self) -> list[Callable[[], bool]]:
        """Return the parts."""
        return [lambda name=name: self._send(name) for name in self.news]

    def _send(self, name: str) -> bool:
        if not self.news[name]:
            return False
        self.news[name] -= 1
        self.sent.append((round(asyncio.get_running_loop().time(), 3), name))
        return True


def pace_of(parts: Parts) -> Pace:
    """Return a pace for them."""
    return Pace(asyncio.get_running_loop(), parts.all())


async def test_parts_take_turns() -> None:
    """At each tick one part sends, and none waits for ever."""
    parts = Parts(a=9, b=2, c=1)
    pace = pace_of(parts)
    pace.watch(visible=True)
    pace.start()
    await asyncio.sleep(0.65)
    assert parts.sent == [
        (0.1, "a"),
        (0.2, "b"),
        (0.3, "c"),
        (0.4, "a"),
        (0.5, "b"),
        (0.6, "a"),
    ]


async def test_unseen_ticks_are_a_second_apart() -> None:
    """What nobody sees is sent once a second, and at once when somebody looks."""
    parts = Parts(a=99)
    pace = pace_of(parts)
    pace.start()
    await asyncio.sleep(2.5)
    pace.watch(visible=True)
    await asyncio.sleep(0.25)
    pace.watch(visible=False)
    await asyncio.sleep(2)
    times = [at for at, _ in parts.sent]
    assert times == [1.0, 2.0, 2.6, 2.7, 2.8, 3.8]


async def test_asked_it_sends_as_soon_as_it_may() -> None:
    """A question is answered at once, but never within 0.1 s of the last message."""
    parts = Parts(a=3)
    pace = pace_of(parts)
    await asyncio.sleep(1)
    pace.ask()
    await asyncio.sleep(0.02)
    pace.ask()
    pace.ask()
    await asyncio.sleep(5)
    # Nobody looks for news, but what there is left to answer is sent.
    assert parts.sent == [(1.0, "a"), (1.1, "a"), (1.2, "a")]


async def test_at_rest_it_does_not_look() -> None:
    """At rest no part is called until there is a start or a question."""
    parts = Parts(a=0)
    pace = pace_of(parts)
    pace.start()
    pace.rest()
    await asyncio.sleep(3)
    parts.news["a"] = 1
    await asyncio.sleep(3)
    assert parts.sent == []
    pace.start()
    await asyncio.sleep(3)
    assert parts.sent == [(7.0, "a")]


async def test_stop_sends_all_at_once() -> None:
    """At the end each part sends what it has, and then nothing more."""
    parts = Parts(a=9, b=1)
    pace = pace_of(parts)
    pace.start()
    pace.stop()
    await asyncio.sleep(5)
    assert parts.sent == [(0.0, "a"), (0.0, "b")]
