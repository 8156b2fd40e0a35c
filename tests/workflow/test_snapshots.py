"""A run as data: at any moment it can be put down, and goes on as if nothing were."""

# ruff: noqa: ARG002 - the parameters of a step say when it is called

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from notebook_async.testing import VirtualClockLoop
from notebook_async.workflow import (
    Context,
    Event,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StepFailedEvent,
    StopEvent,
    Workflow,
    WorkflowCancelledByUser,
    WorkflowRuntimeError,
    WorkflowTimeoutError,
    catch_error,
    step,
)
from notebook_async.workflow.collect import Collect, Take
from notebook_async.workflow.errors import ContextSerdeError
from notebook_async.workflow.retry_policy import ConstantDelayRetryPolicy
from tests.workflow.plans import Question, World, answer_to, doings, plans

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.workflow import WorkflowHandler
    from tests.workflow.plans import Plan

EXAMPLES = 60
FAR = 1_000_000
PAUSES = st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=4)


# -- random workflows


@dataclass
class Moment:
    """A run at one moment, and what had happened until then."""

    data: str
    finished: Counter[Any]
    failures: Counter[Any]
    answered: set[tuple[int, int]]
    generation: int


class Recorder:
    """Runs a plan, and puts it down at every moment."""

    def __init__(
        self, plan: Plan, pauses: list[float], before: Moment | None = None
    ) -> None:
        self.plan, self.pauses = plan, pauses
        self.world = World(1)
        self.before = before
        self.generation = 0
        if before is not None:
            self.generation = before.generation + 1
            self.world = World(1 + FAR * self.generation)
            # Their attempts are counted on.
            self.world.failures.update(before.failures)
        self.moments: dict[str, Moment] = {}
        self.asked: list[tuple[int, int]] = []

    def play(self, until: int | None = None) -> Any:  # noqa: ANN401
        """Run it to the end, or until that many moments are kept."""
        with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
            return runner.run(self._main(until))

    async def _main(self, until: int | None) -> Any:  # noqa: ANN401
        workflow = self.plan.build(self.world, timeout=5000)
        ctx = None
        if self.before is not None:
            ctx = Context.from_dict(workflow, json.loads(self.before.data))
        handler = workflow.run(ctx=ctx, checkpoint_callback=self._finished)
        helpers = [
            asyncio.create_task(self._sample(handler, until)),
            asyncio.create_task(self._answer(handler)),
        ]
        (outcome,) = await asyncio.gather(handler, return_exceptions=True)
        await asyncio.gather(*helpers)
        assert self.world.wrong == []
        if isinstance(outcome, WorkflowRuntimeError | WorkflowTimeoutError):
            return "stuck"
        return outcome

    async def _finished(self, *, ctx: Context[Any], **told: object) -> None:
        del told
        self._keep(ctx)

    async def _sample(self, handler: WorkflowHandler, until: int | None) -> None:
        while not handler.is_done() and asyncio.get_running_loop().time() < 100:
            # Also between what happens at the same time.
            for _ in range(4):
                self._keep(handler._context)
                if until is not None and len(self.moments) > until:
                    await handler.cancel_run()
                    return
                await asyncio.sleep(0)
            await asyncio.sleep(0.25)

    def _keep(self, ctx: Context[Any]) -> None:
        if not ctx.is_running:
            return
        text = json.dumps(ctx.to_dict())
        finished, answered = Counter(self.world.finished), set(self.world.answered)
        if self.before is not None:
            finished += self.before.finished
            answered |= self.before.answered
        failures = Counter(self.world.failures)
        moment = Moment(text, finished, failures, answered, self.generation)
        self.moments.setdefault(re.sub(r'"elapsed": [^,]*', "", text), moment)

    async def _answer(self, handler: WorkflowHandler) -> None:
        replies = []
        async for event in handler.stream_events():
            if isinstance(event, Question):
                pause = self.pauses[len(self.asked) % len(self.pauses)]
                self.asked.append((event.about, event.number))
                replies.append(asyncio.create_task(self._reply(handler, event, pause)))
        await asyncio.gather(*replies)

    async def _reply(
        self, handler: WorkflowHandler, question: Question, pause: float
    ) -> None:
        await asyncio.sleep(pause)
        handler._context.send_event(answer_to(question))


