"""Show the progress of a run that no job's panel shows.

In a terminal that is a `tqdm` bar. Where panels are possible, whoever can draw them
says so by `set_presenter`; the core itself knows no front end.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeAlias

from notebook_async.core._scope import current_scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from tqdm import tqdm

    from notebook_async.core._run import JobRun

    Presenter: TypeAlias = Callable[[JobRun[Any]], object]

__all__ = ["set_presenter", "show_progress"]

_INTERVAL = 0.1


def show_progress(run: JobRun[Any]) -> None:
    """Show the run's progress, unless the job around it does so already."""
    if current_scope.get().owner is None:
        _presenter(run)


def set_presenter(presenter: Presenter | None) -> Presenter:
    """Let `presenter(run)` show progress from now on, or `tqdm` again for None.

    Returns
    -------
    Callable
        The presenter before, to be put back.
    """
    global _presenter  # noqa: PLW0603
    before = _presenter
    _presenter = TqdmBar if presenter is None else presenter
    return before


class TqdmBar:
    """A `tqdm` bar on stderr that polls the counters of a run ten times a second."""

    def __init__(self, run: JobRun[Any]) -> None:
        from tqdm import tqdm  # noqa: PLC0415

        self._run = run
        self._bar: tqdm[Any] = tqdm(
            desc=run.desc, total=run.total, unit="item", dynamic_ncols=True
        )
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(_INTERVAL, self._tick)
        run.on_end(self._finish)

    def _tick(self) -> None:
        self._draw()
        self._timer = self._loop.call_later(_INTERVAL, self._tick)

    def _draw(self) -> None:
        now = self._run.statistics()
        self._bar.n = now.done + now.failed
        counts = {"failed": now.failed, "retried": now.retried, "waiting": now.waiting}
        told = [f"{name}={number}" for name, number in counts.items() if number]
        if now.phase == "cancelled":
            told.append("cancelled")
        self._bar.set_postfix_str(", ".join(told), refresh=False)
        self._bar.refresh()

    def _finish(self, _: JobRun[Any]) -> None:
        self._timer.cancel()
        self._draw()
        self._bar.close()


_presenter: Presenter = TqdmBar
