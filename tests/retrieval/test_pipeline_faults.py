"""A pipeline whose process is killed, or whose disk is full."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from notebook_async.retrieval import IngestionPipeline, SqliteTextStore
from tests.retrieval.pipelines import numbered

pytestmark = pytest.mark.realtime

SCRIPT = Path(__file__).with_name("pipelines.py")
ROOT = SCRIPT.parents[2]
COUNT = 400


def program(*arguments: object) -> subprocess.Popen[str]:
    """Start a program that ingests."""
    return subprocess.Popen(  # noqa: S603
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )


async def whole(path: Path) -> set[str]:
    """Return the ids of a store, once each document has all its chunks."""
    texts = {document.id: document.text for document in numbered(COUNT)}
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    async with SqliteTextStore(path) as store:
        ids = await store.ids()
        for name in ids:
            chunks = await store.chunks_of(name)
            assert chunks[0].start == 0
            assert chunks[-1].end == len(texts[name].rstrip())
            assert [chunk.index for chunk in chunks] == [0, 1]
    return set(ids)


async def complete(path: Path, stored: set[str]) -> None:
    """Ingest again, which does what is left and no more."""
    async with SqliteTextStore(path) as store:
        result = await IngestionPipeline(store=store).arun(numbered(COUNT))
    assert set(result.skipped) == stored
    assert (len(result.stored), result.failed) == (COUNT - len(stored), {})
    assert len(await whole(path)) == COUNT


async def test_killed_ingestion_is_completed_by_the_next(tmp_path: Path) -> None:
    """What was committed before SIGKILL is there, whole; a second run does the rest."""
    path = tmp_path / "store.db"
    child = program(path, COUNT)
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith("stored") and int(line.split()[1]) >= 60:
            break
    child.kill()
    child.wait()
    child.stdout.close()
    stored = await whole(path)
    assert 60 <= len(stored) < COUNT
    await complete(path, stored)


async def test_full_disk_is_told_and_leaves_the_rest_intact(tmp_path: Path) -> None:
    """Documents for which there is no room fail, the others stay, and nothing is half.

    Once there is room a second run does the rest.
    """
    path = tmp_path / "store.db"
    child = program(path, COUNT, 1_000_000)
    out, _ = child.communicate(timeout=50)
    *_, last = (line for line in out.splitlines() if line.endswith(f"of {COUNT}"))
    stored = await whole(path)
    assert last == f"{len(stored)} of {COUNT}"
    assert 0 < len(stored) < COUNT
    assert "failed OperationalError: " in out
    assert str(path) in out
    await complete(path, stored)
