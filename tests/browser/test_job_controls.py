"""Steering a job from its panel, and looking at its items, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.panel import Panel, illegible
from tests.browser.rig import in_all_looks, in_both, thorough

if TYPE_CHECKING:
    from tests.browser.conftest import OpenNotebook
    from tests.browser.rig import App, Notebook

RATE, BYTES = 10, 150_000

LOAD = """\
%load_ext notebook_async
import asyncio
from notebook_async import jobs, run_jobs
broken = True
"""

# Items trickle in for longer than any test looks; one in ten fails while it is broken.
STEADY = """\
%%arun -n steady
async def read(i):
    await asyncio.sleep(0.2)
    if broken and i % 10 == 3:
        raise ConnectionError(f"page {i} is gone")
await run_jobs(
    read, range(3000), workers=4, on_error="return", desc="get pages"
)
"""

HELD = """\
%%arun -n held
async def hold(i):
    await asyncio.sleep(600)
await run_jobs(hold, range(40), workers=4, on_error="return", desc="hold")
"""

TWO = """\
%%arun -n two
async def hold(i):
    await asyncio.sleep(0.2 if i < 40 else 600)
await asyncio.gather(
    run_jobs(hold, range(100), workers=4, desc="first"),
    run_jobs(hold, range(100), workers=2, desc="second"),
)
"""

FAILING = """\
%%arun -n failing
def inner(x):
    return 1 / x

inner(0 if broken else 1)
"""

MANY = """\
%%arun -n many
async def item(i):
    await asyncio.sleep(600 if i % 20_000 == 7 else 0)
    if i % 1000 == 999:
        raise ValueError(f"no {i}")
