"""A job's panel in real JupyterLab and Notebook: what a person sees and presses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.panel import Panel, illegible
from tests.browser.rig import in_both, thorough

if TYPE_CHECKING:
    from tests.browser.conftest import OpenNotebook
    from tests.browser.rig import App, Notebook

# Ten updates and 150 kB a second are what a panel may send.
RATE = 10
BYTES = 150_000
QUICK = 0.3

LOAD = """\
%load_ext notebook_async
import asyncio
from notebook_async import run_jobs
gate = asyncio.Event()
freed = []
"""
OPEN_GATE = "gate.set()"

# Items trickle in for about ten seconds: longer than any test looks.
STEADY = """\
%%arun -n steady
async def read(i):
    await asyncio.sleep(0.1)
results = await run_jobs(read, range(400), workers=4)
"""

# Thirty items end at once, the others when the gate opens.
GATED = """\
%%arun -n gated
async def read(i):
    print("item", i)
    if i >= 30:
        await gate.wait()
    return i
sum(await run_jobs(read, range(40), workers=2))
"""

HELD = """\
%%arun -n held
async def hold(i):
    try:
        await asyncio.sleep(600)
    finally:
        freed.append(i)
try:
    await run_jobs(hold, range(40), workers=4)
finally:
    await asyncio.sleep(0.1)
    print("cleaned up")
"""

FAILING = """\
%%arun -n failing
def inner(x):
    y = 1
    return y / x

print("about to fail")
inner(0)
"""

# In a function, for the variables of a job are those of the notebook.
PRINTING = """\
%%arun -n {name}
async def {name}():
    for i in range(300):
        print("{name}", end=" ")
        await asyncio.sleep(0)
        if i % 3 == 0:
            await asyncio.to_thread(print, "line", end=" ")
        else:
            print("line", end=" ")
        print(i)
        await asyncio.sleep(0.002)
await {name}()
await gate.wait()
"""

# Up to ten thousand items and a megabyte of text a second.
FLOOD = """\
%%arun -n flood
async def read(i):
    print("item", i, "x" * 100)
    await asyncio.sleep(0.01)
await run_jobs(read, range(10_000_000), workers=100)
"""

MARKUP = """\
%%arun -n "<b class=evil>bold</b>"
evil = "<b class=evil>bold</b><img src=x class=evil onerror='window.hacked = 1'>"
async def read(i):
    raise ValueError(evil)
print(evil)
await run_jobs(read, range(3), on_error="return")
await gate.wait()
raise RuntimeError(evil)
"""


def start(notebook: Notebook, *cells: int) -> None:
    """Load the extension, then start the cells."""
    notebook.run_cell(0)
    notebook.wait_idle()
    for cell in cells:
        notebook.run_cell(cell)


@in_both
def test_panel_moves_while_other_cells_answer(
    open_notebook: OpenNotebook, app: App
) -> None:
    """The bar moves, and meanwhile another cell answers in under 0.3 s.

    Of five times the best counts: what else the machine does only adds to it.
    """
    notebook = open_notebook([LOAD, STEADY, "1 + 1"], app=app)
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.wait_until_done(1)
    before = panel.done
    seconds = [notebook.time_cell(2, shows="2") for _ in range(5)]
    panel.wait_until_done(before + 20)
    assert panel.phase == "running"
    assert min(seconds) < QUICK
    assert panel.root.get_by_text("steady", exact=True).is_visible()
    assert panel.root.get_by_text("4 running").is_visible()
    assert notebook.errors == []


def test_end_shows_numbers_log_and_result(
    open_notebook: OpenNotebook, app: App
) -> None:
    """When the job ends, its cell shows what was done, printed and returned."""
    notebook = open_notebook([LOAD, GATED, OPEN_GATE], app=app)
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.wait_until_done(30)
    panel.wait_for_line("item 31")
    assert panel.lines == [f"item {i}" for i in range(32)]
    notebook.run_cell(2)
    panel.wait_for_end()
    assert "gated" in notebook.output_text(1)
    assert "40 done" in notebook.output_text(1)
    assert panel.kept_lines == [*(f"item {i}" for i in range(40)), "780"]
    assert notebook.errors == []


def test_cancel_button_cancels(open_notebook: OpenNotebook, app: App) -> None:
    """A click on the button cancels every item, and every `finally` block runs."""
    notebook = open_notebook([LOAD, HELD, "sorted(freed)"], app=app)
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.root.get_by_text("4 running").wait_for()
    panel.cancel.click()
    panel.wait_for_end()
    text = notebook.output_text(1)
    assert "cancelled" in text
    assert "cleaned up" in text
    assert "Traceback" not in text
    notebook.time_cell(2, shows="[0, 1, 2, 3]")
    assert notebook.errors == []


@thorough
def test_keyboard_reaches_the_button(open_notebook: OpenNotebook) -> None:
    """In the panel a letter is no command of the notebook, and Enter presses."""
    notebook = open_notebook([LOAD, HELD, "sorted(freed)"])
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.cancel.focus()
    cells = notebook.page.locator(".jp-Notebook .jp-Cell")
    for key in "bad":
        notebook.page.keyboard.press(key)
    assert cells.count() == 3
    assert panel.phase == "running"
    notebook.page.keyboard.press("Enter")
    panel.wait_for_end()
    assert "cancelled" in notebook.output_text(1)


def test_prints_of_two_jobs_never_mix(open_notebook: OpenNotebook, app: App) -> None:
    """Each panel holds its own job's lines, whole and in order, from threads too."""
    first, second = PRINTING.format(name="ada"), PRINTING.format(name="bob")
    cells = [LOAD, first, second, "print('plain')", OPEN_GATE]
    notebook = open_notebook(cells, app=app)
    start(notebook, 1, 2)
    notebook.time_cell(3, shows="plain")
    for cell, name in ((1, "ada"), (2, "bob")):
        panel = Panel(notebook, cell)
        panel.wait_for_line(f"{name} line 299")
        assert panel.lines == [f"{name} line {i}" for i in range(300)]
    assert notebook.output_data(3)[0]["text"] == "plain\n"
    notebook.run_cell(4)
    for cell, name in ((1, "ada"), (2, "bob")):
        panel = Panel(notebook, cell)
        panel.wait_for_end()
        kept = [line for line in panel.kept_lines if "line" in line]
        assert kept[-1] == f"{name} line 299"
        assert kept == [f"{name} line {i}" for i in range(300 - len(kept), 300)]


