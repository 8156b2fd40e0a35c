"""The await tree's panel in real JupyterLab and Notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.board import Tree
from tests.browser.panel import illegible
from tests.browser.rig import in_all_looks, in_both, thorough

if TYPE_CHECKING:
    from tests.browser.conftest import OpenNotebook
    from tests.browser.rig import App, Notebook

LOAD = """\
%load_ext notebook_async
import asyncio
from notebook_async import await_tree, jobs, run_jobs
lock = asyncio.Lock()
"""

HOLDER = """\
%%arun -n holder
async with lock:
    await asyncio.sleep(600)
"""

RUN = """\
%%arun -n pages
async def get(i):
    async with lock:
        pass
await run_jobs(get, range(9), workers=3, on_error="return", desc="get pages")
"""

CELLS = [LOAD, HOLDER, RUN]
ERRORS = "sorted(jobs['pages'].runs[0].errors)"


def start(notebook: Notebook, *cells: int) -> None:
    """Run cells, one after the other."""
    for cell in cells:
        notebook.run_cell(cell)
        notebook.wait_idle()


@in_both
@pytest.mark.parametrize("cell", ["await_tree()", "%jobs tree"])
def test_tree_shows_what_waits(
    open_notebook: OpenNotebook, app: App, cell: str
) -> None:
    """Jobs, runs and items stand in the tree, with what they wait for, and where."""
    notebook = open_notebook([*CELLS, cell], app=app)
    start(notebook, 0, 1, 2, 3)
    lines = Tree(notebook, 3).lines
    assert lines[0].startswith("job 1 'holder' waits for sleep(600), ")
    assert lines[0].endswith("at cell [2] line 3")
    assert lines[2] == "└─ run-1 'get pages': 0 of 9 done"
    assert lines[3] == "   ├─ item 0 waits for a lock, at cell [3] line 3"
    assert notebook.errors == []


def test_tree_is_made_anew(open_notebook: OpenNotebook, app: App) -> None:
    """A press makes the tree anew, and a tick does so every second."""
    notebook = open_notebook([*CELLS, "%jobs tree", "jobs['pages'].cancel()"], app=app)
    start(notebook, 0, 1, 2, 3)
    tree = Tree(notebook, 3)
    before = tree.lines
    notebook.page.wait_for_timeout(1500)
    assert tree.lines == before
    tree.root.get_by_role("button", name="refresh").click()
    changed = "([row, text]) => row.textContent !== text"
    first = tree.root.locator(".na-tree-text").first
    told = first.inner_text()
    notebook.page.wait_for_function(changed, arg=[first.element_handle(), before[0]])
    tree.root.get_by_role("checkbox", name="every second").check()
    for _ in range(2):
        told = first.inner_text()
        notebook.page.wait_for_function(changed, arg=[first.element_handle(), told])
    notebook.run_cell(4)
    tree.row("get pages").wait_for(state="detached")


def test_task_is_cancelled_after_asking_back(
    open_notebook: OpenNotebook, app: App
) -> None:
    """A press asks back in place; no lets it go on, yes cancels it."""
    notebook = open_notebook([*CELLS, "%jobs tree", ERRORS], app=app)
    start(notebook, 0, 1, 2, 3)
    tree = Tree(notebook, 3)
    item = tree.row("item 1 ")
    ask = item.get_by_role("button", name="cancel item 1 ")
    ask.click()
    item.get_by_role("button", name="no, let it go on").click()
    ask.click()
    item.get_by_role("button", name="yes, cancel item 1 ").click()
    tree.row("item 1 ").wait_for(state="detached")
    notebook.time_cell(4, shows="[1]")
    job = Tree(notebook, 3).row("job 1")
    job.get_by_role("button", name="cancel job 1").click()
    job.get_by_role("button", name="yes, cancel job 1").click()
    # With the lock free everything else ends too.
    Tree(notebook, 3).root.get_by_text("nothing waits").wait_for()


@thorough
def test_tree_by_the_keyboard_alone(open_notebook: OpenNotebook) -> None:
    """One stop leads to the lines, arrows lead on, and Escape takes a question back."""
    notebook = open_notebook([*CELLS, "%jobs tree", ERRORS])
    start(notebook, 0, 1, 2, 3)
    tree = Tree(notebook, 3)
    press = notebook.page.keyboard.press
    tree.row("job 1").get_by_role("button").focus()
    for key in ("ArrowDown", "ArrowDown", "Enter", "Escape", "Enter", "ArrowLeft"):
        press(key)
    for key in "abdx":
        press(key)
    press("Enter")
    tree.row("item 0 ").wait_for(state="detached")
    assert notebook.page.locator(".jp-Notebook .jp-Cell").count() == 5
    notebook.time_cell(4, shows="[0]")


@thorough
@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "untrusted"])
def test_saved_tree_is_its_text(open_notebook: OpenNotebook, *, trusted: bool) -> None:
    """A saved tree is the text of the last one, with any kernel."""
    notebook = open_notebook([*CELLS, "%jobs tree"])
    start(notebook, 0, 1, 2, 3)
    tree = Tree(notebook, 3)
    tree.row("item 1 ").wait_for()
    notebook.save()
    notebook.reopen(trusted=trusted)
    notebook.page.wait_for_timeout(3000)
    text = notebook.output_text(3)
    assert "   ├─ item 0 waits for a lock, at cell [3] line 3" in text
    assert "model not found" not in text


@thorough
def test_restart_ends_the_tree(open_notebook: OpenNotebook, app: App) -> None:
    """After a restart the tree says so, and offers nothing dead."""
    notebook = open_notebook([*CELLS, "%jobs tree"], app=app)
    start(notebook, 0, 1, 2, 3)
    tree = Tree(notebook, 3)
    tree.row("item 1 ").wait_for()
    notebook.restart_kernel()
    tree.root.get_by_text("kernel gone", exact=True).wait_for()
    assert tree.root.locator("button:visible, input:visible").count() == 0


@in_all_looks
def test_tree_fits_and_is_legible(
    open_notebook: OpenNotebook, theme: str, width: int
) -> None:
    """Lines, a question and the header fit, and can be read."""
    notebook = open_notebook([*CELLS, "%jobs tree"], app="notebook", size=(width, 1200))
    notebook.set_theme(theme)
    start(notebook, 0, 1, 2, 3)
    tree = Tree(notebook, 3)
    item = tree.row("item 1 ")
    item.get_by_role("button", name="cancel item 1").click()
    item.get_by_text("cancel it?").wait_for()
    shade = theme.rpartition(" ")[2].lower()
    notebook.screenshot(f"tree-{width}-{shade}", tree.output)
    assert illegible(tree.root) == {}
    wide = "(it) => [it.scrollWidth - it.clientWidth, it.offsetHeight]"
    overflow, height = tree.root.evaluate(wide)
    assert overflow <= 0
    assert height <= 420
