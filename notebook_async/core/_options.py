"""The options of a run, checked at once."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, SupportsIndex, TypeAlias, get_args

from notebook_async.errors import ArgumentTypeError, InvalidArgumentError

if TYPE_CHECKING:
    from notebook_async.core._executors import ChunkExecutor
    from notebook_async.core.policies import Adaptive, Rate, Retry

__all__ = [
    "Isolation",
    "OnError",
    "RunOptions",
    "choice",
    "integer",
    "number",
    "seconds",
]

OnError: TypeAlias = Literal["raise", "return", "group"]
Isolation: TypeAlias = Literal["context", "task"]


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


def number(name: str, value: float, *, of: str = "") -> float:
    """Return `value` as it is, or say that the argument `name` is no number."""
    if not isinstance(value, int | float):
        raise ArgumentTypeError(
            f"{name} must be a number{of}, got {value!r} ({type(value).__name__})"
        )
    return value


def seconds(name: str, value: float, *, positive: bool = False) -> float:
    """Return `value` as seconds, or say what is wrong with the argument `name`."""
    number(name, value, of=" of seconds")
    if not (value > 0 if positive else value >= 0):
        bound = "> 0" if positive else ">= 0"
        raise InvalidArgumentError(f"{name} must be {bound} seconds, got {value!r}")
    return float(value)


def choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Say what there is to choose from, where a value is nothing of it."""
    if value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise InvalidArgumentError(f"{name} must be one of {listed}; got {value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a run treats its items; a wrong value raises when the options are made."""

    workers: int = 4
    adaptive: Adaptive | None = None
    on_error: OnError = "raise"
    timeout: float | None = None
    retry: Retry | None = None
    rate: Rate | None = None
    isolation: Isolation = "context"
    executor: ChunkExecutor | None = None
    show_progress: bool = False
    desc: str | None = None
    total: int | None = None
    keep_results: bool = True
    window: int | None = None
    ordered: bool = False

    def __post_init__(self) -> None:
        self._integer("workers", least=1)
        choice("on_error", self.on_error, get_args(OnError))
        choice("isolation", self.isolation, get_args(Isolation))
        if self.timeout is not None:
            seconds("timeout", self.timeout, positive=True)
        if self.executor is not None and self.executor.chunk > 1 and self.has_policies:
            raise InvalidArgumentError(
                "timeout=, retry=, rate= and Adaptive workers are for single items, but"
                f" the executor takes {self.executor.chunk} at a time; give it chunk=1"
            )
        if self.window is not None:
            self._integer("window", least=1)
        if self.total is not None:
            self._integer("total", least=0)

    @property
    def has_policies(self) -> bool:
        """Whether items need more than to be run once."""
        policies = (self.timeout, self.retry, self.rate, self.adaptive)
        return any(policy is not None for policy in policies)

    @property
    def has_attempts(self) -> bool:
        """Whether an item may have to wait, or to be run more than once."""
        policies = (self.retry, self.rate, self.adaptive)
        return any(policy is not None for policy in policies)

    def _integer(self, name: str, *, least: int) -> None:
        object.__setattr__(self, name, integer(name, getattr(self, name), least=least))
