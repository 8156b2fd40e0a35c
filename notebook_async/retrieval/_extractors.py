"""What is known of a document besides its text: title, summary and keywords."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from notebook_async.retrieval._extractors_text import (
    SentenceScores,
    keywords,
    sentences,
    terms,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from notebook_async.retrieval._records import Document

__all__ = ["Extractor", "KeywordExtractor", "SummaryExtractor", "TitleExtractor"]

Extractor: TypeAlias = "Callable[[Document], Awaitable[Mapping[str, Any]]]"
"""Any async function of a document that returns what it found, by name."""

# Extracting needs no more of a document than this to know what it is about; and it
# bounds what one call takes to some hundredths of a second.
_READS = 100_000

_FOR_TOOLS = re.compile(r"#!|#.*coding[:=]")

# What ends a line is looked at from where it begins only: else a long rule within a
# line would be looked at from each of its places.
_END = r"[\s\"'`*_=~-]"
_MARKUP = re.compile(rf"^[\W_]+|(?<!{_END}){_END}+$")
_LONGEST_TITLE = 100


class _Local:
    """An extractor that computes, and so may be sent to a thread."""

    name: ClassVar[str]

    def extract(self, document: Document) -> dict[str, Any]:
        raise NotImplementedError

    @property
    def fingerprint(self) -> str:
        """Changes when what it finds would."""
        return f"{self!r}-1"

    async def __call__(self, document: Document) -> dict[str, Any]:
        return self.extract(document)


@dataclass(frozen=True, slots=True)
class TitleExtractor(_Local):
    """Give a document its first line with words as title, without the markup.

    A title in the metadata stays.

    Examples
    --------
    >>> from notebook_async.retrieval import Document
    >>> await TitleExtractor()(Document("tea.md", "# On tea: it is hot."))
    {'title': 'On tea: it is hot.'}
    """

    name: ClassVar[str] = "title"

    def extract(self, document: Document) -> dict[str, Any]:
        """Return the title, from ordinary code.

        Examples
        --------
        >>> from notebook_async.retrieval import Document
        >>> TitleExtractor().extract(Document("a.py", "# Make tea."))
        {'title': 'Make tea.'}
        """
        if known := document.metadata.get("title"):
            return {"title": known}
        lines = document.text[:_READS].splitlines()
        found = (_MARKUP.sub("", line) for line in lines if not _FOR_TOOLS.match(line))
        title = next((line for line in found if line), document.id)
        return {"title": title[:_LONGEST_TITLE]}


@dataclass(frozen=True, slots=True)
class SummaryExtractor(_Local):
    """Give a document the sentences that stand best for it, in their order.

    It reads the first 100,000 characters.

    Attributes
    ----------
    sentences
        How many, >= 1.

    Notes
    -----
    SumBasic: Nenkova and Vanderwende, The Impact of Frequency on Summarization, 2005.

    Examples
    --------
    >>> from notebook_async.retrieval import Document
    >>> text = "Rain fell. Green tea is hot tea. Some people add milk and sugar."
    >>> await SummaryExtractor(sentences=1)(Document("tea", text))
    {'summary': 'Green tea is hot tea.'}
    """

    sentences: int = 3
    name: ClassVar[str] = "summary"

    def extract(self, document: Document) -> dict[str, Any]:
        """Return the summary, from ordinary code.

        Examples
        --------
        >>> from notebook_async.retrieval import Document
        >>> SummaryExtractor().extract(Document("tea", "Tea is hot."))
        {'summary': 'Tea is hot.'}
        """
        text = document.text[:_READS]
        found = list(sentences(text))
        chosen = SentenceScores(Counter(terms(text))).choose(found, self.sentences)
        return {"summary": " ".join(found[i] for i in chosen)}


@dataclass(frozen=True, slots=True)
class KeywordExtractor(_Local):
    """Give a document the words that it uses most, but for those that all texts use.

    It reads the first 100,000 characters.

    Attributes
    ----------
    limit
        How many, >= 1.

    Examples
    --------
    >>> from notebook_async.retrieval import Document
    >>> text = "Tea is hot. The tea leaves are green."
    >>> await KeywordExtractor(limit=2)(Document("tea", text))
    {'keywords': ['tea', 'hot']}
    """

    limit: int = 8
    name: ClassVar[str] = "keywords"

    def extract(self, document: Document) -> dict[str, Any]:
        """Return the keywords, from ordinary code.

        Examples
        --------
        >>> from notebook_async.retrieval import Document
        >>> KeywordExtractor().extract(Document("tea", "Hot tea, green tea."))
        {'keywords': ['tea', 'hot', 'green']}
        """
        return {"keywords": keywords(document.text[:_READS], self.limit)}
