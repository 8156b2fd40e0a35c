"""What the tests of traces share: times to be exact about, and a handler that tells."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from notebook_async.core import current_scope
from notebook_async.core.hooks import _every, _handles
from tests.tracing.told import Clock, Told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TIMED = (
    "core._ending",
    "core._engine",
    "core._teller",
    "prompts._queue",
    "tracing._event",
    "tracing._open",
    "tracing._trace",
    "workflow._engine.record_makers",
    "workflow._engine.teller",
)


def _let_time_be(monkeypatch: pytest.MonkeyPatch, time: Callable[[], float]) -> None:
    for name in _TIMED:
        monkeypatch.setattr(
            import_module(f"notebook_async.{name}"), "perf_counter", time
        )


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    """Prove that each test leaves the code outside of all spans, and no hook."""
    current_scope.set(type(current_scope.get())())
    yield
    assert not any(_handles.values())
    assert _every == ()


@pytest.fixture
async def virtual(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let records tell the time of the test's loop."""
    _let_time_be(monkeypatch, asyncio.get_running_loop().time)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give a clock that goes on only as it is told, for tests without a loop."""
    clock = Clock()
    _let_time_be(monkeypatch, clock)
    return clock


@pytest.fixture
def told() -> Told:
    """Give a handler that writes down what it is told."""
    return Told()
