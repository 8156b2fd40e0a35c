"""Documents through all stages into a store."""

from __future__ import annotations

import asyncio
import gc
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import jobs
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.retrieval import (
    Document,
    HashingEmbedder,
    IngestionPipeline,
    KeywordExtractor,
    SentenceSplitter,
    SqliteTextStore,
    SummaryExtractor,
    TitleExtractor,
)
from notebook_async.retrieval._ingest_fingerprint import fingerprint_of
from notebook_async.retrieval._ingest_turns import short_turns
from tests.retrieval.sources import lessons, library

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

pytestmark = pytest.mark.realtime

STAGES = ["split", "title", "summary", "keywords", "embed"]


def numbered(count: int) -> list[Document]:
    """Return small documents."""
    return [Document(f"d{n}", f"Tea number {n}. Tea is hot.") for n in range(count)]


@pytest.fixture
async def store() -> AsyncIterator[SqliteTextStore]:
    """Give an empty store in memory."""
    async with SqliteTextStore(":memory:") as store:
        yield store


async def test_real_sources_are_ingested_once(store: SqliteTextStore) -> None:
    """What is stored by the same stages already is skipped; what has changed is not."""
    documents = [*library("json"), *lessons()]
    pipeline = IngestionPipeline(store=store)
    first = await pipeline.arun(documents)
    assert sorted(first.stored) == sorted(d.id for d in documents)
    assert (first.skipped, first.failed) == ((), {})
    again = await pipeline.arun(documents)
    assert (again.stored, again.failed, again.chunks) == ((), {}, 0)
    assert sorted(again.skipped) == sorted(first.stored)
    changed = replace(documents[0], text=f"{documents[0].text}\n# changed")
    third = await pipeline.arun([changed, *documents[1:]])
    assert third.stored == (changed.id,)
    assert len(third.skipped) == len(documents) - 1


async def test_chunks_carry_what_extractors_found(store: SqliteTextStore) -> None:
    """Metadata of a document and what was extracted stand at each of its chunks."""
    known = {"path": "x/tea.md"}
    document = Document("tea", "# On tea\n\nTea is hot. Tea is green.", known)
    await IngestionPipeline(store=store).arun([document])
    (hit,) = await store.search("green")
    assert hit.chunk.metadata == {
        "path": "x/tea.md",
        "title": "On tea",
        "summary": "# On tea Tea is hot. Tea is green.",
        "keywords": ["tea", "hot", "green"],
    }


async def test_other_stages_mean_other_fingerprints(store: SqliteTextStore) -> None:
    """What other settings would store differently is stored anew."""
    documents = numbered(3)
    pipeline = IngestionPipeline([SentenceSplitter(chunk_size=50)], store)
    await pipeline.arun(documents)
    other = IngestionPipeline([SentenceSplitter(chunk_size=5, overlap=1)], store)
    assert (await other.arun(documents)).chunks == 6
    assert len((await other.arun(documents)).skipped) == 3


async def test_own_async_function_is_an_extractor(store: SqliteTextStore) -> None:
    """Any async function of a document adds to the metadata, as its own stage."""

    async def length(document: Document) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"length": len(document.text)}

    job = jobs.start(IngestionPipeline([length], store).arun(numbered(2)), name="in")
    await job
    (hit, *_) = await store.search("tea")
    assert hit.chunk.metadata == {"length": 25}
    assert [run.desc for run in job.runs] == ["compare", "length", "store"]


async def test_each_stage_is_a_bar(store: SqliteTextStore) -> None:
    """Stages are runs of the job around, in order, and know how much there is to do."""
    pipeline = IngestionPipeline(store=store)
    await pipeline.arun(numbered(5))
    job = jobs.start(pipeline.arun(numbered(20)), name="ingest")
    result = await job
    assert (len(result.stored), len(result.skipped)) == (15, 5)
    bars = [(run.desc, run.done, run.total, run.phase) for run in job.runs]
    stages = [(name, 15, 15, "done") for name in [*STAGES, "store"]]
    assert bars == [("compare", 20, 20, "done"), *stages]


async def test_failed_document_is_told_and_the_rest_goes_on(
    store: SqliteTextStore,
) -> None:
    """Every other document is stored, and the cause says where it came about."""

    async def refuse(document: Document) -> dict[str, Any]:
        if document.id in {"d3", "d7"}:
            raise ValueError(f"no {document.id}")
        return {}

    pipeline = IngestionPipeline([SentenceSplitter(), refuse], store, workers=3)
    result = await pipeline.arun(numbered(50))
    assert len(result.stored) == 48
    assert {name: repr(error) for name, error in result.failed.items()} == {
        "d3": "ValueError('no d3')",
        "d7": "ValueError('no d7')",
    }
    assert result.failed["d3"].__notes__ == ["in item 3 of refuse"]
    assert "  d3: ValueError: no d3\n" in str(result)
    with pytest.raises(ExceptionGroup, match=r"^2 of 50 documents failed: d3, d7"):
        result.raise_failed()
    again = await IngestionPipeline([SentenceSplitter()], store).arun(numbered(50))
    assert len(again.stored) == 50


