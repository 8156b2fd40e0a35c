"""Random workflows on the virtual clock, held against what their plan says."""

# ruff: noqa: ARG002 - the parameters of a step say when it is called

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import event as note
from hypothesis import given, settings
from hypothesis import strategies as st

from notebook_async.testing import VirtualClockLoop
from notebook_async.workflow import (
    Context,
    Event,
    InputRequiredEvent,
    StartEvent,
    StopEvent,
    Workflow,
    WorkflowCancelledByUser,
    WorkflowRuntimeError,
    WorkflowTimeoutError,
    step,
)
from notebook_async.workflow.events import InternalDispatchEvent
from notebook_async.workflow.retry_policy import ConstantDelayRetryPolicy
from tests.workflow.plans import Question, World, answer_to, doings, plans

if TYPE_CHECKING:
    from notebook_async.workflow import WorkflowHandler
    from tests.workflow.plans import Plan, Spec


class Part(Event):
    """One event."""


class Part2(Event):
    """Another."""


EXAMPLES = 200
LONG = 5000.0


@dataclass(frozen=True)
class Around:
    """What happens around a run."""

    what: str = "nothing"
    at: float = 0.0
    pauses: tuple[float, ...] = (0.0,)
    outside: bool = False
    checkpoint: float | None = None
    internal: bool = False


AROUND = st.builds(
    Around,
    what=st.sampled_from(
        ["nothing", "nothing", "cancel", "cancel_step", "stop", "leave", "cancel_run"]
    ),
    at=st.sampled_from([0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.25, 3.0, 5.0]),
    pauses=st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=1).map(tuple),
    outside=st.booleans(),
    checkpoint=st.sampled_from([None, None, 0.0, 0.25]),
    internal=st.booleans(),
)
CALM = st.builds(
    Around,
    pauses=st.lists(st.sampled_from([0.0, 0.5]), min_size=1).map(tuple),
    internal=st.booleans(),
)


