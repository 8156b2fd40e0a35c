"""What a graph panel asks of a run, live and recorded."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from notebook_async import record
from notebook_async.errors import InvalidArgumentError
from notebook_async.widgets._graph_handler import HandlerSource
from notebook_async.widgets._graph_recorded import RecordedSource, short_run_name
from notebook_async.widgets._graph_source import GraphState, OpenQuestion
from notebook_async.workflow import (
    Context,
    Event,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StopEvent,
    Workflow,
    WorkflowHandler,
    step,
)
from notebook_async.workflow.retry_policy import ConstantDelayRetryPolicy

PERSON = "external_step"


class Item(Event):
    """One of many."""

    n: int


class Label(Event):
    """What became of one."""

    n: int


class Fan(Workflow):
    """Many items, two at a time, gathered again."""

    @step
    async def split(self, ctx: Context, ev: StartEvent) -> Item | None:
        """Send them."""
        for n in range(ev.n):
            ctx.send_event(Item(n=n))

    @step(num_workers=2)
    async def work(self, ev: Item) -> Label:
        """Take a second."""
        await asyncio.sleep(1)
        return Label(n=ev.n)

    @step
    async def gather(self, ctx: Context, ev: Label) -> StopEvent | None:
        """Wait for six."""
        found = ctx.collect_events(ev, [Label] * 6)
        return None if found is None else StopEvent(result=len(found))


class Many(Fan):
    """The same with more items."""

    @step
    async def gather(self, ctx: Context, ev: Label) -> StopEvent | None:
        """Wait for all."""
        found = ctx.collect_events(ev, [Label] * 30)
        return None if found is None else StopEvent(result=len(found))


class Lists(Workflow):
    """The same with lists, where a step gathers before it is called."""

    @step
    async def split(self, ev: StartEvent) -> list[Item]:  # noqa: ARG002
        """Return them."""
        return [Item(n=n) for n in range(6)]

    @step(num_workers=2)
    async def work(self, ev: Item) -> Label:
        """Take a second."""
        await asyncio.sleep(1)
        return Label(n=ev.n)

    @step
    async def gather(self, events: list[Label]) -> StopEvent:
        """Count them."""
        return StopEvent(result=len(events))


class Asking(Workflow):
    """Asks, and waits where it stands."""

    @step
    async def review(self, ctx: Context, ev: StartEvent) -> StopEvent:  # noqa: ARG002
        """Ask after a second."""
        await asyncio.sleep(1)
        answer = await ctx.wait_for_event(
            HumanResponseEvent,
            waiter_event=InputRequiredEvent(prefix="Send 214 mails?"),
        )
        return StopEvent(result=answer.response)


class Handing(Workflow):
    """Asks by an event, and goes on with the answer."""

    @step
    async def ask(self, ev: StartEvent) -> InputRequiredEvent:  # noqa: ARG002
        """Ask."""
        return InputRequiredEvent(prefix="Your name?")

    @step
    async def greet(self, ev: HumanResponseEvent) -> StopEvent:
        """Greet."""
        return StopEvent(result=f"Hello {ev.response}")


class Failing(Workflow):
    """Tries three times."""

    @step(retry_policy=ConstantDelayRetryPolicy(maximum_attempts=3, delay=2))
    async def fetch(self, ev: StartEvent) -> StopEvent:
        """Fail after a second."""
        await asyncio.sleep(1)
        raise TimeoutError(f"no {ev.page}")


class Parent(Workflow):
    """Runs another workflow in a step."""

    @step
    async def inner(self, ev: StartEvent) -> StopEvent:  # noqa: ARG002
        """Run it."""
        return StopEvent(result=await Asking().run())


def facts(state: GraphState, name: str) -> tuple[str, str, str]:
    """Return phase, present and past of a step."""
    counts = state.steps[name]
    return counts.phase, counts.now, counts.past


async def until(seconds: float) -> None:
    """Let the loop's clock come to a time, and whatever is due then happen."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(seconds - loop.time())
    for _ in range(9):
        await asyncio.sleep(0)


# -- a run that goes on


