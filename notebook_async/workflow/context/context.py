"""The context of a run: its state, and how steps and others reach it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from notebook_async.workflow._engine.attempt import cancel_step
from notebook_async.workflow._engine.log import EventLog, EventReader
from notebook_async.workflow._engine.worker import here
from notebook_async.workflow._legacy import LegacyContext
from notebook_async.workflow.context._step_methods import StepMethods
from notebook_async.workflow.context.state_store import InMemoryStateStore
from notebook_async.workflow.errors import (
    ContextSerdeError,
    ContextStateError,
    WorkflowRuntimeError,
)
from notebook_async.workflow.events import Event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from notebook_async.workflow._engine.run import Run
    from notebook_async.workflow.context.serializers import BaseSerializer
    from notebook_async.workflow.workflow import Workflow

__all__ = ["Context"]

S = TypeVar("S", bound="Any")
E = TypeVar("E", bound=Event)
T = TypeVar("T")


class Context(StepMethods, LegacyContext, Generic[S]):
    """What a run knows: its state, and the ways in for events.

    One context has three faces. Before a run it holds what the run is to begin with.
    From outside it sends events into the run and looks at it. A step that annotates a
    `Context` gets one of its own, with which it sends, gathers and waits for events.
    Steps name the model of the state as in `Context[MyState]`.

    Parameters
    ----------
    workflow
        The workflow that it is for.
    previous_context
        What `to_dict` returned, to go on from there.
    serializer
        What turns data into values, or None for JSON.

    Examples
    --------
    >>> from notebook_async.workflow import Context, StartEvent, StopEvent
    >>> from notebook_async.workflow import Workflow, step
    >>> class Counter(Workflow):
    ...     @step
    ...     async def count(self, ctx: Context, ev: StartEvent) -> StopEvent:
    ...         number = await ctx.store.get("number", default=0) + 1
    ...         await ctx.store.set("number", number)
    ...         return StopEvent(result=number)
    >>> counter = Counter()
    >>> ctx = Context(counter)
    >>> await counter.run(ctx=ctx)
    1
    >>> await counter.run(ctx=ctx)
    2
    """

    __slots__ = ("__weakref__", "_log", "_run", "_snapshot", "_store", "_workflow")

    def __init__(
        self,
        workflow: Workflow,
        previous_context: dict[str, Any] | None = None,
        serializer: BaseSerializer | None = None,
    ) -> None:
        self._workflow = workflow
        self._run: Run | None = None
        self._log: EventLog | None = None
        self._store: InMemoryStateStore[Any] | None = None
        self._snapshot: dict[str, Any] | None = None
        if previous_context is not None:
            from notebook_async.workflow._engine.snapshot import read  # noqa: PLC0415

            self._snapshot = read(workflow, previous_context, serializer)
            self._store = self._snapshot["store"]

    # -- any time

    @property
    def store(self) -> InMemoryStateStore[Any]:
        """The state of the run, shared by all its steps."""
        if self._store is None:
            self._store = InMemoryStateStore(self._workflow.initial_state())
        return self._store

    @property
    def is_running(self) -> bool:
        """Whether a run goes on, or goes on from here once it is started."""
        if self._run is not None:
            return not self._run.ended
        return self._snapshot is not None and self._snapshot["run"] is not None

    # -- out of the run

    def send_event(self, message: Event, step: str | None = None) -> None:
        """Send an event into the run; any thread may.

        It goes to all steps that take it, or to `step` alone. Once the run has ended it
        goes nowhere.

        Parameters
        ----------
        message
            The event. A `StopEvent` ends the run.
        step
            The name of a step that takes it, or None for all.

        Raises
        ------
        WorkflowRuntimeError
            If there is no such step, or if it does not take this event.
        ContextStateError
            If no run has begun.

        Examples
        --------
        >>> from notebook_async.workflow import HumanResponseEvent, StopEvent
        >>> from notebook_async.workflow import InputRequiredEvent, StartEvent
        >>> from notebook_async.workflow import Workflow, step
        >>> class Ask(Workflow):
        ...     @step
        ...     async def ask(self, ev: StartEvent) -> InputRequiredEvent:
        ...         return InputRequiredEvent(prefix="Your name?")
        ...
        ...     @step
        ...     async def greet(self, ev: HumanResponseEvent) -> StopEvent:
        ...         return StopEvent(result=f"Hello {ev.response}")
        >>> handler = Ask().run()
        >>> handler.ctx.send_event(HumanResponseEvent(response="Ada"))
        >>> await handler
        'Hello Ada'
        """
        check_event(message)
        run = self._running("send_event")
        if not run.ended:
            run.send(message, step)

    def stream_events(self) -> AsyncIterator[Event]:
        """Return an iterator over the events of the run, with those of the engine.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> handler = Hello().run()
        >>> async for event in handler.ctx.stream_events():
        ...     print(type(event).__name__)
        StepStateChanged
        StepStateChanged
        StopEvent
        """
        self._running("stream_events")
        log = cast("EventLog", self._log)
        log.internal = True
        return EventReader(log, [0], internal=True)

    async def running_steps(self) -> list[str]:
        """Return the names of the steps that have a call under way.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> handler = Hello().run()
        >>> await handler.ctx.running_steps()
        []
        >>> await handler
        'Hello'
        """
        run = self._running("running_steps")
        return [] if run.ended else run.state.running_steps()

    def to_dict(
        self, serializer: BaseSerializer | None = None, *, include_state: bool = True
    ) -> dict[str, Any]:
        """Return the whole run as data that JSON can hold, to go on from there later.

        What is queued or waits is kept; a step that is under way is run again from its
        first line. The cost grows with what there is now, not with what has been.

        Parameters
        ----------
        serializer
            What turns values into text, or None for JSON.
        include_state
            Whether `store` is part of it.

        Raises
        ------
        ContextSerdeError
            If something cannot be turned into data; the message says where it is.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result=f"Hello {ev.name}")
        >>> handler = Hello().run(name="Ada")
        >>> data = handler.ctx.to_dict()
        >>> await handler.cancel_run()
        >>> ctx = Context.from_dict(Hello(), data)
        >>> await Hello().run(ctx=ctx)
        'Hello Ada'
        """
        from notebook_async.workflow._engine.snapshot import write  # noqa: PLC0415

        try:
            return write(self, serializer, include_state=include_state)
        except (ValueError, TypeError) as error:
            raise ContextSerdeError(
                f"the context of {type(self._workflow).__name__} cannot be turned into"
                f" data: {error}"
            ) from error

    @classmethod
    def from_dict(
        cls,
        workflow: Workflow,
        data: dict[str, Any],
        serializer: BaseSerializer | None = None,
    ) -> Context[Any]:
        """Return a context that goes on where `to_dict` was called.

        Parameters
        ----------
        workflow
            The workflow that it is for.
        data
            What `to_dict` returned.
        serializer
            The kind that was used there.

        Raises
        ------
        ContextSerdeError
            If the data is none of a context, or names what is not known here.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> data = Context(Hello()).to_dict()
        >>> Context.from_dict(Hello(), data).is_running
        False
        """
        if not isinstance(data, dict):
            raise ContextSerdeError(
                f"this is no context of {type(workflow).__name__}: {data!r}; give what"
                " `ctx.to_dict()` returned"
            )
        try:
            return cls(workflow, previous_context=data, serializer=serializer)
        except ContextSerdeError:
            raise
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ContextSerdeError(
                f"this is no context of {type(workflow).__name__}: {error}"
            ) from error

    @staticmethod
    def get_step_context() -> Context[Any]:
        """Return the context of the step around this code.

        Raises
        ------
        WorkflowRuntimeError
            Outside of a step.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> def name():
        ...     return type(Context.get_step_context()).__name__
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result=name())
        >>> await Hello().run()
        'StepContext'
        """
        slot = here()
        if slot is None or slot.run is None or slot.invocation is None:
            raise WorkflowRuntimeError("there is no step around this code")
        from notebook_async.workflow.context._in_step import (  # noqa: PLC0415 - a circle
            StepContext,
        )

        return StepContext(slot.run, slot.invocation)

    def cancel_step(self, name: str) -> int:
        """Cancel the calls of a step: under way, queued, or to be tried again.

        Parameters
        ----------
        name
            The step.

        Returns
        -------
        int
            How many there were.

        Raises
        ------
        WorkflowStepDoesNotExistError
            If there is no such step.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> handler = Hello().run()
        >>> handler.ctx.cancel_step("greet")
        1
        """
        run = self._running("cancel_step")
        return 0 if run.ended else cancel_step(run, name)

    def _attach(self, run: Run) -> None:
        """Begin to stand for this run."""
        self._run = run
        self._log = run.log
        self._snapshot = None
        run.context = self

    def _running(self, method: str) -> Run:
        if self._run is None:
            raise ContextStateError(
                f"{method} needs a run: call `workflow.run(ctx=ctx)` first"
            )
        return self._run


def check_event(event: object) -> None:
    if not isinstance(event, Event):
        raise WorkflowRuntimeError(
            f"only events can be sent, got {event!r}: wrap it in a subclass of Event"
        )
