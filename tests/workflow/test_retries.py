"""Steps that are tried again after they have failed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from notebook_async import Retry
from notebook_async.workflow import (
    ConstantDelayRetryPolicy,
    Context,
    ContextStateError,
    RetryInfo,
    StartEvent,
    StopEvent,
    Workflow,
    WorkflowFailedEvent,
    WorkflowTimeoutError,
    step,
)
from notebook_async.workflow.retry_policy import (
    retry_if_exception_type,
    retry_policy,
    stop_after_attempt,
    wait_fixed,
)
from tests.core.probes import now, others
from tests.workflow.runs import Done, Go, read


class CannotError(Exception):
    """An exception that only this module raises."""


def make_failing(failures: int, policy: Any) -> type[Workflow]:  # noqa: ANN401
    """Return a workflow whose step fails so often, and gives the times of attempts."""
    times: list[float] = []

    class Failing(Workflow):
        @step(retry_policy=policy)
        async def work(self, _: StartEvent) -> StopEvent:
            times.append(now())
            if len(times) <= failures:
                raise CannotError(str(len(times)))
            return StopEvent(result=times)

    return Failing


async def test_retries_until_it_succeeds() -> None:
    """A step is tried again after each delay of its policy until it succeeds."""
    policy = ConstantDelayRetryPolicy(maximum_attempts=4, delay=3)
    assert await make_failing(3, policy)().run() == [0.0, 3.0, 6.0, 9.0]


async def test_retries_until_the_policy_gives_up() -> None:
    """Once the policy gives up, the last exception comes out, with the attempts."""
    policy = ConstantDelayRetryPolicy(maximum_attempts=3, delay=3)
    handler = make_failing(3, policy)().run()
    with pytest.raises(CannotError, match=r"^3\n") as caught:
        await handler
    assert now() == 6.0
    assert caught.value.__notes__ == [
        "in step 'work' of Failing, given StartEvent, attempt 3"
    ]
    (event,) = await read(handler)
    assert isinstance(event, WorkflowFailedEvent)
    assert (event.attempts, event.elapsed_seconds) == (3, 6.0)


async def test_no_policy_no_retry() -> None:
    """Without a policy the first failure is final."""
    with pytest.raises(CannotError, match=r"^1\n"):
        await make_failing(1, None)().run()


@pytest.mark.parametrize(
    ("policy", "times"),
    [
        (retry_policy(wait=wait_fixed(2), stop=stop_after_attempt(2)), [0.0, 2.0]),
        (Retry(attempts=2, base=0), [0.0, 0.0]),
    ],
)
async def test_kinds_of_policies(policy: object, times: list[float]) -> None:
    """A step takes a composed policy as well as a `Retry`."""
    assert await make_failing(1, policy)().run() == times


async def test_policy_without_seed() -> None:
    """A user's policy need not know of `seed`, and sees what has happened."""
    asked: list[tuple[float, int, str]] = []

    class Mine:
        def next(
            self, elapsed_time: float, attempts: int, error: Exception
        ) -> float | None:
            asked.append((elapsed_time, attempts, str(error)))
            return 2.0 * attempts if attempts < 3 else None

    with pytest.raises(CannotError, match=r"^3\n"):
        await make_failing(9, Mine())().run()
    assert asked == [(0.0, 1, "1"), (2.0, 2, "2"), (6.0, 3, "3")]


async def test_policy_that_raises_fails_the_run() -> None:
    """What a policy raises fails the run, as its own fault."""

    class Broken:
        def next(self, elapsed_time: float, attempts: int, error: Exception) -> float:
            raise ZeroDivisionError(f"{elapsed_time} {attempts} {error}")

    with pytest.raises(ZeroDivisionError, match=r"^0\.0 1 1\n"):
        await make_failing(1, Broken())().run()


async def test_condition_of_the_policy() -> None:
    """An exception that the policy does not mean is final."""
    policy = retry_policy(retry=retry_if_exception_type(OSError), wait=wait_fixed(1))
    with pytest.raises(CannotError, match=r"^1\n"):
        await make_failing(1, policy)().run()


async def test_retry_info() -> None:
    """`retry_info` tells how often a call was tried, for how long, and what failed."""
    infos: list[RetryInfo] = []

    class Looks(Workflow):
        @step(retry_policy=ConstantDelayRetryPolicy(maximum_attempts=3, delay=2))
        async def work(self, ctx: Context, _: StartEvent) -> StopEvent:
            infos.append(ctx.retry_info())
            if len(infos) < 3:
                raise CannotError(str(len(infos)))
            return StopEvent()

    before = datetime.now(UTC)
    await Looks().run()
    after = datetime.now(UTC)
    assert infos[0] == RetryInfo(0, 0.0, None, None)
    told = [(i.retry_number, i.elapsed_seconds, str(i.last_exception)) for i in infos]
    assert told == [(0, 0.0, "None"), (1, 2.0, "1"), (2, 4.0, "2")]
    for info in infos[1:]:
        assert info.last_failed_at is not None
        assert before <= info.last_failed_at <= after