class Stage:
    """One run of a plan, with all who watch and disturb it."""

    def __init__(self, plan: Plan, around: Around) -> None:
        self.plan, self.around = plan, around
        self.world = World()
        self.streams: list[list[Event]] = []
        self.loop_errors: list[dict[str, Any]] = []
        self.outcome: Any = None
        self.ended_at = 0.0

    def play(self) -> None:
        """Run it to its end, and see that nothing is left."""
        with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
            loop = runner.get_loop()
            loop.set_exception_handler(lambda _, told: self.loop_errors.append(told))
            runner.run(self._main())
            timers: list[Any] = loop._scheduled  # type: ignore[attr-defined]
            assert [timer for timer in timers if not timer.cancelled()] == []
            gc.collect(1)
        assert self.loop_errors == []

    async def _main(self) -> None:
        options: dict[str, Any] = {}
        if self.around.checkpoint is not None:
            options["checkpoint_callback"] = self._keep
        workflow = self.plan.build(self.world, timeout=LONG)
        handler = workflow.run(**options)
        if self.around.outside:
            handler.ctx  # noqa: B018 - from now on somebody could send events
        ours = [
            asyncio.create_task(self._answer(handler)),
            asyncio.create_task(self._read(handler, 0.0)),
            asyncio.create_task(self._read(handler, 1.25)),
        ]
        waiting = asyncio.ensure_future(self._result(handler))
        disturbing = asyncio.create_task(self._disturb(handler, waiting))
        (self.outcome,) = await asyncio.gather(waiting, return_exceptions=True)
        self.world.over = True
        self.ended_at = asyncio.get_running_loop().time()
        # It may have failed in the moment in which nobody waited any more.
        assert handler.is_done()
        handler._result.exception()
        async with asyncio.timeout(100):
            await asyncio.gather(*ours, disturbing)
            await self._read(handler, 0.0)
        self.counts = handler.graph().counts
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert left == set()

    async def _result(self, handler: WorkflowHandler) -> Any:  # noqa: ANN401
        return await handler

    async def _keep(self, **told: object) -> None:
        assert told["last_completed_step"]
        await asyncio.sleep(self.around.checkpoint or 0.0)

    async def _read(self, handler: WorkflowHandler, late: float) -> None:
        await asyncio.sleep(late)
        # A reader of the internals sees them from its beginning on.
        internal = self.around.internal and not late
        seen = [event async for event in handler.stream_events(internal)]
        self.streams.append(
            [one for one in seen if not isinstance(one, InternalDispatchEvent)]
        )

    async def _answer(self, handler: WorkflowHandler) -> None:
        answers: list[asyncio.Task[None]] = []
        async for event in handler.stream_events():
            if isinstance(event, Question):
                pause = self.around.pauses[len(answers) % len(self.around.pauses)]
                reply = self._reply(handler, event, pause)
                answers.append(asyncio.create_task(reply))
        await asyncio.gather(*answers)

    async def _reply(
        self, handler: WorkflowHandler, question: Question, pause: float
    ) -> None:
        await asyncio.sleep(pause)
        # Not `handler.ctx`, which tells the run that there is somebody outside.
        handler._context.send_event(answer_to(question))

    async def _disturb(
        self, handler: WorkflowHandler, waiting: asyncio.Future[Any]
    ) -> None:
        what = self.around.what
        await asyncio.sleep(self.around.at)
        if what == "cancel":
            handler.cancel()
        elif what == "cancel_run":
            await handler.cancel_run()
        elif what == "cancel_step":
            names = [spec.name for spec in self.plan.specs]
            handler._context.cancel_step(names[self.plan.seed % len(names)])
        elif what == "stop":
            handler._context.send_event(StopEvent(result="stopped"))
        elif what == "leave":
            waiting.cancel()

    # -- what must hold

    def check(self) -> None:
        """Hold what was seen against the plan."""
        world = self.world
        assert world.wrong == []
        assert +world.running == Counter()
        self._check_streams()
        self._check_order()
        for call, begins in world.begins.items():
            assert begins <= 1 + world.failures[call] or not call[1], call
        end = self._check_end()
        note(f"{self.around.what}: {end}")
        if end == "quiet" and self.around.what != "cancel_step":
            self._check_all_was_done()

    def _check_streams(self) -> None:
        assert len(self.streams) == 3
        assert self.streams[0] == self.streams[1] == self.streams[2]
        assert isinstance(self.streams[0][-1], StopEvent)
        assert sum(isinstance(one, StopEvent) for one in self.streams[0]) == 1

    def _check_order(self) -> None:
        """First attempts begin in the order in which their events came."""
        unordered = {spec.makes for spec in self.plan.specs if spec.does.sync}
        for spec in self.plan.specs:
            kind = spec.takes[0]
            if spec.shape in ("join", "gather") or spec.does.sync or kind in unordered:
                continue
            came = {uid: place for place, uid in enumerate(self.world.routed[kind])}
            places = [came[uid] for uid in self.world.first_begins[spec.name]]
            assert places == sorted(places), spec

    def _check_end(self) -> str:
        """See that the run ended as it had to; return how."""
        what, outcome = self.around.what, self.outcome
        expected = self.plan.expected()
        if isinstance(outcome, WorkflowCancelledByUser):
            assert what in ("cancel", "cancel_run")
            return "cancelled"
        if isinstance(outcome, asyncio.CancelledError):
            assert what == "leave"
            return "left"
        if outcome == "stopped":
            assert what == "stop"
            return "stopped"
        if isinstance(outcome, WorkflowTimeoutError):
            # A thread lets go of its context only after the clock may have jumped.
            assert self.around.outside or any(x.does.sync for x in self.plan.specs)
            assert not self.plan.stops or not expected or what == "cancel_step"
            return "quiet"
        if isinstance(outcome, WorkflowRuntimeError):
            assert not self.around.outside
            assert "nothing left to do" in str(outcome)
            assert not self.plan.stops or not expected or what == "cancel_step"
            return "quiet"
        assert isinstance(outcome, list), outcome
        assert self.plan.stops
        assert what == "cancel_step" or outcome == expected
        return "done"

    def _check_all_was_done(self) -> None:
        """With nothing to cut it short, each event went to all who take it, once."""
        world, plan = self.world, self.plan
        assert sorted(world.finals) == plan.expected()
        for uid in world.routed[plan.last]:
            assert world.finished["final", (uid,)] == 1
        for spec in plan.specs:
            calls = {
                call: count
                for call, count in world.finished.items()
                if call[0] == spec.name
            }
            self._check_step(spec, calls)
            told = self.counts[spec.name]
            failures = [n for call, n in world.failures.items() if call[0] == spec.name]
            assert (told.done, told.failed) == (sum(calls.values()), 0)
            assert told.retries == sum(failures)

    def _check_step(self, spec: Spec, calls: dict[Any, int]) -> None:
        world = self.world
        used = Counter(uid for (_, uids), n in calls.items() for uid in uids * n)
        assert set(used.values()) <= {1}
        routed = [set(world.routed[kind]) for kind in spec.takes]
        if spec.shape == "join":
            assert used.keys() <= routed[0] | routed[1]
        elif spec.shape == "gather" and spec.element.take:
            assert used.keys() <= routed[0]
        else:
            assert used.keys() == routed[0]


