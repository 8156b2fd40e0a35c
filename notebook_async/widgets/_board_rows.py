"""The board as rows of plain data, and what of them a front end must be sent next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from notebook_async.widgets._now import now_words
from notebook_async.widgets._subjects import job_actions, job_counts, job_phase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from notebook_async.board import Job, JobBoard
    from notebook_async.core import Phase
    from notebook_async.widgets._view import Counts

__all__ = ["BoardFeed", "BoardRow", "board_row"]

_MOST_AT_ONCE = 30
_BETWEEN_LOOKS = 1.0
"""Seconds between two looks at what a job waits for, which takes a while."""


class BoardRow(TypedDict):
    """One job. Times are in seconds."""

    id: int
    title: str
    cell: int | None
    phase: Phase
    elapsed: float
    bar: Counts | None
    now: str
    failed: bool
    actions: list[str]


def board_row(job: Job, board: JobBoard | None = None) -> BoardRow:
    """Return the row of a job.

    Parameters
    ----------
    job
        The job.
    board
        Its board, if it can be started again from there.
    """
    bar = job_counts(job) if job.runs else None
    return BoardRow(
        id=job.id,
        title=job.name,
        cell=job.cell,
        phase=job_phase(job),
        elapsed=round(job.elapsed, 3),
        bar=bar,
        now=now_words(job),
        failed=job.exception is not None,
        actions=job_actions(job, board),
    )


class BoardFeed:
    """Tells what of a board a front end must be sent next, in small pieces.

    Parameters
    ----------
    board
        The board.
    listed
        Returns the jobs to be told of.
    """

    def __init__(self, board: JobBoard, listed: Callable[[], Iterable[Job]]) -> None:
        self._board = board
        self._listed = listed
        self._seq = 0
        self._told = {job.id: board_row(job, board) for job in listed()}
        self._looked: dict[int, float] = {}
        self._final: set[int] = set()

    def all(self) -> dict[str, Any]:
        """Return everything as of the last piece, with the clocks of this moment."""
        jobs = {job.id: job for job in self._listed()}
        for number, row in self._told.items():
            if number in jobs:
                row["elapsed"] = round(jobs[number].elapsed, 3)
        return {"seq": self._seq, "rows": list(self._told.values())}

    def news(self, now: float) -> dict[str, Any] | None:
        """Return what has changed, or None; of much, what waits longest comes first.

        Parameters
        ----------
        now
            Seconds of the loop's clock.
        """
        jobs = {job.id: job for job in self._listed()}
        gone = [number for number in self._told if number not in jobs]
        changed: list[BoardRow] = []
        for number, job in self._in_turn(jobs):
            if len(changed) >= _MOST_AT_ONCE:
                break
            row = self._changed(number, job, now)
            if row is not None:
                changed.append(row)
        if not changed and not gone:
            return None
        for number in gone:
            del self._told[number]
            self._final.discard(number)
            self._looked.pop(number, None)
        for row in changed:
            # What is told last stands last in the next turn.
            self._told.pop(row["id"], None)
            self._told[row["id"]] = row
        self._seq += 1
        return {"type": "rows", "seq": self._seq, "rows": changed, "gone": gone}

    def _in_turn(self, jobs: dict[int, Job]) -> list[tuple[int, Job]]:
        new = [number for number in jobs if number not in self._told]
        known = [number for number in self._told if number in jobs]
        return [
            (number, jobs[number])
            for number in (*new, *known)
            if number not in self._final
        ]

    def _changed(self, number: int, job: Job, now: float) -> BoardRow | None:
        """Return a job's row if it differs from what was told."""
        told = self._told.get(number)
        row = board_row(job, self._board) if self._is_due(job, now) else None
        if job.ended:
            self._final.add(number)
        if row is None or (told is not None and _same(row, told)):
            return None
        return row

    def _is_due(self, job: Job, now: float) -> bool:
        if job.ended or any(run.phase in ("running", "waiting") for run in job.runs):
            return True
        due = now - self._looked.get(job.id, float("-inf")) >= _BETWEEN_LOOKS
        if due:
            self._looked[job.id] = now
        return due


def _same(one: BoardRow, other: BoardRow) -> bool:
    return {**one, "elapsed": 0} == {**other, "elapsed": 0}
