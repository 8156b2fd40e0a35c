"""The sixteen defects seen in the reference: none of them is here, by number."""

from __future__ import annotations

import asyncio
import gc
import importlib
import sys
import weakref
from typing import TYPE_CHECKING, Annotated, Any

import pytest

from notebook_async.testing import VirtualClockLoop
from notebook_async.workflow import (
    Context,
    Event,
    HumanResponseEvent,
    InputRequiredEvent,
    JsonSerializer,
    Resource,
    StartEvent,
    StopEvent,
    Workflow,
    WorkflowRuntimeError,
    step,
)
from notebook_async.workflow._engine.definition import Definition
from tests.core.probes import now, virtual
from tests.workflow.runs import Done, Go, Other, Progress, kinds, read

if TYPE_CHECKING:
    from collections.abc import Coroutine


class Fan(Workflow):
    """A fan-out to so many events, and a fan-in."""

    @step
    async def split(self, ctx: Context, ev: StartEvent) -> Go | None:
        """Send so many."""
        await ctx.store.set("size", ev.size)
        for n in range(ev.size):
            ctx.send_event(Go(n=n))

    @step
    async def work(self, ev: Go) -> Done:
        """Do nothing."""
        return Done(n=ev.n)

    @step
    async def merge(self, ctx: Context, ev: Done) -> StopEvent | None:
        """Gather all."""
        size = await ctx.store.get("size")
        got = ctx.collect_events(ev, [Done] * size)
        return got and StopEvent(result=len(got))


def calls_in(main: Coroutine[Any, Any, object]) -> int:
    """Return how many functions a coroutine calls, which does not depend on the day."""
    calls = 0

    def count(_: object, what: str, __: object) -> None:
        nonlocal calls
        calls += what in {"call", "c_call"}

    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        sys.setprofile(count)
        try:
            runner.run(main)
        finally:
            sys.setprofile(None)
    return calls


class ListFan(Workflow):
    """A fan-out by a list, and a fan-in by one."""

    @step
    async def split(self, ev: StartEvent) -> list[Go]:
        """Return so many."""
        return [Go(n=n) for n in range(ev.size)]

    @step
    async def work(self, ev: Go) -> Done:
        """Do nothing."""
        return Done(n=ev.n)

    @step
    async def merge(self, evs: list[Done]) -> StopEvent:
        """Gather all."""
        return StopEvent(result=len(evs))


def test_1_fan_out_costs_linear_time() -> None:
    """1. Ten times as many events cost ten times as much, not a hundred times."""

    async def run(size: int) -> None:
        assert await ListFan(timeout=None).run(size=size) == size

    calls_in(run(100))
    small, large = calls_in(run(300)), calls_in(run(3000))
    assert large < 10.2 * small


async def test_2_collect_keeps_extras_and_runs_no_step_again() -> None:
    """2. Extras stay for the next batch, and a step is entered once for each event."""
    entered = 0

    class Extras(Workflow):
        @step
        async def feed(self, ctx: Context, _: StartEvent) -> Go | Other | None:
            for event in (Go(n=1), Go(n=2), Other(n=3), Other(n=4)):
                ctx.send_event(event)

        @step
        async def gather(self, ctx: Context, ev: Go | Other) -> Done | None:
            nonlocal entered
            entered += 1
            pair = ctx.collect_events(ev, [Go, Other])
            return pair and Done(pair=[one.n for one in pair])

        @step
        async def end(self, ctx: Context, ev: Done) -> StopEvent | None:
            got = ctx.collect_events(ev, [Done] * 2)
            return got and StopEvent(result=[one.pair for one in got])

    assert await Extras().run() == [[1, 3], [2, 4]]
    assert entered == 4


async def test_3_sent_goes_before_returned() -> None:
    """3. What a step returns does not overtake what it has sent."""
    seen: list[int] = []

    class Order(Workflow):
        @step
        async def send(self, ctx: Context, _: StartEvent) -> Go:
            ctx.send_event(Go(n=1))
            ctx.send_event(Go(n=2))
            return Go(n=3)

        @step
        async def take(self, ev: Go) -> StopEvent | None:
            seen.append(ev.n)
            return StopEvent() if len(seen) == 3 else None

    await Order().run()
    assert seen == [1, 2, 3]


async def test_4_sync_steps_send_and_stream() -> None:
    """4. A step without `async` sends events and writes to the stream."""

    class Sync(Workflow):
        @step
        def send(self, ctx: Context, _: StartEvent) -> Go | None:
            ctx.write_event_to_stream(Progress(n=1))
            ctx.send_event(Go(n=2))

        @step
        def end(self, ev: Go) -> StopEvent:
            return StopEvent(result=ev.n)

    handler = Sync().run()
    assert kinds(await read(handler)) == ["Progress", "StopEvent"]
    assert await handler == 2


async def test_5_cancelled_error_does_not_hang() -> None:
    """5. A step that raises `CancelledError` by itself fails the run at once."""

    class Raises(Workflow):
        @step
        async def only(self, _: StartEvent) -> StopEvent:
            raise asyncio.CancelledError

    with pytest.raises(WorkflowRuntimeError, match="'only' raised CancelledError"):
        await Raises().run()
    assert now() == 0.0


@pytest.mark.parametrize(
    ("value", "message"), [(None, "nothing left to do"), (Progress(), "returned Prog")]
)
async def test_6_run_that_leads_nowhere_fails_at_once(
    value: Event | None, message: str
) -> None:
    """6. Steps that return None, or what nobody takes, do not wait for the timeout."""

    class Nowhere(Workflow):
        @step
        async def only(self, _: StartEvent) -> StopEvent:
            return value  # type: ignore[return-value]

    with pytest.raises(WorkflowRuntimeError, match=message):
        await Nowhere().run()
    assert now() == 0.0


