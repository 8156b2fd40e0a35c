"""The rig itself, on plain notebooks without the package."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from tests.browser.rig import thorough
from tests.browser.traffic import Frame, Traffic

if TYPE_CHECKING:
    from tests.browser.conftest import OpenNotebook
    from tests.browser.rig import App

pytestmark = thorough

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30">'
    '<rect width="40" height="30" fill="green"/></svg>'
)
PICTURE = base64.b64encode(SVG.encode()).decode()

UPDATE = """\
import asyncio
from IPython.display import HTML, display
handle = display(HTML("<b>first</b>"), display_id=True)
async def later():
    await asyncio.sleep(0.2)
    handle.update(HTML("<b>second</b>"))
task = asyncio.create_task(later())
"""


def test_cell_shows_its_result(open_notebook: OpenNotebook, app: App) -> None:
    """A run cell shows its result, within a second by the page's own clock."""
    notebook = open_notebook(["1 + 1", "md:words", "6 * 7"], app=app)
    assert 0 < notebook.time_cell(0, shows="2") < 1
    notebook.run_cell(2)
    notebook.wait_idle()
    assert notebook.output_text(2).split() == ["[2]:", "42"]
    assert notebook.errors == []


def test_run_all_runs_in_order(open_notebook: OpenNotebook, app: App) -> None:
    """All cells run, and waiting ends only after the last one."""
    cells = ["import time; time.sleep(0.3); x = 1", "time.sleep(0.3); x += 1", "x"]
    notebook = open_notebook(cells, app=app)
    notebook.run_all()
    notebook.wait_idle()
    assert notebook.output_data(2)[0]["data"]["text/plain"] == "2"


def test_display_is_updated_by_a_task(open_notebook: OpenNotebook) -> None:
    """A task that outlives its cell changes what the cell shows."""
    notebook = open_notebook([UPDATE])
    notebook.run_cell(0)
    notebook.output(0).get_by_text("second").wait_for()
    assert notebook.output(0).get_by_text("first").count() == 0


def test_typed_source_runs(open_notebook: OpenNotebook, app: App) -> None:
    """What is typed into a cell, key by key, is what runs."""
    notebook = open_notebook(["old"], app=app)
    notebook.type_in_cell(0, "sum([20, 22])")
    notebook.page.keyboard.press("Shift+Enter")
    notebook.output(0).get_by_text("42").wait_for()


def test_dark_theme_is_dark(open_notebook: OpenNotebook, app: App) -> None:
    """The dark theme changes the colours, and the next test starts light again."""
    notebook = open_notebook(["1"], app=app)
    notebook.set_theme("JupyterLab Dark")
    assert notebook.page.evaluate("document.body.dataset.jpThemeLight") == "false"
    picture = notebook.screenshot(f"rig-dark-{app}")
    assert picture.stat().st_size > 10_000
    again = open_notebook(["1"], app=app)
    again.set_theme("JupyterLab Light")
    assert again.page.evaluate("document.body.dataset.jpThemeLight") == "true"


def test_frames_are_counted(open_notebook: OpenNotebook, app: App) -> None:
    """Each message of a run is counted once, with its channel, kind and size."""
    cells = ["for i in range(3): display(i)", "print('x' * 10_000)"]
    notebook = open_notebook(cells, app=app)
    start = notebook.now()
    notebook.run_all()
    notebook.wait_idle()
    traffic = notebook.traffic(since=start)
    counts = traffic.counts()
    assert counts["out shell execute_request"] == 2
    assert counts["in shell execute_reply"] == 2
    assert counts["in iopub display_data"] == 3
    assert 10_000 < traffic.only(kind="stream").size < 12_000


def test_rates_are_those_of_the_frames() -> None:
    """Rates are means over the stretch, of the frames that were asked for."""
    times = (0.0, 0.6, 1.5, 1.7, 1.9, 2.6)
    frames = tuple(Frame(at, "in", "iopub", "comm_msg", "a", 100) for at in times)
    other = Frame(2.7, "out", "shell", "comm_msg", "b", 50)
    traffic = Traffic((*frames, other), 4.0)
    assert traffic.only(comm="a").frames_per_second == 1.5
    assert traffic.bytes_per_second == 162.5
    assert traffic.counts() == {"in iopub comm_msg": 6, "out shell comm_msg": 1}


def test_reload_keeps_only_what_was_saved(open_notebook: OpenNotebook) -> None:
    """A reload brings back the saved outputs, and the kernel lives on."""
    notebook = open_notebook(["x = 41", "x + 1", "x + 2"])
    notebook.run_all()
    notebook.wait_idle()
    notebook.save()
    notebook.run_cell(2)
    notebook.reload()
    assert notebook.output_text(1).split() == ["[2]:", "42"]
    assert notebook.time_cell(1, shows="42") < 5


def test_untrusted_output_is_cleaned(open_notebook: OpenNotebook, app: App) -> None:
    """Reopened untrusted, a picture in an `img` stays and an inline one is stripped."""
    show = "from IPython.display import HTML; HTML('''{}''')"
    image = f'<img src="data:image/svg+xml;base64,{PICTURE}">'
    notebook = open_notebook([show.format(image), show.format(SVG)], app=app)
    notebook.run_all()
    notebook.wait_idle()
    assert notebook.output(1).locator("rect").count() == 1
    notebook.save()
    notebook.reopen()
    assert notebook.is_trusted(0)
    assert notebook.output(1).locator("rect").count() == 1
    notebook.reopen(trusted=False)
    assert not notebook.is_trusted(0)
    image_width = notebook.output(0).locator("img").evaluate("(it) => it.naturalWidth")
    assert image_width == 40
    assert notebook.output(1).locator("rect").count() == 0


def test_restart_and_interrupt(open_notebook: OpenNotebook) -> None:
    """A restart loses the variables; an interrupt ends a cell that would run long."""
    notebook = open_notebook(["x = 1", "import time; time.sleep(600)", "'x' in vars()"])
    notebook.run_cell(0)
    notebook.wait_idle()
    notebook.restart_kernel()
    assert notebook.time_cell(2, shows="False") < 5
    notebook.run_cell(1)
    notebook.page.wait_for_timeout(300)
    notebook.interrupt_kernel()
    notebook.wait_idle()
    assert "KeyboardInterrupt" in notebook.output_text(1)
