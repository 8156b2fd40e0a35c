# ruff: noqa: N801 - the names of the field: they read as words in an expression
"""How long to wait before trying again, by lot.

What failed together then does not come back together.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass

from notebook_async.workflow._retry.parts import Duration, in_seconds, put
from notebook_async.workflow._retry.waits import Wait, check_order, grown

__all__ = [
    "wait_exponential_jitter",
    "wait_full_jitter",
    "wait_random",
    "wait_random_exponential",
]


def _drawn(low: float, high: float, seed: int | None) -> float:
    """Return a number between two others, by lot or by the seed."""
    draw = random.uniform if seed is None else random.Random(seed).uniform  # noqa: S311
    # Rounding may carry it past the end.
    return min(high, draw(low, high))


@dataclass(frozen=True, slots=True)
class wait_random(Wait):
    """Wait a time drawn evenly between `min` and `max`.

    Attributes
    ----------
    min, max
        Seconds, or a `timedelta`; 0 <= min <= max.

    Examples
    --------
    >>> wait = wait_random(1, 2)
    >>> wait(0, seed=7) == wait(0, seed=7), 1 <= wait(0) <= 2
    (True, True)
    """

    min: Duration = 0.0
    max: Duration = 1.0

    def __post_init__(self) -> None:
        put(self, "min")
        put(self, "max")
        check_order(self)

    def __call__(self, attempts: int, *, seed: int | None = None) -> float:  # noqa: ARG002
        return _drawn(in_seconds(self.min), in_seconds(self.max), seed)


@dataclass(frozen=True, slots=True)
class wait_exponential_jitter(Wait):
    """Wait exponentially longer, plus a little by lot, and at most `max`.

    Attributes
    ----------
    initial
        The first wait, seconds >= 0, or a `timedelta`.
    exp_base
        What each wait is multiplied with for the next, >= 0.
    max
        The longest in all, seconds >= 0, or a `timedelta`.
    jitter
        The most that is added by lot, seconds >= 0, or a `timedelta`.

    Examples
    --------
    >>> wait = wait_exponential_jitter(jitter=0.5)
    >>> 4.0 <= wait(2) <= 4.5
    True
    """

    initial: Duration = 1.0
    exp_base: float = 2.0
    max: Duration = 60.0
    jitter: Duration = 1.0

    def __post_init__(self) -> None:
        put(self, "initial")
        put(self, "exp_base")
        put(self, "max", is_finite=False)
        put(self, "jitter")

    def __call__(self, attempts: int, *, seed: int | None = None) -> float:
        most = grown(self.initial, self.exp_base, attempts, self.max)
        extra = _drawn(0.0, in_seconds(self.jitter), seed)
        return min(most + extra, in_seconds(self.max), sys.float_info.max)


@dataclass(frozen=True, slots=True)
class wait_random_exponential(Wait):
    """Wait a time drawn evenly between `min` and an exponentially growing bound.

    `wait_full_jitter` is the same.

    Attributes
    ----------
    multiplier
        The first bound, >= 0.
    exp_base
        What each bound is multiplied with for the next, >= 0.
    max, min
        Within these is every bound; seconds, or a `timedelta`; 0 <= min <= max.

    Notes
    -----
    Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

    Examples
    --------
    >>> wait = wait_random_exponential(max=5)
    >>> 0 <= wait(0) <= 1, 0 <= wait(10) <= 5
    (True, True)
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

    def __call__(self, attempts: int, *, seed: int | None = None) -> float:
        most = grown(self.multiplier, self.exp_base, attempts, self.max)
        low = in_seconds(self.min)
        return _drawn(low, max(most, low), seed)


wait_full_jitter = wait_random_exponential