async def test_text_that_cannot_be_embedded_fails_its_document_only(
    store: SqliteTextStore,
) -> None:
    """Texts of many documents are embedded together, and fail alone."""

    class Picky(HashingEmbedder):
        calls: list[int]

        async def aembed(self, texts: Sequence[str]) -> list[list[float]]:
            self.calls.append(len(texts))
            await asyncio.sleep(0.01)
            if any("number 4." in text for text in texts):
                raise ValueError("four")
            return await super().aembed(texts)

    embedder = Picky(dimensions=8, batch_size=10)
    embedder.calls = []
    pipeline = IngestionPipeline([SentenceSplitter(), embedder], store)
    result = await pipeline.arun(numbered(40))
    assert list(result.failed) == ["d4"]
    assert len(result.stored) == 39
    assert max(embedder.calls) == 10
    assert len(embedder.calls) < 20, embedder.calls


async def test_no_stage_waits_for_a_whole_other_one(store: SqliteTextStore) -> None:
    """Documents are stored while their source still goes on, and it is not run dry."""
    pulled = 0
    gate = asyncio.Event()

    async def source() -> AsyncIterator[Document]:
        nonlocal pulled
        for document in numbered(2000):
            pulled += 1
            yield document

    async def wait(document: Document) -> dict[str, Any]:
        if document.id != "d0":
            await gate.wait()
        return {}

    pipeline = IngestionPipeline([SentenceSplitter(), wait], store, workers=2)
    task = asyncio.create_task(pipeline.arun(source()))
    while not await store.search("number"):  # noqa: ASYNC110 - stored by another task
        await asyncio.sleep(0.001)
    before = -1
    while before != pulled:
        before = pulled
        await asyncio.sleep(0.02)
    assert 10 < pulled < 200
    gate.set()
    assert len((await task).stored) == 2000


async def test_cancelling_leaves_whole_documents(store: SqliteTextStore) -> None:
    """What was stored stays, and the next run does the rest."""
    many = asyncio.Event()
    count = 0

    async def note(document: Document) -> dict[str, Any]:
        nonlocal count
        count += 1
        if count > 300:
            many.set()
            await asyncio.sleep(3600)
        return {"title": document.id}

    documents = numbered(600)
    stages = [SentenceSplitter(chunk_size=4, overlap=0), note]
    job = jobs.start(IngestionPipeline(stages, store).arun(documents), name="cut")
    await many.wait()
    while not await store.ids():  # noqa: ASYNC110 - likewise
        await asyncio.sleep(0.001)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job.task
    assert {run.phase for run in job.runs} <= {"cancelled", "done"}
    stored = await store.ids()
    assert 0 < len(stored) <= 300
    for name in stored:
        assert len(await store.chunks_of(name)) == 2
    count = -10_000
    result = await IngestionPipeline(stages, store).arun(documents)
    assert len(result.stored) == 600 - len(stored)
    assert sorted(result.skipped) == sorted(stored)


async def test_source_is_closed_when_the_ingestion_ends(store: SqliteTextStore) -> None:
    """What a generator of documents holds is given back before a cancelled run ends."""
    came = asyncio.Event()
    closed = False

    async def documents() -> AsyncIterator[Document]:
        nonlocal closed
        try:
            for document in numbered(10_000):
                yield document
                came.set()
        finally:
            closed = True

    task = asyncio.create_task(IngestionPipeline(store=store).arun(documents()))
    await came.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed


async def test_source_that_fails_ends_the_ingestion(store: SqliteTextStore) -> None:
    """What the source of documents raises comes out once all that came is stored."""

    async def source() -> AsyncIterator[Document]:
        for document in numbered(100):
            yield document
        raise OSError("the folder is gone")

    with pytest.raises(OSError, match=r"^the folder is gone$"):
        await IngestionPipeline([], store).arun(source())
    assert len(await store.ids()) == 100


