"""Tools for testing asynchronous code without waiting: for our tests and for yours."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from notebook_async.testing._clock import VirtualClockLoop

if TYPE_CHECKING:
    from notebook_async.testing._workflow import WorkflowTestResult, WorkflowTestRunner

__all__ = ["VirtualClockLoop", "WorkflowTestResult", "WorkflowTestRunner"]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    # Loaded on first use: a test without workflows does without them (PEP 562).
    if name in __all__:
        return getattr(import_module("notebook_async.testing._workflow"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
