"""Answers with their sources: the sentences that fit best, or what a model writes."""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from notebook_async.errors import ArgumentTypeError
from notebook_async.retrieval._extractors_text import sentences, terms
from notebook_async.retrieval._query import words_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from notebook_async.retrieval._records import Hit

    LanguageModel: TypeAlias = Callable[[str], Awaitable[str]]

__all__ = ["Answer", "ask_model", "asked", "joined", "quote_best", "with_marks"]

_LONGEST_SOURCE = 100

# What a sentence loses for each place that its chunk stands lower.
_LOSS = 0.04

# A term that was said already counts for so much.
_AGAIN = 0.3

# Letters of the shortest words that are taken for forms of one.
_ALIKE = 3

_MARK = re.compile(r"\[(\d{1,4})\]")

_PROMPT = """\
Answer the question from the numbered sources alone, and name those used, as in [1].
If they do not answer it, say so.

{sources}

Question: {query}
Answer:"""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and where it comes from.

    Attributes
    ----------
    query
        What was asked.
    text
        The answer; `[1]` in it is the first of the sources. "" if nothing was found.
    sources
        The chunks that it comes from.
    way
        How it came about: `"extractive"`, sentences of the sources as they stand there;
        `"llm"`, written by a model from the sources; `"summary"`, made of all chunks.
    asked
        Names of those that were asked, where an engine chooses.
    failed
        Why some of them did not answer, by their name.

    Examples
    --------
    >>> print(Answer("Tea?", "Tea is hot."))
    Tea is hot.
    """

    query: str
    text: str
    sources: tuple[Hit, ...] = ()
    way: Literal["extractive", "llm", "summary"] = "extractive"
    asked: tuple[str, ...] = ()
    failed: Mapping[str, Exception] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [self.text or "Nothing was found."]
        lines += [
            f"  [{number}] {hit.source}: {hit.chunk.id} {_cut(hit.chunk.text)}"
            for number, hit in enumerate(self.sources, 1)
        ]
        lines += [
            f"  {name} failed: {type(error).__name__}: {error}"
            for name, error in self.failed.items()
        ]
        return "\n".join(lines)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ANN401, FBT001
        """Show the answer at a prompt as `print` does; its fields are long."""
        del cycle  # it holds no answers
        printer.text(str(self))

    def _repr_html_(self) -> str:
        """Return the answer as a notebook shows it; what documents say is no markup."""
        sources = "".join(
            f"<li>{html.escape(f'{hit.source}: {hit.chunk.id}')}"
            f"<br><small>{html.escape(_cut(hit.chunk.text))}</small></li>"
            for hit in self.sources
        )
        failed = "".join(
            f"<li>{html.escape(f'{name}: {type(error).__name__}: {error}')}</li>"
            for name, error in self.failed.items()
        )
        return (
            f"<p>{html.escape(self.text or 'Nothing was found.')}</p>"
            + (f"<ol>{sources}</ol>" if sources else "")
            + (f"<p>Failed:</p><ul>{failed}</ul>" if failed else "")
        )


def quote_best(
    query: str, hits: Sequence[Hit], most: int
) -> tuple[str, tuple[Hit, ...]]:
    """Return the sentences that say most of what was asked, and their chunks.

    What counts is which terms of the query a sentence has, the rare ones most; a
    sentence that says the same again counts less, and so does one of a lower chunk.
    """
    wanted, literal = set(terms(query)), _literal(query)
    wanted |= literal
    found: dict[str, tuple[int, set[str]]] = {}
    for rank, hit in enumerate(hits):
        for sentence in sentences(hit.chunk.text):
            has = set(terms(sentence)) | (literal and literal & _words(sentence))
            found.setdefault(sentence, (rank, has))
    if not any(has & wanted for _, has in found.values()):
        # The store knows more forms of a word, and writes none with marks.
        found = {one: (rank, _alike(one, wanted)) for one, (rank, _) in found.items()}
    counts = Counter(term for _, has in found.values() for term in has & wanted)
    weights = {t: math.log(1 + len(found) / n) for t, n in counts.items()}
    chosen: list[tuple[str, int]] = []

    def score(sentence: str) -> float:
        rank, has = found[sentence]
        weight = sum(weights[term] for term in has & weights.keys())
        return weight / math.log(8 + len(has)) / (1 + _LOSS * rank)

    while found and len(chosen) < most:
        best = max(found, key=score)
        if score(best) <= 0:
            break
        rank, has = found.pop(best)
        for term in has & weights.keys():
            weights[term] *= _AGAIN
        chosen.append((best, rank))
    return with_marks(chosen, hits)


def _literal(query: str) -> set[str]:
    """Return the words of a query that count as they are: numbers, or else all.

    Terms are words that carry meaning. Where there are none, as in "C?", what the store
    has found by the others is to be quoted all the same.
    """
    words = _words(query)
    numbers = {word for word in words if word[0].isdigit()}
    return numbers if numbers or terms(query) else words


def _words(text: str) -> set[str]:
    return {word.casefold() for word in words_of(text)}


def _alike(sentence: str, wanted: set[str]) -> set[str]:
    """Return the terms that a word of a sentence begins like, or nearly is."""
    words = {plain for word in _words(sentence) if len(plain := _plain(word)) >= _ALIKE}
    return {
        term
        for term in wanted
        if len(plain := _plain(term)) >= _ALIKE
        and any(word.startswith(plain) or plain[:-1] == word for word in words)
    }


def _plain(word: str) -> str:
    parts = unicodedata.normalize("NFKD", word)
    return "".join(one for one in parts if not unicodedata.combining(one))


async def ask_model(
    llm: LanguageModel, query: str, hits: Sequence[Hit], *, prompt: str = _PROMPT
) -> str:
    """Return what a model answers, given the chunks that were found.

    Raises
    ------
    ArgumentTypeError
        If it returns no text.
    """
    sources = "\n\n".join(
        f"[{number}] {hit.chunk.text}" for number, hit in enumerate(hits, 1)
    )
    return await asked(llm, prompt.format(sources=sources, query=query))


async def asked(llm: LanguageModel, prompt: str) -> str:
    """Return what a model says to a prompt.

    Raises
    ------
    ArgumentTypeError
        If it returns no text.
    """
    text: object = await llm(prompt)
    if not isinstance(text, str):
        raise ArgumentTypeError(
            f"llm= must return text, got {text!r} ({type(text).__name__}): give an"
            " async function, as in `async def llm(prompt): return (await model"
            ".acomplete(prompt)).text`"
        )
    return text


def joined(query: str, answers: Mapping[str, Answer]) -> Answer:
    """Return several answers as one, each by the name of whom it is from."""
    parts: list[str] = []
    sources: list[Hit] = []
    for name, answer in answers.items():
        if answer.text:
            parts.append(f"{name}: {_moved(answer, len(sources))}")
            sources += answer.sources
    return Answer(query, "\n\n".join(parts), tuple(sources), "llm")


def _moved(answer: Answer, by: int) -> str:
    """Return a text whose marks count on from sources that stand before its own."""

    def move(mark: re.Match[str]) -> str:
        number = int(mark.group(1))
        is_mark = 1 <= number <= len(answer.sources)
        return f"[{number + by}]" if is_mark else mark.group()

    return _MARK.sub(move, answer.text)


def with_marks(
    chosen: Iterable[tuple[str, int]], hits: Sequence[Hit]
) -> tuple[str, tuple[Hit, ...]]:
    """Put the number of its source behind each sentence."""
    numbers: dict[int, int] = {}
    parts = [
        f"{sentence} [{numbers.setdefault(rank, len(numbers) + 1)}]"
        for sentence, rank in chosen
    ]
    return " ".join(parts), tuple(hits[rank] for rank in numbers)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_SOURCE else f"{line[: _LONGEST_SOURCE - 1]}…"
