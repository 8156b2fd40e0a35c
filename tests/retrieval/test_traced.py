"""What retrieval does is told to whoever traces it."""

from __future__ import annotations

import pytest

from notebook_async.retrieval import (
    ComposableGraph,
    Document,
    HashingEmbedder,
    IngestionPipeline,
    QASummaryQueryEngineBuilder,
    QueryEngine,
    SentenceSplitter,
    SqliteTextStore,
    StoreRetriever,
)
from notebook_async.tracing import Trace, trace

pytestmark = pytest.mark.realtime

DOCUMENTS = [Document("tea", "Tea is hot. It is green."), Document("sea", "Cold.")]


def kinds(traced: Trace) -> list[tuple[str, str, str]]:
    """Return name, kind and phase of everything but the trace and items."""
    found = [(one.name, one.kind, one.phase) for one in traced]
    return [one for one in found[1:] if not one[0].endswith(" item")]


async def test_question_is_traced() -> None:
    """A query is a span with its search, the embedding and the answer inside."""
    async with SqliteTextStore(":memory:", name="kitchen") as store:
        stages = [SentenceSplitter(), HashingEmbedder()]
        with trace("ingest") as ingest:
            await IngestionPipeline(stages, store=store).arun(DOCUMENTS)
        engine = QueryEngine(StoreRetriever(store, embedder=HashingEmbedder()))
        with trace("ask") as asked:
            await engine.aquery("Is tea hot?")
    assert {one[1:] for one in kinds(ingest)} == {("async_job", "done")}
    assert kinds(asked) == [
        ("query", "query", "done"),
        ("retrieve", "retrieve", "done"),
        ("embed the query", "embedding", "done"),
        ("quote", "synthesize", "done"),
    ]
    (query,) = asked.find("query")
    assert query.attributes == {"query_str": "Is tea hot?", "engine": "kitchen"}


async def test_composed_question_is_traced() -> None:
    """The steps of a composed query are there, with what each child was asked."""
    async with SqliteTextStore(":memory:", name="kitchen") as store:
        await store.add(DOCUMENTS)
        graph = ComposableGraph.compose("all", [QueryEngine(store)], ["tea, water"])
        with trace("ask") as asked:
            await graph.aquery("Is tea hot?")
    steps = [node.name for node in asked if node.kind == "step"]
    assert steps == ["route", "kitchen", "merge", "answer"]
    (child,) = asked.find("kitchen")
    assert [node.name for node in child.children] == ["retrieve"]


async def test_summary_is_traced() -> None:
    """A summary is a span with the runs over all documents inside."""
    async with await QASummaryQueryEngineBuilder().build(DOCUMENTS) as engine:
        with trace("ask") as asked:
            await engine.aquery("Summarise it.")
    (summary,) = asked.find("summarise")
    assert summary.kind == "tree"
    assert summary.children[0].name == "split"
