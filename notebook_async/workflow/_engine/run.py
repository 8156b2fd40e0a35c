"""The shell around a run's state: tasks, timers, and the end of it all."""

from __future__ import annotations

import asyncio
import sys
import threading
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from notebook_async.core.hooks import wanted
from notebook_async.workflow._engine.clock import Clock
from notebook_async.workflow._engine.ending import wind_up
from notebook_async.workflow._engine.family import join_parent, offer_to_children
from notebook_async.workflow._engine.log import EventLog
from notebook_async.workflow._engine.outcome import Outcome
from notebook_async.workflow._engine.people import teller_of_questions
from notebook_async.workflow._engine.quiet import look_if_quiet, time_is_up
from notebook_async.workflow._engine.state import RunState
from notebook_async.workflow._engine.worker import (
    Slot,
    commit_start,
    keep_answer,
    work,
)
from notebook_async.workflow.errors import WorkflowCancelledByUser
from notebook_async.workflow.events import (
    InputRequiredEvent,
    StopEvent,
    WorkflowCancelledEvent,
)

if TYPE_CHECKING:
    import weakref
    from collections.abc import Awaitable, Callable, Coroutine
    from contextvars import Context as ContextVars

    from notebook_async.core._people import Follower
    from notebook_async.workflow._engine.definition import Definition
    from notebook_async.workflow._engine.invocation import Invocation
    from notebook_async.workflow._engine.live import Tally
    from notebook_async.workflow._engine.stepping import Watch
    from notebook_async.workflow._engine.teller import Teller
    from notebook_async.workflow.checkpointer import CheckpointCallback
    from notebook_async.workflow.context.context import Context
    from notebook_async.workflow.context.state_store import InMemoryStateStore
    from notebook_async.workflow.events import Event
    from notebook_async.workflow.handler import WorkflowHandler
    from notebook_async.workflow.workflow import Workflow

__all__ = ["Run"]

_KINDS = (
    "StepRecord",
    "FlowRecord",
    "EventRecord",
    "QuestionRecord",
    "WorkflowRecord",
)
_alive: set[Run] = set()
"""Runs that have not ended. asyncio itself holds its tasks only weakly."""


