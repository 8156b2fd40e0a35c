"""What the tests of retrieval ingest: sources of the library, and our lessons."""

from __future__ import annotations

import asyncio
import email
import json
import logging
from pathlib import Path

import notebook_async
from notebook_async.retrieval import Chunk, Document, Hit

ROOT = Path(notebook_async.__file__).parents[1]

PACKAGES = {"json": json, "asyncio": asyncio, "logging": logging, "email": email}


def library(package: str) -> list[Document]:
    """Return the modules of a package of the standard library."""
    folder = Path(PACKAGES[package].__file__).parent
    return [
        Document(f"{package}/{path.name}", path.read_text("utf-8"))
        for path in sorted(folder.glob("*.py"))
    ]


def lessons() -> list[Document]:
    """Return README, and the words of the lessons."""
    found = [Document("README.md", (ROOT / "README.md").read_text("utf-8"))]
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        words = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
        found.append(Document(path.name, "\n\n".join(words)))
    return found


class Shelf:
    """Finds the same for every query, after a while."""

    def __init__(self, name: str, *texts: str, delay: float = 0.0) -> None:
        self.name = name
        self.delay = delay
        self.asked = 0
        self.hits = [
            Hit(Chunk(f"{name}#{i}", name, i, text, 0, len(text)), 9.0 - i, name)
            for i, text in enumerate(texts)
        ]

    async def aretrieve(self, query: str) -> list[Hit]:
        """Return them."""
        self.asked += 1
        await asyncio.sleep(self.delay)
        if query == "fail":
            raise ConnectionError(f"no way to {self.name}")
        return self.hits
