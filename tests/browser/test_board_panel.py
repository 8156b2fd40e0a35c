"""The board in real JupyterLab and Notebook: what a person sees and presses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.board import Board
from tests.browser.panel import Panel, illegible
from tests.browser.rig import in_all_looks, in_both_if_thorough, thorough

if TYPE_CHECKING:
    from tests.browser.conftest import OpenNotebook
    from tests.browser.rig import App, Notebook

RATE, BYTES = 10, 150_000
QUICK = 0.5

LOAD = """\
%load_ext notebook_async
import asyncio
from notebook_async import jobs, run_jobs
broken = True
async def item(i):
    await asyncio.sleep(0.2)
    if broken and i % 20 == 7:
        raise ConnectionError(f"page {i} is gone")
"""

CRAWL = """\
%%arun -n crawl
print("crawling")
await run_jobs(
    item, range(3000), workers=8, on_error="return", desc="fetch pages"
)
"""

NAP = """\
%%arun -n nap
await asyncio.sleep(600)
"""

BAD = """\
%%arun -n bad
print("about to fail")
1 / (0 if broken else 1)
"""

DONE = """\
%%arun -n done
await run_jobs(item, [1, 2, 3], desc="three")
"""

JOBS = [LOAD, CRAWL, NAP, BAD, DONE]

# Twenty jobs of twenty items a second each, shown by as many panels.
TWENTY = """\
async def storm():
    await run_jobs(asyncio.sleep, [0.1] * 10_000, workers=2, desc="naps")
for n in range(20):
    jobs.start(storm(), name=f"storm {n}")
"""
SHOW = "jobs[{}]"


def start(notebook: Notebook, *cells: int) -> None:
    """Run cells, one after the other."""
    for cell in cells:
        notebook.run_cell(cell)
        notebook.wait_idle()


@in_both_if_thorough
def test_every_job_has_a_row(open_notebook: OpenNotebook, app: App) -> None:
    """A row tells a job's name, state, progress and what it is at, as it goes on."""
    notebook = open_notebook([*JOBS, "%jobs"], app=app)
    start(notebook, 0, 1, 2, 3, 4, 5)
    board = Board(notebook, 5)
    board.wait_for(4, "done")
    board.wait_for(3, "failed")
    assert board.names == ["#4 done", "#3 bad", "#2 nap", "#1 crawl"]
    crawl = board.row(1)
    assert "running" in crawl.inner_text()
    assert "fetch pages" in crawl.inner_text()
    bar = crawl.get_by_role("progressbar")
    before = int(bar.get_attribute("aria-valuenow") or 0)
    notebook.page.wait_for_function(
        "([bar, n]) => Number(bar.getAttribute('aria-valuenow')) > n",
        arg=[bar.element_handle(), before + 20],
    )
    assert "waits for sleep(600), at cell [3] line 2" in board.row(2).inner_text()
    assert "ZeroDivisionError: division by zero" in board.row(3).inner_text()
    assert notebook.errors == []


@in_both_if_thorough
def test_rows_are_steered(open_notebook: OpenNotebook, app: App) -> None:
    """Jobs are paused, resumed, retried, cancelled and started again in their rows."""
    notebook = open_notebook([*JOBS, "jobs", "broken = False"], app=app)
    start(notebook, 0, 1, 2, 3, 5)
    board = Board(notebook, 5)
    board.press(1, "pause")
    board.wait_for(1, "waiting")
    assert "paused: fetch pages" in board.row(1).inner_text()
    board.press(1, "resume")
    board.wait_for(1, "running")
    retry = board.row(1).locator('[data-action="retry"]')
    retry.wait_for()
    notebook.run_cell(6)
    notebook.wait_idle()
    retry.click()
    retry.wait_for(state="detached")
    board.press(2, "cancel")
    board.wait_for(2, "cancelled")
    board.press(3, "again")
    board.wait_for(4, "done")
    assert board.names[0] == "#4 bad"
    assert notebook.errors == []


def test_finished_jobs_are_cleared(open_notebook: OpenNotebook, app: App) -> None:
    """A press forgets what has ended, and the saved table forgets it, too."""
    notebook = open_notebook([*JOBS, "%jobs", "len(jobs)"], app=app)
    start(notebook, 0, 1, 3, 4, 5)
    board = Board(notebook, 5)
    board.wait_for(3, "done")
    board.root.get_by_role("button", name="clear finished").click()
    board.row(3).wait_for(state="detached")
    assert board.names == ["#1 crawl"]
    notebook.time_cell(6, shows="1")
    still = board.output.locator(".na-still tr")
    still.nth(2).wait_for(state="detached")
    notebook.save()
    notebook.reopen()
    text = notebook.output_text(5)
    assert "crawl" in text
    assert "bad" not in text


