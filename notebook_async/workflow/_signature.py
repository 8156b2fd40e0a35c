"""Read what a step takes and gives from its signature."""

from __future__ import annotations

import inspect
import sys
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from dataclasses import dataclass, field
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin
from typing import get_type_hints as _type_hints

from pydantic import BaseModel

from notebook_async.workflow._config import ServiceDefinition
from notebook_async.workflow.errors import WorkflowValidationError
from notebook_async.workflow.events import Event

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.workflow.collect import Collect
    from notebook_async.workflow.resource import ResourceDefinition

__all__ = [
    "StepSignatureSpec",
    "caller_names",
    "inspect_signature",
    "is_free_function",
    "validate_step_signature",
]

_STREAMS = (AsyncIterator, AsyncIterable, AsyncGenerator)


@dataclass(slots=True)
class StepSignatureSpec:
    """The parameters and the return type of a step, each put to its use.

    The attributes are those of `StepConfig`; `accepted_events` goes by parameter.
    """

    accepted_events: dict[str, tuple[type[Event], ...]] = field(default_factory=dict)
    context_parameter: str | None = None
    context_state_type: type[Any] | None = None
    resources: list[ResourceDefinition] = field(default_factory=list)
    services: list[ServiceDefinition] = field(default_factory=list)
    collection_parameter: str | None = None
    collection_policy: Collect | None = None
    return_types: tuple[type[Event], ...] = ()
    bare_return_types: tuple[type[Event], ...] = ()
    is_fan_out: bool = False


def is_free_function(func: Callable[..., Any]) -> bool:
    """Tell whether a function was written outside a class.

    Examples
    --------
    >>> is_free_function(len), is_free_function(str.upper)
    (True, False)
    """
    outer, _, _ = func.__qualname__.rpartition(".")
    return not outer or outer.endswith("<locals>")


def caller_names(depth: int, frames: int = 4) -> dict[str, Any]:
    """Return the local names around a decorator, the innermost first.

    Annotations that are strings may speak of classes that are local to a function.
    """
    names: dict[str, Any] = {}
    frame = sys._getframe(depth)
    for _ in range(frames):
        if frame.f_locals is not frame.f_globals:
            names = {**frame.f_locals, **names}
        if frame.f_back is None:
            break
        frame = frame.f_back
    return names


def inspect_signature(
    func: Callable[..., Any], localns: dict[str, Any] | None = None
) -> StepSignatureSpec:
    """Return what a step takes and gives.

    Parameters
    ----------
    func
        The function of a step.
    localns
        Names that its annotations may use besides those of its module.

    Raises
    ------
    WorkflowValidationError
        If an annotation cannot be understood.

    Examples
    --------
    >>> async def greet(ev: Event) -> None: ...
    >>> list(inspect_signature(greet).accepted_events)
    ['ev']
    """
    if not callable(func):
        raise TypeError(f"a step must be a function, got {func!r}")
    hints = _hints(func, localns)
    found = StepSignatureSpec()
    parameters = list(inspect.signature(func).parameters.values())
    if not is_free_function(func):
        parameters = parameters[1:]
    for parameter in parameters:
        _read(found, parameter, hints.get(parameter.name), localns, func)
    if "return" not in hints:
        raise WorkflowValidationError(
            f"step {func.__name__!r} has no return annotation: write what it returns,"
            " as in `-> StopEvent`, `-> NextEvent | None` or `-> list[Page]`"
        )
    _read_returns(found, hints["return"], func)
    return found


def validate_step_signature(spec: StepSignatureSpec, name: str = "step") -> None:
    """Check that a function which takes this can be a step.

    Parameters
    ----------
    spec
        What `inspect_signature` returned.
    name
        What to call the function in the message.

    Raises
    ------
    WorkflowValidationError
        If it cannot.

    Examples
    --------
    >>> async def nothing() -> None: ...
    >>> validate_step_signature(inspect_signature(nothing))
    Traceback (most recent call last):
    WorkflowValidationError: step 'step' must have at least one parameter ...
    """
    if not spec.accepted_events:
        raise WorkflowValidationError(
            f"step {name!r} must have at least one parameter annotated as type Event"
        )
    if len(spec.accepted_events) == 1:
        return
    if spec.collection_parameter is not None:
        raise WorkflowValidationError(
            f"step {name!r} takes a list of events beside other events: gather all in"
            " one list, as in `list[A | B]`, or take one event of each kind"
        )
    for parameter, kinds in spec.accepted_events.items():
        if len(kinds) != 1:
            raise WorkflowValidationError(
                f"step {name!r} takes several events, and {parameter!r} names"
                f" {len(kinds)} classes: each parameter of a join names one"
            )


def _hints(func: Callable[..., Any], localns: dict[str, Any] | None) -> dict[str, Any]:
    try:
        return _type_hints(func, localns=localns, include_extras=True)
    except NameError as error:
        raise WorkflowValidationError(
            f"step {func.__name__!r}: the annotation names {error.name!r}, which is"
            " nothing here: define or import it above the step, outside of"
            " `if TYPE_CHECKING`"
        ) from None


