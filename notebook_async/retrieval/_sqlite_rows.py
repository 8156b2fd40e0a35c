"""Documents as rows of tables, and rows as hits."""

from __future__ import annotations

import json
import re
import struct
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

from notebook_async.errors import ArgumentTypeError
from notebook_async.retrieval._records import Chunk, Document, Hit, PreparedDocument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from notebook_async.retrieval._splitter import SentenceSplitter

__all__ = ["Batch", "batches", "chunk_of", "hit_of", "packed", "prepared", "storable"]

Row: TypeAlias = tuple[Any, ...]

# A batch is one transaction: large enough to be fast, small enough that neither the
# lock nor the other threads wait for it for long.
_DOCUMENTS = 500
_CHARACTERS = 2_000_000

_HALF = re.compile("[\ud800-\udfff]")


class Batch:
    """The rows of some documents, of which no two have the same id.

    Parameters
    ----------
    documents
        What is to be stored.
    splitter
        Splits those that are not prepared.
    """

    def __init__(
        self,
        documents: Sequence[Document | PreparedDocument],
        splitter: SentenceSplitter,
    ) -> None:
        whole = [prepared(document, splitter) for document in documents]
        # Of two with the same id the later one is it, as if added one by one.
        self._prepared = {storable(known.document.id): known for known in whole}
        self._chunks = [
            (number, chunk, metadata)
            for number, known in enumerate(self._prepared.values(), 1)
            for chunk, metadata in _with_metadata(known)
        ]

    @property
    def ids(self) -> list[str]:
        """Of all documents."""
        return list(self._prepared)

    def documents(self, last: int) -> Iterator[Row]:
        """Yield the rows of documents, numbered after `last`."""
        rows = self._prepared.items()
        for number, (key, known) in enumerate(rows, last + 1):
            yield number, key, storable(known.fingerprint)

    def chunks(self, last_document: int, last: int) -> Iterator[Row]:
        """Yield the rows of chunks, numbered after `last`."""
        for number, (document, chunk, metadata) in enumerate(self._chunks, last + 1):
            yield (
                number,
                last_document + document,
                chunk.index,
                storable(chunk.id),
                chunk.start,
                chunk.end,
                metadata,
                storable(chunk.text),
            )

    def embeddings(self, last: int) -> Iterator[Row]:
        """Yield the rows of embeddings of those chunks that have one."""
        for number, (_, chunk, _) in zip(count(last + 1), self._chunks, strict=False):
            if chunk.embedding is not None:
                yield number, packed(chunk.embedding)


def batches(
    documents: Iterable[Document | PreparedDocument],
) -> Iterator[list[Document | PreparedDocument]]:
    """Yield documents in lists that are stored at once."""
    batch: list[Document | PreparedDocument] = []
    characters = 0
    for known in documents:
        batch.append(known)
        characters += len(_document(known).text)
        if len(batch) >= _DOCUMENTS or characters >= _CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def storable(text: str) -> str:
    """Return text that can be written as UTF-8: halves of pairs are replaced.

    Positions stay what they are.

    Examples
    --------
    >>> storable("tea" + chr(0xD800)) == "tea" + chr(0xFFFD)
    True
    """
    if text.isascii() or not _HALF.search(text):
        return text
    return _HALF.sub("\ufffd", text)


def packed(vector: Sequence[float]) -> bytes:
    """Return a vector as the bytes of its float32 numbers.

    Examples
    --------
    >>> packed([1.0]).hex()
    '0000803f'
    """
    return struct.pack(f"<{len(vector)}f", *vector)


def chunk_of(row: Row) -> Chunk:
    """Return a chunk: its columns are id, document, position, place, metadata, text."""
    key, document, index, start, end, metadata, text = row
    return Chunk(
        id=key,
        document_id=document,
        index=index,
        text=text,
        start=start,
        end=end,
        metadata=json.loads(metadata),
    )


def hit_of(row: Row, source: str) -> Hit:
    """Return a hit: its columns are the score and those of its chunk."""
    score, *columns = row
    return Hit(chunk=chunk_of(tuple(columns)), score=score, source=source)


def _document(known: Document | PreparedDocument) -> Document:
    if isinstance(known, Document):
        return known
    if isinstance(known, PreparedDocument):
        return known.document
    raise ArgumentTypeError(
        "a store takes Document and PreparedDocument objects, got"
        f" {known!r} ({type(known).__name__})"
    )


def prepared(
    known: Document | PreparedDocument, splitter: SentenceSplitter
) -> PreparedDocument:
    """Return a document with its chunks, split if it has none.

    Examples
    --------
    >>> from notebook_async.retrieval import Document, SentenceSplitter
    >>> len(prepared(Document("a.txt", "Tea is ready."), SentenceSplitter()).chunks)
    1
    """
    if isinstance(known, PreparedDocument):
        return known
    return PreparedDocument(known, splitter.split(known), known.content_hash)


def _with_metadata(known: PreparedDocument) -> Iterator[tuple[Chunk, str]]:
    """Yield chunks with their metadata as JSON, which most have in common."""
    last: Mapping[str, Any] | None = None
    written = ""
    for chunk in known.chunks:
        if chunk.metadata is not last:
            last, written = chunk.metadata, _json(chunk)
        yield chunk, written


def _json(chunk: Chunk) -> str:
    try:
        return json.dumps(dict(chunk.metadata))
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(
            f"the metadata of {chunk.id!r} must be JSON values by name: {error}"
        ) from error
