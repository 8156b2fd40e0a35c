"""What the engine knows of a step, read once from its signature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.workflow.collect import Collect
    from notebook_async.workflow.events import Event
    from notebook_async.workflow.resource import ResourceDefinition
    from notebook_async.workflow.retry_policy import RetryPolicy

__all__ = [
    "ServiceDefinition",
    "StepConfig",
    "StepGraphCheck",
    "StepRole",
    "WorkflowGraphCheck",
]

StepGraphCheck: TypeAlias = Literal["reachability", "dead_end"]
WorkflowGraphCheck: TypeAlias = Literal["reachability", "terminal_event", "dead_end"]
StepRole: TypeAlias = Literal["step", "catch_error"]


@dataclass(frozen=True, slots=True)
class ServiceDefinition:
    """A parameter that takes another workflow: its name, class and default."""

    name: str
    workflow: type[Any]
    default: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepConfig:
    """A step as its signature and its decorator describe it.

    Attributes
    ----------
    name
        The step's name, that of its function.
    function
        The plain function; a method's takes the workflow first.
    is_method
        Whether the function takes the workflow as its first argument.
    is_async
        Whether calling the function makes a coroutine; else it runs in a thread.
    event_name
        The parameter that takes the event.
    accepted_events
        The event classes that the step takes, in the order written.
    return_types
        The event classes that it returns, lists and unions taken apart, None left out.
    context_parameter, context_state_type
        The parameter that takes the `Context`, and its state model, or None.
    resources, services
        The parameters that are provided for.
    join_parameters
        Parameters with one event class each, of a step that waits for one of each; else
        empty.
    collection_parameter, collection_policy
        The `list[Event]` parameter of a fan-in step and when it fires, or None.
    is_fan_out
        Whether it returns a list of events.
    bare_return_types
        What a fan-out step may return outside a list.
    num_workers
        Calls at once, >= 1.
    retry_policy
        When to try again, or None.
    timeout
        Seconds that one attempt may take, or None.
    skip_graph_checks
        Checks of the graph that leave this step out.
    accept_event_subclasses
        Whether subclasses of the accepted classes are taken too.
    role, catch_error_for_steps, catch_error_max_recoveries
        Of an error handler: which steps it stands for (None: all that no other does)
        and how many failures it may mend in one line of events.
    """

    name: str
    function: Callable[..., Any]
    is_method: bool
    is_async: bool
    event_name: str
    accepted_events: tuple[type[Event], ...]
    return_types: tuple[type[Event], ...]
    context_parameter: str | None = None
    context_state_type: type[Any] | None = None
    resources: tuple[ResourceDefinition, ...] = ()
    services: tuple[ServiceDefinition, ...] = ()
    join_parameters: tuple[tuple[str, type[Event]], ...] = ()
    collection_parameter: str | None = None
    collection_policy: Collect | None = None
    is_fan_out: bool = False
    bare_return_types: tuple[type[Event], ...] = ()
    num_workers: int = 4
    retry_policy: RetryPolicy | None = None
    timeout: float | None = None
    skip_graph_checks: frozenset[StepGraphCheck] = frozenset()
    accept_event_subclasses: bool = False
    role: StepRole = "step"
    catch_error_for_steps: tuple[str, ...] | None = None
    catch_error_max_recoveries: int = 1

    def accepts(self, kind: type[Event]) -> bool:
        """Tell whether the step takes events of this class.

        Examples
        --------
        >>> from notebook_async.workflow import StartEvent, StopEvent, step
        >>> @step
        ... async def greet(ev: StartEvent) -> StopEvent:
        ...     return StopEvent(result="hello")
        >>> greet._step_config.accepts(StartEvent)
        True
        """
        if self.accept_event_subclasses:
            return issubclass(kind, self.accepted_events)
        return kind in self.accepted_events
