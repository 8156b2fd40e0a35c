"""What a run of a workflow tells the hooks, and what a recording makes of it."""

from __future__ import annotations

import asyncio
import gc
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async import Recording, jobs, load_recording, record, run_jobs
from notebook_async.core import (
    EventRecord,
    FlowRecord,
    Phase,
    QuestionRecord,
    Record,
    StepRecord,
    WorkflowRecord,
    add_hook,
)
from notebook_async.core.recording import StepState, WorkflowState
from notebook_async.workflow import (
    Context,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StepFailedEvent,
    StopEvent,
    Workflow,
    catch_error,
    step,
)
from notebook_async.workflow.representation import WorkflowGraph, recorded_graph
from notebook_async.workflow.retry_policy import ConstantDelayRetryPolicy
from tests.workflow.runs import Done, Go, Progress
from tests.workflow.test_leaks import WAYS, Ends, alive, run_to_the_end

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Fan(Workflow):
    """Sends several events, works on two at a time, and gathers what comes of them."""

    @step
    async def scatter(self, ctx: Context, ev: StartEvent) -> Go | None:
        """Send."""
        for n in range(ev.count):
            ctx.send_event(Go(n=n))

    @step(num_workers=2)
    async def work(self, ctx: Context, ev: Go) -> Done:
        """Work for a second."""
        await asyncio.sleep(1)
        ctx.write_event_to_stream(Progress(n=ev.n))
        return Done(n=ev.n)

    @step
    async def gather(self, ctx: Context, ev: Done) -> StopEvent | None:
        """Gather."""
        events = ctx.collect_events(ev, [Done] * ctx_count(ctx))
        return None if events is None else StopEvent(result=len(events))


def ctx_count(_: Context) -> int:
    """Return how many events there are in these tests."""
    return 5


class Flaky(Workflow):
    """Fails twice, then ends well; or fails for good."""

    @step(retry_policy=ConstantDelayRetryPolicy(maximum_attempts=3, delay=1))
    async def begin(self, ctx: Context, ev: StartEvent) -> StopEvent:
        """Fail as often as it is told."""
        number = ctx.retry_info().retry_number
        if number < ev.fails:
            raise ValueError(number)
        return StopEvent(result=number)


class Asking(Workflow):
    """Asks a person where it stands."""

    @step
    async def ask(self, ctx: Context, ev: StartEvent) -> StopEvent:
        """Ask, and wait."""
        question = InputRequiredEvent(prefix="Go on?", secret=ev.secret)
        answer = await ctx.wait_for_event(
            HumanResponseEvent, question, timeout=ev.limit
        )
        return StopEvent(result=answer.response)


class Mailing(Workflow):
    """Returns a question, and takes the answer as an event."""

    @step
    async def ask(self, ev: StartEvent) -> InputRequiredEvent:
        """Ask."""
        return InputRequiredEvent(prefix="Password?", secret=ev.secret)

    @step
    async def log_in(self, ev: HumanResponseEvent) -> StopEvent:
        """Take the answer."""
        return StopEvent(result=len(ev.response))


class Outer(Workflow):
    """Runs another workflow, and items, inside of a step."""

    @step
    async def begin(self, ev: StartEvent) -> StopEvent:
        """Run both."""
        await Fan().run(count=5)
        await run_jobs(asyncio.sleep, [1, 1])
        return StopEvent(result=ev.get("n"))


@contextmanager
def told(*kinds: type[Record]) -> Iterator[list[Any]]:
    """Collect the records of these kinds."""
    seen: list[Any] = []
    with add_hook(seen.append, *kinds):
        yield seen


def phases(records: list[Any]) -> list[tuple[str, Phase, int, int]]:
    """Return what records of steps tell."""
    return [(one.step, one.phase, one.call, one.attempt) for one in records]


def only_run(recording: Recording) -> WorkflowState:
    """Return the only run of a workflow in a recording, as it is now."""
    (run,) = recording.state.workflows.values()
    return run


