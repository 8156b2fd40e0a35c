"""The class that users derive their workflows from."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pydantic import ValidationError

from notebook_async.core._scope import current_scope
from notebook_async.errors import InvalidArgumentError, NoRunningLoopError
from notebook_async.workflow._class import WorkflowMeta
from notebook_async.workflow._display import Displayed
from notebook_async.workflow._engine.run import Run
from notebook_async.workflow._engine.worker import here
from notebook_async.workflow._numbers import check_count, check_seconds
from notebook_async.workflow._parts import WorkflowParts
from notebook_async.workflow.context.context import Context
from notebook_async.workflow.errors import (
    ContextStateError,
    WorkflowRuntimeError,
    WorkflowValidationError,
)
from notebook_async.workflow.events import StartEvent
from notebook_async.workflow.handler import WorkflowHandler

if TYPE_CHECKING:
    from collections.abc import Collection

    from notebook_async.workflow._config import (
        WorkflowGraphCheck,
    )
    from notebook_async.workflow._engine.definition import Definition
    from notebook_async.workflow.checkpointer import CheckpointCallback
    from notebook_async.workflow.context.serializers import BaseSerializer
    from notebook_async.workflow.events import Event
    from notebook_async.workflow.resource import ResourceManager
    from notebook_async.workflow.service import ServiceManager

__all__ = ["Workflow", "WorkflowMeta"]

_log = logging.getLogger("notebook_async")
_CHECKS = ("dead_end", "reachability", "terminal_event")


class Workflow(WorkflowParts):
    """Steps that hand events to each other, from a `StartEvent` to a `StopEvent`.

    Derive from it and mark methods with `step`. An instance may run any number of times
    at once; the runs share nothing but the instance's own attributes. Displayed in a
    notebook, the class and its instances draw their steps and events.

    Parameters
    ----------
    timeout
        Seconds > 0 that a run may work, or None for no bound. The time in which it only
        waits for a person does not count.
    disable_validation
        Do not check before a run that the steps fit together.
    verbose
        Print which steps run and what they return.
    resource_manager
        Where resources are kept; by default each instance has its own.
    num_concurrent_runs
        Runs of this instance at once, >= 1; others wait. None for no bound.
    workflow_name
        A name; by default that of the class with its module.
    skip_graph_checks
        Checks to leave out: "reachability", "terminal_event", "dead_end".
    serializer
        What turns the runs into data, or None for JSON.
    service_manager
        Where the workflows are kept that steps call.
    stream_size
        How many events a run keeps at least for those who read its stream later, >= 1;
        None for all.

    Raises
    ------
    WorkflowConfigurationError
        Unless the steps take one class of `StartEvent` and return one of `StopEvent`.

    Examples
    --------
    >>> from notebook_async.workflow import Event, StartEvent, StopEvent
    >>> from notebook_async.workflow import Workflow, step
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
    >>> await Write(timeout=10).run(topic="rain")
    'On rain.'
    """

    # Defaults of the class, so that a subclass whose `__init__` forgets to call this
    # one works all the same.
    timeout: float | None = 45.0
    verbose: bool = False
    _num_concurrent_runs: int | None = None
    stream_size: int | None = None
    _active = 0
    _queue: deque[tuple[Run, Event | None]] | None = None

    _repr_mimebundle_ = Displayed()

    def __init__(  # noqa: PLR0913 - the names are given
        self,
        timeout: float | None = 45.0,
        disable_validation: bool = False,  # noqa: FBT001, FBT002
        verbose: bool = False,  # noqa: FBT001, FBT002
        resource_manager: ResourceManager | None = None,
        num_concurrent_runs: int | None = None,
        *,
        workflow_name: str | None = None,
        skip_graph_checks: Collection[WorkflowGraphCheck] | None = None,
        serializer: BaseSerializer | None = None,
        service_manager: ServiceManager | None = None,
        stream_size: int | None = None,
    ) -> None:
        if timeout is not None:
            check_seconds("timeout", timeout)
        self.timeout = timeout
        check_count("num_concurrent_runs", num_concurrent_runs, optional=True)
        check_count("stream_size", stream_size, optional=True)
        checks = frozenset(skip_graph_checks or ())
        if unknown := checks - set(_CHECKS):
            raise WorkflowValidationError(
                f"skip_graph_checks: unknown {', '.join(sorted(map(str, unknown)))};"
                f" there are {', '.join(_CHECKS)}"
            )
        self.verbose = verbose
        self._disable_validation = disable_validation
        self._num_concurrent_runs = num_concurrent_runs
        self._workflow_name = workflow_name
        self._skip_graph_checks = checks
        self._serializer = serializer
        self._resource_manager = resource_manager
        self._service_manager = service_manager
        self.stream_size = stream_size
        self._definition()

    # -- runs

    def run(
        self,
        ctx: Context[Any] | None = None,
        start_event: StartEvent | None = None,
        *,
        stepwise: bool = False,
        checkpoint_callback: CheckpointCallback | None = None,
        run_id: str | None = None,
        **kwargs: Any,
    ) -> WorkflowHandler:
        """Start a run and return its handler at once.

        Inside a step of another workflow the run belongs to that step: what it writes
        to its stream comes out there too, so do its questions, and it is cancelled with
        it.

        Parameters
        ----------
        ctx
            A context, to begin with its state; one made from data goes on where that
            was made.
        start_event
            The first event; by default one made of `kwargs`.
        stepwise
            Begin paused, to go on step by step.
        checkpoint_callback
            Called after each step, before the next; see `WorkflowCheckpointer`.
        run_id
            A name for the run; by default a new one.
        kwargs
            The values of the first event.

        Returns
        -------
        WorkflowHandler
            Await it for the result.

        Raises
        ------
        NoRunningLoopError
            Outside of a coroutine or a notebook; there is `run_sync` for that.
        WorkflowValidationError
            If the steps do not fit together.
        WorkflowRuntimeError
            If the first event cannot be made of `kwargs`.
        ContextStateError
            If another run goes on with this context.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result=f"Hello {ev.name}")
        >>> await Hello().run(name="Ada")
        'Hello Ada'
        """
        definition = self._definition()
        self._validate(definition)
        self._check_services(definition)
        if ctx is None:
            ctx = Context(self)
        elif ctx._run is not None and not ctx._run.ended:
            raise ContextStateError(
                "a run goes on with this context: await its handler first, or give the"
                " new run a context of its own"
            )
        restored = None if ctx._snapshot is None else ctx._snapshot["run"]
        event = None
        if restored is None:
            event = self._first_event(definition, start_event, kwargs)
        try:
            run = Run(
                self,
                definition,
                self._calls(),
                run_id=run_id or str(uuid4()),
                place=here(),
            )
        except RuntimeError as error:
            if "no running event loop" not in str(error):
                raise
            raise NoRunningLoopError("Workflow.run") from None
        ctx._attach(run)
        handler = WorkflowHandler(run, ctx)
        if restored is not None:
            from notebook_async.workflow._engine.snapshot import restore  # noqa: PLC0415

            restore(run, restored)
        if stepwise:
            run.permits = 0
        if checkpoint_callback is not None:
            run.checkpoint = checkpoint_callback
        self._start(run, event)
        owner = None if run.parent is not None else current_scope.get().owner
        if owner is not None:
            owner.adopt_workflow(handler)
        return handler

    def run_sync(self, **kwargs: Any) -> Any:
        """Run to the end from ordinary code and return the result.

        With a running loop, as in a cell, it runs on a loop in another thread and
        blocks this one; `await workflow.run()` does not.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result=f"Hello {ev.name}")
        >>> Hello().run_sync(name="Ada")
        'Hello Ada'
        """
        from notebook_async.core._blocking import asyncio_run  # noqa: PLC0415

        async def run() -> Any:
            return await self.run(**kwargs)

        return asyncio_run(run())

    def _first_event(
        self,
        definition: Definition,
        given: StartEvent | None,
        kwargs: dict[str, Any],
    ) -> StartEvent:
        if given is not None:
            if not isinstance(given, StartEvent):
                raise InvalidArgumentError(
                    f"start_event must be an instance of StartEvent, got {given!r}"
                )
            if kwargs:
                _log.warning(
                    "run() got start_event, so it ignores %s", ", ".join(kwargs)
                )
            return given
        try:
            return definition.start(**kwargs)
        except ValidationError as error:
            raise WorkflowRuntimeError(
                f"{definition.name} starts with {definition.start.__name__}, which"
                f" cannot be made of {kwargs}: {error}"
            ) from error

    def _start(self, run: Run, event: Event | None) -> None:
        """Start a run now, or once another has ended."""
        bound = self._num_concurrent_runs
        if bound is not None and self._active >= bound:
            if self._queue is None:
                self._queue = deque()
            self._queue.append((run, event))
            return
        self._active += 1
        run.counted = True
        run.start(event)

    def run_ended(self, run: Run) -> None:
        """Let the next run begin that waits for this one's place."""
        if not run.counted:
            return
        self._active -= 1
        while self._queue:
            waiting, event = self._queue.popleft()
            if not waiting.ended:
                self._start(waiting, event)
                break
