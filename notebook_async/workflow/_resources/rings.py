"""Who needs whom, before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.errors import WorkflowValidationError

if TYPE_CHECKING:
    from collections.abc import Container, Hashable, Iterator

    from notebook_async.workflow._resources.factory import ResourceDefinition

__all__ = ["check_ring", "walk"]


def check_ring(definition: ResourceDefinition, given: Container[str]) -> None:
    """Raise if a resource needs itself, by whatever way.

    Parameters
    ----------
    definition
        Where to begin.
    given
        The names of resources that have their value, and so need nothing.

    Raises
    ------
    WorkflowValidationError
        With the names along the ring.

    Examples
    --------
    >>> from notebook_async.workflow.resource import Resource, ResourceDefinition
    >>> check_ring(ResourceDefinition("cache", Resource(dict)), ())
    """
    _descend(definition, given, {}, set())


def _descend(
    definition: ResourceDefinition,
    given: Container[str],
    path: dict[Hashable, str],
    sound: set[Hashable],
) -> None:
    resource, key = definition.resource, definition.key
    if key in sound or resource.name in given:
        return
    if key in path:
        names = [*path.values(), resource.name]
        ring = " -> ".join(names[list(path).index(key) :])
        raise WorkflowValidationError(
            f"resources need each other in a ring: {ring}; let one of them do without"
            " the next"
        )
    inner = {**path, key: resource.name}
    for need in resource.needs():
        _descend(need, given, inner, sound)
    sound.add(key)


def walk(
    definition: ResourceDefinition, given: Container[str]
) -> Iterator[ResourceDefinition]:
    """Yield a resource and all that it needs, each once.

    Parameters
    ----------
    definition
        Where to begin; it must be free of rings.
    given
        The names of resources that have their value, and so need nothing.

    Examples
    --------
    >>> from notebook_async.workflow.resource import Resource, ResourceDefinition
    >>> definition = ResourceDefinition("cache", Resource(dict))
    >>> [one.name for one in walk(definition, ())]
    ['cache']
    """
    pending, seen = [definition], set()
    while pending:
        one = pending.pop()
        if one.key not in seen and one.resource.name not in given:
            seen.add(one.key)
            yield one
            pending.extend(one.resource.needs())
