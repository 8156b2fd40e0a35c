"""The context of a run: its three faces, and its use for one run after another."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel

from notebook_async.workflow import (
    Context,
    ContextSerdeError,
    ContextStateError,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from tests.workflow.runs import Done, Go, Progress, kinds, read


class Counter(Workflow):
    """A workflow that counts its runs in its state."""

    @step
    async def count(self, ctx: Context, ev: StartEvent) -> Go:
        """Count."""
        number = await ctx.store.get("number", default=0) + 1
        await ctx.store.set("number", number)
        await asyncio.sleep(ev.get("seconds", 0))
        return Go(n=number)

    @step
    async def end(self, ev: Go) -> StopEvent:
        """End."""
        return StopEvent(result=ev.n)


async def test_staging_store_is_carried_into_the_run() -> None:
    """What is set before a run is its state, and its state is there after it."""
    workflow = Counter()
    context = Context(workflow)
    await context.store.set("number", 41)
    assert await workflow.run(ctx=context) == 42
    assert await context.store.get("number") == 42


async def test_context_can_be_used_again() -> None:
    """A second run with the same context goes on with its state."""
    workflow = Counter()
    context = Context(workflow)
    assert [await workflow.run(ctx=context) for _ in range(3)] == [1, 2, 3]
    assert await workflow.run() == 1


async def test_context_of_a_run_that_goes_on_is_refused() -> None:
    """While a run goes on with a context no other may have it."""
    workflow = Counter()
    context = Context(workflow)
    handler = workflow.run(ctx=context, seconds=1)
    with pytest.raises(ContextStateError, match="a run goes on with this context"):
        workflow.run(ctx=context)
    await handler
    assert await workflow.run(ctx=context) == 2


async def test_is_running() -> None:
    """A context is running from the beginning of its run to its end."""
    workflow = Counter()
    context = Context(workflow)
    assert context.is_running is False
    handler = workflow.run(ctx=context)
    assert context.is_running is True
    await handler
    assert context.is_running is False


@pytest.mark.parametrize("method", ["send_event", "stream_events", "cancel_step"])
def test_methods_that_need_a_run(method: str) -> None:
    """Before a run there is nothing to send to, to read or to cancel."""
    context = Context(Counter())
    arguments: dict[str, Any] = {"send_event": (Go(),), "cancel_step": ("end",)}
    message = f"{method} needs a run: call `workflow.run"
    with pytest.raises(ContextStateError, match=message):
        getattr(context, method)(*arguments.get(method, ()))


async def test_running_steps_needs_a_run() -> None:
    """Before a run no steps run."""
    with pytest.raises(ContextStateError, match="running_steps needs a run"):
        await Context(Counter()).running_steps()


async def test_methods_of_steps_outside() -> None:
    """What only a step can do is refused on the handler's context."""
    handler = Counter().run()
    with pytest.raises(ContextStateError, match="write_event_to_stream works only ins"):
        handler.ctx.write_event_to_stream(Progress())
    await handler


async def test_running_steps() -> None:
    """`running_steps` names the steps with a call under way."""

    class Two(Workflow):
        @step
        async def one(self, ctx: Context, _: StartEvent) -> Go:
            ctx.send_event(Go())
            await asyncio.sleep(2)
            return Go()

        @step
        async def two(self, ctx: Context, ev: Go) -> StopEvent | None:
            await asyncio.sleep(1)
            got = ctx.collect_events(ev, [Go] * 2)
            return got and StopEvent()

    handler = Two().run()
    assert await handler.ctx.running_steps() == []
    seen = []
    for _ in range(3):
        await asyncio.sleep(0.9)
        seen.append(await handler.ctx.running_steps())
    await handler
    assert seen == [["one", "two"], ["one"], ["two"]]
    assert await handler.ctx.running_steps() == []