async def test_retry_info_outside_a_step() -> None:
    """Outside of a step there is nothing to be told about retries."""
    handler = make_failing(0, None)().run()
    with pytest.raises(ContextStateError, match="retry_info works only inside a step"):
        handler.ctx.retry_info()
    await handler


async def test_waiting_for_a_retry_holds_no_worker() -> None:
    """While a call waits to be tried again its worker takes other events."""
    log: list[tuple[int, float]] = []

    class Lone(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | None:
            for n in range(3):
                ctx.send_event(Go(n=n))

        @step(
            num_workers=1,
            retry_policy=ConstantDelayRetryPolicy(maximum_attempts=2, delay=10),
        )
        async def work(self, ctx: Context, ev: Go) -> Done:
            log.append((ev.n, now()))
            if ev.n == 0 and ctx.retry_info().retry_number == 0:
                raise CannotError
            await asyncio.sleep(1)
            return Done(n=ev.n)

        @step
        async def end(self, ctx: Context, ev: Done) -> StopEvent | None:
            got = ctx.collect_events(ev, [Done] * 3)
            return got and StopEvent(result=[one.n for one in got])

    assert await Lone().run() == [1, 2, 0]
    assert log == [(0, 0.0), (1, 0.0), (2, 1.0), (0, 10.0)]


async def test_retry_takes_its_turn() -> None:
    """A call that is tried again queues behind those that came meanwhile."""
    log: list[int] = []

    class Lone(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | None:
            for n in range(4):
                ctx.send_event(Go(n=n))

        @step(
            num_workers=1,
            retry_policy=ConstantDelayRetryPolicy(maximum_attempts=2, delay=0.5),
        )
        async def work(self, ctx: Context, ev: Go) -> StopEvent | None:
            log.append(ev.n)
            if ev.n == 0 and ctx.retry_info().retry_number == 0:
                raise CannotError
            await asyncio.sleep(1)
            return StopEvent() if len(log) == 5 else None

    await Lone().run()
    assert log == [0, 1, 2, 3, 0]


async def test_timeout_while_a_retry_waits() -> None:
    """The timeout counts while a call waits to be tried again."""
    policy = ConstantDelayRetryPolicy(maximum_attempts=9, delay=3)
    with pytest.raises(WorkflowTimeoutError, match="after 7"):
        await make_failing(9, policy)(timeout=7).run()
    assert now() == 7.0
    assert others() == set()


async def test_end_while_a_retry_waits() -> None:
    """A run that ends drops the calls that wait to be tried again."""
    attempts: list[float] = []

    class Ends(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | Done | None:
            ctx.send_event(Go())
            ctx.send_event(Done())

        @step(retry_policy=ConstantDelayRetryPolicy(maximum_attempts=9, delay=3))
        async def work(self, _: Go) -> None:
            attempts.append(now())
            raise CannotError

        @step
        async def end(self, _: Done) -> StopEvent:
            await asyncio.sleep(4)
            return StopEvent(result="well")

    assert await Ends().run() == "well"
    await asyncio.sleep(100)
    assert attempts == [0.0, 3.0]


async def test_each_call_has_attempts_of_its_own() -> None:
    """Attempts are counted for each event, not for the step."""

    class Calls(Workflow):
        @step
        async def begin(self, ctx: Context, _: StartEvent) -> Go | None:
            for n in range(5):
                ctx.send_event(Go(n=n))

        @step(retry_policy=ConstantDelayRetryPolicy(maximum_attempts=2, delay=1))
        async def work(self, ctx: Context, ev: Go) -> Done:
            if ctx.retry_info().retry_number == 0:
                raise CannotError
            return Done(n=ev.n)

        @step
        async def end(self, ctx: Context, ev: Done) -> StopEvent | None:
            return StopEvent() if ctx.collect_events(ev, [Done] * 5) else None

    await Calls().run()
    assert now() == 1.0


async def test_sync_step_is_retried() -> None:
    """A step that runs in a thread is tried again as any other."""

    class Threads(Workflow):
        @step(retry_policy=ConstantDelayRetryPolicy(maximum_attempts=3, delay=1))
        def work(self, ctx: Context, _: StartEvent) -> StopEvent:
            if ctx.retry_info().retry_number < 2:
                raise CannotError
            return StopEvent(result="well")

    assert await Threads().run() == "well"
    assert now() == 2.0
