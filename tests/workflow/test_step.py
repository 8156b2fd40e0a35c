"""`step`: what a signature may say, and where a step runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator  # noqa: TC003 - a step names it
from contextvars import ContextVar
from typing import TYPE_CHECKING, Annotated, Any, Optional, Union

import pytest

from notebook_async.workflow import (
    Collect,
    Context,
    Event,
    StartEvent,
    StopEvent,
    Workflow,
    WorkflowValidationError,
    step,
)
from tests.workflow.runs import Done, Go, Other, Progress, kinds, read

if TYPE_CHECKING:
    from decimal import Decimal

variable: ContextVar[str] = ContextVar("variable", default="unset")


# -- signatures


async def test_names_of_parameters_are_free() -> None:
    """Parameters are known by their annotations, in any order and under any name."""

    class Free(Workflow):
        @step
        async def first(self, happened: StartEvent, c: Context) -> Go:
            await c.store.set("n", happened.n)
            return Go()

        @step
        async def second(self, anything: Context[Any], _: Go) -> StopEvent:
            return StopEvent(result=await anything.store.get("n"))

    assert await Free().run(n=4) == 4


async def test_local_classes_in_postponed_annotations() -> None:
    """Annotations that are strings may name classes local to a function."""

    class Local(Event):
        n: int

    def define() -> type[Workflow]:
        class Inner(Event):
            n: int

        class Uses(Workflow):
            @step
            async def one(self, _: StartEvent) -> Local:
                return Local(n=1)

            @step
            async def two(self, ev: Local) -> Inner | None:
                return Inner(n=ev.n + 1)

            @step(num_workers=2)
            async def three(self, ev: Inner) -> StopEvent:
                return StopEvent(result=ev.n)

        return Uses

    assert await define()().run() == 2


async def test_old_spellings_of_unions() -> None:
    """`Union` and `Optional` mean what `|` means."""

    class Old(Workflow):
        @step
        async def one(self, _: StartEvent) -> Union[Go, Other]:  # noqa: UP007
            return Other(n=2)

        @step
        async def two(self, ev: Union[Go, Other]) -> Optional[StopEvent]:  # noqa: UP007, UP045
            return StopEvent(result=ev.n)

    assert await Old().run() == 2


async def test_parameters_with_defaults_are_left_alone() -> None:
    """What has a default and is no event keeps it."""

    class Defaults(Workflow):
        @step
        async def only(self, _: StartEvent, factor: int = 3) -> StopEvent:
            return StopEvent(result=factor)

    assert await Defaults().run() == 3


@pytest.mark.parametrize("workers", [0, -1, True, 1.5, "2", None])
def test_num_workers_is_checked(workers: object) -> None:
    """`num_workers=` is a whole number of at least one."""
    message = f"num_workers must be an integer greater than 0, got {workers!r}$"
    with pytest.raises(WorkflowValidationError, match=message):
        step(num_workers=workers)  # type: ignore[call-overload]


@pytest.mark.parametrize("timeout", [0, -1.0, float("nan")])
def test_timeout_is_checked(timeout: float) -> None:
    """`timeout=` is a number of seconds above zero."""
    with pytest.raises(ValueError, match="timeout must be"):
        step(timeout=timeout)


def test_unknown_graph_check() -> None:
    """`skip_graph_checks=` names checks that there are."""
    with pytest.raises(WorkflowValidationError, match="skip_graph_checks knows dead_"):
        step(skip_graph_checks=["deadend"])  # type: ignore[list-item]


def test_step_needs_an_event() -> None:
    """A step without an event parameter is refused."""
    with pytest.raises(WorkflowValidationError, match="at least one parameter annota"):

        @step
        async def nothing() -> StopEvent:
            return StopEvent()


def test_step_needs_a_return_annotation() -> None:
    """A step says what it returns; `-> None` is enough."""
    with pytest.raises(WorkflowValidationError, match="'silent' has no return annotat"):

        @step
        async def silent(_: StartEvent):  # type: ignore[no-untyped-def] # noqa: ANN202
            return None

    @step
    async def fine(_: StartEvent) -> None:
        return None


def test_name_that_is_nothing_here() -> None:
    """An annotation that cannot be resolved is named, with what to do."""
    with pytest.raises(
        WorkflowValidationError, match="names 'Decimal', which is nothing"
    ):

        @step
        async def late(_: StartEvent, number: Decimal = 1) -> StopEvent:  # type: ignore[assignment]
            return StopEvent(result=number)


def test_parameter_that_nothing_can_be_given_for() -> None:
    """A parameter that is neither event nor context, and has no default, is refused."""
    with pytest.raises(WorkflowValidationError, match="nothing can be given for 'n'"):

        @step
        async def wants(_: StartEvent, n: int) -> StopEvent:
            return StopEvent(result=n)


def test_async_generator_is_refused() -> None:
    """A step returns its events; it does not yield them."""
    with pytest.raises(WorkflowValidationError, match="returns an async iterator"):

        @step
        async def yields(_: StartEvent) -> AsyncIterator[StopEvent]:
            yield StopEvent()


def test_return_that_is_no_event_is_refused() -> None:
    """A return annotation names events, lists of events or None."""
    with pytest.raises(WorkflowValidationError, match="annotated to return int"):

        @step
        async def number(_: StartEvent) -> int:
            return 1


def test_list_beside_other_events_is_refused() -> None:
    """A step that gathers a list takes no other events."""
    with pytest.raises(WorkflowValidationError, match="takes a list of events beside"):

        @step
        async def both(evs: list[Go], _: Done) -> StopEvent:
            return StopEvent(result=evs)


def test_collect_stands_at_a_list() -> None:
    """`Collect` says how a list is gathered, and stands nowhere else."""
    with pytest.raises(WorkflowValidationError, match="Collect stands at 'ev'"):

        @step
        async def one(ev: Annotated[Go, Collect()]) -> StopEvent:
            return StopEvent(result=ev)


# -- an ordinary callable


async def test_step_stays_a_function() -> None:
    """A decorated function can be called as any other, with its name and docstring."""

    @step
    async def greet(ev: StartEvent) -> StopEvent:
        """Greet."""
        return StopEvent(result=f"Hello {ev.name}")

    assert (greet.__name__, greet.__doc__) == ("greet", "Greet.")
    assert (await greet(StartEvent(name="Ada"))).result == "Hello Ada"

    class Method(Workflow):
        @step
        async def double(self, ev: StartEvent) -> StopEvent:
            return StopEvent(result=2 * ev.n)

        @step
        def triple(self, ev: Go) -> StopEvent:
            return StopEvent(result=3 * ev.n)

    assert (await Method().double(StartEvent(n=2))).result == 4
    assert Method().triple(Go(n=2)).result == 6


# -- threads


async def test_sync_step_runs_in_a_thread() -> None:
    """A step without `async` does not block the loop."""
    there = threading.Event()

    class Threads(Workflow):
        @step
        def wait(self, _: StartEvent) -> StopEvent:
            there.wait(10)
            return StopEvent(result=threading.current_thread() is not home)

    home = threading.current_thread()
    handler = Threads().run()
    await asyncio.sleep(0)
    there.set()
    assert await handler is True


async def test_sync_step_sends_and_streams_in_order() -> None:
    """What a thread sends comes before what it returns, in the order sent."""

    class Threads(Workflow):
        @step
        def send(self, ctx: Context, _: StartEvent) -> Go:
            for n in range(20):
                ctx.send_event(Go(n=n))
                ctx.write_event_to_stream(Progress(n=n))
            return Go(n=20)

        @step(num_workers=1)
        def take(self, ctx: Context, ev: Go) -> StopEvent | None:
            got = ctx.collect_events(ev, [Go] * 21)
            return got and StopEvent(result=[one.n for one in got])

    handler = Threads().run()
    *shown, last = await read(handler)
    assert shown == [Progress(n=n) for n in range(20)]
    assert kinds([last]) == ["StopEvent"]
    assert await handler == list(range(21))


async def test_sync_step_sees_context_variables() -> None:
    """A thread sees the variables of whoever started the run, and keeps its own."""

    class Threads(Workflow):
        @step
        def one(self, _: StartEvent) -> Go:
            seen = variable.get()
            variable.set("inside")
            return Go(seen=seen)

        @step
        def two(self, ev: Go) -> StopEvent:
            return StopEvent(result=(ev.seen, variable.get()))

    variable.set("outside")
    assert await Threads().run() == ("outside", "outside")
    assert variable.get() == "outside"


async def test_async_steps_do_not_share_context_variables() -> None:
    """What a step sets in a context variable no other step sees."""

    class Sets(Workflow):
        @step
        async def one(self, _: StartEvent) -> Go:
            seen = variable.get()
            variable.set("inside")
            return Go(seen=seen)

        @step
        async def two(self, ev: Go) -> StopEvent:
            return StopEvent(result=(ev.seen, variable.get()))

    variable.set("outside")
    assert await Sets().run() == ("outside", "outside")


async def test_sync_step_that_raises() -> None:
    """An exception of a thread comes out as any other."""

    class Threads(Workflow):
        @step
        def only(self, _: StartEvent) -> StopEvent:
            raise OSError("thread")

    with pytest.raises(OSError, match="thread") as caught:
        await Threads().run()
    assert caught.value.__notes__ == [
        "in step 'only' of Threads, given StartEvent, attempt 1"
    ]


async def test_sync_step_that_sends_wrongly() -> None:
    """An error in sending is raised in the thread that sends."""

    class Threads(Workflow):
        @step
        def only(self, ctx: Context, _: StartEvent) -> StopEvent:
            ctx.send_event(Go(), step="nowhere")
            return StopEvent()

    with pytest.raises(RuntimeError, match="Step nowhere does not exist"):
        await Threads().run()


async def test_context_of_the_step_around() -> None:
    """`Context.get_step_context` finds the step, also deep in called code."""

    async def deep() -> None:
        Context.get_step_context().write_event_to_stream(Progress(n=5))

    class Deep(Workflow):
        @step
        async def only(self, _: StartEvent) -> StopEvent:
            await asyncio.create_task(deep())
            return StopEvent()

    assert (await read(Deep().run()))[0] == Progress(n=5)
    with pytest.raises(RuntimeError, match="there is no step around this code"):
        Context.get_step_context()