def steps_of(recording: Recording) -> dict[str, StepState]:
    """Return the steps of the only run, as they are now."""
    return only_run(recording).steps


# -- calls of steps


async def test_call_that_never_waits_is_told_once() -> None:
    """A call that ends in the same pass of the loop is one record."""
    with told(StepRecord) as records:
        await Flaky().run(fails=0)
    assert phases(records) == [("begin", "done", 1, 1)]
    (one,) = records
    assert (one.given, one.returned, one.error) == ("StartEvent", "StopEvent", None)
    assert one.began <= one.at


async def test_call_that_waits_is_told_as_running() -> None:
    """A call that goes on after a pass of the loop is told as running, then its end."""
    with told(StepRecord) as records:
        await Fan().run(count=5)
    worked = [one for one in records if one.step == "work"]
    assert [(one.call, one.phase) for one in worked[:4]] == [
        (2, "running"),
        (3, "running"),
        (2, "done"),
        (3, "done"),
    ]
    assert {one.began for one in worked if one.call == 2} == {worked[0].at}


@pytest.mark.parametrize(
    ("fails", "expected"),
    [
        (1, [("retrying", 1), ("done", 2)]),
        (2, [("retrying", 1), ("retrying", 2), ("done", 3)]),
        (3, [("retrying", 1), ("retrying", 2), ("failed", 3)]),
    ],
)
async def test_each_attempt_is_told(fails: int, expected: list[Any]) -> None:
    """An attempt that fails is told with its own number, the call keeps its number."""
    with told(StepRecord) as records:
        handler = Flaky().run(fails=fails)
        await asyncio.sleep(10)
    assert [(one.phase, one.attempt) for one in records] == expected
    assert {one.call for one in records} == {1}
    errors = [one.error for one in records if one.error is not None]
    assert errors == [f"ValueError({n})" for n in range(min(fails, 3))]
    handler.exception()


async def test_values_are_written_down() -> None:
    """What a call was given and has returned is told as short text."""
    with told(StepRecord) as records:
        await Fan().run(count=5)
    first = next(one for one in records if one.step == "work")
    last = next(one for one in records if one.call == first.call and one is not first)
    assert first.shown == ("Go(n=0)", None)
    assert last.shown == ("Go(n=0)", "Done(n=0)")


async def test_of_very_many_calls_only_some_values_are_written_down() -> None:
    """A flood of calls costs no text each; every failure has its text all the same."""

    class Flood(Workflow):
        @step
        async def begin(self, _: StartEvent) -> list[Go]:
            return [Go(n=n) for n in range(500)]

        @step(num_workers=500)
        async def work(self, ev: Go) -> Done:
            if ev.n % 10 == 0:
                raise ValueError(ev.n)
            return Done(n=ev.n)

        @catch_error
        async def mend(self, _: StepFailedEvent) -> Done:
            return Done(n=-1)

        @step
        async def end(self, ev: list[Done]) -> StopEvent:
            return StopEvent(result=len(ev))

    with told(StepRecord) as records:
        assert await Flood().run() == 500
    # On a busy computer a call may seem to hold the loop, and be told of as running.
    records = [one for one in records if one.phase != "running"]
    worked = [one for one in records if one.step == "work"]
    failed = [one for one in worked if one.phase == "failed"]
    assert len(worked) == 500
    assert [one.shown for one in failed] == [
        (f"Go(n={n})", None) for n in range(0, 500, 10)
    ]
    shown = [one for one in worked if one.phase == "done" and one.shown]
    assert 5 <= len(shown) < 450
    for name in ("begin", "end"):
        assert [one.shown is not None for one in records if one.step == name] == [True]


