"""Retrievers: of one store, and of many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from notebook_async.core._options import integer
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.retrieval._fusion import reciprocal_rank_fusion
from notebook_async.tracing import span

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from notebook_async.retrieval._protocols import Embedder, Retriever, TextStore
    from notebook_async.retrieval._records import Hit

__all__ = [
    "Gathered",
    "GatheredRetriever",
    "StoreRetriever",
    "as_retriever",
    "gather_retrievers",
    "named",
    "own_name",
    "require_one",
    "settle",
]


class StoreRetriever:
    """Finds chunks in a store: by their words, and by their vectors if it is told how.

    Parameters
    ----------
    store
        Where to look.
    limit
        Hits at most, >= 1.
    embedder
        Embeds the query, to look for similar chunks as well; the two searches run at
        the same time, and their rankings are fused. It must be the one that embedded
        the chunks.
    name
        What hits call their source; by default the name of the store.

    Raises
    ------
    ArgumentTypeError
        If there is an embedder, and a store that cannot `search_similar`.

    Examples
    --------
    >>> from notebook_async.retrieval import Document, SqliteTextStore
    >>> async def find(query):
    ...     async with SqliteTextStore(":memory:") as store:
    ...         await store.add([Document("tea", "Tea is hot."), Document("sea", "-")])
    ...         return await StoreRetriever(store).aretrieve(query)
    >>> [hit.chunk.document_id for hit in asyncio.run(find("how hot is tea?"))]
    ['tea']
    """

    def __init__(
        self,
        store: TextStore,
        *,
        limit: int = 10,
        embedder: Embedder | None = None,
        name: str | None = None,
    ) -> None:
        if embedder is not None and not hasattr(store, "search_similar"):
            raise ArgumentTypeError(
                f"{store!r} cannot search_similar: leave out embedder=, or take a store"
                " that keeps vectors, such as SqliteTextStore"
            )
        self.store: Any = store
        self.limit = integer("limit", limit, least=1)
        self.embedder = embedder
        self.name = name

    async def aretrieve(self, query: str) -> list[Hit]:
        """Return the best chunks, best first.

        Parameters
        ----------
        query
            Any text.

        Examples
        --------
        >>> from notebook_async.retrieval import SqliteTextStore
        >>> async def find(query):
        ...     async with SqliteTextStore(":memory:") as store:
        ...         return await StoreRetriever(store).aretrieve(query)
        >>> asyncio.run(find("tea"))
        []
        """
        if self.embedder is None:
            hits: list[Hit] = await self.store.search(query, limit=self.limit)
        else:
            both = await self._both(query, self.embedder)
            hits = reciprocal_rank_fusion(both, limit=self.limit)
        if self.name is not None:
            hits = [replace(hit, source=self.name) for hit in hits]
        return hits

    async def _both(self, query: str, embedder: Embedder) -> list[list[Hit]]:
        try:
            async with asyncio.TaskGroup() as group:
                words = group.create_task(self.store.search(query, limit=self.limit))
                near = group.create_task(self._similar(query, embedder))
        except ExceptionGroup as failed:
            # As a store raises it; what else failed did so for the same reason.
            raise failed.exceptions[0] from None
        return [words.result(), near.result()]

    async def _similar(self, query: str, embedder: Embedder) -> list[Hit]:
        with span("embed the query", kind="embedding"):
            vector = await embedder.aembed_one(query)
        hits: list[Hit] = await self.store.search_similar(vector, limit=self.limit)
        return hits


@dataclass(frozen=True, slots=True)
class Gathered:
    """What several retrievers found together.

    Attributes
    ----------
    hits
        The chunks, best first.
    failed
        Why others found nothing, by their name.
    asked
        Names of those that were asked.

    Examples
    --------
    >>> Gathered([], {"slow": TimeoutError("2 s")}).failed
    {'slow': TimeoutError('2 s')}
    """

    hits: list[Hit]
    failed: Mapping[str, Exception] = field(default_factory=dict)
    asked: tuple[str, ...] = ()


class GatheredRetriever:
    """Asks several retrievers at the same time; made by `gather_retrievers`.

    Examples
    --------
    >>> from notebook_async.retrieval import SqliteTextStore
    >>> retriever = gather_retrievers([SqliteTextStore(":memory:")])
    >>> type(retriever).__name__
    'GatheredRetriever'
    """

    def __init__(
        self,
        retrievers: Mapping[str, Retriever],
        *,
        timeout: float | None,
        limit: int,
    ) -> None:
        self.retrievers = dict(retrievers)
        self.timeout = timeout
        self.limit = limit

    async def aretrieve(self, query: str) -> list[Hit]:
        """Return the best chunks of those that answered.

        Raises
        ------
        ExceptionGroup
            If none did.

        Examples
        --------
        >>> class Shelf:
        ...     async def aretrieve(self, query):
        ...         return []
        >>> await gather_retrievers([Shelf(), Shelf()]).aretrieve("tea")
        []
        """
        gathered = await self.agather(query)
        require_one(gathered)
        return gathered.hits

    async def agather(self, query: str) -> Gathered:
        """Return the best chunks, and which retrievers failed and why.

        Examples
        --------
        >>> class Broken:
        ...     name = "broken"
        ...     async def aretrieve(self, query):
        ...         raise ConnectionError("no route")
        >>> (await gather_retrievers([Broken()]).agather("tea")).failed
        {'broken': ConnectionError('no route')}
        """
        found, failed = await settle(
            {n: partial(one.aretrieve, query) for n, one in self.retrievers.items()},
            timeout=self.timeout,
        )
        hits = reciprocal_rank_fusion(found.values(), limit=self.limit)
        return Gathered(hits, failed, tuple(self.retrievers))


def gather_retrievers(
    retrievers: Sequence[Retriever | TextStore] | Mapping[str, Retriever | TextStore],
    *,
    timeout: float | None = None,
    limit: int = 10,
) -> GatheredRetriever:
    """Make one retriever of several, which it asks at the same time.

    Parameters
    ----------
    retrievers
        Retrievers or stores; with names, or named after themselves.
    timeout
        Seconds > 0 that each may take; what is late is left out.
    limit
        Hits at most, >= 1.

    Returns
    -------
    GatheredRetriever
        A retriever; its `agather` also tells what failed.

    Raises
    ------
    InvalidArgumentError
        If there are none, or an option is out of its range.
    ArgumentTypeError
        If one is no retriever and no store.

    Notes
    -----
    The rankings are merged by `reciprocal_rank_fusion`, for scores of different stores
    cannot be compared.

    Examples
    --------
    >>> from notebook_async.retrieval import Chunk, Hit
    >>> class Shelf:
    ...     def __init__(self, name, delay):
    ...         self.name, self.delay = name, delay
    ...     async def aretrieve(self, query):
    ...         await asyncio.sleep(self.delay)
    ...         chunk = Chunk(f"{self.name}#0", self.name, 0, query, 0, len(query))
    ...         return [Hit(chunk, 1.0, self.name)]
    >>> shelves = gather_retrievers([Shelf("near", 1), Shelf("far", 60)], timeout=5)
    >>> found = await shelves.agather("tea")
    >>> [hit.source for hit in found.hits], found.failed
    (['near'], {'far': TimeoutError('far did not answer within 5 s')})
    """
    if timeout is not None and not timeout > 0:
        raise InvalidArgumentError(f"timeout must be > 0 seconds, got {timeout}")
    parts = named(retrievers)
    if not parts:
        raise InvalidArgumentError("gather_retrievers needs at least one retriever")
    number = integer("limit", limit, least=1)
    return GatheredRetriever(parts, timeout=timeout, limit=number)


def require_one(gathered: Gathered) -> None:
    """Raise the failures where all that were asked failed.

    Raises
    ------
    ExceptionGroup
        With what each raised.
    """
    failed = gathered.failed
    if failed and all(name in failed for name in gathered.asked):
        raise ExceptionGroup(
            f"none of those asked answered: {', '.join(gathered.asked)}",
            list(failed.values()),
        )


async def settle(
    calls: Mapping[str, Callable[[], Awaitable[Any]]],
    *,
    timeout: float | None,  # noqa: ASYNC109 - of each call
) -> tuple[dict[str, Any], dict[str, Exception]]:
    """Call all at the same time; return results, and the exceptions of others."""
    results: dict[str, Any] = {}
    failed: dict[str, Exception] = {}

    async def settle_one(name: str, call: Callable[[], Awaitable[Any]]) -> None:
        limit = asyncio.timeout(timeout)
        try:
            with span(name, kind="retrieve"):
                async with limit:
                    results[name] = await call()
        except Exception as error:  # noqa: BLE001 - it is told with the results
            failed[name] = error
            if limit.expired():
                late = f"{name} did not answer within {timeout:g} s"
                failed[name] = TimeoutError(late)

    async with asyncio.TaskGroup() as group:
        for name, call in calls.items():
            group.create_task(settle_one(name, call))
    # In the order asked, not in that of the answers: ties are broken alike.
    return {n: results[n] for n in calls if n in results}, failed


def as_retriever(part: Any) -> Retriever:  # noqa: ANN401 - it is checked
    """Return what finds chunks in a retriever, a store or an engine.

    Raises
    ------
    ArgumentTypeError
        If it is none of them.
    """
    if hasattr(part, "aretrieve"):
        retriever: Retriever = part
        return retriever
    if hasattr(part, "search"):
        return StoreRetriever(part)
    raise ArgumentTypeError(
        "a retriever has `async def aretrieve(query)`, and a store `search`; got"
        f" {part!r} ({type(part).__name__})"
    )


def named(parts: Iterable[Any] | Mapping[str, Any]) -> dict[str, Retriever]:
    """Return retrievers by the names given, or by their own, each name once."""
    if isinstance(parts, Mapping):
        return {name: as_retriever(part) for name, part in parts.items()}
    found: dict[str, Retriever] = {}
    for index, part in enumerate(parts):
        name = own_name(part) or f"{type(part).__name__} {index}"
        if name in found:
            name = f"{name} {index}"
        found[name] = as_retriever(part)
    return found


def own_name(part: object) -> str | None:
    """Return what a retriever, engine or store is called, or its store."""
    store = getattr(part, "store", None)
    name = getattr(part, "name", None) or getattr(store, "name", None)
    return str(name) if name else None
