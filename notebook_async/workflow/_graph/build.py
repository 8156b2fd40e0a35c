"""Make the graph of a workflow from its steps."""

from __future__ import annotations

import inspect
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from notebook_async.workflow._checks.levels import handlers_of
from notebook_async.workflow._checks.validate import known_events
from notebook_async.workflow._graph.nodes import (
    WorkflowChildNode,
    WorkflowEventNode,
    WorkflowExternalNode,
    WorkflowGraphEdge,
    WorkflowGraphNode,
    WorkflowResourceConfigNode,
    WorkflowResourceNode,
    WorkflowStepNode,
)
from notebook_async.workflow._graph.value import WorkflowGraph
from notebook_async.workflow._resources.config import ResourceConfig
from notebook_async.workflow.errors import WorkflowValidationError
from notebook_async.workflow.events import (
    Event,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StepFailedEvent,
    StopEvent,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notebook_async.workflow._config import StepConfig
    from notebook_async.workflow._resources.factory import Resource
    from notebook_async.workflow.workflow import Workflow

__all__ = ["EXTERNAL", "get_workflow_representation", "graph_of"]

EXTERNAL = "external_step"


def get_workflow_representation(workflow: Workflow | type[Workflow]) -> WorkflowGraph:
    """Return the graph of a workflow.

    Parameters
    ----------
    workflow
        The class, or an object of it.

    Examples
    --------
    >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
    >>> class Greeter(Workflow):
    ...     @step
    ...     async def greet(self, ev: StartEvent) -> StopEvent: ...
    >>> print(get_workflow_representation(Greeter))
    Greeter
      greet: StartEvent -> StopEvent
    """
    kind = workflow if isinstance(workflow, type) else type(workflow)
    # The docstring of the base class says nothing about this workflow.
    own = kind.__doc__ if "__doc__" in vars(kind) else None
    configs = workflow._step_configs()
    return graph_of(kind.__name__, configs, inspect.cleandoc(own) if own else None)


def graph_of(
    name: str, configs: Mapping[str, StepConfig], description: str | None = None
) -> WorkflowGraph:
    """Return the graph of some steps.

    Parameters
    ----------
    name
        The name of the workflow.
    configs
        The steps by name.
    description
        What the workflow is for.

    Examples
    --------
    >>> graph_of("Empty", {})
    WorkflowGraph('Empty', 0 nodes, 0 edges)
    """
    builder = _Builder(configs)
    for config in configs.values():
        builder.add_step(config)
    builder.add_person()
    return WorkflowGraph(
        name, tuple(builder.nodes.values()), tuple(builder.edges), description
    )


class _Builder:
    """Collects nodes and edges, each once."""

    def __init__(self, configs: Mapping[str, StepConfig]) -> None:
        self.configs = configs
        self.nodes: dict[str, WorkflowGraphNode] = {}
        self.edges: dict[WorkflowGraphEdge, None] = {}
        self.kinds = known_events(configs)
        self.ids = _event_ids(self.kinds, configs)
        # A run begins with the start, and so does the picture.
        for kind in sorted(
            self.kinds, key=lambda kind: not issubclass(kind, StartEvent)
        ):
            self._add_event(kind)

    def add_step(self, config: StepConfig) -> None:
        """Add a step with all that hangs on it."""
        self.nodes[config.name] = WorkflowStepNode(
            config.name,
            config.name,
            description=inspect.getdoc(config.function),
            num_workers=config.num_workers,
        )
        for kind in self.kinds:
            if config.accepts(kind) and not issubclass(kind, StopEvent):
                self._link(self.ids[kind], config.name)
        for kind in config.return_types:
            self._link(config.name, self.ids[kind])
        for resource in config.resources:
            target = self._add_resource(resource.resource, resource.type_annotation)
            self._link(config.name, target, resource.name)
        for service in config.services:
            child = service.workflow.__name__
            node = WorkflowChildNode(f"workflow:{child}", child, workflow_name=child)
            self.nodes.setdefault(node.id, node)
            self._link(config.name, node.id, service.name)

    def add_person(self) -> None:
        """Add who answers, if anybody is asked."""
        asked = [k for k in self.kinds if issubclass(k, InputRequiredEvent)]
        answers = [k for k in self.kinds if issubclass(k, HumanResponseEvent)]
        if not asked and not answers:
            return
        self.nodes[EXTERNAL] = WorkflowExternalNode(EXTERNAL, "a person")
        for question in asked:
            self._link(self.ids[question], EXTERNAL)
        for answer in answers:
            self._link(EXTERNAL, self.ids[answer])

    def _link(self, source: str, target: str, label: str | None = None) -> None:
        self.edges[WorkflowGraphEdge(source, target, label)] = None

    def _add_event(self, kind: type[Event]) -> None:
        bases = (base for base in kind.__mro__ if issubclass(base, Event))
        makers = (c.name for c in self.configs.values() if kind in c.return_types)
        self.nodes[self.ids[kind]] = WorkflowEventNode(
            self.ids[kind],
            kind.__name__,
            description=inspect.cleandoc(kind.__doc__ or "") or None,
            event_type=kind.__name__,
            event_types=tuple(b.__name__ for b in bases if b is not Event),
            event_fields=tuple(kind.model_fields),
            produced_by=tuple(makers),
        )
        if issubclass(kind, StepFailedEvent):
            # A handler of all steps would draw a line from every one: none is clearer.
            for covered, name in handlers_of(self.configs).items():
                if self.configs[name].catch_error_for_steps is not None:
                    self._link(covered, self.ids[kind], "fails")

    def _add_resource(self, resource: Resource | ResourceConfig, kind: Any) -> str:
        type_name = getattr(kind, "__name__", None)
        node = (
            _config_node(resource, type_name)
            if isinstance(resource, ResourceConfig)
            else _resource_node(resource, type_name)
        )
        if node.id not in self.nodes:  # a resource that needs itself is drawn once
            self.nodes[node.id] = node
            # A parameter that nothing can be given for is told before the run.
            with suppress(WorkflowValidationError):
                for need in resource.needs():
                    target = self._add_resource(need.resource, need.type_annotation)
                    self._link(node.id, target, need.name)
        return node.id


def _resource_node(resource: Resource, type_name: str | None) -> WorkflowGraphNode:
    getter = resource.name.rpartition(".")[2]
    return WorkflowResourceNode(
        f"resource:{resource.name}",
        type_name or getter,
        description=inspect.getdoc(resource.factory),
        type_name=type_name,
        getter_name=getter,
    )


def _config_node(config: ResourceConfig, type_name: str | None) -> WorkflowGraphNode:
    selector = f"#{config.path_selector}" if config.path_selector else ""
    return WorkflowResourceConfigNode(
        f"resource_config:{config.config_file}{selector}",
        config.label or type_name or config.config_file,
        description=config.description,
        type_name=type_name,
        config_file=config.config_file,
        path_selector=config.path_selector,
    )


def _event_ids(
    kinds: list[type[Event]], configs: Mapping[str, StepConfig]
) -> dict[type[Event], str]:
    """Return the class names, with a number behind what is taken already."""
    taken = {EXTERNAL, *configs}
    ids = {}
    for kind in kinds:
        name, number = kind.__name__, 2
        while name in taken:
            name, number = f"{kind.__name__} ({number})", number + 1
        taken.add(name)
        ids[kind] = name
    return ids
