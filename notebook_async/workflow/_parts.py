"""What a workflow consists of besides its steps: its names, resources and services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError

from notebook_async.workflow._checks.validate import known_events, validate_graph
from notebook_async.workflow._class import StepOwner
from notebook_async.workflow.context.state_store import DictState
from notebook_async.workflow.errors import WorkflowValidationError
from notebook_async.workflow.service import ServiceManager, ServiceNotFoundError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from notebook_async.workflow._config import ServiceDefinition, WorkflowGraphCheck
    from notebook_async.workflow._engine.definition import Definition
    from notebook_async.workflow.context.serializers import BaseSerializer
    from notebook_async.workflow.events import Event, StartEvent, StopEvent
    from notebook_async.workflow.representation import WorkflowGraph
    from notebook_async.workflow.resource import ResourceManager
    from notebook_async.workflow.workflow import Workflow

__all__ = ["WorkflowParts"]


class WorkflowParts(StepOwner):
    """The part of `Workflow` that says what it is, and checks it."""

    # Defaults of the class, so that a subclass whose `__init__` forgets to call that of
    # `Workflow` works all the same.
    _workflow_name: str | None = None
    _disable_validation = False
    _skip_graph_checks: frozenset[WorkflowGraphCheck] = frozenset()
    _serializer: BaseSerializer | None = None
    _resource_manager: ResourceManager | None = None
    _service_manager: ServiceManager | None = None

    @property
    def workflow_name(self) -> str:
        """Its name; by default that of the class with its module."""
        kind = type(self)
        return self._workflow_name or f"{kind.__module__}.{kind.__qualname__}"

    @property
    def start_event_class(self) -> type[StartEvent]:
        """The event that a run begins with."""
        return self._definition().start

    @property
    def stop_event_class(self) -> type[StopEvent]:
        """The event that a run ends with."""
        return self._definition().stop

    @property
    def events(self) -> list[type[Event]]:
        """The events that its steps take and return."""
        return known_events(self._definition().configs)

    @property
    def serializer(self) -> BaseSerializer | None:
        """What turns its runs into data, if one was given."""
        return self._serializer

    @property
    def resource_manager(self) -> ResourceManager:
        """Where its resources are kept."""
        if self._resource_manager is None:
            from notebook_async.workflow.resource import (  # noqa: PLC0415
                ResourceManager,
            )

            self._resource_manager = ResourceManager()
        return self._resource_manager

    @property
    def service_manager(self) -> ServiceManager:
        """Where the workflows are kept that its steps call."""
        if self._service_manager is None:
            self._service_manager = ServiceManager()
        return self._service_manager

    def add_workflows(self, **workflows: Workflow) -> None:
        """Give other workflows to the steps that have parameters of these names.

        What they write to their streams, and what they ask a person, comes out of this
        workflow's runs; they are cancelled with them.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Add(Workflow):
        ...     @step
        ...     async def add(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result=ev.a + ev.b)
        >>> class Sum(Workflow):
        ...     @step
        ...     async def sum(self, ev: StartEvent, adder: Add) -> StopEvent:
        ...         return StopEvent(result=await adder.run(a=ev.a, b=ev.b))
        >>> workflow = Sum()
        >>> workflow.add_workflows(adder=Add())
        >>> await workflow.run(a=1, b=2)
        3
        """
        for name, workflow in workflows.items():
            self.service_manager.add(name, workflow)

    def service_for(self, service: ServiceDefinition) -> Workflow:
        """Return the workflow for a step's parameter."""
        found: Workflow = self.service_manager.get(service.name, service.default)
        return found

    @classmethod
    def graph(cls) -> WorkflowGraph:
        """Return steps and events as nodes and edges.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> len(Hello.graph().edges)
        2
        """
        from notebook_async.workflow.representation import (  # noqa: PLC0415
            get_workflow_representation,
        )

        return get_workflow_representation(cast("type[Workflow]", cls))

    def validate(
        self,
        *,
        validate_resource_configs: bool = True,
        validate_resources: bool = False,
    ) -> bool:
        """Check that the steps fit together, and tell whether a person is asked.

        Parameters
        ----------
        validate_resource_configs
            Read the files of `ResourceConfig` too.
        validate_resources
            Make the resources too.

        Raises
        ------
        WorkflowValidationError
            If they do not; the message says how to mend it.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
        >>> class Hello(Workflow):
        ...     @step
        ...     async def greet(self, ev: StartEvent) -> StopEvent:
        ...         return StopEvent(result="Hello")
        >>> Hello().validate()
        False
        """
        definition = self._definition()
        asks = validate_graph(
            definition.configs, definition.name, skip=self._skip_graph_checks
        )
        resources = [
            resource
            for config in definition.configs.values()
            for resource in config.resources
        ]
        if validate_resource_configs:
            for resource in resources:
                self.resource_manager.check_config(resource)
        if validate_resources and resources:
            from notebook_async.core._blocking import asyncio_run  # noqa: PLC0415

            asyncio_run(self.resource_manager.resolve(resources))
        return asks

    def _validate(self, definition: Definition) -> None:
        """Check before a run, once for each version of the steps."""
        checks = None if self._disable_validation else self._skip_graph_checks
        if checks in definition.checked:
            return
        self.initial_state()
        if checks is not None:
            self.validate()
        definition.checked.add(checks)

    def initial_state(self) -> BaseModel:
        """Return the state that a run begins with."""
        kinds = self._definition().state_types
        for kind in kinds:
            if all(issubclass(kind, other) for other in kinds):
                return cast("BaseModel", _default(kind))
        if not kinds:
            return DictState()
        names = ", ".join(kind.__name__ for kind in kinds)
        raise WorkflowValidationError(
            f"the steps of {type(self).__name__} name several states, {names}: all must"
            " name one model, or models of which each derives from the other"
        )

    def _check_services(self, definition: Definition) -> None:
        for config in definition.configs.values():
            for service in config.services:
                try:
                    self.service_for(service)
                except ServiceNotFoundError:
                    raise WorkflowValidationError(
                        f"step {config.name!r} needs the workflow {service.name!r}:"
                        f" call `add_workflows({service.name}=...)` first, or give the"
                        " parameter a default"
                    ) from None


def _default(kind: type[Any]) -> Any:
    try:
        return kind()
    except ValidationError as error:
        raise WorkflowValidationError(
            f"the state {kind.__name__} needs a default for every field: {error}"
        ) from error
