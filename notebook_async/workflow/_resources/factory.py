"""Values that a function makes, and what that function needs in its turn."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

from notebook_async.errors import ArgumentTypeError, WorkflowValidationError
from notebook_async.workflow._resources.config import ResourceConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["Resource", "ResourceDefinition"]


@dataclass(frozen=True, slots=True)
class ResourceDefinition:
    """A parameter that takes a resource.

    Attributes
    ----------
    name
        The parameter.
    resource
        What stands in its annotation.
    type_annotation
        The type beside it: a config file is read as such.

    Examples
    --------
    >>> ResourceDefinition("top", ResourceConfig("a.json"), int).name
    'top'
    """

    name: str
    resource: Resource | ResourceConfig
    type_annotation: Any = None

    @property
    def key(self) -> Hashable:
        """What equal values have in common."""
        return self.resource.key(self.type_annotation)


class Resource:
    """Mark a parameter that takes what a function makes.

    It stands in the annotation: `Annotated[Client, Resource(connect)]`. The function's
    own parameters may be resources too.

    Parameters
    ----------
    factory
        Makes the value; a coroutine function is awaited.
    cache
        Make it once for each workflow; else anew for each call of a step, where all
        that need it share it.

    Examples
    --------
    >>> from typing import Annotated
    >>> from notebook_async.workflow.resource import ResourceManager
    >>> async def host():
    ...     return "example.org"
    >>> def url(host: Annotated[str, Resource(host)]):
    ...     return f"https://{host}"
    >>> await ResourceManager().get(Resource(url))
    'https://example.org'
    """

    __slots__ = ("_localns", "_needs", "cache", "factory", "name")

    def __init__(self, factory: Callable[..., Any], cache: bool = True) -> None:  # noqa: FBT001, FBT002 - the signature of the field
        if not callable(factory):
            raise ArgumentTypeError(
                f"Resource takes a function that makes the value, got {factory!r}"
            )
        self.factory = factory
        self.cache = cache
        self.name = _name(factory)
        self._localns: dict[str, Any] | None = None
        self._needs: tuple[ResourceDefinition, ...] | None = None

    @property
    def localns(self) -> dict[str, Any] | None:
        """Local names that the factory's annotations may use.

        They are looked up at once where that is possible, and not kept: among them may
        be anything, such as a finished run.
        """
        return self._localns

    @localns.setter
    def localns(self, names: dict[str, Any] | None) -> None:
        self._offer(names, ())

    def key(self, kind: Any = None) -> Hashable:  # noqa: ARG002 - as a config's
        """Return what equal values have in common: the factory.

        Examples
        --------
        >>> Resource(dict).key() == Resource(dict).key()
        True
        """
        try:
            hash(self.factory)
        except TypeError:
            return self
        return self.factory

    def needs(self) -> tuple[ResourceDefinition, ...]:
        """Return the parameters of the factory that take resources.

        Raises
        ------
        WorkflowValidationError
            If nothing can be given for one of its parameters.

        Examples
        --------
        >>> def connect(top: Annotated[int, ResourceConfig("a.json")], retries=3): ...
        >>> [need.name for need in Resource(connect).needs()]
        ['top']
        """
        if self._needs is None:
            names = self._localns
            self._set_needs(_read_needs(self.factory, self.name, names), names, ())
        return self._needs or ()

    def _offer(self, names: dict[str, Any] | None, path: tuple[Hashable, ...]) -> None:
        if self.key() in path:  # a ring, which whoever uses it reports
            return
        try:
            needs = _read_needs(self.factory, self.name, names)
        except WorkflowValidationError:
            # Names may be defined later in the module: the first use looks again.
            if self._needs is None:
                self._localns = names
            return
        self._set_needs(needs, names, path)

    def _set_needs(
        self,
        needs: tuple[ResourceDefinition, ...],
        names: dict[str, Any] | None,
        path: tuple[Hashable, ...],
    ) -> None:
        self._needs, self._localns = needs, None
        if names is None:
            return
        for need in needs:
            if isinstance(need.resource, Resource):
                need.resource._offer(names, (*path, self.key()))

    def __repr__(self) -> str:
        return f"Resource({self.name}, cache={self.cache})"


def _name(factory: Any) -> str:
    while isinstance(factory, partial):
        factory = factory.func
    return getattr(factory, "__qualname__", None) or type(factory).__qualname__


def _read_needs(
    factory: Callable[..., Any], name: str, names: dict[str, Any] | None
) -> tuple[ResourceDefinition, ...]:
    """Return the parameters of a factory that take resources."""
    try:
        parameters = inspect.signature(factory).parameters.values()
    except ValueError:  # built in: whatever it takes is optional
        return ()
    spaces = _namespaces(factory, names or {})
    needs = (_read_need(parameter, name, *spaces) for parameter in parameters)
    return tuple(need for need in needs if need is not None)


def _read_need(
    parameter: inspect.Parameter,
    factory: str,
    globalns: dict[str, Any],
    localns: dict[str, Any],
) -> ResourceDefinition | None:
    """Return a parameter as a resource, or None where Python can do without it."""
    is_optional = parameter.default is not parameter.empty or parameter.kind in (
        parameter.VAR_POSITIONAL,
        parameter.VAR_KEYWORD,
    )
    # One at a time: what the others, or the return type, name may not be here.
    holder = SimpleNamespace(__annotations__={"it": parameter.annotation})
    try:
        hint = get_type_hints(holder, globalns, localns, include_extras=True)["it"]
    except NameError as error:
        if is_optional and "Resource" not in str(parameter.annotation):
            return None
        raise WorkflowValidationError(
            f"resource {factory!r}: the annotation of {parameter.name!r} names"
            f" {error.name!r}, which is nothing here: define or import it in the module"
            " of the function, outside of `if TYPE_CHECKING`"
        ) from None
    if get_origin(hint) is Annotated:
        kind, *marks = get_args(hint)
        for mark in marks:
            if isinstance(mark, Resource | ResourceConfig):
                return ResourceDefinition(parameter.name, mark, kind)
    if is_optional:
        return None
    raise WorkflowValidationError(
        f"resource {factory!r}: nothing can be given for {parameter.name!r}: annotate"
        " it as `Annotated[..., Resource(...)]`, or give it a default"
    )


def _namespaces(
    factory: Any,
    names: dict[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the global and the local names that a factory's annotations may use."""
    while isinstance(factory, partial):
        factory = factory.func
    factory = inspect.unwrap(factory)
    globalns = getattr(factory, "__globals__", None)
    if globalns is None:  # a class, or an object that can be called
        globalns = vars(sys.modules[factory.__module__])
    if names.get(getattr(factory, "__name__", "")) is factory:
        return globalns, names
    # Written elsewhere: its own module comes before the names around the step.
    return globalns, {n: value for n, value in names.items() if n not in globalns}