async def test_7_thinking_does_not_eat_the_timeout() -> None:
    """7. The time that a person takes does not count for the timeout."""

    class Asks(Workflow):
        @step
        async def ask(self, ctx: Context, _: StartEvent) -> StopEvent:
            question = InputRequiredEvent(prefix="?")
            answer = await ctx.wait_for_event(HumanResponseEvent, question)
            return StopEvent(result=answer.response)

    handler = Asks(timeout=1).run()
    await asyncio.sleep(1000)
    await handler.send_event(HumanResponseEvent(response="at last"))
    assert await handler == "at last"


def test_8_service_module_can_be_imported() -> None:
    """8. The module of services is there, with its manager."""
    module = importlib.import_module("notebook_async.workflow.service")
    assert module.ServiceManager().get("x", "default") == "default"


async def make_number() -> int:
    """Make a resource."""
    await asyncio.sleep(1)
    return 7


class Resourceful(Workflow):
    """Two calls at once of a step with an async resource."""

    @step
    async def begin(self, ctx: Context, _: StartEvent) -> Go | None:
        """Call it twice."""
        ctx.send_event(Go())
        ctx.send_event(Go())

    @step
    async def use(
        self, ctx: Context, ev: Go, number: Annotated[int, Resource(make_number)]
    ) -> StopEvent | None:
        """Use the resource."""
        both = ctx.collect_events(ev, [Go, Go])
        return both and StopEvent(result=number)


async def test_9_validate_works_in_a_running_loop() -> None:
    """9. Resources can be validated where a loop runs, as in a notebook."""
    made: list[str] = []

    async def make() -> str:
        await asyncio.sleep(0)
        made.append("made")
        return "made"

    class Uses(Workflow):
        @step
        async def only(
            self, _: StartEvent, value: Annotated[str, Resource(make)]
        ) -> StopEvent:
            return StopEvent(result=value)

    assert Uses().validate(validate_resources=True) is False
    assert made == ["made"]


async def test_10_local_classes_can_be_restored() -> None:
    """10. Events of classes that are local to a function survive a snapshot."""

    class Local(Event):
        n: int

    class Waits(Workflow):
        @step
        async def begin(self, _: StartEvent) -> Local:
            return Local(n=4)

        @step
        async def wait(self, ctx: Context, ev: Local) -> StopEvent:
            answer = await ctx.wait_for_event(HumanResponseEvent)
            return StopEvent(result=ev.n + answer.n)

    handler = Waits().run()
    await asyncio.sleep(1)
    data = handler.ctx.to_dict()
    await handler.cancel_run()
    context = Context.from_dict(Waits(), data)
    again = Waits().run(ctx=context)
    await asyncio.sleep(1)
    await again.send_event(HumanResponseEvent(n=1))
    assert await again == 5


async def test_11_cell_with_a_free_step_can_be_run_again() -> None:
    """11. A free step that is defined again replaces the one before."""

    class Cells(Workflow):
        pass

    def cell(number: int) -> None:
        @step(workflow=Cells)
        async def only(_: StartEvent) -> StopEvent:
            return StopEvent(result=number)

    cell(1)
    assert await Cells().run() == 1
    cell(2)
    assert await Cells().run() == 2


async def test_12_steps_are_found_once_for_a_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """12. Running does not look for steps: that is done once for each class."""
    await Fan().run(size=1)
    made = 0
    begin = Definition.__init__

    def counting(self: Definition, *args: Any) -> None:  # noqa: ANN401
        nonlocal made
        made += 1
        begin(self, *args)

    monkeypatch.setattr(Definition, "__init__", counting)
    await Fan().run(size=10)
    assert made == 0
    Fan._version += 1  # as when a cell is run again
    await asyncio.gather(Fan().run(size=10), Fan().run(size=10))
    assert made == 1


async def test_13_async_resource_is_shared_by_steps_that_run_at_once() -> None:
    """13. Two calls that need one resource at once wait for the same one."""
    assert await Resourceful().run() == 7
    assert now() == 1.0


async def test_14_finished_handler_keeps_little() -> None:
    """14. What a finished handler holds does not grow with the steps that ran."""

    def held(handler: object) -> int:
        """Count what only the handler leads to."""
        seen: set[int] = set()
        todo = [handler]
        while todo:
            one = todo.pop()
            if id(one) in seen or isinstance(one, (type, type(sys))):
                continue
            seen.add(id(one))
            todo += gc.get_referents(one)
        return len(seen)

    workflow = Fan()
    small, large = workflow.run(size=1), workflow.run(size=500)
    assert await asyncio.gather(small, large) == [1, 500]
    assert held(large) - held(small) < 50


def test_15_finished_workflow_is_freed_at_once() -> None:
    """15. A workflow that has run is freed without the cyclic collector."""
    gc.collect()
    gc.disable()

    async def main() -> weakref.ref[Workflow]:
        workflow = Fan()
        reference = weakref.ref(workflow)
        await workflow.run(size=3)
        return reference

    try:
        assert virtual(main())() is None
    finally:
        gc.enable()


def test_16_data_chooses_no_class() -> None:
    """16. A serialiser imports no class merely because data names it."""
    data = '{"__tag__":"model","type":"antigravity:NoSuchClass","fields":{}}'
    with pytest.raises(ValueError, match="antigravity"):
        JsonSerializer().deserialize(data)
    assert "antigravity" not in sys.modules