await run_jobs(item, range(100_000), workers=50, on_error="return")
"""

MEND = "broken = False"


def start(notebook: Notebook, *cells: int) -> None:
    """Load the extension, then start the cells."""
    notebook.run_cell(0)
    notebook.wait_idle()
    for cell in cells:
        notebook.run_cell(cell)


def value(notebook: Notebook, cell: int, expected: str) -> None:
    """Run a cell until it shows what is expected."""
    notebook.time_cell(cell, shows=expected)


# -- the job


@in_both
def test_pause_resume_and_retry(open_notebook: OpenNotebook, app: App) -> None:
    """A press pauses, another one resumes, and what has failed runs again."""
    counts = "[run.phase for run in jobs[1].runs], jobs[1].runs[0].failed"
    notebook = open_notebook([LOAD, STEADY, MEND, counts], app=app)
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.wait_until_done(20)
    panel.press("pause")
    panel.offers("resume").wait_for()
    assert panel.phase == "waiting"
    value(notebook, 3, "(['waiting'], ")
    notebook.run_cell(2)
    panel.press("resume")
    panel.offers("pause").wait_for()
    panel.press("retry")
    panel.offers("retry").wait_for(state="detached")
    value(notebook, 3, "(['running'], 0)")
    assert panel.root.get_by_text("get pages").first.is_visible()
    assert notebook.errors == []


def test_slider_changes_the_workers(open_notebook: OpenNotebook, app: App) -> None:
    """The slider is moved by keys, and the run has as many workers at once."""
    notebook = open_notebook([LOAD, HELD, "jobs[1].runs[0].workers"], app=app)
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.root.get_by_text("4 running").wait_for()
    slider = panel.root.get_by_role("slider", name="workers of hold")
    slider.focus()
    for _ in range(3):
        notebook.page.keyboard.press("ArrowRight")
    panel.root.get_by_text("7 running").wait_for()
    value(notebook, 2, "7")
    slider.focus()
    notebook.page.keyboard.press("End")
    panel.root.get_by_text("16 running").wait_for()
    assert slider.get_attribute("aria-valuetext") == "16 workers"
    assert notebook.page.locator(".jp-Notebook .jp-Cell").count() == 3


@thorough
def test_slider_is_dragged(open_notebook: OpenNotebook) -> None:
    """The slider follows the pointer, and stays where it is let go."""
    notebook = open_notebook([LOAD, HELD, "jobs[1].runs[0].workers"])
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.root.get_by_text("4 running").wait_for()
    slider = panel.root.get_by_role("slider", name="workers of hold")
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    notebook.page.mouse.move(box["x"] + 20, middle)
    notebook.page.mouse.down()
    for step in range(10):
        notebook.page.mouse.move(box["x"] + 20 + step * 4, middle)
    notebook.page.mouse.up()
    chosen = slider.input_value()
    panel.root.get_by_text(f"{chosen} running").wait_for()
    value(notebook, 2, chosen)
    notebook.page.wait_for_timeout(2000)
    assert slider.input_value() == chosen


@thorough
def test_runs_side_by_side_are_steered_one_by_one(
    open_notebook: OpenNotebook, app: App
) -> None:
    """Each live run has buttons and a slider in its row."""
    phases = "[(run.phase, run.workers) for run in jobs[1].runs]"
    notebook = open_notebook([LOAD, TWO, phases], app=app)
    start(notebook, 1)
    panel = Panel(notebook, 1)
    first = panel.root.locator(".na-run", has_text="first")
    second = panel.root.locator(".na-run", has_text="second")
    first.locator('[data-action="pause"]').click()
    first.locator('[data-action="resume"]').wait_for()
    second.get_by_role("slider").focus()
    notebook.page.keyboard.press("ArrowRight")
    value(notebook, 2, "[('waiting', 4), ('running', 3)]")
    second.locator('[data-action="cancel"]').click()
    value(notebook, 2, "('cancelled', 3)]")


def test_job_starts_again_in_its_panel(open_notebook: OpenNotebook, app: App) -> None:
    """A job that failed is started again by a press, and the panel follows it."""
    notebook = open_notebook([LOAD, FAILING, MEND, "len(jobs)"], app=app)
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.wait_for_end()
    assert panel.phase == "failed"
    notebook.run_cell(2)
    panel.press("again")
    panel.output.locator('.na-panel[data-phase="done"]').wait_for()
    assert panel.root.get_by_text("#2 ·").is_visible()
    panel.wait_for_line("1.0")
    panel.still.filter(has_text="· done").wait_for(state="attached")
    value(notebook, 3, "2")
    notebook.save()
    notebook.reopen()
    assert "#2" in notebook.output_text(1)
    assert "done" in notebook.output_text(1)


@thorough
def test_error_is_copied(open_notebook: OpenNotebook) -> None:
    """A press puts the whole traceback into the clipboard."""
    notebook = open_notebook([LOAD, FAILING])
    notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.wait_for_end()
    panel.press("copy")
    panel.root.get_by_text("copied").wait_for()
    text = notebook.page.evaluate("() => navigator.clipboard.readText()")
    assert "ZeroDivisionError: division by zero" in text
    assert "----> 3     return 1 / x" in text


@thorough
def test_panel_leads_to_its_cell(open_notebook: OpenNotebook, app: App) -> None:
    """From a panel elsewhere one comes to the cell that started the job."""
    filling = ["md:" + "text  \n" * 40] * 3
    notebook = open_notebook([LOAD, HELD, *filling, "%jobs held"], app=app)
    start(notebook, 1)
    notebook.run_cell(5)
    panel = Panel(notebook, 5)
    link = panel.root.get_by_role("button", name="cell [2]")
    link.wait_for()
    cell = notebook.page.locator(".jp-Notebook .jp-Cell").nth(1)
    seen = """(cell) => {
        const {top, bottom} = cell.getBoundingClientRect();
        return bottom > 0 && top < innerHeight;
    }"""
    assert not cell.evaluate(seen)
    link.click()
    notebook.page.wait_for_function(seen, arg=cell.element_handle())


# -- items


def test_items_of_a_hundred_thousand(open_notebook: OpenNotebook, app: App) -> None:
    """A list of 100,000 items scrolls to its end, and shows those of a kind alone."""
    notebook = open_notebook([LOAD, MANY], app=app)
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.wait_until_done(99_990)
    panel.open_items()
    panel.item(7).wait_for()
    assert panel.items[7] == "item 7 running"
    assert panel.item_list.get_attribute("aria-rowcount") == "100000"
    assert panel.root.locator(".na-item").count() < 25
    panel.item_list.evaluate("(list) => { list.scrollTop = list.scrollHeight; }")
    panel.item(99_999).wait_for()
    assert panel.items[-1] == "item 99,999 failed"
    panel.open_items("running")
    panel.item(80_007).wait_for()
    numbers = [f"{7 + 20_000 * n:,}" for n in range(5)]
    assert panel.items == [f"item {number} running" for number in numbers]
    panel.open_items("failed")
    panel.item(999).wait_for()
    assert panel.item_list.get_attribute("aria-rowcount") == "100"
    assert notebook.errors == []


@thorough
def test_scrolling_is_coalesced(open_notebook: OpenNotebook) -> None:
    """However one scrolls, the panel sends ten messages and 150 kB a second at most."""
    notebook = open_notebook([LOAD, MANY])
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.wait_until_done(99_990)
    panel.open_items()
    panel.item(7).wait_for()
    began = notebook.now()
    panel.item_list.hover()
    for _ in range(60):
        notebook.page.mouse.wheel(0, 4000)
        notebook.page.wait_for_timeout(50)
    traffic = notebook.traffic(since=began).only(direction="in", kind="comm_msg")
    assert 2 < traffic.frames_per_second <= RATE
    assert traffic.bytes_per_second < BYTES


def test_one_item_is_cancelled_and_run_again(
    open_notebook: OpenNotebook, app: App
) -> None:
    """An item is cancelled by its button, shows why it failed, and runs again."""
    errors = "sorted(jobs[1].runs[0].errors)"
    notebook = open_notebook([LOAD, HELD, errors], app=app)
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.root.get_by_text("4 running").wait_for()
    panel.open_items()
    item = panel.item(2)
    item.get_by_role("button", name="cancel item 2").click()
    item.get_by_role("button", name="retry failed item 2").wait_for()
    value(notebook, 2, "[2]")
    item.click()
    trace = panel.root.get_by_role("region", name="traceback of an item")
    trace.get_by_text("ItemCancelledError: item 2 was cancelled").wait_for()
    item.get_by_role("button", name="retry failed item 2").click()
    panel.root.get_by_text("0 failed").first.wait_for()
    value(notebook, 2, "[]")


def test_items_by_the_keyboard_alone(open_notebook: OpenNotebook, app: App) -> None:
    """Tabs, list, rows and their buttons are reached and pressed without a pointer."""
    errors = "sorted(jobs[1].runs[0].errors)"
    notebook = open_notebook([LOAD, HELD, errors], app=app)
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.root.get_by_text("4 running").wait_for()
    press = notebook.page.keyboard.press
    panel.root.get_by_role("tab", name="output").focus()
    press("ArrowRight")
    panel.item(3).wait_for()
    press("Tab")
    assert focused(notebook) == "all 40"
    press("Tab")
    assert "item 0" in focused(notebook)
    press("ArrowDown")
    press("Tab")
    assert focused(notebook, "aria-label") == "cancel item 1"
    press("Enter")
    retry = panel.item(1).get_by_role("button", name="retry failed item 1")
    retry.wait_for()
    # The button that was pressed is gone, and the one in its place has the keyboard.
    assert focused(notebook, "aria-label") == "retry failed item 1"
    for key in "abdx":
        press(key)
    assert notebook.page.locator(".jp-Notebook .jp-Cell").count() == 3
    value(notebook, 2, "[1]")


@thorough
def test_tabs_and_items_survive_a_reload(open_notebook: OpenNotebook) -> None:
    """After a reload mid-run the panel steers on, and its items come again."""
    notebook = open_notebook([LOAD, HELD, "jobs[1].runs[0].phase"])
    start(notebook, 1)
    Panel(notebook, 1).root.get_by_text("4 running").wait_for()
    notebook.save()
    notebook.reload()
    panel = Panel(notebook, 1)
    panel.open_items("running")
    panel.item(3).wait_for()
    assert panel.items == [f"item {n} running" for n in range(4)]
    panel.press("pause")
    panel.offers("resume").wait_for()
    value(notebook, 2, "'waiting'")


@thorough
def test_two_views_share_what_is_shown(open_notebook: OpenNotebook) -> None:
    """What one view opens another one shows too, and both go on."""
    notebook = open_notebook([LOAD, HELD], size=(1600, 900))
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.root.get_by_text("4 running").wait_for()
    panels = notebook.page.locator(".na-panel")
    notebook.command("notebook:create-output-view")
    panels.nth(1).wait_for()
    panel.open_items()
    for view in range(2):
        text = panels.nth(view).locator(".na-item", has_text="item 3")
        text.first.wait_for()
    panels.nth(1).locator('.na-header [data-action="pause"]').click()
    for view in range(2):
        panels.nth(view).locator('.na-header [data-action="resume"]').wait_for()


# -- a kernel that is gone


def test_restart_takes_every_control_away(
    open_notebook: OpenNotebook, app: App
) -> None:
    """After a restart a panel says so, and offers nothing that would do nothing."""
    notebook = open_notebook([LOAD, HELD], app=app)
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.root.get_by_text("4 running").wait_for()
    panel.open_items()
    notebook.restart_kernel()
    panel.root.get_by_text("kernel gone", exact=True).wait_for()
    assert panel.root.get_by_role("slider").count() == 0
    named = panel.root.locator("button:visible:not([role=tab]):not(.na-link)")
    assert named.count() == 0


def test_crash_under_a_pressed_button(open_notebook: OpenNotebook, app: App) -> None:
    """A kernel that dies and starts again by itself leaves no button waiting."""
    die = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    stubborn = HELD.replace(
        "    await asyncio.sleep(600)",
        "    try:\n        await asyncio.sleep(600)\n"
        "    finally:\n        await asyncio.sleep(600)",
    )
    notebook = open_notebook([LOAD, stubborn, die], app=app)
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.root.get_by_text("4 running").wait_for()
    panel.press("cancel")
    panel.root.get_by_text("cancelling…").wait_for()
    notebook.run_cell(2)
    panel.root.get_by_text("kernel gone", exact=True).wait_for()
    assert panel.root.get_by_text("cancelling…").count() == 0


@thorough
def test_trusted_file_saved_mid_run_shows_its_picture(
    open_notebook: OpenNotebook, app: App
) -> None:
    """Opened with a new kernel, it shows the still picture and no broken widget."""
    notebook = open_notebook([LOAD, HELD], app=app)
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.root.get_by_text("4 running").wait_for()
    panel.still.filter(has_text="4 running").wait_for(state="attached")
    notebook.save()
    notebook.reopen()
    text = notebook.output_text(1)
    assert "was running when this picture was saved" in text
    assert "4 running" in text
    # ipywidgets waits for a model before it says that there is none.
    notebook.page.wait_for_timeout(3000)
    assert "model not found" not in notebook.output_text(1)
    assert notebook.output(1).locator(".jupyter-widgets:visible").count() == 0


# -- how it looks


@thorough
def test_picture_is_as_wide_as_the_panel(open_notebook: OpenNotebook, app: App) -> None:
    """A still picture stands where the live panel stood."""
    notebook = open_notebook([LOAD, HELD], app=app)
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.still.filter(has_text="4 running").wait_for(state="attached")
    live = panel.root.bounding_box()
    notebook.save()
    notebook.reopen(trusted=False)
    still = Panel(notebook, 1).still.bounding_box()
    assert live is not None
    assert still is not None
    assert (still["x"], still["width"]) == (live["x"], live["width"])


@in_all_looks
def test_panels_fit_and_are_legible(
    open_notebook: OpenNotebook, theme: str, width: int
) -> None:
    """Steered, paused, listing items and failed: all fit, and can be read."""
    cells = [LOAD, STEADY, TWO, HELD, FAILING]
    notebook = open_notebook(cells, app="notebook", size=(width, 2400))
    notebook.set_theme(theme)
    start(notebook, 1, 2, 3, 4)
    steady, two, held, failing = (Panel(notebook, n) for n in (1, 2, 3, 4))
    steady.wait_until_done(40)
    two.wait_until_done(40)
    failing.wait_for_end()
    steady.open_items("failed")
    steady.root.locator(".na-opens").first.click()
    steady.root.locator(".na-item-trace pre").wait_for()
    two.open_items()
    held.press("pause")
    held.offers("resume").wait_for()
    shade = theme.rpartition(" ")[2].lower()
    notebook.screenshot(f"controls-{width}-{shade}")
    for panel in (steady, two, held, failing):
        assert illegible(panel.root) == {}
        wide = "(it) => [it.scrollWidth - it.clientWidth, it.offsetHeight]"
        overflow, height = panel.root.evaluate(wide)
        assert overflow <= 0
        assert height <= 420
        cut = panel.root.locator(".na-header").evaluate(
            "(it) => it.scrollWidth - it.clientWidth"
        )
        assert cut <= 0


@thorough
def test_controls_do_not_jump(open_notebook: OpenNotebook) -> None:
    """While items fail, and buttons come, nothing of the panel changes its place."""
    notebook = open_notebook([LOAD, STEADY], app="notebook", size=(1000, 700))
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.wait_until_done(4)
    panel.open_items()
    place = "(it) => JSON.stringify(it.getBoundingClientRect())"
    pause = panel.offers("pause")
    before = pause.evaluate(place)
    panel.offers("retry").wait_for()
    assert pause.evaluate(place) == before
    assert len(panel.heights(2.0)) == 1


def focused(notebook: Notebook, attribute: str = "") -> str:
    """Return the text, or an attribute, of the element that has the keyboard."""
    what = f"getAttribute('{attribute}')" if attribute else "textContent"
    text: str = notebook.page.evaluate(f"() => document.activeElement.{what}")
    return text
