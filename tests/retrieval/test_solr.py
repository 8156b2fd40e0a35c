"""The store on a search server, against a fake of it on the loopback."""

from __future__ import annotations

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notebook_async.errors import (
    ArgumentTypeError,
    HostError,
    InvalidArgumentError,
    SolrError,
    StoreClosedError,
)
from notebook_async.retrieval import (
    Document,
    PreparedDocument,
    SentenceSplitter,
    SolrTextStore,
    TextStore,
    _solr,
    _solr_words,
)
from tests.retrieval.fake_solr import FakeSolr
from tests.retrieval.http_server import Answer, Request, Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from notebook_async.retrieval import Chunk, Hit

pytestmark = pytest.mark.realtime

DOCUMENTS = [
    Document("tea", "Tea is ready. Green tea, black tea.", {"title": "Tea"}),
    Document("coffee", "Coffee takes longer than tea."),
    Document("long", "A long story about nothing. " * 80 + "Milk at last."),
]


def found(hits: Iterable[Hit]) -> list[str]:
    """Return the ids of the documents of hits, in order."""
    return [hit.chunk.document_id for hit in hits]


@pytest.fixture
def fake() -> FakeSolr:
    """Return a fake of a server with one collection, `notes`."""
    return FakeSolr()


@pytest.fixture
async def server(fake: FakeSolr) -> AsyncIterator[Server]:
    """Serve the fake on the loopback."""
    async with Server.run(fake.answer) as server:
        yield server


@pytest.fixture
async def store(server: Server) -> AsyncIterator[SolrTextStore]:
    """Return a store in that collection."""
    async with SolrTextStore(f"{server.url}/solr/", "notes") as store:
        yield store


def test_is_a_text_store() -> None:
    """It has all that a store needs."""
    assert isinstance(SolrTextStore("http://127.0.0.1", "notes"), TextStore)


async def test_finds_chunks_with_any_word(store: SolrTextStore) -> None:
    """A search finds what has any of its words, best first, with its source."""
    assert await store.add(DOCUMENTS) == 3
    hits = await store.search("ready tea")
    assert found(hits) == ["tea", "coffee"]
    assert [(hit.score, hit.source) for hit in hits] == [(4.0, "notes"), (1.0, "notes")]
    assert (hits[0].chunk,) == SentenceSplitter().split(DOCUMENTS[0])
    assert found(await store.search("tea", 1)) == ["tea"]
    assert found(await store.search("story")) == ["long", "long", "long"]
    assert await store.search("?!") == []


async def test_what_is_sent(store: SolrTextStore, server: Server) -> None:
    """An update is one request of JSON that deletes, adds the parts and commits."""
    await store.add([Document("a", "Tea.", {"n": 1})])
    (request,) = server.requests
    assert (request.method, request.target) == (
        "POST",
        "/solr/notes/update?commit=true&wt=json",
    )
    fingerprint = Document("a", "Tea.", {"n": 1}).content_hash
    assert request.body.decode() == (
        '{"delete":{"query": "document_id_s:(\\"a\\")"},'
        '"add":{"doc": {"id": "chunk:a#0", "kind_s": "chunk", "document_id_s": "a",'
        ' "chunk_id_s": "a#0", "index_i": 0, "start_i": 0, "end_i": 4,'
        ' "text_t": "Tea.", "metadata_t": "{\\"n\\": 1}"}},'
        '"add":{"doc": {"id": "document:a", "kind_s": "document",'
        f' "document_id_s": "a", "fingerprint_s": "{fingerprint}"}}}}}}'
    )


async def test_replaces_what_has_the_same_id(
    store: SolrTextStore, fake: FakeSolr
) -> None:
    """Adding a document again replaces it with all its chunks."""
    await store.add([Document("a", "Tea. " * 500)])
    assert len(fake.documents) > 2
    await store.add([PreparedDocument(Document("a", ""), (), "new")])
    assert await store.fingerprints(["a", "b"]) == {"a": "new"}
    assert list(fake.documents) == ["document:a"]
    twice = [Document("b", "Milk."), Document("b", "Sugar.")]
    assert await store.add(twice) == 2
    assert await store.search("milk") == []


