"""Workflows that the steps of another one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.errors import ServiceNotFoundError

if TYPE_CHECKING:
    from notebook_async.workflow.workflow import Workflow

__all__ = ["ServiceManager", "ServiceNotFoundError"]


class ServiceManager:
    """Workflows by the names of the step parameters that they are given for.

    Examples
    --------
    >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
    >>> class Add(Workflow):
    ...     @step
    ...     async def add(self, ev: StartEvent) -> StopEvent:
    ...         return StopEvent(result=ev.a + ev.b)
    >>> services = ServiceManager()
    >>> services.add("adder", Add())
    >>> await services.get("adder").run(a=1, b=2)
    3
    """

    def __init__(self) -> None:
        self._services: dict[str, Workflow] = {}

    def add(self, name: str, service: Workflow) -> None:
        """Register a workflow under a name; an earlier one of that name is replaced.

        Examples
        --------
        >>> services = ServiceManager()
        >>> services.add("adder", object())
        >>> services.get("adder") is None
        False
        """
        self._services[name] = service

    def get(self, name: str, default: Workflow | None = None) -> Any:
        """Return the workflow of this name, or the default.

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