async def test_context_of_a_step_is_the_runs() -> None:
    """All steps of a run share one state."""

    class Shares(Workflow):
        @step
        async def one(self, ctx: Context, _: StartEvent) -> Go:
            await ctx.store.set("seen", ["one"])
            return Go()

        @step
        async def two(self, ctx: Context, _: Go) -> StopEvent:
            async with ctx.store.edit_state() as state:
                state["seen"] = [*state["seen"], "two"]
            return StopEvent(result=await ctx.store.get("seen"))

    handler = Shares().run()
    assert await handler == ["one", "two"]
    assert await handler.ctx.store.get("seen") == ["one", "two"]


class State(BaseModel):
    """A typed state."""

    number: int = 1
    names: list[str] = []


class MoreState(State):
    """A state that derives from it."""

    extra: str = "x"


async def test_typed_state() -> None:
    """`Context[Model]` gives the state its model; the most derived one is taken."""

    class Typed(Workflow):
        @step
        async def one(self, ctx: Context[State], _: StartEvent) -> Go:
            async with ctx.store.edit_state() as state:
                state.number += 1
                state.names.append("one")
            return Go()

        @step
        async def two(self, ctx: Context[MoreState], _: Go) -> StopEvent:
            return StopEvent(result=await ctx.store.get_state())

    state = await Typed().run()
    assert state == MoreState(number=2, names=["one"], extra="x")


async def test_states_that_do_not_fit() -> None:
    """Models of the state must lie on one line of inheritance."""

    class Elsewhere(BaseModel):
        n: int = 0

    class Unfit(Workflow):
        @step
        async def one(self, ctx: Context[State], _: StartEvent) -> Go:
            await ctx.store.get_state()
            return Go()

        @step
        async def two(self, _: Context[Elsewhere], __: Go) -> StopEvent:
            return StopEvent()

    with pytest.raises(ValueError, match="Elsewhere"):
        await Unfit().run()


async def test_legacy_get_and_set() -> None:
    """The older `ctx.get` and `ctx.set` reach the same state."""

    class Legacy(Workflow):
        @step
        async def only(self, ctx: Context, _: StartEvent) -> StopEvent:
            await ctx.set("a.b", 1)
            assert await ctx.get("missing", default=None) is None
            return StopEvent(result=(await ctx.get("a.b"), await ctx.store.get("a")))

    assert await Legacy().run() == (1, {"b": 1})


async def test_to_dict_before_and_after_a_run() -> None:
    """A context is data at any time, and goes on from there."""
    workflow = Counter()
    context = Context(workflow)
    await context.store.set("number", 5)
    again = Context.from_dict(workflow, context.to_dict())
    assert await workflow.run(ctx=again) == 6
    again = Context.from_dict(workflow, again.to_dict())
    assert again.is_running is False
    assert await workflow.run(ctx=again) == 7


async def test_to_dict_of_a_run_resumes() -> None:
    """The data of a run that goes on resumes it, without a start event."""
    workflow = Counter()
    handler = workflow.run(seconds=10)
    await asyncio.sleep(1)
    data = handler.ctx.to_dict()
    await handler.cancel_run()
    context = Context.from_dict(workflow, data)
    assert context.is_running is True
    assert await workflow.run(ctx=context) == 2


@pytest.mark.parametrize("data", [{}, {"version": 99}, {"state": 3}])
def test_bad_data(data: dict[str, Any]) -> None:
    """Data that is no context is refused."""
    with pytest.raises(ContextSerdeError, match=r"this is no context of .*version"):
        Context.from_dict(Counter(), data)


async def test_thread_may_send_from_outside() -> None:
    """`ctx.send_event` may be called from any thread."""

    class Waits(Workflow):
        @step
        async def wait(self, ctx: Context, _: StartEvent) -> StopEvent:
            done = await ctx.wait_for_event(Done)
            return StopEvent(result=done.n)

    handler = Waits().run()
    context = handler.ctx
    await asyncio.sleep(1)
    await asyncio.to_thread(context.send_event, Done(n=3))
    assert await handler == 3


async def test_write_none_is_ignored() -> None:
    """Writing None to the stream does nothing."""

    class Writes(Workflow):
        @step
        async def only(self, ctx: Context, _: StartEvent) -> StopEvent:
            ctx.write_event_to_stream(None)
            return StopEvent()

    assert kinds(await read(Writes().run())) == ["StopEvent"]