@thorough
def test_output_of_a_job_is_shown(open_notebook: OpenNotebook) -> None:
    """A row shows what its job said, below the table, until it is closed."""
    notebook = open_notebook([*JOBS, "%jobs"])
    start(notebook, 0, 3, 5)
    board = Board(notebook, 5)
    board.wait_for(1, "failed")
    board.press(1, "log")
    drawer = board.root.get_by_role("region", name="output")
    drawer.get_by_text("about to fail").wait_for()
    assert "ZeroDivisionError: division by zero" in drawer.inner_text()
    drawer.focus()
    notebook.page.keyboard.press("Escape")
    drawer.wait_for(state="hidden")


@thorough
def test_row_leads_to_its_cell(open_notebook: OpenNotebook, app: App) -> None:
    """From the board one comes to the cell that started a job."""
    filling = ["md:" + "text  \n" * 40] * 3
    notebook = open_notebook([LOAD, NAP, *filling, "%jobs"], app=app)
    start(notebook, 0, 1, 5)
    board = Board(notebook, 5)
    cell = notebook.page.locator(".jp-Notebook .jp-Cell").nth(1)
    seen = """(cell) => {
        const {top, bottom} = cell.getBoundingClientRect();
        return bottom > 0 && top < innerHeight;
    }"""
    assert not cell.evaluate(seen)
    board.press(1, "cell")
    notebook.page.wait_for_function(seen, arg=cell.element_handle())


def test_board_by_the_keyboard_alone(open_notebook: OpenNotebook, app: App) -> None:
    """One stop leads into the table, arrows lead on, and no letter is a command."""
    notebook = open_notebook([LOAD, NAP, NAP, "%jobs"], app=app)
    start(notebook, 0, 1, 2, 3)
    board = Board(notebook, 3)
    press = notebook.page.keyboard.press
    board.row(2).locator('[data-action="cancel"]').focus()
    for key in "abdx":
        press(key)
    press("ArrowDown")
    press("ArrowRight")
    press("ArrowLeft")
    press("Enter")
    board.wait_for(1, "cancelled")
    assert board.row(2).get_attribute("data-phase") == "running"
    stops = board.root.locator("tbody button[tabindex='0']")
    assert stops.count() == 1
    assert notebook.page.locator(".jp-Notebook .jp-Cell").count() == 4


def test_board_survives_a_reload(open_notebook: OpenNotebook, app: App) -> None:
    """After a reload the board has every row, moves on, and obeys."""
    notebook = open_notebook([*JOBS, "%jobs"], app=app)
    start(notebook, 0, 1, 2, 5)
    Board(notebook, 5).wait_for(2, "running")
    notebook.save()
    notebook.reload()
    board = Board(notebook, 5)
    board.wait_for(1, "running")
    notebook.run_cell(3)
    board.wait_for(3, "failed")
    board.press(2, "cancel")
    board.wait_for(2, "cancelled")


@thorough
def test_two_views_of_the_board(open_notebook: OpenNotebook) -> None:
    """Two views show the same, and what one is asked for the other one shows."""
    notebook = open_notebook([*JOBS, "%jobs"], size=(1600, 900))
    start(notebook, 0, 1, 2, 5)
    Board(notebook, 5).wait_for(2, "running")
    boards = notebook.page.locator(".na-board")
    notebook.command("notebook:create-output-view")
    boards.nth(1).wait_for()
    boards.nth(1).locator('[data-job="2"] [data-action="cancel"]').click()
    for view in range(2):
        row = boards.nth(view).locator('[data-job="2"][data-phase="cancelled"]')
        row.wait_for()


@thorough
@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "untrusted"])
def test_saved_board_is_the_still_table(
    open_notebook: OpenNotebook, app: App, *, trusted: bool
) -> None:
    """A saved `%jobs` is the table as of the last change, with any kernel."""
    notebook = open_notebook([*JOBS, "%jobs"], app=app)
    start(notebook, 0, 1, 5)
    board = Board(notebook, 5)
    board.wait_for(1, "running")
    notebook.run_cell(3)
    board.wait_for(2, "failed")
    saved = board.output.locator(".na-still", has_text="ZeroDivisionError")
    saved.wait_for(state="attached")
    assert not saved.is_visible()
    notebook.save()
    notebook.reopen(trusted=trusted)
    text = notebook.output_text(5)
    assert "#1 crawl" in text
    assert "ZeroDivisionError: division by zero" in text
    notebook.page.wait_for_timeout(3000)
    assert "model not found" not in notebook.output_text(5)
    assert notebook.output(5).locator(".na-still").is_visible()


