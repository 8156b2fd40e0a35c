"""Summarise by map and reduce: each chunk, then the summaries, until one is left."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from notebook_async.core import run_jobs
from notebook_async.retrieval._answers import Answer, asked, with_marks
from notebook_async.retrieval._extractors_text import SentenceScores, sentences, terms
from notebook_async.retrieval._records import Hit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from notebook_async.retrieval._answers import LanguageModel
    from notebook_async.retrieval._records import Chunk

__all__ = ["quote_all", "write_summary"]

T = TypeVar("T")

# Summaries that are made into one at a time.
_TOGETHER = 8

# Sentences that a chunk sends on.
_OF_A_CHUNK = 2

_MAP = """\
Summarise this text in a few sentences, with regard to the request: {query}

{text}"""

_REDUCE = """\
Make one summary of these, with regard to the request: {query}

{text}"""


async def quote_all(
    query: str, chunks: Sequence[Chunk], source: str, *, workers: int, most: int
) -> Answer:
    """Return the sentences that stand best for all chunks, in their order."""
    counts: Counter[str] = Counter()

    async def read(chunk: Chunk) -> None:
        counts.update(terms(chunk.text))

    await run_jobs(read, chunks, workers=workers, desc="read chunks")
    scores = SentenceScores(counts)

    def best(found: list[tuple[str, int]], most: int) -> list[tuple[str, int]]:
        unique = list(dict(reversed(found)).items())[::-1]
        chosen = scores.choose([sentence for sentence, _ in unique], most)
        return [unique[index] for index in chosen]

    async def summarise(index: int) -> list[tuple[str, int]]:
        found = [(one, index) for one in sentences(chunks[index].text)]
        return best(found, _OF_A_CHUNK)

    async def merge(parts: list[list[tuple[str, int]]]) -> list[tuple[str, int]]:
        return best([one for part in parts for one in part], 2 * most)

    parts = await run_jobs(
        summarise, range(len(chunks)), workers=workers, desc="summarise chunks"
    )
    last = await _reduced(parts, merge, workers)
    hits = [Hit(chunk, 1.0, source) for chunk in chunks]
    text, sources = with_marks(best(last or [], most), hits)
    return Answer(query, text, sources, "summary")


async def write_summary(
    llm: LanguageModel,
    query: str,
    chunks: Sequence[Chunk],
    source: str,
    *,
    workers: int,
) -> Answer:
    """Return what a model writes about all chunks, with one source per document."""

    async def summarise(chunk: Chunk) -> str:
        return await asked(llm, _MAP.format(query=query, text=chunk.text))

    async def merge(parts: list[str]) -> str:
        text = "\n\n".join(parts)
        return await asked(llm, _REDUCE.format(query=query, text=text))

    parts = await run_jobs(summarise, chunks, workers=workers, desc="summarise chunks")
    text = await _reduced(parts, merge, workers)
    firsts = {chunk.document_id: chunk for chunk in reversed(chunks)}
    hits = [Hit(chunk, 1.0, source) for chunk in reversed(firsts.values())]
    return Answer(query, text or "", tuple(hits), "summary")


async def _reduced(
    parts: list[T], merge: Callable[[list[T]], Awaitable[T]], workers: int
) -> T | None:
    """Merge parts, some together, in rounds until one is left."""
    while len(parts) > 1:
        groups = [parts[i : i + _TOGETHER] for i in range(0, len(parts), _TOGETHER)]
        parts = await run_jobs(merge, groups, workers=workers, desc="merge summaries")
    return parts[0] if parts else None
