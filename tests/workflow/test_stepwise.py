"""Step by step: the same scheduler, with a gate before each step."""

from __future__ import annotations

import asyncio

import pytest

from notebook_async.workflow import (
    Context,
    Event,
    HumanResponseEvent,
    StartEvent,
    StopEvent,
    Workflow,
    WorkflowDone,
    WorkflowHandler,
    WorkflowTimeoutError,
    step,
)
from tests.core.probes import now, others
from tests.workflow.runs import Done, Go, kinds, read


class Chain(Workflow):
    """Fan out to two, gather, end."""

    @step
    async def split(self, ctx: Context, _: StartEvent) -> Go:
        """Send one and return one."""
        ctx.send_event(Go(n=1))
        return Go(n=2)

    @step
    async def work(self, ctx: Context, ev: Go) -> Done:
        """Take a second."""
        await asyncio.sleep(1)
        return Done(n=ev.n * await ctx.store.get("by", default=10))

    @step
    async def merge(self, ctx: Context, ev: Done) -> StopEvent | None:
        """Gather two."""
        got = ctx.collect_events(ev, [Done] * 2)
        return got and StopEvent(result=sum(one.n for one in got))


async def walk(handler: WorkflowHandler) -> list[str]:
    """Take single steps to the end; return their names."""
    names = []
    while not handler.is_done():
        taken = await handler.step()
        assert taken is not None
        names.append(taken.step)
        await asyncio.sleep(0)
    return names


async def test_single_steps() -> None:
    """Each `step` lets exactly one call run, and tells what came of it."""
    handler = Chain().run(stepwise=True)
    assert handler.pending == [("split", (StartEvent(),))]
    taken = await handler.step()
    assert taken is not None
    assert (taken.step, taken.given, taken.returned) == (
        "split",
        (StartEvent(),),
        Go(n=2),
    )
    assert handler.pending == [("work", (Go(n=1),)), ("work", (Go(n=2),))]
    taken = await handler.step()
    assert taken is not None
    assert (taken.step, taken.returned, now()) == ("work", Done(n=10), 1.0)
    assert await walk(handler) == ["work", "merge", "merge"]
    assert await handler == 30


async def test_nothing_runs_between_steps() -> None:
    """Between steps a run stands still, and so does its clock."""
    handler = Chain(timeout=2.5).run(stepwise=True)
    await handler.step()
    await asyncio.sleep(1000)
    assert len(handler.pending) == 2
    assert await walk(handler) == ["work", "work", "merge", "merge"]
    assert await handler == 30


async def test_a_step_through_gives_what_a_run_gives() -> None:
    """The result and the stream are those of an ordinary run."""
    plain, stepped = Chain().run(), Chain().run(stepwise=True)
    await walk(stepped)
    assert await plain == await stepped
    assert kinds(await read(plain)) == kinds(await read(stepped))


async def test_state_may_be_edited_between_steps() -> None:
    """Between steps the state can be changed and events can be sent."""
    handler = Chain().run(stepwise=True)
    await handler.step()
    await handler.ctx.store.set("by", 100)
    handler.resume()
    assert await handler == 300


async def test_pause_and_resume() -> None:
    """A run may be paused under way: no step begins until it is resumed."""
    handler = Chain().run()
    await asyncio.sleep(0.5)
    handler.pause()
    await asyncio.sleep(10)
    assert [name for name, _ in handler.pending] == ["merge", "merge"]
    handler.resume()
    assert await handler == 30
    assert now() == 10.5


async def test_awaiting_a_paused_run() -> None:
    """Whoever awaits a paused run waits until somebody resumes it."""
    handler = Chain().run(stepwise=True)
    await handler.step()
    asyncio.get_running_loop().call_later(100, handler.resume)
    assert await handler == 30
    assert now() == 101.0


async def test_after_the_end() -> None:
    """A run that has ended can be neither paused nor stepped."""
    handler = Chain().run()
    await handler
    assert handler.pending == []
    with pytest.raises(WorkflowDone, match="pause: the run has ended"):
        handler.pause()
    with pytest.raises(WorkflowDone, match="resume: the run has ended"):
        handler.resume()
    with pytest.raises(WorkflowDone, match="step: the run has ended"):
        await handler.step()
    assert await handler.run_step() is None


async def test_step_that_raises() -> None:
    """A step that fails is told with its exception; the run then fails."""

    class Fails(Workflow):
        @step
        async def only(self, _: StartEvent) -> StopEvent:
            raise OSError("no")

    handler = Fails().run(stepwise=True)
    taken = await handler.step()
    assert taken is not None
    assert (taken.step, str(taken.error), taken.returned) == ("only", "no", None)
    with pytest.raises(OSError, match="no"):
        await handler


async def test_step_that_waits() -> None:
    """A step that waits for a person says so, and goes on once it is answered."""

    class Asks(Workflow):
        @step
        async def ask(self, ctx: Context, _: StartEvent) -> StopEvent:
            answer = await ctx.wait_for_event(HumanResponseEvent)
            return StopEvent(result=answer.response)

    handler = Asks().run(stepwise=True)
    taken = await handler.step()
    assert taken is not None
    assert (taken.step, taken.waiting, taken.returned) == ("ask", True, None)
    assert await handler.step() is None
    handler.ctx.send_event(HumanResponseEvent(response="yes"))
    assert await handler == "yes"


async def test_cancel_while_paused() -> None:
    """A paused run can be cancelled."""
    handler = Chain().run(stepwise=True)
    await handler.step()
    await handler.cancel_run()
    assert handler.cancelled()
    assert others() == set()


async def test_timeout_counts_only_while_it_runs() -> None:
    """The time of the steps themselves counts, though they are taken one by one."""
    handler = Chain(timeout=1.5).run(stepwise=True)
    await handler.step()
    await asyncio.sleep(100)
    handler.resume()
    assert await handler == 30
    handler = Chain(timeout=0.5).run(stepwise=True)
    await handler.step()
    handler.resume()
    with pytest.raises(WorkflowTimeoutError, match=r"active steps: work$"):
        await handler


# -- the older way


async def test_run_step_returns_events_unsent() -> None:
    """`run_step` runs what is ready and hands the events over without sending."""
    handler = Chain().run(stepwise=True)
    rounds: list[list[Event]] = []
    while events := await handler.run_step():
        rounds.append(events)
        for event in events:
            handler.ctx.send_event(event)
    assert await handler == 30
    assert rounds[0] == [Go(n=2)]
    assert kinds(rounds[-1]) == ["StopEvent"]


async def test_run_step_lets_the_caller_choose() -> None:
    """An event that the caller does not send never arrives; another may go instead."""
    handler = Chain().run(stepwise=True)
    await handler.run_step()
    handler.ctx.send_event(Go(n=5))
    while events := await handler.run_step():
        for event in events:
            handler.ctx.send_event(event)
    assert await handler == 60
