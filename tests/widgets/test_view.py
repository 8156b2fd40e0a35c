"""What a panel shows, as plain data."""

from __future__ import annotations

import asyncio
import json

import pytest

from notebook_async import JobBoard, run_jobs, start_jobs
from notebook_async.board import LogSlice
from notebook_async.widgets._subjects import JobSubject, RunSubject
from notebook_async.widgets._view import one_line

ZERO = {"done": 0, "failed": 0, "retried": 0, "waiting": 0, "running": 0}
UNKNOWN = {"total": None, "workers": 0, "rate": None, "eta": None}


async def divide(number: int) -> float:
    """Fail for zero."""
    await asyncio.sleep(0)
    return 1 / number


async def test_view_of_a_job() -> None:
    """A job without runs has an empty bar and a button that cancels it."""
    job = JobBoard().start(asyncio.sleep(1), name="nap", cell=7)
    subject = JobSubject(job)
    view = subject.view()
    assert view.pop("elapsed") < 1.0
    assert view == {
        "seq": 0,
        "title": "nap",
        "job_id": 1,
        "cell": 7,
        "phase": "running",
        "bar": {**ZERO, **UNKNOWN},
        "runs": [],
        "runs_total": 0,
        "error": None,
        "failures": [],
        "failures_total": 0,
        "actions": ["cancel"],
    }
    assert subject.ended is False
    await job
    assert (subject.view()["phase"], subject.view()["actions"]) == ("done", [])
    assert subject.ended is True


async def test_view_of_a_job_with_runs() -> None:
    """Runs have a bar each; failed items and the error are told in one line each."""

    async def work() -> None:
        await run_jobs(divide, [1, 0], desc="divide", on_error="return")
        raise LookupError("no\nsuch page")

    job = JobBoard().start(work())
    await job.wait()
    view = JobSubject(job).view()
    [run] = view["runs"]
    numbers = {**ZERO, "done": 1, "failed": 1, "total": 2}
    assert {key: run[key] for key in numbers} == numbers
    assert (run["id"], run["desc"], run["phase"]) == (
        job.runs[0].name,
        "divide",
        "done",
    )
    assert view["bar"]["total"] == 2
    assert view["error"] == "LookupError: no such page"
    error = "ZeroDivisionError: division by zero"
    assert view["failures"] == [{"index": 1, "run": "divide", "error": error}]
    assert view["failures_total"] == 1


async def test_view_is_bounded_and_plain() -> None:
    """However much fails, twenty failures and twelve runs go over the wire, as JSON."""

    async def work() -> None:
        for number in range(15):
            await run_jobs(divide, [0] * 9, desc=str(number), on_error="return")

    job = JobBoard().start(work())
    await job
    view = JobSubject(job).view()
    assert [run["desc"] for run in view["runs"]] == [str(n) for n in range(3, 15)]
    assert (len(view["failures"]), view["failures_total"]) == (20, 135)
    assert [each["run"] for each in view["failures"]] == ["12"] * 2 + ["13"] * 9 + [
        "14"
    ] * 9
    assert view["bar"]["total"] == 135
    assert json.loads(json.dumps(view)) == view


async def test_view_of_a_run() -> None:
    """A run is shown as a job without a number, under its description."""
    run = start_jobs(asyncio.sleep, [1] * 4, workers=2, desc="naps")
    subject = RunSubject(run)
    await asyncio.sleep(0.5)
    view = subject.view()
    assert (view["title"], view["job_id"], view["cell"]) == ("naps", None, None)
    assert (view["phase"], view["actions"]) == ("running", ["pause", "cancel"])
    assert view["runs"][0]["actions"] == ["pause", "cancel", "workers"]
    assert (view["bar"]["running"], view["bar"]["total"]) == (2, 4)
    run.pause()
    assert (subject.view()["phase"], subject.ended) == ("waiting", False)
    run.resume()
    assert (subject.log(), subject.rich()) == (LogSlice(0, 0, [], 0), (0, []))
    subject.act("explode")
    assert run.phase == "running"
    subject.act("cancel")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (subject.view()["phase"], subject.view()["actions"]) == ("cancelled", [])


async def test_echoed_output_is_not_shown_twice() -> None:
    """A job whose cell shows its output has an empty log in its panel."""
    job = JobBoard().start(asyncio.sleep(0), echo=True)
    job.output.write("stdout", "shown by the cell")
    job.output.display({"image/png": "x"}, {}, display_id=None, update=False)
    subject = JobSubject(job)
    assert subject.log() == LogSlice(0, 0, [], 0)
    assert subject.rich() == (1, [])
    await job


async def test_unknown_actions_are_ignored() -> None:
    """A job does what its buttons say, and nothing else."""
    job = JobBoard().start(asyncio.sleep(1))
    JobSubject(job).act("explode")
    await job
    assert job.state == "done"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("no"), "ValueError: no"),
        (ValueError(), "ValueError"),
        (ValueError("two\n   lines"), "ValueError: two lines"),
        (ValueError("x" * 400), f"ValueError: {'x' * 287}…"),
    ],
)
def test_error_is_one_short_line(error: Exception, line: str) -> None:
    """An exception is told by its class and its words, in at most 300 characters."""
    assert one_line(error) == line
