"""`wait_for_event`: a step waits for an event where it stands."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from notebook_async.workflow import (
    Context,
    ContextStateError,
    Event,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StopEvent,
    UnhandledEvent,
    Workflow,
    WorkflowCancelledByUser,
    step,
)
from tests.core.probes import now, others
from tests.workflow.runs import Done, Go, Other, kinds, questions_of, read

Answer = HumanResponseEvent
Question = InputRequiredEvent


# -- in place


class Once(Workflow):
    """A step that does something before each of two questions."""

    log: list[str]

    def __init__(self, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self.log = []

    @step
    async def ask(self, ctx: Context, _: StartEvent) -> StopEvent:
        """Ask twice."""
        token = object()
        self.log.append("before")
        first = await ctx.wait_for_event(Answer, Question(prefix="first"))
        self.log.append("between")
        second = await ctx.wait_for_event(Answer, Question(prefix="second"))
        self.log.append("after")
        return StopEvent(result=(first.response, second.response, token is not None))


async def test_step_waits_where_it_stands() -> None:
    """What stands before a wait runs once, however many answers the step gets."""
    workflow = Once()
    handler = workflow.run()
    asked: list[str] = []
    async for event in handler.stream_events():
        if isinstance(event, Question):
            asked.append(event.prefix)
            handler.ctx.send_event(Answer(response=f"to {event.prefix}"))
    assert await handler == ("to first", "to second", True)
    assert workflow.log == ["before", "between", "after"]
    assert asked == ["first", "second"]


async def test_it_returns_the_very_event() -> None:
    """The step gets the object that was sent."""

    class Same(Workflow):
        @step
        async def wait(self, ctx: Context, _: StartEvent) -> StopEvent:
            return StopEvent(result=await ctx.wait_for_event(Go))

    handler = Same().run()
    await asyncio.sleep(1)
    sent = Go(n=1)
    handler.ctx.send_event(sent)
    assert await handler is sent


async def test_any_event_may_be_shown() -> None:
    """An event that asks nothing is written to the stream as well, once."""

    class Shows(Workflow):
        @step
        async def wait(self, ctx: Context, _: StartEvent) -> StopEvent:
            await ctx.wait_for_event(Go, waiter_event=Other(n=3))
            return StopEvent()

    handler = Shows().run()
    await asyncio.sleep(1)
    handler.ctx.send_event(Go())
    assert kinds(await read(handler)) == ["Other", "StopEvent"]


async def test_event_of_another_step() -> None:
    """A step may wait for what another step sends; a person need not be in it."""

    class Steps(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | StopEvent:
            ctx.send_event(Go(n=20))
            done = await ctx.wait_for_event(Done)
            return StopEvent(result=done.n)

        @step
        async def work(self, ev: Go) -> Done:
            await asyncio.sleep(1)
            return Done(n=ev.n + 1)

    assert await Steps(disable_validation=True).run() == 21
    assert now() == 1.0


@pytest.mark.parametrize("how", ["try", "suppress"])
async def test_except_around_it_is_harmless(how: str) -> None:
    """No exception passes through a wait, so that nothing can swallow it."""

    class Careful(Workflow):
        @step
        async def wait(self, ctx: Context, _: StartEvent) -> StopEvent:
            answer = None
            if how == "suppress":
                with contextlib.suppress(Exception):
                    answer = await ctx.wait_for_event(Answer)
            else:
                try:
                    answer = await ctx.wait_for_event(Answer)
                except Exception:  # noqa: BLE001 - what users write
                    answer = Answer(response="swallowed")
            return StopEvent(result=answer and answer.response)

    handler = Careful().run()
    await asyncio.sleep(1)
    handler.ctx.send_event(Answer(response="yes"))
    assert await handler == "yes"


async def test_event_that_came_before_is_not_kept() -> None:
    """An event that comes before anybody waits is not kept for later."""

    class Late(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> StopEvent:
            ctx.send_event(Go(n=1))
            got = await ctx.wait_for_event(Go)
            return StopEvent(result=got.n)

    handler = Late().run()
    await asyncio.sleep(1)
    handler.ctx.send_event(Go(n=2))
    assert await handler == 2


# -- several


class Parallel(Workflow):
    """Three calls of one step, each with a question of its own."""

    @step
    async def begin(self, ctx: Context, _: StartEvent) -> Go | None:
        """Ask in three places."""
        for n in range(3):
            ctx.send_event(Go(n=n))

    @step(num_workers=2)
    async def ask(self, ctx: Context, ev: Go) -> Done:
        """Ask, and pass on the answer."""
        answer = await ctx.wait_for_event(Answer, Question(prefix=str(ev.n)))
        return Done(n=ev.n, response=answer.response)

    @step
    async def gather(self, ctx: Context, ev: Done) -> StopEvent | None:
        """Gather the answers."""
        done = ctx.collect_events(ev, [Done] * 3)
        if done is None:
            return None
        return StopEvent(result={one.n: one.response for one in done})


async def test_parallel_branches_are_answered_in_turn() -> None:
    """Of several that wait for the same the oldest gets an event, and only that one."""
    handler = Parallel().run()
    await asyncio.sleep(1)
    for response in "abc":
        handler.ctx.send_event(Answer(response=response))
    assert await handler == {0: "a", 1: "b", 2: "c"}


async def test_waiting_frees_the_worker() -> None:
    """A call that waits holds no worker: more may wait than there are workers."""
    handler = Parallel().run()
    asked = [question.prefix for question in await questions_of(handler, 3)]
    assert asked == ["0", "1", "2"]
    assert now() == 0.0
    for _ in range(3):
        handler.ctx.send_event(Answer(response="x"))
    assert await handler == {0: "x", 1: "x", 2: "x"}


async def test_answer_goes_to_the_question_it_names() -> None:
    """An answer with a `question_id` goes to that question, in any order."""
    handler = Parallel().run()
    questions = await questions_of(handler, 3)
    ids = [question.question_id for question in questions]
    assert len(set(ids)) == 3
    for question in reversed(questions):
        answer = Answer(response=f"to {question.prefix}")
        answer.question_id = question.question_id
        handler.ctx.send_event(answer)
    assert await handler == {0: "to 0", 1: "to 1", 2: "to 2"}


async def test_second_answer_to_a_question_is_refused() -> None:
    """A question is answered once: what names it again goes to nobody else."""
    handler = Parallel().run()
    first, *_ = await questions_of(handler, 3)
    for response in ("a", "again", "and again"):
        handler.ctx.send_event(Answer(response=response, question_id=first.question_id))
    await asyncio.sleep(1)
    assert not handler.is_done()
    for response in "bc":
        handler.ctx.send_event(Answer(response=response))
    assert await handler == {0: "a", 1: "b", 2: "c"}


async def test_answered_call_goes_before_the_queue() -> None:
    """A call that has its event gets the next free worker, before those queued."""
    log: list[str] = []

    class Queue(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | None:
            for n in range(4):
                ctx.send_event(Go(n=n))

        @step(num_workers=1)
        async def work(self, ctx: Context, ev: Go) -> StopEvent | None:
            if ev.n == 0:
                await ctx.wait_for_event(Answer)
                log.append("answered")
            log.append(f"{ev.n} begins")
            await asyncio.sleep(1)
            log.append(f"{ev.n} ends")
            return StopEvent() if ev.n == 3 else None

    handler = Queue().run()
    await asyncio.sleep(0.5)
    handler.ctx.send_event(Answer())
    await handler
    assert log == [
        "1 begins",
        "1 ends",
        "answered",
        "0 begins",
        "0 ends",
        "2 begins",
        "2 ends",
        "3 begins",
        "3 ends",
    ]


async def test_waits_never_exceed_the_workers_at_work() -> None:
    """Calls that got their answers still work at most `num_workers` at a time."""
    running = peak = 0

    class Bounded(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | None:
            for n in range(6):
                ctx.send_event(Go(n=n))

        @step(num_workers=2)
        async def work(self, ctx: Context, ev: Go) -> Done:
            nonlocal running, peak
            await ctx.wait_for_event(Answer)
            running += 1
            peak = max(peak, running)
            await asyncio.sleep(1)
            running -= 1
            return Done(n=ev.n)

        @step
        async def end(self, ctx: Context, ev: Done) -> StopEvent | None:
            return StopEvent() if ctx.collect_events(ev, [Done] * 6) else None

    handler = Bounded().run()
    await asyncio.sleep(1)
    for _ in range(6):
        handler.ctx.send_event(Answer())
    await handler
    assert peak == 2
    assert now() == 4.0


async def test_two_waits_in_one_step_at_once() -> None:
    """One step may wait for two things at once, and goes on when both have come."""

    class Both(Workflow):
        @step
        async def wait(self, ctx: Context, _: StartEvent) -> StopEvent:
            first, second = await asyncio.gather(
                ctx.wait_for_event(Go), ctx.wait_for_event(Other)
            )
            return StopEvent(result=(first.n, second.n, now()))

    handler = Both().run()
    await asyncio.sleep(1)
    handler.ctx.send_event(Other(n=2))
    await asyncio.sleep(1)
    handler.ctx.send_event(Go(n=1))
    assert await handler == (1, 2, 2.0)


# -- which event


async def test_requirements_choose() -> None:
    """An event is taken only if its attributes have the required values."""

    class Choosy(Workflow):
        @step
        async def wait(self, ctx: Context, _: StartEvent) -> StopEvent:
            got = await ctx.wait_for_event(Answer, requirements={"user": "Ada", "n": 2})
            return StopEvent(result=got.response)

    handler = Choosy().run()
    await asyncio.sleep(1)
    for response, values in (
        ("no user", {}),
        ("other user", {"user": "Bob", "n": 2}),
        ("no n", {"user": "Ada"}),
        ("both", {"user": "Ada", "n": 2}),
        ("late", {"user": "Ada", "n": 2}),
    ):
        handler.ctx.send_event(Answer(response=response, **values))
    assert await handler == "both"


async def test_requirements_tell_branches_apart() -> None:
    """Branches with different requirements get their own events, in any order."""

    class Branches(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | None:
            for n in range(3):
                ctx.send_event(Go(n=n))

        @step
        async def ask(self, ctx: Context, ev: Go) -> Done:
            answer = await ctx.wait_for_event(Answer, requirements={"to": ev.n})
            return Done(n=ev.n, response=answer.response)

        @step
        async def gather(self, ctx: Context, ev: Done) -> StopEvent | None:
            done = ctx.collect_events(ev, [Done] * 3)
            return done and StopEvent(result={one.n: one.response for one in done})

    handler = Branches().run()
    await asyncio.sleep(1)
    for n in (2, 0, 1):
        handler.ctx.send_event(Answer(response=f"r{n}", to=n))
    assert await handler == {0: "r0", 1: "r1", 2: "r2"}


class Derived(HumanResponseEvent):
    """An answer of a class of its own."""


def make_waiting(*, accept: bool) -> type[Workflow]:
    """Return a workflow that waits for an answer, perhaps of a subclass."""

    class Waiting(Workflow):
        @step(accept_event_subclasses=accept)
        async def wait(self, ctx: Context, _: StartEvent) -> StopEvent:
            answer = await ctx.wait_for_event(Answer)
            return StopEvent(result=answer.n)

    return Waiting


@pytest.mark.parametrize(("accept", "taken"), [(False, 2), (True, 1)])
async def test_class_is_exact_unless_subclasses_are_accepted(
    *, accept: bool, taken: int
) -> None:
    """A wait takes the class it names, and subclasses where its step takes them."""
    handler = make_waiting(accept=accept)().run()
    await asyncio.sleep(1)
    handler.ctx.send_event(Derived(n=1))
    handler.ctx.send_event(Answer(n=2))
    assert await handler == taken


async def test_step_that_waited_is_not_called_with_the_event() -> None:
    """An event that wakes a step is not also its input; other steps get it too."""
    log: list[tuple[str, int]] = []

    class Mixed(Workflow):
        @step
        async def both(self, ctx: Context, ev: StartEvent | Go) -> Done | None:
            if isinstance(ev, Go):
                log.append(("both", ev.n))
                return None
            got = await ctx.wait_for_event(Go)
            log.append(("woken", got.n))
            await asyncio.sleep(1)
            return Done()

        @step
        async def other(self, ev: Go) -> None:
            log.append(("other", ev.n))

        @step
        async def end(self, _: Done) -> StopEvent:
            return StopEvent()

    handler = Mixed(disable_validation=True).run()
    await asyncio.sleep(1)
    handler.ctx.send_event(Go(n=1))
    await asyncio.sleep(0.5)
    handler.ctx.send_event(Go(n=2))
    await handler
    assert sorted(log) == [("both", 2), ("other", 1), ("other", 2), ("woken", 1)]


async def test_event_that_wakes_is_not_unhandled() -> None:
    """An event that only a waiting step wanted is not called unhandled."""
    handler = make_waiting(accept=False)().run()
    reader = handler.stream_events(expose_internal=True)
    await asyncio.sleep(1)
    handler.ctx.send_event(Answer(n=1))
    handler.ctx.send_event(Answer(n=2))
    assert await handler == 1
    names = [
        event.event_type async for event in reader if type(event) is UnhandledEvent
    ]
    assert names == ["HumanResponseEvent"]


async def test_targeted_event_wakes_only_that_step() -> None:
    """An event sent with `step=` wakes that step, though another has waited longer."""

    class Two(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | Other | None:
            ctx.send_event(Go())
            ctx.send_event(Other())

        @step
        async def first(self, ctx: Context, ev: Go | Answer) -> StopEvent | None:
            answer = await ctx.wait_for_event(Answer)
            return StopEvent(result=("first", answer.n, type(ev).__name__))

        @step
        async def second(self, ctx: Context, ev: Other | Answer) -> StopEvent | None:
            answer = await ctx.wait_for_event(Answer)
            return StopEvent(result=("second", answer.n, type(ev).__name__))

    handler = Two().run()
    await asyncio.sleep(1)
    handler.ctx.send_event(Answer(n=1), step="second")
    assert await handler == ("second", 1, "Other")


# -- how long


async def test_timeout_raises_in_the_step() -> None:
    """When its time is up a wait raises `TimeoutError` in the step, which goes on."""

    class Patient(Workflow):
        @step
        async def wait(self, ctx: Context, _: StartEvent) -> StopEvent:
            try:
                await ctx.wait_for_event(Answer, timeout=3)
            except TimeoutError as error:
                return StopEvent(result=(str(error), now()))
            return StopEvent()

    message = "no HumanResponseEvent came within 3 s, for which step 'wait' waited"
    assert await Patient().run() == (message, 3.0)


@pytest.mark.parametrize(("sent", "in_time"), [(2.999, True), (3.001, False)])
async def test_both_sides_of_the_timeout(sent: float, *, in_time: bool) -> None:
    """An event just before the time is up is taken, one just after is not."""

    class Patient(Workflow):
        @step
        async def wait(self, ctx: Context, _: StartEvent) -> StopEvent:
            answer = await ctx.wait_for_event(Answer, timeout=3)
            return StopEvent(result=answer.n)

    handler = Patient().run()
    context = handler.ctx
    waited = asyncio.ensure_future(handler)
    await asyncio.sleep(sent)
    context.send_event(Answer(n=1))
    if in_time:
        assert await waited == 1
    else:
        with pytest.raises(TimeoutError, match="came within 3 s"):
            await waited


@pytest.mark.parametrize(
    ("options", "seconds"), [({}, 2000.0), ({"timeout": 5000}, 5000.0)]
)
async def test_timeout_is_2000_by_default(
    options: dict[str, Any], seconds: float
) -> None:
    """A wait ends after 2000 s unless another time is given; the run's rests."""

    class Patient(Workflow):
        @step
        async def wait(self, ctx: Context, _: StartEvent) -> StopEvent:
            await ctx.wait_for_event(Answer, **options)
            return StopEvent()

    with pytest.raises(TimeoutError, match=f"within {seconds:g} s"):
        await Patient().run()
    assert now() == seconds


