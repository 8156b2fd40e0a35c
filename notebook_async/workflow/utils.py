"""What programs of the field use to look at steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.workflow._signature import (
    StepSignatureSpec,
    inspect_signature,
    is_free_function,
    validate_step_signature,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "BUSY_WAIT_DELAY",
    "StepSignatureSpec",
    "get_steps_from_class",
    "get_steps_from_instance",
    "inspect_signature",
    "is_free_function",
    "validate_step_signature",
]

BUSY_WAIT_DELAY = 0.01
"""Seconds that programs of the field sleep between two looks; nothing here waits so."""


def get_steps_from_class(workflow: type[Any]) -> dict[str, Callable[..., Any]]:
    """Return the methods of a class that are steps, by name.

    Examples
    --------
    >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
    >>> class Hello(Workflow):
    ...     @step
    ...     async def greet(self, ev: StartEvent) -> StopEvent:
    ...         return StopEvent(result="Hello")
    >>> list(get_steps_from_class(Hello))
    ['greet']
    """
    return {
        name: getattr(workflow, name)
        for name in dir(workflow)
        if hasattr(getattr(workflow, name), "_step_config")
    }


def get_steps_from_instance(workflow: object) -> dict[str, Callable[..., Any]]:
    """Return the bound methods of an instance that are steps, by name.

    Examples
    --------
    >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
    >>> class Hello(Workflow):
    ...     @step
    ...     async def greet(self, ev: StartEvent) -> StopEvent:
    ...         return StopEvent(result="Hello")
    >>> list(get_steps_from_instance(Hello()))
    ['greet']
    """
    return {
        name: getattr(workflow, name) for name in get_steps_from_class(type(workflow))
    }
