"""`catch_error`: a step that is called once the retries of another are spent."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from notebook_async.workflow import (
    Context,
    StartEvent,
    StepFailedEvent,
    StopEvent,
    Workflow,
    WorkflowValidationError,
    catch_error,
    step,
)
from tests.core.probes import now
from tests.workflow.runs import Done, Go, Other, kinds, read


class CannotError(Exception):
    """An exception that only this module raises."""


class Mended(Workflow):
    """A step that fails after two seconds, twice, and a handler."""

    @step(retry_policy=1)
    async def work(self, ev: StartEvent) -> StopEvent:
        """Fail."""
        await asyncio.sleep(2)
        raise CannotError(ev.text)

    @catch_error
    async def mend(self, ev: StepFailedEvent) -> StopEvent:
        """Return what it was given."""
        return StopEvent(result=ev)


async def test_handler_gets_all_about_the_failure() -> None:
    """The handler is told the step, its event, the exception, attempts and times."""
    before = datetime.now(UTC)
    failed = await Mended().run(text="cannot")
    assert failed.step_name == "work"
    assert failed.input_event == StartEvent(text="cannot")
    assert type(failed.exception) is CannotError
    assert str(failed.exception) == "cannot"
    assert failed.attempts == 2
    assert failed.elapsed_seconds == now()
    assert before <= failed.failed_at <= datetime.now(UTC)


async def test_mended_run_ends_well() -> None:
    """A `StopEvent` of a handler ends the run well, in the stream too."""
    handler = Mended().run(text="cannot")
    assert kinds(await read(handler)) == ["StopEvent"]
    assert handler.exception() is None


async def test_handler_may_go_on_with_any_event() -> None:
    """What a handler returns is routed as if the step had returned it."""

    class GoesOn(Workflow):
        @step
        async def work(self, _: StartEvent) -> Go:
            raise CannotError

        @step
        async def end(self, ev: Go) -> StopEvent:
            return StopEvent(result=ev.n)

        @catch_error
        async def mend(self, _: StepFailedEvent) -> Go:
            return Go(n=7)

    assert await GoesOn().run() == 7


async def test_handler_that_raises_fails_the_run() -> None:
    """A handler is not mended itself: what it raises comes out."""

    class Worse(Workflow):
        @step
        async def work(self, _: StartEvent) -> StopEvent:
            raise CannotError("first")

        @catch_error(max_recoveries=5)
        async def mend(self, _: StepFailedEvent) -> StopEvent:
            raise CannotError("second")

    with pytest.raises(CannotError, match="second") as caught:
        await Worse().run()
    assert caught.value.__notes__ == [
        "in step 'mend' of Worse, given StepFailedEvent, attempt 1"
    ]


async def test_handlers_stand_for_the_steps_they_name() -> None:
    """A handler that names steps mends these, another all the rest."""

    class Several(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | Other | None:
            ctx.send_event(Go())
            ctx.send_event(Other())

        @step
        async def named(self, _: Go) -> Done:
            raise CannotError("a")

        @step
        async def unnamed(self, _: Other) -> Done:
            raise CannotError("b")

        @catch_error(for_steps=["named"])
        async def special(self, ev: StepFailedEvent) -> Done:
            return Done(by=f"special {ev.step_name}")

        @catch_error
        async def general(self, ev: StepFailedEvent) -> Done:
            return Done(by=f"general {ev.step_name}")

        @step
        async def end(self, ctx: Context, ev: Done) -> StopEvent | None:
            got = ctx.collect_events(ev, [Done] * 2)
            return got and StopEvent(result=sorted(one.by for one in got))

    assert await Several().run() == ["general unnamed", "special named"]


async def test_step_that_no_handler_names_fails_the_run() -> None:
    """Without a handler for all, a step that none names fails the run."""

    class Partial(Workflow):
        @step
        async def begin(self, _: StartEvent) -> Go:
            raise CannotError("begin")

        @step
        async def end(self, _: Go) -> StopEvent:
            return StopEvent()

        @catch_error(for_steps=["end"])
        async def mend(self, _: StepFailedEvent) -> StopEvent:
            return StopEvent()

    with pytest.raises(CannotError, match="begin"):
        await Partial().run()


@pytest.mark.parametrize(("budget", "tries"), [(1, 2), (2, 3), (5, 6)])
async def test_budget_is_of_one_line_of_events(budget: int, tries: int) -> None:
    """A handler mends so many failures in a line of events, then the run fails."""
    seen = 0

    class Again(Workflow):
        @step
        async def begin(self, _: StartEvent) -> Go:
            return Go()

        @step
        async def work(self, _: Go) -> StopEvent:
            nonlocal seen
            seen += 1
            raise CannotError(str(seen))

        @catch_error(max_recoveries=budget)
        async def mend(self, _: StepFailedEvent) -> Go:
            return Go()

    with pytest.raises(CannotError, match=rf"^{tries}\n"):
        await Again().run()
    assert seen == tries


async def test_budget_of_other_lines_is_their_own() -> None:
    """Failures in parallel lines of events are counted apart."""

    class Lines(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | None:
            for n in range(5):
                ctx.send_event(Go(n=n))

        @step
        async def work(self, ev: Go) -> Done:
            raise CannotError(str(ev.n))

        @catch_error
        async def mend(self, ev: StepFailedEvent) -> Done:
            return Done(n=ev.input_event.n)

        @step
        async def end(self, ctx: Context, ev: Done) -> StopEvent | None:
            got = ctx.collect_events(ev, [Done] * 5)
            return got and StopEvent(result=sorted(one.n for one in got))

    assert await Lines().run() == [0, 1, 2, 3, 4]


async def test_handler_in_a_list_keeps_its_place() -> None:
    """What a handler returns for an event of a list is gathered with the list."""

    class Listed(Workflow):
        @step
        async def split(self, _: StartEvent) -> list[Go]:
            return [Go(n=n) for n in range(3)]

        @step
        async def work(self, ev: Go) -> Done:
            if ev.n == 1:
                raise CannotError
            return Done(n=ev.n)

        @catch_error(for_steps=["work"])
        async def mend(self, ev: StepFailedEvent) -> Done:
            await asyncio.sleep(1)
            return Done(n=-ev.input_event.n)

        @step
        async def merge(self, evs: list[Done]) -> StopEvent:
            return StopEvent(result=[one.n for one in evs])

    assert await Listed().run() == [0, 2, -1]


def test_signature_is_checked() -> None:
    """A handler takes one `StepFailedEvent` and nothing else."""
    with pytest.raises(WorkflowValidationError, match="must take one StepFailedEvent"):

        class Wrong(Workflow):
            @catch_error
            async def mend(self, _: Go) -> StopEvent:
                return StopEvent()


@pytest.mark.parametrize("value", [0, -1, True, 1.5])
def test_budget_is_checked(value: object) -> None:
    """`max_recoveries=` is a whole number of at least one."""
    with pytest.raises(WorkflowValidationError, match="max_recoveries must be an int"):
        catch_error(max_recoveries=value)  # type: ignore[call-overload]
