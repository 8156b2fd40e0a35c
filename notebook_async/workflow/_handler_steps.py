"""The part of a handler that goes through a run step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.workflow._engine import stepping

if TYPE_CHECKING:
    from notebook_async.workflow._engine.run import Run
    from notebook_async.workflow._engine.stepping import StepTaken
    from notebook_async.workflow.events import Event

__all__ = ["Stepped"]


class Stepped:
    """Lets the steps of a run begin one by one."""

    __slots__ = ()

    if TYPE_CHECKING:
        _run: Run

    @property
    def pending(self) -> list[tuple[str, tuple[Event, ...]]]:
        """The steps that would begin next, each with what it would be given."""
        return stepping.pending(self._run)

    def pause(self) -> None:
        """Let no step begin from now on; those under way go on.

        The run's time stands still meanwhile.

        Raises
        ------
        WorkflowDone
            If the run has ended.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> handler = Hello().run()
        >>> handler.pause()
        >>> handler.pending
        [('greet', (StartEvent(),))]
        >>> handler.resume()
        >>> await handler
        'Hello'
        """
        stepping.pause(self._run)

    def resume(self) -> None:
        """Let a paused run go on by itself.

        Raises
        ------
        WorkflowDone
            If the run has ended.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> handler = Hello().run(stepwise=True)
        >>> handler.resume()
        >>> await handler
        'Hello'
        """
        stepping.resume(self._run)

    async def step(self) -> StepTaken | None:
        """Pause, let the next step run, and return what came of it.

        In between the state may be looked at and changed: `ctx.store`, `pending`,
        `ctx.send_event`.

        Returns
        -------
        StepTaken or None
            The step, what it was given and what it returned; None if nothing is ready.

        Raises
        ------
        WorkflowDone
            If the run has ended.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> handler = Hello().run(stepwise=True)
        >>> taken = await handler.step()
        >>> taken.step, taken.returned
        ('greet', StopEvent(result='Hello'))
        >>> await handler
        'Hello'
        """
        return await stepping.take_step(self._run)

    async def run_step(self) -> list[Event] | None:
        """Run all that is ready and return the events made, for you to send on.

        The older way to go step by step; `step` sends them on by itself.

        Returns
        -------
        list or None
            The events; None once nothing is left.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> handler = Hello().run(stepwise=True)
        >>> while events := await handler.run_step():
        ...     for event in events:
        ...         handler.ctx.send_event(event)
        >>> await handler
        'Hello'
        """
        return await stepping.run_step(self._run)