@settings(max_examples=EXAMPLES, deadline=None)
@given(plan=plans(doings()), around=AROUND)
def test_any_workflow_in_any_weather(plan: Plan, around: Around) -> None:
    """Nothing is lost, doubled, overtaken or left behind, however a run ends."""
    stage = Stage(plan, around)
    stage.play()
    stage.check()


@settings(max_examples=EXAMPLES // 5, deadline=None)
@given(plan=plans(doings(sync=True)), around=CALM)
def test_steps_in_threads(plan: Plan, around: Around) -> None:
    """Steps without `async` do the same as others."""
    stage = Stage(plan, around)
    stage.play()
    stage.check()


# -- what the search has found, each in its smallest form


class Hasty(Workflow):
    """Ends the run, and returns something all the same."""

    began_after_the_end = False

    @step
    async def end(self, ctx: Context, ev: StartEvent) -> Part | StopEvent:
        """Send the end first."""
        if ev.cancels:
            self.handler.cancel()
        else:
            ctx.send_event(StopEvent(result="end"))
        return Part()

    @step
    async def late(self, ev: Part) -> None:
        """Begin too late."""
        self.began_after_the_end = True


@pytest.mark.parametrize("cancels", [True, False])
async def test_nothing_begins_after_the_end(*, cancels: bool) -> None:
    """What a step returns after the end of its run goes nowhere."""
    workflow = Hasty()
    workflow.handler = workflow.run(cancels=cancels)
    (outcome,) = await asyncio.gather(workflow.handler, return_exceptions=True)
    assert cancels == isinstance(outcome, WorkflowCancelledByUser)
    assert not workflow.began_after_the_end


class Stuck(Workflow):
    """Fails once, and then leads nowhere."""

    @step(retry_policy=ConstantDelayRetryPolicy(2, 1))
    async def work(self, ctx: Context, ev: StartEvent) -> StopEvent | None:
        """Return nothing the second time."""
        if not ctx.retry_info().retry_number:
            raise ValueError


async def test_stuck_run_with_a_retry_behind_it_ends_at_once() -> None:
    """What an attempt raised does not keep its context, and with it the run, alive."""
    with pytest.raises(WorkflowRuntimeError, match="nothing left to do"):
        await Stuck().run()
    assert asyncio.get_running_loop().time() == 1.0


class Chatty(Workflow):
    """Says something while it is cancelled."""

    @step
    async def split(self, ctx: Context, ev: StartEvent) -> Part | Part2:
        """Begin both."""
        ctx.send_event(Part())
        return Part2()

    @step
    async def talk(self, ctx: Context, ev: Part) -> None:
        """Talk, and ask, when it is too late."""
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            ctx.write_event_to_stream(Part())
            ctx.write_event_to_stream(InputRequiredEvent(prefix="?"))
            raise

    @step
    async def end(self, ev: Part2) -> StopEvent:
        """End after a second."""
        await asyncio.sleep(1)
        return StopEvent()


@pytest.mark.parametrize("seconds", [None, 5, 20])
async def test_the_end_is_the_last_event(seconds: float | None) -> None:
    """Nothing comes after it, however long the last checkpoint takes."""
    options: dict[str, Any] = {}
    if seconds is not None:

        async def keep(**_: object) -> None:
            await asyncio.sleep(seconds)

        options["checkpoint_callback"] = keep
    handler = Chatty().run(**options)
    assert [type(event) async for event in handler.stream_events()] == [StopEvent]
    await handler
