"""Types for annotations."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

from notebook_async.workflow.events import StopEvent

__all__ = ["RunResultT", "StopEventT"]

StopEventT = TypeVar("StopEventT", bound=StopEvent)

RunResultT: TypeAlias = Any
"""What awaiting a run gives: the result, or the event of a subclass of `StopEvent`."""
