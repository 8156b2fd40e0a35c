"""One job: its states, its result, its clock, its runs."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from typing import NoReturn

import pytest

from notebook_async import JobBoard, run_jobs, start_jobs
from notebook_async.board import JobProgress
from notebook_async.core import JobRecord, RunStatistics, add_hook
from notebook_async.errors import JobCancelledError, JobNotDoneError


async def fail() -> NoReturn:
    """Fail at once."""
    raise LookupError("no such page")


async def test_running_job_has_no_result() -> None:
    """The result of a job that still runs is an error that says what to do."""
    job = JobBoard().start(asyncio.sleep(1))
    assert (job.state, job.ended, job.exception) == ("running", False, None)
    with pytest.raises(JobNotDoneError, match=r"^job 1 still runs: `await` it, or use"):
        _ = job.result
    await job


async def test_done_job_has_its_result() -> None:
    """A job that ended well is done and keeps what it returned."""
    job = JobBoard().start(asyncio.sleep(1, "rested"))
    assert await job == "rested"
    assert await job == "rested"
    assert (job.state, job.ended, job.result, job.exception) == (
        "done",
        True,
        "rested",
        None,
    )


async def test_failed_job_raises_the_very_exception() -> None:
    """Awaiting a failed job, or asking for its result, raises what its code raised."""
    job = JobBoard().start(fail())
    with pytest.raises(LookupError, match=r"^no such page$") as awaited:
        await job
    with pytest.raises(LookupError, match=r"^no such page$") as asked:
        _ = job.result
    assert awaited.value is asked.value is job.exception
    assert job.state == "failed"


async def test_cancelled_job_runs_its_finally() -> None:
    """A cancelled job cleans up, is cancelled and has no result."""
    cleaned = []

    async def work() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(2)
            cleaned.append(asyncio.get_running_loop().time())

    job = JobBoard().start(work())
    await asyncio.sleep(1)
    assert job.cancel() is True
    assert job.state == "running"
    await job.wait()
    assert (job.state, job.exception, cleaned) == ("cancelled", None, [3.0])
    with pytest.raises(JobCancelledError, match=r"^job 1 was cancelled and has no"):
        _ = job.result
    with pytest.raises(JobCancelledError, match=r"^job 1 was cancelled and has no"):
        await job


async def test_cancelling_an_ended_job_does_nothing() -> None:
    """Cancelling a job that has ended says no and changes nothing."""
    job = JobBoard().start(asyncio.sleep(0, "value"))
    await job
    assert job.cancel() is False
    assert (job.state, job.result) == ("done", "value")


async def test_job_that_swallows_its_cancellation_is_done() -> None:
    """A job that ends well in spite of a cancellation is done, with its result."""

    async def stubborn() -> str:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            return "in spite of it"
        return "never"

    job = JobBoard().start(stubborn())
    await asyncio.sleep(0)
    job.cancel()
    assert await job == "in spite of it"
    assert job.state == "done"


async def test_cancelled_await_leaves_the_job_alone() -> None:
    """Cancelling who awaits a job does not cancel the job."""
    job = JobBoard().start(asyncio.sleep(10, "value"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await job
    assert job.state == "running"
    assert await job == "value"
    assert asyncio.get_running_loop().time() == 10.0


async def test_many_may_await_a_job() -> None:
    """Every await of a job gets its result."""
    job = JobBoard().start(asyncio.sleep(1, "value"))

    async def ask() -> str:
        return await job

    assert await asyncio.gather(ask(), ask(), ask()) == ["value"] * 3


async def test_elapsed_stops_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The elapsed time grows while a job runs and stands still afterwards."""
    monkeypatch.setattr(time, "perf_counter", asyncio.get_running_loop().time)
    job = JobBoard().start(asyncio.sleep(4))
    await asyncio.sleep(1)
    assert job.elapsed == 1.0
    await asyncio.sleep(5)
    assert job.elapsed == 4.0


async def test_started_is_local_time() -> None:
    """The start is told in local time, with its zone."""
    before = dt.datetime.now().astimezone()
    job = JobBoard().start(asyncio.sleep(0))
    assert job.started is not None
    assert before <= job.started <= dt.datetime.now().astimezone()
    assert job.started.utcoffset() == before.utcoffset()
    await job


async def test_name_source_and_cell_are_kept() -> None:
    """A job keeps what it was started with, and is told by its repr."""
    job = JobBoard().start(
        asyncio.sleep(0), name="index", source="await sleep(0)", cell=7
    )
    assert (job.id, job.name, job.source, job.cell) == (1, "index", "await sleep(0)", 7)
    assert repr(job) == "<Job 1 'index' running 0.0 s>"
    await job


