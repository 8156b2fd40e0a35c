"""What a panel shows of a job or a run, as plain data for every kind of front end."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from notebook_async.board import JobProgress, LogSlice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from notebook_async.board import Job, RichOutput
    from notebook_async.core import JobRun, Phase, RunStatistics

__all__ = ["Counts", "Failure", "JobSubject", "RunSubject", "Subject", "View"]

_MOST_FAILURES = 20
_MOST_RUNS = 12
_LONGEST_LINE = 300


class Counts(TypedDict):
    """The numbers of one bar; see `RunStatistics`."""

    done: int
    failed: int
    retried: int
    waiting: int
    running: int
    total: int | None
    workers: int
    rate: float | None
    eta: float | None


class RunView(Counts):
    """A bar with its run."""

    id: str
    desc: str
    phase: Phase


class Failure(TypedDict):
    """One failed item."""

    index: int
    run: str
    error: str


class View(TypedDict):
    """Everything in a panel but its log. Times are in seconds."""

    seq: int
    title: str
    job_id: int | None
    cell: int | None
    phase: Phase
    elapsed: float
    bar: Counts
    runs: list[RunView]
    error: str | None
    failures: list[Failure]
    failures_total: int
    actions: list[str]


class Subject(Protocol):
    """Something that a panel can show: a job, or a run outside of any job."""

    @property
    def ended(self) -> bool:
        """Whether nothing changes any more."""

    def view(self) -> View:
        """Return its present state."""

    def log(self, start: int = 0, *, most: int | None = None) -> LogSlice:
        """Return its text output from an offset on, see `JobOutput.read`."""

    def rich(self) -> tuple[int, list[RichOutput]]:
        """Return a version and its displays that are more than text."""

    def act(self, action: str) -> None:
        """Do what a button asks for; unknown actions are ignored."""

    def on_end(self, callback: Callable[[Any], Any]) -> None:
        """Call back once it has ended."""

    def on_output(self, callback: Callable[[], object]) -> None:
        """Call back, in any thread, at any output from now on."""


class JobSubject:
    """Shows a job with its runs, output and traceback."""

    def __init__(self, job: Job) -> None:
        self._job = job

    @property
    def ended(self) -> bool:
        """Whether the job has ended."""
        return self._job.ended

    def view(self) -> View:
        """Return the job's present state."""
        job = self._job
        runs = job.statistics()
        error = None if job.exception is None else one_line(job.exception)
        if error is None and job.background_errors:
            error = f"background task: {one_line(job.background_errors[-1])}"
        return View(
            seq=0,
            title=job.name,
            job_id=job.id,
            cell=job.cell,
            phase=job.state,
            elapsed=round(job.elapsed, 3),
            bar=_counts(JobProgress.of(runs)),
            runs=[_run_view(run) for run in runs[-_MOST_RUNS:]],
            error=error,
            failures=list(_latest_failures(job.runs)),
            failures_total=sum(run.failed for run in job.runs),
            actions=[] if job.ended else ["cancel"],
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
        """Cancel the job."""
        if action == "cancel":
            self._job.cancel()

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

    def view(self) -> View:
        """Return the run's present state."""
        run = self._run
        statistics = run.statistics()
        return View(
            seq=0,
            title=run.desc or run.name,
            job_id=None,
            cell=None,
            phase=run.phase,
            elapsed=round(statistics.elapsed, 3),
            bar=_counts(statistics),
            runs=[_run_view(statistics)],
            error=None,
            failures=list(_latest_failures((run,))),
            failures_total=run.failed,
            actions=[] if self.ended else ["cancel"],
        )

    def log(self, start: int = 0, *, most: int | None = None) -> LogSlice:  # noqa: ARG002
        """Return nothing: a run's items print to their cell."""
        return LogSlice(0, 0, [], 0)

    def rich(self) -> tuple[int, list[RichOutput]]:
        """Return nothing: a run's items display in their cell."""
        return 0, []

    def act(self, action: str) -> None:
        """Cancel the run."""
        if action == "cancel":
            self._run.cancel()

    def on_end(self, callback: Callable[[Any], Any]) -> None:
        """Call back once the run has ended."""
        self._run.on_end(callback)

    def on_output(self, callback: Callable[[], object]) -> None:
        """Do nothing: a run has no output of its own."""


def one_line(error: BaseException) -> str:
    """Return an exception as one short line."""
    text = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
    return text if len(text) <= _LONGEST_LINE else f"{text[: _LONGEST_LINE - 1]}…"


def _counts(source: RunStatistics | JobProgress) -> Counts:
    return Counts(
        done=source.done,
        failed=source.failed,
        retried=source.retried,
        waiting=source.waiting,
        running=source.running,
        total=source.total,
        workers=source.workers,
        rate=None if source.rate is None else round(source.rate, 2),
        eta=None if source.eta is None else round(source.eta, 1),
    )


def _run_view(run: RunStatistics) -> RunView:
    return RunView(
        **_counts(run), id=run.name, desc=run.desc or run.name, phase=run.phase
    )


def _latest_failures(runs: tuple[JobRun[Any], ...]) -> Iterator[Failure]:
    latest: deque[Failure] = deque(maxlen=_MOST_FAILURES)
    for run in runs:
        errors = run.errors
        indices = list(errors)[-_MOST_FAILURES:]
        latest.extend(
            Failure(
                index=index, run=run.desc or run.name, error=one_line(errors[index])
            )
            for index in indices
        )
    yield from latest
