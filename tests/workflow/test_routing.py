"""Who gets an event, in which order, and how many calls of a step run at once."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from notebook_async.workflow import (
    Context,
    Event,
    InputRequiredEvent,
    StartEvent,
    StepState,
    StepStateChanged,
    StopEvent,
    UnhandledEvent,
    Workflow,
    WorkflowIdleEvent,
    WorkflowRuntimeError,
    step,
)
from tests.core.probes import now
from tests.workflow.runs import Done, Go, Other, Progress, kinds, read


class Recorder(Workflow):
    """A workflow that sends some events and returns one; a lone worker takes them."""

    @step
    async def send(self, ctx: Context, _: StartEvent) -> Go:
        """Send two, return a third."""
        ctx.send_event(Go(n=1))
        ctx.send_event(Go(n=2))
        return Go(n=3)

    @step(num_workers=1)
    async def take(self, ctx: Context, ev: Go) -> StopEvent | None:
        """Note the order of arrival."""
        seen = [*await ctx.store.get("seen", default=[]), ev.n]
        await ctx.store.set("seen", seen)
        return StopEvent(result=seen) if len(seen) == 3 else None


async def test_sent_goes_before_returned() -> None:
    """What a step has sent arrives before what it returns: 1, 2, 3."""
    assert await Recorder().run() == [1, 2, 3]


async def test_step_sends_while_it_works() -> None:
    """What a step sends is taken at once, not when the step returns."""

    class Early(Workflow):
        @step
        async def send(self, ctx: Context, _: StartEvent) -> Go | None:
            ctx.send_event(Go())
            await asyncio.sleep(10)

        @step
        async def take(self, _: Go) -> StopEvent:
            return StopEvent(result=now())

    assert await Early().run() == 0.0


async def test_queue_is_first_in_first_out() -> None:
    """A step with one worker takes its events in the order in which they came."""
    seen: list[int] = []

    class Queue(Workflow):
        @step
        async def send(self, ctx: Context, _: StartEvent) -> Go | None:
            for n in range(50):
                ctx.send_event(Go(n=n))

        @step(num_workers=1)
        async def take(self, ev: Go) -> StopEvent | None:
            # The later an event, the sooner it is done.
            await asyncio.sleep(1 / (1 + ev.n))
            seen.append(ev.n)
            return StopEvent() if len(seen) == 50 else None

    await Queue().run()
    assert seen == list(range(50))


def make_gauged(workers: int | None) -> tuple[type[Workflow], dict[str, int]]:
    """Return a workflow that fans out to ten one-second calls, and its gauge."""
    gauge = {"running": 0, "peak": 0, "done": 0}
    decorate = step if workers is None else step(num_workers=workers)

    class Gauged(Workflow):
        @step
        async def send(self, ctx: Context, _: StartEvent) -> Go | None:
            for n in range(10):
                ctx.send_event(Go(n=n))

        @decorate
        async def take(self, _: Go) -> StopEvent | None:
            gauge["running"] += 1
            gauge["peak"] = max(gauge["peak"], gauge["running"])
            await asyncio.sleep(1)
            gauge["running"] -= 1
            gauge["done"] += 1
            return StopEvent() if gauge["done"] == 10 else None

    return Gauged, gauge


@pytest.mark.parametrize(
    ("workers", "peak"), [(1, 1), (2, 2), (3, 3), (None, 4), (10, 10), (11, 10)]
)
async def test_num_workers_is_the_exact_peak(workers: int | None, peak: int) -> None:
    """As many calls run at once as there are workers, four by default, and no more."""
    gauged, gauge = make_gauged(workers)
    await gauged().run()
    assert gauge == {"running": 0, "peak": peak, "done": 10}
    assert now() == math.ceil(10 / peak)


async def test_two_runs_have_workers_of_their_own() -> None:
    """The bound of a step is one of each run, not of the instance."""
    begun: list[float] = []

    class One(Workflow):
        @step(num_workers=1)
        async def only(self, _: StartEvent) -> StopEvent:
            begun.append(now())
            await asyncio.sleep(1)
            return StopEvent()

    workflow = One()
    await asyncio.gather(workflow.run(), workflow.run())
    assert begun == [0.0, 0.0]


async def test_step_bounds_are_independent() -> None:
    """A step whose workers are all busy does not keep another from working."""
    order: list[str] = []

    class Two(Workflow):
        @step
        async def send(self, ctx: Context, _: StartEvent) -> Go | Other | None:
            for _n in range(2):
                ctx.send_event(Go())
            ctx.send_event(Other())

        @step(num_workers=1)
        async def slow(self, _: Go) -> StopEvent | None:
            await asyncio.sleep(1)
            order.append("slow")
            return StopEvent() if order.count("slow") == 2 else None

        @step(num_workers=1)
        async def quick(self, _: Other) -> None:
            order.append("quick")

    await Two().run()
    assert order == ["quick", "slow", "slow"]


class Broadcast(Workflow):
    """Three steps take what one sends, or one of them alone."""

    seen: list[tuple[str, int]]

    def __init__(self, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self.seen = []

    @step
    async def send(self, ctx: Context, ev: StartEvent) -> Go | None:
        """Send an event, to one step if one is named."""
        ctx.send_event(Go(n=1), step=ev.get("to"))
        await asyncio.sleep(1)
        ctx.send_event(Go(n=2))

    @step
    async def first(self, ev: Go) -> None:
        """Take it."""
        self.seen.append(("first", ev.n))

    @step
    async def second(self, ev: Go) -> Done | None:
        """Take it."""
        self.seen.append(("second", ev.n))
        return Done() if ev.n == 2 else None

    @step
    async def third(self, ev: Go) -> None:
        """Take it."""
        self.seen.append(("third", ev.n))

    @step
    async def end(self, _: Done) -> StopEvent:
        """End, with what the three saw."""
        return StopEvent(result=self.seen)


async def test_event_goes_to_every_step_that_takes_it() -> None:
    """All steps that take the class of an event get it, in the order written."""
    names = ("first", "second", "third")
    assert await Broadcast().run() == [(name, n) for n in (1, 2) for name in names]


async def test_step_names_the_only_one() -> None:
    """With `step=` an event goes to that step alone."""
    seen = await Broadcast().run(to="third")
    assert seen == [("third", 1), ("first", 2), ("second", 2), ("third", 2)]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fourth", r"^Step fourth does not exist"),
        ("end", r"^Step end does not accept event of type <class '.*Go'>"),
    ],
)
async def test_step_that_cannot_take_it(name: str, message: str) -> None:
    """`step=` is refused in the sender if the step is unknown or takes other events."""
    with pytest.raises(WorkflowRuntimeError, match=message):
        await Broadcast().run(to=name)
    handler = Broadcast().run()
    with pytest.raises(WorkflowRuntimeError, match=message):
        handler.ctx.send_event(Go(), step=name)
    with pytest.raises(WorkflowRuntimeError, match=message):
        await handler.send_event(Go(), step=name)
    await handler


async def test_all_who_take_an_event_get_the_same_object() -> None:
    """An event is not copied on its way, neither to steps nor to the stream."""
    sent = Go(n=7)
    got: list[Event] = []

    class Same(Workflow):
        @step
        async def send(self, ctx: Context, _: StartEvent) -> Go:
            ctx.write_event_to_stream(sent)
            return sent

        @step
        async def one(self, ev: Go) -> None:
            got.append(ev)

        @step
        async def two(self, ev: Go) -> StopEvent:
            got.append(ev)
            return StopEvent()

    handler = Same().run()
    events = await read(handler)
    assert [event is sent for event in (*got, events[0])] == [True, True, True]


async def test_only_events_can_be_sent() -> None:
    """What is no event is refused by name, in a step and from outside."""

    class Wrong(Workflow):
        @step
        async def send(self, ctx: Context, _: StartEvent) -> StopEvent:
            ctx.send_event("text")  # type: ignore[arg-type]
            return StopEvent()

    handler = Wrong().run()
    with pytest.raises(WorkflowRuntimeError, match="only events can be sent, got 3"):
        handler.ctx.send_event(3)  # type: ignore[arg-type]
    with pytest.raises(WorkflowRuntimeError, match="only events can be sent, got 'te"):
        await handler


# -- classes


class Base(Event):
    """An event that others derive from."""


class Derived(Base):
    """An event that is a `Base` too."""


def make_subclassing(*, accept: bool) -> type[Workflow]:
    """Return a workflow with a step for `Base` that may take subclasses."""

    class Subclassing(Workflow):
        @step
        async def send(self, ctx: Context, _: StartEvent) -> Base | Go:
            ctx.send_event(Derived())
            ctx.send_event(Base())
            return Go()

        @step(accept_event_subclasses=accept, num_workers=1)
        async def take(self, ctx: Context, ev: Base) -> None:
            seen = await ctx.store.get("seen", default=[])
            await ctx.store.set("seen", [*seen, type(ev).__name__])

        @step
        async def end(self, ctx: Context, _: Go) -> StopEvent:
            await asyncio.sleep(1)
            return StopEvent(result=await ctx.store.get("seen"))

    return Subclassing


@pytest.mark.parametrize(
    ("accept", "seen"), [(False, ["Base"]), (True, ["Derived", "Base"])]
)
async def test_subclass_only_where_accepted(*, accept: bool, seen: list[str]) -> None:
    """A step takes exactly the classes it names, and subclasses if it says so."""
    assert await make_subclassing(accept=accept)().run() == seen


async def test_union_takes_each_member() -> None:
    """A step that names several classes in one parameter takes each of them alone."""

    class Either(Workflow):
        @step
        async def send(self, ctx: Context, _: StartEvent) -> Go | Other:
            ctx.send_event(Go(n=1))
            return Other(n=2)

        @step(num_workers=1)
        async def take(self, ctx: Context, ev: Go | Other) -> StopEvent | None:
            both = ctx.collect_events(ev, [Go, Other])
            return None if both is None else StopEvent(result=[e.n for e in both])

    assert await Either().run() == [1, 2]


async def test_undeclared_class_that_is_taken_is_routed() -> None:
    """An event goes by its real class, also if the annotation names another."""

    class Loose(Workflow):
        @step
        async def begin(self, _: StartEvent) -> Go | Other:
            return Go()

        @step
        async def middle(self, _: Go) -> StopEvent | None:
            return Other(n=5)  # type: ignore[return-value]

        @step
        async def end(self, ev: Other) -> StopEvent:
            return StopEvent(result=ev.n)

    assert await Loose().run() == 5


# -- from outside


class Listener(Workflow):
    """A workflow that is sent its events from outside."""

    @step
    async def begin(self, _: StartEvent) -> InputRequiredEvent:
        """Ask for something."""
        return InputRequiredEvent()

    @step(num_workers=1)
    async def take(self, ctx: Context, ev: Go) -> StopEvent | None:
        """Gather three."""
        three = ctx.collect_events(ev, [Go] * 3)
        return None if three is None else StopEvent(result=[e.n for e in three])


async def test_events_from_outside_keep_their_order() -> None:
    """`handler.send_event` and `handler.ctx.send_event` deliver in the order called."""
    handler = Listener(disable_validation=True).run()
    await handler.send_event(Go(n=1))
    handler.ctx.send_event(Go(n=2))
    await handler.send_event(Go(n=3), step="take")
    assert await handler == [1, 2, 3]


async def test_events_after_the_end_go_nowhere() -> None:
    """Once a run has ended, sending to it does nothing and raises nothing."""
    handler = Recorder().run()
    assert await handler == [1, 2, 3]
    handler.ctx.send_event(Go(n=4))
    await handler.send_event(Go(n=5))
    assert kinds(await read(handler)) == ["StopEvent"]
    assert handler.result() == [1, 2, 3]


# -- what the engine tells about itself


class Lost(Event):
    """An event that nobody takes."""


class Loser(Workflow):
    """A workflow that sends what nobody takes."""

    @step
    async def lose(self, ctx: Context, _: StartEvent) -> StopEvent:
        """Send it, and show another."""
        ctx.send_event(Lost())
        ctx.write_event_to_stream(Progress(n=1))
        return StopEvent()


async def test_event_that_nobody_takes_is_told() -> None:
    """An event without a taker makes one `UnhandledEvent`, in the internal stream."""
    events = await read(Loser().run(), internal=True)
    assert [event for event in events if isinstance(event, UnhandledEvent)] == [
        UnhandledEvent(
            event_type="Lost",
            qualified_name=f"{__name__}.Lost",
            step_name=None,
            idle=False,
        )
    ]


async def test_internal_events_are_hidden() -> None:
    """A stream shows what steps wrote, not what the engine says about itself."""
    assert kinds(await read(Loser().run())) == ["Progress", "StopEvent"]


async def test_question_without_taker_is_not_unhandled() -> None:
    """A question that no step takes goes to the stream, and is not called unhandled."""

    class Asker(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> InputRequiredEvent:
            ctx.send_event(Go())
            return InputRequiredEvent(prefix="?")

        @step
        async def end(self, _: Go) -> StopEvent:
            await asyncio.sleep(1)
            return StopEvent()

    events = await read(Asker(disable_validation=True).run(), internal=True)
    assert [name for name in kinds(events) if name != "StepStateChanged"] == [
        "InputRequiredEvent",
        "StopEvent",
    ]


async def test_step_state_changes_in_order() -> None:
    """Each call tells that it is queued, if it has to wait, then begins, then ends."""

    class Two(Workflow):
        @step
        async def send(self, ctx: Context, _: StartEvent) -> Go:
            ctx.send_event(Go(n=1))
            return Go(n=2)

        @step(num_workers=1)
        async def take(self, ev: Go) -> StopEvent | None:
            await asyncio.sleep(1)
            return StopEvent() if ev.n == 2 else None

    events = await read(Two().run(), internal=True)
    changes = [event for event in events if isinstance(event, StepStateChanged)]
    told = [
        (one.name, one.step_state, one.input_event_name, one.output_event_name)
        for one in changes
    ]
    assert told == [
        ("send", StepState.RUNNING, "StartEvent", None),
        ("send", StepState.NOT_RUNNING, "StartEvent", "Go"),
        ("take", StepState.PREPARING, "Go", None),
        ("take", StepState.RUNNING, "Go", None),
        ("take", StepState.NOT_RUNNING, "Go", None),
        ("take", StepState.RUNNING, "Go", None),
        ("take", StepState.NOT_RUNNING, "Go", "StopEvent"),
    ]


async def test_workers_are_told_apart() -> None:
    """Two calls of a step that run at once have different worker ids."""
    gauged, _ = make_gauged(3)
    running: set[str] = set()
    most = 0
    async for event in gauged().run().stream_events(expose_internal=True):
        if isinstance(event, StepStateChanged) and event.name == "take":
            if event.step_state is StepState.RUNNING:
                assert event.worker_id not in running
                running.add(event.worker_id)
            elif event.step_state is StepState.NOT_RUNNING:
                running.remove(event.worker_id)
            most = max(most, len(running))
    assert most == 3


async def test_idle_is_told() -> None:
    """A run that waits with nothing to do says so with a `WorkflowIdleEvent`."""

    class Waits(Workflow):
        @step
        async def wait(self, ctx: Context, _: StartEvent) -> StopEvent:
            event = await ctx.wait_for_event(Go)
            return StopEvent(result=event.n)

    handler = Waits().run()
    async for event in handler.stream_events(expose_internal=True):
        if isinstance(event, WorkflowIdleEvent):
            handler.ctx.send_event(Go(n=3))
    assert await handler == 3


# -- the stream


async def test_stream_keeps_the_order_of_writing() -> None:
    """Events come out in the order written; the last one of all ends the run."""

    class Writer(Workflow):
        @step
        async def write(self, ctx: Context, _: StartEvent) -> Go:
            for n in range(5):
                ctx.write_event_to_stream(Progress(n=n))
            return Go()

        @step
        async def end(self, ctx: Context, _: Go) -> StopEvent:
            ctx.write_event_to_stream(Progress(n=5))
            ctx.write_event_to_stream(None)
            return StopEvent(result="end")

    *shown, last = await read(Writer().run())
    assert shown == [Progress(n=n) for n in range(6)]
    assert isinstance(last, StopEvent)
    assert last.result == "end"


async def test_written_event_goes_to_no_step() -> None:
    """What is written to the stream is only shown: no step gets it."""
    taken: list[int] = []

    class Shown(Workflow):
        @step
        async def show(self, ctx: Context, _: StartEvent) -> Go:
            ctx.write_event_to_stream(Go(n=1))
            return Go(n=2)

        @step
        async def take(self, ev: Go) -> StopEvent:
            taken.append(ev.n)
            await asyncio.sleep(1)
            return StopEvent()

    await Shown().run()
    assert taken == [2]


async def test_loop_of_steps_does_not_starve_others() -> None:
    """Steps that never wait leave the loop to others now and then."""
    ticks = 0

    class Spin(Workflow):
        @step
        async def begin(self, _: StartEvent) -> Go:
            return Go()

        @step
        async def spin(self, ev: Go) -> Go | StopEvent:
            return Go(n=ev.n + 1) if ticks < 3 else StopEvent(result=ev.n)

    async def tick() -> None:
        nonlocal ticks
        while ticks < 3:
            await asyncio.sleep(0)
            ticks += 1

    task = asyncio.create_task(tick())
    assert await Spin(timeout=None).run() > 0
    await task
