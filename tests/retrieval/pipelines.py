"""A program that ingests by a pipeline, to be killed or starved from outside.

`python pipelines.py PATH COUNT [BYTES]` takes so many documents through the default
stages and says what became of them. With BYTES no file may grow beyond that.
"""

from __future__ import annotations

import asyncio
import sys

from notebook_async.retrieval import Document, IngestionPipeline, SqliteTextStore
from tests.retrieval.ingesting import starve


def numbered(count: int) -> list[Document]:
    """Return documents with texts of their own, of two chunks each."""
    return [
        Document(f"d{n}", f"Document {n}. " + f"Tea number {n} is hot. " * 60)
        for n in range(count)
    ]


async def ingest(path: str, count: int) -> None:
    """Ingest, and say so while it goes on and when it has ended."""
    async with SqliteTextStore(path) as store:
        pipeline = IngestionPipeline(store=store)
        task = asyncio.create_task(pipeline.arun(numbered(count)))
        while not task.done():
            await asyncio.wait([task], timeout=0.01)
            print("stored", len(await store.ids()), flush=True)  # noqa: T201
        result = await task
        print(f"{len(result.stored)} of {count}", flush=True)  # noqa: T201
        for error in list(result.failed.values())[:1]:
            name = type(error).__name__
            print(f"failed {name}: {error}", flush=True)  # noqa: T201
            print(*getattr(error, "__notes__", ()), sep="\n", flush=True)  # noqa: T201


if __name__ == "__main__":
    place, total, *most = sys.argv[1:]
    if most:
        starve(int(most[0]))
    asyncio.run(ingest(place, int(total)))
