"""The cases of `bench_workflow.py`, written with the names that ours and others share.

A module without deferred annotations: the classes are made inside of functions, for
`notebook_async.workflow` as for `workflows`, and steps are known by their annotations.
"""

import asyncio
from typing import Any

__all__ = ["WORKERS", "Cases", "events"]

WORKERS = 8


class Cases:
    """Workflows of one library, by case.

    Parameters
    ----------
    names
        Has the names: a module or a namespace.

    Attributes
    ----------
    chain
        Two steps, of which one loops `count` times.
    sent
        Fan-out with `ctx.send_event`, fan-in with `ctx.collect_events`.
    listed
        Fan-out by returning a list, fan-in by taking one.
    nothing
        One step that does nothing.
    stream
        One step that writes `count` events to the stream.
    queued
        One step that sends `count` events and one more, one that takes them one by one
        as soon as `go_on` is set; `begun` is set before.
    """

    def __init__(self, names: Any) -> None:  # noqa: ANN401 - a module, or like one
        self.names = names
        go, part, done = events(names)
        self.chain = _chain(names, go)
        self.sent = _sent(names, part, done)
        self.listed = _listed(names, part, done)
        self.nothing = _nothing(names)
        self.stream = _stream(names, done)
        self.queued = _queued(names, part, done)


def events(names: Any) -> tuple[Any, Any, Any]:  # noqa: ANN401
    """Return three classes of events that carry a number."""

    class Go(names.Event):
        number: int

    class Part(names.Event):
        number: int

    class Done(names.Event):
        number: int

    # A snapshot of the reference finds classes by module and name.
    for kind in (Go, Part, Done):
        kind.__qualname__ = kind.__name__
        globals()[kind.__name__] = kind
    return Go, Part, Done


def _counting(names: Any) -> Any:  # noqa: ANN401
    class Counting(names.Workflow):
        def __init__(self, count: int) -> None:
            super().__init__(timeout=None)
            self.count = count

    return Counting


def _chain(names: Any, go: type) -> Any:  # noqa: ANN401
    class Chain(_counting(names)):
        @names.step
        async def begin(self, _: names.StartEvent) -> go:
            return go(number=0)

        @names.step
        async def turn(self, event: go) -> go | names.StopEvent:
            if event.number >= self.count:
                return names.StopEvent(result=event.number)
            return go(number=event.number + 1)

    return Chain


def _sent(names: Any, part: type, done: type) -> Any:  # noqa: ANN401
    class Sent(_counting(names)):
        def __init__(self, count: int) -> None:
            super().__init__(count)
            self.expected = [done] * count

        @names.step
        async def scatter(self, ctx: names.Context, _: names.StartEvent) -> part | None:
            for number in range(self.count):
                ctx.send_event(part(number=number))

        @names.step(num_workers=WORKERS)
        async def work(self, event: part) -> done:
            return done(number=event.number)

        @names.step
        async def gather(
            self, ctx: names.Context, event: done
        ) -> names.StopEvent | None:
            events = ctx.collect_events(event, self.expected)
            return None if events is None else names.StopEvent(result=len(events))

    return Sent


def _listed(names: Any, part: type, done: type) -> Any:  # noqa: ANN401
    class Listed(_counting(names)):
        @names.step
        async def scatter(self, _: names.StartEvent) -> list[part]:
            return [part(number=number) for number in range(self.count)]

        @names.step(num_workers=WORKERS)
        async def work(self, event: part) -> done:
            return done(number=event.number)

        @names.step
        async def gather(self, events: list[done]) -> names.StopEvent:
            return names.StopEvent(result=len(events))

    return Listed


def _nothing(names: Any) -> Any:  # noqa: ANN401
    class Nothing(names.Workflow):
        @names.step
        async def only(self, _: names.StartEvent) -> names.StopEvent:
            return names.StopEvent()

    return Nothing


def _stream(names: Any, done: type) -> Any:  # noqa: ANN401
    class Stream(_counting(names)):
        @names.step
        async def write(
            self, ctx: names.Context, _: names.StartEvent
        ) -> names.StopEvent:
            for number in range(self.count):
                ctx.write_event_to_stream(done(number=number))
            return names.StopEvent()

    return Stream


def _queued(names: Any, part: type, done: type) -> Any:  # noqa: ANN401
    class Queued(_counting(names)):
        def __init__(self, count: int) -> None:
            super().__init__(count)
            self.begun, self.go_on = asyncio.Event(), asyncio.Event()

        @names.step
        async def scatter(self, ctx: names.Context, _: names.StartEvent) -> part | None:
            for number in range(self.count + 1):
                ctx.send_event(part(number=number))

        @names.step(num_workers=1)
        async def work(self, event: part) -> done | None:
            self.begun.set()
            await self.go_on.wait()
            return done(number=event.number) if event.number == self.count else None

        @names.step
        async def gather(self, event: done) -> names.StopEvent:
            return names.StopEvent(result=event.number)

    return Queued