async def test_records_hold_no_event() -> None:
    """Neither a record nor a recording holds what the steps hand to each other."""

    class Thing:
        """An object that cannot become data."""

    class Carrying(Workflow):
        @step
        async def begin(self, _: StartEvent) -> Go:
            return Go(thing=Thing())

        @step
        async def end(self, ctx: Context, ev: Go) -> StopEvent:
            ctx.write_event_to_stream(ev)
            return StopEvent(result=ev)

    with record() as recording:
        await Carrying().run()
    texts = [
        one.shown for one in recording if isinstance(one, StepRecord | EventRecord)
    ]
    assert texts[0] == ("StartEvent()", "Go(n=0, thing=<Thing>)")
    for one in recording:
        for name in one.__dataclass_fields__:
            value = getattr(one, name)
            assert isinstance(value, str | int | float | tuple | dict | None), name


# -- what moves between steps


async def test_counts_are_those_of_the_handler() -> None:
    """At each moment a recording knows of steps and edges what the run itself knows."""
    with record() as recording:
        handler = Fan().run(count=5)
        # Not at the very moment at which something happens, which is told just after.
        await asyncio.sleep(0.1)
        for _ in range(14):
            await asyncio.sleep(0.25)
            graph = handler.graph()
            run = only_run(recording)
            assert graph.counts is not None
            for name, counts in graph.counts.items():
                known = run.steps.get(name)
                found = (0,) * 6
                if known is not None:
                    found = (
                        known.queued,
                        known.running,
                        known.waiting,
                        known.retrying,
                        known.done,
                        known.failed,
                    )
                assert found == (
                    counts.queued,
                    counts.running,
                    counts.waiting,
                    counts.retrying,
                    counts.done,
                    counts.failed,
                )
            assert run.edges == graph.edge_counts
        await handler
    assert only_run(recording).edges == handler.graph().edge_counts


async def test_flow_is_told_at_most_so_often() -> None:
    """What moves is told twenty times a second at most, and once more at the end."""

    class Ticking(Workflow):
        @step
        async def tick(self, ev: StartEvent | Go) -> Go | StopEvent:
            await asyncio.sleep(0.001)
            n = ev.get("n", 0) if isinstance(ev, StartEvent) else ev.n
            return Go(n=n + 1) if n < 1000 else StopEvent(result=n)

    with told(FlowRecord) as records:
        assert await Ticking().run() == 1000
    assert 18 <= len(records) <= 23
    assert {(a, b): n for a, b, n in records[-1].edges}["tick", "Go"] == 1000


async def test_queue_of_a_paused_run_is_told() -> None:
    """What is ready in a run that is paused waits, and a recording knows it."""
    with record() as recording:
        handler = Fan().run(count=5, stepwise=True)
        await asyncio.sleep(1)
        assert steps_of(recording)["scatter"].queued == 1
        await handler.run_step()
        await asyncio.sleep(1)
        assert steps_of(recording)["scatter"].queued == 0
        await handler.cancel_run()


async def test_events_from_outside_are_told() -> None:
    """Events that queue up before busy workers are told though no call begins."""
    with record() as recording:
        handler = Fan().run(count=2)
        await asyncio.sleep(0.5)
        for n in range(3):
            handler.ctx.send_event(Go(n=n))
        await asyncio.sleep(0.1)
        run = only_run(recording)
        assert (run.steps["work"].queued, run.steps["work"].running) == (3, 2)
        assert run.edges["Go", "work"] == 5
        await handler


# -- the run


async def test_run_is_told_with_its_graph() -> None:
    """The beginning of a run tells its graph, which all runs of a class share."""
    with told(WorkflowRecord) as records:
        await Flaky().run(fails=0, run_id="one")
        await Flaky().run(fails=0, run_id="two")
    assert [(one.source, one.phase, one.name) for one in records] == [
        (("one",), "running", "Flaky"),
        (("one",), "done", "Flaky"),
        (("two",), "running", "Flaky"),
        (("two",), "done", "Flaky"),
    ]
    assert records[0].graph is records[2].graph
    assert records[0].graph == Flaky.graph().to_dict()
    assert records[1].graph is None


