"""What a run has used is freed once nobody keeps it, without the cyclic collector."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async.workflow import (
    Context,
    Event,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StepFailedEvent,
    StopEvent,
    Workflow,
    WorkflowHandler,
    catch_error,
    step,
)
from tests.core.probes import others
from tests.workflow.runs import Done, Go, Progress, read

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    """Let only reference counts free anything."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Held(Event):
    """An event that is watched."""


class RaisedError(Exception):
    """An exception that can be watched, as those of C cannot."""


def watched(seen: list[Any]) -> RaisedError:
    """Return an exception that is watched, and that no frame holds."""
    error = RaisedError("raised")
    seen.append(weakref.ref(error))
    return error


class Ends(Workflow):
    """A workflow that passes a watched event through, and ends as it is told."""

    def __init__(self, seen: list[Any], **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self.seen = seen

    def watch(self, *values: object) -> None:
        """Remember values weakly."""
        self.seen.extend(map(weakref.ref, values))

    def error(self) -> RaisedError:
        """Return an exception that is watched, and that no frame holds."""
        return watched(self.seen)

    @step
    async def begin(self, ctx: Context, ev: StartEvent) -> Held:
        """Show something and pass on."""
        shown = Progress()
        made = Held(how=ev.how)
        self.watch(ev, shown, made, ctx._run)
        ctx.write_event_to_stream(shown)
        await ctx.store.set("n", 1)
        return made

    @step
    async def end(self, ctx: Context, ev: Held) -> StopEvent | None:
        """End."""
        await asyncio.sleep(1)
        match ev.how:
            case "raise":
                raise self.error()
            case "none":
                return None
            case "wait":
                await ctx.wait_for_event(HumanResponseEvent, InputRequiredEvent())
            case "slow":
                await asyncio.sleep(100)
            case "cancelled error":
                raise asyncio.CancelledError
        stop = StopEvent(result="end")
        self.watch(stop)
        return stop


WAYS = ["stop", "raise", "none", "slow", "cancel", "wait", "cancelled error"]


async def run_to_the_end(workflow: Workflow, how: str) -> None:
    """Run once, read all events and drop everything."""
    handler = workflow.run(how=how)
    if how in ("cancel", "wait"):
        await asyncio.sleep(3 if how == "wait" else 0.5)
        await handler.cancel_run()
    await read(handler)
    # Not raised: its traceback would lead here, and from here to the handler.
    handler.exception()


def alive(seen: list[weakref.ref[Any]]) -> list[str]:
    """Return the classes of those that are not freed."""
    return [type(one()).__name__ for one in seen if one() is not None]


@pytest.mark.parametrize("how", WAYS)
async def test_a_run_is_freed_by_reference_counts(how: str) -> None:
    """Run, events and exception of a run that nobody keeps are freed at once."""
    seen: list[Any] = []
    workflow = Ends(seen, timeout=10)
    await run_to_the_end(workflow, how)
    await asyncio.sleep(0)
    assert len(seen) >= 4
    assert alive(seen) == []


@pytest.mark.parametrize("how", WAYS)
async def test_the_workflow_is_freed_by_reference_counts(how: str) -> None:
    """An instance that has run is freed as soon as nobody keeps it."""
    seen: list[Any] = []
    workflow = Ends(seen, timeout=10)
    await run_to_the_end(workflow, how)
    reference = weakref.ref(workflow)
    del workflow
    await asyncio.sleep(0)
    assert reference() is None


@pytest.mark.parametrize("how", WAYS)
async def test_no_task_is_left(how: str) -> None:
    """However a run ends, no task and no timer of it is left behind."""
    await run_to_the_end(Ends([], timeout=10), how)
    await asyncio.sleep(0)
    assert others() == set()
    loop: Any = asyncio.get_running_loop()
    assert [handle for handle in loop._scheduled if not handle.cancelled()] == []


@pytest.mark.parametrize("how", ["stop", "raise", "none", "slow", "cancelled error"])
async def test_an_awaited_run_is_freed_by_reference_counts(how: str) -> None:
    """A run that is only awaited is freed too, though its exception came out here."""
    seen: list[Any] = []
    workflow = Ends(seen, timeout=10)
    with contextlib.suppress(Exception):
        await workflow.run(how=how)
    await asyncio.sleep(0)
    assert alive(seen) == []


async def kept(how: str, seen: list[Any]) -> WorkflowHandler:
    """Return the handler of a run that has ended."""
    handler = Ends(seen, timeout=10).run(how=how)
    await asyncio.sleep(1)
    await read(handler)
    return handler


@pytest.mark.parametrize("how", ["stop", "raise"])
async def test_kept_handler_keeps_only_result_and_stream(how: str) -> None:
    """A handler that is kept holds what was shown and how it ended, and no more."""
    seen: list[Any] = []
    handler = await kept(how, seen)
    assert handler.is_done()
    start, shown, made, *_ = seen
    assert (start(), shown()) == (None, Progress())
    # The traceback of an exception shows the locals of its step.
    assert (made() is not None) == (how == "raise")


async def test_exception_that_is_kept_keeps_no_run() -> None:
    """The traceback of a kept exception leads to the user's frames, not to the run."""
    seen: list[Any] = []
    handler = await kept("raise", seen)
    error = handler.exception()
    del handler
    await asyncio.sleep(0)
    _, shown, *_ = seen
    assert isinstance(error, RaisedError)
    assert shown() is None


async def test_many_runs_of_one_instance_keep_nothing() -> None:
    """An instance does not grow with the number of its runs."""
    seen: list[Any] = []
    workflow = Ends(seen, timeout=10)
    await asyncio.gather(*(run_to_the_end(workflow, "stop") for _ in range(20)))
    await asyncio.sleep(0)
    assert alive(seen) == []


async def test_task_that_a_step_left_behind_keeps_no_run() -> None:
    """A task that outlives its run does not keep it alive by its context variables."""
    seen: list[weakref.ref[Any]] = []
    tasks: list[asyncio.Task[None]] = []

    class Leaves(Workflow):
        @step
        async def only(self, ctx: Context, _: StartEvent) -> StopEvent:
            seen.append(weakref.ref(ctx._run))  # type: ignore[arg-type]
            tasks.append(asyncio.create_task(asyncio.sleep(100)))
            return StopEvent()

    await Leaves().run()
    await asyncio.sleep(0)
    assert alive(seen) == []
    tasks[0].cancel()


async def test_mended_failure_is_freed() -> None:
    """An exception that a handler has mended is freed with its events."""
    seen: list[weakref.ref[Any]] = []

    class Mends(Workflow):
        @step
        async def fail(self, _: StartEvent) -> StopEvent:
            raise watched(seen)

        @catch_error
        async def mend(self, ev: StepFailedEvent) -> StopEvent:
            seen.append(weakref.ref(ev))
            return StopEvent(result="mended")

    assert await Mends().run() == "mended"
    await asyncio.sleep(0)
    assert len(seen) == 2
    assert alive(seen) == []


async def test_retried_failure_is_freed() -> None:
    """An exception after which a step was tried again is freed with the run."""
    seen: list[weakref.ref[Any]] = []

    class Retries(Workflow):
        @step(retry_policy=1)
        async def fail(self, _: StartEvent) -> StopEvent:
            if not seen:
                raise watched(seen)
            return StopEvent()

    await Retries().run()
    await asyncio.sleep(0)
    assert alive(seen) == []


async def test_gathered_and_sent_events_are_freed() -> None:
    """Events in lists, joins and buffers are freed with the run."""
    seen: list[weakref.ref[Any]] = []

    class Gathers(Workflow):
        @step
        async def split(self, _: StartEvent) -> list[Go]:
            events = [Go(n=n) for n in range(3)]
            seen.extend(map(weakref.ref, events))
            return events

        @step
        async def work(self, ctx: Context, ev: Go) -> Done:
            ctx.collect_events(ev, [Go] * 10)
            return Done(n=ev.n)

        @step
        async def merge(self, evs: list[Done]) -> StopEvent:
            seen.extend(map(weakref.ref, evs))
            return StopEvent()

    await Gathers().run()
    await asyncio.sleep(0)
    assert len(seen) == 6
    assert alive(seen) == []


async def test_sync_step_is_freed() -> None:
    """A step that ran in a thread leaves nothing behind."""
    seen: list[weakref.ref[Any]] = []

    class Threads(Workflow):
        @step
        def only(self, ctx: Context, ev: StartEvent) -> StopEvent:
            ctx.write_event_to_stream(Progress())
            seen.append(weakref.ref(ev))
            seen.append(weakref.ref(ctx._run))  # type: ignore[arg-type]
            return StopEvent()

    await Threads().run()
    for _ in range(200):  # the thread lets go a moment after it has said it is done
        await asyncio.to_thread(time.sleep, 0.001)
        if not alive(seen):
            break
    assert len(seen) == 2
    assert alive(seen) == []


async def test_nested_runs_are_freed() -> None:
    """A run inside a step of another is freed with it."""
    seen: list[Any] = []
    child = Ends(seen, timeout=10)

    class Parent(Workflow):
        @step
        async def only(self, _: StartEvent) -> StopEvent:
            return StopEvent(result=await child.run(how="stop"))

    assert await Parent().run() == "end"
    await asyncio.sleep(0)
    assert alive(seen) == []


async def test_context_used_again_keeps_no_old_run() -> None:
    """A context that is given to one run after another keeps none of those before."""
    seen: list[Any] = []
    workflow = Ends(seen, timeout=10)
    context = Context(workflow)
    for _ in range(3):
        await workflow.run(ctx=context, how="stop")
    await asyncio.sleep(0)
    assert "Held" not in alive(seen)
    assert alive(seen[: 2 * len(seen) // 3]) == []
