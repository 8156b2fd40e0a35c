"""Programs that add documents to a store, to be killed or starved from outside.

`python ingesting.py PATH FIRST LAST [BYTES]` adds the documents of these numbers five
at a time, and says after each call how far it is. With BYTES no file may grow beyond
that.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys

from notebook_async.retrieval import Chunk, Document, PreparedDocument, SqliteTextStore

CHUNKS = 3


def numbered(number: int) -> PreparedDocument:
    """Return a document with three chunks that say which one it is."""
    key = f"d{number}"
    chunks = tuple(
        Chunk(
            f"{key}#{n}",
            key,
            n,
            f"{key} part{n} " + "tea " * 60,
            n,
            n + 1,
            {},
            (n, 1.0),
        )
        for n in range(CHUNKS)
    )
    return PreparedDocument(Document(key, "tea"), chunks, fingerprint=f"mark of {key}")


async def ingest(path: str, first: int, last: int) -> None:
    """Add documents, five at a time, and say how many are stored."""
    async with SqliteTextStore(path) as store:
        for number in range(first, last, 5):
            await store.add(map(numbered, range(number, min(last, number + 5))))
            print("stored", min(last, number + 5), flush=True)  # noqa: T201


def starve(size: int) -> None:
    """Let writing fail once a file has this many bytes, as on a full disk."""
    import resource  # noqa: PLC0415 - not on every system
    import signal  # noqa: PLC0415

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


if __name__ == "__main__":
    place, *numbers = sys.argv[1:]
    begin, end, *most = map(int, numbers)
    if most:
        starve(most[0])
    try:
        asyncio.run(ingest(place, begin, end))
    except sqlite3.OperationalError as error:
        print("failed", error, *error.__notes__, flush=True)  # noqa: T201
