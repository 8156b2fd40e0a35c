"""The class `Workflow`: its arguments, its steps, and how it is run."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async.errors import NoRunningLoopError
from notebook_async.workflow import (
    Context,
    Event,
    InputRequiredEvent,
    JsonSerializer,
    StartEvent,
    StopEvent,
    Workflow,
    WorkflowConfigurationError,
    WorkflowRuntimeError,
    WorkflowValidationError,
    step,
)
from tests.core.probes import now
from tests.workflow.runs import Done, Go, Other

if TYPE_CHECKING:
    from collections.abc import Callable


class Begin(StartEvent):
    """A start with a field."""

    number: int


class Typed(Workflow):
    """A workflow with a start of its own."""

    @step
    async def only(self, ev: Begin) -> StopEvent:
        """Double."""
        return StopEvent(result=2 * ev.number)


class Sleeps(Workflow):
    """A workflow that takes a second."""

    @step
    async def only(self, _: StartEvent) -> StopEvent:
        """Sleep."""
        begun = now()
        await asyncio.sleep(1)
        return StopEvent(result=begun)


# -- arguments


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "1"])
def test_num_concurrent_runs_is_checked(value: object) -> None:
    """`num_concurrent_runs=` is a whole number of at least one, or None."""
    message = "num_concurrent_runs must be an integer greater than 0 or None, got"
    with pytest.raises(ValueError, match=message):
        Sleeps(num_concurrent_runs=value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [0, -1])
def test_timeout_is_checked(value: float) -> None:
    """`timeout=` is above zero, or None."""
    with pytest.raises(ValueError, match="timeout must be"):
        Sleeps(timeout=value)


def test_unknown_graph_check() -> None:
    """`skip_graph_checks=` names checks that there are."""
    with pytest.raises(WorkflowValidationError, match="skip_graph_checks: unknown no"):
        Sleeps(skip_graph_checks={"nonsense"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("takes", "gives", "message"),
    [
        (Go, StopEvent, "has no start"),
        (StartEvent, Go, "has no end"),
    ],
)
def test_start_and_stop_are_checked(
    takes: type[Event], gives: type[Event], message: str
) -> None:
    """A class without its start or its end cannot be instantiated."""

    class Lacks(Workflow):
        @step
        async def only(self, _: takes) -> gives:  # type: ignore[valid-type]
            return gives()

    with pytest.raises(WorkflowConfigurationError, match=message):
        Lacks()


def test_no_steps() -> None:
    """A class without steps cannot be instantiated."""
    with pytest.raises(WorkflowConfigurationError, match="'Workflow' has no steps"):
        Workflow()


def test_properties() -> None:
    """A workflow tells its name, its events and its serializer."""
    serializer = JsonSerializer()
    workflow = Typed(serializer=serializer)
    assert workflow.workflow_name == f"{__name__}.Typed"
    assert Typed(workflow_name="mine").workflow_name == "mine"
    assert (workflow.start_event_class, workflow.stop_event_class) == (Begin, StopEvent)
    assert workflow.events == [Begin, StopEvent]
    assert workflow.serializer is serializer


# -- run


async def test_kwargs_make_the_start_event() -> None:
    """Arguments of `run` become the start event, converted and checked."""
    assert await Typed().run(number="4") == 8
    message = "Typed starts with Begin, which cannot be made of"
    with pytest.raises(WorkflowRuntimeError, match=message):
        Typed().run(number="four")
    with pytest.raises(WorkflowRuntimeError, match=message):
        Typed().run()


async def test_start_event(caplog: pytest.LogCaptureFixture) -> None:
    """`start_event=` is taken as it is; arguments beside it are ignored, and logged."""
    with caplog.at_level(logging.WARNING, logger="notebook_async"):
        assert await Typed().run(start_event=Begin(number=5)) == 10
        assert caplog.records == []
        assert await Typed().run(start_event=Begin(number=5), number=6) == 10
    assert [record.getMessage() for record in caplog.records] == [
        "run() got start_event, so it ignores number"
    ]
    with pytest.raises(ValueError, match="start_event must be an instance of StartEv"):
        Typed().run(start_event=Go())  # type: ignore[arg-type]


def test_run_needs_a_loop() -> None:
    """Without a running loop `run` raises, and says what to do."""
    with pytest.raises(
        NoRunningLoopError, match=r"Workflow\.run needs a running event"
    ):
        Typed().run(number=1)


def test_run_sync_outside_a_loop() -> None:
    """`run_sync` runs to the end from ordinary code."""
    assert Typed().run_sync(number=3) == 6
    with pytest.raises(WorkflowRuntimeError, match="cannot be made of"):
        Typed().run_sync()


@pytest.mark.realtime
async def test_run_sync_inside_a_loop() -> None:
    """`run_sync` works where a loop runs, as in a notebook cell."""
    assert Typed().run_sync(number=3) == 6


async def test_runs_share_nothing() -> None:
    """Runs of one instance at once have their own state."""

    class Counts(Workflow):
        @step
        async def only(self, ctx: Context, ev: StartEvent) -> StopEvent:
            await ctx.store.set("n", ev.n)
            await asyncio.sleep(1)
            return StopEvent(result=await ctx.store.get("n"))

    workflow = Counts()
    runs = [workflow.run(n=n) for n in range(20)]
    assert await asyncio.gather(*runs) == list(range(20))
    assert now() == 1.0


@pytest.mark.parametrize(
    ("bound", "begun"),
    [(None, [0, 0, 0, 0]), (1, [0, 1, 2, 3]), (2, [0, 0, 1, 1]), (4, [0, 0, 0, 0])],
)
async def test_num_concurrent_runs(bound: int | None, begun: list[float]) -> None:
    """So many runs of an instance go on at once; the others begin in their turn."""
    workflow = Sleeps(num_concurrent_runs=bound)
    assert await asyncio.gather(*(workflow.run() for _ in range(4))) == begun


async def test_run_that_waits_for_its_turn() -> None:
    """A run that has to wait can be cancelled; its timeout begins when it does."""
    workflow = Sleeps(num_concurrent_runs=1, timeout=1.5)
    first, second, third = workflow.run(), workflow.run(), workflow.run()
    await second.cancel_run()
    assert second.cancelled()
    assert [await first, await third] == [0.0, 1.0]


async def test_failed_run_gives_its_turn_on() -> None:
    """A run that fails lets the next one begin."""

    class Fails(Workflow):
        @step
        async def only(self, ev: StartEvent) -> StopEvent:
            return StopEvent(result=1 / ev.by)

    workflow = Fails(num_concurrent_runs=1)
    first, second = workflow.run(by=0), workflow.run(by=2)
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        await first
    assert await second == 0.5


async def test_num_concurrent_runs_is_of_an_instance() -> None:
    """Other instances of the class have their own bound."""
    one, two = Sleeps(num_concurrent_runs=1), Sleeps(num_concurrent_runs=1)
    assert await asyncio.gather(one.run(), two.run()) == [0.0, 0.0]


# -- validation


class Loose(Workflow):
    """A workflow with an event that nobody takes."""

    @step
    async def begin(self, _: StartEvent) -> Go | StopEvent:
        """End at once."""
        return StopEvent(result="end")


async def test_validation_before_a_run() -> None:
    """A graph that does not fit together fails `run`, unless that is disabled."""
    with pytest.raises(WorkflowValidationError, match="Go"):
        Loose().run()
    with pytest.raises(WorkflowValidationError, match="Go"):
        Loose().validate()
    assert await Loose(disable_validation=True).run() == "end"


def test_validate_tells_whether_a_person_is_asked() -> None:
    """`validate` is true for workflows with questions or answers."""

    class Asks(Workflow):
        @step
        async def begin(self, _: StartEvent) -> InputRequiredEvent | StopEvent:
            return StopEvent()

    assert Asks().validate() is True
    assert Sleeps().validate() is False


# -- steps from elsewhere


def free(name: str, body: Callable[[Any], Event]) -> Callable[..., Any]:
    """Return a free step from `StartEvent` to `StopEvent`."""

    @step
    async def free_step(ev: StartEvent) -> StopEvent:
        return body(ev)  # type: ignore[return-value]

    free_step.__name__ = name
    return free_step


async def test_from_steps() -> None:
    """A workflow can be made of free functions, with all options."""

    @step
    async def one(ev: StartEvent) -> Go:
        return Go(n=ev.n)

    @step
    async def two(ctx: Context, ev: Go) -> StopEvent:
        await ctx.store.set("n", ev.n)
        return StopEvent(result=ev.n + 1)

    workflow = Workflow.from_steps(one, two, name="Made", timeout=5)
    assert await workflow.run(n=1) == 2
    assert (type(workflow).__name__, workflow.timeout) == ("Made", 5)
    again = Workflow.from_steps(one, two)
    assert type(again) is not type(workflow)


async def test_add_step() -> None:
    """A step that is added is part of later runs, validated anew."""

    class Grows(Workflow):
        @step
        async def begin(self, _: StartEvent) -> Go | StopEvent:
            return Go(n=1)

    workflow = Grows()
    with pytest.raises(WorkflowValidationError, match="Go"):
        workflow.run()

    @step(workflow=Grows)
    async def end(ev: Go) -> StopEvent:
        return StopEvent(result=ev.n)

    assert await workflow.run() == 1


def test_add_step_that_is_none() -> None:
    """Only what is marked with `step` can be added."""

    class Grows(Workflow):
        pass

    async def plain(_: StartEvent) -> StopEvent:
        return StopEvent()

    with pytest.raises(WorkflowValidationError, match="plain is no step: write @step"):
        Grows.add_step(plain)


def test_name_of_a_method_cannot_be_added() -> None:
    """A free step cannot take the name of a method."""
    with pytest.raises(WorkflowValidationError, match="A step only is already part of"):

        @step(workflow=Sleeps)
        async def only(_: StartEvent) -> StopEvent:
            return StopEvent()


async def test_running_run_keeps_its_steps() -> None:
    """Re-running a cell changes later runs, not the one that goes on."""

    class Cells(Workflow):
        @step
        async def begin(self, _: StartEvent) -> Go:
            await asyncio.sleep(1)
            return Go()

    def cell(number: int) -> None:
        @step(workflow=Cells)
        async def end(_: Go) -> StopEvent:
            return StopEvent(result=number)

    cell(1)
    workflow = Cells()
    running = workflow.run()
    await asyncio.sleep(0.5)
    cell(2)
    later = workflow.run()
    assert [await running, await later] == [1, 2]


async def test_steps_are_inherited_and_overridden() -> None:
    """A subclass has the steps of its bases, and may replace them."""

    class Base(Workflow):
        @step
        async def begin(self, _: StartEvent) -> Go:
            return Go(n=self.number())

        @step
        async def end(self, ev: Go) -> StopEvent:
            return StopEvent(result=ev.n)

        def number(self) -> int:
            return 1

    class Derived(Base):
        @step
        async def end(self, ev: Go) -> StopEvent:
            return StopEvent(result=10 * ev.n)

    class Other2(Derived):
        def number(self) -> int:
            return 2

    assert [await kind().run() for kind in (Base, Derived, Other2)] == [1, 10, 20]


async def test_step_of_a_mixin() -> None:
    """A free step added to a base is a step of its subclasses too."""

    class Base(Workflow):
        @step
        async def begin(self, _: StartEvent) -> Go:
            return Go(n=3)

    class Derived(Base):
        pass

    @step(workflow=Base)
    async def end(ev: Go) -> StopEvent:
        return StopEvent(result=ev.n)

    assert await Derived().run() == 3


async def test_init_without_super() -> None:
    """A subclass whose `__init__` forgets the base works with its defaults."""

    class Forgets(Workflow):
        def __init__(self, number: int) -> None:
            self.number = number

        @step
        async def only(self, _: StartEvent) -> StopEvent:
            return StopEvent(result=self.number)

    workflow = Forgets(5)
    assert await workflow.run() == 5
    assert (workflow.timeout, workflow.verbose) == (45.0, False)


async def test_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    """`verbose=True` prints which steps run and what they return."""

    class Speaks(Workflow):
        @step
        async def one(self, ctx: Context, _: StartEvent) -> Go | None:
            ctx.send_event(Go())

        @step
        async def two(self, _: Go) -> StopEvent:
            return StopEvent()

    await Speaks(verbose=True).run()
    assert capsys.readouterr().out.splitlines() == [
        "Running step one",
        "Step one produced no event",
        "Running step two",
        "Step two produced event StopEvent",
    ]


async def test_other_classes_of_events_are_listed_once() -> None:
    """`events` lists each class once, in the order written."""

    class Many(Workflow):
        @step
        async def one(self, _: StartEvent) -> Go | Other:
            return Go()

        @step
        async def two(self, _: Go | Other) -> Done:
            return Done()

        @step
        async def end(self, _: Done) -> StopEvent:
            return StopEvent()

    assert Many().events == [StartEvent, Go, Other, Done, StopEvent]
