"""What stays of panels: in exports, in files that were sent, where programs ran."""

from __future__ import annotations

import base64
import json
import re
from html import unescape
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import nbclient
import nbformat
import pytest
from nbconvert import HTMLExporter

from tests.browser.rig import in_both, make_notebook

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.browser.conftest import OpenNotebook
    from tests.browser.rig import App

TIMES = "\N{MULTIPLICATION SIGN}"
CELLS = [
    """\
%load_ext notebook_async
import asyncio
from notebook_async import await_tree, jobs, run_jobs, watch
from notebook_async.workflow import (
    Context, Event, StartEvent, StopEvent, Workflow, step)

class Item(Event):
    n: int
class Fan(Workflow):
    @step
    async def split(self, ctx: Context, ev: StartEvent) -> Item | None:
        for n in range(30):
            ctx.send_event(Item(n=n))
    @step(num_workers=4)
    async def work(self, ev: Item) -> Item | StopEvent:
        await asyncio.sleep(0.01)
        return StopEvent(result="all") if ev.n == 29 else None
""",
    "await watch(Fan().run())",
    "%%arun -n fan\nprint('begin')\nawait Fan().run()",
    "%%arun -n items\nawait run_jobs(asyncio.sleep, [0.01] * 50, desc='naps')",
    "await jobs[1]; await jobs[2]\nawait asyncio.sleep(0.6)",
    "%jobs",
    "'last'",
]
# The words of a drawing that are not to be seen: out of its frame, or without a size.
OUTSIDE = """(image) => {
    const place = document.createElement("div");
    place.innerHTML = atob(image.src.split(",")[1]);
    document.body.append(place);
    const frame = place.querySelector("svg").getBoundingClientRect();
    const wrong = [...place.querySelectorAll("text")].filter((text) => {
        const box = text.getBoundingClientRect();
        return text.textContent.trim() && !(box.width > 0 && box.left >= frame.left - 1
            && box.right <= frame.right + 1 && box.top >= frame.top - 1
            && box.bottom <= frame.bottom + 1);
    }).map((text) => text.textContent);
    place.remove();
    return wrong;
}"""
# Cells of tables whose text is drawn beyond them, and two that hide each other.
OVERLAPS = """(cells) => cells.filter((cell) => {
    const hidden = getComputedStyle(cell).overflow === "hidden";
    const next = cell.nextElementSibling;
    return (cell.scrollWidth > cell.clientWidth + 1 && !hidden && next)
        || (cell.textContent.trim() && cell.clientWidth < 20);
}).map((cell) => cell.textContent)"""
# What each output tells, in whatever way it is shown.
TOLD = {
    1: ["Fan", "done", "30", "events"],
    2: ["fan", "done", "begin", "'all'"],
    3: ["items", "done", "naps", "50"],
    5: ["fan", "items", "done"],
}
GRAPHS = (1, 2)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the cells as papermill and nbconvert do, and return the file."""
    file = make_notebook(tmp_path_factory.mktemp("headless") / "run.ipynb", CELLS)
    notebook = nbformat.read(file, as_version=4)
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    nbformat.write(notebook, file)
    return file


def htmls(file: Path, cell: int) -> list[str]:
    """Return the HTML of each output of a cell in a saved file."""
    outputs = json.loads(file.read_text("utf-8"))["cells"][cell]["outputs"]
    bundles: list[dict[str, Any]] = [each.get("data", {}) for each in outputs]
    return ["".join(data["text/html"]) for data in bundles if "text/html" in data]


def drawings(html: str) -> list[ET.Element]:
    """Return the drawings in HTML, parsed."""
    found = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", html)
    return [ET.fromstring(base64.b64decode(each)) for each in found]  # noqa: S314 - ours


def check_graph(svg: ET.Element) -> None:
    """Check that a drawing is that of the run's end."""
    words = "".join(svg.itertext())
    for word in ("split", "work", "30 done", f"Item {TIMES}30"):
        assert word in words
    assert "NaN" not in ET.tostring(svg, "unicode")


def check_page(texts: dict[int, str]) -> None:
    """Check that each output tells what it should."""
    for cell, words in TOLD.items():
        for word in words:
            assert word in texts[cell], (cell, word, texts[cell])


def check_cells_of_tables(output: Locator) -> None:
    """Check that no text in a table lies over another."""
    assert output.evaluate_all(OVERLAPS) == []


def check_file(file: Path) -> None:
    """Check what a saved file has, whoever shows it."""
    texts = {cell: unescape("".join(htmls(file, cell))) for cell in TOLD}
    check_page(texts)
    for cell in GRAPHS:
        drawn = drawings(texts[cell])
        check_graph(next(svg for svg in drawn if "split" in "".join(svg.itertext())))


def check_export(file: Path, page: Page, picture: Path) -> None:
    """Convert a file to a page by nbconvert, and look at that without a network."""
    html, _ = HTMLExporter().from_filename(str(file))
    exported = file.with_suffix(".html")
    exported.write_text(html, "utf-8")
    page.context.set_offline(offline=True)
    page.goto(exported.as_uri(), wait_until="domcontentloaded")
    cells = page.locator(".jp-CodeCell")
    check_page({cell: cells.nth(cell).inner_text() for cell in TOLD})
    check_cells_of_tables(page.locator(".na-still td:visible"))
    for cell in GRAPHS:
        image = cells.nth(cell).locator("img").first
        image.wait_for()
        assert image.evaluate("(image) => image.naturalWidth") > 300
        assert image.evaluate(OUTSIDE) == []
    page.screenshot(path=picture, full_page=True)


def test_headless_file_has_the_final_pictures(
    executed: Path, open_notebook: OpenNotebook
) -> None:
    """A program that runs a notebook saves the end of each run, and no widget."""
    assert "widget-view" not in executed.read_text("utf-8")
    check_file(executed)
    notebook = open_notebook(["1"])
    check_export(executed, notebook.page, notebook.pictures / "export-headless.png")


@in_both
def test_live_file_has_the_final_pictures(
    open_notebook: OpenNotebook, app: App
) -> None:
    """Saved after a run in a browser, sent and opened untrusted, and as a page."""
    notebook = open_notebook(CELLS, app=app)
    notebook.run_all()
    notebook.wait_idle()
    notebook.output(6).get_by_text("'last'").wait_for()
    notebook.page.wait_for_timeout(1500)
    notebook.save()
    file = notebook.server.root / notebook.path
    check_file(file)
    notebook.reopen(trusted=False)
    for cell in TOLD:
        notebook.output(cell).locator(".na-still").first.wait_for()
        assert notebook.is_trusted(cell) is False
    check_page({cell: notebook.output(cell).inner_text() for cell in TOLD})
    check_cells_of_tables(notebook.page.locator(".na-still td:visible"))
    for cell in GRAPHS:
        image = notebook.output(cell).locator("img").first
        assert image.evaluate("(image) => image.naturalWidth") > 300
    assert "model not found" not in notebook.page.locator("body").inner_text()
    notebook.screenshot(f"reopened-untrusted-{app}")
    check_export(file, notebook.page, notebook.pictures / f"export-live-{app}.png")
