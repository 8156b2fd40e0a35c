"""The store in a file of SQLite: what is stored, and what is found."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from notebook_async.errors import ArgumentTypeError, HostError, InvalidArgumentError
from notebook_async.retrieval import (
    Chunk,
    Document,
    HashingEmbedder,
    Hit,
    PreparedDocument,
    SentenceSplitter,
    SqliteTextStore,
    TextStore,
)
from notebook_async.retrieval._query import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# The connections have threads of their own, in real time.
pytestmark = pytest.mark.realtime

TEXTS = {
    "tea": "Tea is ready. Green tea, black tea.",
    "coffee": "Coffee takes longer than tea.",
    "café": "The café was closed, as cafés are on Mondays.",
    "long": "A long story about nothing. " * 40 + "Milk at last.",
}


def documents(texts: dict[str, str] = TEXTS) -> list[Document]:
    """Return a document for each text."""
    return [Document(key, text, {"title": key.upper()}) for key, text in texts.items()]


def prepared(
    key: str, *vectors: tuple[float, ...], mark: str = "1"
) -> PreparedDocument:
    """Return a document with a chunk for each vector."""
    chunks = tuple(
        Chunk(f"{key}#{n}", key, n, f"{key} {n}", 2 * n, 2 * n + 1, embedding=vector)
        for n, vector in enumerate(vectors)
    )
    return PreparedDocument(Document(key, f"text of {key}"), chunks, mark)


def found(hits: Iterable[Hit]) -> list[str]:
    """Return the ids of the documents of hits, in order."""
    return [hit.chunk.document_id for hit in hits]


def test_is_a_text_store() -> None:
    """It has all that a store needs."""
    assert isinstance(SqliteTextStore(":memory:"), TextStore)


@pytest.fixture(params=["file", "memory"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return a place for a store."""
    return ":memory:" if request.param == "memory" else str(tmp_path / "store.db")


async def test_finds_chunks_with_any_word(path: str) -> None:
    """A search finds what has any of its words, best first, with its source."""
    async with SqliteTextStore(path, name="drinks") as store:
        assert await store.add(documents()) == 4
        hits = await store.search("ready tea")
        assert found(hits) == ["tea", "coffee"]
        assert hits[0].score > hits[1].score > 0
        assert {hit.source for hit in hits} == {"drinks"}
        (chunk,) = SentenceSplitter().split(documents()[0])
        assert hits[0].chunk == chunk
        assert found(await store.search("ready tea", limit=1)) == ["tea"]
        assert found(await store.search("cafe")) == ["café"]
        assert found(await store.search("stories")) == ["long", "long"]
        assert await store.search("unheard of"[:7]) == []


async def test_ranks_as_fts5_does(tmp_path: Path) -> None:
    """Order and scores are those of bm25() over the same texts, in SQL of our own."""
    words = ["tea", "milk", "sugar", "cup", "pot", "water", "leaf"]
    texts = [
        " ".join(words[(n * k + k) % 7] for k in range(1, 3 + n % 11))
        for n in range(60)
    ]
    async with SqliteTextStore(tmp_path / "store.db") as store:
        await store.add(Document(str(n), text) for n, text in enumerate(texts))
        queries = ["tea", "milk sugar", "pot of water", "leaf cup tea"]
        ours = [await store.search(query, limit=60) for query in queries]
    plain = sqlite3.connect(":memory:")
    plain.execute(
        "CREATE VIRTUAL TABLE t USING fts5"
        " (text, tokenize = 'porter unicode61 remove_diacritics 2')"
    )
    plain.executemany("INSERT INTO t VALUES (?)", [(text,) for text in texts])
    for query, hits in zip(queries, ours, strict=True):
        theirs = plain.execute(
            "SELECT rowid - 1, -bm25(t, 1.0) FROM t WHERE t MATCH ? ORDER BY 2 DESC, 1",
            [" OR ".join(query.split())],
        ).fetchall()
        assert [(int(hit.chunk.document_id), hit.score) for hit in hits] == theirs
        assert len(theirs) > 10
    plain.close()


SYNTAX = [
    *(
        '"',
        '""',
        "*",
        "(",
        ")",
        "^",
        "-",
        "+",
        ":",
        "{",
        "}",
        ",",
        "'",
        ";",
        "--",
        "\\",
    ),
    *(
        "AND",
        "OR",
        "NOT",
        "NEAR(",
        "text:",
        "{text}:",
        "rank",
        "chunks_text",
        "\x00",
        "%",
    ),
    *("\ud800", "\u0301", "é", "東京", "🫖", "_", "tea*", "?1", "DROP TABLE chunks;"),
]
QUERIES = st.one_of(
    st.text(max_size=40), st.lists(st.sampled_from(SYNTAX), max_size=8).map(" ".join)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(QUERIES, min_size=3, max_size=3))