def check_resumed(moment: Moment, resumed: Recorder) -> None:
    """See that nothing was done, and nobody asked, again."""
    world = resumed.world
    again = [call for call in world.begins if call in moment.finished and call[1]]
    assert again == []
    # Calls that are given no events cannot be told from each other.
    told = [one for one in resumed.asked if one[0] >= 1000]
    assert set(told) & moment.answered == set()
    assert len(set(told)) == len(told)
    for call, failures in world.failures.items():
        if call[1] and call in world.finished:
            assert failures == world.begins[call] - 1 + moment.failures[call]


@settings(max_examples=EXAMPLES, deadline=None)
@given(plan=plans(doings(plain=True), depth=1), pauses=PAUSES)
def test_any_moment_leads_to_the_same_end(plan: Plan, pauses: list[float]) -> None:
    """Put down anywhere and taken up, a run ends as the undisturbed one does."""
    plan.stops = True
    expected = plan.expected() or "stuck"
    undisturbed = Recorder(plan, pauses)
    assert undisturbed.play() == expected
    assert len(undisturbed.moments) > 1
    for moment in undisturbed.moments.values():
        resumed = Recorder(plan, pauses, moment)
        assert resumed.play() == expected
        check_resumed(moment, resumed)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    plan=plans(doings(plain=True)),
    pauses=PAUSES,
    stops=st.lists(st.integers(0, 12), max_size=8),
)
def test_run_taken_up_again_and_again(
    plan: Plan, pauses: list[float], stops: list[int]
) -> None:
    """A run may be put down any number of times."""
    plan.stops = True
    expected = plan.expected() or "stuck"
    moment = None
    for until in [*stops, None]:
        recorder = Recorder(plan, pauses, moment)
        outcome = recorder.play(until)
        if moment is not None:
            check_resumed(moment, recorder)
        if outcome in (expected, "stuck"):
            break
        assert isinstance(outcome, WorkflowCancelledByUser)
        *_, moment = recorder.moments.values()
    assert outcome == expected


# -- what a snapshot holds


class Part(Event):
    """One of several."""

    n: int


class Other(Event):
    """Something else."""

    n: int = 0


class StepDone(Event):
    """What a step has made."""

    n: int


class Local2(Event):
    """Holds an event of another class."""

    inner: Event


class Reply(HumanResponseEvent):
    """An answer."""


def through_json(data: dict[str, Any]) -> dict[str, Any]:
    """Return data as another process would read it."""
    copy: dict[str, Any] = json.loads(json.dumps(data))
    return copy


async def put_down(handler: WorkflowHandler, at: float) -> dict[str, Any]:
    """Let a run go on until some moment, and end it; return it as it was."""
    await asyncio.sleep(at - asyncio.get_running_loop().time())
    data = through_json(handler._context.to_dict())
    await handler.cancel_run()
    return data


def take_up(workflow: Workflow, data: dict[str, Any]) -> WorkflowHandler:
    """Let a run go on."""
    return workflow.run(ctx=Context.from_dict(workflow, data))


class Gather(Workflow):
    """Gathers one after the other, and takes its time with it."""

    @step
    async def scatter(self, ctx: Context, ev: StartEvent) -> Part | None:
        """Send three parts."""
        for n in range(3):
            ctx.send_event(Part(n=n))

    @step(num_workers=1)
    async def gather(self, ctx: Context, ev: Part) -> StopEvent | None:
        """Wait with what has come, as for a model's answer."""
        parts = ctx.collect_events(ev, [Part] * 3)
        await asyncio.sleep(1)
        if parts is None:
            return None
        return StopEvent(result=[part.n for part in parts])


@pytest.mark.parametrize("at", [0.5, 1.5, 2.5])
async def test_collected_events_are_neither_doubled_nor_lost(at: float) -> None:
    """A call that had collected before it was put down does not collect twice."""
    data = await put_down(Gather().run(), at)
    assert await take_up(Gather(), data) == [0, 1, 2]


