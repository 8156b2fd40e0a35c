"""How a run ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notebook_async.workflow.events import StopEvent

__all__ = ["Outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: its last event, and the exception if it did not end well."""

    event: StopEvent
    error: BaseException | None = None
