"""Documents into chunks: whole sentences where they fit, words as the unit."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from notebook_async.core._options import integer
from notebook_async.errors import InvalidArgumentError
from notebook_async.retrieval._records import Chunk

if TYPE_CHECKING:
    from notebook_async.retrieval._records import Document

__all__ = ["SentenceSplitter"]

_IDEOGRAMS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

# Scripts without spaces count by the character. What has no end, such as a file in
# base 64, counts as many words, for a chunk is to stay small.
_LETTERS = 100
_WORD = re.compile(rf"[{_IDEOGRAMS}]|[^\s{_IDEOGRAMS}]{{1,{_LETTERS}}}")

# What ends a sentence: a mark with what closes after it, then space and no small
# letter, which would say that it was an abbreviation; a mark of a script without
# spaces; an empty line.
_CLOSING = r"[\"'\u201d\u2019»)\]]*"
_BREAK = re.compile(
    rf"[.!?…]{_CLOSING}\s+(?=\S)(?![a-zà-öø-ÿ])"
    rf"|[\u3002\uff01\uff1f\uff61]{_CLOSING}|\n[^\S\n]*\n"
)

_LONG = 1_000_000
"""Characters from which on a text is split in a thread."""


class SentenceSplitter:
    """Splits documents into chunks of whole sentences, with some words in common.

    A chunk ends with a sentence where one ends within its size, and with a word
    elsewhere. Words are what stands between spaces; of Chinese and Japanese each
    character counts, and of what has no spaces each hundred.

    Parameters
    ----------
    chunk_size
        Words of a chunk at most, >= 1.
    overlap
        Words at the end of a chunk that the next one begins with, at most, >= 0 and
        below `chunk_size`. Fewer where a sentence begins among them, for then the
        chunk begins with it.

    Attributes
    ----------
    fingerprint
        Changes when the chunks of a document would.

    Notes
    -----
    Sentences are told by their marks, without a model: "Dr. Who" is two.

    Examples
    --------
    >>> from notebook_async.retrieval import Document
    >>> splitter = SentenceSplitter(chunk_size=5, overlap=2)
    >>> text = "Tea is ready. Coffee takes longer. Nobody waits."
    >>> for chunk in splitter.split(Document("a.txt", text)):
    ...     print(chunk.id, chunk.text)
    a.txt#0 Tea is ready.
    a.txt#1 is ready. Coffee takes longer.
    a.txt#2 takes longer. Nobody waits.
    """

    def __init__(self, *, chunk_size: int = 200, overlap: int = 20) -> None:
        self.chunk_size = integer("chunk_size", chunk_size, least=1)
        self.overlap = integer("overlap", overlap, least=0)
        if self.overlap >= self.chunk_size:
            raise InvalidArgumentError(
                f"overlap must be below chunk_size={self.chunk_size}, got {overlap}"
            )
        self.fingerprint = f"sentences-1:{self.chunk_size}:{self.overlap}"

    def split(self, document: Document) -> tuple[Chunk, ...]:
        """Return the chunks of a document, in order; none if it has no words.

        Examples
        --------
        >>> from notebook_async.retrieval import Document
        >>> SentenceSplitter().split(Document("a.txt", "Tea is ready."))[0].end
        13
        """
        text, known = document.text, document.metadata
        return tuple(
            Chunk(
                id=f"{document.id}#{index}",
                document_id=document.id,
                index=index,
                text=text[start:end],
                start=start,
                end=end,
                metadata=known,
            )
            for index, (start, end) in enumerate(self._spans(text))
        )

    async def asplit(self, document: Document) -> tuple[Chunk, ...]:
        """Return the chunks of a document, split in a thread if it is above 1 MB.

        Examples
        --------
        >>> from notebook_async.retrieval import Document
        >>> len(await SentenceSplitter().asplit(Document("a.txt", "Tea is ready.")))
        1
        """
        if len(document.text) <= _LONG:
            return self.split(document)
        return await asyncio.to_thread(self.split, document)

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Return where chunks start and end, in characters."""
        if len(text) <= _LETTERS * self.chunk_size and text.isascii():
            # Most documents of a large collection are small: seven times as fast. To do
            # this with a large one would hold the interpreter, and lead to nothing.
            count = len(text.split())
            if 0 < count <= self.chunk_size - len(text) // _LETTERS:
                start = len(text) - len(text.lstrip())
                return [(start, len(text.rstrip()))]
        words = [match.span() for match in _WORD.finditer(text)]
        begins = _sentences(text, words)
        spans, first, last = [], 0, 0
        while last < len(words):
            last = self._end(begins, first, last, len(words))
            spans.append((words[first][0], words[last - 1][1]))
            first = self._start(begins, first, last)
        return spans

    def _end(self, begins: bytearray, first: int, last: int, count: int) -> int:
        """Return behind which word a chunk ends: further than the one before it."""
        most = first + self.chunk_size
        if most >= count:
            return count
        sentence = begins.rfind(1, last + 1, most + 1)
        return most if sentence < 0 else sentence

    def _start(self, begins: bytearray, first: int, last: int) -> int:
        """Return the word that the next chunk begins with."""
        least = max(first + 1, last - self.overlap)
        sentence = begins.find(1, least, last)
        return least if sentence < 0 else sentence


def _sentences(text: str, words: list[tuple[int, int]]) -> bytearray:
    """Return for each word, and for the end, whether a sentence begins there."""
    begins = bytearray(len(words) + 1)
    word = 0
    for match in _BREAK.finditer(text):
        while word < len(words) and words[word][1] < match.end():
            word += 1
        # A mark of a script without spaces may be the last of a word, or stand in one.
        if word < len(words) and words[word][0] < match.end():
            word += 1
        begins[word] = 1
    return begins