class Run:
    """One run of a workflow: it carries out what its state asks for.

    Parameters
    ----------
    workflow
        The instance that runs.
    definition
        Its steps at this moment.
    calls
        What calls each step.
    run_id
        A name for the run.
    place
        The place of the step that starts it, or None.

    Attributes
    ----------
    base
        The context variables of whoever started the run.
    timers
        What is to be called later, unless the run ends before.
    workers
        The tasks that run steps, each with what it is at.
    held
        How many checkpoints are being written; nothing begins meanwhile.
    starting
        Workers that have been made and have not yet begun.
    result
        The future of the outcome.
    checkpoint
        Awaited with every finished step, before the next may start; or None.
    outside
        Whether anybody out of the run has what sends events into it.
    contexts
        How many contexts the steps still hold.
    counted
        Whether it has one of the places that its workflow gives to runs.
    stuck
        Whether nothing is left to do but what somebody with a context may send.
    is_quiet
        Whether only a person can move it, so that its clock stands still.
    children
        Runs inside its steps, each with the call that started it.
    permits
        How many calls may begin while it is paused; None while it is not.
    watch
        Who goes through it step by step, or None.
    tally
        The counts of a run that has ended.
    teller
        Who tells the hooks what happens, or None while nobody wants to know.
    handler
        Its handler, as long as somebody has it.
    people, watcher
        Who asks people what it asks, and the context variables of who watches it.
    watched
        Whether somebody goes through it step by step, or reads what it prints.
    """

    __slots__ = (
        "__weakref__",
        "base",
        "calls",
        "checkpoint",
        "children",
        "clock",
        "context",
        "contexts",
        "counted",
        "definition",
        "ended",
        "handler",
        "held",
        "is_quiet",
        "log",
        "loop",
        "outside",
        "parent",
        "people",
        "permits",
        "result",
        "run_id",
        "starting",
        "state",
        "store",
        "stuck",
        "tally",
        "teller",
        "thread",
        "timers",
        "watch",
        "watched",
        "watcher",
        "workers",
        "workflow",
    )

    def __init__(
        self,
        workflow: Workflow,
        definition: Definition,
        calls: dict[str, Callable[[Run, Invocation], Awaitable[Any]]],
        *,
        run_id: str,
        place: Slot | None,
    ) -> None:
        self.workflow = workflow
        self.definition = definition
        self.calls = calls
        self.run_id = run_id
        self.loop = asyncio.get_running_loop()
        self.thread = threading.get_ident()
        self.log = EventLog(workflow.stream_size)
        self.state = RunState(definition, self.log, run_id)
        self.state.waits.changed = teller_of_questions(self)
        self.handler: weakref.ref[WorkflowHandler] | None = None
        self.people: Follower | None = None
        self.watcher: ContextVars | None = None
        self.context: Context[Any]
        self.store: InMemoryStateStore[Any] | None = None
        self.result: asyncio.Future[Outcome] = self.loop.create_future()
        self.clock = Clock(self.loop, workflow.timeout)
        self.starting = 0
        self.contexts = 0
        self.outside = False
        self.stuck = False
        self.is_quiet = False
        self.counted = False
        self.ended = False
        self.checkpoint: CheckpointCallback | None = None
        self.parent: Run | None = None
        self.children: dict[Run, Invocation] = {}
        self.permits: int | None = None
        self.watch: Watch | None = None
        self.tally: Tally | None = None
        self.watched = workflow.verbose
        self.held = 0
        self.base = copy_context()
        self.teller: Teller | None = _teller(self)
        self.log.teller = self.teller
        self.workers: dict[asyncio.Task[None], Slot] = {}
        self.timers: dict[object, asyncio.TimerHandle] = {}
        join_parent(self, place)

    # -- life

    def start(self, event: Event | None) -> None:
        """Begin, with an event or with what was restored."""
        if self.ended:
            return
        _alive.add(self)
        if self.permits is None:
            self.clock.start(self.expire)
        if self.teller is not None:
            self.teller.started(self)
        if event is not None:
            self.state.deliver(event)
        if self.checkpoint is not None and self.state.outcome is None:
            self.held += 1
            slot = Slot(self)
            slot.committing = slot.started = True
            self._spawn(slot, commit_start(self, event))
        self.advance()

    def advance(self, spare: int = 0) -> None:
        """Carry out what the state asks for; `spare` workers are about to look anyway.

        It is called after everything that may have changed the state.
        """
        if self.ended:
            return
        state = self.state
        if state.outcome is not None:
            wind_up(self, state.outcome)
            return
        if not state.busy or self.is_quiet or self.children:
            look_if_quiet(self)
        missing = len(state.ready) - self.starting - spare
        if missing <= 0:
            return
        if not self.held and self.permits != 0:
            if self.permits is not None:
                missing = min(missing, self.permits)
            for _ in range(missing):
                slot = Slot(self)
                self.starting += 1
                self._spawn(slot, work(self, slot))
        elif self.teller is not None:
            self.teller.moved()

    def may_start(self) -> bool:
        """Tell whether another call may begin now, and count it."""
        if self.held:
            return False
        if self.permits is None:
            return True
        if not self.permits:
            return False
        self.permits -= 1
        return True

    def unpause(self) -> None:
        """Go on after a pause."""
        state = self.state
        if state.produced is not None:
            produced, state.produced = state.produced, None
            for event in produced:
                self.send(event, None)
        if not self.is_quiet:
            self.clock.start(self.expire)
        self.advance()

    def cancel(self) -> None:
        """Cancel the run; it ends once all its steps have."""
        if self.ended:
            return
        error = WorkflowCancelledByUser(f"{self.definition.name} was cancelled")
        self.state.end(Outcome(WorkflowCancelledEvent(), error))
        self.advance()

    # -- events

    def send(self, event: Event, step: str | None) -> None:
        """Deliver an event that was sent, from any thread."""
        if step is not None:
            self.state.check_target(step, event)
        if threading.get_ident() != self.thread:
            self.loop.call_soon_threadsafe(self._send, event, step)
        else:
            self._send(event, step)

    def _send(self, event: Event, step: str | None) -> None:
        if self.ended or self.state.outcome is not None:
            return
        if isinstance(event, StopEvent):
            self.state.end(Outcome(event))
        elif step is not None:
            self.state.deliver_to(step, event)
        elif not offer_to_children(self, event):
            before = self.state.waits.number
            self.state.deliver(event)
            if self.state.waits.number < before:
                keep_answer(self, event)
        self.advance()

    def publish(self, event: Event) -> None:
        """Show an event to those who read the stream."""
        if threading.get_ident() != self.thread:
            self.loop.call_soon_threadsafe(self.publish, event)
        elif not self.ended and self.state.outcome is None:
            self.log.append(event)

    def ask(self, event: InputRequiredEvent, step: str | None = None) -> str:
        """Publish a question, which a step asks; return its id."""
        name = self.state.waits.ask(event, step)
        self.publish(event)
        return name

    @property
    def is_over(self) -> bool:
        """Whether the run has its outcome; steps may still be cleaning up."""
        return self.ended or self.state.outcome is not None

    def get_store(self) -> InMemoryStateStore[Any]:
        """Return the state, made on first use."""
        if self.store is None:
            self.store = self.context.store
        return self.store

    def later(self, delay: float, call: Callable[..., object], *args: Any) -> None:
        """Call something after a delay, unless the run ends before."""
        key = object()
        self.timers[key] = self.loop.call_later(delay, self._due, key, call, args)

    def _due(
        self, key: object, call: Callable[..., object], args: tuple[Any, ...]
    ) -> None:
        del self.timers[key]
        call(*args)

    # -- calls of steps

    def under_way(self) -> bool:
        """Tell whether a call is being run, and does not wait."""
        return any(
            call.memory is None or not call.memory.waits
            for station in self.state.stations.values()
            for call in station.running
        )

    def _spawn(self, slot: Slot, main: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(main, context=self.base.copy(), name=self.run_id)
        self.workers[task] = slot
        task.add_done_callback(self._worker_left)

    def _worker_left(self, task: asyncio.Task[None]) -> None:
        if self.ended:
            return
        slot = self.workers.pop(task)
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

    def context_dropped(self) -> None:
        """Look again, for nobody may be left who could send an event."""
        if not self.ended and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.advance)

    def expire(self) -> None:
        """End the run: it has used up its time."""
        time_is_up(self)

    def forget(self) -> None:
        """Keep the run alive no longer; it has ended."""
        _alive.discard(self)


def _teller(run: Run) -> Teller | None:
    """Return who tells the hooks of a run that begins now, if anybody wants to know."""
    # Where the records have not even been loaded nobody can want them.
    records = sys.modules.get("notebook_async.core.records")
    if records is None or not any(wanted(getattr(records, kind)) for kind in _KINDS):
        return None
    from notebook_async.workflow._engine.teller import Teller  # noqa: PLC0415

    return Teller(run)
