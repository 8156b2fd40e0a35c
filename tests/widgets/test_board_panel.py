"""The live panel of the board: what it tells of each job, how often, what it obeys."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from notebook_async import JobBoard, run_jobs
from notebook_async.widgets._board_rows import board_row
from notebook_async.widgets._now import now_words
from notebook_async.widgets.board_panel import BoardPanel
from tests.widgets.comms import Browser, most_in_a_second

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.usefixtures("comms")


@pytest.fixture
async def board() -> AsyncIterator[JobBoard]:
    """Give an empty board, and cancel its jobs at the end."""
    board = JobBoard()
    yield board
    await board.aclose()


async def fail() -> NoReturn:
    """Fail at once."""
    raise ValueError("no")


def show(board: JobBoard, only: list[int] | None = None) -> Browser:
    """Show a board to somebody."""
    browser = Browser(BoardPanel(board, only))
    browser.say({"type": "visible", "visible": True})
    return browser


class Table:
    """What a view knows of the rows, from the first state and the pieces since."""

    def __init__(self, browser: Browser) -> None:
        state = browser.panel.get_state()["board"]
        self.seq: int = state["seq"]
        self.rows = {row["id"]: row for row in state["rows"]}
        self._browser = browser
        self._taken = 0

    def update(self) -> Table:
        """Take in the pieces that came since; none may be missing."""
        pieces = self._browser.contents("rows")
        for piece in pieces[self._taken :]:
            assert piece["seq"] == self.seq + 1
            self.seq = piece["seq"]
            for number in piece["gone"]:
                del self.rows[number]
            self.rows.update({row["id"]: row for row in piece["rows"]})
        self._taken = len(pieces)
        return self

    @property
    def phases(self) -> dict[int, str]:
        """The state of each job."""
        return {number: row["phase"] for number, row in sorted(self.rows.items())}


# -- what it tells


async def test_row_of_a_job(board: JobBoard) -> None:
    """A row tells a job's name, state, age, progress, and what can be done with it."""
    naps = run_jobs(asyncio.sleep, [1] * 8, workers=2, desc="naps")
    job = board.start(naps, name="sleepy", cell=7)
    await asyncio.sleep(1.5)
    row = board_row(job, board)
    assert row.pop("elapsed") < 1.0
    bar = row.pop("bar")
    assert bar is not None
    assert (bar["done"], bar["running"], bar["total"]) == (2, 2, 8)
    assert row == {
        "id": 1,
        "title": "sleepy",
        "cell": 7,
        "phase": "running",
        "now": "naps",
        "failed": False,
        "actions": ["pause", "cancel"],
    }
    assert json.loads(json.dumps(row)) == row


async def test_now_says_what_a_job_is_at(board: JobBoard) -> None:
    """A job waits, runs, is paused, has failed, or has nothing to say."""

    async def two() -> None:
        first = run_jobs(asyncio.sleep, [9] * 4, workers=1, desc="first")
        await asyncio.gather(first, run_jobs(asyncio.sleep, [9] * 4, workers=1))

    waiting = board.start(asyncio.sleep(9))
    runs = board.start(two())
    failed = board.start(fail())
    quick = board.start(asyncio.sleep(0.1))
    assert now_words(quick) == "waits for its turn on the loop"
    await asyncio.sleep(1)
    assert now_words(waiting) == "waits for sleep(9)"
    last = runs.runs[1].name
    assert now_words(runs) == f"{last} and 1 more"
    runs.runs[0].pause()
    assert now_words(runs) == f"{last} and 1 more"
    runs.pause()
    assert now_words(runs) == f"paused: {last} and 1 more"
    assert (now_words(failed), now_words(quick)) == ("ValueError: no", "")


async def test_background_failure_is_told_of_an_ended_job(board: JobBoard) -> None:
    """A job that ended well, but whose task failed unseen, says so."""
    job = board.start(asyncio.sleep(0))
    await job
    job.background_failed("Task-1", ValueError("lost"))
    assert now_words(job) == "background task: ValueError: lost"


# -- what it sends, and when


