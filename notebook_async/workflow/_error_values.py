"""Exceptions as values of events."""

from __future__ import annotations

import builtins
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator

__all__ = ["AnyError", "UnreconstructedException"]


class UnreconstructedException(Exception):  # noqa: N818 - the name is given
    """Stand for an exception of which only the name and the message were kept.

    Attributes
    ----------
    original_type
        Its class as `module.QualifiedName`, or None.

    Examples
    --------
    >>> UnreconstructedException("gone", original_type="my.Error").original_type
    'my.Error'
    """

    def __init__(self, message: str, *, original_type: str | None = None) -> None:
        super().__init__(message)
        self.original_type = original_type


def _dump_error(error: Exception) -> dict[str, str]:
    kind = type(error)
    return {
        "exception_type": f"{kind.__module__}.{kind.__qualname__}",
        "exception_message": str(error),
    }


def _load_error(data: Any) -> Exception:
    """Rebuild only what is built in: a name in data must not choose what is called."""
    if isinstance(data, Exception):
        return data
    name, message = data["exception_type"], data["exception_message"]
    module, _, qualname = name.rpartition(".")
    kind = getattr(builtins, qualname, None) if module == "builtins" else None
    if isinstance(kind, type) and issubclass(kind, Exception):
        try:
            return kind(message)
        except Exception:  # noqa: BLE001 - some want more arguments
            kind = None
    return UnreconstructedException(message, original_type=name)


AnyError = Annotated[
    Exception,
    PlainSerializer(_dump_error, return_type=dict[str, str]),
    PlainValidator(_load_error),
]
"""An exception: the object itself in this process, its name and text in data."""
