"""Documents to answers: split, embed, store, search and compose, all async.

The parts need the `retrieval` extra, and work offline: the default store is SQLite, the
default embedder hashes words, and the default answers are sentences of the documents.
"""

from __future__ import annotations

from notebook_async.retrieval._embedders import HashingEmbedder
from notebook_async.retrieval._extractors import (
    Extractor,
    KeywordExtractor,
    SummaryExtractor,
    TitleExtractor,
)
from notebook_async.retrieval._fusion import reciprocal_rank_fusion
from notebook_async.retrieval._protocols import Embedder, Retriever, TextStore
from notebook_async.retrieval._records import Chunk, Document, Hit, PreparedDocument
from notebook_async.retrieval._splitter import SentenceSplitter
from notebook_async.retrieval._sqlite import SqliteTextStore

__all__ = [
    "Chunk",
    "Document",
    "Embedder",
    "Extractor",
    "HashingEmbedder",
    "Hit",
    "KeywordExtractor",
    "PreparedDocument",
    "Retriever",
    "SentenceSplitter",
    "SqliteTextStore",
    "SummaryExtractor",
    "TextStore",
    "TitleExtractor",
    "reciprocal_rank_fusion",
]
