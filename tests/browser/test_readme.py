"""The picture in README is what its cell shows; `make pictures` takes it anew."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.panel import Panel

if TYPE_CHECKING:
    from tests.browser.conftest import OpenNotebook

README = Path(__file__).parents[2] / "README.md"


def first_cells() -> list[str]:
    """Return the first two cells that README tells a reader to run."""
    text = README.read_text("utf-8")
    return re.findall(r"^```python\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)[:2]


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_readme_cell_shows_its_panel(open_notebook: OpenNotebook, theme: str) -> None:
    """README's cell shows a moving panel with its failed items, and ends well."""
    notebook = open_notebook(first_cells(), app="notebook", size=(860, 900))
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
