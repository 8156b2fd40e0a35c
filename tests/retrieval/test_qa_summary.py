"""Questions and summaries of the same documents."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from notebook_async import jobs
from notebook_async.errors import ArgumentTypeError
from notebook_async.retrieval import (
    Document,
    IngestionPipeline,
    QASummaryQueryEngineBuilder,
    SentenceSplitter,
    SqliteTextStore,
)
from notebook_async.retrieval._qa_summary import asks_for_summary
from tests.retrieval.sources import lessons, library


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Summarise the documents.", True),
        ("Please summarize it", True),
        ("Give me a summary of all", True),
        ("What is this about?", True),
        ("what are these lessons about", True),
        ("An overview, please", True),
        ("tl;dr", True),
        ("in short: what is it?", True),
        ("the main points", True),
        ("How is JSON decoded?", False),
        ("What is asyncio about to do when a task is cancelled?", False),
        ("Which summand is larger?", False),
        ("", False),
    ],
)
def test_requests_for_summaries_are_told_by_their_words(
    query: str,
    expected: bool,  # noqa: FBT001
) -> None:
    """Words that ask for all of it lead to a summary, and everything else to search."""
    assert asks_for_summary(query) is expected


@pytest.mark.realtime
async def test_lessons_are_answered_and_summarised() -> None:
    """Either way sentences come from the documents, with their sources."""
    documents = lessons()
    builder = QASummaryQueryEngineBuilder()
    async with await builder.build(documents) as engine:
        job = jobs.start(engine.aquery("What are these lessons about?"), name="sum")
        summary = await job
        answer = await engine.aquery("How is a person asked a question?")
    assert (summary.way, answer.way) == ("summary", "extractive")
    descs = [run.desc for run in job.runs]
    assert descs[:3] == ["split", "read chunks", "summarise chunks"]
    assert set(descs[3:]) == {"merge summaries"}
    texts = {document.id: document.text for document in documents}
    assert 1 <= len(summary.sources) <= 5
    for hit in (*summary.sources, *answer.sources):
        assert hit.chunk.text in texts[hit.chunk.document_id]


@pytest.mark.realtime
async def test_model_maps_and_reduces_with_bounded_workers() -> None:
    """Each chunk is summarised, then eight summaries at a time, by so many workers."""
    prompts: list[str] = []
    at_once = peak = 0

    async def llm(prompt: str) -> str:
        nonlocal at_once, peak
        prompts.append(prompt)
        at_once += 1
        peak = max(peak, at_once)
        await asyncio.sleep(0.001)
        at_once -= 1
        return f"<{len(prompts)}>"

    text = " ".join(f"Sentence {n} is here." for n in range(20))
    stages = [SentenceSplitter(chunk_size=4, overlap=0)]
    async with SqliteTextStore(":memory:") as store:
        builder = QASummaryQueryEngineBuilder(
            pipeline=IngestionPipeline(stages, store), llm=llm, workers=3
        )
        engine = await builder.build([Document("a", text), Document("b", "Word.")])
        answer = await engine.aquery("Summarise {it}")
    assert (len(prompts), peak) == (21 + 3 + 1, 3)
    assert all("Summarise {it}" in prompt for prompt in prompts)
    assert "Sentence 0 is here." in prompts[0]
    assert (answer.text, answer.way) == ("<25>", "summary")
    assert [hit.chunk.id for hit in answer.sources] == ["a#0", "b#0"]


@pytest.mark.realtime
async def test_model_that_returns_no_text_is_told() -> None:
    """It is told as it is for a question, and not when summaries are joined."""

    async def llm(_: str) -> Any:  # noqa: ANN401 - what is wrong
        return 5

    builder = QASummaryQueryEngineBuilder(llm=llm)
    async with await builder.build([Document("a", "Tea is hot.")]) as engine:
        with pytest.raises(ArgumentTypeError, match=r"^llm= must return text, got 5"):
            await engine.aquery("Summarise it.")


@pytest.mark.realtime
async def test_documents_that_fail_are_an_error() -> None:
    """An engine that knows less than it was given is not returned."""
    twice = [Document("a", "Tea."), Document("a", "Tea?")]
    with pytest.raises(ExceptionGroup, match=r"^1 of 2 documents failed: a"):
        await QASummaryQueryEngineBuilder().build(twice)


@pytest.mark.realtime
async def test_given_store_stays_open() -> None:
    """An engine closes the store that it made, and no other."""
    async with SqliteTextStore(":memory:") as store:
        async with await QASummaryQueryEngineBuilder(store).build(library("json")):
            pass
        assert len(await store.ids()) == len(library("json"))
        with pytest.raises(ArgumentTypeError, match=r"^give store= or pipeline="):
            QASummaryQueryEngineBuilder(store, pipeline=IngestionPipeline([], store))


@pytest.mark.realtime
async def test_nothing_has_an_empty_summary() -> None:
    """Without documents there is nothing to say."""
    async with await QASummaryQueryEngineBuilder().build([]) as engine:
        answer = await engine.aquery("Summarise it.")
    assert (answer.text, answer.sources) == ("", ())
