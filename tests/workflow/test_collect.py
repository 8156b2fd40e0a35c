"""`collect_events`: a step gathers events until there is one for each expected."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from notebook_async.workflow import (
    Context,
    ContextStateError,
    Event,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from tests.core.probes import now
from tests.workflow.runs import Done, Go, Other


class A(Event):
    """An event of one class."""

    n: int


class B(Event):
    """An event of another."""

    n: int


class Fed(Event):
    """Says that all events were sent."""


def make_collector(
    expected: list[type[Event]],
    **options: Any,  # noqa: ANN401
) -> type[Workflow]:
    """Return a workflow that sends events and returns the batches of one step."""

    class Collector(Workflow):
        @step
        async def feed(self, ctx: Context, ev: StartEvent) -> A | B | Fed:
            for event in ev.events:
                ctx.send_event(event)
            return Fed()

        @step(num_workers=1)
        async def gather(self, ctx: Context, ev: A | B) -> None:
            state = await ctx.store.get_state()
            batches = [*state.get("batches", [])]
            batch = ctx.collect_events(ev, expected, **options)
            batches.append(batch and [shown(event) for event in batch])
            await ctx.store.set("batches", batches)

        @step
        async def end(self, ctx: Context, _: Fed) -> StopEvent:
            await asyncio.sleep(1)
            return StopEvent(result=await ctx.store.get("batches"))

    return Collector


def shown(event: Any) -> str:  # noqa: ANN401
    """Return an event as in a table."""
    return f"{type(event).__name__}{event.n}"


async def batches(
    events: list[Event],
    expected: list[type[Event]],
    **options: Any,  # noqa: ANN401
) -> list[Any]:
    """Return what each call of `collect_events` gave."""
    return await make_collector(expected, **options)().run(events=events)


async def test_nothing_expected() -> None:
    """With nothing expected the batch is there at once, and empty."""
    assert await batches([A(n=1), B(n=2)], []) == [[], []]


async def test_one_expected() -> None:
    """With one class expected each event of it is a batch."""
    assert await batches([A(n=1), A(n=2)], [A]) == [["A1"], ["A2"]]


@pytest.mark.parametrize(
    ("expected", "batch"),
    [
        ([A, B, A], ["A1", "B2", "A3"]),
        ([B, A, A], ["B2", "A1", "A3"]),
        ([A, A, B], ["A1", "A3", "B2"]),
    ],
)
async def test_order_is_that_of_expected(
    expected: list[type[Event]], batch: list[str]
) -> None:
    """A batch is ordered as `expected`, and by arrival among events of one class."""
    events = [A(n=1), B(n=2), A(n=3)]
    assert await batches(events, expected) == [None, None, batch]


async def test_extras_are_kept() -> None:
    """More events than a batch needs stay for the next: none is dropped."""
    events = [A(n=1), A(n=2), B(n=3), B(n=4)]
    assert await batches(events, [A, B]) == [None, None, ["A1", "B3"], ["A2", "B4"]]


async def test_many_extras_are_kept() -> None:
    """Extras stay in the order in which they came, over many batches."""
    events = [*[A(n=n) for n in range(5)], *[B(n=n) for n in range(5)]]
    expected = [[f"A{n}", f"B{n}"] for n in range(5)]
    assert await batches(events, [A, B]) == [None] * 5 + expected


async def test_unexpected_class_is_not_kept() -> None:
    """An event of a class that is not expected gives None and is forgotten."""
    events = [B(n=1), A(n=2), B(n=3), A(n=4)]
    assert await batches(events, [A, A]) == [None, None, None, ["A2", "A4"]]


async def test_batches_of_equal_size_in_a_row() -> None:
    """After a batch the next one begins from nothing."""
    events = [A(n=n) for n in range(7)]
    assert await batches(events, [A] * 3) == [
        None,
        None,
        ["A0", "A1", "A2"],
        None,
        None,
        ["A3", "A4", "A5"],
        None,
    ]


async def test_key_keeps_apart() -> None:
    """With `key=` only events with the same key make a batch."""
    events = [A(n=1), B(n=2), B(n=3), A(n=4)]
    assert await batches(events, [A, B], key=lambda ev: ev.n % 2) == [
        None,
        None,
        ["A1", "B3"],
        ["A4", "B2"],
    ]


async def test_key_may_be_a_value() -> None:
    """`key=` takes a value as well as a function."""

    class Keyed(Workflow):
        @step
        async def feed(self, ctx: Context, _: StartEvent) -> Go | None:
            for n in (1, 2, 3, 4):
                ctx.send_event(Go(n=n, user="even" if n % 2 == 0 else "odd"))

        @step
        async def gather(self, ctx: Context, ev: Go) -> Done | None:
            two = ctx.collect_events(ev, [Go, Go], key=ev.user)
            return two and Done(both=[one.n for one in two])

        @step
        async def end(self, ctx: Context, ev: Done) -> StopEvent | None:
            two = ctx.collect_events(ev, [Done] * 2)
            return two and StopEvent(result=[one.both for one in two])

    assert await Keyed().run() == [[1, 3], [2, 4]]


async def test_buffer_id_keeps_apart() -> None:
    """Buffers of different names in one step do not see each other's events."""

    class Named(Workflow):
        @step
        async def feed(self, ctx: Context, _: StartEvent) -> Go | None:
            for n in range(4):
                ctx.send_event(Go(n=n))

        @step(num_workers=1)
        async def gather(self, ctx: Context, ev: Go) -> StopEvent | None:
            name = "even" if ev.n % 2 == 0 else "odd"
            two = ctx.collect_events(ev, [Go] * 2, buffer_id=name)
            four = ctx.collect_events(ev, [Go] * 4)
            done = [*await ctx.store.get("done", default=[])]
            done.append((two and [e.n for e in two], four and [e.n for e in four]))
            await ctx.store.set("done", done)
            return four and StopEvent(result=done)

    assert await Named().run() == [
        (None, None),
        (None, None),
        ([0, 2], None),
        ([1, 3], [0, 1, 2, 3]),
    ]


