"""The context of a run, its state, and how it becomes data."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from notebook_async.workflow.context.context import Context

if TYPE_CHECKING:
    from notebook_async.workflow.context.serializers import (
        BaseSerializer,
        JsonPickleSerializer,
        JsonSerializer,
        PickleSerializer,
    )
    from notebook_async.workflow.context.state_store import (
        DictState,
        InMemoryStateStore,
        StateStore,
    )

__all__ = [
    "BaseSerializer",
    "Context",
    "DictState",
    "InMemoryStateStore",
    "JsonPickleSerializer",
    "JsonSerializer",
    "PickleSerializer",
    "StateStore",
]

_STATES = {"DictState", "InMemoryStateStore", "StateStore"}


def __getattr__(name: str) -> Any:
    # Loaded on first use (PEP 562), as in the package above.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "state_store" if name in _STATES else "serializers"
    return getattr(import_module(f"{__name__}.{module}"), name)
