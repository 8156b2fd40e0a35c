"""The event panel in real JupyterLab and Notebook: drag back, play, filter, export."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.event_panel import DONE, RUNNING, EventsView
from tests.browser.panel import illegible
from tests.browser.rig import in_both_if_thorough, thorough

if TYPE_CHECKING:
    from tests.browser.conftest import OpenNotebook
    from tests.browser.rig import App, Notebook

RATE = 10
BYTES = 150_000

LOAD = """\
%load_ext notebook_async
import asyncio, time
from notebook_async import load_recording, record, run_jobs
from notebook_async.core.records import ItemRecord, JobRecord, RunRecord
from notebook_async.core.recording import Recording
from notebook_async.widgets._show_events import show_events
gate = asyncio.Event()
"""

# Ten seconds in which a hundred items end, one after the other on two workers; each
# tenth fails. Written down, so that every time is known.
TOLD = """\
def run(at, phase, done, failed):
    return RunRecord(at=at, source=("job-1", "run-1"), phase=phase, desc="read",
        done=done, failed=failed, running=0, waiting=0, retried=0, total=100,
        workers=2, rate=None, eta=None)
def item(at, phase, i, **more):
    return ItemRecord(at=at, source=("job-1", "run-1"), phase=phase, index=i, **more)
def tell(recording):
    recording.add(JobRecord(at=0.0, source=("job-1",), phase="running", name="index"))
    recording.add(run(0.0, "running", 0, 0))
    for i in range(100):
        recording.add(item(i * 0.1, "running", i, item=f"page {i}"))
        if i:
            end = "failed" if i % 10 == 0 else "done"
            error = "ValueError('bad')" if end == "failed" else None
            recording.add(item(i * 0.1 + 0.05, end, i - 1, error=error))
    recording.add(item(9.96, "done", 99))
    recording.add(run(10.0, "done", 91, 9))
    recording.add(JobRecord(at=10.0, source=("job-1",), phase="done", name="index"))
recording = Recording()
tell(recording)
"""
SHOW = "panel = show_events(recording)"

LIVE = """\
recording = record()
async def read(i):
    await asyncio.sleep(0.02)
    if i % 50 == 7:
        raise ValueError("bad")
job = asyncio.ensure_future(
    run_jobs(read, range(100_000), workers=4, desc="read", on_error="return"))