class Meet(Workflow):
    """Two events make one."""

    @step
    async def begin(self, ctx: Context, ev: StartEvent) -> Part | Other:
        """Send one kind, return the other."""
        ctx.send_event(Part(n=1))
        return Other(n=2)

    @step
    async def slow(self, ev: Other) -> StepDone:
        """Take a second."""
        await asyncio.sleep(1)
        return StepDone(n=ev.n)

    @step
    async def meet(self, one: Part, two: StepDone) -> StopEvent:
        """Take one of each."""
        return StopEvent(result=(one.n, two.n))


async def test_half_a_join_is_kept() -> None:
    """An event that waits for its partner is still there."""
    data = await put_down(Meet().run(), 0.5)
    assert await take_up(Meet(), data) == (1, 2)


class Few(Workflow):
    """Three take one, two and three seconds; as soon as some are done it goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.gathered: list[list[int]] = []

    @step
    async def split(self, ev: StartEvent) -> list[Part]:
        """Send three."""
        return [Part(n=n) for n in (1, 2, 3)]

    @step
    async def work(self, ev: Part) -> Other:
        """Take a while."""
        await asyncio.sleep(ev.n)
        return Other(n=ev.n)

    @step
    async def some(self, evs: Annotated[list[Other], Collect(Take(2))]) -> StepDone:
        """Take the first two."""
        self.gathered.append([ev.n for ev in evs])
        await asyncio.sleep(10)
        return StepDone(n=sum(ev.n for ev in evs))

    @step
    async def end(self, ev: StepDone) -> StopEvent:
        """End."""
        return StopEvent(result=ev.n)


@pytest.mark.parametrize(
    ("at", "before", "after"),
    [(0.5, [], [[1, 2]]), (1.5, [], [[1, 2]]), (2.5, [[1, 2]], [[1, 2]])],
)
async def test_gathered_events_are_kept(
    at: float, before: list[list[int]], after: list[list[int]]
) -> None:
    """What was gathered is still there, and a step that has all it takes is done.

    The one under way at 2.5 is called again, but only once: the third comes too late.
    """
    workflow = Few()
    data = await put_down(workflow.run(), at)
    assert workflow.gathered == before
    workflow = Few()
    assert await take_up(workflow, data) == 3
    assert workflow.gathered == after


class Stubborn(Workflow):
    """Fails twice, and says what it was told."""

    @step(retry_policy=ConstantDelayRetryPolicy(3, 2))
    async def work(self, ctx: Context, ev: StartEvent) -> StopEvent:
        """Fail until the third attempt."""
        info = ctx.retry_info()
        if info.retry_number < 2:
            raise ValueError(info.retry_number)
        error = info.last_exception
        return StopEvent(result=(info.retry_number, type(error).__name__, str(error)))


@pytest.mark.parametrize("at", [1.0, 3.0])
async def test_attempts_are_counted_on(at: float) -> None:
    """A retry after a restore knows how many there were before, and what failed."""
    data = await put_down(Stubborn().run(), at)
    assert await take_up(Stubborn(), data) == (2, "ValueError", "1")


class Mended(Workflow):
    """Whatever fails is tried once more by another step."""

    @step
    async def work(self, ev: StartEvent | Part) -> StopEvent:
        """Fail after a second."""
        await asyncio.sleep(1)
        raise ValueError("again")

    @catch_error(max_recoveries=2)
    async def mend(self, ev: StepFailedEvent) -> Part:
        """Send it back."""
        await asyncio.sleep(1)
        return Part(n=type(ev.exception).__name__ == "ValueError")


@pytest.mark.parametrize("at", [0.5, 1.5, 2.5, 3.5, 4.5])
async def test_budget_of_a_handler_is_kept(at: float) -> None:
    """A restore gives no failure handler a new budget: five seconds, one way or other.

    Each put-down within a second costs the part of it that was done.
    """
    data = await put_down(Mended().run(), at)
    with pytest.raises(ValueError, match="again"):
        await take_up(Mended(), data)
    assert asyncio.get_running_loop().time() == 5.5


class Settings(BaseModel):
    """A state of its own kind."""

    seen: list[int] = []
    name: str = ""


class Stateful(Workflow):
    """Keeps something."""

    @step
    async def keep(self, ctx: Context[Settings], ev: StartEvent) -> Part:
        """Write."""
        async with ctx.store.edit_state() as state:
            state.seen.append(1)
            state.name = "Ada"
        return Part(n=1)

    @step
    async def tell(self, ctx: Context[Settings], ev: Part) -> StopEvent:
        """Read, after a second."""
        await asyncio.sleep(1)
        return StopEvent(result=await ctx.store.get_state())


async def test_state_is_kept() -> None:
    """The store comes back with its model."""
    data = await put_down(Stateful().run(), 0.5)
    assert await take_up(Stateful(), data) == Settings(seen=[1], name="Ada")


async def test_state_may_be_left_out() -> None:
    """Without state the run begins with a fresh one."""
    handler = Stateful().run()
    await asyncio.sleep(0.5)
    data = through_json(handler.ctx.to_dict(include_state=False))
    await handler.cancel_run()
    assert await take_up(Stateful(), data) == Settings()


async def test_state_of_an_ended_run_is_all_there_is_of_it() -> None:
    """A context of a run that has ended begins anew, with its state."""
    handler = Stateful().run()
    await handler
    data = through_json(handler.ctx.to_dict())
    assert data["is_running"] is False
    assert await take_up(Stateful(), data) == Settings(seen=[1, 1], name="Ada")


async def test_used_time_is_counted_on() -> None:
    """The time-out does not begin anew."""
    data = await put_down(Stateful(timeout=1.25).run(), 0.75)
    with pytest.raises(WorkflowTimeoutError, match=r"after 1\.25 seconds"):
        await take_up(Stateful(timeout=1.25), data)
    assert asyncio.get_running_loop().time() == 1.25


# -- questions


class Ask(Workflow):
    """Asks twice, with a second between."""

    @step
    async def ask(self, ctx: Context, ev: StartEvent) -> Part:
        """Ask and ask again."""
        first = await ctx.wait_for_event(Reply, InputRequiredEvent(prefix="1"))
        second = await ctx.wait_for_event(Reply, InputRequiredEvent(prefix="2"))
        return Part(n=first.n * 10 + second.n)

    @step
    async def more(self, ctx: Context, ev: Part) -> StopEvent:
        """Ask once more, later."""
        await asyncio.sleep(1)
        third = await ctx.wait_for_event(Reply, InputRequiredEvent(prefix="3"))
        return StopEvent(result=ev.n * 10 + third.n)


async def questions_of(
    handler: WorkflowHandler, answers: list[int]
) -> list[InputRequiredEvent]:
    """Answer by id as often as there are answers, one second each; return what came."""
    seen: list[InputRequiredEvent] = []
    async for event in handler.stream_events():
        if isinstance(event, InputRequiredEvent):
            seen.append(event)
            if len(seen) > len(answers):
                break
            await asyncio.sleep(1)
            reply = Reply(n=answers[len(seen) - 1], question_id=event.question_id)
            await handler.send_event(reply)
    return seen


@pytest.mark.parametrize("answered", [0, 1, 2])
@pytest.mark.parametrize("same", [True, False])
async def test_open_questions_are_asked_again(answered: int, *, same: bool) -> None:
    """What has its answer keeps it; what has none is asked again, and can be answered.

    Also where the run goes on under its name: ids of questions do not come twice.
    """
    handler = Ask().run(run_id="one")
    before = await questions_of(handler, [1, 2, 3][:answered])
    data = through_json(handler.ctx.to_dict())
    await handler.cancel_run()
    workflow = Ask()
    ctx: Context[Any] = Context.from_dict(workflow, data)
    handler = workflow.run(ctx=ctx, run_id="one" if same else "two")
    after = await questions_of(handler, [1, 2, 3][answered:])
    assert [one.prefix for one in before] == ["1", "2", "3"][: answered + 1]
    assert [one.prefix for one in after] == ["1", "2", "3"][answered:]
    if same:
        ids = [one.question_id for one in (*before[:answered], *after)]
        assert len(set(ids)) == 3
    assert await handler == 123


class Form(Workflow):
    """Returns a question instead of waiting for its answer."""

    @step
    async def ask(self, ev: StartEvent) -> InputRequiredEvent:
        """Ask."""
        return InputRequiredEvent(prefix="name")

    @step
    async def greet(self, ev: HumanResponseEvent) -> StopEvent:
        """Take the answer."""
        await asyncio.sleep(1)
        return StopEvent(result=ev.response)


async def test_returned_question_is_asked_again() -> None:
    """A question of a step that has returned is written to the stream once more."""
    handler = Form().run()
    await asyncio.sleep(1)
    data = await put_down(handler, 1)
    handler = take_up(Form(), data)
    question = await anext(handler.stream_events())
    assert isinstance(question, InputRequiredEvent)
    await handler.send_event(
        HumanResponseEvent(response="Ada", question_id=question.question_id)
    )
    await asyncio.sleep(0.5)
    data = await put_down(handler, 1.5)
    handler = take_up(Form(), data)
    assert await handler == "Ada"
    assert [type(event) async for event in handler.stream_events()] == [StopEvent]


# -- classes


def make_local() -> type[Workflow]:
    """Return a workflow whose events are known to no module."""

    class Local(Event):
        n: int

    class Inner(Workflow):
        @step
        async def begin(self, ev: StartEvent) -> list[Local]:
            return [Local(n=n) for n in range(3)]

        @step
        async def work(self, ev: Local) -> Local2:
            await asyncio.sleep(1)
            return Local2(inner=ev)

        @step
        async def end(self, evs: list[Local2]) -> StopEvent:
            return StopEvent(result=sorted(ev.inner.n for ev in evs))

    return Inner


async def test_local_classes_come_back() -> None:
    """Classes local to a function are found by the workflow that uses them."""
    kind = make_local()
    data = await put_down(kind().run(), 0.5)
    assert await take_up(kind(), data) == [0, 1, 2]
    # Those of a second call of the function are others, of the same name.
    assert await take_up(make_local()(), data) == [0, 1, 2]


@dataclass
class Cell:
    """Stands for a class of a notebook."""

    n: int


Cell.__module__ = "__main__"


class Holder(Workflow):
    """Holds what it is given."""

    @step
    async def hold(self, ctx: Context, ev: StartEvent) -> StopEvent:
        """Wait for a second."""
        await asyncio.sleep(1)
        return StopEvent(result=ev.value)


async def test_classes_of_cells_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class of the notebook is found, once its cell was run."""
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "Cell", Cell, raising=False)
    data = await put_down(Holder().run(value=Cell(3)), 0.5)
    assert await take_up(Holder(), data) == Cell(3)
    monkeypatch.delattr(main, "Cell")
    with pytest.raises(ContextSerdeError, match="run the cell that defines Cell"):
        take_up(Holder(), data)