async def test_each_step_has_its_own_buffer() -> None:
    """Two steps that gather the same events both get all of them."""

    class Two(Workflow):
        @step
        async def feed(self, ctx: Context, _: StartEvent) -> Go | None:
            for n in range(3):
                ctx.send_event(Go(n=n))

        @step
        async def one(self, ctx: Context, ev: Go) -> Done | None:
            got = ctx.collect_events(ev, [Go] * 3)
            return got and Done(by="one", got=[e.n for e in got])

        @step
        async def two(self, ctx: Context, ev: Go) -> Done | None:
            got = ctx.collect_events(ev, [Go] * 3)
            return got and Done(by="two", got=[e.n for e in got])

        @step
        async def end(self, ctx: Context, ev: Done) -> StopEvent | None:
            got = ctx.collect_events(ev, [Done] * 2)
            return got and StopEvent(result=[(e.by, e.got) for e in got])

    assert await Two().run() == [("one", [0, 1, 2]), ("two", [0, 1, 2])]


async def test_each_run_has_its_own_buffer() -> None:
    """Runs of one instance gather apart, also one after another with one context."""
    workflow = make_collector([A, A])()
    assert await asyncio.gather(
        workflow.run(events=[A(n=1), A(n=2)]), workflow.run(events=[A(n=3)])
    ) == [[None, ["A1", "A2"]], [None]]
    context = Context(workflow)
    assert await workflow.run(ctx=context, events=[A(n=1)]) == [None]
    assert await workflow.run(ctx=context, events=[A(n=2)]) == [None, None]