async def test_ends_are_told() -> None:
    """A run tells whether it failed, and by what, or was cancelled."""
    with record() as recording:
        failed = Flaky().run(fails=9, run_id="failed")
        cancelled = Fan().run(count=5, run_id="cancelled")
        await asyncio.sleep(0.5)
        await cancelled.cancel_run()
        await asyncio.sleep(5)
    failed.exception()
    runs = recording.state.workflows
    assert runs["failed",].phase == "failed"
    assert (runs["failed",].error or "").startswith("ValueError(2)")
    assert runs["cancelled",].phase == "cancelled"
    assert runs["cancelled",].calls == {}
    assert runs["cancelled",].steps["work"].cancelled == 2
    assert runs["cancelled",].steps["work"].queued == 0


async def test_what_runs_inside_is_told_as_a_part() -> None:
    """Runs inside a step have the path of its run before their own id."""

    async def run() -> None:
        await Outer().run(run_id="outer")

    with record() as recording:
        job = jobs.start(run(), name="outer")
        await job
    state, begin = recording.state, (f"job-{job.id}",)
    assert [path[:2] for path in state.workflows] == [(*begin, "outer")] * 2
    assert sorted(map(len, state.workflows)) == [2, 4]
    assert [path[2] for path in state.runs] == ["begin#1"]
    assert [path[:2] for path in state.runs] == [(*begin, "outer")]
    assert state.phase == "done"


async def test_events_of_the_stream_are_told() -> None:
    """Events that a run shows are told with their text."""
    with told(EventRecord) as records:
        await Fan().run(count=5)
    # Sleeps that end at the same moment end in any order.
    assert sorted((one.name, one.shown or "") for one in records) == [
        ("Progress", f"Progress(n={n})") for n in range(5)
    ]


async def test_restored_run_tells_what_it_did_before() -> None:
    """A run that goes on from a snapshot begins with the counts that it had."""
    fan = Fan()
    handler = fan.run(count=5)
    await asyncio.sleep(2.5)
    ctx = Context.from_dict(fan, handler.ctx.to_dict())
    await handler.cancel_run()
    with record() as recording:
        again = fan.run(ctx=ctx)
        await asyncio.sleep(0.5)
        assert steps_of(recording)["work"].done == 4
        assert await again == 5
    assert steps_of(recording)["work"].done == 5
    assert only_run(recording).edges == again.graph().edge_counts


# -- questions


async def test_question_is_open_until_it_is_answered() -> None:
    """A question is told with its text and its step; so is that it has its answer."""
    with record() as recording:
        handler = Asking().run(secret=False, limit=None, run_id="run")
        await asyncio.sleep(1)
        ((name, asked),) = recording.state.questions.items()
        assert (asked.text, asked.step, asked.source) == ("Go on?", "ask", ("run",))
        assert recording.state.phase == "waiting"
        assert steps_of(recording)["ask"].waiting == 1
        handler.ctx.send_event(HumanResponseEvent(response="yes"))
        assert await handler == "yes"
    assert recording.state.questions == {}
    ends = [one for one in recording if isinstance(one, QuestionRecord)]
    assert [(one.question, one.phase) for one in ends] == [
        (name, "waiting"),
        (name, "done"),
    ]


@pytest.mark.parametrize("end", ["limit", "cancel", "step"])
async def test_question_without_an_answer_is_closed(end: str) -> None:
    """A question is over when its time is up, and when nobody waits for its answer."""
    with record() as recording:
        handler = Asking().run(secret=False, limit=5 if end == "limit" else None)
        await asyncio.sleep(1)
        assert len(recording.state.questions) == 1
        if end == "cancel":
            await handler.cancel_run()
        elif end == "step":
            handler.ctx.cancel_step("ask")
        await asyncio.sleep(9)
        assert recording.state.questions == {}
    told_ends = [one.phase for one in recording if isinstance(one, QuestionRecord)]
    assert (
        told_ends[1:] == {"limit": ["failed"], "cancel": [], "step": ["cancelled"]}[end]
    )
    await handler.cancel_run()
    handler.exception()


