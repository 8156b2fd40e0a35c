"""What LlamaIndex does, as spans of ours."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import weakref
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("llama_index.core", reason="pip install llama-index-core")

from llama_index.core import Document, MockEmbedding
from llama_index.core.callbacks import CallbackManager, CBEventType
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index_instrumentation import get_dispatcher
from llama_index_instrumentation.base import BaseEvent
from llama_index_instrumentation.dispatcher import instrument_tags
from llama_index_instrumentation.event_handlers import NullEventHandler
from workflows.errors import WorkflowCancelledByUser

from notebook_async import run_jobs
from notebook_async.core import SpanRecord, add_hook, current_scope
from notebook_async.core._scope import NOWHERE
from notebook_async.integrations import _llama_index_spans as spans_module
from notebook_async.integrations import _llama_index_tracing as tracing_module
from notebook_async.integrations.llama_index import (
    PanelCallbackHandler,
    attach,
    detach,
)
from notebook_async.tracing import span
from tests.integrations import llama_flows as flows
from tests.integrations import llama_queries as queries

if TYPE_CHECKING:
    from collections.abc import Iterator

# How a query of the engine of these tests goes on in LlamaIndex; * is a model's call.
QUERY = {
    "RetrieverQueryEngine.aquery": "query",
    "RetrieverQueryEngine._aquery": "query",
    "VectorIndexRetriever.aretrieve": "retrieve",
    "VectorIndexRetriever._aretrieve": "retrieve",
    "MockEmbedding.aget_query_embedding": "embedding",
    "MockEmbedding._aget_query_embedding": "embedding",
    "CompactAndRefine.asynthesize": "synthesize",
    "CompactAndRefine.aget_response": "synthesize",
    "TokenTextSplitter.split_text": "chunking",
    "MockLLM.apredict": "llm",
    "MockLLM.acomplete": "llm",
    "MockLLM.complete": "llm",
}
SPANS_OF_A_QUERY = 14
ANSWER = "text text"
ANSWER_OF_A_MODEL = "What falls?\nAnswer: "


class Told:
    """The records of spans, in order."""

    def __init__(self) -> None:
        self.records: list[SpanRecord] = []

    @property
    def ends(self) -> dict[str, SpanRecord]:
        """Return what was told last of each span that has ended, by its id."""
        ended = [record for record in self.records if record.phase != "running"]
        assert len({record.source for record in ended}) == len(ended)
        return {record.source[-1]: record for record in ended}

    def the(self, name: str) -> SpanRecord:
        """Return the end of the only span of a name."""
        (record,) = (one for one in self.ends.values() if one.name == name)
        return record

    def children(self) -> dict[str | None, list[SpanRecord]]:
        """Return the spans in each, in the order in which they began."""
        children = defaultdict(list)
        for record in sorted(self.ends.values(), key=lambda one: one.began or 0.0):
            children[record.parent].append(record)
        return children

    def tree(self) -> list[str]:
        """Return the names, indented, of all that has ended."""
        children = self.children()

        def lines(parent: str | None, depth: int) -> Iterator[str]:
            for record in children[parent]:
                yield "  " * depth + record.name
                yield from lines(record.source[-1], depth + 1)

        return list(lines(None, 0))

    def phases(self) -> dict[str, set[str]]:
        """Return what the spans of each name came to."""
        phases = defaultdict(set)
        for record in self.ends.values():
            phases[record.name].add(record.phase)
        return dict(phases)


@pytest.fixture
def told() -> Iterator[Told]:
    """Listen to spans."""
    told = Told()
    with add_hook(told.records.append, SpanRecord):
        yield told


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """Leave LlamaIndex as it was, and the place of the code too."""
    root = get_dispatcher()
    before = [*root.span_handlers], [*root.event_handlers]
    yield
    detach()
    assert (root.span_handlers, root.event_handlers) == before
    assert current_scope.get() is NOWHERE


# -- what is told


async def test_ingestion_is_a_tree_of_spans(told: Told) -> None:
    """A pipeline shows its transformations, and these what they do."""
    splitter = SentenceSplitter(
        chunk_size=8, chunk_overlap=0, chunking_tokenizer_fn=lambda text: [text]
    )
    pipeline = IngestionPipeline(
        transformations=[splitter, MockEmbedding(embed_dim=2)], disable_cache=True
    )
    documents = [Document(text="Rain falls. " * 20), Document(text="Snow.")]
    with attach():
        nodes = await pipeline.arun(documents=documents)
    assert told.tree() == [
        "IngestionPipeline.arun",
        "  SentenceSplitter._parse_nodes",
        "    SentenceSplitter.split_text_metadata_aware",
        "    SentenceSplitter.split_text_metadata_aware",
        "  MockEmbedding.aget_text_embedding_batch",
    ]
    assert [record.kind for record in told.ends.values()] == [
        "chunking",
        "chunking",
        "node_parsing",
        "embedding",
        "span",
    ]
    embedding = dict(told.the("MockEmbedding.aget_text_embedding_batch").attributes)
    assert embedding["chunks"] == len(nodes)
    assert embedding["dimensions"] == 2


async def test_query_is_a_tree_of_spans(told: Told) -> None:
    """A query shows what it retrieves, embeds and asks a model."""
    engine = queries.engine()
    with attach():
        answer = await engine.aquery("What falls?")
    assert str(answer) == ANSWER
    assert told.tree() == [
        "RetrieverQueryEngine.aquery",
        "  RetrieverQueryEngine._aquery",
        "    VectorIndexRetriever.aretrieve",
        "      VectorIndexRetriever._aretrieve",
        "        MockEmbedding.aget_query_embedding",
        "          MockEmbedding._aget_query_embedding",
        "    CompactAndRefine.asynthesize",
        "      CompactAndRefine.aget_response",
        "        TokenTextSplitter.split_text",
        "        CompactAndRefine.aget_response",
        "          TokenTextSplitter.split_text",
        "          MockLLM.apredict",
        "            MockLLM.acomplete",
        "              MockLLM.complete",
    ]
    assert {record.name: record.kind for record in told.ends.values()} == QUERY


async def test_span_is_told_as_it_begins_and_as_it_ends(told: Told) -> None:
    """The second record has the times of both and what the events in between told."""
    model = queries.Waiting()
    engine = queries.engine(model)
    with attach():
        query = asyncio.create_task(engine.aquery("What falls?"))
        await model._asked.wait()
        await asyncio.sleep(0)
        first = told.records[-1]
        assert (first.phase, first.began, first.name) == (
            *("running", None),
            "Waiting.acomplete",
        )
        model._go_on.set()
        await query
    last = told.the("Waiting.acomplete")
    assert (last.phase, last.began, last.source) == ("done", first.at, first.source)
    assert last.at > first.at
    assert dict(last.attributes)["response"] == "What falls? Answer:"


async def test_events_become_attributes_of_their_spans(told: Told) -> None:
    """Questions, answers, numbers of nodes and tokens are told, as short text."""
    engine = queries.engine(queries.Counting())
    with attach():
        await engine.aquery("What falls?")
    retrieved = told.the("VectorIndexRetriever.aretrieve").attributes
    assert retrieved == (("query", "What falls?"), ("nodes", 2))
    model = dict(told.the("Counting.complete").attributes)
    prompt = model.pop("prompt")
    assert isinstance(prompt, str)
    assert prompt.startswith("Context information is below. ------")
    assert model == {
        "model": "model-of-the-test",
        "response": "Rain.",
        "prompt_tokens": 12,
        "completion_tokens": 3,
    }


async def test_router_shows_what_it_chose(told: Told) -> None:
    """The selector and the engine that it chose are within the query of the router."""
    router = queries.router()
    with attach():
        answer = await router.aquery("What is cold?")
    assert str(answer) == ANSWER
    tree = told.tree()
    assert [line for line in tree if not line.startswith(" " * 6)] == [
        "RouterQueryEngine.aquery",
        "  RouterQueryEngine._aquery",
        "    LLMSingleSelector._aselect",
        "    RetrieverQueryEngine.aquery",
    ]
    assert {one.phase for one in told.ends.values()} == {"done"}


async def test_concurrent_queries_do_not_mix(told: Told) -> None:
    """Each of twenty queries at once is a root with all of its spans, and no other."""
    engine = queries.engine()
    questions = [f"Question {number}?" for number in range(20)]
    with attach():
        await asyncio.gather(*(engine.aquery(one) for one in questions))
    children = told.children()
    found = []
    for root in children[None]:
        inside, left = [], [root]
        while left:
            inside.append(left.pop())
            left += children[inside[-1].source[-1]]
        assert len(inside) == SPANS_OF_A_QUERY
        assert {one.phase for one in inside} == {"done"}
        asked = {dict(one.attributes).get("query") for one in inside} - {None}
        found += asked
        assert len(asked) == 1
    assert sorted(found) == sorted(questions)
    assert len(told.ends) == 20 * SPANS_OF_A_QUERY


# -- where spans stand


async def test_query_nests_in_our_span(told: Told) -> None:
    """What is called within `span` is told within it."""
    engine = queries.engine()
    with attach(), span("question"):
        await engine.aquery("What falls?")
    query = told.the("RetrieverQueryEngine.aquery")
    assert query.parent == told.the("question").source[-1]
    assert {len(record.source) for record in told.ends.values()} == {1}


async def test_our_span_nests_in_a_query(told: Told) -> None:
    """A span of ours that a model opens is told within the call of the model."""
    engine = queries.engine(queries.Counting())
    with attach():
        await engine.aquery("What falls?")
    model = told.the("Counting.complete")
    assert told.the("in the model").parent == model.source[-1]


async def test_queries_of_items_have_the_place_of_the_item(told: Told) -> None:
    """A query in an item of a run has the run and the item in its path."""
    engine = queries.engine()
    with attach():
        await run_jobs(engine.aquery, ["What falls?", "What is cold?"])
    asked = [one for one in told.ends.values() if one.name.endswith(".aquery")]
    assert [one.source[1] for one in asked] == ["#0", "#1"]
    assert [one.parent for one in asked] == [None, None]
    assert {one.source[0] for one in told.ends.values()} == {asked[0].source[0]}


@pytest.mark.realtime
async def test_to_thread_keeps_the_parent(told: Told) -> None:
    """A query in a thread nests in the span around `asyncio.to_thread`."""
    with attach(), span("question"):
        await asyncio.to_thread(queries.engine().query, "What falls?")
    query = told.the("RetrieverQueryEngine.query")
    assert query.parent == told.the("question").source[-1]


@pytest.mark.realtime
async def test_bare_executor_begins_a_tree_of_its_own(told: Told) -> None:
    """`run_in_executor` takes no place along, so that the query there is a root."""
    loop, engine = asyncio.get_running_loop(), queries.engine()
    with attach(), span("question"):
        await loop.run_in_executor(None, engine.query, "What falls?")
    assert told.the("RetrieverQueryEngine.query").parent is None


def test_threads_do_not_mix(told: Told) -> None:
    """Queries of several threads are trees of their own."""
    engine = queries.engine()
    with attach():
        threads = [
            threading.Thread(target=engine.query, args=(f"Question {number}?",))
            for number in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [root.name for root in told.children()[None]] == [
        "RetrieverQueryEngine.query"
    ] * 4
    tree = told.tree()
    first = tree[: len(tree) // 4]
    assert tree == first * 4
    assert {one.phase for one in told.ends.values()} == {"done"}


def test_lost_place_is_found_by_the_parent(told: Told) -> None:
    """A span whose code lost its place stands by its parent in LlamaIndex."""
    dispatcher = get_dispatcher()
    with attach(), span("question"):
        dispatcher.span_enter("outer-1", None)
        there = threading.Thread(
            target=dispatcher.span_enter, args=("inner-1", None, None, "outer-1")
        )
        there.start()
        there.join()
        dispatcher.span_exit("inner-1", None)
        dispatcher.span_exit("outer-1", None)
    assert told.tree() == ["question", "  outer-1", "    inner-1"]


# -- how spans end


async def test_error_is_that_of_every_span_around_it(told: Told) -> None:
    """All that fails says so, and which span the exception came out of."""
    engine = queries.engine(queries.Broken())
    with attach(), pytest.raises(RuntimeError, match="no such model"), span("question"):
        await engine.aquery("What falls?")
    failed = {one.name: one for one in told.ends.values() if one.phase == "failed"}
    assert list(failed) == [
        "Broken.complete",
        "Broken.acomplete",
        "Broken.apredict",
        "CompactAndRefine.aget_response",
        "CompactAndRefine.asynthesize",
        "RetrieverQueryEngine._aquery",
        "RetrieverQueryEngine.aquery",
        "question",
    ]
    assert {one.error for one in failed.values()} == {"RuntimeError('no such model')"}
    innermost = failed["Broken.complete"].source[-1]
    assert {one.cause for one in failed.values()} == {innermost}
    assert told.the("VectorIndexRetriever.aretrieve").phase == "done"


async def test_cancelled_query_is_told_as_such(told: Told) -> None:
    """What is under way as a task is cancelled is cancelled; what was done stays."""
    model = queries.Waiting()
    with attach():
        query = asyncio.create_task(queries.engine(model).aquery("What falls?"))
        await model._asked.wait()
        query.cancel()
        with pytest.raises(asyncio.CancelledError):
            await query
    phases = told.phases()
    assert phases["RetrieverQueryEngine.aquery"] == {"cancelled"}
    assert phases["Waiting.acomplete"] == {"cancelled"}
    assert phases["VectorIndexRetriever.aretrieve"] == {"done"}
    assert {one.error for one in told.ends.values()} == {None}


def test_answer_in_pieces_is_followed_to_the_last(told: Told) -> None:
    """The call of a model ends with the last piece; its function returned before."""
    with attach():
        answer = queries.engine(queries.Model(), streaming=True).query("What falls?")
        first = next(iter(answer.response_gen))
        assert "Model.stream_complete" not in told.phases()
        rest = list(answer.response_gen)
    assert (first, len(rest)) == ("a", 1)
    call = told.the("Model.stream_complete")
    assert call.phase == "done"
    assert dict(call.attributes)["pieces"] == 2


async def test_async_answer_in_pieces_is_followed_to_the_last(told: Told) -> None:
    """So does an asynchronous call of a model."""
    with attach():
        answer = await queries.Model().astream_complete("What falls?")
        await anext(answer)
        assert "Model.astream_complete" not in told.phases()
        assert len([piece async for piece in answer]) == 1
    assert told.phases()["Model.astream_complete"] == {"done"}


def test_answer_that_fails_between_two_pieces_is_told(told: Told) -> None:
    """A model that fails in the middle of its answer has failed."""
    with attach():
        answer = queries.Broken().stream_complete("What falls?")
        next(answer)
        with pytest.raises(RuntimeError, match="no such model"):
            next(answer)
    call = told.the("Broken.stream_complete")
    assert (call.phase, call.error) == ("failed", "RuntimeError('no such model')")


@pytest.mark.parametrize("pieces", [0, 1])
def test_answer_that_nobody_reads_on_ends(told: Told, pieces: int) -> None:
    """Whoever lets go of an answer ends the call, also without having read of it."""
    with attach():
        answer = queries.Model().stream_complete("What falls?")
        for _ in range(pieces):
            next(answer)
        assert told.ends == {}
        del answer
        gc.collect()
        assert told.phases() == {"Model.stream_complete": {"done"}}
        assert tracing_module._current.spans._open == {}


async def test_span_of_a_future_ends_with_it(told: Told) -> None:
    """A plain function that returns a future goes on until that is done."""
    future = asyncio.get_running_loop().create_future()

    @get_dispatcher().span
    def submit() -> asyncio.Future[str]:
        return future

    with attach():
        returned = submit()
        await asyncio.sleep(0)
        assert told.ends == {}
        future.set_result("rain")
        assert await returned == "rain"
        await asyncio.sleep(0)
    assert told.phases() == {"submit": {"done"}}


def test_events_of_ones_own_are_told(told: Told) -> None:
    """Fields of an event that LlamaIndex does not know, and tags, are attributes."""

    class Weather(BaseEvent):
        wind: float
        places: list[str]

    @get_dispatcher().span
    def look() -> None:
        get_dispatcher().event(Weather(wind=2.5, places=["here"]))

    with attach(), instrument_tags({"user": "me"}):
        look()
    attributes = told.the("look").attributes
    assert attributes == (("user", "me"), ("wind", 2.5), ("places", "['here']"))


# -- workflows of LlamaIndex


@pytest.mark.realtime
async def test_workflow_is_a_span_with_its_steps(told: Told) -> None:
    """A run has its steps inside, and what they do in these; no event is shown."""

    class Asking(flows.Linear):
        @flows.step
        async def find(self, ev: flows.StartEvent) -> flows.Pages:
            answer = await queries.engine().aquery(ev.topic)
            return flows.Pages(pages=[str(answer)])

    with attach(), span("work"):
        assert await Asking().run(topic="rain") == ANSWER
    steps = [one for one in told.ends.values() if one.kind == "step"]
    assert [one.name for one in steps] == ["Asking.find", "Linear.answer"]
    run = told.the("Asking.run")
    assert run.kind == "async_job"
    assert {one.parent for one in steps} == {run.source[-1]}
    assert [dict(one.attributes) for one in steps] == [
        {"given": "StartEvent"},
        {"given": "Pages"},
    ]
    query = told.the("RetrieverQueryEngine.aquery")
    assert query.parent == steps[0].source[-1]


@pytest.mark.realtime
async def test_cancelled_workflow_is_told_as_such(told: Told) -> None:
    """A run that its user cancels, and the step under way, are cancelled."""
    asked = asyncio.Event()

    class Slow(flows.Workflow):
        @flows.step
        async def wait(self, ev: flows.StartEvent) -> flows.StopEvent:  # noqa: ARG002
            asked.set()
            await asyncio.Event().wait()
            return flows.StopEvent()

    with attach():
        handler = Slow().run()
        await asked.wait()
        await handler.cancel_run()
        with pytest.raises(WorkflowCancelledByUser):
            await handler
    assert told.phases() == {"Slow.wait": {"cancelled"}, "Slow.run": {"cancelled"}}


# -- attaching and detaching


async def test_attaching_twice_is_attaching_once(told: Told) -> None:
    """Each span is told once, and the inner `with` block does not detach the outer."""
    engine = queries.engine()
    with attach() as outer:
        with attach() as inner:
            await engine.aquery("What falls?")
        assert repr(outer) == repr(inner) == "<Attachment to LlamaIndex>"
        assert len(told.ends) == SPANS_OF_A_QUERY
    assert repr(outer) == "<Attachment to LlamaIndex, detached>"
    outer.detach()
    await engine.aquery("What falls?")
    assert len(told.ends) == SPANS_OF_A_QUERY


def test_handle_of_an_earlier_attachment_does_not_end_a_later_one() -> None:
    """Only the attachment that a handle stands for is ended by it."""
    early = attach()
    detach()
    with attach() as late:
        early.detach()
        assert repr(late) == "<Attachment to LlamaIndex>"


def test_handlers_of_others_stay() -> None:
    """What others have put on the dispatcher meanwhile is there afterwards."""
    root, other = get_dispatcher(), NullEventHandler()
    before = [*root.event_handlers]
    with attach():
        root.add_event_handler(other)
    assert root.event_handlers == [*before, other]
    assert root.event_handlers[-1] is other
    root.event_handlers = before


async def test_detaching_ends_what_is_open(told: Told) -> None:
    """Open spans are told as cancelled, as nobody follows them; the query goes on."""
    model = queries.Waiting()
    attachment = attach()
    query = asyncio.create_task(queries.engine(model).aquery("What falls?"))
    await model._asked.wait()
    attachment.detach()
    number = len(told.records)
    model._go_on.set()
    assert str(await query) == ANSWER_OF_A_MODEL
    assert len(told.records) == number
    waiting = told.the("Waiting.acomplete")
    assert (waiting.phase, dict(waiting.attributes)["detached"]) == ("cancelled", True)
    assert told.phases()["RetrieverQueryEngine.aquery"] == {"cancelled"}


async def test_nothing_is_kept_while_nobody_listens() -> None:
    """Without a listener there are no open spans, and code has no other place."""
    model = queries.Waiting()
    with attach():
        query = asyncio.create_task(queries.engine(model).aquery("What falls?"))
        await model._asked.wait()
        assert tracing_module._current.spans._open == {}
        model._go_on.set()
        await query


async def test_no_object_of_a_query_is_kept(told: Told) -> None:
    """Records and open spans hold text, so that engines and models are let go."""
    model = queries.Model()
    gone = weakref.ref(model)
    engine = queries.engine(model)
    with attach():
        await engine.aquery("What falls?")
        del model, engine
        gc.collect()
        assert gone() is None
        assert tracing_module._current.spans._open == {}
    assert len(told.ends) == SPANS_OF_A_QUERY


def test_open_spans_are_bounded(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more open spans than there is room for the oldest are no longer followed."""
    monkeypatch.setattr(spans_module, "MOST_OPEN", 2)
    dispatcher = get_dispatcher()

    def begin_three() -> None:
        for number in range(3):
            dispatcher.span_enter(f"call-{number}", None)
        for number in reversed(range(3)):
            dispatcher.span_exit(f"call-{number}", None)

    with attach():
        thread = threading.Thread(target=begin_three)
        thread.start()
        thread.join()
    assert [one.name for one in told.ends.values()] == ["call-2", "call-1"]


