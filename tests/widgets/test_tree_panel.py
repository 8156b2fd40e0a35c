"""The live panel of the await tree: made anew when asked, and cancelling by key."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import JobBoard, await_tree, run_jobs
from notebook_async.widgets import tree_panel
from notebook_async.widgets.tree_panel import TreePanel
from tests.widgets.comms import Browser

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.usefixtures("comms")


@pytest.fixture
async def board() -> AsyncIterator[JobBoard]:
    """Give an empty board, and cancel its jobs at the end."""
    board = JobBoard()
    yield board
    await board.aclose()


async def show(board: JobBoard) -> Browser:
    """Show what the jobs of a board wait for."""
    await asyncio.sleep(1)
    browser = Browser(TreePanel(await_tree(*board)))
    browser.say({"type": "visible", "visible": True})
    await asyncio.sleep(1)
    return browser


def texts(browser: Browser) -> list[str]:
    """Return the lines that the panel shows."""
    return [branch + text for branch, text, _ in browser.panel.rows["rows"]]


def key(browser: Browser, start: str) -> str | None:
    """Return the key of the first line that starts so."""
    rows = browser.panel.rows["rows"]
    return next(name for _, text, name in rows if text.startswith(start))


async def test_lines_have_branches_texts_and_keys(board: JobBoard) -> None:
    """A job, a task and an item can be cancelled; the line of a run cannot."""

    async def work() -> None:
        await run_jobs(asyncio.sleep, [9, 9], workers=2, desc="naps")

    job = board.start(work(), name="naps")
    browser = await show(board)
    name = job.runs[0].name
    assert [text.split(" waits")[0] for text in texts(browser)] == [
        f"job {job.id} 'naps'",
        f"└─ {name} 'naps': 0 of 2 done",
        "   ├─ item 0",
        "   └─ item 1",
    ]
    keys = [name for _, _, name in browser.panel.rows["rows"]]
    assert [name is not None for name in keys] == [True, False, True, True]
    assert len(set(keys)) == 4


async def test_made_anew_when_asked(board: JobBoard) -> None:
    """The tree stands still until a view asks, and keeps its keys."""
    board.start(asyncio.sleep(9), name="nap")
    browser = await show(board)
    first = key(browser, "job")
    assert "8.0 s left" in texts(browser)[0]
    await asyncio.sleep(2)
    assert browser.times == []
    await browser.ask({"type": "refresh"})
    assert "5.0 s left" in texts(browser)[0]
    assert key(browser, "job") == first
    assert [state["seq"] for state in browser.states("rows")] == [2]


async def test_asked_too_often_it_answers_twice_a_second(board: JobBoard) -> None:
    """However often views ask, a tree is good enough for half a second."""
    board.start(asyncio.sleep(99), name="nap")
    browser = await show(board)
    for _ in range(400):
        browser.say({"type": "refresh"})
        await asyncio.sleep(0.01)
    assert 7 <= len(browser.times) <= 9


async def test_large_tree_is_cut_short(board: JobBoard) -> None:
    """So many lines are sent, and how many there are besides."""
    job = board.start(
        run_jobs(asyncio.sleep, [99] * 1000, workers=1000), name="y" * 900
    )
    browser = await show(board)
    rows = browser.panel.rows
    assert (len(rows["rows"]), rows["more"]) == (300, 702)
    assert max(len(text) for _, text, _ in rows["rows"]) == 200
    browser.comm.sent.clear()
    await browser.ask({"type": "refresh"})
    assert browser.size < 60_000
    job.cancel()


async def test_cancel_by_key(board: JobBoard) -> None:
    """One item is cancelled, then the job, and the tree shows it soon after."""

    async def work() -> None:
        await run_jobs(asyncio.sleep, [99, 98], workers=2, on_error="return")
        await asyncio.sleep(50)

    job = board.start(work(), name="naps")
    browser = await show(board)
    await browser.ask({"type": "cancel", "key": key(browser, "item 1")})
    await asyncio.sleep(1)
    assert list(job.runs[0].errors) == [1]
    assert [text for text in texts(browser) if "item" in text] != []
    assert not any("item 1 " in text for text in texts(browser))
    await browser.ask({"type": "cancel", "key": key(browser, "job")})
    await asyncio.sleep(1)
    assert (job.state, texts(browser)) == ("cancelled", [])


async def test_stale_key_cancels_nothing(board: JobBoard) -> None:
    """A worker that has gone on to another item is left alone."""
    job = board.start(run_jobs(asyncio.sleep, [5, 99], workers=1), name="naps")
    browser = await show(board)
    stale = key(browser, "item 0")
    await asyncio.sleep(5)
    assert job.runs[0].items("running").items[0].index == 1
    await browser.ask({"type": "cancel", "key": stale})
    await asyncio.sleep(1)
    assert (job.state, job.runs[0].failed) == ("running", 0)


@pytest.mark.parametrize(
    "content",
    [
        {"type": "cancel"},
        {"type": "cancel", "key": None},
        {"type": "cancel", "key": 1},
        {"type": "cancel", "key": ""},
        {"type": "cancel", "key": "99999"},
        {"type": "cancel", "key": ["1"]},
        {"type": "explode", "key": "1"},
        {"key": "1"},
    ],
    ids=str,
)
async def test_nonsense_is_ignored(
    board: JobBoard, content: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """What makes no sense cancels nothing and breaks nothing."""
    job = board.start(asyncio.sleep(99))
    browser = await show(board)
    await browser.ask(content)
    await asyncio.sleep(1)
    assert (job.state, caplog.records) == ("running", [])


async def test_resync_is_always_answered(board: JobBoard) -> None:
    """A view that missed something gets the tree as it is shown."""
    board.start(asyncio.sleep(99), name="nap")
    browser = await show(board)
    await browser.ask({"type": "resync"})
    assert browser.states("rows") == [browser.panel.rows]
    assert tree_panel._MOST_ROWS == 300
