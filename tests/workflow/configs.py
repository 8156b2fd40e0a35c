"""Steps as data, so that the analysis of graphs is tested without decorators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.workflow._config import ServiceDefinition, StepConfig
from notebook_async.workflow.events import (
    Event,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StepFailedEvent,
    StopEvent,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Kinds = type[Event] | tuple[type[Event], ...]


class A(Event):
    """An event."""


class B(Event):
    """An event."""


class C(Event):
    """An event."""


class D(Event):
    """An event."""


class SubA(A):
    """An event that is an `A` too."""


class Begin(StartEvent):
    """A start of its own."""


class Finish(StopEvent):
    """An end of its own."""


class Ask(InputRequiredEvent):
    """A question."""


class Answer(HumanResponseEvent):
    """An answer."""


async def _function() -> None:
    """Do what the step does."""


def config(
    name: str,
    takes: Kinds,
    gives: Kinds = (),
    *,
    function: Callable[..., Any] = _function,
    **options: Any,  # noqa: ANN401 - as StepConfig takes them
) -> StepConfig:
    """Return the description of a step."""
    taken = takes if isinstance(takes, tuple) else (takes,)
    given = gives if isinstance(gives, tuple) else (gives,)
    return StepConfig(
        name=name,
        function=function,
        is_method=True,
        is_async=True,
        event_name="ev",
        accepted_events=taken,
        return_types=given,
        **options,
    )


def fan_out(
    name: str,
    takes: Kinds,
    gives: Kinds,
    *,
    bare: Kinds = (),
    **options: Any,  # noqa: ANN401
) -> StepConfig:
    """Return a step that returns a list, or what is `bare`."""
    listed = gives if isinstance(gives, tuple) else (gives,)
    alone = bare if isinstance(bare, tuple) else (bare,)
    return config(
        name,
        takes,
        (*listed, *alone),
        is_fan_out=True,
        bare_return_types=alone,
        **options,
    )


def gather(name: str, takes: Kinds, gives: Kinds = (), **options: Any) -> StepConfig:  # noqa: ANN401
    """Return a step that takes a list."""
    return config(name, takes, gives, collection_parameter="evs", **options)


def join(name: str, takes: tuple[type[Event], ...], gives: Kinds) -> StepConfig:
    """Return a step that waits for one of each."""
    parameters = tuple((kind.__name__.lower(), kind) for kind in takes)
    return config(name, takes, gives, join_parameters=parameters)


def handler(
    name: str,
    gives: Kinds,
    *,
    steps: tuple[str, ...] | None = None,
    recoveries: int = 1,
) -> StepConfig:
    """Return a step that catches failures."""
    return config(
        name,
        StepFailedEvent,
        gives,
        role="catch_error",
        catch_error_for_steps=steps,
        catch_error_max_recoveries=recoveries,
    )


def steps(*configs: StepConfig) -> dict[str, StepConfig]:
    """Return steps by name."""
    return {step.name: step for step in configs}


def workflow(
    name: str, configs: Mapping[str, StepConfig], doc: str | None = None
) -> type[Any]:
    """Return a class that has these steps, as a workflow class does."""

    def _step_configs(_cls: type[Any]) -> dict[str, StepConfig]:
        return dict(configs)

    body = {"_step_configs": classmethod(_step_configs), "__doc__": doc}
    return type(name, (), body)


def service(name: str, kind: type[Any]) -> ServiceDefinition:
    """Return a parameter that takes another workflow."""
    return ServiceDefinition(name, kind)
