"""Services that are closed together."""

from __future__ import annotations

import asyncio

import pytest

from notebook_async.errors import ServiceNotFoundError
from notebook_async.retrieval import ServiceManager as FromRetrieval
from notebook_async.workflow import ServiceManager


class Service:
    """Notes when it is closed, after a while, and may fail then."""

    def __init__(
        self, name: str, closed: list[str], error: BaseException | None = None
    ) -> None:
        self.name = name
        self.closed = closed
        self.error = error

    async def aclose(self) -> None:
        """Note the name, and raise what there is to raise."""
        await asyncio.sleep(1)
        self.closed.append(self.name)
        if self.error is not None:
            raise self.error


class Plain:
    """Is closed without waiting."""

    def __init__(self, closed: list[str]) -> None:
        self.closed = closed

    def close(self) -> None:
        """Note it."""
        self.closed.append("plain")


async def test_closes_in_reverse_order() -> None:
    """What was added last is closed first, once, and by the call that it has."""
    closed: list[str] = []
    services = ServiceManager()
    shared = Service("shared", closed)
    for name, service in [
        ("first", Service("first", closed)),
        ("moved", Service("replaced", closed)),
        ("plain", Plain(closed)),
        ("nothing to close", object()),
        ("shared", shared),
        ("also shared", shared),
        ("moved", Service("moved", closed)),
    ]:
        services.add(name, service)
    await services.aclose_all()
    assert closed == ["moved", "shared", "plain", "first"]
    with pytest.raises(ServiceNotFoundError, match="there are none"):
        services.get("first")
    await services.aclose_all()
    assert len(closed) == 4


async def test_tries_all_before_it_fails() -> None:
    """Errors come together, each with the name of its service, when all are tried."""
    closed: list[str] = []
    wrong = [ValueError("a"), KeyError("b")]
    services = ServiceManager()
    services.add("one", Service("1", closed, wrong[0]))
    services.add("two", Service("2", closed))
    services.add("three", Service("3", closed, wrong[1]))
    message = "2 of 3 services could not be closed"
    with pytest.raises(ExceptionGroup, match=message) as caught:
        await services.aclose_all()
    assert closed == ["3", "2", "1"]
    assert list(caught.value.exceptions) == [wrong[1], wrong[0]]
    notes = ["raised while the service 'three' was being closed"]
    assert wrong[1].__notes__ == notes


async def test_context_closes_also_after_an_error() -> None:
    """`async with` closes the services, and the error of its body comes out."""
    closed: list[str] = []

    async def use() -> None:
        async with ServiceManager() as services:
            services.add("one", Service("1", closed))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await use()
    assert closed == ["1"]


async def test_cancelled_closing_tries_the_rest() -> None:
    """Cancelled while it closes one, it closes the others, and is cancelled then."""
    closed: list[str] = []
    wrong = ValueError("a")
    services = ServiceManager()
    services.add("one", Service("1", closed, wrong))
    services.add("two", Service("2", closed))
    closing = asyncio.ensure_future(services.aclose_all())
    await asyncio.sleep(0.5)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await closing
    assert closed == ["1"]
    assert isinstance(caught.value.__cause__, ExceptionGroup)
    assert list(caught.value.__cause__.exceptions) == [wrong]


def test_is_offered_by_retrieval() -> None:
    """The manager is the same one for workflows and for retrieval."""
    assert FromRetrieval is ServiceManager