# -- errors


def _wrong_version(data: dict[str, Any]) -> None:
    data["version"] = 99


def _no_version(data: dict[str, Any]) -> None:
    del data["version"]


def _missing_step(data: dict[str, Any]) -> None:
    data["steps"]["gone"] = data["steps"].pop("hold")


def _unknown_class(data: dict[str, Any]) -> None:
    text = json.dumps(data["calls"]).replace(":StartEvent", ":StartEvents")
    data["calls"] = json.loads(text)


def _untrusted_class(data: dict[str, Any]) -> None:
    name = re.search(r'"([\w.]+:StartEvent)"', json.dumps(data["calls"]))
    assert name
    text = json.dumps(data["calls"]).replace(name[1], "subprocess:Popen")
    data["calls"] = json.loads(text)


def _no_state(data: dict[str, Any]) -> None:
    del data["state"]


def _no_elapsed(data: dict[str, Any]) -> None:
    del data["elapsed"]


def _calls_are_text(data: dict[str, Any]) -> None:
    data["calls"] = "abc"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_wrong_version, r"version \d.*99.*ctx\.to_dict\(\)"),
        (_no_version, r"version.*None.*ctx\.to_dict\(\)"),
        (_missing_step, r"Holder has no step gone.*it has hold"),
        (_unknown_class, "has no class StartEvents"),
        (_untrusted_class, r"subprocess\.Popen is not trusted"),
        (_no_state, "state"),
        (_no_elapsed, "elapsed"),
        (_calls_are_text, "no context of Holder"),
    ],
)
async def test_wrong_data_is_refused(
    change: Callable[[dict[str, Any]], None], words: str
) -> None:
    """What is no context of this workflow says why not."""
    data = await put_down(Holder().run(value=3), 0.5)
    assert await take_up(Holder(), through_json(data)) == 3
    change(data)
    with pytest.raises(ContextSerdeError, match=words):
        Context.from_dict(Holder(), data)