# -- concurrency


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 10])
async def test_batches_with_any_number_of_workers(workers: int) -> None:
    """Every event is in exactly one batch, however many calls run at once."""
    calls: list[int] = []

    class Busy(Workflow):
        @step
        async def feed(self, ctx: Context, _: StartEvent) -> Go | None:
            for n in range(12):
                ctx.send_event(Go(n=n))

        @step(num_workers=workers)
        async def gather(self, ctx: Context, ev: Go) -> Done | None:
            calls.append(ev.n)
            await asyncio.sleep(random.Random(ev.n).random())  # noqa: S311
            three = ctx.collect_events(ev, [Go] * 3)
            await asyncio.sleep(1)
            return three and Done(got=[e.n for e in three])

        @step
        async def end(self, ctx: Context, ev: Done) -> StopEvent | None:
            four = ctx.collect_events(ev, [Done] * 4)
            return four and StopEvent(result=[n for one in four for n in one.got])

    assert sorted(await Busy().run()) == list(range(12))
    assert calls == list(range(12))


async def test_step_is_never_run_again() -> None:
    """Code before and after the call runs once for each event."""
    before = after = 0

    class Once(Workflow):
        @step
        async def feed(self, ctx: Context, _: StartEvent) -> Go | None:
            for n in range(8):
                ctx.send_event(Go(n=n))

        @step
        async def gather(self, ctx: Context, ev: Go) -> StopEvent | None:
            nonlocal before, after
            before += 1
            await asyncio.sleep(1)
            got = ctx.collect_events(ev, [Go] * 8)
            after += 1
            return got and StopEvent()

    await Once().run()
    assert (before, after) == (8, 8)


async def test_effect_is_immediate() -> None:
    """An event is in the buffer when the call returns, not when the step does."""
    log: list[tuple[int, float]] = []

    class Early(Workflow):
        @step
        async def feed(self, ctx: Context, _: StartEvent) -> Go | None:
            ctx.send_event(Go(n=0))
            ctx.send_event(Go(n=1))

        @step
        async def gather(self, ctx: Context, ev: Go) -> StopEvent | None:
            await asyncio.sleep(ev.n)
            two = ctx.collect_events(ev, [Go] * 2)
            log.append((ev.n, now()))
            if two is None:
                await asyncio.sleep(100)
                return None
            return StopEvent(result=[e.n for e in two])

    assert await Early().run() == [0, 1]
    assert log == [(0, 0.0), (1, 1.0)]


# -- retries


async def test_retry_does_not_add_again() -> None:
    """A call that fails after it has added its event does not add it once more."""
    failures: list[int] = []

    class Fails(Workflow):
        @step
        async def feed(self, ctx: Context, _: StartEvent) -> Go | None:
            for n in range(3):
                ctx.send_event(Go(n=n))

        @step(num_workers=1, retry_policy=1)
        async def gather(self, ctx: Context, ev: Go) -> StopEvent | None:
            got = ctx.collect_events(ev, [Go] * 3)
            if ctx.retry_info().retry_number == 0:
                failures.append(ev.n)
                raise OSError("once")
            return got and StopEvent(result=[e.n for e in got])

    assert await Fails().run() == [0, 1, 2]
    assert failures == [0, 1, 2]


async def test_retry_gets_its_batch_again() -> None:
    """A call that fails with a full batch has the same batch at the next attempt."""
    got: list[list[int] | None] = []

    class Fails(Workflow):
        @step
        async def feed(self, ctx: Context, _: StartEvent) -> Go | None:
            for n in range(4):
                ctx.send_event(Go(n=n))

        @step(num_workers=1, retry_policy=2)
        async def gather(self, ctx: Context, ev: Go) -> Done | None:
            batch = ctx.collect_events(ev, [Go] * 2)
            got.append(batch and [e.n for e in batch])
            if batch is not None and ctx.retry_info().retry_number < 2:
                raise OSError("twice")
            return batch and Done()

        @step
        async def end(self, ctx: Context, ev: Done) -> StopEvent | None:
            return StopEvent() if ctx.collect_events(ev, [Done] * 2) else None

    await Fails().run()
    full = sorted(batch for batch in got if batch is not None)
    assert full == [[0, 1]] * 3 + [[2, 3]] * 3


