"""What of a job waits for a person, and whether anything else goes on in it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from notebook_async.board import Job
    from notebook_async.prompts import Prompt

__all__ = ["asking_items", "asking_words", "only_asks", "open_prompts"]


def open_prompts(job: Job) -> list[Prompt]:
    """Return the open questions of a job, the oldest first.

    Examples
    --------
    >>> from notebook_async import jobs
    >>> job = jobs.start(asyncio.sleep(1))
    >>> open_prompts(job)
    []
    >>> await job
    """
    # Where nobody has loaded the queue nothing is in it.
    queue = sys.modules.get("notebook_async.prompts._queue")
    if queue is None or job.ended:
        return []
    name = f"job-{job.id}"
    return [prompt for prompt in queue.pending if prompt.question.job == name]


def asking_words(job: Job) -> str:
    """Return what a job asks, in a few words, or nothing."""
    prompts = open_prompts(job)
    if not prompts:
        return ""
    number = len(prompts)
    waits = "1 waits" if number == 1 else f"{number:,} wait"
    text = " ".join(prompts[0].question.text.split())
    return f"{waits} for you: {text}"


def asking_items(job: Job) -> int:
    """Return how many items of its runs wait for a person: they count as running."""
    runs = {run.name for run in job.runs}
    sources = (prompt.question.source for prompt in open_prompts(job))
    return sum(len(path) > 1 and path[1] in runs for path in sources)


def only_asks(job: Job) -> bool:
    """Tell whether all that goes on in a job waits for a person.

    What its own code does besides, outside of runs, is not known.
    """
    if not open_prompts(job):
        return False
    running = sum(statistics.running for statistics in job.statistics())
    return running <= asking_items(job) and not any(map(_works, job.workflows))


def _works(handler: Any) -> bool:
    run = getattr(handler, "_run", None)
    return run is not None and not run.ended and not run.is_quiet
