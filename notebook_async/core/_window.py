"""What stands between the workers of a streamed run and its consumer."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

__all__ = ["Window"]


class Window:
    """Finished items that wait for the consumer, and room for so many and no more.

    An item takes its room when it is started and gives it back when it is consumed, so
    that a slow consumer slows the workers down.
    """

    __slots__ = (
        "_loop",
        "_more",
        "_next",
        "_ordered",
        "_ready",
        "_skipped",
        "_waiting",
        "open",
        "size",
    )

    open: int
    """Items started and not yet consumed; a worker that starts one adds to it."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, size: int, *, ordered: bool
    ) -> None:
        self._loop = loop
        self.size = size
        self._ordered = ordered
        self.open = 0
        self._next = 0
        self._ready: Any = {} if ordered else deque()
        self._skipped: set[int] = set()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._more: asyncio.Future[None] | None = None

    async def wait_for_room(self) -> None:
        """Wait until an item may start."""
        while self.open >= self.size:
            room: asyncio.Future[None] = self._loop.create_future()
            self._waiting.append(room)
            await room

    def pass_on(self) -> None:
        """Let another worker have the room that this one was woken for."""
        if self.open < self.size:
            self._wake_worker()

    async def wait_for_more(self) -> None:
        """Wait until `wake`, or until an item is delivered."""
        self._more = self._loop.create_future()
        await self._more

    def deliver(self, index: int, value: object) -> None:
        """Hand a finished item to the consumer."""
        if self._ordered:
            self._ready[index] = value
        else:
            self._ready.append((index, value))
        if self._more is not None:
            self.wake()

    def skip(self, index: int) -> None:
        """Let the consumer never see this item."""
        self._skipped.add(index)
        self.open -= 1
        self._wake_worker()
        self.wake()

    def take(self) -> tuple[int, Any] | None:
        """Return the item to be consumed next, if it is there."""
        ready = self._ready
        if self._ordered:
            while self._next in self._skipped:
                self._next += 1
            if self._next not in ready:
                return None
            index = self._next
            self._next += 1
            taken = index, ready.pop(index)
        elif ready:
            taken = ready.popleft()
        else:
            return None
        self.open -= 1
        if self._waiting:
            self._wake_worker()
        return taken

    def wake(self) -> None:
        """Let the consumer look again."""
        more, self._more = self._more, None
        if more is not None and not more.done():
            more.set_result(None)

    def _wake_worker(self) -> None:
        while self._waiting:
            room = self._waiting.popleft()
            if not room.done():
                room.set_result(None)
                return
