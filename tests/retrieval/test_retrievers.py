"""One retriever of many, and hybrid search in one store."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from notebook_async.errors import (
    ArgumentTypeError,
    InvalidArgumentError,
    StoreClosedError,
)
from notebook_async.retrieval import (
    Chunk,
    Document,
    HashingEmbedder,
    Hit,
    IngestionPipeline,
    Retriever,
    SentenceSplitter,
    SqliteTextStore,
    StoreRetriever,
    gather_retrievers,
    reciprocal_rank_fusion,
)
from tests.retrieval.sources import Shelf


def ranking(names: str, source: str = "s") -> list[Hit]:
    """Return hits named by single letters, the first the best."""
    return [
        Hit(Chunk(name, name, 0, name, 0, 1), 100.0 - rank, source)
        for rank, name in enumerate(names)
    ]


def test_fusion_adds_reciprocal_ranks() -> None:
    """The score is the sum of 1/(60 + rank); the source is where it stood highest."""
    fused = reciprocal_rank_fusion([ranking("abc", "one"), ranking("bd", "two")])
    assert [(hit.chunk.id, hit.source) for hit in fused] == [
        ("b", "two"),
        ("a", "one"),
        ("d", "two"),
        ("c", "one"),
    ]
    assert fused[0].score == 1 / 62 + 1 / 61
    assert reciprocal_rank_fusion([ranking("aab")])[0].score == 1 / 61
    assert len(reciprocal_rank_fusion([ranking("abcdef")], limit=2)) == 2
    assert reciprocal_rank_fusion([]) == []


async def test_all_are_asked_at_the_same_time() -> None:
    """Together they take as long as the slowest."""
    shelves = [Shelf(f"s{n}", f"text {n}", delay=n) for n in range(1, 6)]
    gathered = await gather_retrievers(shelves).agather("tea")
    assert asyncio.get_running_loop().time() == 5.0
    assert [hit.source for hit in gathered.hits] == ["s1", "s2", "s3", "s4", "s5"]
    assert (gathered.failed, gathered.asked) == ({}, ("s1", "s2", "s3", "s4", "s5"))


async def test_late_and_broken_ones_are_told() -> None:
    """What answered in time is returned, with why the others did not."""

    class Broken:
        async def aretrieve(self, query: str) -> list[Hit]:
            raise ConnectionError(query)

    class OwnTimeout:
        async def aretrieve(self, query: str) -> list[Hit]:
            raise TimeoutError(f"gateway: {query}")

    retrievers: dict[str, Retriever] = {
        "late": Shelf("late", "l", delay=9),
        "broken": Broken(),
        "gateway": OwnTimeout(),
        "good": Shelf("good", "g", delay=1),
    }
    gathered = await gather_retrievers(retrievers, timeout=2).agather("q")
    assert asyncio.get_running_loop().time() == 2.0
    assert [hit.source for hit in gathered.hits] == ["good"]
    assert {name: repr(error) for name, error in gathered.failed.items()} == {
        "late": "TimeoutError('late did not answer within 2 s')",
        "broken": "ConnectionError('q')",
        "gateway": "TimeoutError('gateway: q')",
    }
    del retrievers["good"]
    with pytest.raises(ExceptionGroup, match=r"^none of those asked answered: late, b"):
        await gather_retrievers(retrievers, timeout=2).aretrieve("q")


async def test_one_that_fails_before_it_can_be_awaited_is_told() -> None:
    """An ordinary function that raises is as one that fails later."""

    class Broken:
        name = "broken"

        def aretrieve(self, query: str) -> Any:  # noqa: ANN401 - it never returns
            raise ValueError(query)

    found = await gather_retrievers([Shelf("a", "Tea."), Broken()]).agather("q")
    assert [hit.source for hit in found.hits] == ["a"]
    assert repr(found.failed) == "{'broken': ValueError('q')}"


async def test_cancelling_cancels_all() -> None:
    """A caller that is cancelled leaves none behind."""
    task = asyncio.create_task(
        gather_retrievers([Shelf("a", delay=99), Shelf("b", delay=99)]).aretrieve("q")
    )
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_wrong_arguments() -> None:
    """What is no retriever is refused, and so are options out of their range."""
    with pytest.raises(ArgumentTypeError, match=r"^a retriever has .* got 3 \(int\)$"):
        gather_retrievers([3])  # type: ignore[list-item]
    with pytest.raises(InvalidArgumentError, match=r"needs at least one retriever"):
        gather_retrievers([])
    with pytest.raises(InvalidArgumentError, match=r"^timeout must be > 0 seconds"):
        gather_retrievers([Shelf("a")], timeout=0)
    with pytest.raises(ArgumentTypeError, match=r"cannot search_similar"):
        StoreRetriever(Shelf("a"), embedder=HashingEmbedder())  # type: ignore[arg-type]


def test_those_of_one_name_are_told_apart() -> None:
    """A second one of a name has its place behind it."""
    gathered = gather_retrievers([Shelf("a"), Shelf("b"), Shelf("a")])
    assert list(gathered.retrievers) == ["a", "b", "a 2"]


@pytest.mark.realtime
async def test_hybrid_search_finds_what_words_alone_do_not() -> None:
    """With an embedder relatives of a word are found as well, and words rank first."""
    texts = ["asyncio", "They run async jobs.", "Tea is hot.", "Milk is white."]
    documents = [Document(f"d{n}", text) for n, text in enumerate(texts)]
    async with SqliteTextStore(":memory:", name="notes") as store:
        stages = [SentenceSplitter(), HashingEmbedder()]
        await IngestionPipeline(stages, store).arun(documents)
        words = await StoreRetriever(store).aretrieve("async")
        both = StoreRetriever(store, embedder=HashingEmbedder(), limit=2, name="hybrid")
        hits = await both.aretrieve("async")
    assert [hit.chunk.document_id for hit in words] == ["d1"]
    assert [(hit.chunk.document_id, hit.source) for hit in hits] == [
        ("d1", "hybrid"),
        ("d0", "hybrid"),
    ]


@pytest.mark.realtime
async def test_hybrid_search_of_a_closed_store() -> None:
    """Both searches fail, and the store's own error comes out."""
    store = SqliteTextStore(":memory:")
    await store.aclose()
    retriever = StoreRetriever(store, embedder=HashingEmbedder())
    with pytest.raises(StoreClosedError):
        await retriever.aretrieve("tea")


@pytest.mark.realtime
async def test_embedder_of_another_length_is_told() -> None:
    """A query whose vector has another length than the chunks' is an error."""
    async with SqliteTextStore(":memory:", name="kitchen") as store:
        stages = [SentenceSplitter(), HashingEmbedder(dimensions=8)]
        await IngestionPipeline(stages, store=store).arun([Document("a", "Tea.")])
        message = "the query has 16 numbers, and the embeddings of kitchen have 8"
        with pytest.raises(InvalidArgumentError, match=message):
            await store.search_similar([1.0] * 16)


def test_store_without_a_name() -> None:
    """A file without a name is refused at once."""
    with pytest.raises(InvalidArgumentError, match="path must name a file"):
        SqliteTextStore("")
