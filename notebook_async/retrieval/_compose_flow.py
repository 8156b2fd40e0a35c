"""A composed query as a workflow: route, a step for each child, merge, answer.

So it is drawn, watched and recorded as any workflow is, and a graph within a graph is a
workflow within a step.
"""

from __future__ import annotations

import asyncio
import functools
import operator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from notebook_async.retrieval._answers import joined
from notebook_async.retrieval._fusion import reciprocal_rank_fusion
from notebook_async.retrieval._retrievers import Gathered, require_one
from notebook_async.workflow import Event, StartEvent, StopEvent, Workflow, step
from notebook_async.workflow.representation import WorkflowGraph, WorkflowGraphEdge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from notebook_async.retrieval._answers import Answer
    from notebook_async.retrieval._compose import ComposableGraph

__all__ = ["STEPS", "composed_workflow", "drawn"]

STEPS = ("route", "merge", "answer")
"""Names that a child cannot have."""


class QueryEvent(StartEvent):
    """A question, and whether only the chunks for it are wanted."""

    query: str
    only_find: bool = False


class Ask(Event):
    """Ask one child; each has a subclass of its own."""

    question: Any


class Found(Event):
    """What a child found, and its answer if it gave one; or why it failed."""

    question: Any
    name: str
    gathered: Any = None
    answer: Any = None
    error: Any = None


class Merged(Event):
    """What all children found, and their answers."""

    question: Any
    gathered: Any
    answers: Any


def composed_workflow(name: str, graph: ComposableGraph) -> Workflow:
    """Return the workflow that answers the queries of a graph."""
    asks = {child: type(f"ask {child}", (Ask,), {}) for child in graph.children}
    asking = [_asking(graph, child, kind) for child, kind in asks.items()]
    steps = [_routing(graph, asks), *asking, _merging(graph), _answering(graph)]
    return Workflow.from_steps(*steps, name=name, timeout=None)


def _routing(graph: ComposableGraph, asks: dict[str, type[Ask]]) -> Callable[..., Any]:
    async def route(question: QueryEvent) -> list[Ask]:
        return [asks[n](question=question) for n in await graph.route(question.query)]

    any_of = functools.reduce(operator.or_, asks.values())
    return _made(route, "route", "Choose whom to ask.", QueryEvent, list[any_of])  # type: ignore[valid-type]


def _asking(graph: ComposableGraph, name: str, kind: type[Ask]) -> Callable[..., Any]:
    async def ask(question: Ask) -> Found:
        asked = question.question
        found = Found(question=asked, name=name)
        limit = asyncio.timeout(graph.timeout)
        try:
            async with limit:
                writes = graph.llm is None and not asked.only_find
                return await _ask(graph.children[name], found, writes=writes)
        except Exception as error:  # noqa: BLE001 - the answer tells it
            if limit.expired():
                late = TimeoutError(f"{name} did not answer within {graph.timeout:g} s")
                return Found(question=asked, name=name, error=late)
            return Found(question=asked, name=name, error=error)

    return _made(ask, name, f"Ask {name}.", kind, Found)


async def _ask(child: Any, found: Found, *, writes: bool) -> Found:  # noqa: ANN401 - any engine
    """Let a child answer that writes answers of its own, or take its chunks."""
    question = found.question
    if writes and getattr(child, "llm", None) is not None:
        found.answer = await child.aquery(question.query)
        hits = list(found.answer.sources)
        found.gathered = Gathered(hits, found.answer.failed, found.answer.asked)
    elif hasattr(child, "agather"):
        found.gathered = await child.agather(question.query)
    else:
        found.gathered = Gathered(await child.aretrieve(question.query))
    return found


def _merging(graph: ComposableGraph) -> Callable[..., Any]:
    async def merge(found: list[Found]) -> Merged:
        order = {name: place for place, name in enumerate(graph.children)}
        found = sorted(found, key=lambda one: order[one.name])
        gathered = _merged(found, graph.limit)
        require_one(gathered)
        answers = {one.name: one for one in found if one.error is None}
        return Merged(question=found[0].question, gathered=gathered, answers=answers)

    return _made(
        merge, "merge", "Make one ranking of what they found.", list[Found], Merged
    )


def _merged(found: list[Found], limit: int) -> Gathered:
    rankings = [one.gathered.hits for one in found if one.error is None]
    failed: dict[str, Exception] = {}
    asked: list[str] = []
    for one in found:
        asked.append(one.name)
        if one.error is not None:
            failed[one.name] = one.error
            continue
        for inner, error in one.gathered.failed.items():
            failed[f"{one.name}/{inner}"] = error
        asked += [f"{one.name}/{inner}" for inner in one.gathered.asked]
    hits = reciprocal_rank_fusion(rankings, limit=limit)
    return Gathered(hits, failed, tuple(asked))


def _answering(graph: ComposableGraph) -> Callable[..., Any]:
    async def answer(merged: Merged) -> StopEvent:
        question, engine = merged.question, graph.engine
        if question.only_find:
            return StopEvent(result=merged.gathered)
        own = any(one.answer is not None for one in merged.answers.values())
        if engine.llm is not None or not own:
            result = await engine.answer_from(question.query, merged.gathered)
            return StopEvent(result=result)
        parts: dict[str, Answer] = {}
        for name, one in merged.answers.items():
            parts[name] = one.answer or await engine.answer_from(
                question.query, one.gathered
            )
        result = joined(question.query, parts)
        gathered = merged.gathered
        result = replace(result, asked=gathered.asked, failed=gathered.failed)
        return StopEvent(result=result)

    return _made(answer, "answer", "Answer from the sources.", Merged, StopEvent)


def _made(
    func: Callable[..., Any], name: str, doc: str, takes: object, gives: object
) -> Callable[..., Any]:
    """Make a step whose name and events are known only now."""
    parameter = func.__code__.co_varnames[0]
    func.__name__ = func.__qualname__ = name
    func.__doc__ = doc
    func.__annotations__ = {parameter: takes, "return": gives}
    made: Callable[..., Any] = step(func)
    return made


def drawn(
    name: str, graph: WorkflowGraph, inner: Mapping[str, WorkflowGraph]
) -> WorkflowGraph:
    """Return a picture of the steps, with the graphs inside in the places of theirs."""
    plain = graph.filter_by_node_type("event")
    nodes, edges = [], []
    for node in plain.nodes:
        if node.id not in inner:
            nodes.append(node)
            continue
        for part in inner[node.id].nodes:
            label = f"{node.id}: {part.label}"
            nodes.append(replace(part, id=f"{node.id}/{part.id}", label=label))
        edges += [
            WorkflowGraphEdge(f"{node.id}/{edge.source}", f"{node.id}/{edge.target}")
            for edge in inner[node.id].edges
        ]
    for edge in plain.edges:
        source = f"{edge.source}/answer" if edge.source in inner else edge.source
        target = f"{edge.target}/route" if edge.target in inner else edge.target
        edges.append(WorkflowGraphEdge(source, target))
    return WorkflowGraph(name, tuple(nodes), tuple(edges), graph.description)
