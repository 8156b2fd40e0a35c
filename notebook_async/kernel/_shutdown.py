"""Clean up before the kernel stops: on shutdown, restart and at the end of Python."""

from __future__ import annotations

import asyncio
import atexit
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["ShutdownGuard"]

_log = logging.getLogger("notebook_async")


class ShutdownGuard:
    """Runs a cleanup on the loop that owns the jobs, before the kernel stops.

    A shutdown request comes in on the kernel's control thread, also while a cell runs.
    The cleanup has `bound` seconds; a loop that is blocked for longer loses it, and the
    log says so.

    Parameters
    ----------
    shell
        The IPython shell, of a kernel or of a terminal.
    cleanup
        Called on the loop; its awaitable is awaited.
    bound
        Seconds for the cleanup.
    unfinished
        Returns the names of what the cleanup has not finished, for the log.
    """

    def __init__(
        self,
        shell: Any,
        cleanup: Callable[[], Awaitable[object]],
        *,
        bound: float = 2.0,
        unfinished: Callable[[], list[str]] = list,
    ) -> None:
        self._shell = shell
        self._kernel = getattr(shell, "kernel", None)
        self._cleanup = cleanup
        self._bound = bound
        self._unfinished = unfinished
        self._loop: asyncio.AbstractEventLoop | None = None
        self._done = False

    def install(self) -> None:
        """Wrap the kernel's shutdown, and register for the end of Python."""
        atexit.register(self._at_exit)
        if self._kernel is None:
            self._wrap_leaving()
            return
        original = self._kernel.do_shutdown

        async def do_shutdown(restart: bool) -> Any:  # noqa: FBT001
            await self._run_cleanup()
            reply = original(restart)
            return await reply if asyncio.iscoroutine(reply) else reply

        self._kernel.do_shutdown = do_shutdown

    def uninstall(self) -> None:
        """Put the kernel's shutdown back."""
        atexit.unregister(self._at_exit)
        vars(self._shell).pop("_atexit_once", None)
        if self._kernel is not None:
            vars(self._kernel).pop("do_shutdown", None)

    def watch_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name the loop on which the cleanup must run."""
        self._loop = loop

    def _wrap_leaving(self) -> None:
        # A terminal session forgets the user's names when it is left, before the end of
        # Python, and jobs need them to clean up. IPython has no public hook there.
        original = getattr(self._shell, "_atexit_once", None)
        if original is None:
            return

        def leave() -> None:
            self._at_exit()
            original()

        self._shell._atexit_once = leave  # noqa: SLF001

    async def _run_cleanup(self) -> None:
        loop = self._loop
        if self._done or loop is None or loop.is_closed():
            return
        self._done = True
        if loop is asyncio.get_running_loop():
            waiting: asyncio.Future[None] = asyncio.ensure_future(self._call())
        else:
            waiting = asyncio.wrap_future(
                asyncio.run_coroutine_threadsafe(self._call(), loop)
            )
        await asyncio.wait([waiting], timeout=self._bound)
        if waiting.done():
            waiting.result()
            return
        names = self._unfinished()
        waiting.cancel()
        # A kernel's log comes to its terminal; nobody reads its streams any more.
        log = getattr(self._kernel, "log", _log)
        log.warning(
            "jobs were not cleaned up within %.1f s before shutdown%s",
            self._bound,
            f": {', '.join(names)}" if names else "",
        )

    async def _call(self) -> None:
        await self._cleanup()

    def _at_exit(self) -> None:
        loop = self._loop
        if self._done or loop is None or loop.is_closed() or loop.is_running():
            return
        loop.run_until_complete(self._run_cleanup())
