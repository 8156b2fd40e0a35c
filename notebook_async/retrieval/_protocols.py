"""What stands in a place of the pipeline: ours, or an adapter of yours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from notebook_async.retrieval._records import Document, Hit, PreparedDocument

__all__ = ["Embedder", "Retriever", "TextStore"]


class _Closing(Protocol):
    """What holds a connection, and gives it back."""

    async def aclose(self) -> None:
        """Give back what it holds; a second call does nothing."""

    async def __aenter__(self) -> Self:
        """Return itself."""

    async def __aexit__(self, *exc: object) -> None:
        """Close it."""


@runtime_checkable
class Embedder(_Closing, Protocol):
    """Turns texts into vectors of one length.

    Attributes
    ----------
    batch_size
        How many texts a call takes at most, >= 1.
    workers
        How many calls may be in flight, >= 1.
    fingerprint
        Changes when the vectors would; texts are embedded anew then.
    """

    batch_size: int
    workers: int
    fingerprint: str

    async def aembed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text, in order."""

    async def aembed_one(self, text: str) -> list[float]:
        """Return the vector of one text, as that of a query where there are such."""


@runtime_checkable
class TextStore(_Closing, Protocol):
    """Keeps documents and finds their chunks again.

    Attributes
    ----------
    name
        What hits call their source.
    """

    name: str

    async def search(self, query: str, limit: int = 10) -> list[Hit]:
        """Return the best chunks for any text, best first."""

    async def add(self, documents: Iterable[Document | PreparedDocument]) -> int:
        """Store documents, each whole or not at all; return how many.

        One of an id that is there already replaces it with all its chunks.
        """

    async def fingerprints(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Return the fingerprints of those documents that are stored whole."""

    async def delete_by_query(self, query: str) -> int:
        """Delete the documents of which a chunk has every word; return how many."""

    async def delete_by_id(self, ids: Sequence[str]) -> int:
        """Delete these documents; return how many there were."""

    async def clear_collection(self) -> None:
        """Delete every document."""


@runtime_checkable
class Retriever(Protocol):
    """Finds chunks for a query."""

    async def aretrieve(self, query: str) -> list[Hit]:
        """Return the best chunks, best first."""
