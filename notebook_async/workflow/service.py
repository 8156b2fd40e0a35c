"""What steps and engines share by name: workflows, stores, clients."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any, Self

from notebook_async.errors import ServiceNotFoundError

__all__ = ["ServiceManager", "ServiceNotFoundError"]


class ServiceManager:
    """Services by name, closed together in reverse order.

    A service is a workflow, by the name of the step parameter that it is given for; or
    anything else that several share, such as a store, an embedder or a client.

    Examples
    --------
    >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
    >>> class Add(Workflow):
    ...     @step
    ...     async def add(self, ev: StartEvent) -> StopEvent:
    ...         return StopEvent(result=ev.a + ev.b)
    >>> async with ServiceManager() as services:
    ...     services.add("adder", Add())
    ...     await services.get("adder").run(a=1, b=2)
    3
    """

    def __init__(self) -> None:
        self._services: dict[str, Any] = {}

    def add(self, name: str, service: Any) -> None:
        """Register a service under a name.

        An earlier one of that name is replaced, and is its owner's to close.

        Examples
        --------
        >>> services = ServiceManager()
        >>> services.add("adder", object())
        >>> services.get("adder") is None
        False
        """
        # To be closed before all that were there before it.
        self._services.pop(name, None)
        self._services[name] = service

    def get(self, name: str, default: Any = None) -> Any:
        """Return the service of this name, or the default.

        Raises
        ------
        ServiceNotFoundError
            If there is neither.

        Examples
        --------
        >>> ServiceManager().get("adder")
        Traceback (most recent call last):
        ServiceNotFoundError: no service 'adder'; there are none
        """
        service = self._services.get(name, default)
        if service is None:
            known = ", ".join(self._services) or "none"
            raise ServiceNotFoundError(f"no service {name!r}; there are {known}")
        return service

    async def aclose_all(self) -> None:
        """Close all services, the last one first, and forget them.

        Of each `aclose` is called, or else `close`, and awaited if it has to be; one
        that has neither is only forgotten. Every one is tried, also where another one
        fails or this is cancelled meanwhile. A second call does nothing.

        Raises
        ------
        ExceptionGroup
            If some failed: their errors, each with a note that names the service.

        Examples
        --------
        >>> class Service:
        ...     def __init__(self, name):
        ...         self.name = name
        ...     async def aclose(self):
        ...         print(self.name, "is closed")
        >>> services = ServiceManager()
        >>> services.add("store", Service("store"))
        >>> services.add("engine", Service("engine"))
        >>> await services.aclose_all()
        engine is closed
        store is closed
        """
        errors: list[Exception] = []
        cancelled: asyncio.CancelledError | None = None
        closed: list[Any] = []
        while self._services:
            name, service = self._services.popitem()
            # One that has two names is closed once.
            if any(service is other for other in closed):
                continue
            closed.append(service)
            try:
                await _close(service)
            except asyncio.CancelledError as error:
                cancelled = error
            except Exception as error:  # noqa: BLE001 - it is raised below
                error.add_note(f"raised while the service {name!r} was being closed")
                errors.append(error)
        failed = f"{len(errors)} of {len(closed)} services could not be closed"
        if cancelled is not None:
            raise cancelled from ExceptionGroup(failed, errors) if errors else None
        if errors:
            raise ExceptionGroup(failed, errors)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose_all()


async def _close(service: Any) -> None:
    close = getattr(service, "aclose", None) or getattr(service, "close", None)
    if callable(close):
        outcome = close()
        if inspect.isawaitable(outcome):
            await outcome
