"""What a job is at, in a few words: its run, what it waits for, or why it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.kernel import waiting_of
from notebook_async.widgets._people import asking_words
from notebook_async.widgets._view import one_line

if TYPE_CHECKING:
    from notebook_async.board import Job

__all__ = ["now_words"]

_LIVE = ("running", "waiting")


def now_words(job: Job) -> str:
    """Return what a job is at now.

    Examples
    --------
    >>> from notebook_async import jobs
    >>> job = jobs.start(asyncio.sleep(5))
    >>> await asyncio.sleep(1)
    >>> now_words(job)
    'waits for sleep(5)'
    >>> await job
    """
    if job.exception is not None:
        return one_line(job.exception)
    if job.ended:
        failed = job.background_errors
        return f"background task: {one_line(failed[-1])}" if failed else ""
    asked = asking_words(job)
    if asked:
        return asked
    live = [run for run in job.runs if run.phase in _LIVE]
    if not live:
        return _waiting_words(job)
    paused = [run for run in live if run.phase == "waiting"]
    run = live[-1]
    name = run.desc or run.name
    more = f" and {len(live) - 1} more" if len(live) > 1 else ""
    return f"{'paused: ' if len(paused) == len(live) else ''}{name}{more}"


def _waiting_words(job: Job) -> str:
    if job.task is None:
        return ""
    waiting = waiting_of(job.task)
    # What is left of a sleep changes all the time, and the rest does not.
    words = f"waits for {waiting.words.partition(', ')[0]}"
    place = waiting.place
    return words if place is None or place.cell is None else f"{words}, at {place}"
