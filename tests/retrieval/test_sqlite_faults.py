"""The store in a file of SQLite, where something goes wrong or many use it."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from notebook_async.errors import StoreClosedError, StoreFormatError
from notebook_async.retrieval import Document, SqliteTextStore
from tests.retrieval.ingesting import CHUNKS, numbered

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.realtime

SCRIPT = Path(__file__).with_name("ingesting.py")
ROOT = SCRIPT.parents[2]


def program(*arguments: object) -> subprocess.Popen[str]:
    """Start a program that adds documents."""
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.Popen(  # noqa: S603
        command,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )


def stored_whole(path: Path) -> set[str]:
    """Return the ids of the documents of a file, once all of it has been checked."""
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        plain.execute(
            "INSERT INTO chunks_text (chunks_text, rank) VALUES ('integrity-check', 1)"
        )
        rows = plain.execute(
            "SELECT d.id, d.fingerprint, count(c.rowid), count(e.chunk)"
            " FROM documents d LEFT JOIN chunks c ON c.document = d.rowid"
            " LEFT JOIN embeddings e ON e.chunk = c.rowid GROUP BY d.rowid"
        ).fetchall()
        chunks = plain.execute("SELECT count(*) FROM chunks").fetchone()
    for key, fingerprint, *parts in rows:
        assert (fingerprint, parts) == (f"mark of {key}", [CHUNKS, CHUNKS])
    assert chunks == (CHUNKS * len(rows),)
    return {key for key, *_ in rows}


def ids(*numbers: int) -> set[str]:
    """Return the ids of numbered documents of a range."""
    return {f"d{number}" for number in range(*numbers)}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return where a store may be."""
    return tmp_path / "store.db"


@pytest.mark.parametrize("lines", [1, 7, 20])
def test_killed_process_leaves_whole_documents(place: Path, lines: int) -> None:
    """After SIGKILL all that was said to be stored is there, whole; more can follow."""
    child = program(place, 0, 100_000)
    assert child.stdout is not None
    said = [child.stdout.readline() for _ in range(lines)][-1]
    child.kill()
    child.wait()
    child.stdout.close()
    stored = stored_whole(place)
    assert stored >= ids(int(said.split()[1]))
    assert stored == ids(len(stored))

    async def finish() -> int:
        async with SqliteTextStore(place) as store:
            todo = [numbered(number) for number in range(len(stored) + 20)]
            known = await store.fingerprints([one.document.id for one in todo])
            left = [
                one for one in todo if known.get(one.document.id) != one.fingerprint
            ]
            return await store.add(left)

    assert asyncio.run(finish()) == 20
    assert stored_whole(place) == ids(len(stored) + 20)


@pytest.mark.skipif(sys.platform == "win32", reason="files have no limits there")
@pytest.mark.parametrize("size", [0, 5_000, 60_000, 400_000])
def test_full_disk_leaves_whole_documents(place: Path, size: int) -> None:
    """Where a write fails the error says where, and what was stored before is whole."""
    child = program(place, 0, 2000, size)
    said, _ = child.communicate(timeout=30)
    *before, last = said.splitlines()
    assert last.startswith("failed ")
    assert last.endswith(f" in the store {str(place)!r}")
    count = int(before[-1].split()[1]) if before else 0
    assert count < 2000
    assert (count > 20) is (size == 400_000)
    if size > 5000:
        assert stored_whole(place) == ids(count)

    async def finish() -> None:
        async with SqliteTextStore(place) as store:
            assert set(await store.ids()) == ids(count)
            await store.add(map(numbered, range(count, count + 10)))

    asyncio.run(finish())
    assert stored_whole(place) == ids(count + 10)


