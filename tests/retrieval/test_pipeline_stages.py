"""What the stages of a pipeline hand on, and which of them fit together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.retrieval import (
    Chunk,
    Document,
    HashingEmbedder,
    IngestionPipeline,
    SentenceSplitter,
    SqliteTextStore,
    TitleExtractor,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.realtime


@pytest.fixture
async def store() -> AsyncIterator[SqliteTextStore]:
    """Give an empty store in memory."""
    async with SqliteTextStore(":memory:") as store:
        yield store


async def test_chunks_keep_what_their_splitter_says(store: SqliteTextStore) -> None:
    """A page is of the chunk; what extractors found goes to each, as before."""

    class Pages:
        async def asplit(self, document: Document) -> list[Chunk]:
            known = [{**document.metadata, "page": n} for n in range(2)]
            return [
                Chunk(f"tea#{n}", "tea", n, "Tea", 0, 3, one)
                for n, one in enumerate(known)
            ]

    pipeline = IngestionPipeline([Pages(), TitleExtractor()], store)
    result = await pipeline.arun([Document("tea", "# Tea", {"by": "me"})])
    result.raise_failed()
    assert [dict(chunk.metadata) for chunk in await store.chunks_of("tea")] == [
        {"by": "me", "title": "Tea", "page": n} for n in range(2)
    ]


async def test_metadata_that_is_no_json_is_told(store: SqliteTextStore) -> None:
    """The failure says which document and what is asked for."""
    wrong: list[dict[Any, Any]] = [{"at": Path("tea")}, {1: 2, "c": 3}]
    documents = [Document(f"d{n}", "Tea.", known) for n, known in enumerate(wrong)]
    failed = (await IngestionPipeline(store=store).arun(documents)).failed
    assert list(failed) == ["d0", "d1"]
    for name, error in failed.items():
        assert isinstance(error, ArgumentTypeError)
        assert str(error).startswith(f"the metadata of {name!r} must be JSON values")


def test_splitter_after_an_embedder_is_refused() -> None:
    """It would make other chunks, of which none has a vector."""
    stages = [HashingEmbedder(), TitleExtractor(), SentenceSplitter()]
    with pytest.raises(
        InvalidArgumentError, match=r"^SentenceSplitter must stand before"
    ):
        IngestionPipeline(stages, SqliteTextStore(":memory:"))