async def test_no_timeout_waits_for_ever() -> None:
    """With `timeout=None` a wait sets no bound."""

    class Patient(Workflow):
        @step
        async def wait(self, ctx: Context, _: StartEvent) -> StopEvent:
            await ctx.wait_for_event(Answer, timeout=None)
            return StopEvent(result=now())

    handler = Patient().run()
    await asyncio.sleep(1e6)
    handler.ctx.send_event(Answer())
    assert await handler == 1e6


async def test_question_that_timed_out_is_closed() -> None:
    """An answer to a question that nobody waits for any more goes to no other wait."""

    class Twice(Workflow):
        @step
        async def wait(self, ctx: Context, _: StartEvent) -> StopEvent:
            with contextlib.suppress(TimeoutError):
                await ctx.wait_for_event(Answer, Question(prefix="1"), timeout=3)
            answer = await ctx.wait_for_event(Answer, Question(prefix="2"))
            return StopEvent(result=answer.response)

    handler = Twice().run()
    for question in await questions_of(handler, 2):
        handler.ctx.send_event(
            Answer(response=question.prefix, question_id=question.question_id)
        )
    assert await handler == "2"


async def test_timed_out_step_needs_a_worker_to_go_on() -> None:
    """A wait that times out goes on once a worker is free, as one that is answered."""
    log: list[tuple[str, float]] = []

    class Busy(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | None:
            ctx.send_event(Go(n=0))
            ctx.send_event(Go(n=1))

        @step(num_workers=1)
        async def work(self, ctx: Context, ev: Go) -> StopEvent | None:
            if ev.n == 0:
                with contextlib.suppress(TimeoutError):
                    await ctx.wait_for_event(Answer, timeout=1)
                log.append(("went on", now()))
                return StopEvent()
            await asyncio.sleep(5)
            log.append(("worked", now()))
            return None

    await Busy().run()
    assert log == [("worked", 5.0), ("went on", 5.0)]


# -- ends


async def test_cancelled_run_cancels_what_waits() -> None:
    """A run that ends cancels the steps that wait, which may clean up."""
    log: list[str] = []

    class Waits(Workflow):
        @step
        async def wait(self, ctx: Context, _: StartEvent) -> StopEvent:
            try:
                await ctx.wait_for_event(Answer)
            finally:
                log.append("cleaned up")
            return StopEvent()

    handler = Waits().run()
    await asyncio.sleep(1)
    await handler.cancel_run()
    with pytest.raises(WorkflowCancelledByUser, match="was cancelled"):
        await handler
    assert log == ["cleaned up"]
    assert others() == set()


async def test_step_that_gives_up_by_itself() -> None:
    """A wait inside `asyncio.timeout` can be given up; its answer then goes nowhere."""

    class GivesUp(Workflow):
        @step
        async def wait(self, ctx: Context, _: StartEvent) -> StopEvent:
            try:
                async with asyncio.timeout(2):
                    await ctx.wait_for_event(Answer)
            except TimeoutError:
                answer = await ctx.wait_for_event(Answer)
                return StopEvent(result=answer.n)
            return StopEvent()

    handler = GivesUp().run()
    await asyncio.sleep(3)
    handler.ctx.send_event(Answer(n=1))
    assert await handler == 1
    assert now() == 3.0


async def test_wait_that_was_given_up_keeps_the_bound() -> None:
    """After a wait that the step gave up, no more calls run than there are workers."""
    running = peak = 0

    class Bounded(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | None:
            for n in range(6):
                ctx.send_event(Go(n=n))

        @step(num_workers=1)
        async def work(self, ctx: Context, ev: Go) -> Done:
            nonlocal running, peak
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await ctx.wait_for_event(Answer)
            if ev.n > 2:
                running += 1
                peak = max(peak, running)
                await asyncio.sleep(1)
                running -= 1
            return Done(n=ev.n)

        @step
        async def end(self, ctx: Context, ev: Done) -> StopEvent | None:
            return StopEvent() if ctx.collect_events(ev, [Done] * 6) else None

    await Bounded().run()
    assert peak == 1


async def test_waits_only_inside_a_step() -> None:
    """Outside of a step nobody can wait for an event."""

    class Plain(Workflow):
        @step
        async def only(self, _: StartEvent) -> StopEvent:
            return StopEvent()

    with pytest.raises(ContextStateError, match="wait_for_event works only inside a"):
        await Context(Plain()).wait_for_event(Answer)
    handler = Plain().run()
    with pytest.raises(ContextStateError, match="wait_for_event works only inside a"):
        await handler.ctx.wait_for_event(Answer)
    await handler


# -- questions that a step returns


class Asks(Workflow):
    """A question that a step returns, and a step for the answer."""

    @step
    async def ask(self, _: StartEvent) -> InputRequiredEvent:
        """Ask."""
        return Question(prefix="name?")

    @step
    async def greet(self, ev: HumanResponseEvent) -> StopEvent:
        """Greet."""
        return StopEvent(result=f"Hello {ev.response}")


async def test_returned_question_is_shown_and_answered() -> None:
    """A question that a step returns goes to the stream; the answer goes to steps."""
    handler = Asks().run()
    async for event in handler.stream_events():
        if isinstance(event, Question):
            assert event.prefix == "name?"
            handler.ctx.send_event(Answer(response="Ada"))
    assert await handler == "Hello Ada"


async def test_returned_question_goes_to_steps_as_well() -> None:
    """A step may take the question that another returns."""

    class Logged(Workflow):
        @step
        async def ask(self, _: StartEvent) -> InputRequiredEvent:
            return Question(prefix="name?")

        @step
        async def note(self, ctx: Context, ev: InputRequiredEvent) -> None:
            await ctx.store.set("asked", ev.prefix)

        @step
        async def end(self, ctx: Context, _: HumanResponseEvent) -> StopEvent:
            return StopEvent(result=await ctx.store.get("asked"))

    handler = Logged().run()
    async for event in handler.stream_events():
        if isinstance(event, Question):
            await handler.send_event(Answer())
    assert await handler == "name?"


async def test_second_answer_to_a_returned_question_is_refused() -> None:
    """Answers to a returned question count once too, if they name it."""

    class Counts(Workflow):
        @step
        async def ask(self, _: StartEvent) -> InputRequiredEvent:
            return Question()

        @step(num_workers=1)
        async def count(self, ctx: Context, ev: HumanResponseEvent) -> StopEvent | None:
            seen = [*await ctx.store.get("seen", default=[]), ev.n]
            await ctx.store.set("seen", seen)
            return StopEvent(result=seen) if ev.n == 3 else None

    handler = Counts().run()
    async for event in handler.stream_events():
        if isinstance(event, Question):
            name = event.question_id
            handler.ctx.send_event(Answer(n=1, question_id=name))
            handler.ctx.send_event(Answer(n=2, question_id=name))
            handler.ctx.send_event(Answer(n=3))
    assert await handler == [1, 3]


async def test_written_question_can_be_answered_by_id() -> None:
    """A question that a step writes to the stream has an id, and is waited for."""

    class Writes(Workflow):
        @step
        async def ask(self, ctx: Context, _: StartEvent) -> None:
            ctx.write_event_to_stream(Question(prefix="?"))

        @step
        async def end(self, ev: HumanResponseEvent) -> StopEvent:
            return StopEvent(result=ev.response)

    handler = Writes(timeout=5).run()
    async for event in handler.stream_events():
        if isinstance(event, Question):
            assert event.question_id is not None
            await asyncio.sleep(100)
            await handler.send_event(
                Answer(response="yes", question_id=event.question_id)
            )
    assert await handler == "yes"


async def test_question_is_equal_to_what_the_step_made() -> None:
    """The id of a question is no field: dumps and comparisons do not see it."""
    question = Question(prefix="?")

    class Writes(Workflow):
        @step
        async def ask(self, ctx: Context, _: StartEvent) -> StopEvent:
            await ctx.wait_for_event(Answer, question)
            return StopEvent()

    handler = Writes().run()
    await asyncio.sleep(1)
    assert question.question_id is not None
    assert question.model_dump() == {"_data": {"prefix": "?"}}
    assert "question_id" not in question
    handler.ctx.send_event(Answer())
    await handler


async def test_event_named_for_a_question_may_be_any_class_that_is_waited_for() -> None:
    """A step may wait for an own class of answer, with a question of an own class."""

    class MyQuestion(InputRequiredEvent):
        text: str

    class MyAnswer(HumanResponseEvent):
        number: int

    class Own(Workflow):
        @step
        async def ask(self, ctx: Context, _: StartEvent) -> StopEvent:
            answer = await ctx.wait_for_event(MyAnswer, MyQuestion(text="how many?"))
            return StopEvent(result=answer.number)

    handler = Own().run()
    events: list[Event] = []
    async for event in handler.stream_events():
        events.append(event)
        if isinstance(event, MyQuestion):
            handler.ctx.send_event(Answer(number=1))
            handler.ctx.send_event(MyAnswer(number=2))
    assert await handler == 2
    assert kinds(events) == ["MyQuestion", "StopEvent"]
