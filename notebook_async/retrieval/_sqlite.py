"""A store in one file of SQLite: full text, vectors, and what was done already."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Self

from notebook_async.core._options import integer, seconds
from notebook_async.errors import InvalidArgumentError
from notebook_async.retrieval._query import match_all, match_any
from notebook_async.retrieval._shared import SharedLock
from notebook_async.retrieval._similar import Vectors
from notebook_async.retrieval._splitter import SentenceSplitter
from notebook_async.retrieval._sqlite_file import StoreFile
from notebook_async.retrieval._sqlite_rows import (
    Batch,
    batches,
    chunk_of,
    hit_of,
    storable,
)
from notebook_async.retrieval._sqlite_tables import (
    CHUNKS_OF,
    SEARCH,
    SIMILAR,
    clear,
    delete,
    delete_found,
    fingerprints,
    write,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from notebook_async.retrieval._records import (
        Chunk,
        Document,
        Hit,
        PreparedDocument,
    )

__all__ = ["SqliteTextStore"]


class SqliteTextStore:
    """Keeps documents in a file and finds their chunks by words or by vectors.

    The file is opened when it is first needed. Any number of tasks may use the store at
    once, of any loop and thread, and any number of processes the file.

    Parameters
    ----------
    path
        The file; `:memory:` for none. It is made if there is none, its folder is not.
    name
        What hits call their source; the path by default.
    splitter
        Splits documents that were added without chunks.
    patience
        Seconds >= 0 for which to wait for another process that writes, before
        `sqlite3.OperationalError` says that the file is locked.

    Notes
    -----
    Hits are ranked by BM25 with the constants of FTS5, k1 = 1.2 and b = 0.75: S.
    Robertson and H. Zaragoza, "The Probabilistic Relevance Framework", 2009. English
    words are stemmed. A text without spaces between its words, such as Chinese, is
    found by whole runs of characters only.

    Documents are written in transactions of up to 500. A process that is killed, or a
    disk that is full, leaves each document whole or not there at all.

    Examples
    --------
    >>> import asyncio
    >>> from notebook_async.retrieval import Document, SqliteTextStore
    >>> async def ask():
    ...     async with SqliteTextStore(":memory:") as store:
    ...         await store.add([Document("a.txt", "Tea is ready."),
    ...                          Document("b.txt", "Coffee takes longer.")])
    ...         for hit in await store.search("Is there tea?"):
    ...             print(hit.chunk.document_id, hit.chunk.text)
    >>> asyncio.run(ask())
    a.txt Tea is ready.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        splitter: SentenceSplitter | None = None,
        patience: float = 10.0,
    ) -> None:
        self._file = StoreFile(path, patience=seconds("patience", patience))
        self.name = self._file.path if name is None else name
        self._splitter = SentenceSplitter() if splitter is None else splitter
        self._loading = SharedLock()
        self._vectors: tuple[tuple[int, int, int], Vectors] | None = None

    async def add(self, documents: Iterable[Document | PreparedDocument]) -> int:
        """Store documents, each whole or not at all; return how many.

        One of an id that is there already replaces it with all its chunks.

        Parameters
        ----------
        documents
            Those that are not prepared are split, and have their content hash as their
            fingerprint.

        Raises
        ------
        StoreClosedError
            If the store is closed, or is being closed. What was stored so far stays.
        ArgumentTypeError
            If something is no document, or has metadata that is no JSON.
        sqlite3.OperationalError
            If the file cannot be written.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async.retrieval import Document, SqliteTextStore
        >>> async def twice():
        ...     async with SqliteTextStore(":memory:") as store:
        ...         await store.add([Document("a.txt", "Tea is ready.")])
        ...         await store.add([Document("a.txt", "Tea is cold.")])
        ...         return await store.ids()
        >>> asyncio.run(twice())
        ['a.txt']
        """
        added = 0
        await self._file.open()
        for batch in batches(documents):
            rows = await asyncio.to_thread(Batch, batch, self._splitter)
            async with self._file.transaction() as transaction:
                await write(transaction, rows)
            added += len(batch)
        return added

    async def search(self, query: str, limit: int = 10) -> list[Hit]:
        """Return the best chunks that have any word of a query, best first.

        Parameters
        ----------
        query
            Any text. There is no syntax: quotes, stars, `AND` and so on are what they
            are. Its first 200 different words count.
        limit
            How many hits at most, >= 1. They come without their embeddings.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async.retrieval import Document, SqliteTextStore
        >>> async def ask(query):
        ...     async with SqliteTextStore(":memory:") as store:
        ...         await store.add([Document("a.txt", "Tea is ready.")])
        ...         return [hit.source for hit in await store.search(query)]
        >>> asyncio.run(ask('NEAR("tea* OR'))
        [':memory:']
        """
        limit = integer("limit", limit, least=1)
        expression = match_any(query)
        if not expression:
            await self._file.open()
            return []
        rows = await self._file.fetch(SEARCH, (expression, limit))
        return [hit_of(row, self.name) for row in rows]

    async def search_similar(
        self, embedding: Sequence[float], limit: int = 10
    ) -> list[Hit]:
        """Return the chunks whose embeddings are nearest to one, nearest first.

        Every vector of its length is looked at, in a thread, and their scores are
        cosines, from -1 to 1. They are read from the file once and kept until
        something is written.

        Parameters
        ----------
        embedding
            Made by the embedder that made those of the chunks.
        limit
            How many hits at most, >= 1.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async.retrieval import Chunk, Document, PreparedDocument
        >>> from notebook_async.retrieval import SqliteTextStore
        >>> async def nearest():
        ...     tea = Chunk("a#0", "a", 0, "Tea", 0, 3, embedding=(1.0, 0.0))
        ...     ink = Chunk("a#1", "a", 1, "Ink", 4, 7, embedding=(0.0, 1.0))
        ...     known = PreparedDocument(Document("a", "Tea Ink"), (tea, ink), "1")
        ...     async with SqliteTextStore(":memory:") as store:
        ...         await store.add([known])
        ...         return await store.search_similar([0.6, 0.8])
        >>> [(hit.chunk.text, round(hit.score, 3)) for hit in asyncio.run(nearest())]
        [('Ink', 0.8), ('Tea', 0.6)]
        """
        limit = integer("limit", limit, least=1)
        if not len(embedding):
            raise InvalidArgumentError("embedding must have at least one number")
        vectors = await self._loaded(len(embedding))
        if not vectors:
            await self._check_length(len(embedding))
            return []
        best = await asyncio.to_thread(vectors.nearest, embedding, limit)
        numbers = json.dumps([number for number, _ in best])
        rows = {row[0]: row[1:] for row in await self._file.fetch(SIMILAR, [numbers])}
        return [
            hit_of((cosine, *rows[number]), self.name)
            for number, cosine in best
            if number in rows
        ]

    async def fingerprints(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the fingerprints of those documents that are there.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async.retrieval import Document, SqliteTextStore
        >>> async def known():
        ...     async with SqliteTextStore(":memory:") as store:
        ...         await store.add([Document("a.txt", "Tea is ready.")])
        ...         return await store.fingerprints(["a.txt", "b.txt"])
        >>> list(asyncio.run(known()))
        ['a.txt']
        """
        await self._file.open()
        asked = {storable(key): key for key in ids}
        found = await fingerprints(self._file, list(asked))
        return {asked[key]: fingerprint for key, fingerprint in found}

    async def ids(self) -> list[str]:
        """Return the ids of all documents, in the order in which they were stored.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async.retrieval import SqliteTextStore
        >>> async def stored():
        ...     async with SqliteTextStore(":memory:") as store:
        ...         return await store.ids()
        >>> asyncio.run(stored())
        []
        """
        rows = await self._file.fetch("SELECT id FROM documents ORDER BY rowid")
        return [key for (key,) in rows]

    async def chunks_of(self, document_id: str) -> list[Chunk]:
        """Return all chunks of a document, in order; none if it is not there.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async.retrieval import Document, SqliteTextStore
        >>> async def first():
        ...     async with SqliteTextStore(":memory:") as store:
        ...         await store.add([Document("a.txt", "Tea is ready.")])
        ...         return (await store.chunks_of("a.txt"))[0].text
        >>> asyncio.run(first())
        'Tea is ready.'
        """
        rows = await self._file.fetch(CHUNKS_OF, [storable(document_id)])
        return [chunk_of(row) for row in rows]

    async def delete_by_id(self, ids: Sequence[str]) -> int:
        """Delete these documents; return how many there were.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async.retrieval import Document, SqliteTextStore
        >>> async def delete():
        ...     async with SqliteTextStore(":memory:") as store:
        ...         await store.add([Document("a.txt", "Tea is ready.")])
        ...         return await store.delete_by_id(["a.txt", "b.txt"])
        >>> asyncio.run(delete())
        1
        """
        async with self._file.transaction() as transaction:
            return await delete(transaction, [storable(key) for key in ids])

    async def delete_by_query(self, query: str) -> int:
        """Delete the documents of which a chunk has every word of a query.

        That is less than what a search finds, which takes any of its words.

        Returns
        -------
        int
            How many there were; 0 for a query without words.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async.retrieval import Document, SqliteTextStore
        >>> async def delete(query):
        ...     async with SqliteTextStore(":memory:") as store:
        ...         await store.add([Document("a.txt", "Tea is ready.")])
        ...         return await store.delete_by_query(query)
        >>> asyncio.run(delete("ready tea")), asyncio.run(delete("cold tea"))
        (1, 0)
        """
        expression = match_all(query)
        async with self._file.transaction() as transaction:
            return await delete_found(transaction, expression) if expression else 0

    async def clear_collection(self) -> None:
        """Delete every document.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async.retrieval import SqliteTextStore
        >>> async def clear():
        ...     async with SqliteTextStore(":memory:") as store:
        ...         await store.clear_collection()
        >>> asyncio.run(clear())
        """
        async with self._file.transaction() as transaction:
            await clear(transaction)

    async def aclose(self) -> None:
        """Close the file, once what is being read and written is done.

        A second call does nothing. A store that is collected without it loses nothing,
        but leaves its two threads.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async.retrieval import SqliteTextStore
        >>> async def late():
        ...     store = SqliteTextStore(":memory:")
        ...     await store.aclose()
        ...     await store.search("tea")
        >>> asyncio.run(late())
        Traceback (most recent call last):
        StoreClosedError: the store ':memory:' is closed; make another one ...
        """
        await self._file.aclose()
        self._vectors = None

    async def __aenter__(self) -> Self:
        await self._file.open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"SqliteTextStore({self._file.path!r})"

    async def _check_length(self, dimensions: int) -> None:
        """Tell vectors of another embedder from none."""
        sizes = await self._file.fetch("SELECT length(vector) FROM embeddings LIMIT 1")
        if sizes:
            raise InvalidArgumentError(
                f"the query has {dimensions} numbers, and the embeddings of {self.name}"
                f" have {sizes[0][0] // 4}: embed queries by what embedded the chunks"
            )

    async def _loaded(self, dimensions: int) -> Vectors:
        """Return the vectors of this length, read anew if the file has changed."""
        async with self._loading:
            # The file's own count is for other connections, ours for the one of memory.
            ((version,),) = await self._file.fetch("PRAGMA data_version")
            state = (version, self._file.writes, dimensions)
            if self._vectors is None or self._vectors[0] != state:
                rows: list[Any] = await self._file.fetch(
                    "SELECT chunk, vector FROM embeddings WHERE length(vector) = ?",
                    [4 * dimensions],
                )
                self._vectors = state, await asyncio.to_thread(Vectors, rows)
            return self._vectors[1]
