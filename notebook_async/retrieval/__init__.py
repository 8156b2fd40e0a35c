"""Documents to answers: split, embed, store, search and compose, all async.

The parts need the `retrieval` extra, and work offline: the default store is SQLite, the
default embedder hashes words, and the default answers are sentences of the documents.
"""

from __future__ import annotations

from notebook_async.retrieval._answers import Answer
from notebook_async.retrieval._compose import ComposableGraph
from notebook_async.retrieval._embedders import HashingEmbedder
from notebook_async.retrieval._extractors import (
    Extractor,
    KeywordExtractor,
    SummaryExtractor,
    TitleExtractor,
)
from notebook_async.retrieval._fetch import fetch_all
from notebook_async.retrieval._fetch_result import FetchResult
from notebook_async.retrieval._fusion import reciprocal_rank_fusion
from notebook_async.retrieval._pipeline import IngestionPipeline, IngestionResult
from notebook_async.retrieval._protocols import Embedder, Retriever, TextStore
from notebook_async.retrieval._qa_summary import (
    QASummaryQueryEngine,
    QASummaryQueryEngineBuilder,
)
from notebook_async.retrieval._query_engine import QueryEngine
from notebook_async.retrieval._records import Chunk, Document, Hit, PreparedDocument
from notebook_async.retrieval._retrievers import (
    Gathered,
    GatheredRetriever,
    StoreRetriever,
    gather_retrievers,
)
from notebook_async.retrieval._solr import SolrTextStore
from notebook_async.retrieval._splitter import SentenceSplitter
from notebook_async.retrieval._sqlite import SqliteTextStore
from notebook_async.workflow.service import ServiceManager

__all__ = [
    "Answer",
    "Chunk",
    "ComposableGraph",
    "Document",
    "Embedder",
    "Extractor",
    "FetchResult",
    "Gathered",
    "GatheredRetriever",
    "HashingEmbedder",
    "Hit",
    "IngestionPipeline",
    "IngestionResult",
    "KeywordExtractor",
    "PreparedDocument",
    "QASummaryQueryEngine",
    "QASummaryQueryEngineBuilder",
    "QueryEngine",
    "Retriever",
    "SentenceSplitter",
    "ServiceManager",
    "SolrTextStore",
    "SqliteTextStore",
    "StoreRetriever",
    "SummaryExtractor",
    "TextStore",
    "TitleExtractor",
    "fetch_all",
    "gather_retrievers",
    "reciprocal_rank_fusion",
]