def test_fault_of_the_handler_is_logged_once(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    """What the dispatcher would swallow is in the log, and the call goes on."""

    class Sized:
        def __len__(self) -> int:
            raise ValueError("no length")

    class Faulty(BaseEvent):
        nodes: Any

    @get_dispatcher().span
    def look() -> str:
        get_dispatcher().event(Faulty(nodes=Sized()))
        return "seen"

    with attach():
        assert [look(), look()] == ["seen", "seen"]
    (message,) = caplog.messages
    assert message == "a span of LlamaIndex cannot be followed"
    assert [one.phase for one in told.ends.values()] == ["done", "done"]


# -- by way of the older callback manager


def manager() -> Any:  # noqa: ANN401 - LlamaIndex may be untyped
    """Return a manager with our handler."""
    return CallbackManager([PanelCallbackHandler()])


async def test_callback_handler_tells_of_a_query(told: Told) -> None:
    """Code on the callback manager is told as spans, with what its payloads hold."""
    await queries.engine(manager=manager()).aquery("What falls?")
    assert told.tree() == [
        "query",
        "  retrieve",
        "    embedding",
        "  synthesize",
        "    templating",
        "    llm",
        "    llm",
    ]
    assert {one.name == one.kind for one in told.ends.values()} == {True}
    query = told.the("query").attributes
    assert query == (("query", "What falls?"), ("response", ANSWER))
    assert told.the("retrieve").attributes == (("query", "What falls?"), ("nodes", 2))


async def test_callback_handler_is_silent_while_attached(told: Told) -> None:
    """With both in use nothing is told twice."""
    engine = queries.engine(manager=manager())
    with attach():
        await engine.aquery("What falls?")
    assert len(told.ends) == SPANS_OF_A_QUERY


def test_callback_handler_tells_of_errors_all_the_way_up(told: Told) -> None:
    """Each event around an exception has failed; the manager tells the innermost."""
    ours = manager()
    with (
        pytest.raises(ValueError, match="again"),
        ours.event(CBEventType.QUERY),
        ours.event(CBEventType.RETRIEVE),
    ):
        raise ValueError("again")
    failed = list(told.ends.values())
    assert [(one.name, one.phase) for one in failed] == [
        ("retrieve", "failed"),
        ("query", "failed"),
    ]
    assert {one.cause for one in failed} == {failed[0].source[-1]}


async def test_callback_handler_tells_of_cancellation(told: Told) -> None:
    """An event that is left by a cancellation is cancelled."""
    entered = asyncio.Event()

    async def wait() -> None:
        with manager().event(CBEventType.QUERY):
            entered.set()
            await asyncio.Event().wait()

    waiting = asyncio.create_task(wait())
    await entered.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert told.phases() == {"query": {"cancelled"}}


def test_callback_handler_does_not_mind_an_error_around(told: Told) -> None:
    """An event within an `except` block is done, if it is."""
    try:
        {}["page"]
    except KeyError:
        with manager().event(CBEventType.QUERY):
            pass
    assert told.phases() == {"query": {"done"}}


def test_callback_handler_tells_of_errors_between_events(told: Told) -> None:
    """What the manager says has no end is told as failed at once."""
    with pytest.raises(ValueError, match="lost"), manager().as_trace("query"):
        raise ValueError("lost")
    failed = told.the("exception")
    assert (failed.phase, failed.error) == ("failed", "ValueError('lost')")


# -- modules and processes


def printed_by(code: str) -> str:
    """Return what a fresh interpreter prints."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_nothing_is_imported_before_it_is_used() -> None:
    """Neither the package, nor tracing, nor `detach` imports LlamaIndex."""
    code = """
import sys, notebook_async, notebook_async.tracing
from notebook_async.integrations.llama_index import attach, detach
detach()
print([name for name in sys.modules if name.startswith(("llama_index", "workflows"))])
attach()
print("llama_index_instrumentation" in sys.modules, "llama_index.core" in sys.modules)
"""
    assert printed_by(code).splitlines() == ["[]", "True False"]


def test_missing_package_is_named() -> None:
    """Who lacks LlamaIndex is told what to install."""
    code = """
import sys
sys.modules |= {"llama_index_instrumentation": None, "llama_index.core": None}
from notebook_async.integrations import llama_index
for use in ("attach", "PanelCallbackHandler"):
    try:
        getattr(llama_index, use)()
    except ImportError as error:
        print(error)
"""
    assert printed_by(code).splitlines() == [
        (
            "attach() needs llama_index_instrumentation, which is not installed:"
            ' pip install "notebook-async[llama-index]"'
        ),
        (
            "PanelCallbackHandler needs llama-index-core, which is not installed:"
            " pip install llama-index-core"
        ),
    ]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot fork here")
def test_forked_process_tells_nothing() -> None:
    """Hooks belong to the process that added them, not to copies of it."""
    code = """
import os
from llama_index_instrumentation import get_dispatcher
from notebook_async.core import SpanRecord, add_hook
from notebook_async.integrations.llama_index import attach

told = []
look = get_dispatcher().span(lambda: None)
with attach(), add_hook(told.append, SpanRecord):
    child = os.fork()
    look()
    if not child:
        os._exit(len(told))
    print(len(told), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert printed_by(code) == "2 0"