async def test_store_goes_on_after_a_full_disk(place: Path) -> None:
    """After a failed write the same store reads, and writes once there is room."""
    async with SqliteTextStore(place) as store:
        await store.add(map(numbered, range(20)))
        await store._file._writer.execute_fetchall("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError, match="full") as caught:
            await store.add(map(numbered, range(20, 400)))
        assert caught.value.__notes__ == [f"in the store {str(place)!r}"]
        assert len(await store.search("part1")) == 10
        assert set(await store.ids()) == ids(20)
        await store._file._writer.execute_fetchall("PRAGMA max_page_count = 100000")
        await store.add(map(numbered, range(20, 400)))
    assert stored_whole(place) == ids(400)


async def test_closed_midway(place: Path) -> None:
    """Closing lets end what has begun; what comes later is told; nothing is half."""
    store = SqliteTextStore(place)
    await store.add([numbered(0)])
    adding = [
        asyncio.ensure_future(store.add(map(numbered, range(n, n + 700))))
        for n in (1, 701)
    ]
    searching = [asyncio.ensure_future(store.search("tea")) for _ in range(20)]
    await asyncio.sleep(0.02)
    await asyncio.gather(store.aclose(), store.aclose())
    ends = await asyncio.gather(*adding, *searching, return_exceptions=True)
    assert {type(end) for end in ends} <= {int, list, StoreClosedError}
    assert any(isinstance(end, StoreClosedError) for end in ends[:2])
    # 500 make one transaction.
    assert len(stored_whole(place)) in {1, 501, 1001, 701, 1201}
    message = f"the store {str(place)!r} is closed".replace("\\", "\\\\")
    for late in (
        store.search("tea"),
        store.search("?"),
        store.search_similar([1.0]),
        store.add([]),
        store.delete_by_id([]),
        store.delete_by_query("?"),
        store.fingerprints([]),
        store.clear_collection(),
        store.__aenter__(),
    ):
        with pytest.raises(StoreClosedError, match=message):
            await late
    await store.aclose()


async def test_closing_what_was_never_open(place: Path) -> None:
    """Closing a store that was not used makes no file."""
    await SqliteTextStore(place).aclose()
    assert not place.exists()  # noqa: ASYNC240 - nothing else runs


async def test_cancelled_add_leaves_whole_documents(place: Path) -> None:
    """Cancelled at any moment, a call leaves whole documents and a store that works."""
    draw = random.Random(1)  # noqa: S311 - any moments will do
    async with SqliteTextStore(place) as store:
        for start in range(0, 3000, 100):
            adding = asyncio.ensure_future(
                store.add(map(numbered, range(start, start + 100)))
            )
            await asyncio.sleep(draw.uniform(0, 0.03))
            adding.cancel()
            with suppress(asyncio.CancelledError):
                await adding
            assert len(await store.ids()) % 100 == 0
        assert await store.add(map(numbered, range(3000))) == 3000
    assert stored_whole(place) == ids(3000)


def test_loop_that_ends_early_does_no_harm(place: Path) -> None:
    """A loop may end while a thread works for it; the store works in the next one."""
    store = SqliteTextStore(place)
    asyncio.run(store.add(map(numbered, range(300))))

    async def leave() -> None:
        tasks = [asyncio.ensure_future(store.search("tea part1")) for _ in range(5)]
        tasks.append(asyncio.ensure_future(store.add(map(numbered, range(300, 400)))))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    for _ in range(10):
        asyncio.run(leave())
    assert len(asyncio.run(store.search("tea"))) == 10
    asyncio.run(store.add(map(numbered, range(300, 400))))
    asyncio.run(store.aclose())
    assert stored_whole(place) == ids(400)


async def test_many_tasks_open_it_once(place: Path) -> None:
    """Tasks that come at the same time wait for one opening: two threads in all."""
    before = threading.active_count()
    store = SqliteTextStore(place)
    await asyncio.gather(*(store.search("tea") for _ in range(50)))
    assert threading.active_count() - before == 2
    await store.aclose()


async def test_many_tasks_add_and_search(place: Path) -> None:
    """Tasks may add, search and delete at once; a search sees whole documents only."""
    async with SqliteTextStore(place) as store:

        async def add(first: int) -> None:
            for number in range(first, first + 100, 10):
                await store.add(map(numbered, range(number, number + 10)))

        async def search() -> None:
            for _ in range(30):
                number = len(await store.ids())
                for key in {h.chunk.document_id for h in await store.search("part2")}:
                    assert len(await store.chunks_of(key)) == CHUNKS
                assert number <= len(await store.ids())

        began = perf_counter()
        await asyncio.gather(*(add(100 * n) for n in range(5)), search(), search())
        assert perf_counter() - began < 20
        assert await store.delete_by_id(sorted(ids(100))) == 100
    assert stored_whole(place) == ids(100, 500)


@pytest.mark.parametrize("memory", [False, True])
def test_loops_of_several_threads_share_a_store(place: Path, *, memory: bool) -> None:
    """Tasks of four loops in four threads use one store at the same time."""
    store = SqliteTextStore(":memory:" if memory else place)

    async def use(first: int) -> None:
        for number in range(first, first + 50, 10):
            await store.add(map(numbered, range(number, number + 10)))
            assert await store.search(f"d{number}")

    def run(first: int) -> None:
        asyncio.run(use(first))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(run, range(0, 200, 50)))
    assert set(asyncio.run(store.ids())) == ids(200)
    asyncio.run(store.aclose())
    if not memory:
        assert stored_whole(place) == ids(200)


