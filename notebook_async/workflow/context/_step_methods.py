"""What a context can do inside a step; out of a step it says only that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from notebook_async.workflow.errors import ContextStateError
from notebook_async.workflow.events import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from notebook_async.workflow.retry_policy import RetryInfo

__all__ = ["StepMethods"]

E = TypeVar("E", bound=Event)


class StepMethods:
    """The methods that a step calls on its context."""

    __slots__ = ()

    def write_event_to_stream(self, ev: Event | None) -> None:
        """Show an event to those who read the stream; it goes to no step.

        Examples
        --------
        >>> from notebook_async.workflow import Context, Event, StartEvent
        >>> from notebook_async.workflow import StopEvent, Workflow, step
        >>> class Progress(Event):
        ...     percent: int
        >>> class Work(Workflow):
        ...     @step
        ...     async def work(self, ctx: Context, ev: StartEvent) -> StopEvent:
        ...         ctx.write_event_to_stream(Progress(percent=50))
        ...         return StopEvent()
        >>> async for event in Work().run().stream_events():
        ...     print(repr(event))
        Progress(percent=50)
        StopEvent()
        """
        raise _only_in_step("write_event_to_stream")

    def collect_events(
        self,
        ev: Event,
        expected: Sequence[type[Event]],
        buffer_id: str | None = None,
        *,
        key: Hashable | Callable[[Any], Hashable] = None,
    ) -> list[Any] | None:
        """Keep an event until there is one for each expected class.

        What is more than expected stays for the next batch.

        Parameters
        ----------
        ev
            The event that the step was given.
        expected
            Classes, each as often as there shall be events of it.
        buffer_id
            Keeps batches of one step apart.
        key
            Keeps events apart that do not belong together: a value, or a function that
            takes the event and returns one.

        Returns
        -------
        list or None
            The events in the order of `expected`, of one class in that of arrival; None
            while some are missing.

        Examples
        --------
        >>> from notebook_async.workflow import Context, Event, StartEvent
        >>> from notebook_async.workflow import StopEvent, Workflow, step
        >>> class Part(Event):
        ...     number: int
        >>> class Gather(Workflow):
        ...     @step
        ...     async def scatter(self, ctx: Context, ev: StartEvent) -> Part | None:
        ...         for number in range(3):
        ...             ctx.send_event(Part(number=number))
        ...
        ...     @step
        ...     async def gather(self, ctx: Context, ev: Part) -> StopEvent | None:
        ...         parts = ctx.collect_events(ev, [Part] * 3)
        ...         if parts is None:
        ...             return None
        ...         return StopEvent(result=[part.number for part in parts])
        >>> await Gather().run()
        [0, 1, 2]
        """
        raise _only_in_step("collect_events")

    async def wait_for_event(
        self,
        event_type: type[E],
        waiter_event: Event | None = None,
        waiter_id: str | None = None,
        requirements: dict[str, Any] | None = None,
        timeout: float | None = 2000,  # noqa: ASYNC109 - a policy of the question
    ) -> E:
        """Wait for an event where the step stands, and return it.

        The worker does something else meanwhile. Of several that wait for the same the
        oldest gets it. Where the step is run again from its first line, as in a retry
        or in a run that is restored from data, the events that it got are given again.

        Parameters
        ----------
        event_type
            The class of the event.
        waiter_event
            Written to the stream first, such as an `InputRequiredEvent`.
        waiter_id
            Names this wait in the data of the run, where a step has several.
        requirements
            Values that attributes of the event must have.
        timeout
            Seconds, or None to wait for ever.

        Raises
        ------
        TimeoutError
            If none came in time.

        Examples
        --------
        >>> from notebook_async.workflow import HumanResponseEvent, StopEvent
        >>> from notebook_async.workflow import Context, InputRequiredEvent, StartEvent
        >>> from notebook_async.workflow import Workflow, step
        >>> class Ask(Workflow):
        ...     @step
        ...     async def ask(self, ctx: Context, ev: StartEvent) -> StopEvent:
        ...         question = InputRequiredEvent(prefix="Your name?")
        ...         answer = await ctx.wait_for_event(HumanResponseEvent, question)
        ...         return StopEvent(result=f"Hello {answer.response}")
        >>> handler = Ask().run()
        >>> async for event in handler.stream_events():
        ...     if isinstance(event, InputRequiredEvent):
        ...         handler.ctx.send_event(HumanResponseEvent(response="Ada"))
        >>> await handler
        'Hello Ada'
        """
        raise _only_in_step("wait_for_event")

    def retry_info(self) -> RetryInfo:
        """Return how often this call of a step was tried before.

        Examples
        --------
        >>> from notebook_async.workflow import Context, StartEvent, StopEvent
        >>> from notebook_async.workflow import Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ctx: Context, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result=ctx.retry_info().retry_number)
        >>> await Hello().run()
        0
        """
        raise _only_in_step("retry_info")


def _only_in_step(method: str) -> ContextStateError:
    return ContextStateError(
        f"{method} works only inside a step, on the context that the step is given"
    )
