"""The two things that a job's panel can show: a job, or a run outside of any job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.board import JobProgress, LogSlice
from notebook_async.errors import JobNotFoundError
from notebook_async.widgets._people import asking_items, only_asks, open_prompts
from notebook_async.widgets._steering import act_on
from notebook_async.widgets._view import (
    View,
    counts_of,
    latest_failures,
    one_line,
    run_view,
    shown_runs,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.board import Job, JobBoard, RichOutput
    from notebook_async.core import JobRun, Phase
    from notebook_async.widgets._view import Counts, Subject

__all__ = ["JobSubject", "RunSubject", "job_actions", "job_counts", "job_phase"]


class JobSubject:
    """Shows a job with its runs, output and traceback.

    Parameters
    ----------
    job
        The job.
    board
        Its board, if it can be started again from here.
    """

    def __init__(self, job: Job, board: JobBoard | None = None) -> None:
        self._job = job
        self._board = board

    @property
    def job(self) -> Job:
        """The job."""
        return self._job

    @property
    def ended(self) -> bool:
        """Whether the job has ended."""
        return self._job.ended

    @property
    def runs(self) -> tuple[JobRun[Any], ...]:
        """The job's runs, oldest first."""
        return self._job.runs

    def view(self) -> View:
        """Return the job's present state."""
        job = self._job
        error = None if job.exception is None else one_line(job.exception)
        if error is None and job.background_errors:
            error = f"background task: {one_line(job.background_errors[-1])}"
        return View(
            seq=0,
            title=job.name,
            job_id=job.id,
            cell=job.cell,
            phase=job_phase(job),
            elapsed=round(job.elapsed, 3),
            bar=job_counts(job),
            runs=[run_view(run) for run in shown_runs(job.runs)],
            runs_total=len(job.runs),
            error=error,
            failures=latest_failures(job.runs),
            failures_total=sum(run.failed for run in job.runs),
            actions=job_actions(job, self._board),
        )

    def log(self, start: int = 0, *, most: int | None = None) -> LogSlice:
        """Return the job's text output from an offset on; none if its cell shows it."""
        if self._job.output.echoes:
            return LogSlice(0, 0, [], 0)
        return self._job.output.read(start, most=most)

    def rich(self) -> tuple[int, list[RichOutput]]:
        """Return a version and the job's displays that are more than text."""
        output = self._job.output
        return output.rich_version, [] if output.echoes else output.rich

    def act(self, action: str) -> None:
        """Pause, resume or cancel the job, or retry what has failed in it."""
        act_on(self._job, action)

    def again(self) -> Subject | None:
        """Start the job's work once more, as a new job."""
        board = self._board
        if board is None or "again" not in job_actions(self._job, board):
            return None
        return JobSubject(board.repeat(self._job.id), board)

    def on_end(self, callback: Callable[[Any], Any]) -> None:
        """Call back once the job has ended."""
        self._job.on_end(callback)

    def on_output(self, callback: Callable[[], object]) -> None:
        """Call back at any output, such as that of a task which the job has left."""
        self._job.output.on_write(callback)


class RunSubject:
    """Shows a run that was started outside of any job."""

    def __init__(self, run: JobRun[Any]) -> None:
        self._run = run

    @property
    def ended(self) -> bool:
        """Whether the run has ended."""
        return self._run.phase not in ("running", "waiting")

    @property
    def runs(self) -> tuple[JobRun[Any], ...]:
        """The run itself."""
        return (self._run,)

    def view(self) -> View:
        """Return the run's present state."""
        run = self._run
        shown = run_view(run)
        statistics = run.statistics()
        return View(
            seq=0,
            title=run.desc or run.name,
            job_id=None,
            cell=None,
            phase=statistics.phase,
            elapsed=round(statistics.elapsed, 3),
            bar=counts_of(statistics),
            runs=[shown],
            runs_total=1,
            error=None,
            failures=latest_failures((run,)),
            failures_total=run.failed,
            actions=[action for action in shown["actions"] if action != "workers"],
        )

    def log(self, start: int = 0, *, most: int | None = None) -> LogSlice:  # noqa: ARG002
        """Return nothing: a run's items print to their cell."""
        return LogSlice(0, 0, [], 0)

    def rich(self) -> tuple[int, list[RichOutput]]:
        """Return nothing: a run's items display in their cell."""
        return 0, []

    def act(self, action: str) -> None:
        """Pause, resume or cancel the run, or retry what has failed in it."""
        act_on(self._run, action)

    def again(self) -> Subject | None:
        """Return nothing: a run has taken its items from their source."""
        return None

    def on_end(self, callback: Callable[[Any], Any]) -> None:
        """Call back once the run has ended."""
        self._run.on_end(callback)

    def on_output(self, callback: Callable[[], object]) -> None:
        """Do nothing: a run has no output of its own."""


def job_phase(job: Job) -> Phase:
    """Return a job's state; `waiting` where all that goes on is paused, or asks you."""
    phases = {run.phase for run in job.runs}
    paused = "waiting" in phases and "running" not in phases
    if job.state == "running" and (paused or only_asks(job)):
        return "waiting"
    return job.state


def job_counts(job: Job) -> Counts:
    """Return the numbers of a job; what asks a person waits, and does not run."""
    counts = counts_of(JobProgress.of(job.statistics()))
    counts["waiting"] += len(open_prompts(job))
    counts["running"] = max(0, counts["running"] - asking_items(job))
    return counts


def job_actions(job: Job, board: JobBoard | None) -> list[str]:
    """Return what can be done with a job now."""
    if job.ended:
        return ["again"] if board is not None and _can_repeat(job, board) else []
    # What comes and goes stands first: buttons end at the right, and none is to move.
    actions = ["retry"] if any(run.retriable for run in job.runs) else []
    phases = {run.phase for run in job.runs}
    if "running" in phases:
        actions.append("pause")
    elif "waiting" in phases:
        actions.append("resume")
    return [*actions, "cancel"]


def _can_repeat(job: Job, board: JobBoard) -> bool:
    # The output of one that its cell awaited would go to whichever cell runs by then.
    if not job.repeatable or job.output.echoes:
        return False
    try:
        return board.get(f"%{job.id}") is job
    except JobNotFoundError:
        return False
