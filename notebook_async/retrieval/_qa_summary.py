"""One engine for questions and for summaries, that tells which of the two it took."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Self

from notebook_async.core import asyncio_run, run_jobs
from notebook_async.core._options import integer
from notebook_async.errors import ArgumentTypeError
from notebook_async.retrieval._pipeline import IngestionPipeline
from notebook_async.retrieval._qa_summary_reduce import quote_all, write_summary
from notebook_async.retrieval._query_engine import QueryEngine
from notebook_async.retrieval._splitter import SentenceSplitter
from notebook_async.retrieval._sqlite import SqliteTextStore
from notebook_async.tracing import span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from notebook_async.retrieval._answers import Answer, LanguageModel
    from notebook_async.retrieval._pipeline import IngestionResult
    from notebook_async.retrieval._protocols import TextStore
    from notebook_async.retrieval._records import Chunk, Document, Hit

__all__ = ["QASummaryQueryEngine", "QASummaryQueryEngineBuilder"]

# Characters above which a document is split in a thread: some milliseconds.
_LARGE = 4_000

_SUMMARY = re.compile(
    r"\b(summary|summaries|summari[sz](e[sd]?|ing)|overviews?|outlines?|abstracts?|gist|tl;?dr"
    r"|in (short|brief|a nutshell)|main (points?|ideas?)|key points?"
    r"|what (is|are) (this|these|it|they|all this)( \w+)? about)\b",
    re.IGNORECASE,
)


class QASummaryQueryEngineBuilder:
    """Makes an engine that answers questions and requests for a summary.

    Parameters
    ----------
    store
        Where the documents go. By default SQLite in memory, which the engine closes.
    pipeline
        How they get there; by default an `IngestionPipeline` into the store. Give
        either the one or the other.
    llm
        Writes answers and summaries, as for `QueryEngine`. Without one both are
        sentences of the documents.
    workers
        Chunks that are summarised at the same time, >= 1.
    sentences
        Sentences of an answer or a summary without an `llm`, at most, >= 1.

    Examples
    --------
    >>> from notebook_async.retrieval import Document
    >>> text = "Green tea is hot tea. The cat sleeps. Some people add milk and sugar."
    >>> async def ask(*questions):
    ...     builder = QASummaryQueryEngineBuilder(sentences=1)
    ...     async with await builder.build([Document("t", text)]) as engine:
    ...         return [await engine.aquery(question) for question in questions]
    >>> answer, summary = asyncio.run(ask("What do people add?", "Summarise it."))
    >>> answer.way, answer.text
    ('extractive', 'Some people add milk and sugar. [1]')
    >>> summary.way, summary.text
    ('summary', 'Green tea is hot tea. [1]')
    """

    def __init__(
        self,
        store: TextStore | None = None,
        *,
        pipeline: IngestionPipeline | None = None,
        llm: LanguageModel | None = None,
        workers: int = 4,
        sentences: int = 5,
    ) -> None:
        if pipeline is not None and store is not None:
            raise ArgumentTypeError("give store= or pipeline=, which has one")
        self._store = store
        self._pipeline = pipeline
        self._llm = llm
        self._workers = integer("workers", workers, least=1)
        self._sentences = integer("sentences", sentences, least=1)

    async def build(self, documents: Iterable[Document]) -> QASummaryQueryEngine:
        """Ingest documents and return the engine for them.

        Parameters
        ----------
        documents
            What the engine knows. It keeps them, to summarise them when it is asked.

        Raises
        ------
        ExceptionGroup
            If documents could not be ingested.

        Examples
        --------
        >>> from notebook_async.retrieval import Document
        >>> async def build():
        ...     builder = QASummaryQueryEngineBuilder()
        ...     async with await builder.build([Document("t", "Tea is hot")]) as engine:
        ...         return engine.ingested.stored
        >>> asyncio.run(build())
        ('t',)
        """
        kept = list(documents)
        pipeline, owned = self._pipeline, None
        if pipeline is None:
            store = self._store
            if store is None:
                store = owned = SqliteTextStore(":memory:")
            pipeline = IngestionPipeline(store=store, workers=self._workers)
        try:
            ingested = await pipeline.arun(kept)
            ingested.raise_failed()
        except BaseException:
            if owned is not None:
                await owned.aclose()
            raise
        engine = QueryEngine(pipeline.store, llm=self._llm, sentences=self._sentences)
        return QASummaryQueryEngine(
            engine,
            kept,
            ingested,
            splitter=next(
                (stage for stage in pipeline.stages if hasattr(stage, "asplit")),
                SentenceSplitter(),
            ),
            workers=self._workers,
            owned=owned,
        )


class QASummaryQueryEngine:
    """Answers questions and requests for a summary; made by its builder.

    A question goes to the store. A request for a summary goes to all chunks of the
    documents: each is summarised, a few at the same time, and then the summaries, until
    one is left. The answer's `way` says which it was.

    Attributes
    ----------
    engine
        What answers questions.
    documents
        What it was built from.
    ingested
        What became of them in the store.

    Examples
    --------
    >>> from notebook_async.retrieval import Document
    >>> async def ask(query):
    ...     builder = QASummaryQueryEngineBuilder()
    ...     async with await builder.build([Document("t", "Tea is hot")]) as engine:
    ...         return await engine.aquery(query)
    >>> asyncio.run(ask("What is this about?")).way
    'summary'
    """

    def __init__(  # noqa: PLR0913 - made by its builder
        self,
        engine: QueryEngine,
        documents: Sequence[Document],
        ingested: IngestionResult,
        *,
        splitter: Any,  # noqa: ANN401 - has `asplit`
        workers: int,
        owned: TextStore | None,
    ) -> None:
        self.engine = engine
        self.documents = documents
        self.ingested = ingested
        self._splitter = splitter
        self._workers = workers
        self._owned = owned

    @property
    def name(self) -> str | None:
        """What a graph of several engines calls it."""
        return self.engine.name

    @property
    def llm(self) -> LanguageModel | None:
        """What writes the answers, or None."""
        return self.engine.llm

    async def aquery(self, query: str) -> Answer:
        """Answer a question, or summarise the documents if that is what is asked for.

        Parameters
        ----------
        query
            Any text. Words such as "summarise", "overview" or "in short" ask for a
            summary.

        Examples
        --------
        >>> from notebook_async.retrieval import Document
        >>> async def ask(query):
        ...     builder = QASummaryQueryEngineBuilder()
        ...     async with await builder.build([Document("t", "Tea is hot")]) as engine:
        ...         return await engine.aquery(query)
        >>> asyncio.run(ask("Is tea hot?")).text
        'Tea is hot [1]'
        """
        if asks_for_summary(query):
            return await self.asummarise(query)
        return await self.engine.aquery(query)

    def query(self, query: str) -> Answer:
        """Do as `aquery` does, from ordinary code; see `QueryEngine.query`.

        Examples
        --------
        >>> from notebook_async.retrieval import Document
        >>> builder = QASummaryQueryEngineBuilder()
        >>> engine = asyncio.run(builder.build([Document("t", "Tea is hot")]))
        >>> engine.query("Summarise it.").text
        'Tea is hot [1]'
        >>> asyncio.run(engine.aclose())
        """
        return asyncio_run(self.aquery(query))

    async def asummarise(self, query: str = "Summarise the documents.") -> Answer:
        """Summarise all documents, whatever the words.

        Parameters
        ----------
        query
            What the summary is to be like, for an `llm`.

        Examples
        --------
        >>> from notebook_async.retrieval import Document
        >>> async def summarise():
        ...     builder = QASummaryQueryEngineBuilder()
        ...     async with await builder.build([Document("t", "Tea is hot")]) as engine:
        ...         return await engine.asummarise()
        >>> asyncio.run(summarise()).sources[0].chunk.document_id
        't'
        """
        with span("summarise", kind="tree", documents=len(self.documents)):
            return await self._summarise(query)

    async def _summarise(self, query: str) -> Answer:
        split = await run_jobs(
            self._split, self.documents, workers=self._workers, desc="split"
        )
        chunks = [chunk for part in split for chunk in part]
        source = self.name or "documents"
        if self.llm is None:
            return await quote_all(
                query, chunks, source, workers=self._workers, most=self.engine.sentences
            )
        return await write_summary(
            self.llm, query, chunks, source, workers=self._workers
        )

    async def aretrieve(self, query: str) -> list[Hit]:
        """Return the chunks that answer a question.

        Examples
        --------
        >>> from notebook_async.retrieval import Document
        >>> async def find(query):
        ...     builder = QASummaryQueryEngineBuilder()
        ...     async with await builder.build([Document("t", "Tea is hot")]) as engine:
        ...         return await engine.aretrieve(query)
        >>> [hit.chunk.id for hit in asyncio.run(find("hot"))]
        ['t#0']
        """
        return await self.engine.aretrieve(query)

    async def aclose(self) -> None:
        """Close the store, if the engine has made it; a second call does nothing.

        Examples
        --------
        >>> from notebook_async.retrieval import Document
        >>> engine = asyncio.run(QASummaryQueryEngineBuilder().build([]))
        >>> asyncio.run(engine.aclose())
        """
        if self._owned is not None:
            await self._owned.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def _split(self, document: Document) -> Sequence[Chunk]:
        split = getattr(self._splitter, "split", None)
        if split is None or len(document.text) <= _LARGE:
            chunks: Sequence[Chunk] = await self._splitter.asplit(document)
            return chunks
        return await asyncio.to_thread(split, document)


def asks_for_summary(query: str) -> bool:
    """Tell whether a query wants to know what all of it says."""
    return _SUMMARY.search(query) is not None
