"""Run the quickstart without a browser, print its summary and write it as a web page."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter

HERE = Path(__file__).resolve().parent
LESSON = HERE / "01_quickstart.ipynb"
PAGE = HERE / "out" / "01_quickstart.html"


def main() -> int:
    """Run the lesson; return the exit status."""
    began = time.perf_counter()
    notebook = nbformat.read(LESSON, as_version=4)
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": HERE}})
    client.execute()
    page, _ = HTMLExporter(embed_images=True).from_notebook_node(notebook)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page, encoding="utf-8")
    print(summary(notebook))
    print(f"The whole notebook ran in {time.perf_counter() - began:.1f} s.")
    print(f"With its panels it is in {PAGE.relative_to(HERE.parent)}.")
    return 0


def summary(notebook: nbformat.NotebookNode) -> str:
    """Return what the cell tagged `summary` printed."""
    return "".join(
        output["text"]
        for cell in notebook.cells
        if "summary" in cell.metadata.get("tags", [])
        for output in cell.outputs
        if output.output_type == "stream"
    )


if __name__ == "__main__":
    sys.exit(main())
