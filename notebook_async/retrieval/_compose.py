"""Several engines as one, which asks those that a question is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from notebook_async.core import asyncio_run
from notebook_async.core._options import integer
from notebook_async.errors import InvalidArgumentError
from notebook_async.retrieval._compose_route import matching
from notebook_async.retrieval._query_engine import QueryEngine
from notebook_async.retrieval._retrievers import Gathered, named, require_one

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from notebook_async.retrieval._answers import Answer, LanguageModel
    from notebook_async.retrieval._protocols import Retriever, TextStore
    from notebook_async.retrieval._records import Hit
    from notebook_async.workflow import Workflow, WorkflowGraph, WorkflowHandler

    Router: TypeAlias = Callable[[str, Mapping[str, str]], Awaitable[Iterable[str]]]

__all__ = ["ComposableGraph"]


class ComposableGraph:
    """Routes a question to the engines that it is for, and asks them at the same time.

    Made by `compose`. It is a retriever itself, so that it can be a child of another.
    Each query is the run of a workflow: a panel shows it live, and at the end of a cell
    the graph draws itself.

    Attributes
    ----------
    name
        What the picture and the job panel call it.
    children
        Those that may be asked, by name.
    summaries
        What each knows, by name.
    workflow
        The workflow; `graph.workflow.run(query=...)` is what `start` does.

    Examples
    --------
    >>> from notebook_async.retrieval import Document, SqliteTextStore
    >>> kitchen = SqliteTextStore(":memory:", name="kitchen")
    >>> harbour = SqliteTextStore(":memory:", name="harbour")
    >>> graph = ComposableGraph.compose(
    ...     "house",
    ...     [kitchen, harbour],
    ...     ["cooking, tea, hot water", "ships, the sea, cold water"],
    ... )
    >>> async def ask(*questions):
    ...     async with kitchen, harbour:
    ...         await kitchen.add([Document("tea", "Tea needs hot water.")])
    ...         await harbour.add([Document("sea", "The water of the sea is cold.")])
    ...         return [await graph.aquery(question) for question in questions]
    >>> one, both = asyncio.run(ask("Is tea hot water?", "Which water is there?"))
    >>> one.asked, one.text
    (('kitchen',), 'Tea needs hot water. [1]')
    >>> both.asked, sorted(hit.source for hit in both.sources)
    (('kitchen', 'harbour'), ['harbour', 'kitchen'])
    >>> print(graph)
    house
      route -> kitchen | harbour
      kitchen -> merge
      harbour -> merge
      merge -> answer
    """

    def __init__(  # noqa: PLR0913 - made by `compose`, which says what each is
        self,
        engine: QueryEngine,
        children: Mapping[str, Retriever],
        summaries: Mapping[str, str],
        *,
        name: str,
        always: str | None = None,
        router: Router | None = None,
        timeout: float | None = None,
        limit: int = 10,
    ) -> None:
        from notebook_async.retrieval._compose_flow import (  # noqa: PLC0415 - with pydantic
            composed_workflow,
        )

        self.engine = engine
        self.children = dict(children)
        self.summaries = dict(summaries)
        self.name = name
        self.timeout = timeout
        self.limit = limit
        self._always = always
        self._router = router
        self.workflow: Workflow = composed_workflow(name, self)

    @classmethod
    def compose(  # noqa: PLR0913 - options are named by the caller
        cls,
        root: str | QueryEngine | Retriever | TextStore,
        children: Sequence[Retriever | TextStore] | Mapping[str, Retriever | TextStore],
        summaries: Sequence[str] | Mapping[str, str],
        *,
        llm: LanguageModel | None = None,
        router: Router | None = None,
        timeout: float | None = None,
        limit: int = 10,
        sentences: int = 3,
    ) -> ComposableGraph:
        """Compose engines, retrievers, stores and other graphs.

        Parameters
        ----------
        root
            The name of the whole; or an engine, a retriever or a store, which is asked
            in any case, and whose `llm`, if it has one, writes the answers.
        children
            Those to choose from; with names, or named after themselves. Where the graph
            has no `llm`, one that has its own answers by itself; the others give what
            they find.
        summaries
            What each of them knows, in a few words: a question goes to those whose
            summaries share words with it, and to all where none does.
        llm
            Writes the answers, as for `QueryEngine`.
        router
            An async function that gets the query and the summaries by name, and returns
            the names to ask, at least one where no root is asked in any case, instead
            of comparing words.
        timeout
            Seconds > 0 that each child may take; one that is late, or fails, is told in
            the answer.
        limit
            Chunks that an answer is made of at most, >= 1.
        sentences
            Sentences of an answer without an `llm`, at most, >= 1.

        Raises
        ------
        InvalidArgumentError
            If there are no children, names are not unique, or a summary is missing.
        ArgumentTypeError
            If something is no retriever.

        Examples
        --------
        >>> class Shelf:
        ...     async def aretrieve(self, query):
        ...         return []
        >>> inner = ComposableGraph.compose("notes", {"old": Shelf()}, ["the past"])
        >>> outer = ComposableGraph.compose("all", [inner], ["notes of any time"])
        >>> print(outer)
        all
          route -> notes: route
          notes: route -> notes: old
          notes: old -> notes: merge
          notes: merge -> notes: answer
          notes: answer -> merge
          merge -> answer
        """
        if timeout is not None and not timeout > 0:
            raise InvalidArgumentError(f"timeout must be > 0 seconds, got {timeout}")
        parts = named(children)
        known = _summaries(list(parts), summaries)
        always, name = None, root
        if not isinstance(root, str):
            ((own, part),) = named([root]).items()
            _check_names([*parts, own])
            always, name = own, f"{own} and others"
            parts, known = {own: part, **parts}, {own: "", **known}
            llm = llm or getattr(root, "llm", None)
        _check_names(list(parts))
        return cls(
            QueryEngine(_Nothing(), llm=llm, sentences=sentences),
            parts,
            known,
            name=str(name),
            always=always,
            router=router,
            timeout=timeout,
            limit=integer("limit", limit, least=1),
        )

    @property
    def llm(self) -> LanguageModel | None:
        """What writes the answers, or None."""
        return self.engine.llm

    def start(self, query: str) -> WorkflowHandler:
        """Start a query and return the handler of its workflow, to await or to watch.

        Parameters
        ----------
        query
            Any text.

        Examples
        --------
        >>> class Shelf:
        ...     async def aretrieve(self, query):
        ...         return []
        >>> graph = ComposableGraph.compose("notes", {"old": Shelf()}, ["the past"])
        >>> handler = graph.start("What was?")
        >>> print(await handler)
        Nothing was found.
        """
        return self.workflow.run(query=query)

    async def aquery(self, query: str) -> Answer:
        """Return the answer to a question, with its sources and who was asked.

        Parameters
        ----------
        query
            Any text.

        Raises
        ------
        ExceptionGroup
            If all that were asked failed.

        Examples
        --------
        >>> class Shelf:
        ...     async def aretrieve(self, query):
        ...         return []
        >>> graph = ComposableGraph.compose("notes", {"old": Shelf()}, ["the past"])
        >>> (await graph.aquery("What was?")).asked
        ('old',)
        """
        answer: Answer = await self.start(query)
        return answer

    def query(self, query: str) -> Answer:
        """Do as `aquery` does, from ordinary code.

        Examples
        --------
        >>> class Shelf:
        ...     async def aretrieve(self, query):
        ...         return []
        >>> graph = ComposableGraph.compose("all", {"shelf": Shelf()}, ["books"])
        >>> graph.query("Is there tea?").text
        ''
        """
        return asyncio_run(self.aquery(query))

    async def aretrieve(self, query: str) -> list[Hit]:
        """Return the chunks from which it would answer.

        Examples
        --------
        >>> class Shelf:
        ...     async def aretrieve(self, query):
        ...         return []
        >>> graph = ComposableGraph.compose("all", {"shelf": Shelf()}, ["books"])
        >>> await graph.aretrieve("tea")
        []
        """
        gathered = await self.agather(query)
        require_one(gathered)
        return gathered.hits

    async def agather(self, query: str) -> Gathered:
        """Return the chunks from which it would answer, who was asked and what failed.

        Examples
        --------
        >>> class Shelf:
        ...     async def aretrieve(self, query):
        ...         return []
        >>> graph = ComposableGraph.compose("all", {"shelf": Shelf()}, ["books"])
        >>> (await graph.agather("tea")).asked
        ('shelf',)
        """
        gathered: Gathered = await self.workflow.run(query=query, only_find=True)
        return gathered

    async def route(self, query: str) -> list[str]:
        """Return the names of the children that a question goes to.

        Examples
        --------
        >>> class Shelf:
        ...     async def aretrieve(self, query):
        ...         return []
        >>> children = {"tea": Shelf(), "ships": Shelf()}
        >>> graph = ComposableGraph.compose("all", children, ["hot drinks", "the sea"])
        >>> await graph.route("Which drinks are there?")
        ['tea']
        """
        choices = {n: s for n, s in self.summaries.items() if n != self._always}
        if self._router is None:
            chosen = matching(query, choices)
        else:
            chosen = list(dict.fromkeys(await self._router(query, choices)))
            if unknown := [name for name in chosen if name not in choices]:
                raise InvalidArgumentError(
                    f"router= chose {unknown}; there are {list(choices)}"
                )
        chosen = chosen if self._always is None else [self._always, *chosen]
        if not chosen:
            raise InvalidArgumentError(
                f"router= chose none to ask; there are {list(choices)}"
            )
        return chosen

    def graph(self) -> WorkflowGraph:
        """Return the picture of the graph, with those inside it.

        Examples
        --------
        >>> class Shelf:
        ...     async def aretrieve(self, query):
        ...         return []
        >>> ComposableGraph.compose("all", {"shelf": Shelf()}, ["books"]).graph()
        WorkflowGraph('all', 4 nodes, 3 edges)
        """
        from notebook_async.retrieval._compose_flow import drawn  # noqa: PLC0415 - as above

        inner = {
            name: child.graph()
            for name, child in self.children.items()
            if isinstance(child, ComposableGraph)
        }
        picture: WorkflowGraph = drawn(self.name, self.workflow.graph(), inner)
        return picture

    def __str__(self) -> str:
        graph = self.graph()
        labels = {node.id: node.label for node in graph.nodes}
        ways: dict[str, list[str]] = {label: [] for label in labels.values()}
        for edge in graph.edges:
            ways[labels[edge.source]].append(labels[edge.target])
        lines = [f"  {node} -> {' | '.join(to)}" for node, to in ways.items() if to]
        return "\n".join([self.name, *lines])

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, Any]:
        picture = self.graph()._repr_mimebundle_(include, exclude)
        return {**picture, "text/plain": str(self)}


class _Nothing:
    """What the engine that only answers would ask."""

    async def aretrieve(self, query: str) -> list[Hit]:  # noqa: ARG002
        return []


def _summaries(
    names: list[str], summaries: Sequence[str] | Mapping[str, str]
) -> dict[str, str]:
    """Return the summaries by the names of the children."""
    if isinstance(summaries, Mapping):
        known = dict(summaries)
    elif isinstance(summaries, str) or len(summaries) != len(names):
        raise InvalidArgumentError(
            f"compose needs one summary for each of {len(names)} children,"
            f" got {summaries!r}"
        )
    else:
        known = dict(zip(names, summaries, strict=True))
    if set(known) != set(names):
        raise InvalidArgumentError(
            f"the children are {names}, and the summaries are of {list(known)}"
        )
    return {name: known[name] for name in names}


def _check_names(names: list[str]) -> None:
    from notebook_async.retrieval._compose_flow import STEPS  # noqa: PLC0415 - as above

    if not names:
        raise InvalidArgumentError("compose needs at least one child")
    wrong = [n for n in names if n in STEPS or names.count(n) > 1 or "/" in n]
    if wrong:
        raise InvalidArgumentError(
            f"children cannot be called {wrong}: give a mapping with a name of its own"
            f" for each, without '/', and not one of {', '.join(STEPS)}"
        )
