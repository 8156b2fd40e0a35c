"""Documents into chunks."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.retrieval import Document, SentenceSplitter
from notebook_async.retrieval import _splitter as splitting

WORDS = st.sampled_from(
    ["tea", "Is", "ready.", "e.g.", "why?", "\n\n", "、東京。", "x" * 250]
)
TEXTS = st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=80).map(" ".join))


def texts(text: str, *, chunk_size: int, overlap: int = 0) -> list[str]:
    """Return the texts of the chunks."""
    splitter = SentenceSplitter(chunk_size=chunk_size, overlap=overlap)
    return [chunk.text for chunk in splitter.split(Document("d", text))]


def test_chunks_are_whole_sentences() -> None:
    """A chunk ends with the last sentence that fits into it."""
    text = "One two. Three four five. Six. Seven eight nine ten."
    assert texts(text, chunk_size=6) == [
        "One two. Three four five. Six.",
        "Seven eight nine ten.",
    ]
    assert texts(text, chunk_size=5) == [
        "One two. Three four five.",
        "Six. Seven eight nine ten.",
    ]


def test_long_sentence_is_cut_between_words() -> None:
    """A sentence of more words than a chunk has is cut when the chunk is full."""
    assert texts("a b c d e f g. H i.", chunk_size=3) == ["a b c", "d e f", "g. H i."]


def test_overlap_is_words_or_from_a_sentence_on() -> None:
    """A chunk begins with the last words of the one before, or a sentence in them."""
    text = "a b c d e. F g h i j k"
    assert texts(text, chunk_size=7, overlap=3) == [
        "a b c d e.",
        "c d e. F g h i",
        "g h i j k",
    ]
    text = "A b. C d. E f. G h."
    assert texts(text, chunk_size=6, overlap=3) == ["A b. C d. E f.", "E f. G h."]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("He said “no.” Then left.", ["He said “no.”", "Then left."]),
        ("Take e.g. this one. Or 3.5 of it.", ["Take e.g. this one.", "Or 3.5 of it."]),
        ("A title\n\nits text", ["A title", "its text"]),
        ("Wait… What?! Go.", ["Wait…", "What?!", "Go."]),
        ("東京。大阪。京都", ["東京。", "大阪。", "京都"]),
    ],
)
def test_sentences_are_told_by_their_marks(text: str, sentences: list[str]) -> None:
    """Marks, what closes behind them, and empty lines end sentences."""
    document = Document("d", text)
    words = [match.span() for match in splitting._WORD.finditer(document.text)]
    begins = [0, *(n for n, b in enumerate(splitting._sentences(text, words)) if b)]
    ends = [*begins[1:], len(words)]
    spans = [
        (words[a][0], words[b - 1][1])
        for a, b in zip(begins, ends, strict=True)
        if b > a
    ]
    assert [text[a:b] for a, b in spans] == sentences


@given(TEXTS, st.integers(1, 12), st.data())
def test_chunks_cover_the_text(text: str, size: int, data: st.DataObject) -> None:
    """Every word is in a chunk, none is too large, and each adds something."""
    overlap = data.draw(st.integers(0, size - 1))
    splitter = SentenceSplitter(chunk_size=size, overlap=overlap)
    chunks = splitter.split(Document("d", text))
    covered: set[int] = set()
    for index, chunk in enumerate(chunks):
        assert chunk.text == text[chunk.start : chunk.end] == chunk.text.strip()
        assert (chunk.id, chunk.index) == (f"d#{index}", index)
        spans = [match.span() for match in splitting._WORD.finditer(text)]
        inside = [s for s in spans if chunk.start <= s[0] and s[1] <= chunk.end]
        again = [s for s in inside if set(range(*s)) <= covered]
        assert 1 <= len(inside) <= size
        assert len(again) <= overlap
        covered |= set(range(chunk.start, chunk.end))
    left = {at for at, mark in enumerate(text) if not mark.isspace()}
    assert left <= covered
    assert chunks == splitter.split(Document("d", text))


def test_no_words_are_no_chunks() -> None:
    """An empty document has no chunks."""
    assert SentenceSplitter().split(Document("d", " \n\n ")) == ()


def test_chunks_carry_what_is_known() -> None:
    """A chunk has the metadata of its document."""
    (chunk,) = SentenceSplitter().split(Document("d", "tea", {"title": "Tea"}))
    assert chunk.metadata == {"title": "Tea"}
    assert chunk.embedding is None


def test_fingerprint_tells_the_sizes() -> None:
    """Another size is another fingerprint."""
    sizes = [{}, {"chunk_size": 100}, {"overlap": 0}]
    assert len({SentenceSplitter(**size).fingerprint for size in sizes}) == 3


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"chunk_size": 0}, InvalidArgumentError, "chunk_size must be >= 1, got 0"),
        ({"overlap": -1}, InvalidArgumentError, "overlap must be >= 0, got -1"),
        ({"chunk_size": 9, "overlap": 9}, InvalidArgumentError, "below chunk_size=9"),
        ({"chunk_size": "9"}, ArgumentTypeError, "chunk_size must be an integer"),
    ],
)
def test_wrong_sizes_are_refused(
    options: dict[str, int], error: type[Exception], message: str
) -> None:
    """Sizes that make no chunks are told at once."""
    with pytest.raises(error, match=message):
        SentenceSplitter(**options)


@pytest.mark.realtime
async def test_loop_goes_on_while_a_large_text_is_split() -> None:
    """Above 1 MB a document is split in a thread."""
    document = Document("d", "Tea is ready. " * 100_000)
    splitting_it = asyncio.ensure_future(SentenceSplitter().asplit(document))
    turns = 0
    while not splitting_it.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 5
    assert len(await splitting_it) == 1667


@pytest.mark.parametrize("text", [".'" * 200_000, "\n " * 200_000, ". " * 200_000])
@pytest.mark.timeout(20)
def test_odd_texts_take_no_longer(text: str) -> None:
    """No text makes the search for sentences go over it again and again."""
    SentenceSplitter().split(Document("d", text))