def _read(
    found: StepSignatureSpec,
    parameter: inspect.Parameter,
    hint: Any,
    localns: dict[str, Any] | None,
    func: Callable[..., Any],
) -> None:
    """Put one parameter to its use."""
    collect = None
    if get_origin(hint) is Annotated:
        hint, *marks = get_args(hint)
        resource, collect = _read_marks(parameter.name, hint, marks, localns)
        if resource is not None:
            found.resources.append(resource)
            return
    if not _read_provided(found, parameter, hint):
        _read_event(found, parameter, hint, collect, func)


def _read_marks(
    name: str, hint: Any, marks: list[Any], localns: dict[str, Any] | None
) -> tuple[ResourceDefinition | None, Collect | None]:
    """Return the resource or the rule for gathering that an annotation names."""
    from notebook_async.workflow.collect import Collect  # noqa: PLC0415 - most have none
    from notebook_async.workflow.resource import (  # noqa: PLC0415
        Resource,
        ResourceConfig,
        ResourceDefinition,
    )

    for mark in marks:
        if isinstance(mark, Resource | ResourceConfig):
            mark.localns = localns
            return ResourceDefinition(name, mark, hint), None
        if isinstance(mark, Collect):
            return None, mark
    return None, None


def _read_provided(
    found: StepSignatureSpec, parameter: inspect.Parameter, hint: Any
) -> bool:
    """Take a parameter for a context or a service; tell whether it is one."""
    name = parameter.name
    kind = get_origin(hint) or hint
    if getattr(kind, "__name__", None) == "Context":
        found.context_parameter = name
        model = next(iter(get_args(hint)), None)
        if isinstance(model, type) and issubclass(model, BaseModel):
            found.context_state_type = model
        return True
    if _is_workflow(kind):
        default = parameter.default
        absent = default is parameter.empty
        found.services.append(
            ServiceDefinition(name, kind, None if absent else default)
        )
        return True
    return False


def _read_event(
    found: StepSignatureSpec,
    parameter: inspect.Parameter,
    hint: Any,
    collect: Collect | None,
    func: Callable[..., Any],
) -> None:
    """Take a parameter for an event, or a list of events."""
    name = parameter.name
    elements = _elements(hint)
    if elements is not None:
        _set_collection(found, name, elements, collect, func)
    elif collect is not None:
        raise WorkflowValidationError(
            f"step {func.__name__!r}: Collect stands at {name!r}, which is no list of"
            " events: annotate it as `Annotated[list[Done], Collect(...)]`"
        )
    elif hint is not None and (kinds := _event_kinds(hint)):
        found.accepted_events[name] = kinds
    elif parameter.default is parameter.empty and parameter.kind not in (
        parameter.VAR_POSITIONAL,
        parameter.VAR_KEYWORD,
    ):
        raise WorkflowValidationError(
            f"step {func.__name__!r}: nothing can be given for {name!r}"
            f" ({_shown(hint)}): a step must have at least one parameter annotated as"
            " type Event, and may take a Context, a Resource, another Workflow, or what"
            " has a default"
        )


def _set_collection(
    found: StepSignatureSpec,
    name: str,
    elements: tuple[type[Event], ...],
    collect: Collect | None,
    func: Callable[..., Any],
) -> None:
    if found.collection_parameter is not None:
        raise WorkflowValidationError(
            f"step {func.__name__!r} has two lists of events,"
            f" {found.collection_parameter!r} and {name!r}: one step can gather one, as"
            " in `list[A | B]`"
        )
    found.collection_parameter, found.collection_policy = name, collect
    found.accepted_events[name] = elements


def _read_returns(
    found: StepSignatureSpec, hint: Any, func: Callable[..., Any]
) -> None:
    returns: list[type[Event]] = []
    bare: list[type[Event]] = []
    for member in _members(hint):
        if get_origin(member) in _STREAMS or member in _STREAMS:
            raise WorkflowValidationError(
                f"step {func.__name__!r} returns an async iterator: return a"
                " `list[Event]`, or send with `ctx.send_event` as you go"
            )
        if (elements := _elements(member)) is not None:
            found.is_fan_out = True
            returns.extend(elements)
        elif _is_event(member):
            returns.append(member)
            bare.append(member)
        elif member is not Any:
            raise WorkflowValidationError(
                f"step {func.__name__!r} is annotated to return {_shown(member)}: a"
                " step returns events, lists of events or None"
            )
    found.return_types = tuple(dict.fromkeys(returns))
    found.bare_return_types = tuple(dict.fromkeys(bare)) if found.is_fan_out else ()


def _members(hint: Any) -> list[Any]:
    """Return what a union holds, without None."""
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return [part for part in parts if part is not type(None) and part is not None]


def _elements(hint: Any) -> tuple[type[Event], ...] | None:
    """Return the events that a `list[...]`, or that or None, holds; None for others."""
    members = _members(hint)
    if len(members) != 1 or get_origin(members[0]) is not list:
        return None
    return _event_kinds(get_args(members[0])[0]) or None


def _event_kinds(hint: Any) -> tuple[type[Event], ...]:
    kinds = _members(hint)
    return tuple(kinds) if all(map(_is_event, kinds)) else ()


def _is_event(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Event)


def _is_workflow(kind: object) -> bool:
    return isinstance(kind, type) and hasattr(kind, "_step_configs")


def _shown(hint: object) -> str:
    if hint is None:
        return "not annotated"
    return hint.__name__ if isinstance(hint, type) else str(hint)
