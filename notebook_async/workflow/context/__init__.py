"""The context of a run, its state, and how it becomes data."""

from __future__ import annotations

from notebook_async.workflow.context.context import Context
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
