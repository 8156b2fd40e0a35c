"""Clients that close by themselves: with their job, their scope, or the kernel.

A client belongs to the loop on which it was made, and a job that is cancelled or a
kernel that is restarted gives nobody the time to close it by hand. So it is registered,
and what it is registered with closes it, on that loop, the last one first.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from notebook_async.errors import ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = [
    "Closers",
    "close_all",
    "current_closers",
    "job_scope",
    "register_closer",
    "unclosed",
]

C = TypeVar("C")

_PATIENCE = 0.5
"""Seconds until a client that closes slowly is named, and at shutdown no more waited
for before the next one is closed too."""

_log = logging.getLogger("notebook_async")


class Closers:
    """Clients to close together, the last one first."""

    def __init__(self) -> None:
        self._clients: list[tuple[Any, asyncio.AbstractEventLoop | None]] = []
        self._closing: dict[asyncio.Task[None], str] = {}

    def add(self, client: object) -> None:
        """Close this one too, on the loop that runs now."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # in a thread, or before any loop
            loop = None
        self._clients.append((client, loop))
        _open[id(self)] = self

    @property
    def unclosed(self) -> list[str]:
        """Names of those that are not closed, those being closed first."""
        left = [type(client).__name__ for client, _ in reversed(self._clients)]
        return [*self._closing.values(), *left]

    async def aclose(self, *, hurry: bool = False) -> None:
        """Close all of them; what one raises goes to the log.

        Parameters
        ----------
        hurry
            Whether to begin with the next one where one takes more than half a second,
            for a kernel that stops does not wait for long.
        """
        while self._clients:
            client, loop = self._clients.pop()
            closing = asyncio.create_task(_close(client, loop))
            self._closing[closing] = type(client).__name__
            closing.add_done_callback(self._closed)
            await asyncio.wait([closing], timeout=_PATIENCE if hurry else None)
        if self._closing:
            await asyncio.wait(self._closing)

    def _closed(self, closing: asyncio.Task[None]) -> None:
        del self._closing[closing]
        if not self._clients and not self._closing:
            _open.pop(id(self), None)


_open: dict[int, Closers] = {}
current_closers: ContextVar[Closers | None] = ContextVar(
    "notebook_async_closers", default=None
)
_kernel = Closers()
"""What is closed when the kernel stops."""


def register_closer(client: C) -> C:
    """Have a client closed by itself, when its job ends or the kernel stops.

    It is closed on the loop on which it is registered, the last one first: at the end
    of the `job_scope` around this call, or else of the job, or else when the kernel is
    shut down or restarted. Closing is waited for; an exception that it raises goes to
    the log, and so does the name of a client that takes long.

    Parameters
    ----------
    client
        Anything with `aclose()` or `close()`, whether these are to be awaited or not.

    Returns
    -------
    object
        The client itself.

    Raises
    ------
    ArgumentTypeError
        If it has neither.

    Examples
    --------
    >>> from notebook_async import jobs
    >>> class Client:
    ...     async def aclose(self):
    ...         print("closed")
    >>> async def work():
    ...     client = register_closer(Client())
    ...     print("working")
    >>> await jobs.start(work())
    working
    closed
    """
    if _closing_method(client) is None:
        raise ArgumentTypeError(
            f"a client to close needs a method aclose() or close(), got {client!r}"
            f" ({type(client).__name__})"
        )
    (current_closers.get() or _kernel).add(client)
    return client


@asynccontextmanager
async def job_scope() -> AsyncIterator[Closers]:
    """Close the clients that are registered within, at the end of the block.

    They are closed in any case: the block may end, raise or be cancelled, and when the
    kernel stops before its end they are closed then.

    Examples
    --------
    >>> class Client:
    ...     async def aclose(self):
    ...         print("closed")
    >>> async with job_scope():
    ...     client = register_closer(Client())
    ...     print("working")
    working
    closed
    """
    closers = Closers()
    token = current_closers.set(closers)
    try:
        yield closers
    finally:
        current_closers.reset(token)
        await closers.aclose()


async def close_all() -> None:
    """Close everything that is registered anywhere, for the kernel stops."""
    for closers in reversed(list(_open.values())):
        await closers.aclose(hurry=True)


def unclosed() -> list[str]:
    """Return the names of all clients that are not closed, the last one first."""
    every = reversed(list(_open.values()))
    return [name for closers in every for name in closers.unclosed]


def _closing_method(client: object) -> Any:  # noqa: ANN401 (any library's)
    for name in ("aclose", "close"):
        method = getattr(client, name, None)
        if callable(method):
            return method
    return None


async def _close(client: object, loop: asyncio.AbstractEventLoop | None) -> None:
    here = asyncio.get_running_loop()
    name = type(client).__name__
    words = "closing %s takes longer than %g s"
    timer = here.call_later(_PATIENCE, _log.warning, words, name, _PATIENCE)
    try:
        if loop is None or loop is here:
            await _call(client)
        elif loop.is_running():
            done = asyncio.run_coroutine_threadsafe(_call(client), loop)
            await asyncio.wrap_future(done)
        else:
            _log.warning("%s was not closed: its event loop has ended", name)
    except Exception:  # noqa: BLE001 - a library may raise anything, and others wait
        _log.warning("closing %s failed", name, exc_info=True)
    finally:
        timer.cancel()


async def _call(client: object) -> None:
    result = _closing_method(client)()
    if inspect.isawaitable(result):
        await result
