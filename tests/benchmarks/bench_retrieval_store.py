"""How fast the store in a file of SQLite takes documents and finds them.

Each round is a process of its own with a new file, once with the store and once with
`sqlite3` alone, which holds up its thread. A heartbeat tells how late the loop is
meanwhile. `--quick` takes one round of fewer documents; `--write` keeps the tables in
RESULTS.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from results import table, write_section

from notebook_async.retrieval import Chunk, Document, PreparedDocument, SqliteTextStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

COMMAND = "python tests/benchmarks/bench_retrieval_store.py --write"
TITLE = "The store in a file of SQLite"
ROUNDS = 5
DOCUMENTS = 5000
WORDS = 40
SEARCHES = 200
DIMENSIONS = 512
BEAT = 0.001

# What is measured, at most how many, of which unit, and where it is in the figures.
FIGURES = (
    ("5,000 documents added", 200, "ms", "add"),
    ("a search, median", 8, "ms", "search"),
    ("a search, p95", 0, "ms", "search p95"),
    ("nearest vectors, median", 0, "ms", "similar"),
    ("nearest vectors, p95", 0, "ms", "similar p95"),
    ("loop late while adding, p95", 0, "ms", "add late p95"),
    ("loop late while adding, at most", 50, "ms", "add late"),
    ("loop late while searching, p95", 0, "ms", "search late p95"),
    ("loop late while searching, at most", 50, "ms", "search late"),
    ("loop late while idle, at most", 0, "ms", "idle late"),
    ("`sqlite3` alone: added", 0, "ms", "bare add"),
    ("`sqlite3` alone: a search, median", 0, "ms", "bare search"),
)


class Corpus:
    """Texts and queries of words of which some are much more frequent than others."""

    def __init__(self, count: int) -> None:
        self.draw = random.Random(1)  # noqa: S311 - the same for all
        letters = "abcdefghijklmnopqrstuvwxyz"
        self.words = [
            "".join(self.draw.choices(letters, k=self.draw.randint(2, 9)))
            for _ in range(5000)
        ]
        self.weights = [1 / rank for rank in range(1, 5001)]
        self.texts = [self.some(WORDS) for _ in range(count)]
        self.queries = [self.some(4) for _ in range(SEARCHES)]

    def some(self, count: int) -> str:
        """Return so many words."""
        return " ".join(self.draw.choices(self.words, self.weights, k=count))

    def vector(self) -> tuple[float, ...]:
        """Return a vector of no direction in particular."""
        return tuple(self.draw.gauss() for _ in range(DIMENSIONS))


async def watched(
    work: Callable[[], Awaitable[object]],
) -> tuple[float, list[float]]:
    """Return the milliseconds of some work, and how late a heartbeat was each time."""
    late: list[float] = []

    async def beat() -> None:
        while True:
            due = perf_counter() + BEAT
            await asyncio.sleep(BEAT)
            late.append((perf_counter() - due) * 1e3)

    heart = asyncio.ensure_future(beat())
    await asyncio.sleep(10 * BEAT)
    late.clear()
    began = perf_counter()
    await work()
    took = (perf_counter() - began) * 1e3
    await asyncio.sleep(2 * BEAT)
    heart.cancel()
    with suppress(asyncio.CancelledError):
        await heart
    return took, sorted(late)


def p95(values: list[float]) -> float:
    """Return what 95 of 100 do not exceed."""
    return sorted(values)[int(0.95 * (len(values) - 1))]


async def store_figures(path: Path, count: int) -> dict[str, float]:
    """Measure the store."""
    corpus = Corpus(count)
    documents = [Document(f"d{n}", text) for n, text in enumerate(corpus.texts)]
    figures: dict[str, float] = {}
    _, idle = await watched(lambda: asyncio.sleep(0.2))
    figures["idle late"] = idle[-1]
    async with SqliteTextStore(path) as store:
        took, late = await watched(lambda: store.add(documents))
        figures |= {"add": took, "add late": late[-1], "add late p95": p95(late)}
        times: list[float] = []

        async def search() -> None:
            for query in corpus.queries:
                began = perf_counter()
                await store.search(query)
                times.append((perf_counter() - began) * 1e3)

        _, late = await watched(search)
        figures |= {"search": statistics.median(times), "search p95": p95(times)}
        figures |= {"search late": late[-1], "search late p95": p95(late)}
    return figures | await similar_figures(path.with_suffix(".vectors"), corpus)


async def similar_figures(path: Path, corpus: Corpus) -> dict[str, float]:
    """Measure the search for vectors, once they are read."""
    async with SqliteTextStore(path) as store:
        await store.add(
            PreparedDocument(
                Document(str(n), ""),
                (Chunk(f"{n}#0", str(n), 0, "x", 0, 1, embedding=corpus.vector()),),
                "1",
            )
            for n in range(len(corpus.texts))
        )
        await store.search_similar(corpus.vector())
        times: list[float] = []
        for _ in range(SEARCHES // 4):
            vector = corpus.vector()
            began = perf_counter()
            await store.search_similar(vector)
            times.append((perf_counter() - began) * 1e3)
    return {"similar": statistics.median(times), "similar p95": p95(times)}


def bare_figures(path: Path, count: int) -> dict[str, float]:
    """Measure SQLite alone, with an index of the same kind."""
    corpus = Corpus(count)
    plain = sqlite3.connect(path)
    plain.execute("PRAGMA journal_mode = WAL")
    plain.execute("PRAGMA synchronous = NORMAL")
    plain.execute("CREATE TABLE chunks (text TEXT)")
    plain.execute(
        "CREATE VIRTUAL TABLE found USING fts5 (text, content = 'chunks',"
        " tokenize = 'porter unicode61 remove_diacritics 2')"
    )
    began = perf_counter()
    plain.executemany("INSERT INTO chunks VALUES (?)", [(t,) for t in corpus.texts])
    plain.execute("INSERT INTO found (rowid, text) SELECT rowid, text FROM chunks")
    plain.commit()
    added = (perf_counter() - began) * 1e3
    times = []
    for query in corpus.queries:
        began = perf_counter()
        plain.execute(
            "SELECT f.rank, c.text FROM found f JOIN chunks c ON c.rowid = f.rowid"
            " WHERE found MATCH ? ORDER BY f.rank, f.rowid LIMIT 10",
            [" OR ".join(f'"{word}"' for word in query.split())],
        ).fetchall()
        times.append((perf_counter() - began) * 1e3)
    plain.close()
    return {"bare add": added, "bare search": statistics.median(times)}


def measure(count: int) -> dict[str, float]:
    """Measure both in this process, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        bare = bare_figures(Path(folder, "bare.db"), count)
        return bare | asyncio.run(store_figures(Path(folder, "store.db"), count))