async def test_deletes_by_id_and_by_query(store: SolrTextStore, fake: FakeSolr) -> None:
    """Deleting takes all chunks of a document, and says how many there were."""
    await store.add(DOCUMENTS)
    assert await store.delete_by_id(["coffee", "nobody"]) == 1
    assert await store.delete_by_query("tea milk") == 0
    assert await store.delete_by_query("nothing story") == 1
    assert await store.delete_by_query("?!") == 0
    assert await store.delete_by_id([]) == 0
    assert found(await store.search("tea story milk")) == ["tea"]
    fake.pending["other"] = {"id": "other", "kind_s": "of somebody else"}
    await store.clear_collection()
    assert list(fake.documents) == ["other"]


async def test_many_are_asked_for_in_parts(
    store: SolrTextStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids go in parts, and what a query deletes comes in pages."""
    monkeypatch.setattr(_solr_words, "_IDS_AT_ONCE", 7)
    monkeypatch.setattr(_solr, "_PAGE", 4)
    many = [Document(f"d{n}", "tea" if n % 2 else "milk") for n in range(30)]
    await store.add(many)
    assert len(await store.fingerprints([one.id for one in many])) == 30
    assert await store.delete_by_query("tea") == 15
    assert len(await store.fingerprints([one.id for one in many])) == 15


IDS = [
    "a b",
    'a"b',
    "a\\",
    '\\"',
    "a) OR (b",
    "*",
    "é",
    "a\nb",
    "a\x00b",
    "\ud800",
    "AND",
]


async def test_any_id_is_an_id(store: SolrTextStore) -> None:
    """No id is syntax, and each document is found by its own only."""
    await store.add(Document(key, "tea") for key in IDS)
    assert set(await store.fingerprints(IDS)) == set(IDS)
    for count, key in enumerate(IDS, 1):
        assert await store.delete_by_id([key]) == 1
        assert len(await store.fingerprints(IDS)) == len(IDS) - count


@settings(max_examples=10, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=3, max_size=3))
async def test_any_text_is_a_query(queries: list[str]) -> None:
    """No query is syntax: words reach the server in quotes, and nothing else."""
    fake = FakeSolr()
    async with (
        Server.run(fake.answer) as server,
        SolrTextStore(f"{server.url}/solr", "notes") as store,
    ):
        await store.add(DOCUMENTS)
        for query in queries:
            await store.search(query)
            assert "coffee" in found(await store.search(f"{query} longer"))
            assert await store.delete_by_query(f"{query} unheard") == 0


async def test_long_query_is_sent(store: SolrTextStore, server: Server) -> None:
    """A query of thousands of words is sent as its first 200, in the body."""
    assert await store.search(" ".join(f"w{n}" for n in range(5000))) == []
    (request,) = server.requests
    assert request.body.count(b"%22") == 400


async def test_odd_texts_are_kept(store: SolrTextStore) -> None:
    """Texts, names and metadata come back as they were; halves of pairs do not."""
    text = 'tea "quoted" \\ é 🫖 \ud83e'
    await store.add([Document("é", text, {"é": ["\u2028", None]})])
    (hit,) = await store.search("tea")
    assert hit.chunk.text == text.replace("\ud83e", "\ufffd")
    assert hit.chunk.metadata == {"é": ["\u2028", None]}


async def test_failed_update_is_not_taken_for_stored(
    store: SolrTextStore, fake: FakeSolr
) -> None:
    """What breaks off is told, is not taken for stored, and is replaced next time."""
    fake.fail_after = 1
    long = Document("long", "Tea is ready. " * 200)
    message = "the Solr store 'notes' failed: No space left on device"
    with pytest.raises(SolrError, match=message) as caught:
        await store.add([long])
    assert caught.value.status == 500
    fake.fail_after = None
    # Somebody else commits, and with it what was sent before.
    await store.add([Document("other", "milk")])
    assert len(await store.search("ready")) == 1
    assert list(await store.fingerprints(["long", "other"])) == ["other"]
    await store.add([long])
    assert len(await store.search("ready")) == 4
    assert list(await store.fingerprints(["long"])) == ["long"]


async def test_unknown_collection_is_told(server: Server) -> None:
    """An answer that is no JSON is told by its status."""
    async with SolrTextStore(f"{server.url}/solr", "nowhere") as store:
        with pytest.raises(
            SolrError, match="'nowhere' failed: 404 Not Found"
        ) as caught:
            await store.search("tea")
    assert caught.value.status == 404


async def test_odd_answers_are_told() -> None:
    """What is no answer of Solr is an error, whatever it is."""

    async def answer(_: Request) -> Answer:
        return Answer(200, b"<html>a login page</html>")

    async with (
        Server.run(answer) as server,
        SolrTextStore(server.url, "notes") as store,
    ):
        with pytest.raises(SolrError, match="'notes' failed: what it answers is no J"):
            await store.search("tea")


async def test_no_server_is_told() -> None:
    """Where nobody answers, or not in time, the error has its cause."""
    async with Server.run(FakeSolr().answer) as server:
        url = server.url
    async with SolrTextStore(url, "notes") as store:
        with pytest.raises(SolrError, match="it cannot be reached") as caught:
            await store.search("tea")
    assert isinstance(caught.value.__cause__, httpx.ConnectError)
    assert caught.value.status is None
    never = asyncio.Event()

    async def answer(_: Request) -> Answer:
        await never.wait()
        return Answer()

    async with (
        Server.run(answer) as server,
        SolrTextStore(server.url, "notes", timeout=0.05) as store,
    ):
        with pytest.raises(SolrError, match="cannot be reached: ReadTimeout"):
            await store.search("tea")


async def test_client_has_options(server: Server) -> None:
    """Authentication and headers are those of httpx."""
    options = {"auth": ("me", "secret"), "headers": {"X-Tea": "green"}}
    async with SolrTextStore(
        f"{server.url}/solr", "notes", client_options=options
    ) as store:
        await store.search("tea")
    assert server.requests[0].headers["authorization"].startswith("Basic ")
    assert server.requests[0].headers["x-tea"] == "green"


async def test_closed_store_says_so(store: SolrTextStore) -> None:
    """After it was closed everything but closing is an error."""
    await store.search("tea")
    await store.aclose()
    await store.aclose()
    for late in (
        store.search("tea"),
        store.search("?"),
        store.add([]),
        store.fingerprints([]),
        store.delete_by_id([]),
        store.delete_by_query("?"),
        store.clear_collection(),
        store.__aenter__(),
    ):
        with pytest.raises(StoreClosedError, match="the store 'notes' is closed"):
            await late


async def test_loops_have_clients_of_their_own(
    store: SolrTextStore, server: Server
) -> None:
    """Blocking calls of other loops use no connection of this one, nor leave theirs."""
    await store.add(DOCUMENTS)
    await store.search("tea")

    def blocking() -> list[str]:
        return found(asyncio.run(store.search("milk")))

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(3) as threads:
        calls = [loop.run_in_executor(threads, blocking) for _ in range(6)]
        assert await asyncio.gather(*calls) == [["long"]] * 6
    assert found(await store.search("milk")) == ["long"]
    # Those of loops that have ended are closed, and forgotten.
    assert len(store._clients._held) == 1
    assert len(server.requests) == 9


async def test_wrong_arguments_are_refused(store: SolrTextStore) -> None:
    """What is no document and no limit is told at once."""
    with pytest.raises(ArgumentTypeError, match="a store takes Document and Prep"):
        await store.add(["text"])  # type: ignore[list-item]
    with pytest.raises(InvalidArgumentError, match="limit must be >= 1, got 0"):
        await store.search("tea", 0)
    with pytest.raises(InvalidArgumentError, match="timeout must be > 0 seconds"):
        SolrTextStore("http://127.0.0.1", "notes", timeout=0)


def test_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without httpx the error says what to install."""
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(HostError, match="SolrTextStore needs httpx"):
        SolrTextStore("http://127.0.0.1", "notes")


async def test_deleting_sends_every_word(store: SolrTextStore, server: Server) -> None:
    """To leave words of a long query out would delete more than what has them all."""
    await store.delete_by_query(" ".join(f"w{n}" for n in range(300)))
    assert server.requests[0].body.count(b"%22") == 600


async def test_loop_goes_on_while_documents_are_split(
    store: SolrTextStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is added without chunks is split in a thread."""
    threads: list[threading.Thread] = []
    split = SentenceSplitter.split

    def noted(self: SentenceSplitter, document: Document) -> tuple[Chunk, ...]:
        threads.append(threading.current_thread())
        return split(self, document)

    monkeypatch.setattr(SentenceSplitter, "split", noted)
    await store.add([Document("tea", "Tea is ready.")])
    (thread,) = threads
    assert thread is not threading.current_thread()