@pytest.mark.parametrize("lazily", [False, True])
async def test_two_documents_of_one_id(
    store: SqliteTextStore,
    lazily: bool,  # noqa: FBT001
) -> None:
    """The second is a failure: which one was stored would be chance."""
    documents = [Document("a", "Tea."), Document("a", "Coffee."), Document("b", "-")]
    given = iter(documents) if lazily else documents
    result = await IngestionPipeline([], store).arun(given)
    assert (sorted(result.stored), list(result.failed)) == (["a", "b"], ["a"])
    assert str(result.failed["a"]) == "two documents of this ingestion have the id 'a'"


async def test_wrong_arguments(store: SqliteTextStore) -> None:
    """What is no stage, store or document is refused, with what it should be."""
    with pytest.raises(ArgumentTypeError, match=r"needs a store=, such as SqliteText"):
        IngestionPipeline([])
    with pytest.raises(InvalidArgumentError, match=r"^workers must be >= 1, got 0$"):
        IngestionPipeline([], store, workers=0)
    with pytest.raises(ArgumentTypeError, match=r"^a stage must be a splitter.* got 3"):
        await IngestionPipeline([3], store).arun(numbered(1))
    with pytest.raises(ArgumentTypeError, match=r"^documents must be of Document"):
        await IngestionPipeline([], store).arun(["text"])  # type: ignore[list-item]

    async def wordless(_: Document) -> Any:  # noqa: ANN401
        return "title"

    result = await IngestionPipeline([wordless], store).arun(numbered(1))
    with pytest.raises(ExceptionGroup, match=r"^1 of 1 documents failed: d0"):
        result.raise_failed()
    message = "wordless must return what it found by name, got 'title' (str)"
    assert str(result.failed["d0"]) == message


def test_run_from_ordinary_code() -> None:
    """`run` does the same without a loop."""
    store = SqliteTextStore(":memory:")
    pipeline = IngestionPipeline(store=store)
    assert len(pipeline.run(numbered(3)).stored) == 3
    assert len(pipeline.run(numbered(4)).skipped) == 3
    asyncio.run(store.aclose())


async def test_loop_goes_on_while_a_large_document_is_worked_on(
    store: SqliteTextStore,
) -> None:
    """A document of a megabyte is split, extracted and embedded beside the loop."""
    text = "\n".join(document.text for document in library("asyncio")) * 2
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.005)
            beats += 1

    beating = asyncio.create_task(beat())
    result = await IngestionPipeline(store=store).arun([Document("big", text)])
    beating.cancel()
    assert result.stored == ("big",)
    assert beats > 10 * result.seconds


def test_switch_interval_comes_back() -> None:
    """Threads take turns quickly while anybody ingests, and as before afterwards."""
    before = sys.getswitchinterval()
    with short_turns():
        with short_turns():
            assert sys.getswitchinterval() == pytest.approx(0.001)
        assert sys.getswitchinterval() == pytest.approx(0.001)
    assert sys.getswitchinterval() == before


def test_garbage_collector_is_as_before() -> None:
    """It looks at less, and more often, while anybody ingests."""
    before = gc.get_threshold(), gc.get_freeze_count()
    with short_turns():
        with short_turns():
            assert gc.get_threshold() == (100, 50, 50)
            assert gc.get_freeze_count() > 1000
        assert gc.get_threshold() == (100, 50, 50)
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_garbage_collector_that_somebody_has_set_stays() -> None:
    """What is frozen already, or never collected, is left alone."""
    before = gc.get_threshold()
    try:
        gc.set_threshold(0)
        with short_turns():
            assert gc.get_threshold()[0] == 0
        gc.freeze()
        with short_turns():
            pass
        assert gc.get_freeze_count() > 1000
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def test_fingerprint_knows_code_and_settings() -> None:
    """It changes with settings, defaults and code, and not with the line it is on."""

    def make(body: str) -> object:
        names: dict[str, Any] = {}
        exec(body, names)  # noqa: S102
        return names["f"]

    one = make("async def f(d, n=1): return {'a': [x for x in d.text]}")
    moved = make("\n\nasync def f(d, n=1): return {'a': [x for x in d.text]}")
    others = [
        make("async def f(d, n=2): return {'a': [x for x in d.text]}"),
        make("async def f(d, n=1): return {'a': [x+x for x in d.text]}"),
        make("async def f(d, n=1): return {'b': [x for x in d.text]}"),
        TitleExtractor(),
        KeywordExtractor(),
        KeywordExtractor(limit=3),
        SummaryExtractor(),
        SentenceSplitter(),
        SentenceSplitter(chunk_size=9, overlap=2),
        HashingEmbedder(),
    ]
    assert fingerprint_of(one) == fingerprint_of(moved)
    assert len({fingerprint_of(part) for part in [one, *others]}) == 11
    assert not any(re.search(r"0x[0-9a-f]{6}", fingerprint_of(p)) for p in others)