def test_processes_share_a_file(place: Path) -> None:
    """Three processes that make the file and add to it at once lose nothing."""
    children = [program(place, first, first + 100) for first in (0, 100, 200)]
    ends = [child.communicate(timeout=30)[0].split()[-2:] for child in children]
    assert ends == [["stored", "100"], ["stored", "200"], ["stored", "300"]]
    assert stored_whole(place) == ids(300)


@pytest.fixture
def busy(place: Path) -> Iterator[sqlite3.Connection]:
    """Return a connection that has begun to write to a store."""
    asyncio.run(_fill(place))
    with closing(sqlite3.connect(place, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


async def _fill(place: Path) -> None:
    async with SqliteTextStore(place) as store:
        await store.add([numbered(0)])


async def test_waits_for_another_process(place: Path, busy: sqlite3.Connection) -> None:
    """A write waits until another process is done; reading goes on meanwhile."""
    async with SqliteTextStore(place) as store:
        adding = asyncio.ensure_future(store.add([numbered(1)]))
        assert len(await store.search("part1")) == 1
        assert not adding.done()
        busy.execute("COMMIT")
        assert await adding == 1


async def test_gives_up_on_another_process(
    place: Path, busy: sqlite3.Connection
) -> None:
    """After its patience a write fails, saying where, and can be tried again."""
    async with SqliteTextStore(place, patience=0.05) as store:
        with pytest.raises(sqlite3.OperationalError, match="locked") as caught:
            await store.add([numbered(1)])
        assert caught.value.__notes__ == [f"in the store {str(place)!r}"]
        busy.execute("ROLLBACK")
        assert await store.add([numbered(1)]) == 1


async def test_missing_folder_is_told(tmp_path: Path) -> None:
    """A file that cannot be made is told with its name, and may be made later."""
    place = tmp_path / "later" / "store.db"
    store = SqliteTextStore(place)
    with pytest.raises(sqlite3.OperationalError, match="unable to open") as caught:
        await store.search("tea")
    assert caught.value.__notes__ == [f"in the store {str(place)!r}"]
    place.parent.mkdir()
    assert await store.search("tea") == []
    await store.aclose()


def _text_file(place: Path) -> None:
    place.write_text("no database, but a text that is long enough" * 50)


def _other_database(place: Path) -> None:
    with closing(sqlite3.connect(place)) as other:
        other.execute("CREATE TABLE documents (id)")


def _newer_store(place: Path) -> None:
    asyncio.run(_fill(place))
    with closing(sqlite3.connect(place)) as other:
        other.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (_text_file, "it is no database"),
        (_other_database, "it is a database of something else"),
        (_newer_store, "its version is 99, and this package reads 1"),
    ],
)
def test_files_of_others_are_left_alone(place: Path, make: object, why: str) -> None:
    """A file that is no store of this version is refused, and not changed."""
    assert callable(make)
    make(place)
    before = place.read_bytes()

    async def use() -> None:
        store = SqliteTextStore(place)
        try:
            await store.add([Document("a", "tea")])
        finally:
            await store.aclose()

    with pytest.raises(StoreFormatError, match=why) as caught:
        asyncio.run(use())
    assert caught.value.path == str(place)
    assert place.read_bytes() == before


def test_forgotten_store_does_not_keep_a_script(place: Path) -> None:
    """A script that does not close its store comes to its end, with all stored."""
    code = (
        "import asyncio, sys\n"
        "from notebook_async.retrieval import SqliteTextStore\n"
        "from tests.retrieval.ingesting import numbered\n"
        "store = SqliteTextStore(sys.argv[1])\n"
        "asyncio.run(store.add([numbered(0)]))\n"
    )
    subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, str(place)],
        check=True,
        timeout=20,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert stored_whole(place) == ids(1)
