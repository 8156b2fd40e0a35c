"""LangGraph and pydantic-graph, for `bench_workflow.py`: their way of each case."""

from __future__ import annotations

import itertools
import operator
from typing import Annotated, Any, TypedDict

from workflow_cases import WORKERS

__all__ = ["LangGraph", "PydanticGraph"]


class State(TypedDict):
    """What the nodes of LangGraph hand on."""

    number: int
    gathered: Annotated[list[int], operator.add]


class LangGraph:
    """A graph of LangGraph whose nodes hand on a number."""

    sent = None

    def __init__(self) -> None:
        self._nothing = self._graph(only=self._only)

    @staticmethod
    async def _only(_: State) -> None:
        return None

    def _graph(self, **nodes: Any) -> Any:  # noqa: ANN401
        """Return a graph of nodes one after another."""
        from langgraph.graph import END, START, StateGraph  # noqa: PLC0415

        graph = StateGraph(State)
        names = [START, *nodes, END]
        for name, node in nodes.items():
            graph.add_node(name, node)
        for before, after in itertools.pairwise(names):
            graph.add_edge(before, after)
        return graph.compile()

    async def chain(self, count: int) -> int:
        """Loop over one node with a conditional edge."""
        from langgraph.graph import END, START, StateGraph  # noqa: PLC0415

        async def turn(state: State) -> dict[str, int]:
            return {"number": state["number"] + 1}

        graph = StateGraph(State)
        graph.add_node("turn", turn)
        graph.add_edge(START, "turn")
        graph.add_conditional_edges(
            "turn", lambda state: END if state["number"] >= count else "turn"
        )
        config = {"recursion_limit": count + 10}
        return (await graph.compile().ainvoke({"number": 0}, config))["number"]

    async def listed(self, count: int) -> int:
        """Return a list of `Send`, gather with a reducer."""
        from langgraph.graph import END, START, StateGraph  # noqa: PLC0415
        from langgraph.types import Send  # noqa: PLC0415

        async def work(state: State) -> dict[str, list[int]]:
            return {"gathered": [state["number"]]}

        async def gather(state: State) -> dict[str, int]:
            return {"number": len(state["gathered"])}

        def scatter(_: State) -> list[Any]:
            return [Send("work", {"number": number}) for number in range(count)]

        graph = StateGraph(State)
        graph.add_node("work", work)
        graph.add_node("gather", gather)
        graph.add_conditional_edges(START, scatter, ["work"])
        graph.add_edge("work", "gather")
        graph.add_edge("gather", END)
        config = {"max_concurrency": WORKERS}
        return (await graph.compile().ainvoke({"number": 0}, config))["number"]

    async def start(self) -> None:
        """Run one node."""
        await self._nothing.ainvoke({"number": 0})

    async def stream(self, count: int) -> int:
        """Write to the custom stream and read it."""
        from langgraph.config import get_stream_writer  # noqa: PLC0415

        async def write(_: State) -> None:
            writer = get_stream_writer()
            for number in range(count):
                writer(number)

        seen = 0
        graph = self._graph(write=write)
        async for _ in graph.astream({"number": 0}, stream_mode="custom"):
            seen += 1
        return seen


class PydanticGraph:
    """A graph of pydantic-graph whose steps hand on a number."""

    sent = None
    stream = None

    def __init__(self) -> None:
        import pydantic_graph  # noqa: PLC0415

        self._names = pydantic_graph
        builder = self._builder(int)

        async def only(ctx: Any) -> int:  # noqa: ANN401
            return ctx.inputs

        step = self._step(builder, only)
        builder.add(
            builder.edge_from(builder.start_node).to(step),
            builder.edge_from(step).to(builder.end_node),
        )
        self._nothing = builder.build()

    def _builder(self, kind: Any) -> Any:  # noqa: ANN401
        return self._names.GraphBuilder(input_type=kind, output_type=kind)

    def _step(self, builder: Any, func: Any) -> Any:  # noqa: ANN401
        """Mark a function; its annotations must be known to the library."""
        context = self._names.StepContext[None, None, int]
        func.__annotations__ = {"ctx": context, "return": int}
        return builder.step(func)

    async def chain(self, count: int) -> int:
        """Loop over one step with a decision."""
        builder = self._builder(int)

        async def turn(ctx: Any) -> int:  # noqa: ANN401
            return ctx.inputs + 1

        step = self._step(builder, turn)
        again = builder.match(int, matches=lambda number: number < count).to(step)
        end = builder.match(int).to(builder.end_node)
        builder.add(
            builder.edge_from(builder.start_node).to(step),
            builder.edge_from(step).to(builder.decision().branch(again).branch(end)),
        )
        return await builder.build().run(inputs=0)

    async def listed(self, count: int) -> int:
        """Map over a list, gather with a join; it knows no bound of workers."""
        builder = self._builder(list[int])

        async def work(ctx: Any) -> int:  # noqa: ANN401
            return ctx.inputs

        step = self._step(builder, work)
        append = self._names.reduce_list_append
        join = builder.join(append, initial_factory=list[int])
        builder.add(
            builder.edge_from(builder.start_node).map().to(step),
            builder.edge_from(step).to(join),
            builder.edge_from(join).to(builder.end_node),
        )
        return len(await builder.build().run(inputs=list(range(count))))

    async def start(self) -> None:
        """Run one step."""
        await self._nothing.run(inputs=0)