@pytest.mark.parametrize("data", [None, [], "text", {}])
def test_no_data_is_refused(data: Any) -> None:  # noqa: ANN401
    """Anything but a dict of a context is refused likewise."""
    with pytest.raises(ContextSerdeError, match="to_dict"):
        Context.from_dict(Holder(), data)


async def test_what_cannot_be_data_is_named() -> None:
    """The message leads to the value, and the run goes on."""
    handler = Holder().run(value={"agent": [threading.Lock()]})
    with pytest.raises(ContextSerdeError, match=r"Holder .*value\.agent\[0\]: .*lock"):
        handler.ctx.to_dict()
    await handler.ctx.store.set("tools.saw", threading.Lock())
    with pytest.raises(ContextSerdeError, match=r"Holder .*tools\.saw: .*lock"):
        handler.ctx.to_dict()
    assert list(await handler) == ["agent"]


# -- ends


class Deaf(Workflow):
    """Has a step that does not listen when it is cancelled."""

    @step
    async def work(self, ev: StartEvent) -> Part:
        """Return in any case."""
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            await asyncio.sleep(1)
        return Part(n=1)

    @step
    async def end(self, ev: Part) -> StopEvent:
        """End."""
        return StopEvent(result=ev.n)


async def test_cancelled_run_is_no_result() -> None:
    """What was put down while the run was being cancelled does not end well at once."""
    handler = Deaf().run()
    await asyncio.sleep(0.5)
    handler.cancel()
    await asyncio.sleep(0.5)
    data = through_json(handler.ctx.to_dict())
    await handler.cancel_run()
    assert await take_up(Deaf(), data) == 1


