"""What one connection needs that tasks of several loops use at once."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["SharedLock", "to_the_end"]

T = TypeVar("T")


class SharedLock:
    """A lock for tasks of any loop in any thread, first come, first served.

    `asyncio.Lock` belongs to one loop, but a store may be made in a cell and used by a
    blocking call, which runs on another.

    Examples
    --------
    >>> lock = SharedLock()
    >>> async with lock:
    ...     lock.locked
    True
    >>> lock.locked
    False
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[Future[None]] = deque()
        self.locked = False

    async def __aenter__(self) -> None:
        with self._guard:
            if not self.locked:
                self.locked = True
                return
            turn: Future[None] = Future()
            self._waiting.append(turn)
        try:
            await asyncio.wrap_future(turn)
        except asyncio.CancelledError:
            # Its turn may have come while the cancellation was on its way.
            if not turn.cancel():
                self._pass_on()
            raise

    async def __aexit__(self, *exc: object) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        with self._guard:
            while self._waiting:
                turn = self._waiting.popleft()
                if turn.set_running_or_notify_cancel():
                    turn.set_result(None)
                    return
            self.locked = False


async def to_the_end(make: Callable[[], Awaitable[T]]) -> T:
    """Await what must be done, again where this task is cancelled meanwhile.

    Parameters
    ----------
    make
        Called for each attempt; what it does may be done twice.

    Examples
    --------
    >>> import asyncio
    >>> await to_the_end(lambda: asyncio.sleep(0, "done"))
    'done'
    """
    cancelled: asyncio.CancelledError | None = None
    while True:
        try:
            value = await make()
        except asyncio.CancelledError as error:
            cancelled = error
        else:
            if cancelled is not None:
                raise cancelled
            return value
