"""The shell around a run's state: tasks, timers, and the end of it all."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from notebook_async.core._failures import annotate, raisable, trim
from notebook_async.workflow._clock import Clock
from notebook_async.workflow._log import EventLog
from notebook_async.workflow._state import Outcome, RunState
from notebook_async.workflow._teller import Teller
from notebook_async.workflow._worker import Slot, work
from notebook_async.workflow.errors import (
    WorkflowCancelledByUser,
    WorkflowRuntimeError,
    WorkflowStepDoesNotExistError,
    WorkflowTimeoutError,
)
from notebook_async.workflow.events import (
    InputRequiredEvent,
    StopEvent,
    WorkflowCancelledEvent,
    WorkflowTimedOutEvent,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notebook_async.workflow._definition import Definition
    from notebook_async.workflow._invocation import Invocation
    from notebook_async.workflow.context.context import Context
    from notebook_async.workflow.context.state_store import InMemoryStateStore
    from notebook_async.workflow.events import Event
    from notebook_async.workflow.workflow import Workflow

__all__ = ["Run"]

_log = logging.getLogger("notebook_async")
_PATIENCE = 5.0
_OURS = {
    f"notebook_async.workflow.{name}"
    for name in ("_calls", "_run", "_worker", "context.context")
}
_alive: set[Run] = set()
"""Runs with something to do. asyncio itself holds its tasks only weakly."""


class Run:
    """One run of a workflow: it carries out what its state asks for.

    Parameters
    ----------
    workflow
        The instance that runs.
    definition
        Its steps at this moment.
    run_id
        A name for the run, unique in this process.
    parent
        The place of the step that started it, or None.

    Attributes
    ----------
    calls
        What calls each step.
    starting
        Workers that have been made and have not yet begun.
    result
        The future of the outcome.
    commits
        Called with every finished step, before the next may start; or None.
    outside
        Whether anybody out of the run has what sends events into it.
    contexts
        How many contexts the steps still hold.
    counted
        Whether it has one of the places that its workflow gives to runs.
    stuck
        Whether nothing is left to do but what somebody with a context may send.
    """

    __slots__ = (
        "__weakref__",
        "_context",
        "_held",
        "_is_quiet",
        "_quiet_children",
        "_timers",
        "_workers",
        "calls",
        "children",
        "clock",
        "commits",
        "context",
        "contexts",
        "counted",
        "definition",
        "ended",
        "log",
        "loop",
        "outside",
        "parent",
        "permits",
        "result",
        "run_id",
        "starting",
        "state",
        "store",
        "stuck",
        "teller",
        "thread",
        "watched",
        "workflow",
    )

    def __init__(
        self,
        workflow: Workflow,
        definition: Definition,
        calls: dict[str, Callable[[Run, Invocation], Awaitable[Any]]],
        *,
        run_id: str,
        parent: Slot | None,
        stream_size: int | None = None,
        used: float = 0.0,
    ) -> None:
        self.workflow = workflow
        self.definition = definition
        self.calls = calls
        self.run_id = run_id
        self.loop = asyncio.get_running_loop()
        self.thread = threading.get_ident()
        self.log = EventLog(stream_size)
        self.state = RunState(definition, self.log, run_id)
        self.store: InMemoryStateStore[Any] | None = None
        self.context: Context[Any]
        self.result: asyncio.Future[Outcome] = self.loop.create_future()
        self.clock = Clock(self.loop, workflow.timeout, used)
        self.starting = 0
        self.contexts = 0
        self.outside = False
        self.stuck = False
        self.counted = False
        self.ended = False
        self.commits: Callable[..., Awaitable[None]] | None = None
        self.parent: Run | None = None
        self.children: set[Run] = set()
        self.permits: int | None = None
        self._held = 0
        self._quiet_children = 0
        self._is_quiet = False
        self._context = copy_context()
        self._workers: dict[asyncio.Task[None], Slot] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self.teller = Teller.of(definition.name, run_id)
        self.watched = workflow.verbose or self.teller is not None
        if parent is not None and parent.run is not None and not parent.run.ended:
            self._join_parent(parent)

    # -- life

    def start(self, event: Event | None) -> None:
        """Begin, with an event or with what was restored."""
        if self.ended or self.state.outcome is not None:
            self.advance()
            return
        _alive.add(self)
        self.clock.start(self._expire)
        if self.teller is not None:
            self.teller.run("running")
        if event is not None:
            self.state.deliver(event)
        self.advance()

    def advance(self, spare: int = 0) -> None:
        """Carry out what the state asks for; `spare` workers are about to look anyway.

        It is called after everything that may have changed the state.
        """
        if self.ended:
            return
        state = self.state
        if state.outcome is not None:
            self._wind_up()
            return
        if not state.busy or self._quiet_children or self._is_quiet:
            self._look_if_quiet()
        missing = len(state.ready) - self.starting - spare
        if missing > 0 and not self._held and self.permits != 0:
            if self.permits is not None:
                missing = min(missing, self.permits)
            for _ in range(missing):
                self._spawn()

    def may_start(self) -> bool:
        """Tell whether another invocation may begin now, and count it."""
        if self._held:
            return False
        if self.permits is None:
            return True
        if not self.permits:
            return False
        self.permits -= 1
        return True

    def cancel(self) -> None:
        """Cancel the run; it ends once all its steps have."""
        error = WorkflowCancelledByUser(f"{self.definition.name} was cancelled")
        self.state.end(Outcome(WorkflowCancelledEvent(), error))
        self.advance()

    def send(self, event: Event, step: str | None) -> None:
        """Deliver an event that was sent, from any thread."""
        if step is not None:
            self.state.check_target(step, event)
        if threading.get_ident() != self.thread:
            self.loop.call_soon_threadsafe(self._send, event, step)
        else:
            self._send(event, step)

    def publish(self, event: Event) -> None:
        """Show an event to those who read the stream, here and in the parents'."""
        if threading.get_ident() != self.thread:
            self.loop.call_soon_threadsafe(self.publish, event)
        elif not self.ended:
            self.log.append(event)
            if self.teller is not None:
                self.teller.event(event)
            if self.parent is not None and not isinstance(event, StopEvent):
                self.parent.publish(event)

    def ask(self, event: InputRequiredEvent) -> str:
        """Publish a question, and let answers to a parent find it; return its id."""
        name = self.state.waits.ask(event)
        self.publish(event)
        return name

    def get_store(self) -> InMemoryStateStore[Any]:
        """Return the state, made on first use."""
        if self.store is None:
            self.store = self.context.store
        return self.store

    def cancel_step(self, name: str) -> int:
        """Cancel the calls of one step; return how many there were."""
        station = self.state.stations.get(name)
        if station is None:
            raise WorkflowStepDoesNotExistError(
                f"{self.definition.name} has no step {name!r}; it has"
                f" {', '.join(self.state.stations)}"
            )
        waiting = self.state.take_queued(station)
        for task, slot in self._workers.items():
            call = slot.invocation
            if call is not None and call.station is station and call.task is task:
                call.cancelling = slot.condemned = True
                waiting += task.cancel()
        self.advance()
        return waiting

    def later(self, delay: float, call: Callable[..., object], *args: Any) -> None:
        """Call something after a delay, unless the run ends before."""

        def due() -> None:
            self._timers.discard(handle)
            call(*args)

        handle = self.loop.call_later(delay, due)
        self._timers.add(handle)

    def _send(self, event: Event, step: str | None) -> None:
        state = self.state
        if self.ended or state.outcome is not None:
            return
        if isinstance(event, StopEvent):
            state.end(Outcome(event))
        elif step is not None:
            state.deliver_to(step, event)
        elif not self._offer_to_children(event):
            state.deliver(event)
        self.advance()

    # -- steps

    def begin(self, invocation: Invocation) -> None:
        """Note that an attempt begins."""
        self.state.begin(invocation, self.loop.time())
        if self.watched:
            if self.teller is not None:
                self.teller.step(invocation, "running")
            if self.workflow.verbose:
                print(f"Running step {invocation.station.name}")  # noqa: T201

    def step_returned(self, invocation: Invocation, value: object) -> None:
        """Tell whoever watches."""
        if self.teller is not None:
            self.teller.step(invocation, "done", value)
        if self.workflow.verbose:
            made = "no event" if value is None else f"event {type(value).__name__}"
            print(f"Step {invocation.station.name} produced {made}")  # noqa: T201

    def step_raised(
        self, slot: Slot, invocation: Invocation, error: BaseException
    ) -> None:
        """Decide what comes of an attempt that raised."""
        trim(error, _OURS)
        invocation.task = None
        self._end_children(invocation)
        state = self.state
        if state.outcome is not None:
            if not isinstance(error, asyncio.CancelledError):
                _log.warning(
                    "step %r of %s raised while it was being cancelled",
                    invocation.station.name,
                    self.definition.name,
                    exc_info=error,
                )
            return
        if isinstance(error, asyncio.CancelledError):
            task = asyncio.current_task()
            if invocation.cancelling:
                state.drop(invocation)
                self._tell_end(invocation, "cancelled", error)
                return
            if task is not None and task.cancelling():
                # Somebody cancels every task, as a loop does that shuts down.
                self.cancel()
                return
            stand_in = WorkflowRuntimeError(
                f"step {invocation.station.name!r} raised CancelledError, though nobody"
                " cancelled it: something that it awaited was cancelled"
            )
            stand_in.__cause__ = error
            error = stand_in
        elif not isinstance(error, Exception):
            state.fail(error, invocation)
            raise error
        delay = state.fail_attempt(invocation, error, self.loop.time(), time.time())
        self._tell_end(invocation, "failed" if delay is None else "retrying", error)
        if delay is not None:
            self.later(delay, self._retry, invocation)
        del error

    async def commit(self, slot: Slot, invocation: Invocation, value: object) -> None:
        """Finish a step and write that down before anything else starts."""
        self._held += 1
        slot.committing = True
        try:
            self.state.finish(invocation, value)
            if self.commits is not None:
                await self.commits(invocation, value)
        except Exception as error:  # noqa: BLE001 - a user's callback
            self.state.fail(error)
        finally:
            slot.committing = False
            self._held -= 1
            self.advance()

    def _tell_end(
        self, invocation: Invocation, phase: Any, error: BaseException
    ) -> None:
        if self.teller is not None:
            self.teller.step(invocation, phase, error=error)

    def _retry(self, invocation: Invocation) -> None:
        self.state.retry(invocation)
        self.advance()

    def _spawn(self) -> None:
        slot = Slot(self)
        self.starting += 1
        task = self.loop.create_task(
            work(self, slot), context=self._context.copy(), name=self.run_id
        )
        self._workers[task] = slot
        task.add_done_callback(self._worker_left)

    def _worker_left(self, task: asyncio.Task[None]) -> None:
        if self.ended:
            return
        slot = self._workers.pop(task)
        slot.run = None
        if not slot.started:
            self.starting -= 1
        if task.cancelled():
            if not slot.condemned:
                self.cancel()
        elif (error := task.exception()) is not None:
            # Not of a step: those are caught.
            self.state.fail(error)
        self.advance()

    # -- quiet times

    def _look_if_quiet(self) -> None:
        """Stop the clock while only a person is waited for; fail where nobody is."""
        state = self.state
        if state.busy > self._quiet_children or self._held:
            self._set_quiet(quiet=False)
            return
        if self._quiet_children or state.waits.expecting or self.definition.external:
            self._set_quiet(quiet=True)
            return
        self._set_quiet(quiet=False)
        self.stuck = not (self.outside or state.produced is not None)
        if self.contexts or not self.stuck:
            return
        state.fail(
            WorkflowRuntimeError(
                f"{self.definition.name} has nothing left to do, no step returned"
                f" {self.definition.stop.__name__}, and nothing else can arrive:"
                " a step returned None or an event that no step takes; return"
                f" {self.definition.stop.__name__} at the end, or wait for an event"
                " with `ctx.wait_for_event`"
            )
        )
        self._wind_up()

    def _set_quiet(self, *, quiet: bool) -> None:
        if quiet == self._is_quiet:
            return
        self._is_quiet = quiet
        if quiet:
            self.clock.stop()
        elif self.permits is None:
            self.clock.start(self._expire)
        if self.parent is not None:
            self.parent.child_changed(1 if quiet else -1)

    def child_changed(self, quiet: int) -> None:
        """Count the children that only wait for a person."""
        self._quiet_children += quiet
        self.advance()

    def context_dropped(self) -> None:
        """Look again, for nobody may be left who could send an event."""
        if not self.ended and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.advance)

    def _expire(self) -> None:
        timeout = self.clock.timeout or 0.0
        active = self.state.running_steps()
        steps = f"Currently active steps: {', '.join(active)}" if active else (
            "No steps active"
        )
        error = WorkflowTimeoutError(
            f"Operation timed out after {timeout} seconds. {steps}"
        )
        event = WorkflowTimedOutEvent(timeout=timeout, active_steps=active)
        self.state.end(Outcome(event, error))
        self.advance()

    # -- runs inside steps

    def _join_parent(self, parent: Slot) -> None:
        self.parent = parent.run
        if parent.run is not None and parent.invocation is not None:
            parent.run.children.add(self)
            parent.invocation.remember().children.add(self)

    def _end_children(self, invocation: Invocation) -> None:
        if invocation.memory is not None:
            for child in tuple(invocation.memory.children):
                child.cancel()

    def _offer_to_children(self, event: Event) -> bool:
        """Let an answer find the question of a run inside a step."""
        if not self.children:
            return False
        name = getattr(event, "question_id", None)
        own = (
            name in self.state.waits.questions
            if name is not None
            else self.definition.takers(type(event))
            or any(waiter.matches(event) for waiter in self.state.waits.waiters)
        )
        if own:
            return False
        for child in tuple(self.children):
            if child.wants(event):
                child.send(event, None)
                return True
        return False

    def wants(self, event: Event) -> bool:
        """Tell whether this run, or one inside it, waits for an event."""
        waits = self.state.waits
        name = getattr(event, "question_id", None)
        if name is not None and name in waits.questions:
            return True
        if name is None and (
            any(waiter.matches(event) for waiter in waits.waiters)
            or self.definition.takers(type(event))
        ):
            return True
        return any(child.wants(event) for child in self.children)

    # -- the end

    def _wind_up(self) -> None:
        """Cancel what still runs, and end once nothing does."""
        if self.ended:
            return
        here = asyncio.current_task() if self._in_loop() else None
        for task, slot in tuple(self._workers.items()):
            if task is not here and not slot.committing and not task.cancelling():
                task.cancel()
        for child in tuple(self.children):
            child.cancel()
        for handle in self._timers:
            handle.cancel()
        self._timers.clear()
        if self._workers or self.children:
            if self.clock.runs and not (here in self._workers and len(self._workers) == 1):
                self.clock.stop()
                self.later(_PATIENCE, self._complain)
            return
        self._end()

    def _in_loop(self) -> bool:
        return threading.get_ident() == self.thread

    def _complain(self) -> None:
        for slot in self._workers.values():
            if slot.invocation is not None:
                _log.warning(
                    "step %r of %s still runs %g s after it was cancelled",
                    slot.invocation.station.name,
                    self.definition.name,
                    _PATIENCE,
                )

    def _end(self) -> None:
        """Give out the result, and let go of everything."""
        outcome = self.state.outcome
        if outcome is None or self.ended:
            return
        self.ended = True
        self.clock.stop()
        for handle in self._timers:
            handle.cancel()
        self._timers.clear()
        self.log.close()
        if self.teller is not None:
            cancelled = isinstance(outcome.error, WorkflowCancelledByUser)
            self.teller.ended(outcome, cancelled=cancelled)
        if not self.result.done():
            if outcome.error is None:
                self.result.set_result(outcome)
            else:
                self.result.set_exception(raisable(outcome.error, streamed=False))
        if self._is_quiet and self.parent is not None:
            self.parent._quiet_children -= 1
        parent, self.parent = self.parent, None
        if parent is not None:
            parent.children.discard(self)
            parent.advance()
        self.workflow.run_ended(self)
        _alive.discard(self)
        if self.contexts:
            self.get_store()
        # The exception's traceback leads to contexts of steps, and they lead here.
        del self.state, self.log, self.result, self.context
        del self.clock, self.children, self._context, self._workers, self._timers
