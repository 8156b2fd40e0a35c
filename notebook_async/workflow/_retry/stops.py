# ruff: noqa: N801 - the names of the field: they read as words in an expression
"""When to give up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from notebook_async.core._options import integer
from notebook_async.workflow._retry.parts import (
    Duration,
    Parts,
    in_seconds,
    is_part,
    put,
)

__all__ = [
    "StopCondition",
    "stop_after_attempt",
    "stop_after_delay",
    "stop_all",
    "stop_any",
    "stop_before_delay",
    "stop_never",
]


class StopCondition(Protocol):
    """Tell whether to give up, from failures so far and seconds since the first start.

    `upcoming_sleep` is the delay that would come next, seconds.

    Examples
    --------
    >>> stop: StopCondition = stop_after_attempt(2)
    >>> stop(1, 0.0), stop(2, 0.0)
    (False, True)
    """

    def __call__(
        self, attempts: int, elapsed_time: float, *, upcoming_sleep: float = 0.0
    ) -> bool: ...


class _Stop:
    """The operators of stops."""

    __slots__ = ()

    def __and__(self: StopCondition, other: StopCondition) -> stop_all:
        return stop_all(self, other) if is_part(other) else NotImplemented

    def __rand__(self: StopCondition, other: StopCondition) -> stop_all:
        return stop_all(other, self) if is_part(other) else NotImplemented

    def __or__(self: StopCondition, other: StopCondition) -> stop_any:
        return stop_any(self, other) if is_part(other) else NotImplemented

    def __ror__(self: StopCondition, other: StopCondition) -> stop_any:
        return stop_any(other, self) if is_part(other) else NotImplemented


@dataclass(frozen=True, slots=True)
class stop_after_attempt(_Stop):
    """Give up after this many failures.

    Attributes
    ----------
    max_attempt_number
        Attempts in all, >= 1; 3 means at most two more after the first.

    Examples
    --------
    >>> stop_after_attempt(3)(2, 0.0), stop_after_attempt(3)(3, 0.0)
    (False, True)
    """

    max_attempt_number: int

    def __post_init__(self) -> None:
        name = "stop_after_attempt: max_attempt_number"
        number = integer(name, self.max_attempt_number, least=1)
        object.__setattr__(self, "max_attempt_number", number)

    def __call__(
        self,
        attempts: int,
        elapsed_time: float,  # noqa: ARG002
        *,
        upcoming_sleep: float = 0.0,  # noqa: ARG002
    ) -> bool:
        return attempts >= self.max_attempt_number


@dataclass(frozen=True, slots=True)
class stop_after_delay(_Stop):
    """Give up at a failure that comes this long after the first start, or later.

    Attributes
    ----------
    max_delay
        Seconds >= 0, or a `timedelta`.

    Examples
    --------
    >>> stop_after_delay(30)(1, 29.9), stop_after_delay(30)(1, 30.0)
    (False, True)
    """

    max_delay: Duration

    def __post_init__(self) -> None:
        put(self, "max_delay", is_finite=False)

    def __call__(
        self,
        attempts: int,  # noqa: ARG002
        elapsed_time: float,
        *,
        upcoming_sleep: float = 0.0,  # noqa: ARG002
    ) -> bool:
        return elapsed_time >= in_seconds(self.max_delay)


@dataclass(frozen=True, slots=True)
class stop_before_delay(_Stop):
    """Give up if the next attempt would start this long after the first, or later.

    Attributes
    ----------
    max_delay
        Seconds >= 0, or a `timedelta`.

    Examples
    --------
    >>> stop = stop_before_delay(30)
    >>> stop(1, 20.0, upcoming_sleep=9.9), stop(1, 20.0, upcoming_sleep=10.0)
    (False, True)
    """

    max_delay: Duration

    def __post_init__(self) -> None:
        put(self, "max_delay", is_finite=False)

    def __call__(
        self,
        attempts: int,  # noqa: ARG002
        elapsed_time: float,
        *,
        upcoming_sleep: float = 0.0,
    ) -> bool:
        return elapsed_time + upcoming_sleep >= in_seconds(self.max_delay)


@dataclass(frozen=True, slots=True)
class stop_never(_Stop):
    """Never give up: let the condition or a timeout end it.

    Examples
    --------
    >>> stop_never()(1_000_000, 1e9)
    False
    """

    def __call__(
        self,
        attempts: int,  # noqa: ARG002
        elapsed_time: float,  # noqa: ARG002
        *,
        upcoming_sleep: float = 0.0,  # noqa: ARG002
    ) -> bool:
        return False


class stop_any(_Stop, Parts[StopCondition]):
    """Give up as soon as one of these says so; `a | b` is the same.

    Examples
    --------
    >>> stop_after_attempt(3) | stop_after_delay(30)
    stop_any(stop_after_attempt(max_attempt_number=3), stop_after_delay(max_delay=30.0))
    """

    __slots__ = ()
    example: ClassVar[str] = "stop_after_attempt(3)"

    def __call__(
        self, attempts: int, elapsed_time: float, *, upcoming_sleep: float = 0.0
    ) -> bool:
        return any(
            stop(attempts, elapsed_time, upcoming_sleep=upcoming_sleep)
            for stop in self.parts
        )


class stop_all(_Stop, Parts[StopCondition]):
    """Give up once every one of these says so; `a & b` is the same.

    Examples
    --------
    >>> stop = stop_after_attempt(3) & stop_after_delay(30)
    >>> stop(3, 29.9), stop(2, 30.0), stop(3, 30.0)
    (False, False, True)
    """

    __slots__ = ()
    example: ClassVar[str] = "stop_after_attempt(3)"

    def __call__(
        self, attempts: int, elapsed_time: float, *, upcoming_sleep: float = 0.0
    ) -> bool:
        return all(
            stop(attempts, elapsed_time, upcoming_sleep=upcoming_sleep)
            for stop in self.parts
        )
