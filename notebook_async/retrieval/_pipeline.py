"""From documents to a store, through stages that work at the same time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from notebook_async.core import asyncio_run
from notebook_async.core._options import integer
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.retrieval._embedders import HashingEmbedder
from notebook_async.retrieval._extractors import (
    KeywordExtractor,
    SummaryExtractor,
    TitleExtractor,
)
from notebook_async.retrieval._ingest_fingerprint import fingerprint_of
from notebook_async.retrieval._ingest_run import Ingestion
from notebook_async.retrieval._protocols import TextStore
from notebook_async.retrieval._splitter import SentenceSplitter

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Iterable, Mapping, Sequence

    from notebook_async.retrieval._records import Document

__all__ = ["IngestionPipeline", "IngestionResult"]

_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class IngestionResult:
    """What became of the documents of one ingestion.

    Attributes
    ----------
    stored, skipped
        Ids of documents that were stored, and that were there already, the same.
    failed
        Why other documents were not stored, by their id.
    chunks
        How many chunks were stored.
    seconds
        How long it took.

    Examples
    --------
    >>> print(IngestionResult(("a", "b"), (), {"c": ValueError("no text")}, 7, 0.5))
    2 stored (7 chunks), 0 unchanged, 1 failed in 0.5 s
      c: ValueError: no text
    """

    stored: tuple[str, ...]
    skipped: tuple[str, ...]
    failed: Mapping[str, Exception]
    chunks: int
    seconds: float

    def raise_failed(self) -> None:
        """Raise the failures, if there are any, as one `ExceptionGroup`.

        Examples
        --------
        >>> IngestionResult((), (), {"c": ValueError("no text")}, 0, 0.1).raise_failed()
        Traceback (most recent call last):
        ExceptionGroup: 1 of 1 documents failed: c (1 sub-exception)
        """
        if self.failed:
            whole = len(self.stored) + len(self.skipped) + len(self.failed)
            names = ", ".join(list(self.failed)[:_MOST_TOLD])
            more = ", …" if len(self.failed) > _MOST_TOLD else ""
            raise ExceptionGroup(
                f"{len(self.failed)} of {whole} documents failed: {names}{more}",
                list(self.failed.values()),
            )

    def __str__(self) -> str:
        counts = (
            f"{len(self.stored)} stored ({self.chunks} chunks),"
            f" {len(self.skipped)} unchanged, {len(self.failed)} failed"
        )
        lines = [f"{counts} in {self.seconds:.2g} s"]
        lines += [
            f"  {name}: {type(error).__name__}: {error}"
            for name, error in list(self.failed.items())[:_MOST_TOLD]
        ]
        if len(self.failed) > _MOST_TOLD:
            lines.append(f"  and {len(self.failed) - _MOST_TOLD} more")
        return "\n".join(lines)


class IngestionPipeline:
    """Takes documents through stages and stores them, all stages at the same time.

    Parameters
    ----------
    stages
        In this order: splitters, extractors and embedders. An extractor is an async
        function that gets a document and returns what it found by name, for the
        metadata of the document and of its chunks. By default a `SentenceSplitter`, a
        `TitleExtractor`, a `SummaryExtractor`, a `KeywordExtractor` and a
        `HashingEmbedder`.
    store
        Where documents go. The pipeline does not close it.
    workers
        Documents at once in each stage, >= 1. An extractor with an attribute `workers`
        has its own bound, and an embedder that of its calls.

    Notes
    -----
    A stage waits for the next one, so that no more documents are in memory than the
    stages have room for. Each is a run of `iter_jobs`: a bar in the panel of the job
    around. A document that is stored already, with the same text and metadata and by
    the same stages, is left as it is. Of a stage of your own its code and its settings
    tell that; where it depends on more, give it an attribute `fingerprint`, a string.

    One that fails is told in the result, and the others go on. Cancelling leaves
    what is stored: each document whole, or as it was before.

    Large texts are worked on in a thread. Meanwhile all threads of the process take
    turns every millisecond instead of every five, by `sys.setswitchinterval`: the loop
    has to wait for its turn too.

    Examples
    --------
    >>> from notebook_async.retrieval import Document, SqliteTextStore
    >>> documents = [Document("tea.txt", "Tea is hot."), Document("sea.txt", "Salt.")]
    >>> async def ingest_twice():
    ...     async with SqliteTextStore(":memory:") as store:
    ...         pipeline = IngestionPipeline(store=store)
    ...         print(sorted((await pipeline.arun(documents)).stored))
    ...         print(sorted((await pipeline.arun(documents)).skipped))
    >>> asyncio.run(ingest_twice())
    ['sea.txt', 'tea.txt']
    ['sea.txt', 'tea.txt']
    """

    def __init__(
        self,
        stages: Sequence[object] | None = None,
        store: TextStore | None = None,
        *,
        workers: int = 4,
    ) -> None:
        if not isinstance(store, TextStore):
            raise ArgumentTypeError(
                "an IngestionPipeline needs a store=, such as SqliteTextStore(path),"
                f" got {store!r} ({type(store).__name__})"
            )
        self.store = store
        self.stages = tuple(_defaults() if stages is None else stages)
        _check_order(self.stages)
        self.workers = integer("workers", workers, least=1)

    @property
    def fingerprint(self) -> str:
        """Changes when the stages would do their work in another way."""
        told = "\n".join(fingerprint_of(stage) for stage in self.stages)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    async def arun(
        self,
        documents: Iterable[Document] | AsyncIterable[Document],
        *,
        show_progress: bool = False,
    ) -> IngestionResult:
        """Take documents through the stages and store them.

        Parameters
        ----------
        documents
            As an iterable or an async iterable, which is asked for more only as there
            is room; each with an id of its own.
        show_progress
            Show a bar for each stage also outside of a job.

        Returns
        -------
        IngestionResult
            What was stored, what was unchanged, and what failed and why.

        Examples
        --------
        >>> from notebook_async.retrieval import Document, SqliteTextStore
        >>> async def ingest():
        ...     async with SqliteTextStore(":memory:") as store:
        ...         pipeline = IngestionPipeline(store=store)
        ...         return await pipeline.arun([Document("tea.txt", "Tea is hot.")])
        >>> asyncio.run(ingest()).chunks
        1
        """
        run = Ingestion(
            store=self.store,
            parts=self.stages,
            configuration=self.fingerprint,
            workers=self.workers,
            show_progress=show_progress,
        )
        began = perf_counter()
        await run.run(documents)
        return IngestionResult(
            stored=tuple(run.stored),
            skipped=tuple(run.skipped),
            failed=run.failed,
            chunks=run.chunks,
            seconds=perf_counter() - began,
        )

    def run(
        self, documents: Iterable[Document], *, show_progress: bool = False
    ) -> IngestionResult:
        """Do as `arun` does, from ordinary code.

        Examples
        --------
        >>> from notebook_async.retrieval import Document, SqliteTextStore
        >>> store = SqliteTextStore(":memory:")
        >>> IngestionPipeline([], store).run([Document("tea", "Tea is hot.")]).stored
        ('tea',)
        >>> asyncio.run(store.aclose())
        """
        return asyncio_run(self.arun(documents, show_progress=show_progress))


def _check_order(stages: Sequence[object]) -> None:
    embeds = False
    for stage in stages:
        if embeds and hasattr(stage, "asplit"):
            raise InvalidArgumentError(
                f"{type(stage).__name__} must stand before the embedder: it would split"
                " the documents anew, without vectors"
            )
        embeds = embeds or hasattr(stage, "aembed")


def _defaults() -> list[object]:
    return [
        SentenceSplitter(),
        TitleExtractor(),
        SummaryExtractor(),
        KeywordExtractor(),
        HashingEmbedder(),
    ]
