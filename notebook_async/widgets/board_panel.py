"""The live panel of the board: every job in a row, with what it is at.

It tells what has changed, under a number, so that a view which missed something asks
for all. While no job runs nothing is looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from notebook_async.widgets._board_rows import BoardFeed
from notebook_async.widgets._panel import LivePanel, built
from notebook_async.widgets._steering import act_on
from notebook_async.widgets._subjects import JobSubject
from notebook_async.widgets._text import plain_log

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notebook_async.board import Job, JobBoard

__all__ = ["BoardPanel"]

_LONGEST_LOG = 8_000
_BETWEEN_LOGS = 1.0


class BoardPanel(LivePanel):
    """Shows jobs, and steers them when asked.

    Parameters
    ----------
    board
        Whose jobs they are.
    only
        Numbers of the jobs to show; by default all.
    """

    _esm = built("board_panel.js")
    _css = built("board_panel.css")
    board = traitlets.Dict().tag(sync=True)
    log = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)

    def __init__(self, board: JobBoard, only: Iterable[int] | None = None) -> None:
        self._board = board
        self._only = None if only is None else set(only)
        self._feed = BoardFeed(board, self.jobs)
        self._read: int | None = None
        self._read_at = float("-inf")
        super().__init__([self._send_rows, self._send_log], board=self._all())
        self.on_retire(board.on_change(self._pace.start))
        self._pace.start()

    def jobs(self) -> list[Job]:
        """Return the jobs that it shows, oldest first."""
        only = self._only
        return [job for job in self._board if only is None or job.id in only]

    def get_state(self, key: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return the traits for a page that loads now, as of the last message."""
        # A key asks for one trait that is about to be sent, which concerns no other.
        if key is None and "board" in self._trait_values:
            self._trait_values["board"] = self._all()
        return super().get_state(key, *args, **kwargs)

    def _all(self) -> dict[str, Any]:
        return {**self._feed.all(), "some": self._only is not None}

    def _send_rows(self) -> bool:
        news = self._feed.news(self._loop.time())
        if news is not None:
            self.send(news)
        elif all(job.ended for job in self.jobs()):
            self._pace.rest()
        return news is not None

    # -- the log of one job

    def _send_log(self) -> bool:
        job = self._job(self._read)
        if job is None:
            self._read = None
            log = None
        elif self._loop.time() - self._read_at < _BETWEEN_LOGS:
            return False
        else:
            self._read_at = self._loop.time()
            log = self._log_of(job)
        if log == self.log:
            return False
        self.set_trait("log", log)
        return True

    def _log_of(self, job: Job) -> dict[str, Any]:
        kept = job.output.read(-_LONGEST_LOG)
        return {
            "job": job.id,
            "title": job.name,
            "text": plain_log(kept.text),
            "earlier": kept.start - kept.cleared,
        }

    # -- what a view asks for

    def _act(self, content: dict[str, Any]) -> None:
        match content:
            case {"type": "resync"}:
                self._replace("board", self._all())
            case {"type": "clear"}:
                self._clear()
            case {"type": "log", "job": number}:
                self._read = None if self._job(number) is None else number
                self._read_at = float("-inf")
                self._pace.ask()
            case {"type": action, "job": number}:
                job = self._job(number)
                if job is not None:
                    self._steer(job, action)

    def _steer(self, job: Job, action: object) -> None:
        if action == "again":
            if JobSubject(job, self._board).again() is not None and self._only:
                self._only.add(max(each.id for each in self._board))
        else:
            act_on(job, action)
        self._pace.ask()

    def _clear(self) -> None:
        if self._only is None:
            self._board.clear()
            self._pace.ask()

    def _job(self, number: object) -> Job | None:
        if type(number) is not int:
            return None
        return next((job for job in self.jobs() if job.id == number), None)
