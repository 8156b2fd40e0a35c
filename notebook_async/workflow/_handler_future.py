"""The part of a handler that is like a future."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from notebook_async.workflow.errors import WorkflowCancelledByUser
from notebook_async.workflow.events import StopEvent

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from notebook_async.workflow._engine.outcome import Outcome

__all__ = ["FutureLike", "value_of"]


class FutureLike:
    """Says whether a run has ended, and how."""

    __slots__ = ()

    if TYPE_CHECKING:
        _result: asyncio.Future[Outcome]

    def is_done(self) -> bool:
        """Tell whether the run has ended.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> handler = Hello().run()
        >>> handler.is_done()
        False
        >>> await handler
        'Hello'
        >>> handler.is_done()
        True
        """
        return self._result.done()

    def done(self) -> bool:
        """Tell whether the run has ended, as a future does.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> handler = Hello().run()
        >>> await handler, handler.done()
        ('Hello', True)
        """
        return self._result.done()

    def result(self) -> Any:
        """Return the result, or raise what the run raised.

        Raises
        ------
        asyncio.InvalidStateError
            If the run has not ended.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> handler = Hello().run()
        >>> await handler == handler.result()
        True
        """
        return value_of(self._result.result().event)

    def exception(self) -> BaseException | None:
        """Return what the run raised, or None.

        Raises
        ------
        asyncio.InvalidStateError
            If the run has not ended.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result=1 / ev.by)
        >>> handler = Hello().run(by=1)
        >>> await handler, handler.exception()
        (1.0, None)
        """
        return self._result.exception()

    def cancelled(self) -> bool:
        """Tell whether the run was cancelled.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> handler = Hello().run()
        >>> await handler.cancel_run()
        >>> handler.cancelled()
        True
        """
        return self._result.done() and isinstance(
            self._result.exception(), WorkflowCancelledByUser
        )

    def add_done_callback(self, call: Callable[[Self], object]) -> None:
        """Call something with this handler, soon after the run has ended.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> handler = Hello().run()
        >>> handler.add_done_callback(lambda handler: print(handler.result()))
        >>> await handler
        Hello
        'Hello'
        """
        self._result.add_done_callback(lambda _: call(self))

    def get_stop_event(self) -> StopEvent | None:
        """Return the event that ended the run well, or None.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> handler = Hello().run()
        >>> await handler, handler.get_stop_event()
        ('Hello', StopEvent(result='Hello'))
        """
        if not self._result.done() or self._result.exception() is not None:
            return None
        return self._result.result().event


def value_of(event: StopEvent) -> Any:
    """Return what a run gives that ended with this event."""
    return event.result if type(event) is StopEvent else event