panel = show_events(recording)
"""
STOP = "job.cancel(); recording.stop()"


def told(open_notebook: OpenNotebook, *more: str, app: App = "lab") -> Notebook:
    """Open a notebook that has the recording, and shows it in its third cell."""
    notebook = open_notebook([LOAD, TOLD, SHOW, *more], app=app)
    for cell in range(3):
        notebook.run_cell(cell)
        notebook.wait_idle()
    return notebook


@in_both_if_thorough
def test_drag_back_shows_that_moment(open_notebook: OpenNotebook, app: App) -> None:
    """Dragged to its middle, the slider shows in log, tree and lanes what was then."""
    notebook = told(open_notebook, app=app)
    view = EventsView(notebook, 2)
    view.wait_for_rows(10)
    assert view.rows[-1]["text"] == "index"
    assert view.clock == "0:10.00 / 0:10.00"
    assert not any(row["later"] for row in view.rows)
    view.drag(0.5)
    view.wait_for("(root) => root.querySelector('.na-now') !== null")
    clock = float(view.clock.split(" ")[0].removeprefix("0:"))
    assert clock == pytest.approx(5, abs=0.2)
    view.page.wait_for_timeout(400)
    rows = view.rows
    before = [float(row["time"].removeprefix("0:")) for row in rows if not row["later"]]
    after = [float(row["time"].removeprefix("0:")) for row in rows if row["later"]]
    assert (max(before) <= clock + 0.01 < min(after) + 0.02, len(after) > 1) == (
        True,
        True,
    )
    assert [row["now"] for row in rows].index(True) == len(before) - 1

    view.choose("tree")
    # What came with the page is told anew, for the moment.
    view.tree.locator(".na-sr", has_text="running").first.wait_for(state="attached")
    (_, job, phase, _), (_, run, _, counts) = view.nodes
    assert (job, phase, run) == ("index", "running", "read")
    ended = sum(at <= clock for at in (i * 0.1 + 0.05 for i in range(1, 100)))
    done, failed = int(counts.split("✓ ")[1].split(" ")[0]), 5 if clock >= 5.05 else 4
    assert done + failed == pytest.approx(ended, abs=1)

    view.choose("timeline")
    view.wait_for("(root) => root.querySelector('.na-span-words').textContent")
    view.page.wait_for_timeout(300)
    left, right = view.pixels(DONE, end=0.5), view.pixels(DONE, start=0.65)
    assert left > 1000
    assert right == 0
    assert view.pixels(RUNNING, start=0.5, end=0.65) > 0

    view.button("follow the end").click()
    view.wait_for_clock("0:10.00")
    view.page.wait_for_timeout(100)
    assert view.pixels(DONE, start=0.65) > 1000
    assert notebook.errors == []


def test_slider_by_the_keyboard(open_notebook: OpenNotebook, app: App) -> None:
    """Arrows step from event to event, Home and End go to the ends of the time."""
    notebook = told(open_notebook, app=app)
    view = EventsView(notebook, 2)
    view.wait_for_rows(10)
    view.slider.focus()
    keys = view.page.keyboard
    keys.press("Home")
    view.wait_for_clock("0:00.00 ")
    for at in ("0:00.10", "0:00.15", "0:00.20", "0:00.25"):
        keys.press("ArrowRight")
        view.wait_for_clock(at)
    keys.press("ArrowLeft")
    view.wait_for_clock("0:00.20")
    keys.press("PageUp")
    view.wait_for_clock("0:00.70")
    # With a filter, the next event is the next that passes.
    view.filter.fill("kind:failed")
    view.wait_for_text("9 of 204 events")
    view.slider.focus()
    for at in ("0:01.05", "0:02.05", "0:03.05"):
        keys.press("ArrowRight")
        view.wait_for_clock(at)
    keys.press("End")
    view.wait_for_clock("0:10.00")
    assert view.slider.get_attribute("aria-valuetext") == (
        "at the end, 0:10.00 of 0:10.00"
    )
    # Letters that are commands of the notebook do nothing here.
    keys.press("b")
    assert notebook.page.locator(".jp-Notebook .jp-CodeCell").count() == 3


def test_play_and_pause(open_notebook: OpenNotebook, app: App) -> None:
    """Space plays at the chosen speed, smoothly, with few messages; a click stops."""
    notebook = told(open_notebook, app=app)
    view = EventsView(notebook, 2)
    view.wait_for_rows(10)
    view.root.get_by_label("speed").select_option("2")
    view.slider.focus()
    view.page.keyboard.press("Home")
    view.wait_for_clock("0:00.00 ")
    view.page.keyboard.press("Space")
    view.wait_for_clock("0:01")
    seen = view.slider.evaluate(
        """(range) => new Promise((resolve) => {
            const seen = [];
            const begin = performance.now();
            const look = () => {
                seen.push(range.value / range.max * 10);
                if (performance.now() - begin < 1500) requestAnimationFrame(look);
                else resolve([seen, (performance.now() - begin) / 1000]);
            };
            look();
        })"""
    )
    places, seconds = seen
    assert places == sorted(places)
    # A new place in almost every frame, not ten a second; and twice the real time.
    assert len(set(places)) > 30
    assert (places[-1] - places[0]) / seconds == pytest.approx(2, rel=0.2)
    traffic = notebook.watch_traffic(1.0).only(direction="in", kind="comm_msg")
    assert len(traffic.frames) <= RATE + 1
    assert traffic.size < BYTES
    view.button("pause").click()
    stopped = view.clock
    view.page.wait_for_timeout(500)
    assert view.clock == stopped
    # Fit: all of it in ten seconds, whatever its length.
    view.root.get_by_label("speed").select_option("fit")
    view.button("back to the start").click()
    view.button("play").click()
    view.wait_for_clock("0:01")
    assert notebook.errors == []


def test_filter_find_and_open(open_notebook: OpenNotebook, app: App) -> None:
    """A filter chooses rows and says what is wrong; hits are found; a row opens."""
    notebook = told(open_notebook, app=app)
    view = EventsView(notebook, 2)
    view.wait_for_rows(10)
    view.filter.fill("kindd:failed")
    view.wait_for_text("try kind:failed")
    assert len(view.rows) > 9
    view.filter.fill("kind:failed")
    view.wait_for_text("9 of 204 events")
    view.page.wait_for_timeout(200)
    assert [row["phase"] for row in view.rows] == ["failed"] * 9
    view.filter.fill("")
    view.root.get_by_text("204 events", exact=True).wait_for()
    find = view.root.get_by_label("find in the log")
    find.fill("page 4")
    view.wait_for("(root) => root.querySelector('.na-hit') !== null")
    for hit in ("2 of 11", "3 of 11"):
        find.press("Enter")
        view.root.get_by_text(hit).wait_for()
    [hit] = [row for row in view.rows if row["hit"]]
    assert "page 4" in hit["text"]
    marked = view.log.locator("mark").first
    assert marked.inner_text() == "page 4"
    find.press("Shift+Enter")
    view.root.get_by_text("2 of 11").wait_for()
    view.log.locator(".na-hit").click()
    fields = view.root.locator(".na-fields")
    fields.get_by_text("ItemRecord").wait_for()
    assert "began" in fields.inner_text()
    fields.get_by_role("button", name="go to this moment").click()
    view.wait_for("(root) => root.querySelector('.na-now') !== null")
    # By the keyboard, too.
    view.log.focus()
    view.page.keyboard.press("ArrowDown")
    view.page.keyboard.press("Enter")
    view.wait_for("(root) => root.querySelectorAll('.na-fields').length >= 1")
    active = view.log.get_attribute("aria-activedescendant")
    assert view.root.locator(f"#{active}").get_attribute("aria-expanded") == "true"


def test_timeline_by_mouse_and_keyboard(open_notebook: OpenNotebook, app: App) -> None:
    """A span that is pointed at says what it was; ctrl+wheel zooms, a drag moves."""
    notebook = told(open_notebook, app=app)
    view = EventsView(notebook, 2)
    view.wait_for_rows(10)
    view.choose("timeline")
    view.in_sight()
    lanes = view.root.get_by_role("application")
    box = lanes.bounding_box()
    assert box is not None
    words = view.root.locator(".na-span-words")
    view.wait_for_words("2 lanes")
    mouse = view.page.mouse
    mouse.move(box["x"] + 400, box["y"] + 9)
    view.wait_for_words("worker 1")
    assert "done" in words.inner_text() or "failed" in words.inner_text()
    view.wait_for_words("#")
    view.page.keyboard.down("Control")
    for _ in range(5):
        mouse.wheel(0, -240)
        view.page.wait_for_timeout(50)
    view.page.keyboard.up("Control")
    fit = view.button("show all of the time (0)")
    assert fit.is_enabled()
    # A click goes to that moment; a drag does not.
    mouse.click(box["x"] + 400, box["y"] + 9)
    view.wait_for(
        "(root) => !root.querySelector('.na-times').textContent.startsWith('0:10.00')"
    )
    moment = view.clock
    mouse.move(box["x"] + 400, box["y"] + 9)
    mouse.down()
    mouse.move(box["x"] + 300, box["y"] + 9, steps=5)
    mouse.up()
    view.page.wait_for_timeout(300)
    assert view.clock == moment
    lanes.focus()
    keys = view.page.keyboard
    keys.press("0")
    view.wait_for("(root) => root.querySelector('.na-span-words') !== null")
    keys.press("Home")
    view.wait_for_words("at 0:00.000")
    keys.press("ArrowRight")
    first = words.inner_text()
    keys.press("ArrowRight")
    view.wait_for(
        "(root, first) => root.querySelector('.na-span-words').textContent !== first",
        first,
    )
    keys.press("Enter")
    view.root.locator(".na-fields").get_by_text("ItemRecord").wait_for()
    assert view.root.get_by_role("tab", name="log").get_attribute("aria-selected") == (
        "true"
    )


def test_export_and_load_in_another_notebook(
    open_notebook: OpenNotebook, app: App
) -> None:
    """A recording written to a file is the same in another notebook."""
    notebook = told(open_notebook, app=app)
    view = EventsView(notebook, 2)
    view.wait_for_rows(10)
    view.button("write this recording to a file").click()
    name = f"told-{app}"
    field = view.root.get_by_label("name of the file, beside the notebook")
    field.fill("../elsewhere")
    field.press("Enter")
    view.wait_for_text("the file is written beside the notebook")
    field.fill(name)
    field.press("Enter")
    view.wait_for_text(f"{name}.jsonl.gz (")
    assert (notebook.server.root / f"{name}.jsonl.gz").exists()
    view.page.keyboard.press("Enter")
    # Once more: what is there is not replaced unasked.
    view.button("write this recording to a file").click()
    field.fill(name)
    field.press("Enter")
    view.wait_for_text("replace it?")
    view.page.keyboard.press("Escape")
    view.drag(0.5)
    view.page.wait_for_timeout(500)
    rows, clock = view.rows, view.clock

    show = f"panel = show_events(load_recording('{name}.jsonl.gz'))"
    moment = "panel.moment = panel.recording.began"
    other = open_notebook([LOAD, show, moment], app=app)
    for cell in range(2):
        other.run_cell(cell)
        other.wait_idle()
    again = EventsView(other, 1)
    again.wait_for_rows(10)
    again.drag(0.5)
    again.page.wait_for_timeout(500)
    assert again.clock.split(" / ")[1] == clock.split(" / ")[1]
    both = {row["time"]: row["text"] for row in rows}
    same = [row for row in again.rows if row["time"] in both]
    assert len(same) > 3
    other.run_cell(2)
    again.wait_for_clock("0:00.00 ")
    assert (notebook.errors, other.errors) == ([], [])


@thorough
def test_two_views_have_one_moment(open_notebook: OpenNotebook, app: App) -> None:
    """Two views of a panel have tabs and scrolls of their own, and the same moment."""
    both = "from ipywidgets import VBox\nVBox([panel, panel])"
    notebook = told(open_notebook, both, app=app)
    notebook.run_cell(3)
    notebook.wait_idle()
    one, two = EventsView(notebook, 3, 0), EventsView(notebook, 3, 1)
    one.wait_for_rows(10)
    two.choose("tree")
    one.drag(0.3)
    two.wait_for(
        "(root) => root.querySelector('.na-times').textContent"
        ".startsWith('0:0') && root.querySelectorAll('.na-node').length > 1"
    )
    one.page.wait_for_timeout(300)
    assert one.clock == two.clock
    assert [name for _, name, _, _ in two.nodes] == ["index", "read"]
    assert one.root.get_by_role("tab", name="log").get_attribute("aria-selected") == (
        "true"
    )
    two.button("follow the end").click()
    one.wait_for_clock("0:10.00")
    assert notebook.errors == []


def test_reload_keeps_the_moment(open_notebook: OpenNotebook, app: App) -> None:
    """A page that loads again shows the recording at the moment that it was left at."""
    notebook = told(open_notebook, app=app)
    view = EventsView(notebook, 2)
    view.wait_for_rows(10)
    view.drag(0.4)
    view.page.wait_for_timeout(500)
    clock = view.clock
    notebook.save()
    notebook.reload()
    view = EventsView(notebook, 2)
    view.wait_for_rows(10)
    assert view.clock == clock
    assert any(row["now"] for row in view.rows)
    view.drag(0.9)
    view.wait_for_clock("0:0")
    view.page.wait_for_timeout(300)
    assert view.clock != clock


@thorough
def test_restart_leaves_what_was_shown(open_notebook: OpenNotebook, app: App) -> None:
    """When the kernel has gone the panel says so; rows that were here can be read."""
    notebook = told(open_notebook, app=app)
    view = EventsView(notebook, 2)
    view.wait_for_rows(10)
    rows = view.rows
    notebook.restart_kernel()
    view.root.get_by_text("kernel gone").wait_for()
    assert view.rows == rows
    assert view.button("write this recording to a file").is_disabled()
    # The slider still moves over what is here.
    view.drag(0.99)
    view.wait_for("(root) => root.querySelector('.na-later') !== null")
    view.log.locator(".na-v-row:visible").first.click()
    view.wait_for_text("the kernel has gone")


def test_live_recording(open_notebook: OpenNotebook, app: App) -> None:
    """While it goes on the log follows, few messages come, and the past can be seen."""
    notebook = open_notebook([LOAD, LIVE, STOP, "1 + 1"], app=app)
    notebook.run_cell(0)
    notebook.run_cell(1)
    notebook.wait_idle()
    view = EventsView(notebook, 1)
    view.wait_for_rows(10)
    first = view.rows[-1]["time"]
    view.page.wait_for_timeout(1000)
    assert view.rows[-1]["time"] > first
    traffic = notebook.watch_traffic(2.0).only(direction="in", kind="comm_msg")
    assert len(traffic.frames) <= 2 * RATE + 1
    assert traffic.size < 2 * BYTES
    # Frozen, the rows stay while more come.
    view.button("let the rows stand still").click()
    rows = view.rows
    view.page.wait_for_timeout(700)
    assert view.rows == rows
    assert "more" in view.button("follow the moment").inner_text()
    view.button("follow the moment").click()
    view.choose("timeline")
    view.page.wait_for_timeout(500)
    assert view.pixels(DONE) > 500
    view.drag(0.3)
    view.page.wait_for_timeout(300)
    moment = view.clock.split(" / ")[0]
    view.page.wait_for_timeout(500)
    assert view.clock.split(" / ")[0] == moment
    notebook.run_cell(2)
    notebook.wait_idle()
    # The end renews the picture, but nobody is torn from what they look at.
    view.wait_for("(root) => root.dataset.live === 'false'")
    view.page.wait_for_timeout(1500)
    view = EventsView(notebook, 1)
    assert view.output.locator(".na-events").count() == 1
    assert view.clock.split(" / ")[0] == moment
    assert view.root.get_by_role("tab", name="timeline").get_attribute(
        "aria-selected"
    ) == ("true")
    picture, _ = notebook.output_data(1)
    assert "was recording" not in picture["data"]["text/plain"]
    assert view.output.locator(".na-still").is_hidden()
    assert notebook.errors == []


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_legible(open_notebook: OpenNotebook, app: App, theme: str) -> None:
    """All words have enough contrast, in light and in dark, in every tab."""
    notebook = told(open_notebook, app=app)
    notebook.set_theme(theme)
    view = EventsView(notebook, 2)
    view.wait_for_rows(10)
    view.drag(0.505)
    view.filter.fill("stpe:x")
    view.wait_for_text("try step:x")
    found = {}
    for tab in ("log", "tree", "timeline"):
        view.choose(tab)
        view.page.wait_for_timeout(300)
        found |= illegible(view.root)
        notebook.screenshot(f"events-{tab}-{app}-{theme.split()[1].lower()}", view.root)
    assert found == {}


@thorough
def test_narrow(open_notebook: OpenNotebook) -> None:
    """In 600 pixels nothing is cut off that a person needs; 420 are never passed."""
    notebook = open_notebook([LOAD, TOLD, SHOW], app="notebook", size=(720, 900))
    for cell in range(3):
        notebook.run_cell(cell)
        notebook.wait_idle()
    view = EventsView(notebook, 2)
    view.wait_for_rows(10)
    for tab in ("log", "tree", "timeline"):
        view.choose(tab)
        view.page.wait_for_timeout(300)
        box = view.root.bounding_box()
        assert box is not None
        assert box["height"] <= 420
        inside = view.root.evaluate(
            "(root) => [...root.querySelectorAll('button, input, select')]"
            ".filter((one) => one.checkVisibility()).every((one) => {"
            " const a = one.getBoundingClientRect(), b = root.getBoundingClientRect();"
            " return a.left >= b.left && a.right <= b.right && a.bottom <= b.bottom; })"
        )
        assert inside
        notebook.screenshot(f"events-{tab}-narrow", view.root)


@thorough
def test_markup_stays_text(open_notebook: OpenNotebook) -> None:
    """What users' values say is text: in rows, fields, the tree and pictures."""
    evil = """\
evil = "<b class=evil>bold</b><img src=x class=evil onerror='window.hacked = 1'>"
recording = Recording()
recording.add(JobRecord(at=0.0, source=("job-1",), phase="running", name=evil))
recording.add(ItemRecord(at=1.0, source=(evil, evil), phase="failed", index=1,
    error=evil, item=evil))
"""
    notebook = open_notebook([LOAD, evil, SHOW])
    for cell in range(3):
        notebook.run_cell(cell)
        notebook.wait_idle()
    view = EventsView(notebook, 2)
    view.wait_for_rows(2)
    view.log.locator(".na-v-row:visible").last.click()
    view.root.locator(".na-fields").get_by_text("ItemRecord").wait_for()
    for tab in ("tree", "timeline", "log"):
        view.choose(tab)
        view.page.wait_for_timeout(200)
    assert notebook.page.locator(".evil").count() == 0
    assert notebook.page.evaluate("window.hacked") is None