@thorough
def test_restart_ends_the_board(open_notebook: OpenNotebook, app: App) -> None:
    """After a restart the board says so, offers nothing, and its table is kept."""
    notebook = open_notebook([*JOBS, "%jobs"], app=app)
    start(notebook, 0, 1, 2, 5)
    board = Board(notebook, 5)
    board.wait_for(2, "running")
    notebook.restart_kernel()
    board.root.get_by_text("kernel gone", exact=True).wait_for()
    actions = board.root.locator("button:visible:not([data-action='cell'])")
    assert actions.count() == 0
    notebook.save()
    notebook.reopen()
    assert "#2 nap" in notebook.output_text(5)


@thorough
def test_twenty_jobs_and_twenty_panels(open_notebook: OpenNotebook) -> None:
    """A board of twenty jobs, each with a panel too, leaves the notebook quick."""
    panels = [SHOW.format(n + 1) for n in range(20)]
    notebook = open_notebook([LOAD, TWENTY, *panels, "%jobs", "1 + 1"])
    start(notebook, *range(23))
    board = Board(notebook, 22)
    board.wait_for(20, "running")
    assert len(board.names) == 20
    traffic = notebook.watch_traffic(4).only(direction="in", kind="comm_msg")
    rates = [
        traffic.only(comm=comm).frames_per_second
        for comm in {frame.comm for frame in traffic.frames}
    ]
    assert len(rates) > 20
    assert max(rates) <= RATE * 1.1
    sizes = [
        traffic.only(comm=comm).bytes_per_second
        for comm in {frame.comm for frame in traffic.frames}
    ]
    assert max(sizes) < BYTES
    assert min(notebook.time_cell(23, shows="2") for _ in range(5)) < QUICK
    board = Board(notebook, 22)
    for job in (20, 1):
        board.press(job, "cancel")
        board.wait_for(job, "cancelled")
    panel = Panel(notebook, 2)
    panel.output.locator('.na-panel[data-phase="cancelled"]').wait_for()
    assert notebook.errors == []


@in_all_looks
def test_board_fits_and_is_legible(
    open_notebook: OpenNotebook, theme: str, width: int
) -> None:
    """Running, paused, failed and cancelled rows fit, and can be read."""
    cells = [*JOBS, NAP, "%jobs"]
    notebook = open_notebook(cells, app="notebook", size=(width, 1800))
    notebook.set_theme(theme)
    start(notebook, 0, 1, 2, 3, 4, 5, 6)
    board = Board(notebook, 6)
    board.wait_for(4, "done")
    board.press(5, "cancel")
    board.wait_for(5, "cancelled")
    board.row(1).locator('[data-action="retry"]').wait_for()
    board.press(3, "log")
    board.root.get_by_text("about to fail").wait_for()
    shade = theme.rpartition(" ")[2].lower()
    notebook.screenshot(f"board-{width}-{shade}", board.output)
    board.press(1, "pause")
    board.wait_for(1, "waiting")
    assert illegible(board.root) == {}
    wide = "(it) => [it.scrollWidth - it.clientWidth, it.offsetHeight]"
    overflow, height = board.root.evaluate(wide)
    assert overflow <= 0
    assert height <= 420
    # What a job is at must not be squeezed out.
    box = board.row(1).locator(".na-job-now").bounding_box()
    assert box is not None
    assert box["width"] > 80


@thorough
def test_board_does_not_jump(open_notebook: OpenNotebook) -> None:
    """While only numbers change, the board keeps its height and its columns."""
    notebook = open_notebook([*JOBS, "%jobs"], app="notebook", size=(1000, 1200))
    start(notebook, 0, 1, 2, 5)
    board = Board(notebook, 5)
    board.row(1).locator('[data-action="retry"]').wait_for()
    places = """(root) => new Promise((resolve) => {
        const seen = new Set();
        const look = () => seen.add(JSON.stringify([root.offsetHeight,
            ...[...root.querySelectorAll("td, button")]
                .map((node) => node.getBoundingClientRect().left)]));
        const timer = setInterval(look, 50);
        setTimeout(() => { clearInterval(timer); resolve(seen.size); }, 2000);
    })"""
    assert board.root.evaluate(places) == 1
