"""Lists of events: what descends from one is gathered by a step with a list."""

from __future__ import annotations

import asyncio
from typing import Annotated

import pytest

from notebook_async.workflow import (
    Collect,
    Context,
    Event,
    StartEvent,
    StopEvent,
    Take,
    Workflow,
    WorkflowRuntimeError,
    WorkflowValidationError,
    step,
)
from tests.core.probes import now
from tests.workflow.runs import Done, Go, Other, Progress, kinds, read


class Lists(Workflow):
    """Split, work on each, merge."""

    @step
    async def split(self, ev: StartEvent) -> list[Go] | Done:
        """Return a list, nothing or one event."""
        match ev.get("how"):
            case "none":
                return None  # type: ignore[return-value]
            case "bare":
                return Done(n=100)
        return [Go(n=n, how=ev.get("how")) for n in range(ev.get("size", 3))]

    @step(num_workers=10, retry_policy=1)
    async def work(self, ctx: Context, ev: Go) -> Other | None:
        """Take longer for the first ones; drop or retry some."""
        await asyncio.sleep(10 - ev.n)
        if ev.how == "drop" and ev.n % 2 == 0:
            return None
        if ev.how == "retry" and ctx.retry_info().retry_number == 0:
            raise OSError("once")
        if ev.how == "wait" and ev.n == 1:
            await ctx.wait_for_event(Progress)
        return Other(n=ev.n)

    @step
    async def merge(self, evs: list[Other]) -> StopEvent:
        """Return what has come."""
        return StopEvent(result=[one.n for one in evs])

    @step
    async def end(self, ev: Done) -> StopEvent:
        """End with one event."""
        return StopEvent(result=ev.n)


async def test_list_is_gathered_in_order_of_arrival() -> None:
    """The step that takes the list is called once, with all events as they came."""
    assert await Lists().run() == [2, 1, 0]
    assert now() == 10.0


async def test_empty_list_is_gathered_at_once() -> None:
    """An empty list calls the step that gathers it with an empty list."""
    assert await Lists().run(size=0) == []


async def test_none_opens_no_list() -> None:
    """A step that returns None instead of a list calls nobody."""
    with pytest.raises(WorkflowRuntimeError, match="nothing left to do"):
        await Lists(disable_validation=True).run(how="none")


async def test_bare_event_is_an_ordinary_one() -> None:
    """`-> list[A] | B` may return a B, which goes its own way."""
    assert await Lists().run(how="bare") == 100


async def test_steps_between_may_drop() -> None:
    """What a step between drops is not waited for."""
    assert await Lists().run(how="drop") == [1]
    assert now() == 10.0


async def test_steps_between_may_drop_all() -> None:
    """If all is dropped the list closes empty."""
    assert await Lists().run(how="drop", size=1) == []


async def test_steps_between_may_be_retried() -> None:
    """A list stays open while one of its events waits to be tried again."""
    assert sorted(await Lists().run(how="retry")) == [0, 1, 2]


async def test_steps_between_may_wait() -> None:
    """A list stays open while one of its events waits for another event."""
    handler = Lists().run(how="wait")
    await asyncio.sleep(20)
    await handler.send_event(Progress())
    assert await handler == [2, 0, 1]


async def test_bare_event_of_the_list_is_an_error() -> None:
    """Where a list of A is declared, a bare A fails the run."""

    class Bare(Workflow):
        @step
        async def split(self, _: StartEvent) -> list[Go]:
            return Go()  # type: ignore[return-value]

        @step
        async def merge(self, evs: list[Go]) -> StopEvent:
            return StopEvent(result=len(evs))

    with pytest.raises(WorkflowRuntimeError, match="Step split returned Go"):
        await Bare().run()


async def test_list_with_something_else_is_an_error() -> None:
    """A list that holds what is no event fails the run, and sends none of it."""
    taken: list[int] = []

    class Mixed(Workflow):
        @step
        async def split(self, _: StartEvent) -> list[Go]:
            return [Go(n=1), 3]  # type: ignore[list-item]

        @step
        async def work(self, ev: Go) -> Done:
            taken.append(ev.n)
            return Done()

        @step
        async def merge(self, evs: list[Done]) -> StopEvent:
            return StopEvent(result=len(evs))

    with pytest.raises(WorkflowRuntimeError, match="returned a list with 3"):
        await Mixed().run()
    assert taken == []


