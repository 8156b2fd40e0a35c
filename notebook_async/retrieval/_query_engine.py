"""Questions to a retriever, answered with sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.core import asyncio_run
from notebook_async.core._options import integer
from notebook_async.errors import ArgumentTypeError
from notebook_async.retrieval._answers import Answer, ask_model, quote_best
from notebook_async.retrieval._retrievers import Gathered, as_retriever, own_name
from notebook_async.tracing import span

if TYPE_CHECKING:
    from notebook_async.retrieval._answers import LanguageModel
    from notebook_async.retrieval._protocols import Retriever, TextStore
    from notebook_async.retrieval._records import Hit

__all__ = ["QueryEngine"]


class QueryEngine:
    """Answers questions from what a retriever finds.

    Parameters
    ----------
    retriever
        A retriever, or a store.
    llm
        An async function that gets a prompt and returns text. Without one, answers are
        sentences of the documents as they stand there.
    sentences
        Sentences of such an answer, at most, >= 1.
    name
        What a graph of several engines calls it; by default the name of the store.

    Raises
    ------
    ArgumentTypeError
        If `retriever` is neither, or `llm` is no function.

    Examples
    --------
    >>> from notebook_async.retrieval import Document, SqliteTextStore
    >>> text = "Tea is made with water of 80 °C. The sea is colder."
    >>> async def ask():
    ...     async with SqliteTextStore(":memory:", name="kitchen") as store:
    ...         await store.add([Document("tea.txt", text)])
    ...         return await QueryEngine(store).aquery("How hot is water for tea?")
    >>> answer = asyncio.run(ask())
    >>> print(answer.text)
    Tea is made with water of 80 °C. [1]
    >>> answer.sources[0].source, answer.sources[0].chunk.document_id
    ('kitchen', 'tea.txt')
    """

    def __init__(
        self,
        retriever: Retriever | TextStore,
        *,
        llm: LanguageModel | None = None,
        sentences: int = 3,
        name: str | None = None,
    ) -> None:
        if llm is not None and not callable(llm):
            raise ArgumentTypeError(
                f"llm must be an async function of a prompt, got {llm!r}"
                f" ({type(llm).__name__})"
            )
        self.retriever = as_retriever(retriever)
        self.llm = llm
        self.sentences = integer("sentences", sentences, least=1)
        self.name = name or own_name(retriever)

    async def aquery(self, query: str) -> Answer:
        """Return the answer to a question, with its sources.

        Parameters
        ----------
        query
            Any text.

        Examples
        --------
        >>> class Shelf:
        ...     async def aretrieve(self, query):
        ...         return []
        >>> print(await QueryEngine(Shelf()).aquery("Is there tea?"))
        Nothing was found.
        """
        with span("query", kind="query", query_str=query, engine=self.name):
            return await self.answer_from(query, await self._find(query))

    def query(self, query: str) -> Answer:
        """Do as `aquery` does, from ordinary code.

        Examples
        --------
        >>> class Shelf:
        ...     async def aretrieve(self, query):
        ...         return []
        >>> QueryEngine(Shelf()).query("Is there tea?").text
        ''
        """
        return asyncio_run(self.aquery(query))

    async def answer_from(self, query: str, found: Gathered) -> Answer:
        """Return an answer from chunks that are there already.

        Parameters
        ----------
        query
            The question.
        found
            The chunks, best first, and what failed.

        Examples
        --------
        >>> from notebook_async.retrieval import Chunk, Gathered, Hit
        >>> class Shelf:
        ...     async def aretrieve(self, query):
        ...         return []
        >>> hit = Hit(Chunk("a#0", "a", 0, "Tea is hot.", 0, 11), 1.0, "shelf")
        >>> answer = await QueryEngine(Shelf()).answer_from("Tea?", Gathered([hit]))
        >>> answer.text
        'Tea is hot. [1]'
        """
        hits, asked, failed = found.hits, found.asked, found.failed
        if self.llm is not None and hits:
            with span("write", kind="llm", nodes=len(hits)):
                text = await ask_model(self.llm, query, hits)
            return Answer(query, text, tuple(hits), "llm", asked, failed)
        with span("quote", kind="synthesize", nodes=len(hits)):
            text, sources = quote_best(query, hits, self.sentences)
        return Answer(query, text, sources, "extractive", asked, failed)

    async def aretrieve(self, query: str) -> list[Hit]:
        """Return the chunks from which it would answer: an engine is a retriever too.

        Examples
        --------
        >>> class Shelf:
        ...     async def aretrieve(self, query):
        ...         return []
        >>> await QueryEngine(Shelf()).aretrieve("tea")
        []
        """
        return (await self._find(query)).hits

    async def _find(self, query: str) -> Gathered:
        gather = getattr(self.retriever, "agather", None)
        with span("retrieve", kind="retrieve") as retrieve:
            if gather is not None:
                found: Gathered = await gather(query)
            else:
                found = Gathered(await self.retriever.aretrieve(query))
            retrieve.set(nodes=len(found.hits))
            return found
