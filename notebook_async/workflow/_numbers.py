"""Options that are numbers."""

from __future__ import annotations

from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.workflow.errors import WorkflowValidationError

__all__ = ["check_count", "check_seconds"]


def check_count(name: str, value: object, *, optional: bool = False) -> None:
    """Raise `WorkflowValidationError` unless this is an integer >= 1, or None if so."""
    if optional and value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        words = "greater than 0 or None" if optional else "greater than 0"
        raise WorkflowValidationError(
            f"{name} must be an integer {words}, got {value!r}"
        )


def check_seconds(name: str, value: object) -> None:
    """Raise an error unless this is a number of seconds > 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ArgumentTypeError(f"{name} must be a number of seconds, got {value!r}")
    if not value > 0:
        raise InvalidArgumentError(f"{name} must be > 0 seconds, got {value}")