async def test_state_tells_what_the_steps_do() -> None:
    """Counts of steps and edges are those of the moment, to the end."""
    handler = Fan(timeout=None).run(n=6)
    source = HandlerSource(handler)
    await until(2.5)
    state = source.state()
    assert (state.phase, state.elapsed, state.ticks) == ("running", 2.5, True)
    assert facts(state, "split") == ("done", "", "1 done")
    assert facts(state, "work") == ("running", "2 of 2 running", "4 done")
    assert facts(state, "gather") == ("done", "", "4 done")
    assert state.edges["Item", "work"] == 6
    assert state.edges["work", "Label"] == 4
    assert (state.waiting, state.questions, state.error) == (0, (), None)
    assert state.actions == ("cancel",)
    assert await handler == 6
    await until(10)
    state = source.state()
    assert (state.phase, state.elapsed, state.ticks) == ("done", 3.0, False)
    assert facts(state, "work") == ("done", "", "6 done")
    assert (source.ended, state.actions) == (True, ())


async def test_version_differs_until_the_end() -> None:
    """Whoever polls may look away only where nothing can change."""
    handler = Fan().run(n=6)
    source = HandlerSource(handler)
    versions = {source.version for _ in range(5)}
    assert len(versions) == 5
    await handler
    await asyncio.sleep(0)
    last = source.version
    assert last not in versions
    assert source.version == last


async def test_end_is_told_to_whoever_wants() -> None:
    """A callback comes once the run has ended, and the last state is there then."""
    handler = Fan().run(n=6)
    source = HandlerSource(handler)
    seen: list[GraphState] = []
    source.on_end(lambda _: seen.append(source.state()))
    await handler
    await asyncio.sleep(0)
    assert [state.phase for state in seen] == ["done"]


async def test_gathered_is_not_nothing() -> None:
    """A step that keeps events until all are there says how many it has."""
    handler = Lists().run()
    source = HandlerSource(handler)
    await until(1.5)
    assert facts(source.state(), "gather") == ("queued", "2 gathered", "")
    assert await handler == 6
    assert facts(source.state(), "gather") == ("done", "", "1 done")


async def test_cancelled_run_tells_what_was_given_up() -> None:
    """Steps that had something left are not shown as done, or as never reached."""
    handler = Lists().run()
    source = HandlerSource(handler)
    await until(1.5)
    source.cancel()
    await until(2)
    state = source.state()
    assert (state.phase, state.elapsed, state.error) == ("cancelled", 1.5, None)
    assert facts(state, "split") == ("done", "", "1 done")
    assert facts(state, "work") == ("cancelled", "", "2 done · 4 cancelled")
    assert facts(state, "gather") == ("cancelled", "", "2 cancelled")


async def test_question_of_a_waiting_step() -> None:
    """The step waits for you, since then; the question has its words."""
    handler = Asking(timeout=None).run()
    source = HandlerSource(handler)
    await until(1)
    state = source.state()
    assert (state.phase, state.waiting) == ("waiting", 1)
    assert state.questions == (OpenQuestion("Send 214 mails?", "review"),)
    assert facts(state, "review") == ("waiting", "waits for you", "")
    assert state.since == {"review": 1.0}
    await until(73)
    state = source.state()
    assert (state.since, state.elapsed) == ({"review": 1.0}, 73.0)
    assert source.details("review").questions == ("Send 214 mails?",)
    handler.ctx.send_event(HumanResponseEvent(response="yes"))
    assert await handler == "yes"
    state = source.state()
    assert (state.waiting, state.questions, state.since) == (0, (), {})


async def test_question_that_no_step_waits_for() -> None:
    """It is the person who is waited for."""
    handler = Handing().run()
    source = HandlerSource(handler)
    await until(0.5)
    state = source.state()
    assert (state.phase, state.waiting) == ("waiting", 1)
    assert state.questions == (OpenQuestion("Your name?"),)
    assert state.steps[PERSON].waiting == 1
    assert facts(state, "ask") == ("done", "", "1 done")
    handler.ctx.send_event(HumanResponseEvent(response="Ada"))
    assert await handler == "Hello Ada"
    assert PERSON not in source.state().steps


async def test_question_of_a_run_inside_a_step() -> None:
    """A step waits for you, too, where the run that it started does."""
    handler = Parent(timeout=None).run()
    source = HandlerSource(handler)
    await until(2)
    state = source.state()
    assert (state.phase, state.waiting) == ("waiting", 1)
    assert state.questions == (OpenQuestion("Send 214 mails?", "inner"),)
    assert facts(state, "inner") == ("waiting", "waits for you", "")
    handler.ctx.send_event(HumanResponseEvent(response="yes"))
    assert await handler == "yes"


