"""What `Workflow.run` returns: the run as seen from outside."""

from __future__ import annotations

import asyncio
import weakref
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from notebook_async.workflow._display import Displayed
from notebook_async.workflow._engine.log import EventReader
from notebook_async.workflow._handler_future import FutureLike, value_of
from notebook_async.workflow._handler_steps import Stepped

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextvars import Context

    from notebook_async.core.records import Record
    from notebook_async.workflow._engine.run import Run
    from notebook_async.workflow.context import context as contexts
    from notebook_async.workflow.events import Event, StopEvent
    from notebook_async.workflow.representation import WorkflowGraph

__all__ = ["WorkflowHandler"]


class WorkflowHandler(FutureLike, Stepped):
    """A run: await it for its result, read its events, answer it, cancel it.

    It may be awaited any number of times. Cancelling the only task that awaits it
    cancels the run, as it does with a task. A failed run raises what its step raised.

    Attributes
    ----------
    run_id
        The name of the run.

    Examples
    --------
    >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
    >>> class Hello(Workflow):
    ...     @step
    ...     async def greet(self, ev: StartEvent) -> StopEvent:
    ...         return StopEvent(result=f"Hello {ev.name}")
    >>> handler = Hello().run(name="Ada")
    >>> await handler
    'Hello Ada'
    """

    __slots__ = (
        "__weakref__",
        "_awaiters",
        "_context",
        "_log",
        "_name",
        "_place",
        "_reader",
        "_result",
        "_run",
        "run_id",
    )

    def __init__(self, run: Run, context: contexts.Context[Any]) -> None:
        self.run_id = run.run_id
        self._run = run
        self._name = run.workflow.workflow_name
        self._context = context
        self._log = run.log
        self._result = run.result
        # Who waits for the result, each with where it does.
        self._awaiters: list[tuple[asyncio.Task[Any], Context]] = []
        self._reader: weakref.ref[EventReader] | None = None
        run.handler = weakref.ref(self)
        self._place: list[int] | None = None

    _repr_mimebundle_ = Displayed()

    # -- the result

    def __await__(self) -> Generator[Any, None, Any]:
        return self._wait().__await__()

    async def _wait(self) -> Any:
        try:
            return value_of(await self.stop_event_result())
        finally:
            # From Python 3.12 on a traceback leads here by `f_back`.
            del self

    async def stop_event_result(self) -> StopEvent:
        """Return the event that ended the run, once it has ended.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> await Hello().run().stop_event_result()
        StopEvent(result='Hello')
        """
        try:
            result = self._result
            if not result.done():
                await self._until_done()
            return result.result().event
        finally:
            del self, result

    async def _until_done(self) -> None:
        task: asyncio.Task[Any] = asyncio.current_task()  # type: ignore[assignment]
        entry = (task, copy_context())
        self._awaiters.append(entry)
        if self._run.people is not None:
            self._run.people.changed()
        try:
            await asyncio.wait([self._result])
        except asyncio.CancelledError:
            if len(self._awaiters) == 1 and not self._result.done():
                self._run.cancel()
                await asyncio.wait([self._result])
                self._result.exception()  # so that nobody misses it
            raise
        finally:
            self._awaiters.remove(entry)
            if self._run.people is not None:
                self._run.people.changed()
            del task, entry

    # -- events

    @property
    def ctx(self) -> contexts.Context[Any]:
        """The context of the run: its state, and the way in for events."""
        self._run.outside = True
        return self._context

    def stream_events(self, expose_internal: bool = False) -> EventReader:  # noqa: FBT001, FBT002 - the name and place are given
        """Return an iterator over the events of the run, ending with its last one.

        There may be any number of them, during the run and after it, each with all
        events; only one that goes on where a loop was left, with `break`, begins there.

        Parameters
        ----------
        expose_internal
            Show also what the engine tells about itself, from this call on.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> async for event in Hello().run().stream_events():
        ...     print(repr(event))
        StopEvent(result='Hello')
        """
        log = self._log
        log.internal = log.internal or expose_internal
        place, end = self._place, log.first + len(log.events)
        in_use = self._reader is not None and self._reader() is not None
        if place is None or in_use or (log.closed and place[0] >= end):
            place = self._place = [0]
        reader = EventReader(log, place, internal=expose_internal)
        self._reader = weakref.ref(reader)
        return reader

    async def send_event(self, message: Event, step: str | None = None) -> None:
        """Send an event into the run, as `ctx.send_event` does.

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
        >>> await handler.send_event(HumanResponseEvent(response="Ada"))
        >>> await handler
        'Hello Ada'
        """
        self.ctx.send_event(message, step)

    # -- the end

    def cancel(self) -> bool:
        """Ask the run to end; tell whether it has not ended by itself.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> handler = Hello().run()
        >>> handler.cancel()
        True
        >>> await handler.cancel_run()
        """
        if self._result.done():
            return False
        self._run.cancel()
        return True

    async def cancel_run(self, *, timeout: float = 5.0) -> None:  # noqa: ASYNC109 - the name is given
        """Cancel the run and wait until its steps have ended.

        Awaiting the handler then raises `WorkflowCancelledByUser`.

        Parameters
        ----------
        timeout
            Seconds to wait at most for steps that take their time.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> handler = Hello().run()
        >>> await handler.cancel_run()
        >>> handler
        <WorkflowHandler Hello cancelled>
        """
        self.cancel()
        await asyncio.wait([self._result], timeout=timeout)
        if self._result.done():
            self._result.exception()  # so that asyncio does not call it missed

    # -- what there is to see

    def graph(self) -> WorkflowGraph:
        """Return steps and events, with what each step does now, or did.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> handler = Hello().run()
        >>> await handler
        'Hello'
        >>> print(handler.graph())
        Hello
          greet: 1 done
        """
        from notebook_async.workflow._engine.live import counts_of_run  # noqa: PLC0415

        graph = self._run.workflow.graph()
        return graph.with_counts(*counts_of_run(self._run))

    def records_from_now(self) -> list[Record]:
        """Begin to tell the hooks where it does not yet, and return how it stands.

        For a recording that comes late.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> handler = Hello().run()
        >>> [type(record).__name__ for record in handler.records_from_now()]
        ['WorkflowRecord', 'FlowRecord']
        >>> await handler
        'Hello'
        """
        from notebook_async.workflow._engine.joining import (  # noqa: PLC0415 - on use
            records_from_now,
        )

        result = self._result
        return records_from_now(
            self._run, result.exception() if result.done() else None
        )

    def __str__(self) -> str:
        stop = self.get_stop_event()
        return (
            f"WorkflowHandler(workflow={self._name}, run_id={self.run_id},"
            f" result={stop})"
        )

    def __repr__(self) -> str:
        if not self._result.done():
            phase = "running"
        elif self.cancelled():
            phase = "cancelled"
        else:
            phase = "done" if self._result.exception() is None else "failed"
        return f"<WorkflowHandler {self._name.rpartition('.')[2]} {phase}>"