async def test_changes_alone_are_sent(board: JobBoard) -> None:
    """A job that starts, and one that ends, are a row each; the others stay silent."""
    for number in range(3):
        board.start(asyncio.sleep(10 + number), name=f"nap{number}")
    await asyncio.sleep(0)
    browser = show(board)
    table = Table(browser)
    await asyncio.sleep(5)
    # At first they waited for their turn, then for their sleep.
    assert {row["now"] for row in table.update().rows.values()} == {
        "waits for sleep(10)",
        "waits for sleep(11)",
        "waits for sleep(12)",
    }
    browser.comm.sent.clear()
    table = Table(browser)
    board.start(asyncio.sleep(1), name="short")
    await asyncio.sleep(4)
    sent = [[row["id"] for row in piece["rows"]] for piece in browser.contents("rows")]
    assert sent == [[4], [4]]
    assert table.update().phases == {
        1: "running",
        2: "running",
        3: "running",
        4: "done",
    }


async def test_board_at_rest_sends_nothing_and_wakes_up(board: JobBoard) -> None:
    """Once all have ended nothing is looked at, until a job starts or is forgotten."""
    await board.start(asyncio.sleep(1))
    browser = show(board)
    table = Table(browser)
    await asyncio.sleep(5)
    assert browser.times == []
    board.start(asyncio.sleep(1))
    await asyncio.sleep(5)
    assert table.update().phases == {1: "done", 2: "done"}
    board.clear()
    await asyncio.sleep(1)
    assert table.update().phases == {}


async def test_storm_of_a_hundred_jobs(board: JobBoard) -> None:
    """A hundred busy jobs are ten messages and 150 kB a second, and all get a turn."""

    async def storm() -> None:
        await run_jobs(asyncio.sleep, [0.003] * 3000, workers=2, desc="x" * 60)

    for number in range(100):
        board.start(storm(), name=f"storm {number}")
    browser = show(board)
    table = Table(browser)
    await asyncio.sleep(4)
    seconds = asyncio.get_running_loop().time()
    assert 30 < len(browser.times) <= 10 * seconds
    assert most_in_a_second(browser.times) == 10
    assert browser.size < 150_000 * seconds
    assert min(row["bar"]["done"] for row in table.update().rows.values()) > 200
    await asyncio.sleep(30)
    assert set(table.update().phases.values()) == {"done"}
    assert {row["bar"]["done"] for row in table.rows.values()} == {3000}


async def test_unseen_board_sends_once_a_second(board: JobBoard) -> None:
    """A board that nobody looks at sends at most one message a second."""
    board.start(run_jobs(asyncio.sleep, [0.01] * 3000, workers=2))
    browser = Browser(BoardPanel(board))
    await asyncio.sleep(5.5)
    assert browser.times == [1.0, 2.0, 3.0, 4.0, 5.0]


async def test_page_that_loads_late_goes_on_where_others_are(board: JobBoard) -> None:
    """The state for a new page suits the next piece, with the clock of that moment."""
    board.start(run_jobs(asyncio.sleep, [0.1] * 99, workers=1), name="busy")
    browser = show(board)
    early = Table(browser)
    await asyncio.sleep(2)
    late = Table(browser)
    assert late.seq == early.update().seq
    late._taken = early._taken
    await asyncio.sleep(2)
    assert late.update().rows == early.update().rows


async def test_resync_is_always_answered(board: JobBoard) -> None:
    """A view that missed something gets everything, also where nothing has changed."""
    board.start(asyncio.sleep(9))
    browser = show(board)
    await asyncio.sleep(3)
    browser.comm.sent.clear()
    for _ in range(2):
        await browser.ask({"type": "resync"})
    assert [len(state["rows"]) for state in browser.states("board")] == [1, 1]


# -- what it obeys


async def test_rows_have_buttons(board: JobBoard) -> None:
    """Each job is paused, resumed, retried, started again and cancelled in its row."""

    async def work() -> None:
        await run_jobs(asyncio.sleep, [1] * 20, workers=2)

    job = board.start(work(), again=work)
    await asyncio.sleep(0.1)
    browser = show(board)
    table = Table(browser)
    await browser.ask({"type": "pause", "job": 1})
    assert table.update().phases[1] == "waiting"
    assert table.rows[1]["now"].startswith("paused: ")
    await browser.ask({"type": "resume", "job": 1})
    assert table.update().phases[1] == "running"
    await browser.ask({"type": "cancel", "job": 1})
    assert job.state == "cancelled"
    assert table.update().rows[1]["actions"] == ["again"]
    await browser.ask({"type": "again", "job": 1})
    assert table.update().phases == {1: "cancelled", 2: "running"}


