"""What a panel shows of a job or a run, as plain data for every kind of front end."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from notebook_async.board import JobProgress, LogSlice, RichOutput
    from notebook_async.core import JobRun, Phase, RunStatistics

__all__ = [
    "Counts",
    "Failure",
    "RunView",
    "Subject",
    "View",
    "counts_of",
    "latest_failures",
    "one_line",
    "run_view",
    "shown_runs",
]

_MOST_FAILURES = 20
_MOST_RUNS = 12
_LONGEST_LINE = 300
_LIVE = ("running", "waiting")


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
    """A bar with its run, and what can be done with that."""

    id: str
    desc: str
    phase: Phase
    actions: list[str]


class Failure(TypedDict):
    """One failed item."""

    index: int
    run: str
    error: str


class View(TypedDict):
    """Everything in a panel but its log and its items. Times are in seconds."""

    seq: int
    title: str
    job_id: int | None
    cell: int | None
    phase: Phase
    elapsed: float
    bar: Counts
    runs: list[RunView]
    runs_total: int
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

    @property
    def runs(self) -> tuple[JobRun[Any], ...]:
        """Its runs, oldest first."""

    def act(self, action: str) -> None:
        """Do what a button asks for; unknown actions are ignored."""

    def again(self) -> Subject | None:
        """Start it once more, if it has ended and can be; return what is new."""

    def on_end(self, callback: Callable[[Any], Any]) -> None:
        """Call back once it has ended."""

    def on_output(self, callback: Callable[[], object]) -> None:
        """Call back, in any thread, at any output from now on."""


def one_line(error: BaseException) -> str:
    """Return an exception as one short line."""
    text = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
    return text if len(text) <= _LONGEST_LINE else f"{text[: _LONGEST_LINE - 1]}…"


def counts_of(source: RunStatistics | JobProgress) -> Counts:
    """Return the numbers of a bar."""
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


def shown_runs(runs: Sequence[JobRun[Any]]) -> list[JobRun[Any]]:
    """Return the runs that a panel shows: the latest, those that go on first of all."""
    live = [run for run in runs if run.phase in _LIVE][-_MOST_RUNS:]
    ended = [run for run in runs if run.phase not in _LIVE]
    room = _MOST_RUNS - len(live)
    kept = {*live, *(ended[-room:] if room else ())}
    return [run for run in runs if run in kept]


def run_view(run: JobRun[Any]) -> RunView:
    """Return the bar of a run."""
    statistics = run.statistics()
    return RunView(
        **counts_of(statistics),
        id=run.name,
        desc=run.desc or run.name,
        phase=statistics.phase,
        actions=_actions(run),
    )


def _actions(run: JobRun[Any]) -> list[str]:
    if run.phase not in _LIVE:
        return []
    pausing = "pause" if run.phase == "running" else "resume"
    retrying = ["retry"] if run.retriable else []
    return [*retrying, pausing, "cancel", "workers"]


def latest_failures(runs: Sequence[JobRun[Any]]) -> list[Failure]:
    """Return the failures of the latest runs, the newest last."""
    latest: list[Failure] = []
    for run in reversed(runs):
        errors = run.errors
        for index in islice(reversed(errors), _MOST_FAILURES - len(latest)):
            error = one_line(errors[index])
            latest.append(Failure(index=index, run=run.desc or run.name, error=error))
    return latest[::-1]
