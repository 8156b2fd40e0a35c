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

__all__ = ["Signature", "caller_names", "inspect_signature", "is_free_function"]

_STREAMS = (AsyncIterator, AsyncIterable, AsyncGenerator)


@dataclass(slots=True)
class Signature:
    """The parameters and the return type of a step, each put to its use."""

    events: dict[str, tuple[type[Event], ...]] = field(default_factory=dict)
    context: str | None = None
    state_type: type[Any] | None = None
    resources: list[ResourceDefinition] = field(default_factory=list)
    services: list[ServiceDefinition] = field(default_factory=list)
    collection: str | None = None
    policy: Collect | None = None
    returns: tuple[type[Event], ...] = ()
    bare_returns: tuple[type[Event], ...] = ()
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
) -> Signature:
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
    >>> list(inspect_signature(greet).events)
    ['ev']
    """
    if not callable(func):
        raise TypeError(f"a step must be a function, got {func!r}")
    hints = _hints(func, localns)
    found = Signature()
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
    found: Signature,
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


def _read_provided(found: Signature, parameter: inspect.Parameter, hint: Any) -> bool:
    """Take a parameter for a context or a service; tell whether it is one."""
    name = parameter.name
    kind = get_origin(hint) or hint
    if getattr(kind, "__name__", None) == "Context":
        found.context = name
        model = next(iter(get_args(hint)), None)
        if isinstance(model, type) and issubclass(model, BaseModel):
            found.state_type = model
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
    found: Signature,
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
        found.events[name] = kinds
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
    found: Signature,
    name: str,
    elements: tuple[type[Event], ...],
    collect: Collect | None,
    func: Callable[..., Any],
) -> None:
    if found.collection is not None:
        raise WorkflowValidationError(
            f"step {func.__name__!r} has two lists of events, {found.collection!r} and"
            f" {name!r}: one step can gather one, as in `list[A | B]`"
        )
    found.collection, found.policy = name, collect
    found.events[name] = elements


def _read_returns(found: Signature, hint: Any, func: Callable[..., Any]) -> None:
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
    found.returns = tuple(dict.fromkeys(returns))
    found.bare_returns = tuple(dict.fromkeys(bare)) if found.is_fan_out else ()


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