async def test_question_that_a_step_returns() -> None:
    """A question that a step returns is told, too, and the answer closes it."""
    with record() as recording:
        handler = Mailing().run(secret=False)
        await asyncio.sleep(1)
        (asked,) = recording.state.questions.values()
        assert (asked.text, asked.step) == ("Password?", "ask")
        handler.ctx.send_event(HumanResponseEvent(response="abc"))
        assert await handler == 3
    assert recording.state.questions == {}


@pytest.mark.parametrize("kind", [Asking, Mailing])
@pytest.mark.parametrize("secret", [True, False])
async def test_answer_to_a_secret_question_is_never_told(
    kind: type[Workflow], *, secret: bool
) -> None:
    """What a person answers to a secret question is dots wherever there is text."""
    with record() as recording:
        handler = kind().run(secret=secret, limit=None)
        await asyncio.sleep(1)
        answer = HumanResponseEvent(response="hunter2")
        handler.ctx.send_event(answer)
        await handler
    if kind is Mailing:
        given = [one.shown for one in recording if isinstance(one, StepRecord)][-1]
        shown = "•••" if secret else "hunter2"
        assert given == (
            f"HumanResponseEvent(response='{shown}')",
            "StopEvent(result=7)",
        )
        assert (recording.find("hunter2") is None) == secret
    assert answer.response == "hunter2"
    assert ("hunter2" in repr(answer)) != secret


async def test_questions_of_a_restored_run_are_open() -> None:
    """A run that goes on from a snapshot asks again, and is told to wait."""
    asking = Mailing()
    handler = asking.run(secret=False)
    await asyncio.sleep(1)
    ctx = Context.from_dict(asking, handler.ctx.to_dict())
    await handler.cancel_run()
    with record() as recording:
        again = asking.run(ctx=ctx)
        await asyncio.sleep(1)
        assert [one.text for one in recording.state.questions.values()] == ["Password?"]
        again.ctx.send_event(HumanResponseEvent(response="abc"))
        assert await again == 3
    assert recording.state.questions == {}


# -- coming late


async def test_late_recording_of_a_run_knows_what_it_did() -> None:
    """A recording that comes in the middle has the counts, and goes on with them."""
    handler = Fan().run(count=5, run_id="fan")
    await asyncio.sleep(2.5)
    recording = record(handler)
    run = recording.state.workflows["fan",]
    work = run.steps["work"]
    assert (work.done, work.running, work.queued) == (4, 1, 0)
    assert run.edges == handler.graph().edge_counts
    assert run.graph == Fan.graph().to_dict()
    (call,) = run.calls.values()
    assert call.record.shown == ("Go(n=4)", None)
    assert await handler == 5
    await asyncio.sleep(0)
    assert not recording.listens
    run = recording.state.workflows["fan",]
    assert (run.phase, run.steps["work"].done, run.calls) == ("done", 5, {})
    assert run.edges == handler.graph().edge_counts


@pytest.mark.parametrize("when", [0, 0.5])
async def test_late_recording_of_a_run_that_was_told_already(when: float) -> None:
    """A recording that comes late disturbs none that was there before."""
    with record() as first:
        handler = Fan().run(count=5, run_id="fan")
        await asyncio.sleep(when)
        second = record(handler)
        assert await handler == 5
    await asyncio.sleep(0)
    for recording in (first, second):
        run = recording.state.workflows["fan",]
        assert {name: one.done for name, one in run.steps.items()} == {
            "scatter": 1,
            "work": 5,
            "gather": 5,
        }
        assert (run.calls, run.phase) == ({}, "done")
    calls = {one.call for one in first if isinstance(one, StepRecord)}
    assert calls == set(range(1, 12))