async def test_failed_run_tells_why() -> None:
    """The error stands in one line, and with its traceback at the step."""
    handler = Failing().run(page="a.html")
    source = HandlerSource(handler)
    await until(2)
    assert facts(source.state(), "fetch") == ("retrying", "1 to retry", "1 retried")
    with pytest.raises(TimeoutError):
        await handler
    await asyncio.sleep(0)
    state = source.state()
    assert (state.phase, state.error) == ("failed", "TimeoutError('no a.html')")
    assert facts(state, "fetch") == ("failed", "", "1 failed · 2 retried")
    calls = source.details("fetch").calls
    assert [(call.phase, call.attempt) for call in calls] == [
        ("failed", 3),
        ("retrying", 2),
        ("retrying", 1),
    ]
    assert calls[1].error == "TimeoutError('no a.html')"
    trace = (calls[0].error or "").splitlines()
    assert trace[0] == "Traceback (most recent call last):"
    assert "TimeoutError: no a.html" in trace


async def test_details_have_the_last_calls() -> None:
    """Inputs, outputs and times of the last few calls, the newest first."""
    handler = Many(timeout=None).run(n=30)
    source = HandlerSource(handler)
    await until(2.5)
    details = source.details("work")
    assert details.timing is not None
    assert details.timing.calls == 4
    under_way = [call for call in details.calls if call.phase == "running"]
    assert {call.given for call in under_way} == {"Item(n=4)", "Item(n=5)"}
    assert [call.returned for call in under_way] == [None, None]
    done = details.calls[2:]
    assert [call.phase for call in done] == ["done"] * 4
    # Those that end at the same moment do so in any order.
    values = [(call.given, call.returned) for call in done]
    pairs = [(f"Item(n={n})", f"Label(n={n})") for n in range(4)]
    assert [set(values[:2]), set(values[2:])] == [set(pairs[2:]), set(pairs[:2])]
    assert all((call.seconds or 0) >= 0 and call.attempt == 1 for call in done)
    await until(20.5)
    assert len(source.details("work").calls) <= 10
    await handler.cancel_run()
    assert source.details("work").timing is not None


async def test_long_input_of_a_running_call_is_shown_at_length() -> None:
    """What is under way can still be asked, so more of it is told."""

    class Long(Workflow):
        @step
        async def read(self, ev: StartEvent) -> StopEvent:  # noqa: ARG002
            await asyncio.sleep(5)
            return StopEvent()

    handler = Long().run(text="x" * 5000)
    source = HandlerSource(handler)
    await until(1)
    [call] = source.details("read").calls
    assert 1500 < len(call.given or "") <= 2000
    await handler
    [call] = source.details("read").calls
    assert len(call.given or "") <= 200


async def test_details_of_a_step_without_calls_are_empty() -> None:
    """A step that was not reached has nothing to tell."""
    handler = Asking().run()
    source = HandlerSource(handler)
    assert source.details("review").calls == ()
    await handler.cancel_run()


async def test_run_that_had_ended_before() -> None:
    """A panel that comes late has the counts, and no calls."""
    handler = Fan().run(n=6)
    await handler
    source = HandlerSource(handler)
    assert source.ended
    assert facts(source.state(), "work") == ("done", "", "6 done")
    assert source.details("work").calls == ()


async def test_recording_that_is_there_is_used() -> None:
    """Where somebody records the run already, nothing is recorded twice."""
    with record() as recording:
        handler = Fan().run(n=6)
        source = HandlerSource(handler, recording)
        await handler
    assert source._recording is recording
    timing = source.details("work").timing
    assert timing is not None
    assert timing.calls == 6


async def test_nothing_is_kept_alive() -> None:
    """Once the run has ended nobody listens any more."""
    handler = Fan().run(n=6)
    source = HandlerSource(handler)
    recording: Any = source._recording
    assert recording.listens
    await handler
    await asyncio.sleep(0)
    assert not recording.listens


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("7f3a4c52-7a0e-4e55-9b6c-4a4f1c1f2a0b", "7f3a"),
        ("nightly", "nightly"),
        ("x" * 40, "x" * 23 + "…"),
    ],
)
def test_run_has_a_short_name(name: str, short: str) -> None:
    """An id is cut, and a name that somebody gave is not."""
    assert short_run_name(name) == short


