"""Where checkpoints are kept: in memory, in a file of lines, or in SQLite."""

from __future__ import annotations

import asyncio
import json
import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from notebook_async.errors import ArgumentTypeError
from notebook_async.workflow._checkpoints.checkpoint import Checkpoint

if TYPE_CHECKING:
    from notebook_async.workflow.context.serializers import BaseSerializer

__all__ = ["CheckpointStore", "FileStore", "MemoryStore", "SQLiteStore", "open_store"]

_SQLITE = {".db", ".sqlite", ".sqlite3"}


class CheckpointStore(Protocol):
    """Keeps checkpoints; one that `save` has returned for survives the process."""

    async def save(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint."""

    async def load(self, run_id: str | None = None) -> list[Checkpoint]:
        """Return those of one run, or all, in the order they were made."""

    async def aclose(self) -> None:
        """Give back what is open."""


def open_store(
    where: CheckpointStore | str | os.PathLike[str] | None, serializer: BaseSerializer
) -> CheckpointStore:
    """Return the store that a `storage=` argument means."""
    if where is None:
        return MemoryStore()
    if isinstance(where, str | os.PathLike):
        path = Path(where)
        kind = SQLiteStore if path.suffix in _SQLITE else FileStore
        return kind(path, serializer)
    if not hasattr(where, "save"):
        raise ArgumentTypeError(
            f"storage must be a path or have `save`, `load` and `aclose`, got {where!r}"
        )
    return where


class MemoryStore:
    """Keeps checkpoints as long as it lives itself."""

    def __init__(self) -> None:
        self._checkpoints: list[Checkpoint] = []

    async def save(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint."""
        self._checkpoints.append(checkpoint)

    async def load(self, run_id: str | None = None) -> list[Checkpoint]:
        """Return those of one run, or all."""
        return [one for one in self._checkpoints if run_id in (None, one.run_id)]

    async def aclose(self) -> None:
        """Do nothing."""


class _Rows:
    """Turns checkpoints into flat rows and back."""

    fields = ("id", "run_id", "number", "step", "at", "input", "output", "state")

    def __init__(self, serializer: BaseSerializer) -> None:
        self._serializer = serializer

    def row(self, one: Checkpoint) -> tuple[Any, ...]:
        """Return a checkpoint as values that JSON and SQLite know."""
        write = self._serializer.serialize
        return (
            one.id_,
            one.run_id,
            one.number,
            one.last_completed_step,
            one.at,
            write(one.input_event),
            write(one.output_event),
            json.dumps(one.ctx_state, separators=(",", ":")),
        )

    def checkpoint(self, row: tuple[Any, ...]) -> Checkpoint:
        """Return the checkpoint that a row stands for."""
        read = self._serializer.deserialize
        name, run_id, number, step, at, given, returned, state = row
        return Checkpoint(
            id_=name,
            run_id=run_id,
            number=number,
            last_completed_step=step,
            at=at,
            input_event=read(given),
            output_event=read(returned),
            ctx_state=json.loads(state),
        )


class FileStore:
    """Keeps checkpoints in a file, one JSON object a line.

    A line that a killed process did not finish is left out.
    """

    def __init__(self, path: Path, serializer: BaseSerializer) -> None:
        self._path = path
        self._rows = _Rows(serializer)
        self._lock = asyncio.Lock()

    async def save(self, checkpoint: Checkpoint) -> None:
        """Append a line and have it on the disk."""
        row = dict(zip(_Rows.fields, self._rows.row(checkpoint), strict=True))
        line = json.dumps(row, separators=(",", ":"))
        async with self._lock:
            await asyncio.to_thread(self._append, line)

    async def load(self, run_id: str | None = None) -> list[Checkpoint]:
        """Return those of one run, or all."""
        rows = await asyncio.to_thread(self._read)
        return [
            self._rows.checkpoint(tuple(row[field] for field in _Rows.fields))
            for row in rows
            if run_id in (None, row["run_id"])
        ]

    async def aclose(self) -> None:
        """Do nothing: the file is open only while it is written to."""

    def _append(self, line: str) -> None:
        with self._path.open("ab+") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            if size and file.read(1) != b"\n":
                file.write(b"\n")
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        rows = []
        for line in self._path.read_bytes().splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                continue
        return rows


class SQLiteStore:
    """Keeps checkpoints in an SQLite database, one transaction each.

    The database is in WAL mode, so that others may read while a run writes.
    """

    _SCHEMA = """
        CREATE TABLE IF NOT EXISTS checkpoints (
            id TEXT PRIMARY KEY,
            run_id TEXT NOT NULL,
            number INTEGER NOT NULL,
            step TEXT,
            at REAL NOT NULL,
            input TEXT NOT NULL,
            output TEXT NOT NULL,
            state TEXT NOT NULL
        );
        CREATE INDEX IF NOT EXISTS checkpoints_run ON checkpoints (run_id, number);
    """

    def __init__(self, path: Path, serializer: BaseSerializer) -> None:
        self._path = path
        self._rows = _Rows(serializer)
        self._connection: Any = None
        self._lock = asyncio.Lock()

    async def save(self, checkpoint: Checkpoint) -> None:
        """Write a row and commit it."""
        row = self._rows.row(checkpoint)
        async with self._lock:
            connection = await self._open()
            await connection.execute(
                "INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row
            )
            await connection.commit()

    async def load(self, run_id: str | None = None) -> list[Checkpoint]:
        """Return those of one run, or all."""
        query = "SELECT * FROM checkpoints WHERE run_id = ? OR ? ORDER BY rowid"
        async with self._lock:
            connection = await self._open()
            rows = await connection.execute_fetchall(query, (run_id, run_id is None))
        return [self._rows.checkpoint(tuple(row)) for row in rows]

    async def aclose(self) -> None:
        """Close the connection; the next use opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _open(self) -> Any:
        if self._connection is None:
            try:
                aiosqlite = import_module("aiosqlite")
            except ImportError as error:
                raise ImportError(
                    'checkpoints in SQLite need aiosqlite: pip install "notebook-'
                    'async[sqlite]", or give a path that ends in .jsonl'
                ) from error
            connection = await aiosqlite.connect(self._path)
            # In WAL mode a commit survives the end of the process; only the loss of
            # power may cost the last ones.
            await connection.execute("PRAGMA journal_mode=WAL")
            await connection.execute("PRAGMA synchronous=NORMAL")
            await connection.executescript(self._SCHEMA)
            self._connection = connection
        return self._connection