async def test_late_recording_of_what_waits_and_what_is_retried() -> None:
    """Calls that wait and calls to be tried again are known to one who comes late."""
    asking = Asking().run(secret=False, limit=None, run_id="asking")
    flaky = Flaky().run(fails=2, run_id="flaky")
    await asyncio.sleep(0.5)
    with record(asking) as first, record(flaky) as second:
        assert first.state.workflows["asking",].steps["ask"].waiting == 1
        assert [one.text for one in first.state.questions.values()] == ["Go on?"]
        begin = second.state.workflows["flaky",].steps["begin"]
        assert (begin.retrying, begin.retried) == (1, 1)
        asking.ctx.send_event(HumanResponseEvent(response="yes"))
        assert [await asking, await flaky] == ["yes", 2]
        begin = second.state.workflows["flaky",].steps["begin"]
        assert (begin.retrying, begin.retried, begin.done) == (0, 2, 1)
        ask = first.state.workflows["asking",].steps["ask"]
        assert (ask.waiting, ask.done) == (0, 1)
        assert first.state.questions == {}


@pytest.mark.parametrize("watched", [True, False])
@pytest.mark.parametrize("how", ["done", "failed", "cancelled"])
async def test_recording_of_a_run_that_has_ended(how: str, *, watched: bool) -> None:
    """A recording of a run that is over has what it came to."""
    seen: list[Record] = []
    handle = add_hook(seen.append, StepRecord) if watched else None
    if how == "cancelled":
        handler = Fan().run(count=5, run_id="run")
        await asyncio.sleep(1.5)
        await handler.cancel_run()
    else:
        handler = Flaky().run(fails=9 if how == "failed" else 1, run_id="run")
        await asyncio.sleep(5)
    if handle is not None:
        handle.remove()
    recording = record(handler)
    await asyncio.sleep(0)
    run = recording.state.workflows["run",]
    assert (run.phase, recording.listens) == (how, False)
    assert run.edges == handler.graph().edge_counts
    graph = handler.graph()
    assert graph.counts is not None
    assert {
        name: (one.done, one.failed, one.retried) for name, one in run.steps.items()
    } == {
        name: (one.done, one.failed, one.retries) for name, one in graph.counts.items()
    }
    assert ((run.error or "").startswith("ValueError(2)")) == (how == "failed")


async def test_run_that_nobody_records_tells_nothing() -> None:
    """A run without anybody who wants to know has nobody who tells."""
    handler = Fan().run(count=5)
    assert handler._run.teller is None
    await handler
    with record():
        assert Fan().run(count=1)._run.teller is not None


# -- graphs


async def test_graph_of_a_loaded_recording(tmp_path: Path) -> None:
    """A recording draws its run at any moment, also where the class is not known."""
    with record() as recording:
        handler = Fan().run(count=5, run_id="fan")
        await asyncio.sleep(1.5)
        now = recording.ended
        before = str(handler.graph())
        await handler
    loaded = load_recording(recording.export(tmp_path / "fan.jsonl.gz"))
    assert now is not None
    then = recorded_graph(loaded.state_at(now).workflows["fan",])
    assert str(then) == before
    last = recorded_graph(loaded.state.workflows["fan",])
    assert (last.nodes, last.edges) == (Fan.graph().nodes, Fan.graph().edges)
    assert last.edge_counts == handler.graph().edge_counts
    assert last.to_svg().startswith("<svg ")


async def test_graph_without_a_beginning() -> None:
    """Of a run whose beginning was dropped the steps that are known are drawn."""
    recording = Recording()
    recording.add(
        StepRecord(
            at=1,
            source=("a",),
            phase="done",
            step="read",
            call=1,
            began=0,
            given="Page",
        )
    )
    graph = recorded_graph(only_run(recording))
    assert [node.id for node in graph.nodes] == ["read"]


def test_graph_from_its_data() -> None:
    """A graph comes back from its data as it was."""
    for kind in (Fan, Flaky, Asking, Mailing, Outer):
        graph = kind.graph()
        assert WorkflowGraph.from_dict(graph.to_dict()) == graph


