"""The two connections of a store to its file, opened when they are first needed.

One writes, under a lock; the other reads at the same time, since the file has a
write-ahead log. Each has a thread of its own (aiosqlite), which does one thing after
the other.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from notebook_async.errors import (
    InvalidArgumentError,
    StoreClosedError,
    StoreFormatError,
)
from notebook_async.retrieval._extras import needed
from notebook_async.retrieval._shared import SharedLock, to_the_end

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

__all__ = ["StoreFile"]

Connection: TypeAlias = Any
"""An `aiosqlite.Connection`."""

Row: TypeAlias = tuple[Any, ...]

MEMORY = ":memory:"

# "nbas" and the version of the tables say in the file's header whose it is.
_APPLICATION = 0x6E626173
_VERSION = 1

# Ids are never given twice, so that what is kept by them cannot mean another chunk.
_TABLES = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS documents (
    rowid INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    fingerprint TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS chunks (
    rowid INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents (rowid),
    position INTEGER NOT NULL,
    id TEXT NOT NULL,
    begins INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS chunks_by_document ON chunks (document, position);
CREATE TABLE IF NOT EXISTS embeddings (
    chunk INTEGER PRIMARY KEY REFERENCES chunks (rowid),
    vector BLOB NOT NULL
);
CREATE VIRTUAL TABLE IF NOT EXISTS chunks_text USING fts5 (
    text,
    content = 'chunks',
    content_rowid = 'rowid',
    tokenize = 'porter unicode61 remove_diacritics 2'
);
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_VERSION};
COMMIT;
"""


class StoreFile:
    """Reads and writes one file, from tasks of any loop.

    Parameters
    ----------
    path
        The file, or `:memory:`.
    patience
        Seconds for which to wait for another process that writes.
    """

    def __init__(self, path: str | os.PathLike[str], *, patience: float) -> None:
        self._aiosqlite = needed("aiosqlite", "SqliteTextStore")
        self.path = os.fspath(path)
        if not self.path:
            raise InvalidArgumentError('path must name a file, or be ":memory:"')
        self._patience = patience
        self._opening, self._writing = SharedLock(), SharedLock()
        self._writer: Connection = None
        self._reader: Connection = None
        self._closed = False
        self.writes = 0

    async def open(self) -> None:
        """Open the file, unless that is done; make its tables, where there are none."""
        self.check()
        if self._reader is not None:
            return
        async with self._opening:
            self.check()
            if self._reader is None:
                await self._open()

    def check(self) -> None:
        """Raise if it is closed."""
        if self._closed:
            raise StoreClosedError(self.path)

    async def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Return all rows of a query; of what is committed only."""
        await self.open()
        if self.path != MEMORY:
            return await self._fetch(sql, parameters)
        # A database in memory has one connection, which sees what is not committed.
        async with self._writing:
            self.check()
            return await self._fetch(sql, parameters)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Commit all that is done within, or nothing of it."""
        await self.open()
        async with self._writing:
            self.check()
            writer = self._writer
            try:
                with self._noted():
                    await writer.execute("BEGIN IMMEDIATE")
                    yield Transaction(writer)
                    await writer.execute("COMMIT")
            except BaseException:
                # It comes after what the thread still does for a cancelled task.
                await to_the_end(writer.rollback)
                raise
            finally:
                self.writes += 1

    async def aclose(self) -> None:
        """Let what has begun come to its end, then close both connections."""
        self._closed = True
        async with self._opening, self._writing:
            for connection in {self._reader, self._writer} - {None}:
                await to_the_end(connection.close)
            self._reader = self._writer = None

    async def _fetch(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        reader = self._reader
        try:
            with self._noted():
                rows: list[Row] = await reader.execute_fetchall(sql, parameters)
        except asyncio.CancelledError:
            # The thread still works at it, and must not tell that to a closed loop.
            with suppress(ValueError):
                await to_the_end(reader.rollback)
            raise
        except (AttributeError, ValueError):
            # Another thread closed it after it was looked at.
            self.check()
            raise
        return rows

    async def _open(self) -> None:
        opened: list[Connection] = []
        try:
            with self._noted():
                await self._connect(opened, self._prepare_writer)
                if self.path != MEMORY:
                    await self._connect(opened, _prepare_reader)
        except BaseException:
            for connection in opened:
                await to_the_end(connection.close)
            raise
        self._writer, self._reader = opened[0], opened[-1]

    async def _connect(
        self, opened: list[Connection], prepare: Callable[[Connection], Any]
    ) -> None:
        connection = _daemonic(
            lambda: self._aiosqlite.connect(
                self.path, timeout=self._patience, isolation_level=None
            )
        )
        await _start(connection, opened)
        await prepare(connection)

    async def _prepare_writer(self, writer: Connection) -> None:
        if not await self._has_tables(writer):
            await self._use_log(writer)
            await writer.executescript(_TABLES)
        # Without a wait for the disk at each commit: what a process has committed
        # outlives it, and a power failure takes the last commits as a whole.
        await writer.execute_fetchall("PRAGMA synchronous = NORMAL")

    async def _has_tables(self, writer: Connection) -> bool:
        try:
            ((application,),) = await writer.execute_fetchall("PRAGMA application_id")
            ((version,),) = await writer.execute_fetchall("PRAGMA user_version")
            ((tables,),) = await writer.execute_fetchall(
                "SELECT count(*) FROM sqlite_master"
            )
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            raise StoreFormatError(self.path, "it is no database") from error
        if (application, version) == (_APPLICATION, _VERSION):
            return True
        if application == _APPLICATION:
            why = f"its version is {version}, and this package reads {_VERSION}"
            raise StoreFormatError(self.path, why)
        if tables or application or version:
            raise StoreFormatError(self.path, "it is a database of something else")
        return False

    async def _use_log(self, writer: Connection) -> None:
        """Turn the write-ahead log on; another process may do it just now."""
        deadline = asyncio.get_running_loop().time() + self._patience
        while True:
            try:
                await writer.execute_fetchall("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                # SQLite does not wait for others here.
                busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or asyncio.get_running_loop().time() >= deadline:
                    raise
                await asyncio.sleep(0.01)
            else:
                return

    def _noted(self) -> _Noted:
        return _Noted(self.path)


class Transaction:
    """What can be done until it is committed."""

    def __init__(self, writer: Connection) -> None:
        self._writer = writer

    async def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Return all rows of a query."""
        rows: list[Row] = await self._writer.execute_fetchall(sql, parameters)
        return rows

    async def do(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Execute one statement."""
        await self.fetch(sql, parameters)

    async def do_all(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute one statement for each row."""
        await self._writer.executemany(sql, rows)


class _Noted:
    """Lets an error of SQLite say which file it is about."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if isinstance(error, sqlite3.Error):
            error.add_note(f"in the store {self._path!r}")


async def _prepare_reader(reader: Connection) -> None:
    await reader.execute_fetchall("PRAGMA query_only = ON")


async def _start(connection: Connection, opened: list[Connection]) -> None:
    """Open a connection, also if this task is cancelled meanwhile: it is to close."""

    async def start() -> None:
        await connection
        opened.append(connection)

    task = asyncio.ensure_future(start())
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None and opened:
        raise cancelled
    task.result()


def _daemonic(make: Callable[[], Connection]) -> Connection:
    """Make a connection whose thread does not keep the process from ending.

    A thread is as daemonic as the one that makes it; aiosqlite does not ask. With an
    ordinary one a script that forgets to close the store would never end.
    """
    made: list[Connection] = []
    maker = threading.Thread(target=lambda: made.append(make()), daemon=True)
    maker.start()
    maker.join()
    return made[0]
