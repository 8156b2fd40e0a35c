"""What goes into a store and what comes out of it: frozen, plain records."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from notebook_async.errors import ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Chunk", "Document", "Hit", "PreparedDocument"]

_PIECE = 1 << 18


@dataclass(frozen=True, slots=True)
class Document:
    """A text with a name and what is known about it.

    Attributes
    ----------
    id
        Names the document in its store; adding another of the same id replaces it.
    text
        All of it.
    metadata
        JSON values by name, such as a title or a path.

    Examples
    --------
    >>> Document("a.txt", "Tea is ready.").content_hash[:8]
    'b95ccd0f'
    """

    id: str
    text: str
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def content_hash(self) -> str:
        """SHA-256 of text and metadata, in hexadecimal digits."""
        try:
            known = json.dumps(dict(self.metadata), sort_keys=True)
        except (TypeError, ValueError) as error:
            raise ArgumentTypeError(
                f"the metadata of {self.id!r} must be JSON values by name: {error}"
            ) from error
        digest = hashlib.sha256(f"{known}\n".encode())
        # By the piece: to encode a large text at once would hold the interpreter.
        for start in range(0, len(self.text), _PIECE):
            piece = self.text[start : start + _PIECE]
            digest.update(piece.encode(errors="surrogatepass"))
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a document, small enough to be found and quoted on its own.

    Attributes
    ----------
    id
        Id of the document and position among its chunks, such as `a.txt#3`.
    document_id, index
        The document, and which of its chunks this is, from 0.
    text
        The part itself: `document.text[start:end]`.
    start, end
        Where it stands in the document, in characters.
    metadata
        That of the document, what extractors added, and what its splitter says of it.
    embedding
        The chunk as a vector, or None where nothing has embedded it.
    """

    id: str
    document_id: str
    index: int
    text: str
    start: int
    end: int
    metadata: Mapping[str, Any] = field(default_factory=dict)
    embedding: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document with its chunks, ready to be stored as one.

    Attributes
    ----------
    document, chunks
        The document, and its chunks in order.
    fingerprint
        Hash of the document and of all that was done to it: a store that knows it has
        nothing to do.
    """

    document: Document
    chunks: tuple[Chunk, ...]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that answers a query, and how well.

    Attributes
    ----------
    chunk
        What was found.
    score
        Higher is better; comparable only among the hits of one search.
    source
        Name of the store or retriever that found it.
    """

    chunk: Chunk
    score: float
    source: str