@example(['"', "NEAR(", "tea AND"])
@example(["a\x00b", "\ud800", "*"])
async def test_any_text_is_a_query(queries: list[str]) -> None:
    """No query is syntax: each is its words, and what is between them is nothing."""
    async with SqliteTextStore(":memory:") as store:
        await store.add([*documents(), Document("odd", "NOT near and or rank text")])
        for query in queries:
            hits = await store.search(query)
            assert hits == await store.search(" ".join(words_of(query)))
            assert bool(hits) == any([await store.search(w) for w in words_of(query)])
            more = await store.search(f"{query} kettle unheard zzz")
            assert set(found(hits)) <= set(found(more))
            assert "coffee" in found(await store.search(f"longer {query}"))
            left = await store.delete_by_query(f"{query} zzz")
            assert left == 0
        assert len(await store.ids()) == 5


async def test_words_of_syntax_are_words(path: str) -> None:
    """AND, OR, NOT and NEAR are looked for as any other word."""
    async with SqliteTextStore(path) as store:
        await store.add([Document("a", "this and that"), Document("b", "tea")])
        assert found(await store.search("tea AND")) == ["b", "a"]
        assert found(await store.search("NOT tea")) == ["b"]


async def test_long_query_counts_its_first_words() -> None:
    """A query of thousands of words is answered by its first 200."""
    async with SqliteTextStore(":memory:") as store:
        await store.add(documents())
        before = " ".join(f"word{n}" for n in range(199))
        assert found(await store.search(f"{before} milk " + "tea " * 9000)) == ["long"]
        assert await store.search(f"{before} kettle milk") == []


async def test_deletes_by_every_word_of_a_long_query() -> None:
    """What has the first 200 words, but not the last one, stays."""
    words = " ".join(f"word{n}" for n in range(300))
    whole = SentenceSplitter(chunk_size=1000)
    async with SqliteTextStore(":memory:", splitter=whole) as store:
        await store.add([Document("all", f"{words} tea"), Document("most", words)])
        assert await store.delete_by_query(f"{words} tea") == 1
        assert await store.ids() == ["most"]


async def test_replaces_what_has_the_same_id(path: str) -> None:
    """Adding a document again replaces it with all its chunks."""
    async with SqliteTextStore(path) as store:
        await store.add([prepared("a", (1.0,), (0.5,)), prepared("b", (1.0,))])
        await store.add([prepared("a", (0.0,), mark="2")])
        assert await store.ids() == ["b", "a"]
        assert [chunk.id for chunk in await store.chunks_of("a")] == ["a#0"]
        assert await store.fingerprints(["a", "b", "c"]) == {"a": "2", "b": "1"}
        assert found(await store.search("1")) == []
        # Of two in one call the later one is it.
        twice = [prepared("c", (1.0,), mark="1"), prepared("c", (1.0,), mark="2")]
        assert await store.add(twice) == 2
        assert await store.fingerprints(["c"]) == {"c": "2"}
        assert len(await store.chunks_of("c")) == 1


async def test_deletes_by_id_and_by_query(path: str) -> None:
    """Deleting takes all chunks of a document, and says how many there were."""
    async with SqliteTextStore(path) as store:
        await store.add(documents())
        assert await store.delete_by_id(["café", "nobody"]) == 1
        assert await store.search("café") == []
        assert await store.delete_by_query("tea coffee") == 1
        assert await store.delete_by_query("nothing story") == 1
        assert await store.delete_by_query("?!") == 0
        assert await store.ids() == ["tea"]
        await store.clear_collection()
        assert await store.ids() == []
        assert await store.search("tea") == []
        assert await store.fingerprints(["tea"]) == {}
        await store.add(documents())
        assert len(await store.ids()) == 4


async def test_metadata_comes_back(path: str) -> None:
    """Metadata of documents and of single chunks is kept as JSON values."""
    known = {"title": "Tea é", "pages": [1, 2.5, None], "deep": {"a": True}}
    document = Document("a", "Tea.", known)
    (chunk,) = SentenceSplitter().split(document)
    other = replace(chunk, id="a#1", index=1, text="Pot.", metadata={"n": 1})
    async with SqliteTextStore(path) as store:
        await store.add([PreparedDocument(document, (chunk, other), "1")])
        assert await store.chunks_of("a") == [chunk, other]
        assert (await store.search("pot"))[0].chunk.metadata == {"n": 1}


