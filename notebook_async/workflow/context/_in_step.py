"""The face that a context shows to a step."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

from notebook_async.workflow._engine.buffers import Buffer
from notebook_async.workflow._engine.invocation import Waiter
from notebook_async.workflow._engine.watching import tell, waits
from notebook_async.workflow.context.context import Context, check_event
from notebook_async.workflow.errors import ContextStateError
from notebook_async.workflow.events import Event, InputRequiredEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from notebook_async.workflow._engine.invocation import Invocation
    from notebook_async.workflow._engine.run import Run
    from notebook_async.workflow.context.state_store import InMemoryStateStore
    from notebook_async.workflow.retry_policy import RetryInfo

__all__ = ["StepContext", "ThreadContext"]

E = TypeVar("E", bound=Event)
T = TypeVar("T")


class StepContext(Context[Any]):
    """The face that a context shows to a step."""

    __slots__ = ("_invocation",)

    def __init__(self, run: Run, invocation: Invocation) -> None:
        self._run = run
        self._workflow = run.workflow
        self._invocation = invocation
        run.contexts += 1

    def __del__(self) -> None:
        # A run in which nothing is left to do is over once nobody can send to it.
        run = self._run
        if run is not None:
            run.contexts -= 1
            if run.stuck and not run.contexts:
                run.context_dropped()

    @property
    def store(self) -> InMemoryStateStore[Any]:
        """The state of the run, shared by all its steps."""
        return self._its_run().get_store()

    def send_event(self, message: Event, step: str | None = None) -> None:
        """Send an event, as `Context.send_event` does."""
        check_event(message)
        run = self._its_run()
        if not run.ended:
            self._invocation.station.count_made(type(message))
            run.send(message, step)

    def write_event_to_stream(self, ev: Event | None) -> None:
        """Show an event, as `Context.write_event_to_stream` does."""
        if ev is None:
            return
        check_event(ev)
        run = self._its_run()
        if not run.ended:
            if isinstance(ev, InputRequiredEvent):
                run.ask(ev)
            else:
                run.publish(ev)

    def collect_events(
        self,
        ev: Event,
        expected: Sequence[type[Event]],
        buffer_id: str | None = None,
        *,
        key: Hashable | Callable[[Any], Hashable] = None,
    ) -> list[Any] | None:
        """Gather events, as `Context.collect_events` does."""
        if not expected:
            return []
        if callable(key):
            key = key(ev)
        name = buffer_id or "default"
        return self._collect(ev, expected, name if key is None else (name, key))

    def _collect(
        self, ev: Event, expected: Sequence[type[Event]], name: Hashable
    ) -> list[Any] | None:
        call, memory = self._invocation, self._invocation.memory
        if memory is not None and name in memory.batches:
            return memory.batches[name]
        known = memory is not None and name in memory.collected
        buffers = self._buffers()
        buffer = buffers.get(name)
        if buffer is None:
            buffer = buffers[name] = Buffer()
        if not known:
            if not buffer.expects(ev, expected):
                return None
            buffer.add(ev)
        batch = buffer.take(expected)
        if not buffer.size:
            # There may be as many buffers as there are keys.
            del buffers[name]
        # An attempt after this one must neither add its event again nor lose these.
        if batch is not None:
            call.remember().batches[name] = batch
        elif call.station.config.retry_policy is not None:
            call.remember().collected.add(name)
        return batch

    def _buffers(self) -> dict[Hashable, Buffer]:
        """Return the buffers of the step, made on first use."""
        station = self._invocation.station
        if station.buffers is None:
            station.buffers = {}
        return station.buffers

    async def wait_for_event(
        self,
        event_type: type[E],
        waiter_event: Event | None = None,
        waiter_id: str | None = None,
        requirements: dict[str, Any] | None = None,
        timeout: float | None = 2000,  # noqa: ASYNC109 - a policy of the question
    ) -> E:
        """Wait for an event, as `Context.wait_for_event` does."""
        run, call = self._its_run(), self._invocation
        if run.ended:
            raise ContextStateError("wait_for_event: the run has ended")
        memory = call.remember()
        if waiter_id is None:
            memory.waited += 1
            waiter_id = f"{event_type.__name__}/{memory.waited}"
        if waiter_id in memory.answers:
            return cast("E", memory.answers[waiter_id])
        future: asyncio.Future[Event] = run.loop.create_future()
        question = None
        if isinstance(waiter_event, InputRequiredEvent):
            question = run.ask(waiter_event)
        waiter = Waiter(
            call, event_type, requirements or {}, waiter_id, question, future
        )
        run.state.waits.park(waiter)
        waits(run, call)
        if waiter_event is not None and question is None:
            run.publish(waiter_event)
        run.advance()
        try:
            return cast("E", await _answer(run, waiter, timeout))
        finally:
            # From Python 3.12 on a traceback leads here by `f_back`.
            del self, run, call, waiter, memory, future

    def retry_info(self) -> RetryInfo:
        """Return how often this call was tried, as `Context.retry_info` does."""
        from notebook_async.workflow.retry_policy import RetryInfo  # noqa: PLC0415

        run, call = self._its_run(), self._invocation
        memory = call.memory
        if memory is None:
            return RetryInfo(
                retry_number=0,
                elapsed_seconds=0.0,
                last_exception=None,
                last_failed_at=None,
            )
        began, failed_at = call.began, memory.failed_at
        return RetryInfo(
            retry_number=call.attempts,
            elapsed_seconds=0.0 if began is None else run.loop.time() - began,
            last_exception=memory.error,
            last_failed_at=None
            if failed_at is None
            else datetime.fromtimestamp(failed_at, UTC),
        )

    def _its_run(self) -> Run:
        return cast("Run", self._run)


class ThreadContext(StepContext):
    """The face for a step that runs in a thread: what it asks for is done on the loop.

    What it sends arrives before what it returns, for both come through the same queue.
    """

    __slots__ = ()

    def __del__(self) -> None:
        run = self._run
        if run is not None and not run.loop.is_closed():
            run.loop.call_soon_threadsafe(_drop_context, run)

    def collect_events(
        self,
        ev: Event,
        expected: Sequence[type[Event]],
        buffer_id: str | None = None,
        *,
        key: Hashable | Callable[[Any], Hashable] = None,
    ) -> list[Any] | None:
        """Gather events, as `Context.collect_events` does."""
        collect = super().collect_events
        return self._on_loop(lambda: collect(ev, expected, buffer_id, key=key))

    def write_event_to_stream(self, ev: Event | None) -> None:
        """Show an event, as `Context.write_event_to_stream` does."""
        if ev is not None:
            check_event(ev)
        write = super().write_event_to_stream
        self._its_run().loop.call_soon_threadsafe(write, ev)

    def cancel_step(self, name: str) -> int:
        """Cancel calls of a step, as `Context.cancel_step` does."""
        cancel = super().cancel_step
        return self._on_loop(lambda: cancel(name))

    def _on_loop(self, call: Callable[[], T]) -> T:
        """Do something on the loop of the run, and wait for it."""
        run = self._its_run()
        if threading.get_ident() == run.thread:
            return call()
        done = threading.Event()
        found: list[Any] = []

        def do() -> None:
            try:
                found.append((call(), None))
            except BaseException as error:  # noqa: BLE001 - raised in the thread
                found.append((None, error))
            done.set()

        run.loop.call_soon_threadsafe(do)
        done.wait()
        value, error = found[0]
        if error is not None:
            raise error
        return cast("T", value)


def _drop_context(run: Run) -> None:
    run.contexts -= 1
    if run.stuck and not run.contexts:
        run.context_dropped()


def _give_up(run: Run, waiter: Waiter, seconds: float) -> None:
    if run.ended:
        return
    error = TimeoutError(
        f"no {waiter.kind.__name__} came within {seconds:g} s, for which step"
        f" {waiter.invocation.station.name!r} waited"
    )
    run.state.waits.settle(waiter, error)
    run.advance()


async def _answer(run: Run, waiter: Waiter, seconds: float | None) -> Event:
    """Wait for the answer; the time limit of the step rests meanwhile."""
    call, timer = waiter.invocation, None
    limit = call.remember().timeout
    if seconds is not None:
        timer = run.loop.call_later(seconds, _give_up, run, waiter, seconds)
    rest = _pause(limit, run.loop.time())
    try:
        event = await waiter.future
    except asyncio.CancelledError:
        if not run.is_over and not call.cancelling:
            await _take_back(run, waiter)
        raise
    else:
        tell(run, call, "running")
        return event
    finally:
        if timer is not None:
            timer.cancel()
        if rest is not None and limit is not None:
            limit.reschedule(run.loop.time() + rest)
        del run, call, waiter


async def _take_back(run: Run, waiter: Waiter) -> None:
    """End a wait that the step itself has given up, and get a worker's place again."""
    if waiter.future.done() and not waiter.future.cancelled():
        return
    waiter.future = run.loop.create_future()
    run.state.waits.settle(waiter, Event())
    run.advance()
    await waiter.future


def _pause(timeout: asyncio.Timeout | None, now: float) -> float | None:
    """Let the time limit of a step rest; return the seconds that are left."""
    if timeout is None or (deadline := timeout.when()) is None:
        return None
    timeout.reschedule(None)
    return deadline - now
