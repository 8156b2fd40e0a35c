"""Make resources when they are first needed, and keep them.

Who needs whom is known from signatures, so rings are found before anything is made.
What is left has no ring, and so two tasks that wait for each other's resources cannot
wait for ever.
"""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from notebook_async.errors import ArgumentTypeError
from notebook_async.workflow._resources.config import ResourceConfig
from notebook_async.workflow._resources.factory import Resource, ResourceDefinition
from notebook_async.workflow._resources.rings import check_ring, walk

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

__all__ = ["ResourceManager"]


@dataclass(slots=True, eq=False)
class _Making:
    """A cached resource that is being made, and how many wait for it."""

    task: asyncio.Task[Any]
    users: int = 0


class ResourceManager:
    """Make resources when they are first needed, and keep those that are cached.

    Each workflow has its own, unless several are given the same one.

    Examples
    --------
    >>> manager = ResourceManager()
    >>> first = await manager.get(Resource(dict))
    >>> await manager.get(Resource(dict)) is first
    True
    """

    __slots__ = ("__weakref__", "_given", "_made", "_making")

    def __init__(self) -> None:
        self._given: dict[str, Any] = {}
        self._made: dict[Hashable, tuple[str, Any]] = {}
        self._making: dict[Hashable, _Making] = {}

    async def get(
        self,
        resource: Resource | ResourceConfig,
        type_annotation: Any = None,
    ) -> Any:
        """Return the value of a resource; make it if it is not there.

        Parameters
        ----------
        resource
            What would stand in an annotation.
        type_annotation
            The type that would stand beside a `ResourceConfig`; None for plain data.

        Raises
        ------
        WorkflowValidationError
            If resources need each other in a ring, or nothing can be given for a
            parameter of a factory.

        Examples
        --------
        >>> await ResourceManager().get(Resource(lambda: 7))
        7
        """
        if not isinstance(resource, Resource | ResourceConfig):
            raise ArgumentTypeError(
                f"get takes a Resource or a ResourceConfig, got {resource!r}"
            )
        definition = ResourceDefinition("value", resource, type_annotation)
        return (await self.resolve((definition,)))["value"]

    async def set(self, name: str, value: Any) -> None:
        """Give the value of every resource of this name, such as a stand-in for a test.

        Parameters
        ----------
        name
            The factory's qualified name, or the config file's.
        value
            What takes the place of the made value, cached or not.

        Examples
        --------
        >>> manager = ResourceManager()
        >>> await manager.set("dict", {"a": 1})
        >>> await manager.get(Resource(dict))
        {'a': 1}
        """
        if not isinstance(name, str):
            raise ArgumentTypeError(f"set takes the name of a resource, got {name!r}")
        self._given[name] = value

    def get_all(self) -> dict[str, Any]:
        """Return the values that are kept, by name.

        Where functions of the same name made several, the later have a number behind.

        Examples
        --------
        >>> manager = ResourceManager()
        >>> await manager.set("port", 8080)
        >>> manager.get_all()
        {'port': 8080}
        """
        found: dict[str, Any] = {}
        for name, value in self._made.values():
            unique, number = name, 2
            while unique in found:
                unique, number = f"{name} ({number})", number + 1
            found[unique] = value
        return found | self._given

    async def resolve(
        self, definitions: Iterable[ResourceDefinition]
    ) -> dict[str, Any]:
        """Return the values for the parameters of one call of a step.

        Parameters
        ----------
        definitions
            The parameters; those without cache share what is made for this call.

        Returns
        -------
        dict
            The values by parameter.

        Raises
        ------
        WorkflowValidationError
            If resources need each other in a ring, or nothing can be given for a
            parameter of a factory.

        Examples
        --------
        >>> definitions = [ResourceDefinition("cache", Resource(dict))]
        >>> await ResourceManager().resolve(definitions)
        {'cache': {}}
        """
        shared: dict[Hashable, Any] = {}
        values: dict[str, Any] = {}
        for definition in definitions:
            if definition.key not in self._made:
                check_ring(definition, self._given)
            values[definition.name] = await self._value(definition, shared)
        return values

    def check_config(self, definition: ResourceDefinition) -> None:
        """Raise if a config file is missing or does not fit its type.

        Parameters
        ----------
        definition
            A config file, or a resource whose factories may need some; no factory is
            called.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is no JSON, has nothing at the selector, or does not fit the type; or
            if factories need each other in a ring.

        Examples
        --------
        >>> file = ResourceConfig("missing.json")
        >>> ResourceManager().check_config(ResourceDefinition("settings", file))
        Traceback (most recent call last):
        FileNotFoundError: no config file 'missing.json' in ...
        """
        check_ring(definition, self._given)
        for one in walk(definition, self._given):
            if isinstance(one.resource, ResourceConfig):
                one.resource.load(one.type_annotation)

    async def _value(
        self, definition: ResourceDefinition, shared: dict[Hashable, Any]
    ) -> Any:
        resource = definition.resource
        if resource.name in self._given:
            return self._given[resource.name]
        key = definition.key
        if resource.cache:
            if key in self._made:
                return self._made[key][1]
            return await self._join(key, definition, shared)
        if key not in shared:
            shared[key] = await self._make(definition, shared)
        return shared[key]

    async def _join(
        self,
        key: Hashable,
        definition: ResourceDefinition,
        shared: dict[Hashable, Any],
    ) -> Any:
        """Wait, with all others who need it, until a cached resource is made.

        A task of its own makes it, so that who asked first may be cancelled alone.
        """
        loop = asyncio.get_running_loop()
        making = self._making.get(key)
        # A closed loop may have left a task; another thread's cannot be awaited here.
        if making is None or making.task.done() or making.task.get_loop() is not loop:
            task = loop.create_task(self._make_kept(key, definition, shared))
            making = self._making[key] = _Making(task)
        making.users += 1
        try:
            await asyncio.wait([making.task])
        finally:
            making.users -= 1
            is_over = making.task.done() or not making.users
            if is_over and self._making.get(key) is making:
                del self._making[key]
            if not making.users:
                await _end(making.task)
        return making.task.result()

    async def _make_kept(
        self,
        key: Hashable,
        definition: ResourceDefinition,
        shared: dict[Hashable, Any],
    ) -> Any:
        value = await self._make(definition, shared)
        # Another thread's loop may have been faster: all have the first.
        kept = self._made.setdefault(key, (definition.resource.name, value))
        return kept[1]

    async def _make(
        self, definition: ResourceDefinition, shared: dict[Hashable, Any]
    ) -> Any:
        resource = definition.resource
        if isinstance(resource, ResourceConfig):
            return resource.load(definition.type_annotation)
        values = {
            need.name: await self._value(need, shared) for need in resource.needs()
        }
        try:
            value = resource.factory(**values)
            # A future or a handler may be the value itself; a coroutine never is.
            return await value if inspect.iscoroutine(value) else value
        except Exception as error:
            error.add_note(f"raised while the resource {resource.name!r} was made")
            raise


async def _end(task: asyncio.Task[Any]) -> None:
    """Cancel a task that nobody waits for any more, and let it clean up."""
    if not task.done():
        task.cancel()
        await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # seen: nothing of it is lost that anybody asked for