async def test_plain_documents_are_split() -> None:
    """A document without chunks is split, by the store's splitter."""
    splitter = SentenceSplitter(chunk_size=5, overlap=0)
    async with SqliteTextStore(":memory:", splitter=splitter) as store:
        document = Document("a", "One two three. Four five six.")
        await store.add([document])
        assert tuple(await store.chunks_of("a")) == splitter.split(document)
        assert await store.fingerprints(["a"]) == {"a": document.content_hash}


async def test_document_without_chunks_is_there() -> None:
    """A document that has no words is stored, so that it is not done again."""
    async with SqliteTextStore(":memory:") as store:
        assert await store.add([Document("empty", "")]) == 1
        assert list(await store.fingerprints(["empty"])) == ["empty"]
        assert await store.chunks_of("empty") == []


async def test_odd_characters_are_kept() -> None:
    """Text may have anything; half of a surrogate pair becomes the sign for that."""
    text = "a\x00b 🫖 e\u0301 \ud83e tea"
    async with SqliteTextStore(":memory:") as store:
        await store.add([Document("odd\ud800\x00", text)])
        (hit,) = await store.search("tea")
        assert hit.chunk.text == text.replace("\ud83e", "\ufffd")
        assert list(await store.fingerprints(["odd\ud800\x00"])) == ["odd\ud800\x00"]
        assert await store.delete_by_id(["odd\ud800\x00"]) == 1


async def test_finds_the_nearest_vectors(path: str) -> None:
    """Chunks come by the cosine of their vectors; those of another length do not."""
    async with SqliteTextStore(path) as store:
        await store.add(
            [
                prepared("x", (2.0, 0.0), (3.0, 4.0)),
                prepared("y", (-1.0, 0.0), (0.0, 0.0)),
                prepared("z", (1.0, 0.0, 0.0)),
                *documents(),
            ]
        )
        hits = await store.search_similar([0.5, 0.0])
        scores = {hit.chunk.id: round(hit.score, 6) for hit in hits}
        assert scores == {"x#0": 1.0, "x#1": 0.6, "y#1": 0.0, "y#0": -1.0}
        assert list(scores) == ["x#0", "x#1", "y#1", "y#0"]
        assert [h.chunk.id for h in await store.search_similar([1, 0], 2)] == [
            "x#0",
            "x#1",
        ]
        assert [h.chunk.id for h in await store.search_similar([1, 1, 1])] == ["z#0"]
        with pytest.raises(InvalidArgumentError, match="the query has 9 numbers"):
            await store.search_similar([1.0] * 9)


async def test_vectors_are_read_anew_after_a_change(path: str) -> None:
    """What is written shows in the next search, by this store or another one."""
    async with SqliteTextStore(path) as store:
        await store.add([prepared("a", (1.0, 0.0))])
        assert found(await store.search_similar([1, 0])) == ["a"]
        await store.add([prepared("b", (1.0, 0.0))])
        assert found(await store.search_similar([1, 0])) == ["a", "b"]
        await store.delete_by_id(["a"])
        assert found(await store.search_similar([1, 0])) == ["b"]
        if path != ":memory:":
            async with SqliteTextStore(path) as other:
                await other.add([prepared("c", (1.0, 0.0))])
            assert found(await store.search_similar([1, 0])) == ["b", "c"]


async def test_vectors_are_those_of_float32(tmp_path: Path) -> None:
    """Vectors are kept as 4 bytes a number, and found by another store of the file."""
    embedder = HashingEmbedder(dimensions=32)
    texts = ["cancel a job", "make some tea", "boil water for tea"]
    vectors = await embedder.aembed(texts)
    place = tmp_path / "store.db"
    async with SqliteTextStore(place) as store:
        await store.add(
            prepared(t, tuple(v)) for t, v in zip(texts, vectors, strict=True)
        )
    async with SqliteTextStore(place) as store:
        hits = await store.search_similar(await embedder.aembed_one("tea water"), 2)
        assert found(hits) == [texts[2], texts[1]]
    plain = sqlite3.connect(place)
    sizes = plain.execute("SELECT DISTINCT length(vector) FROM embeddings").fetchall()
    plain.close()
    assert sizes == [(128,)]