async def test_finished_jobs_are_cleared(board: JobBoard) -> None:
    """A button forgets the jobs that have ended."""
    await board.start(asyncio.sleep(0))
    board.start(asyncio.sleep(99))
    browser = show(board)
    table = Table(browser)
    await browser.ask({"type": "clear"})
    assert table.update().phases == {2: "running"}
    assert len(board) == 1


async def test_output_of_one_job_is_shown(board: JobBoard) -> None:
    """A row shows what its job says, without colours, and follows it once a second."""
    job = board.start(asyncio.sleep(99), name="talk")
    job.output.write("stdout", "\x1b[31mred\x1b[0m\n")
    browser = show(board)
    await browser.ask({"type": "log", "job": 1})
    assert browser.states("log") == [
        {"job": 1, "title": "talk", "text": "red\n", "earlier": 0}
    ]
    for number in range(30):
        job.output.write("stdout", f"{number}\n")
        await asyncio.sleep(0.1)
    assert 3 <= len(browser.states("log")) <= 5
    job.output.write("stdout", "x" * 50_000)
    await asyncio.sleep(2)
    last = browser.states("log")[-1]
    assert (len(last["text"]), last["earlier"]) == (8000, job.output.end - 8000)
    await browser.ask({"type": "log", "job": None})
    assert browser.states("log")[-1] is None


async def test_output_goes_with_its_job(board: JobBoard) -> None:
    """The output of a job that is forgotten is shown no longer."""
    job = board.start(asyncio.sleep(1), name="talk")
    browser = show(board)
    await browser.ask({"type": "log", "job": 1})
    await job
    await browser.ask({"type": "clear"})
    assert browser.states("log")[-1] is None


async def test_some_jobs_of_the_board(board: JobBoard) -> None:
    """A list of some jobs tells of no other, clears none, and takes in a new start."""

    async def work() -> None:
        await asyncio.sleep(1)

    for _ in range(3):
        await board.start(work(), again=work)
    browser = show(board, [1, 3])
    table = Table(browser)
    assert browser.panel.get_state()["board"]["some"] is True
    await browser.ask({"type": "clear"})
    await browser.ask({"type": "again", "job": 2})
    assert (len(board), table.update().phases) == (3, {1: "done", 3: "done"})
    await browser.ask({"type": "again", "job": 1})
    assert table.update().phases == {1: "done", 3: "done", 4: "running"}


@pytest.mark.parametrize(
    "content",
    [
        {"type": "cancel"},
        {"type": "cancel", "job": None},
        {"type": "cancel", "job": 2},
        {"type": "cancel", "job": "1"},
        {"type": "cancel", "job": True},
        {"type": "cancel", "job": [1]},
        {"type": "explode", "job": 1},
        {"type": ["cancel"], "job": 1},
        {"type": "aclose", "job": 1},
        {"type": "again", "job": 1},
        {"type": "log", "job": 7},
        {"type": "log"},
        {"job": 1},
    ],
    ids=str,
)
async def test_nonsense_is_ignored(
    board: JobBoard, content: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """What makes no sense changes nothing, answers nothing and breaks nothing."""
    job = board.start(asyncio.sleep(99))
    browser = show(board)
    await asyncio.sleep(2)
    browser.comm.sent.clear()
    await browser.ask(content)
    assert (job.state, len(board)) == ("running", 1)
    assert (browser.comm.sent, caplog.records) == ([], [])


async def test_retired_board_leaves_nothing(board: JobBoard) -> None:
    """A panel that is given up looks at nothing and holds on to nothing."""
    board.start(asyncio.sleep(99))
    panel = BoardPanel(board)
    panel.retire()
    assert (panel.comm, board._watchers) == (None, [])
    board.start(asyncio.sleep(1))
    await asyncio.sleep(3)
