"""Measure one thing about retrieval in this process, and print it as JSON."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import sysconfig
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from notebook_async.retrieval import (
    ComposableGraph,
    Document,
    IngestionPipeline,
    SqliteTextStore,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from notebook_async.retrieval import Hit

SIZE = 10_000_000
BEAT = 0.005
DELAYS = {"json": 0.3, "asyncio": 0.5, "email": 0.4}


def documents(size: int) -> list[Document]:
    """Return modules of the standard library, of so many characters in all."""
    library = Path(sysconfig.get_paths()["stdlib"])
    found: list[Document] = []
    for path in sorted(library.rglob("*.py")):
        parts = path.relative_to(library).parts
        if "site-packages" in parts or "test" in parts or size <= 0:
            continue
        text = path.read_text("utf-8", "replace")[:size]
        found.append(Document("/".join(parts), text))
        size -= len(text)
    return found


@asynccontextmanager
async def heartbeat() -> AsyncIterator[list[float]]:
    """Beat every 5 ms, and say by how many ms each beat was late."""
    late: list[float] = []

    async def beat() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(BEAT)
            late.append(1000 * (time.perf_counter() - began - BEAT))

    task = asyncio.create_task(beat())
    await asyncio.sleep(0.1)
    late.clear()
    yield late
    task.cancel()
    late.sort()


def lateness(late: list[float], prefix: str) -> dict[str, float]:
    """Return how late beats were, at worst and at the 99th percentile."""
    return {
        f"{prefix} late p99": late[int(0.99 * len(late))],
        f"{prefix} late max": late[-1],
    }


async def ingest() -> dict[str, float]:
    """Ingest ten megabytes by the default stages, twice."""
    async with heartbeat() as late:
        await asyncio.sleep(3)
    values = lateness(late, "idle")
    given = documents(SIZE)
    with tempfile.TemporaryDirectory() as folder:
        async with SqliteTextStore(Path(folder) / "store.db") as store:
            pipeline = IngestionPipeline(store=store)
            async with heartbeat() as late:
                result = await pipeline.arun(given)
            result.raise_failed()
            values |= lateness(late, "ingest")
            values |= {"ingest": result.seconds, "chunks": float(result.chunks)}
            async with heartbeat() as late:
                again = await pipeline.arun(given)
            assert len(again.skipped) == len(given)
            values |= lateness(late, "again") | {"again": again.seconds}
    return values


class Slow:
    """A store that is far away."""

    def __init__(self, store: SqliteTextStore, delay: float) -> None:
        self.store, self.delay = store, delay

    async def aretrieve(self, query: str) -> list[Hit]:
        """Search after a while."""
        await asyncio.sleep(self.delay)
        return await self.store.search(query)


async def compose() -> dict[str, float]:
    """Ask a graph of three slow stores twenty questions, one by one and at once."""
    children = {}
    for name, delay in DELAYS.items():
        store = SqliteTextStore(":memory:", name=name)
        given = [d for d in documents(10**9) if d.id.startswith(f"{name}/")]
        await IngestionPipeline(store=store).arun(given)
        children[name] = Slow(store, delay)
    summaries = {"json": "JSON", "asyncio": "event loop", "email": "mail, MIME"}
    graph = ComposableGraph.compose("library", children, summaries)
    subjects = ("JSON", "event loop", "MIME mail", "text")
    questions = [
        f"What is the {s} for, number {n}?" for s in subjects for n in range(5)
    ]
    singles = []
    for question in questions:
        began = time.perf_counter()
        await graph.aquery(question)
        singles.append(time.perf_counter() - began)
    began = time.perf_counter()
    await asyncio.gather(*map(graph.aquery, questions))
    together = time.perf_counter() - began
    for child in children.values():
        await child.store.aclose()
    return {
        "one": statistics.median(singles),
        "slowest": max(singles),
        "together": together,
        "ratio": together / max(singles),
    }


if __name__ == "__main__":
    measure = {"ingest": ingest, "compose": compose}[sys.argv[1]]
    print(json.dumps(asyncio.run(measure())))
