"""Load the magics into a shell, and take everything back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from notebook_async.board import Job, JobBoard, jobs
from notebook_async.core import set_presenter
from notebook_async.kernel import (
    AwaitedMagics,
    CommBridge,
    OutputRouter,
    ShutdownGuard,
    detect_host,
)
from notebook_async.magics._arun import ArunMagics
from notebook_async.magics._completion import Completer
from notebook_async.magics._jobs import AWAITED_ACTIONS, JobsMagics
from notebook_async.widgets import refresh_stills, show_job, show_run

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["load", "unload"]


class _Extension:
    """What has been put into one shell."""

    def __init__(self, shell: Any, board: JobBoard) -> None:
        self._shell = shell
        self._board = board
        self._undo: list[Callable[[], object]] = []
        self._ending: asyncio.Handle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def load(self) -> None:
        shell = self._shell
        for magics in (ArunMagics(shell, self._board), JobsMagics(shell, self._board)):
            shell.register_magics(magics)
        self._undo.append(self._forget_magics)
        guard = ShutdownGuard(shell, self._board.aclose)
        awaited = AwaitedMagics(
            shell,
            cell_magic="arun",
            line_magic=f"'jobs', ['\"](?:{'|'.join(AWAITED_ACTIONS)})\\b",
        )
        for part in (
            CommBridge(shell),
            OutputRouter(shell),
            awaited,
            Completer(shell, self._board),
            guard,
        ):
            part.install()
            self._undo.append(part.uninstall)
        self._undo.append(self._board.on_start(lambda _: self._watch_loop(guard)))
        formatter = shell.display_formatter.ipython_display_formatter
        formatter.for_type(Job, show_job)
        self._undo.append(lambda: formatter.pop(Job))
        if detect_host(shell).kind == "kernel":
            before = set_presenter(show_run)
            self._undo.append(lambda: set_presenter(before))
            shell.events.register("post_run_cell", refresh_stills)
            self._undo.append(
                lambda: shell.events.unregister("post_run_cell", refresh_stills)
            )

    def unload(self) -> None:
        while self._undo:
            self._undo.pop()()
        # A reload unloads and loads again in one cell, and is to keep the jobs. So they
        # are cancelled only if the cell ends without a load. In a terminal no loop runs
        # by now: then it is done when the loop of the jobs runs again.
        loop = self._loop
        if loop is not None and not loop.is_closed():
            self._ending = loop.call_soon_threadsafe(self._board.cancel_all)

    def active_in(self, shell: Any) -> bool:
        return self._shell is shell and bool(self._undo)

    def keep_jobs(self) -> None:
        if self._ending is not None:
            self._ending.cancel()

    def _watch_loop(self, guard: ShutdownGuard) -> None:
        self._loop = asyncio.get_running_loop()
        guard.watch_loop(self._loop)

    def _forget_magics(self) -> None:
        magics = self._shell.magics_manager.magics
        magics["cell"].pop("arun", None)
        magics["line"].pop("jobs", None)
        for name in ("ArunMagics", "JobsMagics"):
            self._shell.magics_manager.registry.pop(name, None)


_loaded: _Extension | None = None


def load(shell: Any) -> None:
    """Load the extension into `shell`; if it is loaded there already, do nothing."""
    global _loaded  # noqa: PLW0603
    if _loaded is not None and _loaded.active_in(shell):
        return
    if _loaded is not None:
        _loaded.keep_jobs()
    _loaded = _Extension(shell, jobs)
    _loaded.load()


def unload(shell: Any) -> None:
    """Take the extension out of `shell`; its jobs are cancelled."""
    if _loaded is not None and _loaded.active_in(shell):
        _loaded.unload()