async def test_graph_with_counts_from_its_data() -> None:
    """A graph with counts comes back with them."""
    handler = Fan().run(count=5)
    await handler
    graph = handler.graph()
    assert WorkflowGraph.from_dict(graph.to_dict()) == graph


@pytest.mark.parametrize(
    "data", [{}, {"name": "A", "nodes": [1], "edges": []}, {"name": "A", "nodes": 3}]
)
def test_data_that_is_no_graph(data: dict[str, Any]) -> None:
    """Data that is no graph is refused."""
    with pytest.raises(
        ValueError, match=r"this is no graph as `WorkflowGraph\.to_dict`"
    ):
        WorkflowGraph.from_dict(data)


def test_graph_of_a_newer_version() -> None:
    """Nodes of an unknown kind, and fields that are not known, do no harm."""
    node = {"id": "a", "label": "a", "node_type": "tool", "colour": "red"}
    graph = WorkflowGraph.from_dict({"name": "A", "nodes": [node], "edges": []})
    assert [(one.id, one.node_type) for one in graph.nodes] == [("a", "tool")]


async def test_graph_that_cannot_be_made_does_no_harm(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A run goes on where its graph cannot be made, and that is logged."""

    class Odd(Workflow):
        @step
        async def begin(self, _: StartEvent) -> StopEvent:
            return StopEvent(result=1)

    def fail() -> None:
        raise ValueError("no graph")

    monkeypatch.setattr(Odd, "graph", fail)
    with told(WorkflowRecord) as records:
        assert await Odd().run() == 1
    assert [one.graph for one in records] == [None, None]
    (logged,) = caplog.records
    assert logged.getMessage() == "the graph of Odd cannot be made"


@pytest.mark.parametrize("how", WAYS)
async def test_recorded_run_is_freed(how: str) -> None:
    """What a recorded run has used is freed by reference counts alone."""
    gc.collect()
    gc.disable()
    try:
        seen: list[Any] = []
        with record() as recording:
            await run_to_the_end(Ends(seen), how)
            await asyncio.sleep(1)
            gone = alive(seen)
        assert gone == []
        assert len(recording) > 0
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("taken", "queued"),
    [(169, 35), (134, 0), (100, 0), (0, 168)],
)
def test_events_that_calls_have_begun_with_wait_no_more(
    taken: int, queued: int
) -> None:
    """Queues are told less often than calls; what calls have taken is taken off."""
    step = StepState(queued=168, running=8, done=126)
    edges = {("File", "measure"): taken} if taken else {}
    run = WorkflowState(name="Usage", steps={"measure": step}, edges=edges)
    counts = recorded_graph(run).counts
    assert counts is not None
    assert counts["measure"].queued == queued


class Holding(Workflow):
    """Begins three calls, of which the second holds the loop for a while."""

    @step
    async def scatter(self, ctx: Context, ev: StartEvent) -> Go | None:  # noqa: ARG002
        """Send the events."""
        for n in range(3):
            ctx.send_event(Go(n=n))

    @step(num_workers=3)
    async def work(self, ev: Go) -> StopEvent | None:
        """Hold the loop, or wait."""
        if ev.n == 1:
            time.sleep(0.1)  # noqa: ASYNC251
            return None
        await asyncio.sleep(1)
        return StopEvent() if ev.n == 2 else None


async def test_moment_at_which_the_loop_is_held_has_what_goes_on() -> None:
    """Records come in the order of their times, also around a call that holds all."""
    with record() as recording:
        await Holding().run()
    steps = [one for one in recording if isinstance(one, StepRecord)]
    times = [one.at for one in steps]
    assert times == sorted(times)
    held = next(one for one in steps if one.call == 3 and one.phase == "done")
    (flow,) = recording.state_at(held.at - 0.05).workflows.values()
    assert flow.steps["work"].running == 2
