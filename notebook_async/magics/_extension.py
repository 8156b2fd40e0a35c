"""Load the magics into a shell, and take everything back."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from notebook_async.board import (
    BlockNotices,
    ForgottenTasks,
    JobBoard,
    close_all,
    jobs,
    unclosed,
)
from notebook_async.core import set_presenter
from notebook_async.kernel import (
    AwaitedMagics,
    CommBridge,
    ExecutorContexts,
    Interrupts,
    Nesting,
    OutputRouter,
    ShutdownGuard,
    detect_host,
)
from notebook_async.magics._arun import ArunMagics
from notebook_async.magics._completion import Completer
from notebook_async.magics._formatters import register_formatters
from notebook_async.magics._jobs import AWAITED_ACTIONS, JobsMagics
from notebook_async.magics._trace import TraceMagics
from notebook_async.prompts import set_patience
from notebook_async.prompts import set_presenter as set_prompt_presenter
from notebook_async.widgets import (
    NotebookPresenter,
    refresh_stills,
    show_run,
    warm_up,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["load", "unload"]

_SHARE_OF_JOBS = 1.2
"""Seconds of a shutdown after which clients are closed, whether jobs have ended."""

_PATIENCE = 3.0
"""Seconds that an awaited run may wait for a person, where nobody can be asked."""

_UNTIL_ANSWERED = 0.1
"""Seconds after a cell in which its answer gets to the front end."""


class _Follower(Protocol):
    """A part of the extension that belongs to one loop at a time."""

    def install(self) -> None:
        """Begin with the running loop, if one runs."""


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
        for magics in (
            ArunMagics(shell, self._board),
            JobsMagics(shell, self._board),
            TraceMagics(shell),
        ):
            shell.register_magics(magics)
        self._undo.append(self._forget_magics)
        guard = ShutdownGuard(shell, self._clean_up, unfinished=self._unfinished)
        # These need a running loop: in a terminal that of the first job.
        followers = (BlockNotices(), ForgottenTasks(), ExecutorContexts())
        awaited = AwaitedMagics(
            shell,
            timed="arun",
            cell_magics=("trace",),
            line_magics={"jobs": AWAITED_ACTIONS, "trace": None},
        )
        for part in (
            CommBridge(shell),
            OutputRouter(shell),
            awaited,
            Completer(shell, self._board),
            guard,
            *followers,
        ):
            part.install()
            self._undo.append(part.uninstall)
        self._follow_loop(guard, followers)
        self._undo.append(
            self._board.on_start(lambda _: self._follow_loop(guard, followers))
        )
        self._undo.append(register_formatters(shell))
        patience_before = set_patience(_PATIENCE)
        self._undo.append(lambda: set_patience(patience_before))
        if detect_host(shell).kind == "kernel":
            interrupts = Interrupts(shell.kernel)
            interrupts.install()
            self._undo.append(interrupts.uninstall)
            nesting = Nesting(shell.kernel, interrupts)
            nesting.install()
            self._undo.append(nesting.uninstall)
            before = set_presenter(show_run)
            self._undo.append(lambda: set_presenter(before))
            asked_before = set_prompt_presenter(NotebookPresenter())
            self._undo.append(lambda: set_prompt_presenter(asked_before))
            for callback in (refresh_stills, self._warm_up):
                shell.events.register("post_run_cell", callback)
                self._undo.append(
                    partial(shell.events.unregister, "post_run_cell", callback)
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

    def _follow_loop(
        self, guard: ShutdownGuard, followers: Iterable[_Follower]
    ) -> None:
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        guard.watch_loop(self._loop)
        for part in followers:
            part.install()

    async def _clean_up(self) -> None:
        # A job that hangs is to leave some of the time to the clients.
        jobs_end = asyncio.ensure_future(self._board.aclose())
        await asyncio.wait([jobs_end], timeout=_SHARE_OF_JOBS)
        await close_all()
        await jobs_end

    def _warm_up(self, _: object) -> None:
        if self._loop is not None and not detect_host(self._shell).headless:
            self._loop.call_later(_UNTIL_ANSWERED, warm_up)

    def _unfinished(self) -> list[str]:
        live = [f"job {job.id} {job.name!r}" for job in self._board if not job.ended]
        return [*live, *(f"closing {name}" for name in unclosed())]

    def _forget_magics(self) -> None:
        magics = self._shell.magics_manager.magics
        for kind, name in (
            ("cell", "arun"),
            ("line", "jobs"),
            ("cell", "trace"),
            ("line", "trace"),
        ):
            magics[kind].pop(name, None)
        for name in ("ArunMagics", "JobsMagics", "TraceMagics"):
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
