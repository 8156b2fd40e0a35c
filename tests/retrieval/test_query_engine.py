"""Answers with their sources."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from notebook_async.errors import ArgumentTypeError
from notebook_async.retrieval import (
    Answer,
    IngestionPipeline,
    QueryEngine,
    SqliteTextStore,
    gather_retrievers,
)
from tests.retrieval.sources import Shelf, lessons, library


async def test_answer_quotes_the_best_sentences() -> None:
    """They hold the words asked for, the rare ones first, each with its source."""
    shelf = Shelf(
        "kitchen",
        "Tea is hot. Water boils at 100 degrees.",
        "Coffee is hot. Green tea needs water of 80 degrees.",
        "Nothing of that kind.",
    )
    engine = QueryEngine(shelf, sentences=2)
    answer = await engine.aquery("How many degrees does water for green tea need?")
    assert answer.text == (
        "Green tea needs water of 80 degrees. [1] Water boils at 100 degrees. [2]"
    )
    assert [hit.chunk.id for hit in answer.sources] == ["kitchen#1", "kitchen#0"]
    assert (answer.way, answer.failed) == ("extractive", {})


async def test_sentence_in_two_chunks_is_said_once() -> None:
    """Chunks overlap; answers do not repeat themselves."""
    engine = QueryEngine(Shelf("a", "Tea is hot.", "Tea is hot. Hot tea is good."))
    assert (
        await engine.aquery("hot tea")
    ).text == "Tea is hot. [1] Hot tea is good. [2]"


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("2025", "Tea came in 2025. [1]"),
        ("What was in 3.14?", "Version 3.14 is out. [1]"),
        ("C?", "The C language is old. [1]"),
        ("What is it?", "It is what it is. [1]"),
    ],
)
async def test_numbers_and_small_words_are_quoted(query: str, text: str) -> None:
    """What a store finds by words that carry no meaning is no "nothing found"."""
    told = "Tea came in 2025.\nVersion 3.14 is out.\nThe C language is old."
    engine = QueryEngine(Shelf("a", f"{told}\nIt is what it is."), sentences=1)
    assert (await engine.aquery(query)).text == text


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("cafe", "Le café est noir. [1]"),
        ("How to cancel?", "Jobs are cancelled. [1]"),
        ("running", "They run fast. [1]"),
        ("theory", ""),
    ],
)
async def test_other_forms_of_words_are_quoted(query: str, text: str) -> None:
    """What a store finds by another form of a word is no "nothing found"."""
    shelf = Shelf("a", "Le café est noir. Jobs are cancelled. They run fast.")
    assert (await QueryEngine(shelf).aquery(query)).text == text


async def test_nothing_found_is_said() -> None:
    """An answer without sources is empty, and says so to a reader."""
    answer = await QueryEngine(Shelf("empty")).aquery("Tea?")
    assert (answer.text, answer.sources, str(answer)) == ("", (), "Nothing was found.")
    answer = await QueryEngine(Shelf("other", "Milk is white.")).aquery("Tea?")
    assert (answer.text, answer.sources) == ("", ())


async def test_model_writes_from_the_chunks() -> None:
    """An async function gets the question and numbered sources, and its text comes."""
    prompts: list[str] = []

    async def llm(prompt: str) -> str:
        prompts.append(prompt)
        await asyncio.sleep(1)
        return "Hot {as} ever [1]."

    shelf = Shelf("a", "Tea {is} hot.", "Milk.")
    answer = await QueryEngine(shelf, llm=llm).aquery("Is {tea} hot?")
    assert (answer.text, answer.way) == ("Hot {as} ever [1].", "llm")
    assert [hit.chunk.id for hit in answer.sources] == ["a#0", "a#1"]
    assert "[1] Tea {is} hot.\n\n[2] Milk.\n\nQuestion: Is {tea} hot?" in prompts[0]
    assert (await QueryEngine(Shelf("b"), llm=llm).aquery("?")).text == ""
    assert len(prompts) == 1


async def test_wrong_models_are_told() -> None:
    """What is no function, or returns no text, is an error that shows what to write."""

    async def wordless(_: str) -> Any:  # noqa: ANN401
        return 42

    with pytest.raises(ArgumentTypeError, match=r"^llm must be an async function"):
        QueryEngine(Shelf("a"), llm="gpt")  # type: ignore[arg-type]
    with pytest.raises(
        ArgumentTypeError, match=r"^llm= must return text, got 42 \(int"
    ):
        await QueryEngine(Shelf("a", "Tea."), llm=wordless).aquery("Tea?")


async def test_answer_tells_what_failed() -> None:
    """An engine over several retrievers says which of them did not answer."""
    shelves = [Shelf("near", "Tea is hot."), Shelf("far", "Tea.", delay=9)]
    answer = await QueryEngine(gather_retrievers(shelves, timeout=1)).aquery("tea")
    assert answer.asked == ("near", "far")
    assert str(answer) == (
        "Tea is hot. [1]\n"
        "  [1] near: near#0 Tea is hot.\n"
        "  far failed: TimeoutError: far did not answer within 1 s"
    )


def test_what_documents_say_is_no_markup() -> None:
    """In a notebook an answer shows a document's markup as text."""
    hit = Shelf("<b>", "<img src=x onerror=alert(1)>").hits[0]
    answer = Answer("q", "<script>", (hit,), failed={"<i>": ValueError("<u>")})
    shown = answer._repr_html_()
    for tag in ("<script", "<img", "<b>", "<i>", "<u>"):
        assert tag not in shown
    assert "&lt;script&gt;" in shown


def test_query_from_ordinary_code() -> None:
    """`query` does the same without a loop."""
    assert QueryEngine(Shelf("a", "Tea is hot.")).query("tea").text == "Tea is hot. [1]"


@pytest.mark.realtime
async def test_questions_about_real_sources_find_their_place() -> None:
    """Offline defaults find the module or lesson that a question is about."""
    questions = {
        "How is a JSON document decoded from a string?": "json/decoder.py",
        "Where are items of a dict sorted when JSON is written?": "json/encoder.py",
        "Which lesson asks a person a question?": "06_human_in_the_loop.ipynb",
        "What is a Semaphore in asyncio?": "asyncio/locks.py",
        "How does a RotatingFileHandler roll over?": "logging/handlers.py",
    }
    async with SqliteTextStore(":memory:", name="all") as store:
        documents = [d for p in ("json", "asyncio", "logging") for d in library(p)]
        await IngestionPipeline(store=store).arun([*documents, *lessons()])
        engine = QueryEngine(store)
        for question, place in questions.items():
            answer = await engine.aquery(question)
            assert place in {hit.chunk.document_id for hit in answer.sources}, answer
            for number, hit in enumerate(answer.sources, 1):
                assert f"[{number}]" in answer.text
                assert hit.source == "all"
