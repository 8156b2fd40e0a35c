"""Run a workflow to its end and keep what it showed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from notebook_async.workflow import Context, Event, StartEvent, Workflow

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["WorkflowTestResult", "WorkflowTestRunner"]


@dataclass(frozen=True, slots=True)
class WorkflowTestResult:
    """What a run of a workflow came to.

    Attributes
    ----------
    collected
        The events of its stream, in order.
    event_types
        How many there were of each class.
    result
        What the run returned.
    ctx
        The context of the run.
    """

    collected: list[Event]
    event_types: Counter[type[Event]]
    result: Any
    ctx: Context[Any]


class WorkflowTestRunner:
    """Runs a workflow in a test.

    Parameters
    ----------
    workflow
        The workflow.

    Examples
    --------
    >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
    >>> class Hello(Workflow):
    ...     @step
    ...     async def greet(self, ev: StartEvent) -> StopEvent:
    ...         return StopEvent(result=f"Hello {ev.name}")
    >>> tested = await WorkflowTestRunner(Hello()).run(StartEvent(name="Ada"))
    >>> tested.result, tested.event_types[StopEvent]
    ('Hello Ada', 1)
    """

    def __init__(self, workflow: Workflow) -> None:
        self._workflow = workflow

    async def run(
        self,
        start_event: StartEvent | None = None,
        ctx: Context[Any] | None = None,
        expose_internal: bool = True,  # noqa: FBT001, FBT002 - the name and place are given
        exclude_events: Collection[type[Event]] | None = None,
    ) -> WorkflowTestResult:
        """Run the workflow to its end.

        Parameters
        ----------
        start_event
            The first event; by default an empty `StartEvent`.
        ctx
            A context to begin with.
        expose_internal
            Collect what the engine tells about itself too.
        exclude_events
            Classes of events to leave out.

        Raises
        ------
        Exception
            What the run raised.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> tested = await WorkflowTestRunner(Hello()).run(expose_internal=False)
        >>> tested.collected
        [StopEvent(result='Hello')]
        """
        handler = self._workflow.run(ctx=ctx, start_event=start_event or StartEvent())
        left_out = tuple(exclude_events or ())
        collected = [
            event
            async for event in handler.stream_events(expose_internal=expose_internal)
            if type(event) not in left_out
        ]
        return WorkflowTestResult(
            collected=collected,
            event_types=Counter(type(event) for event in collected),
            result=await handler,
            ctx=handler.ctx,
        )
