"""The pictures in README are what its cells show; `make pictures` takes them anew."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.event_panel import EventsView
from tests.browser.graph_panel import GraphPanel
from tests.browser.panel import Panel
from tests.browser.rig import thorough

if TYPE_CHECKING:
    from tests.browser.conftest import OpenNotebook

# Dark ones only where the pictures are taken, or all is looked at.
in_both_themes = pytest.mark.parametrize(
    "theme", ["JupyterLab Light", pytest.param("JupyterLab Dark", marks=thorough)]
)
README = Path(__file__).parents[2] / "README.md"


def cells() -> list[str]:
    """Return the cells that README tells a reader to run."""
    text = README.read_text("utf-8")
    return re.findall(r"^```python\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)


@in_both_themes
def test_readme_cell_shows_its_panel(open_notebook: OpenNotebook, theme: str) -> None:
    """README's cell shows a moving panel with its failed items, and ends well."""
    notebook = open_notebook(cells()[:2], app="notebook", size=(860, 900))
    notebook.set_theme(theme)
    notebook.run_all()
    panel = Panel(notebook, 1)
    panel.root.get_by_text("2 failed").wait_for()
    panel.wait_until_done(120)
    assert panel.phase == "running"
    # What only belongs to the page would distract in a picture of the cell.
    notebook.page.add_style_tag(content=".jp-Toolbar, .jp-Collapser { display: none }")
    shade = theme.rpartition(" ")[2].lower()
    notebook.screenshot(f"readme-{shade}", notebook.cell(1))
    panel.wait_for_end()
    assert "294 done" in notebook.output_text(1)
    assert "6 failed" in notebook.output_text(1)


@in_both_themes
def test_readme_watches_a_run(open_notebook: OpenNotebook, theme: str) -> None:
    """README's run can be looked at in its midst, once it is over."""
    shown = cells()
    shown_by, watched = (
        next(cell for cell in shown if words in cell)
        for words in ("class Usage", "= watch(")
    )
    load = [shown[0], "import asyncio, os"]
    notebook = open_notebook(
        [*load, shown_by, watched], app="notebook", size=(860, 900)
    )
    notebook.set_theme(theme)
    for cell in range(3):
        notebook.run_cell(cell)
        notebook.wait_idle()
    notebook.page.wait_for_timeout(1000)  # as somebody types the next cell
    notebook.run_cell(3)
    graph, events = GraphPanel(notebook, 3), EventsView(notebook, 3)
    graph.root.and_(notebook.page.locator("[data-phase=done]")).wait_for()
    events.choose("timeline")
    events.drag(0.95)
    graph.root.and_(notebook.page.locator("[data-phase=running]")).wait_for()
    notebook.page.add_style_tag(content=".jp-Toolbar, .jp-Collapser { display: none }")
    # Pictures of what is pointed at would have words about it.
    notebook.page.mouse.move(5, 5)
    shade = theme.rpartition(" ")[2].lower()
    notebook.screenshot(f"watch-{shade}", notebook.cell(3))
    assert notebook.errors == []


@in_both_themes
def test_readme_traces_a_cell(open_notebook: OpenNotebook, theme: str) -> None:
    """README's trace is shown below its cell, with all that the cell did."""
    shown = cells()
    traced = next(cell for cell in shown if cell.startswith("%%trace"))
    before = "import asyncio, os\nlibrary = os.path.dirname(os.__file__)"
    notebook = open_notebook(
        [shown[0], before, traced], app="notebook", size=(860, 1150)
    )
    notebook.set_theme(theme)
    notebook.run_all()
    notebook.wait_idle()
    text = notebook.output_text(2)
    assert text.count("Parse item") == 7  # six, and the total
    assert text.count("characters=") == 6
    notebook.page.add_style_tag(content=".jp-Toolbar, .jp-Collapser { display: none }")
    shade = theme.rpartition(" ")[2].lower()
    notebook.screenshot(f"trace-{shade}", notebook.cell(2))
    assert notebook.errors == []