WORDS = ["tea", "pot", "cup", "milk", "leaf"]
ACTIONS = st.one_of(
    st.tuples(
        st.just("add"),
        st.dictionaries(
            st.sampled_from("abcd"),
            st.lists(st.sampled_from(WORDS), max_size=4),
            max_size=3,
        ),
    ),
    st.tuples(st.just("delete"), st.lists(st.sampled_from("abcd"), max_size=2)),
    st.tuples(st.just("query"), st.lists(st.sampled_from(WORDS), max_size=2)),
    st.tuples(st.just("clear"), st.none()),
)


async def _apply(
    store: SqliteTextStore,
    model: dict[str, list[str]],
    action: str,
    value: Any,  # noqa: ANN401 - what the action needs
) -> None:
    """Do the same to a store and to a dictionary."""
    if action == "add":
        await store.add(Document(key, " ".join(words)) for key, words in value.items())
        model.update(value)
    elif action == "clear":
        await store.clear_collection()
        model.clear()
    else:
        doomed = set(value) & set(model)
        if action == "query":
            doomed = {k for k in model if value and set(value) <= set(model[k])}
            assert await store.delete_by_query(" ".join(value)) == len(doomed)
        else:
            assert await store.delete_by_id(value) == len(doomed)
        for key in doomed:
            del model[key]


@settings(max_examples=40, deadline=None)
@given(st.lists(ACTIONS, max_size=12))
async def test_is_a_dictionary_that_can_be_searched(
    actions: list[tuple[str, Any]],
) -> None:
    """After any changes it has what a dictionary has, and so does its index."""
    model: dict[str, list[str]] = {}
    async with SqliteTextStore(":memory:") as store:
        for action, value in actions:
            await _apply(store, model, action, value)
        assert sorted(await store.ids()) == sorted(model)
        for word in WORDS:
            expected = {key for key, words in model.items() if word in words}
            assert set(found(await store.search(word))) == expected
        async with store._file.transaction() as transaction:
            await transaction.do(
                "INSERT INTO chunks_text (chunks_text, rank)"
                " VALUES ('integrity-check', 1)"
            )


@pytest.mark.parametrize("metadata", [{"a": object()}, {"a": {1, 2}}, {(1,): 2}])
async def test_metadata_that_is_no_json_is_refused(metadata: dict[Any, Any]) -> None:
    """Metadata that could not come back is told, with the name of the chunk."""
    async with SqliteTextStore(":memory:") as store:
        known = replace(prepared("a", (1.0,)), document=Document("a", "x"))
        chunk = replace(known.chunks[0], metadata=metadata)
        with pytest.raises(ArgumentTypeError, match=r"metadata of 'a#0' must be JSON"):
            await store.add([replace(known, chunks=(chunk,))])
        assert await store.ids() == []


async def test_wrong_arguments_are_refused() -> None:
    """What is no document, no limit and no vector is told at once."""
    async with SqliteTextStore(":memory:") as store:
        with pytest.raises(ArgumentTypeError, match="a store takes Document and Prep"):
            await store.add(["text"])  # type: ignore[list-item]
        with pytest.raises(InvalidArgumentError, match="limit must be >= 1, got 0"):
            await store.search("tea", 0)
        with pytest.raises(InvalidArgumentError, match="at least one number"):
            await store.search_similar([])
    with pytest.raises(InvalidArgumentError, match="patience must be >= 0 seconds"):
        SqliteTextStore(":memory:", patience=-1)


def test_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without aiosqlite the error says what to install."""
    monkeypatch.setitem(sys.modules, "aiosqlite", None)
    message = (
        r"SqliteTextStore needs aiosqlite.*pip install \"notebook-async\[retrieval\]"
    )
    with pytest.raises(HostError, match=message):
        SqliteTextStore(":memory:")


def test_libraries_are_imported_on_use() -> None:
    """Importing the room loads none of the libraries of its extra."""
    code = (
        "import notebook_async.retrieval, json, sys;"
        " print(json.dumps(list(sys.modules)))"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert set(json.loads(done.stdout)) & {"aiosqlite", "numpy", "httpx"} == set()


def test_works_in_one_loop_after_another(tmp_path: Path) -> None:
    """A store may be used by blocking calls, each of which has a loop of its own."""
    store = SqliteTextStore(tmp_path / "store.db")
    asyncio.run(store.add(documents()))
    assert found(asyncio.run(store.search("milk"))) == ["long"]
    asyncio.run(store.aclose())
