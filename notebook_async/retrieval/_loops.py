"""Clients that belong to a loop: used there, and closed there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

__all__ = ["PerLoop", "on_loop"]

T = TypeVar("T")

_PATIENCE = 1.0

_Holder: TypeAlias = AsyncGenerator[T, None]
"""Holds an object; the end of its loop, which closes generators, closes that too."""


async def on_loop(
    loop: asyncio.AbstractEventLoop, close: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    """Close something on a loop, if that one can still do it.

    Of a loop that does not run nothing is asked. One in another thread may stand still
    because it waits for this very call, so that it is waited for only a second; it
    closes it afterwards.

    Parameters
    ----------
    loop
        This loop, or one of another thread.
    close
        Called there.

    Examples
    --------
    >>> import asyncio
    >>> async def close():
    ...     print("closed")
    >>> await on_loop(asyncio.get_running_loop(), close)
    closed
    """
    if loop is asyncio.get_running_loop():
        await close()
    elif loop.is_running():
        closing = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(close(), loop))
        done, _ = await asyncio.wait([closing], timeout=_PATIENCE)
        if done:
            closing.result()


class PerLoop(Generic[T]):
    """One object for each loop that asks, such as a client with its connections.

    A connection answers to the loop that made it. Blocking calls, each of which may run
    on a loop of its own, would share one that is not theirs.

    Parameters
    ----------
    make
        Makes the object of a loop.
    close
        Closes one; called on its loop, by `aclose` or when that loop ends.

    Examples
    --------
    >>> async def close(words):
    ...     print("closed:", words)
    >>> lists = PerLoop(list, close)
    >>> (await lists.get()).append("tea")
    >>> await lists.get()
    ['tea']
    >>> await lists.aclose()
    closed: ['tea']
    """

    def __init__(
        self, make: Callable[[], T], close: Callable[[T], Awaitable[None]]
    ) -> None:
        self._make = make
        self._close = close
        self._guard = threading.Lock()
        self._held: dict[asyncio.AbstractEventLoop, tuple[T, _Holder[T]]] = {}

    async def get(self) -> T:
        """Return the object of the running loop; a new one at first.

        Examples
        --------
        >>> async def close(_):
        ...     pass
        >>> objects = PerLoop(dict, close)
        >>> await objects.get()
        {}
        >>> await objects.aclose()
        """
        loop = asyncio.get_running_loop()
        with self._guard:
            for ended in [known for known in self._held if known.is_closed()]:
                del self._held[ended]
            if loop in self._held:
                return self._held[loop][0]
            value = self._make()
            holder = self._hold(value)
            self._held[loop] = value, holder
        # From now on the loop knows it, and closes it before it ends itself.
        await anext(holder)
        return value

    async def aclose(self) -> None:
        """Close each on its loop; those of loops that do not run are left to them.

        Examples
        --------
        >>> async def close(_):
        ...     pass
        >>> await PerLoop(dict, close).aclose()
        """
        with self._guard:
            held, self._held = self._held, {}
        for loop, (_, holder) in held.items():
            await on_loop(loop, partial(_closed, holder))

    async def _hold(self, value: T) -> _Holder[T]:
        try:
            yield value
        finally:
            await self._close(value)


async def _closed(holder: _Holder[Any]) -> None:
    await holder.aclose()
