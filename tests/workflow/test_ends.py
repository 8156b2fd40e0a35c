"""How a run ends: well, by an exception, a timeout, being cancelled, or stuck."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import Any

import pytest

from notebook_async.workflow import (
    ConstantDelayRetryPolicy,
    Context,
    Event,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StopEvent,
    Workflow,
    WorkflowCancelledByUser,
    WorkflowCancelledEvent,
    WorkflowFailedEvent,
    WorkflowRuntimeError,
    WorkflowStepDoesNotExistError,
    WorkflowTimedOutEvent,
    WorkflowTimeoutError,
    step,
)
from tests.core.probes import now, others, virtual
from tests.workflow.runs import Done, Go, Other, Progress, kinds, read


class Branches(Workflow):
    """One branch that takes its time and cleans up, and one that ends somehow."""

    log: list[tuple[str, float]]

    def __init__(self, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self.log = []

    @step
    async def begin(self, ctx: Context, ev: StartEvent) -> Go | Other | None:
        """Begin both branches."""
        ctx.send_event(Go())
        ctx.send_event(Go())
        ctx.send_event(Other(how=ev.how))

    @step(num_workers=1)
    async def slow(self, _: Go) -> None:
        """Work for long, and clean up for two seconds."""
        self.log.append(("began", now()))
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(2)
            self.log.append(("cleaned up", now()))

    @step
    async def end(self, ev: Other) -> StopEvent:
        """End after a second."""
        await asyncio.sleep(1)
        if ev.how == "raise":
            raise ValueError("no")
        return StopEvent(result="well")


# -- well


async def test_stop_event_cancels_the_others_and_waits() -> None:
    """A run is over only when the steps that it cancels have cleaned up."""
    workflow = Branches()
    assert await workflow.run(how="stop") == "well"
    assert now() == 3.0
    assert workflow.log == [("began", 0.0), ("cleaned up", 3.0)]
    assert others() == set()


async def test_queued_events_never_begin_after_the_end() -> None:
    """What was queued when the run ended is dropped."""
    workflow = Branches()
    await workflow.run(how="stop")
    await asyncio.sleep(1000)
    assert [what for what, _ in workflow.log].count("began") == 1


async def test_first_stop_event_counts() -> None:
    """Of two steps that end the run at once the first one gives the result."""

    class Two(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | None:
            ctx.send_event(Go(n=1))
            ctx.send_event(Go(n=2))

        @step
        async def end(self, ev: Go) -> StopEvent:
            return StopEvent(result=ev.n)

    handler = Two().run()
    assert await handler == 1
    assert kinds(await read(handler)) == ["StopEvent"]


async def test_nothing_is_shown_after_the_last_event() -> None:
    """What a cancelled step writes or sends while it cleans up goes nowhere."""

    class Late(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | Other | None:
            ctx.send_event(Go())
            ctx.send_event(Other())

        @step
        async def slow(self, ctx: Context, _: Go) -> Done | None:
            try:
                await asyncio.sleep(100)
            finally:
                ctx.write_event_to_stream(Progress())
                ctx.send_event(Done())

        @step
        async def end(self, _: Other | Done) -> StopEvent:
            await asyncio.sleep(1)
            return StopEvent(result=now())

    handler = Late().run()
    assert await handler == 1.0
    assert kinds(await read(handler))[-1] == "StopEvent"


async def test_step_that_raises_while_cancelled_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An exception of a step that is being cancelled is logged and changes nothing."""

    class Clumsy(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | Other | None:
            ctx.send_event(Go())
            ctx.send_event(Other())

        @step
        async def slow(self, _: Go) -> None:
            try:
                await asyncio.sleep(100)
            finally:
                raise KeyError("lost")

        @step
        async def end(self, _: Other) -> StopEvent:
            await asyncio.sleep(1)
            return StopEvent(result="well")

    with caplog.at_level(logging.WARNING, logger="notebook_async"):
        assert await Clumsy().run() == "well"
    assert [record.getMessage() for record in caplog.records] == [
        "step 'slow' of Clumsy raised while it was being cancelled"
    ]


async def test_step_that_does_not_stop_is_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A step that still runs 5 s after it was cancelled is named in a warning."""

    class Stubborn(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | Other | None:
            ctx.send_event(Go())
            ctx.send_event(Other())

        @step
        async def stay(self, _: Go) -> None:
            try:
                await asyncio.sleep(100)
            finally:
                await asyncio.sleep(6)

        @step
        async def end(self, _: Other) -> StopEvent:
            await asyncio.sleep(1)
            return StopEvent(result="well")

    with caplog.at_level(logging.WARNING, logger="notebook_async"):
        assert await Stubborn().run() == "well"
    assert now() == 7.0
    assert [record.getMessage() for record in caplog.records] == [
        "step 'stay' of Stubborn still runs 5 s after it was cancelled"
    ]


async def test_own_stop_event_is_the_result() -> None:
    """A run that ends with a subclass of `StopEvent` gives the event itself."""

    class Finish(StopEvent):
        n: int

    class Own(Workflow):
        @step
        async def only(self, _: StartEvent) -> Finish:
            return Finish(n=3)

    handler = Own().run()
    event = await handler
    assert type(event) is Finish
    assert event.n == 3
    assert handler.get_stop_event() is event
    assert await read(handler) == [event]


async def test_stop_event_that_is_sent_ends_the_run() -> None:
    """A `StopEvent` ends a run also if it is sent, from a step or from outside."""

    class Sends(Workflow):
        @step
        async def only(self, ctx: Context, ev: StartEvent) -> StopEvent:
            if ev.inside:
                ctx.send_event(StopEvent(result="sent"))
            await asyncio.sleep(100)
            return StopEvent(result="returned")

    assert await Sends().run(inside=True) == "sent"
    handler = Sends().run(inside=False)
    await asyncio.sleep(1)
    handler.ctx.send_event(StopEvent(result="from outside"))
    assert await handler == "from outside"
    assert now() == 1.0


# -- by an exception


class CannotError(Exception):
    """An exception that only this module raises."""


class Raises(Workflow):
    """A workflow whose second step raises."""

    error = CannotError("cannot")

    @step
    async def begin(self, _: StartEvent) -> Go:
        """Begin."""
        return Go(n=1)

    @step
    async def work(self, _: Go) -> StopEvent:
        """Fail."""
        await asyncio.sleep(2)
        raise self.error


async def test_original_exception_comes_out() -> None:
    """A failed run raises the very exception of its step, with a note that names it."""
    workflow = Raises()
    workflow.error = error = CannotError("cannot")
    with pytest.raises(CannotError, match=r"^cannot\n") as caught:
        await workflow.run()
    assert caught.value is error
    assert error.__notes__ == ["in step 'work' of Raises, given Go, attempt 1"]


async def test_failure_is_in_the_stream() -> None:
    """The stream of a failed run ends with the step, the exception and the attempts."""
    workflow = Raises()
    workflow.error = error = CannotError("cannot")
    handler = workflow.run()
    (event,) = await read(handler)
    assert isinstance(event, WorkflowFailedEvent)
    assert event.step_name == "work"
    assert event.exception is error
    assert (event.attempts, event.elapsed_seconds) == (1, 2.0)
    with pytest.raises(CannotError, match="cannot"):
        await handler


async def test_failure_cancels_the_others_and_waits() -> None:
    """A failed run too is over only when its other steps have cleaned up."""
    workflow = Branches()
    with pytest.raises(ValueError, match=r"^no\n"):
        await workflow.run(how="raise")
    assert now() == 3.0
    assert workflow.log == [("began", 0.0), ("cleaned up", 3.0)]
    assert others() == set()


async def test_second_failure_changes_nothing() -> None:
    """Of two steps that raise at once the first one's exception comes out."""

    class Both(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | None:
            ctx.send_event(Go(n=1))
            ctx.send_event(Go(n=2))

        @step
        async def work(self, ev: Go) -> StopEvent:
            await asyncio.sleep(1)
            raise CannotError(str(ev.n))

    with pytest.raises(CannotError, match=r"^1\n"):
        await Both().run()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (3, r"^Step only returned 3 \(int\), but its annotation says StopEvent"),
        ("text", r"^Step only returned 'text' \(str\)"),
        ([], r"^Step only returned \[\] \(list\).*annotate it as `-> list\[\.\.\.\]`"),
        ([StopEvent()], r"^Step only returned \[StopEvent\(\)\] \(list\)"),
        (False, r"^Step only returned False \(bool\)"),
    ],
)
async def test_return_that_is_no_event(value: object, message: str) -> None:
    """A step that returns anything but an event fails the run, by name and type."""

    class Wrong(Workflow):
        @step
        async def only(self, _: StartEvent) -> StopEvent:
            return value  # type: ignore[return-value]

    with pytest.raises(WorkflowRuntimeError, match=message):
        await Wrong().run()
    assert now() == 0.0


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_exit_leaves_the_loop(
    kind: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    """What is to end the program ends it, and nothing else is said about it."""

    class Exits(Workflow):
        @step
        async def only(self, _: StartEvent) -> StopEvent:
            raise kind("enough")

    async def main() -> None:
        await Exits().run()

    with pytest.raises(kind, match="enough") as caught:
        virtual(main())
    del caught
    gc.collect()  # a future whose exception nobody took would speak now
    assert [record.getMessage() for record in caplog.records] == []


# -- by the timeout


class Sleeper(Workflow):
    """A workflow that works so long."""

    @step
    async def begin(self, ev: StartEvent) -> Go:
        """Pass on."""
        return Go(seconds=ev.seconds)

    @step
    async def work(self, ev: Go) -> StopEvent:
        """Work."""
        await asyncio.sleep(ev.seconds)
        return StopEvent(result=now())


@pytest.mark.parametrize(("timeout", "text"), [(5, "5"), (5.5, "5.5"), (0.25, "0.25")])
async def test_timeout_ends_the_run(timeout: float, text: str) -> None:  # noqa: ASYNC109
    """A run that takes longer than its timeout fails at that moment, and says why."""
    handler = Sleeper(timeout=timeout).run(seconds=timeout + 0.001)
    message = (
        rf"^Operation timed out after {text} seconds\. Currently active steps: work$"
    )
    with pytest.raises(WorkflowTimeoutError, match=message):
        await handler
    assert now() == timeout
    (event,) = await read(handler)
    assert isinstance(event, WorkflowTimedOutEvent)
    assert (event.timeout, event.active_steps) == (timeout, ["work"])


async def test_timeout_is_not_early() -> None:
    """A run that takes just less than its timeout ends well."""
    assert await Sleeper(timeout=5).run(seconds=4.999) == 4.999


@pytest.mark.parametrize(("seconds", "ends"), [(44.9, True), (45.1, False)])
async def test_timeout_is_45_by_default(seconds: float, *, ends: bool) -> None:
    """A run has 45 seconds unless it is given others."""
    handler = Sleeper().run(seconds=seconds)
    if ends:
        assert await handler == seconds
    else:
        with pytest.raises(WorkflowTimeoutError, match="after 45"):
            await handler


async def test_no_timeout() -> None:
    """`timeout=None` sets no bound."""
    assert await Sleeper(timeout=None).run(seconds=1e6) == 1e6


async def test_timeout_names_all_active_steps() -> None:
    """The message of a timeout names every step that runs, each once."""

    class Several(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | Other | None:
            ctx.send_event(Go())
            ctx.send_event(Go())
            ctx.send_event(Other())

        @step
        async def one(self, _: Go) -> None:
            await asyncio.sleep(100)

        @step
        async def two(self, _: Other) -> StopEvent:
            await asyncio.sleep(100)
            return StopEvent()

    handler = Several(timeout=3).run()
    with pytest.raises(WorkflowTimeoutError, match=r"active steps: one, two$"):
        await handler
    (event,) = await read(handler)
    assert isinstance(event, WorkflowTimedOutEvent)
    assert event.active_steps == ["one", "two"]


async def test_timeout_cancels_the_steps_and_waits() -> None:
    """A run that has timed out is over only when its steps have cleaned up."""
    workflow = Branches(timeout=0.5)
    with pytest.raises(WorkflowTimeoutError, match=r"active steps: slow, end$"):
        await workflow.run(how="stop")
    assert now() == 2.5
    assert workflow.log == [("began", 0.0), ("cleaned up", 2.5)]
    assert others() == set()


async def test_timeout_without_active_steps() -> None:
    """A run that somebody may still send to waits for its timeout, and says so."""

    class Waits(Workflow):
        @step
        async def begin(self, _: StartEvent) -> Go | None:
            return None

        @step
        async def end(self, _: Go) -> StopEvent:
            return StopEvent()

    handler = Waits(timeout=5).run()
    context = handler.ctx
    with pytest.raises(WorkflowTimeoutError, match=r"after 5.* No steps active$"):
        await handler
    assert now() == 5.0
    assert not context.is_running


async def test_timeout_of_each_run_is_its_own() -> None:
    """The timeout counts from the beginning of each run."""
    workflow = Sleeper(timeout=5)
    first = workflow.run(seconds=10)
    await asyncio.sleep(3)
    second = workflow.run(seconds=10)
    with pytest.raises(WorkflowTimeoutError, match="after 5"):
        await first
    assert now() == 5.0
    with pytest.raises(WorkflowTimeoutError, match="after 5"):
        await second
    assert now() == 8.0


# -- a person's thinking does not count


class Thinks(Workflow):
    """Three seconds of work, a question, and some more seconds of work."""

    @step
    async def ask(self, ctx: Context, ev: StartEvent) -> StopEvent:
        """Work, ask, work."""
        await asyncio.sleep(3)
        await ctx.wait_for_event(HumanResponseEvent, InputRequiredEvent())
        await asyncio.sleep(ev.after)
        return StopEvent(result=now())


class ThinksBetween(Workflow):
    """The same with a question that a step returns."""

    @step
    async def ask(self, ctx: Context, ev: StartEvent) -> InputRequiredEvent:
        """Work, ask."""
        await asyncio.sleep(3)
        await ctx.store.set("after", ev.after)
        return InputRequiredEvent()

    @step
    async def go_on(self, ctx: Context, _: HumanResponseEvent) -> StopEvent:
        """Work."""
        await asyncio.sleep(await ctx.store.get("after"))
        return StopEvent(result=now())


@pytest.mark.parametrize("kind", [Thinks, ThinksBetween])
async def test_thinking_does_not_count(kind: type[Workflow]) -> None:
    """While only a person is waited for, the clock of a run stands still."""
    handler = kind(timeout=5).run(after=1.99)
    await asyncio.sleep(1003)
    handler.ctx.send_event(HumanResponseEvent())
    assert await handler == 1004.99


@pytest.mark.parametrize("kind", [Thinks, ThinksBetween])
async def test_work_after_thinking_counts(kind: type[Workflow]) -> None:
    """After the answer the clock goes on from where it stood."""
    handler = kind(timeout=5).run(after=2.01)
    await asyncio.sleep(1003)
    handler.ctx.send_event(HumanResponseEvent())
    with pytest.raises(WorkflowTimeoutError, match=r"after 5.*active steps: "):
        await handler
    assert now() == 1005.0


async def test_thinking_counts_while_others_work() -> None:
    """While a step works, the clock runs, whoever else thinks meanwhile."""

    class Both(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | Other | None:
            ctx.send_event(Go())
            ctx.send_event(Other())

        @step
        async def ask(self, ctx: Context, _: Go) -> StopEvent:
            await ctx.wait_for_event(HumanResponseEvent, InputRequiredEvent())
            return StopEvent()

        @step
        async def work(self, _: Other) -> None:
            await asyncio.sleep(100)

    with pytest.raises(WorkflowTimeoutError, match=r"active steps: ask, work$"):
        await Both(timeout=5).run()
    assert now() == 5.0


# -- by the timeout of a step


def make_limited(seconds: float | None, **options: Any) -> type[Workflow]:  # noqa: ANN401
    """Return a workflow whose step has so many seconds."""

    class Limited(Workflow):
        @step(timeout=seconds, **options)
        async def slow(self, ctx: Context, ev: StartEvent) -> StopEvent:
            if ev.get("ask"):
                await ctx.wait_for_event(HumanResponseEvent, timeout=None)
            await asyncio.sleep(ev.seconds)
            return StopEvent(result=now())

    return Limited


async def test_step_timeout() -> None:
    """A step that takes longer than its own timeout fails with its name."""
    handler = make_limited(2)().run(seconds=2.001)
    message = r"^step 'slow' took longer than its 2 s\n"
    with pytest.raises(WorkflowTimeoutError, match=message):
        await handler
    assert now() == 2.0
    assert kinds(await read(handler)) == ["WorkflowFailedEvent"]


async def test_step_timeout_is_not_early() -> None:
    """A step that takes just less than its timeout goes on."""
    assert await make_limited(2)().run(seconds=1.999) == 1.999


async def test_step_timeout_is_of_each_attempt() -> None:
    """A step that timed out is tried again as after any exception."""
    handler = make_limited(2, retry_policy=2)().run(seconds=3)
    with pytest.raises(WorkflowTimeoutError, match="took longer than its 2 s") as info:
        await handler
    assert info.value.__notes__ == [
        "in step 'slow' of Limited, given StartEvent, attempt 3"
    ]


async def test_step_timeout_rests_while_a_person_thinks() -> None:
    """The time in `wait_for_event` does not count for the timeout of a step."""
    handler = make_limited(2)(timeout=5).run(seconds=1.5, ask=True)
    await asyncio.sleep(100)
    handler.ctx.send_event(HumanResponseEvent())
    assert await handler == 101.5


async def test_timeout_error_of_a_step_is_its_own() -> None:
    """A `TimeoutError` that a step raises by itself comes out as it is."""

    class Inner(Workflow):
        @step(timeout=10)
        async def only(self, _: StartEvent) -> StopEvent:
            async with asyncio.timeout(1):
                await asyncio.sleep(5)
            return StopEvent()

    with pytest.raises(TimeoutError) as caught:
        await Inner().run()
    assert type(caught.value) is TimeoutError
    assert now() == 1.0


# -- by being cancelled


async def test_cancel_run() -> None:
    """A cancelled run raises `WorkflowCancelledByUser`, and its stream says so."""
    workflow = Branches()
    handler = workflow.run(how="stop")
    await asyncio.sleep(0.5)
    await handler.cancel_run()
    assert now() == 2.5
    assert workflow.log == [("began", 0.0), ("cleaned up", 2.5)]
    assert others() == set()
    assert (handler.is_done(), handler.cancelled()) == (True, True)
    with pytest.raises(WorkflowCancelledByUser, match=r"^Branches was cancelled$"):
        await handler
    assert await read(handler) == [WorkflowCancelledEvent()]


@pytest.mark.parametrize(("timeout", "waited"), [(1.5, 1.5), (2.5, 2.0)])
async def test_cancel_run_waits_so_long(timeout: float, waited: float) -> None:  # noqa: ASYNC109
    """`cancel_run` waits for steps that clean up, but not longer than its timeout."""
    handler = Branches().run(how="stop")
    await asyncio.sleep(0.5)
    await handler.cancel_run(timeout=timeout)
    assert now() == 0.5 + waited
    with pytest.raises(WorkflowCancelledByUser, match="was cancelled"):
        await handler
    assert now() == 2.5


async def test_cancel_before_the_first_step() -> None:
    """A run that is cancelled at once never begins a step."""
    workflow = Branches()
    handler = workflow.run(how="stop")
    await handler.cancel_run()
    with pytest.raises(WorkflowCancelledByUser, match="was cancelled"):
        await handler
    assert workflow.log == []
    assert now() == 0.0


async def test_cancel_after_the_end_changes_nothing() -> None:
    """Cancelling a run that has ended leaves its result as it is."""
    handler = Sleeper().run(seconds=1)
    assert await handler == 1.0
    await handler.cancel_run()
    assert handler.cancel() is False
    assert await handler == 1.0
    assert handler.cancelled() is False


async def test_cancelled_step_that_swallows_it() -> None:
    """A step that goes on after its cancellation does not change how the run ended."""

    class Deaf(Workflow):
        @step
        async def only(self, _: StartEvent) -> StopEvent:
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                await asyncio.sleep(1)
            return StopEvent(result="after all")

    handler = Deaf().run()
    await asyncio.sleep(1)
    await handler.cancel_run()
    with pytest.raises(WorkflowCancelledByUser, match="was cancelled"):
        await handler
    assert now() == 2.0


# -- CancelledError inside a step


class RaisesCancelled(Workflow):
    """A step that raises `CancelledError`, though nobody cancels it."""

    @step
    async def only(self, ev: StartEvent) -> StopEvent:
        """Await what is cancelled, or raise it at once."""
        if ev.get("future"):
            future = asyncio.get_running_loop().create_future()
            future.cancel()
            await future
        raise asyncio.CancelledError


@pytest.mark.parametrize("future", [False, True])
async def test_cancelled_error_of_a_step_fails_the_run(*, future: bool) -> None:
    """A `CancelledError` that nobody asked for fails the run at once."""
    message = r"^step 'only' raised CancelledError, though nobody cancelled it"
    with pytest.raises(WorkflowRuntimeError, match=message) as caught:
        await RaisesCancelled().run(future=future)
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    assert now() == 0.0
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_cancelled_error_is_retried() -> None:
    """A `CancelledError` that nobody asked for is retried as any failure."""
    attempts: list[int] = []

    class Twice(Workflow):
        @step(retry_policy=1)
        async def only(self, ctx: Context, _: StartEvent) -> StopEvent:
            attempts.append(ctx.retry_info().retry_number)
            if len(attempts) == 1:
                raise asyncio.CancelledError
            return StopEvent(result="well")

    assert await Twice().run() == "well"
    assert attempts == [0, 1]


# -- nothing can arrive


class Nothing(Workflow):
    """A workflow that never reaches its end."""

    @step
    async def begin(self, ev: StartEvent) -> Go | None:
        """Return nothing, or what leads to nothing."""
        await asyncio.sleep(1)
        return Go() if ev.get("go") else None

    @step
    async def work(self, _: Go) -> StopEvent | None:
        """Return nothing."""
        return None


@pytest.mark.parametrize("go", [False, True])
async def test_nothing_left_to_do_fails_at_once(*, go: bool) -> None:
    """A run in which nothing is left and nothing can arrive fails without waiting."""
    handler = Nothing().run(go=go)
    message = r"^Nothing has nothing left to do, no step returned StopEvent"
    with pytest.raises(WorkflowRuntimeError, match=message):
        await handler
    assert now() == 1.0
    assert kinds(await read(handler)) == ["WorkflowFailedEvent"]


async def test_event_that_may_come_from_outside_is_waited_for() -> None:
    """A run with a step that takes a person's answer waits, though nobody was asked."""

    class Listens(Workflow):
        @step
        async def begin(self, _: StartEvent) -> None:
            pass

        @step
        async def take(self, ev: HumanResponseEvent) -> StopEvent:
            return StopEvent(result=ev.response)

    handler = Listens(timeout=None).run()
    await asyncio.sleep(1000)
    await handler.send_event(HumanResponseEvent(response="late"))
    assert await handler == "late"
    # Nobody was asked, so it may be a mistake, and the time goes on.
    with pytest.raises(WorkflowTimeoutError, match=r"after 45(\.0)? seconds"):
        await Listens().run()
    assert now() == 1045.0


async def test_task_that_a_step_left_behind_may_send() -> None:
    """While anything still holds the context of a step, an event may arrive."""

    class Leaves(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | None:
            async def later() -> None:
                await asyncio.sleep(3)
                ctx.send_event(Go(n=3))

            task = asyncio.create_task(later())
            task.add_done_callback(lambda _: None)
            return None

        @step
        async def end(self, ev: Go) -> StopEvent:
            return StopEvent(result=ev.n)

    assert await Leaves().run() == 3
    assert now() == 3.0


async def test_context_that_is_let_go_ends_the_wait() -> None:
    """Once nobody holds a context any more the run fails, without its timeout."""

    class Leaves(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | None:
            async def later() -> None:
                await asyncio.sleep(3)
                ctx.write_event_to_stream(Progress())

            task = asyncio.create_task(later())
            task.add_done_callback(lambda _: None)
            return None

        @step
        async def end(self, _: Go) -> StopEvent:
            return StopEvent()

    with pytest.raises(WorkflowRuntimeError, match="nothing left to do"):
        await Leaves().run()
    assert now() == 3.0


# -- undeclared


class Lost(Event):
    """An event that nobody takes."""


async def test_undeclared_return_that_nobody_takes() -> None:
    """An event that is neither declared nor taken fails the run, and is named."""

    class Undeclared(Workflow):
        @step
        async def begin(self, _: StartEvent) -> StopEvent:
            return Lost()  # type: ignore[return-value]

    message = (
        r"^Step begin returned Lost, but its annotation says StopEvent: add"
        r" Lost to the return annotation, and a step that takes it\n"
    )
    with pytest.raises(WorkflowRuntimeError, match=message) as caught:
        await Undeclared().run()
    assert now() == 0.0
    assert caught.value.__notes__ == [
        "in step 'begin' of Undeclared, given StartEvent, attempt 1"
    ]


async def test_wrong_return_is_not_retried() -> None:
    """A return that is wrong is a fault of the program: no policy tries it again."""
    calls = 0

    class Wrong(Workflow):
        @step(retry_policy=5)
        async def only(self, _: StartEvent) -> StopEvent:
            nonlocal calls
            calls += 1
            return 3  # type: ignore[return-value]

    with pytest.raises(WorkflowRuntimeError, match="Step only returned 3"):
        await Wrong().run()
    assert calls == 1


# -- one step is cancelled


class Cancellable(Workflow):
    """A step with one worker and three events, and one that cancels it."""

    log: list[str]

    def __init__(self, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self.log = []

    @step
    async def begin(self, ctx: Context, ev: StartEvent) -> Go | Other | None:
        """Begin both."""
        for n in range(3):
            ctx.send_event(Go(n=n))
        ctx.send_event(Other(name=ev.name))

    @step(num_workers=1)
    async def slow(self, ev: Go) -> None:
        """Work for long."""
        self.log.append(f"began {ev.n}")
        try:
            await asyncio.sleep(100)
        finally:
            self.log.append(f"ended {ev.n}")

    @step
    async def end(self, ctx: Context, ev: Other) -> StopEvent:
        """Cancel it after a second, and end after another."""
        await asyncio.sleep(1)
        cancelled = ctx.cancel_step(ev.name)
        await asyncio.sleep(1)
        self.log.append("end")
        return StopEvent(result=cancelled)


async def test_cancel_step_cancels_all_its_calls() -> None:
    """`cancel_step` ends what runs and what is queued of a step; the run goes on."""
    workflow = Cancellable()
    assert await workflow.run(name="slow") == 3
    assert workflow.log == ["began 0", "ended 0", "end"]
    assert now() == 2.0
    assert others() == set()


async def test_cancel_step_that_does_nothing() -> None:
    """Cancelling a step without calls returns 0."""
    assert await Cancellable().run(name="begin") == 0


async def test_cancel_step_that_does_not_exist() -> None:
    """Cancelling an unknown step raises, and names those that there are."""
    message = "has no step 'slwo'; it has begin, slow, end"
    with pytest.raises(WorkflowStepDoesNotExistError, match=message):
        await Cancellable().run(name="slwo")


async def test_cancel_step_frees_its_workers() -> None:
    """After `cancel_step` the step takes new events as before."""

    class Again(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | None:
            ctx.send_event(Go(n=1))
            await asyncio.sleep(1)
            assert ctx.cancel_step("work") == 1
            await asyncio.sleep(1)
            ctx.send_event(Go(n=2))

        @step(num_workers=1)
        async def work(self, ev: Go) -> StopEvent:
            await asyncio.sleep(10 / ev.n)
            return StopEvent(result=ev.n)

    assert await Again().run() == 2
    assert now() == 7.0


async def test_cancel_step_from_outside() -> None:
    """A step can be cancelled from outside; a run that has nothing else left fails."""
    handler = Sleeper().run(seconds=10)
    await asyncio.sleep(1)
    assert handler.ctx.cancel_step("work") == 1
    await handler.cancel_run()
    assert handler.ctx.cancel_step("work") == 0


async def test_step_may_cancel_itself() -> None:
    """A step that cancels its own calls ends at its next await."""
    log: list[str] = []

    class Itself(Workflow):
        @step
        async def begin(self, _: StartEvent) -> Go | Other:
            return Go()

        @step
        async def gone(self, ctx: Context, _: Go) -> None:
            ctx.send_event(Other())
            log.append(f"cancels {ctx.cancel_step('gone')}")
            await asyncio.sleep(10)
            log.append("never")

        @step
        async def end(self, _: Other) -> StopEvent:
            await asyncio.sleep(1)
            return StopEvent(result=now())

    assert await Itself(disable_validation=True).run() == 1.0
    assert log == ["cancels 1"]


async def test_calls_to_be_retried_are_cancelled_too() -> None:
    """`cancel_step` drops a call that waits for its next attempt."""
    attempts = []

    class Again(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | StopEvent:
            ctx.send_event(Go())
            await asyncio.sleep(1)
            assert ctx.cancel_step("fail") == 1
            await asyncio.sleep(100)
            return StopEvent(result=len(attempts))

        @step(retry_policy=ConstantDelayRetryPolicy(maximum_attempts=9, delay=5))
        async def fail(self, _: Go) -> StopEvent | None:
            attempts.append(1)
            raise OSError("again")

    assert await Again(timeout=None).run() == 1
