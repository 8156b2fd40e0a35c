"""What a store asks its tables, and how it changes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from notebook_async.retrieval._sqlite_file import Transaction
    from notebook_async.retrieval._sqlite_rows import Batch

__all__ = [
    "CHUNKS_OF",
    "SEARCH",
    "SIMILAR",
    "clear",
    "delete",
    "delete_found",
    "fingerprints",
    "write",
]

Row: TypeAlias = tuple[Any, ...]

# Older versions of SQLite take 999 values at a time.
_IDS_AT_ONCE = 500

_CHUNK = "c.id, d.id, c.position, c.begins, c.ends, c.metadata, c.text"
_WITH_DOCUMENT = "JOIN documents AS d ON d.rowid = c.document"

SEARCH = f"""
SELECT -found.rank, {_CHUNK} FROM (
    SELECT rowid, rank FROM chunks_text WHERE chunks_text MATCH ?
    ORDER BY rank, rowid LIMIT ?
) AS found JOIN chunks AS c ON c.rowid = found.rowid {_WITH_DOCUMENT}
ORDER BY found.rank, found.rowid
"""  # noqa: S608 - constants
SIMILAR = f"""
SELECT c.rowid, {_CHUNK} FROM chunks AS c {_WITH_DOCUMENT}
WHERE c.rowid IN (SELECT value FROM json_each(?))
"""  # noqa: S608 - constants
CHUNKS_OF = f"""
SELECT {_CHUNK} FROM chunks AS c {_WITH_DOCUMENT}
WHERE d.id = ? ORDER BY c.position, c.rowid
"""  # noqa: S608 - constants

# The index keeps no texts: it is told which ones to forget.
_FORGET = """
INSERT INTO chunks_text (chunks_text, rowid, text)
SELECT 'delete', rowid, text FROM chunks
WHERE document IN (SELECT value FROM json_each(?))
"""
_DELETE_EMBEDDINGS = """
DELETE FROM embeddings WHERE chunk IN (
    SELECT rowid FROM chunks WHERE document IN (SELECT value FROM json_each(?))
)
"""
_DELETE = (
    _FORGET,
    _DELETE_EMBEDDINGS,
    "DELETE FROM chunks WHERE document IN (SELECT value FROM json_each(?))",
    "DELETE FROM documents WHERE rowid IN (SELECT value FROM json_each(?))",
)
_CLEAR = (
    "INSERT INTO chunks_text (chunks_text) VALUES ('delete-all')",
    "DELETE FROM embeddings",
    "DELETE FROM chunks",
    "DELETE FROM documents",
)


class _Asked(Protocol):
    async def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]: ...


async def fingerprints(asked: _Asked, ids: Sequence[str]) -> list[Row]:
    """Return ids and fingerprints of the documents that are there."""
    sql = "SELECT id, fingerprint FROM documents WHERE id IN"
    found = [await asked.fetch(f"{sql} ({marks})", part) for part, marks in _parts(ids)]
    return [row for rows in found for row in rows]


async def write(transaction: Transaction, rows: Batch) -> None:
    """Write the rows of documents in place of what has their ids."""
    await delete(transaction, rows.ids)
    used: dict[str, int] = dict(
        await transaction.fetch("SELECT name, seq FROM sqlite_sequence")
    )
    document, chunk = used.get("documents", 0), used.get("chunks", 0)
    await transaction.do_all(
        "INSERT INTO documents (rowid, id, fingerprint) VALUES (?, ?, ?)",
        rows.documents(document),
    )
    await transaction.do_all(
        "INSERT INTO chunks (rowid, document, position, id, begins, ends, metadata,"
        " text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows.chunks(document, chunk),
    )
    await transaction.do_all(
        "INSERT INTO embeddings (chunk, vector) VALUES (?, ?)", rows.embeddings(chunk)
    )
    await transaction.do(
        "INSERT INTO chunks_text (rowid, text)"
        " SELECT rowid, text FROM chunks WHERE rowid > ?",
        [chunk],
    )


async def delete(transaction: Transaction, ids: Sequence[str]) -> int:
    """Delete documents; return how many there were."""
    found: list[int] = []
    for part, marks in _parts(ids):
        sql = f"SELECT rowid FROM documents WHERE id IN ({marks})"  # noqa: S608 - constants
        found += (number for (number,) in await transaction.fetch(sql, part))
    return await _delete_rows(transaction, found)


async def delete_found(transaction: Transaction, expression: str) -> int:
    """Delete the documents of the chunks that match; return how many there were."""
    rows = await transaction.fetch(
        "SELECT DISTINCT document FROM chunks WHERE rowid IN"
        " (SELECT rowid FROM chunks_text WHERE chunks_text MATCH ?)",
        [expression],
    )
    return await _delete_rows(transaction, [number for (number,) in rows])


async def clear(transaction: Transaction) -> None:
    """Delete all documents."""
    for sql in _CLEAR:
        await transaction.do(sql)


async def _delete_rows(transaction: Transaction, documents: Sequence[int]) -> int:
    if documents:
        for sql in _DELETE:
            await transaction.do(sql, [json.dumps(documents)])
    return len(documents)


def _parts(ids: Sequence[str]) -> Iterator[tuple[Sequence[str], str]]:
    """Yield ids with as many question marks, not too many at a time."""
    for at in range(0, len(ids), _IDS_AT_ONCE):
        part = ids[at : at + _IDS_AT_ONCE]
        yield part, ",".join("?" * len(part))
