"""Run the lessons without a browser.

`python notebooks/lessons.py demo` runs the quickstart, prints its summary and writes
it as a web page; `python notebooks/lessons.py save` runs every lesson and keeps its
outputs.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter

HERE = Path(__file__).resolve().parent
QUICKSTART = HERE / "01_quickstart.ipynb"
PAGE = HERE / "out" / "01_quickstart.html"


def run(lesson: Path) -> nbformat.NotebookNode:
    """Return a lesson with fresh outputs."""
    notebook = nbformat.read(lesson, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=300,
        resources={"metadata": {"path": HERE}},
        record_timing=False,
        coalesce_streams=True,  # when output came in is chance
        # The final pictures say it all; the panels' code need not be in the file.
        store_widget_state=False,
    )
    client.execute()
    return notebook


def demo() -> None:
    """Run the quickstart, print its summary and write it as a web page."""
    began = time.perf_counter()
    notebook = run(QUICKSTART)
    page, _ = HTMLExporter(embed_images=True).from_notebook_node(notebook)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page, encoding="utf-8")
    print(summary(notebook))
    print(f"The whole notebook ran in {time.perf_counter() - began:.1f} s.")
    print(f"With its panels it is in {PAGE.relative_to(HERE.parent)}.")


def summary(notebook: nbformat.NotebookNode) -> str:
    """Return what the cell tagged `summary` printed."""
    return "".join(
        output["text"]
        for cell in notebook.cells
        if "summary" in cell.metadata.get("tags", [])
        for output in cell.outputs
        if output.output_type == "stream"
    )


def save() -> None:
    """Run every lesson and keep its outputs in the file."""
    for lesson in sorted(HERE.glob("[0-9]*.ipynb")):
        print(lesson.name)
        notebook = run(lesson)
        notebook.metadata.language_info = {"name": "python"}
        nbformat.write(notebook, lesson)


if __name__ == "__main__":
    commands = {"demo": demo, "save": save}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:  # noqa: PLR2004
        sys.exit(f"usage: python notebooks/lessons.py {'|'.join(commands)}")
    commands[sys.argv[1]]()