# -- where it works


async def test_sync_step_collects() -> None:
    """A step that runs in a thread gathers as any other."""

    class Threads(Workflow):
        @step
        async def feed(self, ctx: Context, _: StartEvent) -> Go | None:
            for n in range(20):
                ctx.send_event(Go(n=n))

        @step
        def gather(self, ctx: Context, ev: Go) -> StopEvent | None:
            got = ctx.collect_events(ev, [Go] * 20)
            return got and StopEvent(result=sorted(e.n for e in got))

    assert await Threads().run() == list(range(20))


async def test_only_inside_a_step() -> None:
    """Outside of a step there is nothing to gather."""
    workflow = make_collector([A])()
    with pytest.raises(ContextStateError, match="collect_events works only inside a"):
        Context(workflow).collect_events(A(n=1), [A])
    handler = workflow.run(events=[A(n=1)])
    with pytest.raises(ContextStateError, match="collect_events works only inside a"):
        handler.ctx.collect_events(A(n=1), [A])
    await handler


async def test_expected_may_change_from_call_to_call() -> None:
    """A step may expect something else each time; what is there is counted anew."""

    class Changes(Workflow):
        @step
        async def feed(self, ctx: Context, _: StartEvent) -> Go | Other | None:
            for event in (Go(n=1), Go(n=2), Other(n=3), Go(n=4), Other(n=5)):
                ctx.send_event(event)

        @step(num_workers=1)
        async def gather(self, ctx: Context, ev: Go | Other) -> StopEvent | None:
            done = [*await ctx.store.get("done", default=[])]
            expected = [Go, Other] if isinstance(ev, Other) else [Go] * 3
            got = ctx.collect_events(ev, expected)
            done.append(got and [e.n for e in got])
            await ctx.store.set("done", done)
            return StopEvent(result=done) if ev.n == 5 else None

    assert await Changes().run() == [None, None, [1, 3], None, [2, 5]]


class Counting(type(Event)):  # type: ignore[misc]
    """Counts how often classes are compared."""

    compared = 0

    def __eq__(cls, other: object) -> bool:
        Counting.compared += 1
        return cls is other

    def __hash__(cls) -> int:
        return id(cls)


class X(Event, metaclass=Counting):
    """An event whose class counts comparisons."""

    n: int = 0


class Y(Event, metaclass=Counting):
    """Another one."""

    n: int = 0


@pytest.mark.parametrize("order", [(X, Y), (Y, X)])
async def test_work_does_not_grow_with_the_batch(
    order: tuple[type[Event], ...],
) -> None:
    """An event costs the same, however many are expected and wherever its class is."""

    class Many(Workflow):
        @step
        async def feed(self, ctx: Context, _: StartEvent) -> X | Y | None:
            for kind in order:
                for n in range(500):
                    ctx.send_event(kind(n=n))

        @step(num_workers=1)
        async def gather(self, ctx: Context, ev: X | Y) -> StopEvent | None:
            got = ctx.collect_events(ev, [X] * 500 + [Y] * 500)
            return got and StopEvent(result=len(got))

    Counting.compared = 0
    assert await Many().run() == 1000
    assert Counting.compared < 20_000


async def test_full_batches_leave_nothing_behind() -> None:
    """A thousand keys whose batches are complete keep no thousand buffers."""
    left = []

    class Pairs(Workflow):
        @step
        async def feed(self, ctx: Context, _: StartEvent) -> X | StopEvent | None:
            for n in range(2000):
                ctx.send_event(X(n=n // 2))

        @step(num_workers=1)
        async def gather(self, ctx: Context, ev: X) -> StopEvent | None:
            ctx.collect_events(ev, [X] * 2, key=ev.n)
            left.append(len(ctx._invocation.station.buffers))
            return StopEvent() if len(left) == 2000 else None

    await Pairs().run()
    assert max(left) == 1
    assert left[-1] == 0
