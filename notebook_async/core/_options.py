"""The options of a run, checked at once."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Literal, SupportsIndex, TypeAlias, get_args

from notebook_async.errors import ArgumentTypeError, InvalidArgumentError

__all__ = ["OnError", "RunOptions", "integer"]

OnError: TypeAlias = Literal["raise", "return", "group"]


def integer(name: str, value: SupportsIndex, *, least: int) -> int:
    """Return `value` as an int, or say what is wrong with the argument `name`."""
    try:
        number = operator.index(value)
    except TypeError:
        raise ArgumentTypeError(
            f"{name} must be an integer, got {value!r} ({type(value).__name__})"
        ) from None
    if number < least:
        raise InvalidArgumentError(f"{name} must be >= {least}, got {number}")
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
    ordered: bool = False

    def __post_init__(self) -> None:
        self._check("workers", least=1)
        if self.on_error not in get_args(OnError):
            choices = ", ".join(repr(choice) for choice in get_args(OnError))
            raise InvalidArgumentError(
                f"on_error must be one of {choices}; got {self.on_error!r}"
            )
        if self.window is not None:
            self._check("window", least=1)
        if self.total is not None:
            self._check("total", least=0)

    def _check(self, name: str, *, least: int) -> None:
        object.__setattr__(self, name, integer(name, getattr(self, name), least=least))
