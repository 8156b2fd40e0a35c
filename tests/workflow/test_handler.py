"""The handler: the result of a run, and any number of readers of its events."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest

from notebook_async.workflow import (
    Context,
    Event,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StopEvent,
    Workflow,
    WorkflowCancelledByUser,
    WorkflowRuntimeError,
    WorkflowTimeoutError,
    step,
)
from tests.core.probes import now, others
from tests.workflow.runs import Go, Progress, kinds, read

if TYPE_CHECKING:
    from notebook_async.workflow import WorkflowHandler


class Finish(StopEvent):
    """An end of its own."""


class Ends(Workflow):
    """A run that shows something, and a second later ends as it is told."""

    @step
    async def begin(self, ctx: Context, ev: StartEvent) -> Go:
        """Show something."""
        ctx.write_event_to_stream(Progress(n=1))
        await asyncio.sleep(1)
        ctx.write_event_to_stream(Progress(n=2))
        return Go(how=ev.how)

    @step
    async def end(self, ev: Go) -> Finish | None:
        """End."""
        match ev.how:
            case "stop":
                return Finish()
            case "raise":
                raise OSError("raised")
            case "group":
                raise ExceptionGroup("several", [OSError("raised")])
            case "cancelled error":
                raise asyncio.CancelledError
            case "no event":
                return 3  # type: ignore[return-value]
            case "list":
                return [Finish()]  # type: ignore[return-value]
            case "undeclared":
                return Progress()  # type: ignore[return-value]
            case "slow":
                await asyncio.sleep(100)
        return None


class Deaf(Exception):  # noqa: N818
    """Nothing is raised."""


ENDS: dict[str, tuple[str, type[BaseException], str]] = {
    "stop": ("Finish", Deaf, ""),
    "raise": ("WorkflowFailedEvent", OSError, "raised"),
    "group": ("WorkflowFailedEvent", ExceptionGroup, "several"),
    "cancelled error": ("WorkflowFailedEvent", WorkflowRuntimeError, "CancelledError"),
    "no event": ("WorkflowFailedEvent", WorkflowRuntimeError, "returned 3"),
    "list": ("WorkflowFailedEvent", WorkflowRuntimeError, "returned \\[Finish"),
    "undeclared": ("WorkflowFailedEvent", WorkflowRuntimeError, "returned Progress"),
    "none": ("WorkflowFailedEvent", WorkflowRuntimeError, "nothing left to do"),
    "slow": ("WorkflowTimedOutEvent", WorkflowTimeoutError, "timed out after 10"),
    "cancel": ("WorkflowCancelledEvent", WorkflowCancelledByUser, "was cancelled"),
}


async def start(how: str) -> WorkflowHandler:
    """Return a run that will end so."""
    handler = Ends(timeout=10).run(how="slow" if how == "cancel" else how)
    if how == "cancel":
        asyncio.get_running_loop().call_later(2, handler.cancel)
    return handler


async def outcome(handler: WorkflowHandler, how: str) -> None:
    """Check that awaiting the handler does what this end does."""
    _, error, message = ENDS[how]
    if error is Deaf:
        assert type(await handler) is Finish
    else:
        with pytest.raises(error, match=message):
            await handler


@pytest.mark.parametrize("how", ENDS)
async def test_every_end_ends_every_stream(how: str) -> None:
    """However a run ends, readers from before, meanwhile and after it all end."""
    last, *_ = ENDS[how]
    shown = ["Progress", "Progress", last]
    handler = await start(how)
    early = asyncio.create_task(read(handler))
    await asyncio.sleep(0.5)
    meanwhile = asyncio.create_task(read(handler, internal=True))
    assert kinds(await early) == shown
    seen = kinds(await meanwhile)
    engine = ("StepStateChanged", "WorkflowIdleEvent")
    assert [name for name in seen if name not in engine] == shown
    await outcome(handler, how)
    assert kinds(await read(handler)) == shown
    assert others() == set()


@pytest.mark.parametrize("how", ENDS)
async def test_every_end_without_a_reader(how: str) -> None:
    """A run ends as well when nobody reads its stream, and keeps it for later."""
    handler = await start(how)
    await outcome(handler, how)
    assert handler.is_done()
    last, *_ = ENDS[how]
    assert kinds(await read(handler)) == ["Progress", "Progress", last]
    await outcome(handler, how)


@pytest.mark.parametrize("how", ENDS)
async def test_last_event_comes_to_a_waiting_reader_at_once(how: str) -> None:
    """A reader gets the last event at the moment of the end, not later."""
    handler = await start(how)
    async for event in handler.stream_events():
        if isinstance(event, StopEvent):
            ended = now()
    assert ended == {"slow": 10.0, "cancel": 2.0}.get(how, 1.0)
    await outcome(handler, how)


# -- readers


class Counts(Workflow):
    """A run that shows a number each second."""

    @step
    async def count(self, ctx: Context, ev: StartEvent) -> StopEvent:
        """Show numbers."""
        for n in range(ev.get("to", 5)):
            ctx.write_event_to_stream(Progress(n=n))
            await asyncio.sleep(1)
        return StopEvent(result="end")


def numbers(events: list[Any]) -> list[int]:
    """Return the numbers shown, -1 for the end."""
    return [event.n if isinstance(event, Progress) else -1 for event in events]


async def test_readers_are_independent() -> None:
    """Each reader gets all events, whenever it begins and however slow it is."""
    handler = Counts().run()

    async def slowly(first: float, each: float) -> list[Event]:
        await asyncio.sleep(first)
        events = []
        async for event in handler.stream_events():
            events.append(event)
            await asyncio.sleep(each)
        return events

    got = await asyncio.gather(*(slowly(n, n) for n in range(4)))
    assert [numbers(events) for events in got] == [[0, 1, 2, 3, 4, -1]] * 4
    assert numbers(await read(handler)) == [0, 1, 2, 3, 4, -1]


async def test_readers_see_the_same_objects() -> None:
    """Readers do not get copies."""
    handler = Counts().run(to=2)
    first, second = await read(handler), await read(handler)
    assert [a is b for a, b in zip(first, second, strict=True)] == [True] * 3


async def test_break_and_go_on() -> None:
    """A loop that was left with `break` is gone on with by a new loop."""
    handler = Counts().run()
    parts: list[list[int]] = []
    for stop in (1, 2, None):
        part: list[Any] = []
        async for event in handler.stream_events():
            part.append(event)
            if isinstance(event, Progress) and event.n == stop:
                break
        parts.append(numbers(part))
    assert parts == [[0, 1], [2], [3, 4, -1]]
    assert numbers(await read(handler)) == [0, 1, 2, 3, 4, -1]


async def test_break_and_go_on_after_the_end() -> None:
    """What was not read before the run ended can be read after it."""
    handler = Counts().run()
    async for _ in handler.stream_events():
        break
    assert await handler == "end"
    assert numbers(await read(handler)) == [1, 2, 3, 4, -1]


async def test_reader_that_is_cancelled_leaves_the_run() -> None:
    """Cancelling a task that only reads does not touch the run."""
    handler = Counts().run()
    task = asyncio.create_task(read(handler))
    await asyncio.sleep(1.5)
    task.cancel()
    await asyncio.wait([task])
    assert await handler == "end"
    assert now() == 5.0


async def test_stream_may_be_bounded() -> None:
    """With `stream_size=` a run keeps at least so many events, and drops older ones."""
    handler = Counts(stream_size=3).run(to=20)
    await handler
    kept = numbers(await read(handler))
    assert 3 <= len(kept) < 6
    assert kept == [*range(20), -1][-len(kept) :]


@pytest.mark.parametrize("size", [0, -1, True, 1.5])
async def test_stream_size_is_checked(size: Any) -> None:  # noqa: ANN401
    """`stream_size=` is a whole number of at least one."""
    message = "stream_size must be an integer greater than 0 or None, got "
    with pytest.raises(ValueError, match=message + re.escape(repr(size))):
        Counts(stream_size=size)


async def test_context_streams_internal_events() -> None:
    """`ctx.stream_events` shows what the engine says about itself as well."""
    handler = Counts().run(to=1)
    events = [event async for event in handler.ctx.stream_events()]
    assert kinds(events) == [
        "StepStateChanged",
        "Progress",
        "StepStateChanged",
        "StopEvent",
    ]


# -- the result


async def test_await_many_times() -> None:
    """A handler may be awaited again and by several tasks at once."""
    handler = Counts().run()
    both = await asyncio.gather(handler, handler)
    assert [*both, await handler, handler.result()] == ["end"] * 4


async def test_failure_may_be_awaited_many_times() -> None:
    """A failed run raises the same exception each time, and it does not grow."""
    handler = await start("raise")
    seen = []
    for _ in range(3):
        with pytest.raises(OSError, match="raised") as caught:
            await handler
        seen.append(caught.value)
        depth = len(caught.traceback)
    assert seen[0] is seen[1] is seen[2] is handler.exception()
    assert len(seen[0].__notes__) == 1
    with pytest.raises(OSError, match="raised") as caught:
        await handler
    assert len(caught.traceback) == depth


async def test_result_before_the_end() -> None:
    """A run that goes on has neither result nor exception yet."""
    handler = Counts().run()
    assert (handler.is_done(), handler.done(), handler.cancelled()) == (False,) * 3
    assert handler.get_stop_event() is None
    with pytest.raises(asyncio.InvalidStateError, match="not set"):
        handler.result()
    with pytest.raises(asyncio.InvalidStateError, match="not set"):
        handler.exception()
    await handler
    assert (handler.is_done(), handler.done(), handler.exception()) == (
        True,
        True,
        None,
    )


async def test_stop_event_result() -> None:
    """`stop_event_result` gives the event where `await` gives its result."""
    handler = Counts().run()
    event = await handler.stop_event_result()
    assert event is handler.get_stop_event()
    assert event.result == "end"


async def test_cancelling_the_awaiting_task_cancels_the_run() -> None:
    """Cancelling the one task that awaits a run cancels the run, and waits for it."""
    ended: list[float] = []

    class Cleans(Workflow):
        @step
        async def only(self, _: StartEvent) -> StopEvent:
            try:
                await asyncio.sleep(100)
            finally:
                await asyncio.sleep(2)
                ended.append(now())
            return StopEvent()

    handler = Cleans().run()
    task = asyncio.ensure_future(handler)
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [3.0]
    assert handler.cancelled()


async def test_cancelling_one_of_two_awaiting_tasks() -> None:
    """A run that somebody else still awaits goes on."""
    handler = Counts().run()
    first, second = asyncio.ensure_future(handler), asyncio.ensure_future(handler)
    await asyncio.sleep(1)
    first.cancel()
    assert await second == "end"
    assert first.cancelled()


async def test_timeout_around_await() -> None:
    """`asyncio.timeout` around `await handler` cancels the run."""
    handler = Counts().run()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await handler
    assert handler.cancelled()
    assert now() == 2.0


async def test_done_callback() -> None:
    """A callback gets the handler once the run has ended, also if it has already."""
    handler = Counts().run()
    called: list[object] = []
    handler.add_done_callback(called.append)
    assert called == []
    await handler
    handler.add_done_callback(called.append)
    await asyncio.sleep(0)
    assert called == [handler, handler]


async def test_handler_in_gather_and_wait_for() -> None:
    """A handler is an awaitable as any other."""
    results = await asyncio.gather(Counts().run(), Counts().run(to=2))
    assert results == ["end", "end"]
    assert await asyncio.wait_for(Counts().run(to=1), 2) == "end"


async def test_handler_that_is_dropped_does_not_end_its_run() -> None:
    """A run goes on though nobody keeps its handler."""
    log: list[str] = []

    class Notes(Workflow):
        @step
        async def only(self, _: StartEvent) -> StopEvent:
            await asyncio.sleep(1)
            log.append("done")
            return StopEvent()

    Notes().run()
    await asyncio.sleep(2)
    assert log == ["done"]


# -- what it is called


async def test_text() -> None:
    """A handler names its workflow, its run and its phase."""
    handler = Counts(workflow_name="Counter").run(run_id="r1", to=1)
    assert handler.run_id == "r1"
    assert repr(handler) == "<WorkflowHandler Counter running>"
    await handler
    assert repr(handler) == "<WorkflowHandler Counter done>"
    assert str(handler) == ("WorkflowHandler(workflow=Counter, run_id=r1, result=end)")
    failed = await start("raise")
    await outcome(failed, "raise")
    assert repr(failed) == "<WorkflowHandler Ends failed>"
    cancelled = Counts().run()
    await cancelled.cancel_run()
    assert repr(cancelled) == "<WorkflowHandler Counts cancelled>"


async def test_run_ids_differ() -> None:
    """Runs have ids of their own unless one is given."""
    workflow = Counts()
    handlers = [workflow.run(to=0) for _ in range(3)]
    await asyncio.gather(*handlers)
    assert len({handler.run_id for handler in handlers}) == 3


async def test_context_is_the_one_given() -> None:
    """`handler.ctx` is the context that the run was given."""
    workflow = Counts()
    context = Context(workflow)
    handler = workflow.run(ctx=context, to=1)
    assert handler.ctx is context
    await handler


async def test_answer_from_the_reading_loop() -> None:
    """A person's answer may be sent from the loop that reads the question."""

    class Ask(Workflow):
        @step
        async def ask(self, ctx: Context, _: StartEvent) -> StopEvent:
            names = []
            for n in range(3):
                question = InputRequiredEvent(prefix=str(n))
                answer = await ctx.wait_for_event(HumanResponseEvent, question)
                names.append(answer.response)
            return StopEvent(result=names)

    handler = Ask().run()
    async for event in handler.stream_events():
        if isinstance(event, InputRequiredEvent):
            await handler.send_event(HumanResponseEvent(response=event.prefix))
    assert await handler == ["0", "1", "2"]
