"""Steps with several event parameters: called once one of each has come."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from notebook_async.workflow import (
    Context,
    Event,
    StartEvent,
    StopEvent,
    Workflow,
    WorkflowValidationError,
    step,
)
from tests.core.probes import now
from tests.workflow.runs import Done, Go, Other


class Join(Workflow):
    """Two branches and a step that takes both."""

    @step
    async def begin(self, ctx: Context, ev: StartEvent) -> Go | Other | None:
        """Send what was asked for."""
        for event in ev.events:
            ctx.send_event(event)
            await asyncio.sleep(1)

    @step(num_workers=1)
    async def meet(self, ctx: Context, left: Go, right: Other) -> Done:
        """Take one of each."""
        return Done(pair=(left.n, right.n), at=now(), kind=type(ctx).__name__)

    @step
    async def end(self, ctx: Context, ev: Done) -> StopEvent | None:
        """Gather two pairs."""
        got = ctx.collect_events(ev, [Done] * 2)
        return got and StopEvent(result=[(one.pair, one.at) for one in got])


async def test_join_fires_once_both_have_come() -> None:
    """A join is called when the last of its events comes, with one of each."""
    events = [Go(n=1), Other(n=2), Other(n=3), Go(n=4)]
    assert await Join().run(events=events) == [((1, 2), 1.0), ((4, 3), 3.0)]


@pytest.mark.parametrize(
    "order",
    list(itertools.permutations([Go(n=1), Go(n=2), Other(n=3), Other(n=4)]))[::5],
)
async def test_events_of_one_class_keep_their_order(order: tuple[Event, ...]) -> None:
    """The first of one class meets the first of the other, whatever comes between."""
    left = [event.n for event in order if isinstance(event, Go)]
    right = [event.n for event in order if isinstance(event, Other)]
    got = await Join().run(events=list(order))
    assert [pair for pair, _ in got] == list(zip(left, right, strict=True))


async def test_three_parameters_and_keywords() -> None:
    """A join may take any number of events; each comes to its own parameter."""

    class Three(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | Other | Done | None:
            ctx.send_event(Done(n=3))
            ctx.send_event(Other(n=2))
            ctx.send_event(Go(n=1))

        @step
        async def meet(self, a: Go, b: Other, c: Done) -> StopEvent:
            return StopEvent(result=(a.n, b.n, c.n))

    assert await Three().run() == (1, 2, 3)


async def test_join_of_two_of_one_class() -> None:
    """Two parameters of one class take two events of it, in the order they came."""

    class Twins(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | None:
            ctx.send_event(Go(n=1))
            ctx.send_event(Go(n=2))

        @step
        async def meet(self, first: Go, second: Go) -> StopEvent:
            return StopEvent(result=(first.n, second.n))

    assert await Twins().run() == (1, 2)


async def test_join_in_a_thread() -> None:
    """A join may be an ordinary function."""

    class Threads(Workflow):
        @step
        def begin(self, ctx: Context, _: StartEvent) -> Go | Other | None:
            ctx.send_event(Go(n=1))
            ctx.send_event(Other(n=2))

        @step
        def meet(self, left: Go, right: Other) -> StopEvent:
            return StopEvent(result=left.n + right.n)

    assert await Threads().run() == 3


async def test_join_is_retried_with_its_events() -> None:
    """A join that fails is tried again with the same events."""
    seen: list[tuple[int, int]] = []

    class Fails(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | Other | None:
            ctx.send_event(Go(n=1))
            ctx.send_event(Other(n=2))

        @step(retry_policy=1)
        async def meet(self, left: Go, right: Other) -> StopEvent:
            seen.append((left.n, right.n))
            if len(seen) == 1:
                raise OSError("once")
            return StopEvent()

    await Fails().run()
    assert seen == [(1, 2), (1, 2)]


async def test_note_of_a_join_names_its_events() -> None:
    """The note of a failure names all that a join was given."""

    class Fails(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | Other | None:
            ctx.send_event(Go(n=1))
            ctx.send_event(Other(n=2))

        @step
        async def meet(self, left: Go, right: Other) -> StopEvent:
            raise OSError(f"{left.n} {right.n}")

    with pytest.raises(OSError, match="1 2") as caught:
        await Fails().run()
    assert caught.value.__notes__ == [
        "in step 'meet' of Fails, given Go, Other, attempt 1"
    ]


async def test_join_inside_a_list_meets_its_own() -> None:
    """Of two lists at once each is joined by itself."""

    class Begun(Event):
        n: int

    class Lists(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Begun | None:
            ctx.send_event(Begun(n=1))
            ctx.send_event(Begun(n=2))

        @step
        async def split(self, ev: Begun) -> list[Go | Other]:
            await asyncio.sleep(ev.n)
            return [Go(n=10 * ev.n), Other(n=10 * ev.n + 1)]

        @step
        async def meet(self, left: Go, right: Other) -> Done:
            return Done(pair=(left.n, right.n))

        @step
        async def merge(self, evs: list[Done]) -> StopEvent | None:
            return None if evs[0].pair[0] == 10 else StopEvent(result=evs[0].pair)

    assert await Lists().run() == (20, 21)


def test_each_parameter_names_one_class() -> None:
    """A parameter of a join takes one class; a union is refused."""
    with pytest.raises(WorkflowValidationError, match="'left' names 2 classes: each"):

        class Wrong(Workflow):
            @step
            async def meet(self, left: Go | Done, right: Other) -> StopEvent:
                return StopEvent(result=(left, right))
