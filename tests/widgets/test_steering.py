"""What the buttons of a job's panel do, and what else comes from a front end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import JobBoard, run_jobs, start_jobs
from notebook_async.widgets._subjects import JobSubject, RunSubject
from notebook_async.widgets.job_panel import JobPanel
from tests.widgets.comms import Browser

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from notebook_async import Job

pytestmark = pytest.mark.usefixtures("comms")


@pytest.fixture
async def board() -> AsyncIterator[JobBoard]:
    """Give an empty board, and cancel its jobs at the end."""
    board = JobBoard()
    yield board
    await board.aclose()


async def nap(seconds: float) -> None:
    """Sleep, and fail after three seconds."""
    await asyncio.sleep(seconds)
    if seconds == 3:
        raise ValueError(seconds)


async def napping(*groups: list[float]) -> None:
    """Run groups of naps side by side, two of each at once."""
    runs = [run_jobs(nap, group, workers=2, on_error="return") for group in groups]
    await asyncio.gather(*runs)


async def shown(board: JobBoard, *groups: list[float]) -> tuple[Job, Browser]:
    """Start a job with such groups, and show it."""
    job = board.start(napping(*groups), name="naps")
    await asyncio.sleep(0)
    browser = Browser(JobPanel(JobSubject(job, board)))
    browser.say({"type": "visible", "visible": True})
    await asyncio.sleep(0.2)
    return job, browser


def actions(browser: Browser) -> list[str]:
    """Return what the panel offers to do with its job."""
    offered: list[str] = browser.panel.view["actions"]
    return offered


# -- the whole job


async def test_pause_and_resume(board: JobBoard) -> None:
    """Pausing a job pauses its runs; it is then paused itself, and may be resumed."""
    job, browser = await shown(board, [1.0] * 6, [1.0] * 6)
    assert actions(browser) == ["pause", "cancel"]
    await browser.ask({"type": "pause"})
    assert [run.phase for run in job.runs] == ["waiting", "waiting"]
    assert (browser.panel.view["phase"], actions(browser)) == (
        "waiting",
        ["resume", "cancel"],
    )
    await browser.ask({"type": "resume"})
    assert [run.phase for run in job.runs] == ["running", "running"]
    assert browser.panel.view["phase"] == "running"


async def test_job_with_one_paused_run_runs(board: JobBoard) -> None:
    """A job is paused only once nothing in it goes on."""
    job, browser = await shown(board, [1.0] * 6, [1.0] * 6)
    job.runs[0].pause()
    await asyncio.sleep(0.2)
    assert (browser.panel.view["phase"], actions(browser)) == (
        "running",
        ["pause", "cancel"],
    )


async def test_retry_failed_items(board: JobBoard) -> None:
    """What has failed can be run again while the job goes on, and stands first."""
    job, browser = await shown(board, [3.0, 100.0])
    await asyncio.sleep(4)
    assert actions(browser) == ["retry", "pause", "cancel"]
    await browser.ask({"type": "retry"})
    assert (job.runs[0].failed, job.runs[0].running) == (0, 2)
    assert actions(browser) == ["pause", "cancel"]


async def test_start_again(board: JobBoard) -> None:
    """An ended job that can be repeated is, and the panel follows the new one."""
    said = iter(["first\n", "second\n"])

    async def work() -> None:
        board[board._last].output.write("stdout", next(said))
        await asyncio.sleep(1)

    job = board.start(work(), name="talk", again=work)
    browser = Browser(JobPanel(JobSubject(job, board)))
    browser.say({"type": "visible", "visible": True})
    assert actions(browser) == ["cancel"]
    await job
    assert actions(browser) == ["again"]
    followed = []
    browser.panel.on_follow = followed.append
    await browser.ask({"type": "again"})
    assert len(board) == 2
    assert (browser.panel.view["job_id"], browser.panel.view["phase"]) == (2, "running")
    assert [subject.view()["job_id"] for subject in followed] == [2]
    # What the new job says begins beyond all that the old one did.
    tail, piece = browser.tails[-1], browser.pieces[-1]
    assert (tail["start"], tail["chunks"]) == (7, [])
    assert (piece["start"], piece["chunks"]) == (7, [["stdout", "second\n"]])
    await board[2]
    assert (browser.views[-1]["job_id"], browser.views[-1]["phase"]) == (2, "done")


@pytest.mark.parametrize("why", ["coroutine", "echoes", "forgotten", "other board"])
async def test_what_cannot_start_again_does_not_offer_it(
    board: JobBoard, why: str
) -> None:
    """A bare coroutine, a job whose cell awaited it, and a job that is forgotten."""

    async def work() -> None:
        pass

    again = None if why == "coroutine" else work
    job = board.start(work(), again=again, echo=why == "echoes")
    await job
    if why == "forgotten":
        board.clear()
    other = JobBoard() if why == "other board" else board
    browser = Browser(JobPanel(JobSubject(job, other)))
    assert actions(browser) == []
    await browser.ask({"type": "again"})
    assert len(other) == (0 if why in ("forgotten", "other board") else 1)


# -- one of its runs


async def test_runs_are_steered_one_by_one(board: JobBoard) -> None:
    """Each live run has buttons and a slider of its own."""
    job, browser = await shown(board, [3.0] + [9.0] * 9, [9.0] * 9)
    first, second = job.runs
    await asyncio.sleep(4)
    assert [run["actions"] for run in browser.panel.view["runs"]] == [
        ["retry", "pause", "cancel", "workers"],
        ["pause", "cancel", "workers"],
    ]
    for action in ("retry", "pause"):
        await browser.ask({"type": action, "run": first.name})
    assert (first.failed, first.phase, second.phase) == (0, "waiting", "running")
    await browser.ask({"type": "resume", "run": first.name})
    await browser.ask({"type": "workers", "run": second.name, "workers": 7})
    assert (first.workers, second.workers, second.running) == (2, 7, 7)
    await browser.ask({"type": "cancel", "run": second.name})
    assert second.phase == "cancelled"
    assert browser.panel.view["runs"][1]["actions"] == []


async def test_run_outside_of_a_job_is_steered_alike() -> None:
    """A run of its own has the same buttons, and cannot be started again."""
    run = start_jobs(nap, [1.0] * 9, workers=2)
    browser = Browser(JobPanel(RunSubject(run)))
    assert actions(browser) == ["pause", "cancel"]
    await browser.ask({"type": "pause"})
    assert run.phase == "waiting"
    await browser.ask({"type": "resume"})
    await browser.ask({"type": "workers", "run": run.name, "workers": 3})
    assert run.workers == 3
    await browser.ask({"type": "cancel"})
    assert run.phase == "cancelled"
    await browser.ask({"type": "again"})
    assert actions(browser) == []


# -- one item


async def test_items_are_steered_one_by_one(board: JobBoard) -> None:
    """One item in flight is cancelled, one that has failed runs again."""
    job, browser = await shown(board, [3.0, 9.0, 9.0, 9.0])
    [run] = job.runs
    await browser.ask({"type": "cancel-item", "run": run.name, "index": 1})
    assert list(run.errors) == [1]
    await asyncio.sleep(3)
    assert sorted(run.errors) == [0, 1]
    await browser.ask({"type": "retry-item", "run": run.name, "index": 1})
    assert list(run.errors) == [0]


async def test_rows_are_sent_as_they_are_asked_for(board: JobBoard) -> None:
    """A view gets the rows that it asks for, with the number of all of that kind."""
    job, browser = await shown(board, [3.0, 0.1, *[9.0] * 98])
    name = job.runs[0].name
    await asyncio.sleep(4)
    browser.comm.sent.clear()
    ask = {"type": "items", "id": 7, "run": name, "start": 0, "count": 3}
    await browser.ask({**ask, "kind": "all"})
    [answer] = browser.contents("items")
    error = "ValueError: 3.0"
    seconds = [row.pop(3) for row in answer["rows"]]
    assert answer == {
        "type": "items",
        "id": 7,
        "run": name,
        "kind": "all",
        "start": 0,
        "total": 100,
        "rows": [
            [0, "failed", 1, error, "r"],
            [1, "done", 1, None, ""],
            [2, "running", 1, None, "c"],
        ],
    }
    assert seconds == [pytest.approx(3.0, abs=0.2), None, pytest.approx(4, abs=0.2)]
    await browser.ask({**ask, "kind": "failed"})
    await browser.ask({**ask, "kind": "running", "start": 1})
    failed, running = browser.contents("items")[1:]
    assert (failed["total"], failed["rows"][0][0]) == (1, 0)
    assert (running["start"], running["total"], len(running["rows"])) == (1, 2, 1)


async def test_traceback_of_an_item_is_sent_when_asked_for(board: JobBoard) -> None:
    """A failed item shows its traceback; another one has none."""
    job, browser = await shown(board, [3.0, 9.0])
    name = job.runs[0].name
    await asyncio.sleep(4)
    for index in (0, 1):
        await browser.ask({"type": "details", "id": 1, "run": name, "index": index})
    failed, running = browser.contents("details")
    assert failed["text"].endswith(f"ValueError: 3.0\nin item 0 of {name}")
    assert "await asyncio.sleep(seconds)" not in failed["text"]
    assert (failed["id"], failed["run"], failed["index"]) == (1, name, 0)
    assert running["text"] == ""


async def test_items_of_an_ended_job_are_sent_too(board: JobBoard) -> None:
    """A panel whose job has ended still answers, and sends nothing else."""
    job, browser = await shown(board, [1.0])
    await job
    browser.comm.sent.clear()
    request = {"type": "items", "id": 1, "run": job.runs[0].name}
    await browser.ask({**request, "kind": "all", "start": 0, "count": 9})
    await asyncio.sleep(5)
    assert len(browser.comm.sent) == 1
    assert browser.contents("items")[0]["total"] == 1


# -- how much


async def test_scrolling_views_share_ten_messages_a_second(board: JobBoard) -> None:
    """However fast views ask, the panel sends ten messages and 150 kB a second."""

    async def fail(_: int) -> None:
        await asyncio.sleep(0.001)
        raise ValueError("x" * 1000)

    async def work() -> None:
        await run_jobs(fail, range(100_000), workers=5, on_error="return")

    job = board.start(work())
    await asyncio.sleep(0.5)
    browser = Browser(JobPanel(JobSubject(job, board)))
    browser.say({"type": "visible", "visible": True})
    began = asyncio.get_running_loop().time()
    for start in range(300):
        for view in (1, 2, 3):
            request = {"type": "items", "id": view, "run": job.runs[0].name}
            browser.say({**request, "kind": "failed", "start": start, "count": 60})
        job.output.write("stdout", "y" * 500 + "\n")
        await asyncio.sleep(0.01)
    seconds = asyncio.get_running_loop().time() - began
    assert 25 <= len(browser.times) <= 10 * seconds + 1
    assert browser.size < 150_000 * seconds
    assert {answer["id"] for answer in browser.contents("items")} == {1, 2, 3}
    assert len(browser.views) > 5
    assert len(browser.pieces) > 5


async def test_rows_and_errors_are_bounded(board: JobBoard) -> None:
    """A view gets sixty rows at most, with the beginning of their errors."""

    async def fail(_: int) -> None:
        raise ValueError("x" * 1000)

    async def work() -> None:
        await run_jobs(fail, range(100), on_error="return")

    job = board.start(work())
    await job
    browser = Browser(JobPanel(JobSubject(job, board)))
    request = {"type": "items", "id": 1, "run": job.runs[0].name, "kind": "all"}
    await browser.ask({**request, "start": 30, "count": 10**9})
    [answer] = browser.contents("items")
    assert (answer["start"], len(answer["rows"]), answer["total"]) == (30, 60, 100)
    assert {len(row[4]) for row in answer["rows"]} == {120}


# -- what nobody understands


BAD: list[dict[str, Any]] = [
    {"type": "pause", "run": "run-0"},
    {"type": "pause", "run": None},
    {"type": "pause", "run": ["RUN"]},
    {"type": "workers", "run": "RUN"},
    {"type": "workers", "run": "RUN", "workers": 0},
    {"type": "workers", "run": "RUN", "workers": -1},
    {"type": "workers", "run": "RUN", "workers": True},
    {"type": "workers", "run": "RUN", "workers": 2.5},
    {"type": "workers", "run": "RUN", "workers": "3"},
    {"type": "workers", "run": "RUN", "workers": 10**9},
    {"type": "workers", "workers": 3},
    {"type": "cancel-item", "run": "RUN"},
    {"type": "cancel-item", "run": "RUN", "index": "0"},
    {"type": "cancel-item", "run": "RUN", "index": -1},
    {"type": "cancel-item", "run": "RUN", "index": 10**9},
    {"type": "retry-item", "run": "RUN", "index": None},
    {"type": "items", "run": "RUN", "start": 0, "count": 9},
    {"type": "items", "id": "1", "run": "RUN", "start": 0, "count": 9},
    {"type": "items", "id": 1, "run": "RUN", "start": -1, "count": 9},
    {"type": "items", "id": 1, "run": "RUN", "start": 0, "count": 0},
    {"type": "items", "id": 1, "run": "RUN", "start": 0.5, "count": 9},
    {"type": "items", "id": 1, "run": "run-0", "start": 0, "count": 9},
    {"type": "details", "id": 1, "run": "RUN", "index": [0]},
    {"type": "details", "id": 1, "run": "run-0", "index": 0},
    {"type": "explode", "run": "RUN"},
    {"type": "__class__", "run": "RUN"},
    {"type": "retry_failed"},
    {"type": "again", "run": "RUN"},
]


@pytest.mark.parametrize("content", BAD, ids=str)
async def test_nonsense_is_ignored(
    board: JobBoard, content: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """What makes no sense changes nothing, answers nothing and breaks nothing."""
    job, browser = await shown(board, [9.0] * 4)
    [run] = job.runs
    before = browser.panel.subject.view()
    browser.comm.sent.clear()
    named = {**content, "run": run.name} if content.get("run") == "RUN" else content
    await browser.ask(named)
    after = browser.panel.subject.view()
    assert {**after, "elapsed": 0} == {**before, "elapsed": 0}
    assert (browser.comm.sent, caplog.records, len(board)) == ([], [], 1)


async def test_unknown_kind_of_items_is_all_of_them(board: JobBoard) -> None:
    """A kind that a newer front end may know gets all items."""
    job, browser = await shown(board, [9.0] * 4)
    request = {"type": "items", "id": 1, "run": job.runs[0].name, "start": 0}
    await browser.ask({**request, "count": 9, "kind": "odd"})
    await browser.ask({**request, "count": 9, "kind": {}})
    totals = [(each["kind"], each["total"]) for each in browser.contents("items")]
    assert totals == [("odd", 4), ("all", 4)]


async def test_flood_of_views_is_bounded(board: JobBoard) -> None:
    """Of many views that ask at once so many are answered; the rest may ask again."""
    job, browser = await shown(board, [99.0] * 4)
    browser.comm.sent.clear()
    for view in range(1000):
        request = {"type": "items", "id": view, "run": job.runs[0].name}
        browser.say({**request, "kind": "all", "start": 0, "count": 9})
    await asyncio.sleep(5)
    assert len(browser.contents("items")) == 16
