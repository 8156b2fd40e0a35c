"""Several engines as one."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from notebook_async import jobs
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.retrieval import (
    ComposableGraph,
    IngestionPipeline,
    QueryEngine,
    SqliteTextStore,
)
from notebook_async.retrieval._compose_route import matching
from tests.retrieval.sources import Shelf, lessons, library

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from notebook_async.retrieval import Hit

SUMMARIES = {
    "kitchen": "cooking, tea, hot water",
    "harbour": "ships, sea, cold water",
    "library": "books and their readers",
}


def shelves(**delays: float) -> dict[str, Shelf]:
    """Return three shelves, some slow."""
    texts = {
        "kitchen": "Tea needs hot water.",
        "harbour": "Ships need deep water.",
        "library": "Readers need light.",
    }
    return {n: Shelf(n, text, delay=delays.get(n, 0)) for n, text in texts.items()}


def test_routing_compares_words() -> None:
    """Those whose summaries match are asked, the best first; all if none matches."""
    assert matching("Who reads a book?", SUMMARIES) == ["library"]
    assert matching("Is the water cold?", SUMMARIES) == ["harbour", "kitchen"]
    assert matching("What is the time?", SUMMARIES) == ["kitchen", "harbour", "library"]
    assert matching("tea", {**SUMMARIES, "any": ""}) == ["kitchen", "any"]


async def test_matching_children_are_asked_at_the_same_time() -> None:
    """A query takes as long as the slowest that it is for, and asks no other."""
    parts = shelves(kitchen=3, harbour=2, library=60)
    graph = ComposableGraph.compose("town", parts, SUMMARIES)
    answer = await graph.aquery("Which water do ships need?")
    assert asyncio.get_running_loop().time() == 3.0
    assert answer.asked == ("kitchen", "harbour")
    assert answer.text == "Ships need deep water. [1] Tea needs hot water. [2]"
    assert [hit.source for hit in answer.sources] == ["harbour", "kitchen"]
    assert [shelf.asked for shelf in parts.values()] == [1, 1, 0]


async def test_twenty_queries_take_as_long_as_the_slowest_one() -> None:
    """Concurrent queries of a graph do not wait for each other."""
    parts = shelves(kitchen=0.5, harbour=0.7, library=0.6)
    graph = ComposableGraph.compose("town", parts, SUMMARIES)
    loop = asyncio.get_running_loop()
    questions = ["tea", "ships", "books", "water", "anything"] * 4
    slowest = 0.0
    for question in questions[:5]:
        began = loop.time()
        await graph.aquery(question)
        slowest = max(slowest, loop.time() - began)
    began = loop.time()
    answers = await asyncio.gather(*map(graph.aquery, questions))
    assert round(slowest, 6) == round(loop.time() - began, 6) == 0.7
    assert [answer.query for answer in answers] == questions


async def test_late_and_broken_children_are_told() -> None:
    """The others answer; if none does, it is an error with all causes."""
    parts = shelves(kitchen=9)
    graph = ComposableGraph.compose("town", parts, SUMMARIES, timeout=2)
    answer = await graph.aquery("water")
    assert answer.text == "Ships need deep water. [1]"
    assert {name: repr(error) for name, error in answer.failed.items()} == {
        "kitchen": "TimeoutError('kitchen did not answer within 2 s')"
    }
    with pytest.raises(ExceptionGroup, match=r"^none of those asked answered: kitch"):
        await graph.aquery("fail")


async def test_cancelling_a_query_cancels_its_children() -> None:
    """A caller that is cancelled leaves nothing running."""
    graph = ComposableGraph.compose("town", shelves(kitchen=99, harbour=99), SUMMARIES)
    task = asyncio.create_task(graph.aquery("water"))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_graphs_nest() -> None:
    """A graph within a graph routes by itself, and its parts are told by their path."""
    inner = ComposableGraph.compose("water", shelves(harbour=9), SUMMARIES, timeout=2)
    notes = Shelf("notes", "Water is wet.", delay=1)
    outer = ComposableGraph.compose("all", [inner, notes], ["water", "water, notes"])
    answer = await outer.aquery("water")
    assert asyncio.get_running_loop().time() == 2.0
    assert answer.asked == ("water", "water/kitchen", "water/harbour", "notes")
    assert list(answer.failed) == ["water/harbour"]
    assert sorted(hit.source for hit in answer.sources) == ["kitchen", "notes"]


async def test_child_with_a_model_answers_by_itself() -> None:
    """Its words stand in the answer by its name, with marks that count on.

    Where the graph has a model, that of the child is not asked for what nobody reads.
    """
    cooked = 0

    async def cook(_: str) -> str:
        nonlocal cooked
        cooked += 1
        return "Boil it [1]. Not [7]."

    parts = shelves()
    children = {
        "kitchen": QueryEngine(parts["kitchen"], llm=cook),
        "harbour": parts["harbour"],
    }
    summaries = {name: SUMMARIES[name] for name in children}
    graph = ComposableGraph.compose("town", children, summaries)
    answer = await graph.aquery("How much water?")
    assert answer.text == (
        "kitchen: Boil it [1]. Not [7].\n\nharbour: Ships need deep water. [2]"
    )
    assert [hit.source for hit in answer.sources] == ["kitchen", "harbour"]

    async def mayor(prompt: str) -> str:
        assert "[1] Tea needs hot water.\n\n[2] Ships need deep water." in prompt
        return "Plenty [2]."

    graph = ComposableGraph.compose("town", children, summaries, llm=mayor)
    answer = await graph.aquery("How much water?")
    assert (answer.text, answer.way) == ("Plenty [2].", "llm")
    assert cooked == 1


async def test_root_that_is_an_engine_is_always_asked() -> None:
    """Its own documents count for every question."""
    root = QueryEngine(Shelf("mayor", "Water is free."))
    graph = ComposableGraph.compose(root, shelves(), SUMMARIES)
    answer = await graph.aquery("Which books are there on water?")
    assert answer.asked[0] == "mayor"
    assert "Water is free." in answer.text
    assert (await graph.aquery("tea")).asked == ("mayor", "kitchen")


async def test_own_router_chooses() -> None:
    """An async function may choose instead, among those that there are."""
    seen: list[Mapping[str, str]] = []

    async def router(query: str, summaries: Mapping[str, str]) -> Iterable[str]:
        seen.append(summaries)
        return [query]

    graph = ComposableGraph.compose("town", shelves(), SUMMARIES, router=router)
    assert (await graph.agather("library")).asked == ("library",)
    assert seen == [SUMMARIES]
    with pytest.raises(InvalidArgumentError, match=r"^router= chose \['moon'\]"):
        await graph.aquery("moon")


async def test_own_router_chooses_each_once_and_at_least_one() -> None:
    """Who is named twice is asked once; to name nobody is told as what it is."""

    async def router(query: str, _: Mapping[str, str]) -> Iterable[str]:
        return query.split()

    graph = ComposableGraph.compose("town", shelves(), SUMMARIES, router=router)
    assert (await graph.agather("kitchen kitchen")).asked == ("kitchen",)
    with pytest.raises(InvalidArgumentError, match=r"^router= chose none to ask; "):
        await graph.aquery("")
    root = Shelf("mayor", "Water is free.")
    graph = ComposableGraph.compose(root, shelves(), SUMMARIES, router=router)
    assert (await graph.agather("")).asked == ("mayor",)


async def test_query_is_a_workflow_of_its_job() -> None:
    """Each query shows in the panel of the job around, and the graph draws itself."""
    graph = ComposableGraph.compose("town", shelves(kitchen=1), SUMMARIES)
    job = jobs.start(graph.aquery("tea"), name="ask")
    await job
    (handler,) = job.workflows
    assert repr(handler) == "<WorkflowHandler town done>"
    bundle = graph._repr_mimebundle_()
    assert bundle["text/html"].startswith("<img ")
    assert str(graph) == bundle["text/plain"]
    svg = graph.graph().to_svg()
    assert all(name in svg for name in ["route", "kitchen", "library", "answer"])


def test_wrong_arguments() -> None:
    """Missing summaries, names that are taken and strangers are refused."""
    compose = ComposableGraph.compose
    with pytest.raises(
        InvalidArgumentError, match=r"^compose needs one summary for ea"
    ):
        compose("town", list(shelves().values()), ["one"])
    with pytest.raises(InvalidArgumentError, match=r"and the summaries are of \['x'\]"):
        compose("town", {"a": Shelf("a")}, {"x": ""})
    with pytest.raises(InvalidArgumentError, match=r"cannot be called \['merge'\]"):
        compose("town", [Shelf("merge")], [""])
    with pytest.raises(InvalidArgumentError, match=r"needs at least one child"):
        compose("town", [], [])
    with pytest.raises(InvalidArgumentError, match=r"^timeout must be > 0 seconds"):
        compose("town", [Shelf("a")], [""], timeout=-1)
    with pytest.raises(ArgumentTypeError, match=r"^a retriever has"):
        compose("town", [3], [""])  # type: ignore[list-item]


QUESTIONS = {
    "How is a JSON document decoded from a string?": "json/decoder.py",
    "How is JSON text scanned?": "json/scanner.py",
    "How does an asyncio Semaphore wake a waiter?": "asyncio/locks.py",
    "How does an asyncio queue join its tasks?": "asyncio/queues.py",
    "What does the asyncio event loop do in call_soon?": "asyncio/base_events.py",
    "How do I write a workflow in a lesson?": "03_workflows.ipynb",
    "Which lesson asks a person a question?": "06_human_in_the_loop.ipynb",
    "In which lesson does a bounded run retry?": "02_bounded_concurrency.ipynb",
}


@pytest.mark.realtime
async def test_three_stores_find_as_much_as_one() -> None:
    """Composed search finds the right document at least as often as a single store."""
    parts = {
        "json": library("json"),
        "asyncio": library("asyncio"),
        "lessons": lessons(),
    }
    summaries = {
        "json": "reading and writing JSON: decoder, encoder, scanner",
        "asyncio": "the event loop of asyncio: tasks, queues, locks, streams",
        "lessons": "lessons on notebooks, workflows, bounded runs and questions",
    }
    stores = {name: SqliteTextStore(":memory:", name=name) for name in parts}
    single = SqliteTextStore(":memory:", name="single")
    try:
        for name, documents in parts.items():
            await IngestionPipeline(store=stores[name]).arun(documents)
            await IngestionPipeline(store=single).arun(documents)
        graph = ComposableGraph.compose("all", stores, summaries)

        async def place(found: list[Hit], wanted: str) -> bool:
            return wanted in {hit.chunk.document_id for hit in found}

        alone = [await place(await single.search(q), w) for q, w in QUESTIONS.items()]
        composed = [
            await place(await graph.aretrieve(q), w) for q, w in QUESTIONS.items()
        ]
        began = time.perf_counter()
        await asyncio.gather(*map(graph.aquery, QUESTIONS))
        assert time.perf_counter() - began < 10
    finally:
        for store in (*stores.values(), single):
            await store.aclose()
    assert sum(composed) >= sum(alone), (composed, alone)
    assert sum(composed) >= 7