async def test_end_that_was_put_down_is_the_end() -> None:
    """A run that has its result, but has not ended, gives it again."""
    kept: list[dict[str, Any]] = []

    async def keep(*, ctx: Context[Any], **told: object) -> None:
        del told
        kept.append(through_json(ctx.to_dict()))

    assert await Deaf().run(checkpoint_callback=keep) == 1
    handler = take_up(Deaf(), kept[-1])
    assert await handler == 1
    assert handler.is_done()
    assert [type(event) async for event in handler.stream_events()] == [StopEvent]


# -- cost


class Loop(Workflow):
    """Goes round and round."""

    @step
    async def round(self, ctx: Context, ev: StartEvent | Part) -> Part | StopEvent:
        """Count, write and go on."""
        left = ev.get("left", None) if isinstance(ev, StartEvent) else ev.n
        ctx.write_event_to_stream(Other(n=left))
        await ctx.store.set("left", left)
        if not left:
            await asyncio.sleep(1)
            return StopEvent(result=0)
        return Part(n=left - 1)


async def test_size_does_not_grow_with_the_past() -> None:
    """A long run with little to do is as small as a short one."""
    sizes = []
    for rounds in (10, 2000):
        handler = Loop().run(left=rounds, run_id="loop")
        # The last round takes a second of the clock, all others none.
        await asyncio.sleep(0.5)
        assert await handler._context.store.get("left") == 0
        sizes.append(len(json.dumps(handler._context.to_dict())))
        await handler.cancel_run()
    short, long = sizes
    # A few digits of counters and seconds.
    assert short <= long <= short + 16


class Wide(Workflow):
    """Makes many events at once."""

    @step
    async def begin(self, ev: StartEvent) -> list[Part]:
        """Send them."""
        return [Part(n=n) for n in range(ev.width)]

    @step
    async def work(self, ev: Part) -> Other:
        """Never end."""
        await asyncio.sleep(1000)
        return Other(n=ev.n)

    @step
    async def end(self, evs: list[Other]) -> StopEvent:
        """End."""
        return StopEvent(result=len(evs))


async def test_size_grows_with_the_present() -> None:
    """What is queued costs the same for each, and a list is written but once."""
    sizes = []
    for width in (100, 200, 300):
        handler = Wide().run(width=width, run_id="wide")
        await asyncio.sleep(0)
        await asyncio.sleep(1)
        sizes.append(len(json.dumps(handler._context.to_dict())))
        await handler.cancel_run()
    first, second, third = sizes
    assert abs((third - second) - (second - first)) <= 16
    assert second - first < 100 * 400