@pytest.mark.parametrize(
    ("size", "number", "result", "at"), [(5, 2, [4, 3], 7.0), (1, 2, [0], 10.0)]
)
async def test_take_fires_early(
    size: int, number: int, result: list[int], at: float
) -> None:
    """`Take(n)` calls the step with the first n, or with fewer if no more come."""

    class First(Workflow):
        @step
        async def split(self, ev: StartEvent) -> list[Go]:
            return [Go(n=n) for n in range(ev.size)]

        @step(num_workers=10)
        async def work(self, ev: Go) -> Done:
            await asyncio.sleep(10 - ev.n)
            return Done(n=ev.n)

        @step
        async def merge(
            self, evs: Annotated[list[Done], Collect(Take(number))]
        ) -> StopEvent:
            return StopEvent(result=[one.n for one in evs])

    assert await First().run(size=size) == result
    assert now() == at


async def test_take_fires_once() -> None:
    """What comes after the n-th event of a list calls nobody."""
    calls: list[int] = []

    class First(Workflow):
        @step
        async def split(self, _: StartEvent) -> list[Go]:
            return [Go(n=n) for n in range(4)]

        @step
        async def merge(self, evs: Annotated[list[Go], Collect(Take(2))]) -> StopEvent:
            calls.append(len(evs))
            await asyncio.sleep(1)
            return StopEvent()

    await First().run()
    assert calls == [2]


async def test_lists_nest() -> None:
    """A list inside a list closes first; the outer one waits for it."""

    class Inner(Event):
        n: int

    class Nested(Workflow):
        @step
        async def outer(self, _: StartEvent) -> list[Go]:
            return [Go(n=n) for n in (1, 2)]

        @step
        async def inner(self, ev: Go) -> list[Inner]:
            return [Inner(n=10 * ev.n + k) for k in range(ev.n + 1)]

        @step
        async def sum_up(self, evs: list[Inner]) -> Done:
            return Done(n=sum(one.n for one in evs))

        @step
        async def merge(self, evs: list[Done]) -> StopEvent:
            return StopEvent(result=sorted(one.n for one in evs))

    assert await Nested().run() == [10 + 11, 20 + 21 + 22]


async def test_two_lists_of_one_step_are_apart() -> None:
    """Each list that a step returns is gathered by itself."""

    class Begun(Event):
        n: int

    class Apart(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Begun | None:
            ctx.send_event(Begun(n=1))
            ctx.send_event(Begun(n=2))

        @step
        async def split(self, ev: Begun) -> list[Go]:
            return [Go(n=ev.n) for _ in range(3)]

        @step
        async def merge(self, evs: list[Go]) -> Done:
            return Done(got=[one.n for one in evs])

        @step
        async def end(self, ctx: Context, ev: Done) -> StopEvent | None:
            got = ctx.collect_events(ev, [Done] * 2)
            return got and StopEvent(result=[one.got for one in got])

    assert await Apart().run() == [[1, 1, 1], [2, 2, 2]]


async def test_list_of_several_classes() -> None:
    """A step may gather several classes in one list."""

    class Several(Workflow):
        @step
        async def split(self, _: StartEvent) -> list[Go | Other]:
            return [Go(n=1), Other(n=2), Go(n=3)]

        @step
        async def merge(self, evs: list[Go | Other]) -> StopEvent:
            return StopEvent(result=[one.n for one in evs])

    assert await Several().run() == [1, 2, 3]


async def test_sent_event_cannot_join() -> None:
    """An event that is sent is no part of any list; sent to the step it is refused."""

    class Sends(Workflow):
        @step
        async def split(self, ctx: Context, ev: StartEvent) -> list[Go]:
            ctx.send_event(Go(n=9), step="merge" if ev.get("direct") else None)
            return [Go(n=1)]

        @step
        async def merge(self, evs: list[Go]) -> StopEvent:
            return StopEvent(result=[one.n for one in evs])

    assert await Sends().run() == [1]
    with pytest.raises(WorkflowRuntimeError, match="an event that is sent cannot join"):
        await Sends().run(direct=True)
    events = await read(Sends().run(), internal=True)
    assert "UnhandledEvent" in kinds(events)


async def test_list_without_producer_is_refused() -> None:
    """A step that gathers a list that nobody returns is refused before the run."""

    class Without(Workflow):
        @step
        async def begin(self, _: StartEvent) -> Go:
            return Go()

        @step
        async def merge(self, evs: list[Go]) -> StopEvent:
            return StopEvent(result=len(evs))

    with pytest.raises(WorkflowValidationError, match="merge"):
        await Without().run()


async def test_stop_event_in_a_list_ends_the_run() -> None:
    """A `StopEvent` in a list ends the run as any other."""

    class Stops(Workflow):
        @step
        async def split(self, _: StartEvent) -> list[Go | StopEvent]:
            return [Go(n=1), StopEvent(result="stop"), Go(n=2)]

        @step
        async def work(self, _: Go) -> None:
            await asyncio.sleep(100)

    assert await Stops().run() == "stop"
    assert now() == 0.0
