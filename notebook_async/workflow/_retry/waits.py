# ruff: noqa: N801 - the names of the field: they read as words in an expression
"""How long to wait before trying again."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from notebook_async.errors import InvalidArgumentError
from notebook_async.workflow._retry.parts import (
    Duration,
    Parts,
    check_part,
    in_seconds,
    is_part,
    put,
)

__all__ = [
    "Wait",
    "WaitStrategy",
    "check_order",
    "grown",
    "wait_chain",
    "wait_combine",
    "wait_exponential",
    "wait_fixed",
    "wait_incrementing",
    "wait_none",
]


class WaitStrategy(Protocol):
    """Return the seconds to wait, from how many times was tried again before.

    `attempts` is 0 at the first wait. With a `seed`, the same arguments give the same
    seconds.

    Examples
    --------
    >>> wait: WaitStrategy = wait_exponential()
    >>> [wait(attempts) for attempts in range(4)]
    [1.0, 2.0, 4.0, 8.0]
    """

    def __call__(self, attempts: int, *, seed: int | None = None) -> float: ...


class Wait:
    """The operators of waits."""

    __slots__ = ()

    def __add__(self: WaitStrategy, other: WaitStrategy) -> wait_combine:
        return wait_combine(self, other) if is_part(other) else NotImplemented

    def __radd__(self: WaitStrategy, other: Any) -> Any:
        if isinstance(other, int) and other == 0:  # where sum() begins
            return self
        return wait_combine(other, self) if is_part(other) else NotImplemented


def check_order(owner: Any) -> None:
    if owner.min > owner.max:
        raise InvalidArgumentError(
            f"{type(owner).__name__}: min must be <= max ({owner.max:g}), got"
            f" {owner.min:g}; give a greater max too"
        )


def grown(first: Duration, base: float, times: int, most: Duration) -> float:
    """Return first * base ** times, but no more than `most` and always finite."""
    bound = min(in_seconds(most), sys.float_info.max)
    try:
        return min(in_seconds(first) * base**times, bound)
    except OverflowError:
        return bound if in_seconds(first) else 0.0


@dataclass(frozen=True, slots=True)
class wait_fixed(Wait):
    """Wait the same time always.

    Attributes
    ----------
    wait
        Seconds >= 0, or a `timedelta`.

    Examples
    --------
    >>> wait_fixed(5)(0)
    5.0
    """

    wait: Duration

    def __post_init__(self) -> None:
        put(self, "wait")

    def __call__(self, attempts: int, *, seed: int | None = None) -> float:  # noqa: ARG002
        return in_seconds(self.wait)


@dataclass(frozen=True, slots=True)
class wait_none(Wait):
    """Try again at once.

    Examples
    --------
    >>> wait_none()(0)
    0.0
    """

    def __call__(self, attempts: int, *, seed: int | None = None) -> float:  # noqa: ARG002
        return 0.0


@dataclass(frozen=True, slots=True)
class wait_exponential(Wait):
    """Wait `multiplier * exp_base ** attempts` seconds, within `min` and `max`.

    Attributes
    ----------
    multiplier
        The first wait, >= 0.
    exp_base
        What each wait is multiplied with for the next, >= 0.
    max, min
        Seconds, or a `timedelta`; 0 <= min <= max.

    Examples
    --------
    >>> wait = wait_exponential(max=5)
    >>> [wait(attempts) for attempts in range(4)]
    [1.0, 2.0, 4.0, 5.0]
    """

    multiplier: float = 1.0
    exp_base: float = 2.0
    max: Duration = 60.0
    min: Duration = 0.0

    def __post_init__(self) -> None:
        put(self, "multiplier")
        put(self, "exp_base")
        put(self, "max", is_finite=False)
        put(self, "min")
        check_order(self)

    def __call__(self, attempts: int, *, seed: int | None = None) -> float:  # noqa: ARG002
        seconds = grown(self.multiplier, self.exp_base, attempts, self.max)
        return max(seconds, in_seconds(self.min))


@dataclass(frozen=True, slots=True)
class wait_incrementing(Wait):
    """Wait `start + increment * attempts` seconds, within 0 and `max`.

    Attributes
    ----------
    start
        The first wait, seconds or a `timedelta`.
    increment
        What each next one is longer, or shorter if negative.
    max
        The longest, seconds >= 0, or a `timedelta`.

    Examples
    --------
    >>> wait = wait_incrementing(start=1, increment=2, max=4)
    >>> [wait(attempts) for attempts in range(3)]
    [1.0, 3.0, 4.0]
    """

    start: Duration = 0.0
    increment: Duration = 100.0
    max: Duration = math.inf

    def __post_init__(self) -> None:
        put(self, "start", least=-math.inf)
        put(self, "increment", least=-math.inf)
        put(self, "max", is_finite=False)

    def __call__(self, attempts: int, *, seed: int | None = None) -> float:  # noqa: ARG002
        grown = in_seconds(self.start) + in_seconds(self.increment) * attempts
        return max(0.0, min(grown, in_seconds(self.max), sys.float_info.max))


@dataclass(frozen=True, slots=True, init=False)
class wait_chain(Wait):
    """Wait as the first of these, then as the second, and so on; the last one stays.

    Examples
    --------
    >>> wait = wait_chain(wait_fixed(1), wait_fixed(10))
    >>> [wait(attempts) for attempts in range(3)]
    [1.0, 10.0, 10.0]
    """

    strategies: tuple[WaitStrategy, ...]

    def __init__(self, *strategies: WaitStrategy) -> None:
        if not strategies:
            raise InvalidArgumentError("wait_chain takes at least one wait, got none")
        for wait in strategies:
            check_part("wait_chain", wait, "wait_fixed(5)")
        object.__setattr__(self, "strategies", strategies)

    def __call__(self, attempts: int, *, seed: int | None = None) -> float:
        wait = self.strategies[min(attempts, len(self.strategies) - 1)]
        return wait(attempts, seed=seed)

    def __repr__(self) -> str:
        return f"wait_chain({', '.join(map(repr, self.strategies))})"


class wait_combine(Wait, Parts[WaitStrategy]):
    """Wait as long as all of these together; `a + b` is the same.

    Examples
    --------
    >>> wait_fixed(1) + wait_fixed(2)
    wait_combine(wait_fixed(wait=1.0), wait_fixed(wait=2.0))
    >>> (wait_fixed(1) + wait_fixed(2))(0)
    3.0
    """

    __slots__ = ()
    example: ClassVar[str] = "wait_fixed(5)"

    def __call__(self, attempts: int, *, seed: int | None = None) -> float:
        return math.fsum(wait(attempts, seed=seed) for wait in self.parts)