def test_traceback_has_the_users_lines(open_notebook: OpenNotebook, app: App) -> None:
    """A failing job shows the frames of the cell alone, with its line numbers."""
    notebook = open_notebook([LOAD, FAILING], app=app)
    start(notebook, 1)
    output = notebook.output(1)
    panel = Panel(notebook, 1)
    panel.wait_for_end()
    panel.root.locator("summary", has_text="ZeroDivisionError: division by").click()
    trace = panel.root.locator(".na-trace .na-trace-text")
    trace.wait_for()
    text = trace.inner_text()
    assert "Cell In[2], line 7" in text
    assert "----> 7 inner(0)" in text
    assert "Cell In[2], line 4" in text
    assert "----> 4     return y / x" in text
    assert "notebook_async" not in text
    assert "about to fail" in output.inner_text()
    notebook.screenshot(f"panel-traceback-{app}", output)


def test_reload_brings_the_panel_back(open_notebook: OpenNotebook, app: App) -> None:
    """After a reload mid-run the panel has its numbers and its log, and moves on."""
    notebook = open_notebook([LOAD, GATED, OPEN_GATE], app=app)
    start(notebook, 1)
    Panel(notebook, 1).wait_for_line("item 31")
    notebook.save()
    notebook.reload()
    panel = Panel(notebook, 1)
    panel.wait_until_done(30)
    assert panel.phase == "running"
    panel.wait_for_line("item 31")
    assert panel.lines == [f"item {i}" for i in range(32)]
    notebook.run_cell(2)
    panel.wait_for_line("780")
    panel.wait_until_done(40)
    assert panel.phase == "done"
    assert notebook.errors == []


@in_both
@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "untrusted"])
def test_reopened_file_shows_the_final_picture(
    open_notebook: OpenNotebook, app: App, *, trusted: bool
) -> None:
    """Saved, closed and reopened without the old kernel, the outputs tell the end."""
    notebook = open_notebook([LOAD, GATED, FAILING, OPEN_GATE], app=app)
    start(notebook, 1, 2, 3)
    notebook.wait_idle()
    Panel(notebook, 1).wait_for_end()
    Panel(notebook, 2).wait_for_end()
    notebook.save()
    notebook.reopen(trusted=trusted)
    assert notebook.is_trusted(1) is trusted
    text = notebook.output_text(1)
    assert "40 done" in text
    lines = Panel(notebook, 1).kept_lines
    assert lines == [*(f"item {i}" for i in range(40)), "780"]
    bar = notebook.output(1).locator("img").first
    assert bar.evaluate("(image) => image.naturalWidth") > 0
    assert "40 done" in (bar.get_attribute("alt") or "")
    failed = notebook.output_text(2)
    assert "failed" in failed
    assert "ZeroDivisionError: division by zero" in failed
    assert "model not found" not in text + failed
    notebook.screenshot(f"panel-reopened-{app}-{'' if trusted else 'un'}trusted")


@thorough
def test_file_saved_mid_run_tells_so(open_notebook: OpenNotebook) -> None:
    """A file that was saved while the job ran shows the job, and no broken widget."""
    notebook = open_notebook([LOAD, GATED])
    start(notebook, 1)
    Panel(notebook, 1).wait_until_done(30)
    notebook.save()
    notebook.reopen(trusted=False)
    text = notebook.output_text(1)
    assert "gated" in text
    assert "model not found" not in text