async def test_on_end_is_called_once_with_the_ended_job() -> None:
    """A callback hears of the end once, and at once if it comes too late."""
    heard = []
    job = JobBoard().start(asyncio.sleep(1))
    job.on_end(lambda ended: heard.append((ended, ended.state)))
    assert heard == []
    await job
    assert heard == [(job, "done")]
    job.on_end(lambda ended: heard.append((ended, "late")))
    assert heard == [(job, "done"), (job, "late")]


async def test_progress_without_runs_is_empty() -> None:
    """A job that starts no run has counted nothing and has no total."""
    job = JobBoard().start(asyncio.sleep(0))
    await job
    assert (job.runs, job.progress) == ((), JobProgress())


async def test_progress_adds_up_its_runs() -> None:
    """The progress of a job is that of all its runs, side by side and one by one."""

    async def flaky(number: int) -> int:
        await asyncio.sleep(1)
        return 1 // number

    async def work() -> None:
        first = start_jobs(asyncio.sleep, [1] * 6, workers=2, desc="first")
        second = start_jobs(flaky, [0, 1, 2], workers=1, on_error="return")
        await asyncio.gather(first, second)
        await run_jobs(asyncio.sleep, [1], desc="third")

    job = JobBoard().start(work())
    await asyncio.sleep(1.5)
    now = job.progress
    assert (now.done, now.failed, now.running) == (2, 1, 3)
    assert (now.total, now.workers) == (9, 3)
    await job
    assert [run.desc for run in job.runs] == ["first", None, "third"]
    end = job.progress
    assert (end.done, end.failed, end.running, end.total) == (9, 1, 0, 10)
    assert (end.workers, end.rate, end.eta) == (0, None, None)


async def test_progress_counts_nested_runs() -> None:
    """A run that an item starts is a run of the job too."""

    async def item(number: int) -> None:
        await run_jobs(asyncio.sleep, [1] * number)

    job = JobBoard().start(run_jobs(item, [1, 2]))
    await job
    assert [run.total for run in job.runs] == [2, 1, 2]
    assert (job.progress.done, job.progress.total) == (5, 5)


async def test_runs_of_two_jobs_are_apart() -> None:
    """Jobs that run side by side count their own runs only."""
    board = JobBoard()
    jobs = [board.start(run_jobs(asyncio.sleep, [1] * n)) for n in (2, 5)]
    await asyncio.gather(*jobs)
    assert [job.progress.done for job in jobs] == [2, 5]


async def test_last_hundred_runs_are_kept() -> None:
    """Of more than a hundred runs, ended ones are forgotten first."""

    async def work() -> None:
        long = start_jobs(asyncio.sleep, [100], desc="long")
        for number in range(105):
            await run_jobs(asyncio.sleep, [0], desc=str(number))
        await long

    job = JobBoard().start(work())
    await asyncio.sleep(1)
    kept = ["long", *(str(number) for number in range(6, 105))]
    assert [run.desc for run in job.runs] == kept
    await job


async def test_records_tell_the_phases_of_a_job() -> None:
    """A hook hears that a job runs and how it ended."""
    heard: list[JobRecord] = []
    with add_hook(heard.append, JobRecord):
        job = JobBoard().start(fail(), name="page")
        await job.wait()
    assert [(r.source, r.phase, r.name, r.error) for r in heard] == [
        (("job-1",), "running", "page", None),
        (("job-1",), "failed", "page", "LookupError: no such page"),
    ]


def run(**changes: object) -> RunStatistics:
    """Return the counters of a live run of ten items, with some changes."""
    counters = {
        "name": "run-1",
        "desc": None,
        "phase": "running",
        "done": 2,
        "failed": 1,
        "running": 3,
        "waiting": 0,
        "retried": 4,
        "total": 10,
        "workers": 3,
        "elapsed": 1.0,
        "rate": 2.0,
        "eta": 3.5,
    }
    return RunStatistics(**(counters | changes))


def test_progress_of_live_runs() -> None:
    """Counters and rates add up; the time left is that of the slowest."""
    assert JobProgress.of([run(), run(rate=1.0, eta=7.0)]) == JobProgress(
        done=4,
        failed=2,
        running=6,
        retried=8,
        total=20,
        workers=6,
        rate=3.0,
        eta=7.0,
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"total": None, "eta": None}, (None, None)),
        ({"phase": "done", "total": 3, "eta": 0.0}, (13, 3.5)),
        ({"phase": "waiting", "eta": None}, (20, None)),
    ],
)
def test_progress_knows_what_it_does_not_know(
    changes: dict[str, object], expected: tuple[int | None, float | None]
) -> None:
    """One unknown total or time makes the sum unknown; ended runs take no time."""
    progress = JobProgress.of([run(), run(**changes)])
    assert (progress.total, progress.eta) == expected
