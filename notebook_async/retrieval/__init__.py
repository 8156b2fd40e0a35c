"""Documents to answers: split, embed, store, search and compose, all async.

The parts need the `retrieval` extra, and work offline: the default store is SQLite, the
default embedder hashes words, and the default answers are sentences of the documents.
"""

from __future__ import annotations

from notebook_async.retrieval._protocols import Embedder, Retriever, TextStore
from notebook_async.retrieval._records import Chunk, Document, Hit, PreparedDocument

__all__ = [
    "Chunk",
    "Document",
    "Embedder",
    "Hit",
    "PreparedDocument",
    "Retriever",
    "TextStore",
]
