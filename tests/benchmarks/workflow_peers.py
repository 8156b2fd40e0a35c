"""Who takes part in `bench_workflow.py`: engines that hand events from step to step.

A contender makes an engine, which has a method for each case; None where it cannot do
it. Each imports what it needs when it is made, so that a process carries no other's
weight.
"""

from __future__ import annotations

import asyncio
import importlib.util
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from workflow_cases import WORKERS, Cases, events
from workflow_graphs import LangGraph, PydanticGraph

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BARE", "CONTENDERS", "REFERENCE", "Contender", "Shared"]

BARE = "bare asyncio"
REFERENCE = "llama-index-workflows"


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One engine.

    Attributes
    ----------
    make
        Imports it and returns an object with the cases.
    statement
        What a user imports.
    package
        What must be installed.
    sizes
        The events of a small and of a large fan-out; less where those take minutes.
    quick
        Whether a case may be run again and again in one process.
    lacks
        Cases that it cannot do, and why.
    """

    make: Callable[[], Any]
    statement: str
    package: str | None = None
    sizes: tuple[int, int] = (1000, 10_000)
    quick: bool = False
    lacks: dict[str, str] = field(default_factory=dict)

    def missing(self) -> str | None:
        """Say why this contender cannot take part, if so."""
        if self.package is None or importlib.util.find_spec(self.package) is not None:
            return None
        return f"{self.package} is not installed (extra `bench`)"


class Bare:
    """Queues and workers by hand, with our events and nothing else at all."""

    def __init__(self) -> None:
        from notebook_async.workflow import (  # noqa: PLC0415
            Event,
            StartEvent,
            StopEvent,
        )

        self.start_event, self.stop_event = StartEvent, StopEvent
        self.go, self.part, self.done = events(SimpleNamespace(Event=Event))

    async def chain(self, count: int) -> int:
        """Hand an event from a queue back to it, four workers waiting."""
        go, stop = self.go, self.stop_event
        queue: asyncio.Queue[Any] = asyncio.Queue()
        end = asyncio.get_running_loop().create_future()

        async def turn(event: Any) -> Any:  # noqa: ANN401
            if event.number >= count:
                return stop(result=event.number)
            return go(number=event.number + 1)

        async def work() -> None:
            while True:
                event = await turn(await queue.get())
                if isinstance(event, stop):
                    end.set_result(event.result)
                    return
                queue.put_nowait(event)

        tasks = [asyncio.create_task(work()) for _ in range(4)]
        queue.put_nowait(go(number=0))
        return await _stopped(end, tasks)

    async def sent(self, count: int) -> int:
        """Take events from one queue, put others into another, gather those."""
        part, done = self.part, self.done
        queue: asyncio.Queue[Any] = asyncio.Queue()
        results: asyncio.Queue[Any] = asyncio.Queue()

        async def step(event: Any) -> Any:  # noqa: ANN401
            return done(number=event.number)

        async def work() -> None:
            while True:
                results.put_nowait(await step(await queue.get()))

        tasks = [asyncio.create_task(work()) for _ in range(WORKERS)]
        for number in range(count):
            queue.put_nowait(part(number=number))
        gathered = [await results.get() for _ in range(count)]
        for task in tasks:
            task.cancel()
        return len(gathered)

    listed = sent

    async def start(self) -> None:
        """Run one step on one task."""
        stop = self.stop_event
        queue: asyncio.Queue[Any] = asyncio.Queue()
        end = asyncio.get_running_loop().create_future()

        async def only(_: object) -> Any:  # noqa: ANN401
            return stop()

        async def work() -> None:
            end.set_result(await only(await queue.get()))

        task = asyncio.create_task(work())
        queue.put_nowait(self.start_event())
        await _stopped(end, [task])

    async def stream(self, count: int) -> int:
        """Put events into a queue in a task, take them out of it in another."""
        done = self.done
        queue: asyncio.Queue[Any] = asyncio.Queue()

        async def write() -> None:
            for number in range(count):
                queue.put_nowait(done(number=number))
            queue.put_nowait(None)

        task = asyncio.create_task(write())
        seen = 0
        while await queue.get() is not None:
            seen += 1
        await task
        return seen


async def _stopped(end: asyncio.Future[Any], tasks: list[asyncio.Task[None]]) -> Any:  # noqa: ANN401
    result = await end
    for task in tasks:
        task.cancel()
    return result


class Shared:
    """Ours, or whoever has the same names."""

    def __init__(self, names: Any) -> None:  # noqa: ANN401 - a module, or like one
        self.names = names
        self.cases = Cases(names)
        self._nothing = self.cases.nothing()

    async def chain(self, count: int) -> int:
        """Run a loop of one step."""
        return await self.cases.chain(count).run()

    async def sent(self, count: int) -> int:
        """Send and collect."""
        return await self.cases.sent(count).run()

    async def listed(self, count: int) -> int:
        """Return a list, take a list."""
        return await self.cases.listed(count).run()

    async def start(self) -> Any:  # noqa: ANN401
        """Run one step; return the handler."""
        handler = self._nothing.run()
        await handler
        return handler

    async def stream(self, count: int) -> int:
        """Write events to the stream and read them."""
        seen = 0
        handler = self.cases.stream(count).run()
        async for _ in handler.stream_events():
            seen += 1
        await handler  # raises if the run has failed
        return seen - 1  # the last is that of the end


def ours() -> Shared:
    """Make ours."""
    import notebook_async.workflow as names  # noqa: PLC0415

    return Shared(names)


def reference() -> Shared:
    """Make the engine whose interface ours keeps."""
    import workflows  # noqa: PLC0415
    from workflows import events as kinds  # noqa: PLC0415

    known = ("Workflow", "Context", "step")
    names = {name: getattr(workflows, name) for name in known}
    known = ("Event", "StartEvent", "StopEvent")
    names |= {name: getattr(kinds, name) for name in known}
    return Shared(SimpleNamespace(**names))


CONTENDERS = {
    BARE: Contender(make=Bare, statement="import asyncio", quick=True),
    "ours": Contender(
        make=ours, statement="import notebook_async.workflow", quick=True
    ),
    REFERENCE: Contender(
        make=reference,
        statement="import workflows",
        package="workflows",
        sizes=(100, 1000),
    ),
    "langgraph": Contender(
        make=LangGraph,
        statement="import langgraph.graph",
        package="langgraph",
        sizes=(100, 1000),
        lacks={"sent": "a node returns, it does not send"},
    ),
    "pydantic-graph": Contender(
        make=PydanticGraph,
        statement="import pydantic_graph",
        package="pydantic_graph",
        lacks={
            "sent": "a step returns, it does not send",
            "stream": "a run has no stream of events",
        },
    ),
}