def measured(count: int) -> dict[str, float]:
    """Measure both in a fresh process."""
    command = [sys.executable, __file__, "--once", str(count)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(run.stdout)
    return figures


def figures_table(rounds: list[dict[str, float]]) -> str:
    """Return medians with the least and the most, and whether that is enough."""
    rows = []
    for name, most, unit, key in FIGURES:
        values = [figures[key] for figures in rounds]
        middle = statistics.median(values)
        reached = ("yes" if middle <= most else "NO") if most else ""
        asked = f"{most} {unit}" if most else ""
        spread = f"{min(values):.1f} to {max(values):.1f}"
        rows.append([name, f"{middle:.1f} {unit}", spread, asked, reached])
    return table(["", "median", "rounds", "at most", "reached"], rows)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="seconds, not minutes")
    parser.add_argument("--write", action="store_true", help="keep it in RESULTS.md")
    parser.add_argument("--once", type=int, help="measure so many, and print as JSON")
    options = parser.parse_args()
    if options.once:
        print(json.dumps(measure(options.once)))
        return
    rounds = [measured(500)] if options.quick else []
    rounds = rounds or [measured(DOCUMENTS) for _ in range(ROUNDS)]
    text = (
        f"{figures_table(rounds)}\n\n"
        f"Medians of {len(rounds)} processes. Documents have {WORDS} words each, drawn"
        f" from 5,000 by their rank, and one chunk; {SEARCHES} queries have 4. Vectors"
        f" have {DIMENSIONS} numbers. The heartbeat sleeps {BEAT * 1e3:.0f} ms."
    )
    print(text)
    if options.write:
        write_section("retrieval_store", TITLE, COMMAND, text)


if __name__ == "__main__":
    main()
