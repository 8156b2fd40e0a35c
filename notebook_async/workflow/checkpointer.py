"""Keep a run after each of its steps, to look at it and to go on from there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from notebook_async.errors import InvalidArgumentError
from notebook_async.workflow._checkpoints.checkpoint import Checkpoint, CheckpointDiff
from notebook_async.workflow._checkpoints.recorder import CheckpointCallback, Recorder
from notebook_async.workflow._checkpoints.stores import CheckpointStore, open_store
from notebook_async.workflow._engine.snapshot import serializer_for
from notebook_async.workflow.context.context import Context
from notebook_async.workflow.errors import WorkflowStepDoesNotExistError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from notebook_async.workflow.context.serializers import BaseSerializer
    from notebook_async.workflow.events import Event
    from notebook_async.workflow.handler import WorkflowHandler
    from notebook_async.workflow.workflow import Workflow

__all__ = [
    "Checkpoint",
    "CheckpointCallback",
    "CheckpointDiff",
    "CheckpointStore",
    "WorkflowCheckpointer",
]


Checkpoints: TypeAlias = list[Checkpoint]


class WorkflowCheckpointer:
    """Keeps a checkpoint after each step of the runs that it starts.

    A run goes on only once its checkpoint is kept. So a process that is killed at any
    moment can be followed by one that calls `resume`, and no finished step is run
    again; one that was under way is.

    Parameters
    ----------
    workflow
        The workflow to run.
    checkpoint_serializer
        What turns values into data, or None for JSON.
    disabled_steps
        Names of steps after which no checkpoint is kept.
    storage
        A path, ending in .db, .sqlite or .sqlite3 for a database and in anything else
        for a file of lines; a store of your own; or None to keep them in memory.

    Raises
    ------
    WorkflowStepDoesNotExistError
        If `disabled_steps` names a step that the workflow does not have.

    Examples
    --------
    >>> from notebook_async.workflow import Event, StartEvent, StopEvent
    >>> from notebook_async.workflow import Workflow, WorkflowCheckpointer, step
    >>> class Draft(Event):
    ...     text: str
    >>> class Write(Workflow):
    ...     @step
    ...     async def write(self, ev: StartEvent) -> Draft:
    ...         return Draft(text=f"On {ev.topic}")
    ...
    ...     @step
    ...     async def polish(self, ev: Draft) -> StopEvent:
    ...         return StopEvent(result=ev.text + ".")
    >>> checkpointer = WorkflowCheckpointer(Write())
    >>> handler = checkpointer.run(topic="rain")
    >>> await handler
    'On rain.'
    >>> kept = checkpointer.checkpoints[handler.run_id]
    >>> [checkpoint.last_completed_step for checkpoint in kept]
    ['write', 'polish']
    >>> await checkpointer.run_from(kept[0])
    'On rain.'
    """

    def __init__(
        self,
        workflow: Workflow,
        checkpoint_serializer: BaseSerializer | None = None,
        disabled_steps: Iterable[str] = (),
        *,
        storage: CheckpointStore | str | os.PathLike[str] | None = None,
    ) -> None:
        self._workflow = workflow
        self._serializer = serializer_for(workflow, checkpoint_serializer)
        self._store = open_store(storage, self._serializer)
        self._disabled: set[str] = set()
        self._made: dict[str, list[Checkpoint]] = {}
        for name in disabled_steps:
            self.disable_checkpoint(name)

    @property
    def workflow(self) -> Workflow:
        """The workflow that it runs."""
        return self._workflow

    @property
    def checkpoints(self) -> dict[str, list[Checkpoint]]:
        """The checkpoints made by this object, after steps, by run."""
        return {
            run_id: [one for one in made if one.last_completed_step is not None]
            for run_id, made in self._made.items()
        }

    @property
    def enabled_checkpoints(self) -> set[str]:
        """The names of the steps after which a checkpoint is kept."""
        return self._workflow._step_configs().keys() - self._disabled

    # -- runs

    def run(self, **kwargs: Any) -> WorkflowHandler:
        """Start a run, as `Workflow.run` does, and keep its checkpoints.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result=f"Hello {ev.name}")
        >>> await WorkflowCheckpointer(Hello()).run(name="Ada")
        'Hello Ada'
        """
        return self._workflow.run(
            checkpoint_callback=self.new_checkpoint_callback_for_run(), **kwargs
        )

    def run_from(self, checkpoint: Checkpoint, **kwargs: Any) -> WorkflowHandler:
        """Start a run that goes on where a checkpoint was made.

        Parameters
        ----------
        checkpoint
            Where to go on.
        kwargs
            As for `Workflow.run`; values for a first event have no effect.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> checkpointer = WorkflowCheckpointer(Hello())
        >>> handler = checkpointer.run()
        >>> await handler
        'Hello'
        >>> await checkpointer.run_from(checkpointer.checkpoints[handler.run_id][0])
        'Hello'
        """
        ctx = Context.from_dict(
            self._workflow, checkpoint.ctx_state, serializer=self._serializer
        )
        return self.run(ctx=ctx, **kwargs)

    async def resume(self, run_id: str) -> WorkflowHandler:
        """Start a run that goes on after the last checkpoint of another, by its name.

        Raises
        ------
        InvalidArgumentError
            If there is no checkpoint of such a run.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> checkpointer = WorkflowCheckpointer(Hello())
        >>> await checkpointer.run(run_id="mine")
        'Hello'
        >>> await (await checkpointer.resume("mine"))
        'Hello'
        """
        kept = await self._store.load(run_id)
        if not kept:
            runs = ", ".join(await self.runs()) or "none"
            raise InvalidArgumentError(
                f"no checkpoint of a run {run_id!r} is kept; there are {runs}"
            )
        last = max(kept, key=lambda one: one.number)
        return self.run_from(last, run_id=run_id)

    # -- what is kept

    async def list(self, run_id: str | None = None) -> Checkpoints:
        """Return what the storage keeps of a run, or of all, also of other processes.

        The first of each run was made before its first step.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> checkpointer = WorkflowCheckpointer(Hello())
        >>> await checkpointer.run(run_id="mine")
        'Hello'
        >>> await checkpointer.list("mine")
        [<Checkpoint 0 before the first step>, <Checkpoint 1 after greet>]
        """
        kept = await self._store.load(run_id)
        return [replace(one, workflow=self._workflow) for one in kept]

    async def runs(self) -> dict[str, int]:
        """Return the names of the runs that are kept, with how many checkpoints each.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> checkpointer = WorkflowCheckpointer(Hello())
        >>> await checkpointer.run(run_id="mine")
        'Hello'
        >>> await checkpointer.runs()
        {'mine': 2}
        """
        counts: dict[str, int] = {}
        for one in await self._store.load():
            counts[one.run_id] = counts.get(one.run_id, 0) + 1
        return counts

    def filter_checkpoints(
        self,
        run_id: str | None = None,
        last_completed_step: str | None = None,
        input_event_type: type[Event] | None = None,
        output_event_type: type[Event] | None = None,
    ) -> Checkpoints:
        """Return the checkpoints made by this object that fit all that is given.

        Raises
        ------
        InvalidArgumentError
            If nothing is given.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> checkpointer = WorkflowCheckpointer(Hello())
        >>> await checkpointer.run()
        'Hello'
        >>> checkpointer.filter_checkpoints(output_event_type=StopEvent)
        [<Checkpoint 1 after greet>]
        """
        wanted = (run_id, last_completed_step, input_event_type, output_event_type)
        if all(one is None for one in wanted):
            raise InvalidArgumentError(
                "filter_checkpoints needs one of run_id, last_completed_step,"
                " input_event_type and output_event_type"
            )
        return [
            one
            for made in self.checkpoints.values()
            for one in made
            if run_id in (None, one.run_id)
            and last_completed_step in (None, one.last_completed_step)
            and input_event_type in (None, type(one.input_event))
            and output_event_type in (None, type(one.output_event))
        ]

    @staticmethod
    def diff(before: Checkpoint, after: Checkpoint) -> CheckpointDiff:
        """Return what is different between two checkpoints.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> checkpointer = WorkflowCheckpointer(Hello())
        >>> await checkpointer.run(run_id="mine")
        'Hello'
        >>> print(checkpointer.diff(*await checkpointer.list("mine")))
        greet: 0 -> 1 done, 1 -> 0 to do
        """
        return before.diff(after)

    # -- which steps

    def enable_checkpoint(self, step: str) -> None:
        """Keep a checkpoint after this step again.

        Raises
        ------
        WorkflowStepDoesNotExistError
            If the workflow has no such step.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> checkpointer = WorkflowCheckpointer(Hello(), disabled_steps=["greet"])
        >>> checkpointer.enable_checkpoint("greet")
        >>> checkpointer.enabled_checkpoints
        {'greet'}
        """
        self._check(step)
        self._disabled.discard(step)

    def disable_checkpoint(self, step: str) -> None:
        """Keep no checkpoint after this step; a resumed run may then repeat it.

        Raises
        ------
        WorkflowStepDoesNotExistError
            If the workflow has no such step.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> checkpointer = WorkflowCheckpointer(Hello())
        >>> checkpointer.disable_checkpoint("greet")
        >>> checkpointer.enabled_checkpoints
        set()
        """
        self._check(step)
        self._disabled.add(step)

    def new_checkpoint_callback_for_run(self) -> CheckpointCallback:
        """Return what `Workflow.run(checkpoint_callback=...)` takes.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> workflow = Hello()
        >>> checkpointer = WorkflowCheckpointer(workflow)
        >>> callback = checkpointer.new_checkpoint_callback_for_run()
        >>> await workflow.run(checkpoint_callback=callback)
        'Hello'
        """
        return Recorder(self)

    async def aclose(self) -> None:
        """Close the storage; the next use opens it again.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> await WorkflowCheckpointer(Hello()).aclose()
        """
        await self._store.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    def _check(self, step: str) -> None:
        steps = self._workflow._step_configs()
        if step not in steps:
            raise WorkflowStepDoesNotExistError(
                f"{type(self._workflow).__name__} has no step {step!r}; it has"
                f" {', '.join(steps)}"
            )

    async def _keep(self, checkpoint: Checkpoint) -> None:
        self._made.setdefault(checkpoint.run_id, []).append(checkpoint)
        await self._store.save(checkpoint)