async def test_run_that_waits_for_its_turn() -> None:
    """A run that others of its workflow go before is queued, and its time stands."""
    workflow = Asking(num_concurrent_runs=1, timeout=None)
    first, second = workflow.run(), workflow.run()
    source = HandlerSource(second)
    await until(5)
    assert (source.state().phase, source.state().elapsed) == ("queued", 0.0)
    first.ctx.send_event(HumanResponseEvent(response="yes"))
    await until(5.5)
    assert (source.state().phase, source.state().elapsed) == ("running", 0.5)
    await second.cancel_run()
    assert source.state().phase == "cancelled"


# -- a recording


async def recorded(run: WorkflowHandler) -> Any:  # noqa: ANN401
    """Record a run to its end."""
    recording = record(run)
    await asyncio.wait([asyncio.ensure_future(run.stop_event_result())])
    return recording


async def test_recording_has_the_end() -> None:
    """Without a moment it is the last one that is shown."""
    recording = await recorded(Fan().run(n=6))
    source = RecordedSource(recording)
    state = source.state()
    assert (state.phase, state.ticks, state.actions) == ("done", False, ())
    assert facts(state, "work") == ("done", "", "6 done")
    assert state.edges["Item", "work"] == 6
    assert source.graph == Fan.graph()
    assert source.ended


async def test_moment_is_as_the_run_was() -> None:
    """Between the calls the counts are those of then; before all there is nothing."""
    recording = await recorded(Fan().run(n=6))
    source = RecordedSource(recording)
    began = recording.began
    assert source.moment(began - 1).state() == GraphState(
        phase="queued", elapsed=0.0, steps={}, edges={}
    )
    ends = [one.at for one in recording if getattr(one, "step", "") == "work"]
    states = [source.moment(at).state() for at in sorted(ends)]
    done = [state.steps["work"].done for state in states]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 6)
    assert states[0].phase == "running"
    assert [state.elapsed for state in states] == sorted(s.elapsed for s in states)


async def test_moments_have_one_graph_and_versions_of_their_own() -> None:
    """So a panel sends nothing but what differs."""
    recording = await recorded(Fan().run(n=6))
    source = RecordedSource(recording)
    one, other = source.moment(1.0), source.moment(2.0)
    assert one.graph is other.graph is source.graph
    assert one.version != other.version


async def test_moment_has_the_calls_until_then() -> None:
    """Details are those of the moment."""
    recording = await recorded(Fan().run(n=6))
    source = RecordedSource(recording)
    second = [
        one.at
        for one in recording
        if getattr(one, "step", "") == "work" and one.phase == "done"
    ][1]
    details = source.moment(second).details("work")
    assert details.timing is not None
    assert details.timing.calls == 2
    assert source.details("work").timing is not None
    assert source.moment(recording.began - 1).details("work").calls == ()
    assert source.details("no such step").calls == ()


async def test_recorded_question() -> None:
    """A moment at which a step waited for a person tells so."""
    handler = Asking().run()
    recording = record(handler)
    await until(2)
    source = RecordedSource(recording)
    state = source.state()
    assert (state.phase, state.waiting) == ("waiting", 1)
    assert state.questions == (OpenQuestion("Send 214 mails?", "review"),)
    assert list(state.since) == ["review"]
    assert source.details("review").questions == ("Send 214 mails?",)
    source.cancel()
    source.on_end(print)
    assert not handler.is_done()
    await handler.cancel_run()


async def test_recorded_question_that_no_step_waits_for() -> None:
    """It is the person who is waited for."""
    handler = Handing().run()
    recording = record(handler)
    await until(0.5)
    state = RecordedSource(recording).state()
    assert (state.phase, state.waiting) == ("waiting", 1)
    await handler.cancel_run()


async def test_recorded_end_of_a_cancelled_run() -> None:
    """What was given up is told of a recording too."""
    handler = Fan().run(n=6)
    recording = record(handler)
    await until(1.5)
    await handler.cancel_run()
    state = RecordedSource(recording).state()
    assert state.phase == "cancelled"
    assert state.steps["work"].phase == "cancelled"


def test_recording_without_a_workflow() -> None:
    """There is nothing to draw, and that is said."""
    with record() as recording:
        pass
    with pytest.raises(InvalidArgumentError, match="no run None of a workflow"):
        RecordedSource(recording)
    with pytest.raises(InvalidArgumentError, match="it has none"):
        RecordedSource(recording, ("run-1",))