def test_flood_is_coalesced(open_notebook: OpenNotebook) -> None:
    """However much happens, a panel sends ten messages and 150 kB a second at most."""
    notebook = open_notebook([LOAD, FLOOD, "1 + 1"])
    start(notebook)
    began = notebook.now()
    notebook.run_cell(1)
    panel = Panel(notebook, 1)
    panel.wait_until_done(20_000)
    # From the start on: what a busy kernel or server holds back comes in a bunch later.
    traffic = notebook.traffic(since=began).only(direction="in", kind="comm_msg")
    assert RATE / 5 < traffic.frames_per_second <= RATE
    assert traffic.bytes_per_second < BYTES
    assert min(notebook.time_cell(2, shows="2") for _ in range(3)) < 1
    panel.cancel.click()
    panel.wait_for_end()
    assert notebook.errors == []


@thorough
def test_panel_does_not_jump(open_notebook: OpenNotebook) -> None:
    """While only its numbers change a panel keeps its height, even when narrow."""
    notebook = open_notebook([LOAD, STEADY], app="notebook", size=(600, 700))
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.wait_until_done(8)
    assert len(panel.heights(2.0)) == 1
    overflow = panel.root.evaluate("(it) => it.scrollWidth - it.clientWidth")
    assert overflow <= 0
    notebook.screenshot("panel-narrow", panel.root)


@thorough
def test_markup_is_inert(open_notebook: OpenNotebook) -> None:
    """Markup in names, prints and errors is shown as text, live and at the end."""
    notebook = open_notebook([LOAD, MARKUP, OPEN_GATE])
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.wait_for_line("onerror=")
    panel.root.get_by_text("ValueError: <b class=evil>").first.wait_for()
    assert panel.output.locator(".evil").count() == 0
    notebook.run_cell(2)
    panel.wait_for_end()
    assert "RuntimeError: <b class=evil>" in notebook.output_text(1)
    assert panel.output.locator(".evil").count() == 0
    assert notebook.page.evaluate("() => window.hacked") is None


@thorough
def test_panel_is_shown_twice(open_notebook: OpenNotebook) -> None:
    """A second view of the output shows the same state and follows it to the end."""
    notebook = open_notebook([LOAD, GATED, OPEN_GATE])
    start(notebook, 1)
    Panel(notebook, 1).wait_until_done(30)
    views = notebook.page.locator(".na-panel")
    notebook.command("notebook:create-output-view")
    views.nth(1).wait_for()
    values = views.get_by_role("progressbar").evaluate_all(
        "(bars) => bars.map((bar) => bar.getAttribute('aria-valuenow'))"
    )
    assert values == ["30", "30"]


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_every_state_is_legible(
    open_notebook: OpenNotebook, app: App, theme: str
) -> None:
    """Running, failed, done and cancelled panels can be read in both themes."""
    partly = MARKUP.replace('"<b class=evil>bold</b>"', "partly", 1)
    cells = [LOAD, GATED, partly, HELD, STEADY, FAILING, OPEN_GATE, "%jobs"]
    notebook = open_notebook(cells, app=app, size=(1280, 2000))
    notebook.set_theme(theme)
    shade = theme.rpartition(" ")[2].lower()
    start(notebook, 1, 2, 3, 4, 5)
    Panel(notebook, 4).wait_until_done(20)
    notebook.time_cell(7, shows="steady")
    notebook.screenshot(f"panels-running-{app}-{shade}")
    for cell in (1, 2, 3, 4, 5, 7):
        assert illegible(notebook.output(cell)) == {}
    Panel(notebook, 3).cancel.click()
    notebook.run_cell(6)
    for cell in (1, 2, 3):
        Panel(notebook, cell).wait_for_end()
    notebook.time_cell(7, shows="steady")
    notebook.screenshot(f"panels-ended-{app}-{shade}")
    for cell in (1, 2, 3, 5, 7):
        assert illegible(notebook.output(cell)) == {}
    assert notebook.errors == []


@thorough
def test_restart_stops_the_panel(open_notebook: OpenNotebook) -> None:
    """After a restart a panel says that its kernel is gone, and its clock stands."""
    notebook = open_notebook([LOAD, STEADY, "1 + 1"])
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.wait_until_done(1)
    notebook.restart_kernel()
    panel.root.get_by_text("kernel gone", exact=True).wait_for()
    assert panel.cancel.count() == 0
    before = panel.root.inner_text()
    notebook.time_cell(2, shows="2")
    notebook.page.wait_for_timeout(1500)
    assert panel.root.inner_text() == before


def test_interrupt_leaves_background_jobs_alone(open_notebook: OpenNotebook) -> None:
    """The stop button ends the cell that waits, and not the job in the background."""
    notebook = open_notebook([LOAD, STEADY, "print('on'); await asyncio.sleep(600)"])
    start(notebook, 1)
    panel = Panel(notebook, 1)
    panel.wait_until_done(1)
    notebook.time_cell(2, shows="on")
    notebook.interrupt_kernel()
    notebook.wait_idle()
    before = panel.done
    panel.wait_until_done(before + 8)
    assert panel.phase == "running"
