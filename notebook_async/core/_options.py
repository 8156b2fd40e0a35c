"""The options of a run, checked at once."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from notebook_async.errors import ArgumentTypeError, InvalidArgumentError

__all__ = ["OnError", "RunOptions", "positive_integer"]

OnError: TypeAlias = Literal["raise", "return", "group"]


def positive_integer(name: str, value: Any) -> int:
    """Return `value` as an int >= 1, or say what is wrong with the argument `name`."""
    try:
        number = operator.index(value)
    except TypeError:
        raise ArgumentTypeError(
            f"{name} must be an integer, got {value!r} ({type(value).__name__})"
        ) from None
    if number < 1:
        raise InvalidArgumentError(f"{name} must be >= 1, got {number}")
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a run treats its items; a wrong value raises when the options are made."""

    workers: int = 4
    on_error: OnError = "raise"
    show_progress: bool = False
    desc: str | None = None
    total: int | None = None
    keep_results: bool = True
    window: int | None = None

    def __post_init__(self) -> None:
        positive_integer("workers", self.workers)
        if self.on_error not in get_args(OnError):
            choices = ", ".join(repr(choice) for choice in get_args(OnError))
            raise InvalidArgumentError(
                f"on_error must be one of {choices}; got {self.on_error!r}"
            )
        if self.window is not None:
            positive_integer("window", self.window)
        if self.total is not None and operator.index(self.total) < 0:
            raise InvalidArgumentError(f"total must be >= 0, got {self.total}")
