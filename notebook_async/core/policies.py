"""How a run treats its items: again after a failure, not too often, not too many.

Policies are values and arithmetic: no tasks, no clocks of their own.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from notebook_async.core._options import integer, number, seconds
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError

__all__ = ["Adaptive", "ErrorKinds", "Rate", "Retry", "as_rate", "as_retry"]

ErrorKinds: TypeAlias = (
    type[Exception] | tuple[type[Exception], ...] | Callable[[Exception], bool]
)
"""Exception classes, or a function that tells whether an exception is meant."""


def _matches(kinds: ErrorKinds, error: Exception) -> bool:
    if isinstance(kinds, type | tuple):
        return isinstance(error, kinds)
    return bool(kinds(error))


def _check_kinds(name: str, kinds: object) -> None:
    if isinstance(kinds, type):
        kinds = (kinds,)
    if isinstance(kinds, tuple):
        for kind in kinds:
            if not (isinstance(kind, type) and issubclass(kind, Exception)):
                raise ArgumentTypeError(
                    f"{name} must hold classes of exceptions, got {kind!r}"
                )
    elif not callable(kinds):
        raise ArgumentTypeError(
            f"{name} must be exception classes or a function of an exception,"
            f" got {kinds!r}"
        )


@dataclass(frozen=True, slots=True)
class Retry:
    """Try a failed item again, after a delay that grows and is drawn by lot.

    Attributes
    ----------
    attempts
        Attempts in all, >= 1; 3 means at most two more after the first.
    on
        The exceptions to try again after: classes, or a function that tells. What is
        no `Exception`, such as a cancellation, is never tried again.
    base
        Longest delay after the first attempt, seconds >= 0.
    factor
        What the longest delay is multiplied with after each attempt, >= 1.
    max_delay
        Bound of the longest delay, seconds >= 0.
    hint
        Takes the exception and returns the seconds to wait, such as an answer's
        Retry-After, or None for the ordinary delay.

    Notes
    -----
    The delay is uniform between 0 and the longest ("full jitter"): Marc Brooker,
    "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. It keeps clients that
    failed together from coming back together.

    Examples
    --------
    >>> import asyncio
    >>> from notebook_async import Retry, run_jobs
    >>> calls = []
    >>> async def flaky(x):
    ...     calls.append(x)
    ...     if len(calls) < 3:
    ...         raise ConnectionError("try again")
    ...     return x
    >>> await run_jobs(flaky, ["a"], retry=Retry(attempts=3, on=ConnectionError))
    ['a']
    >>> len(calls)
    3
    """

    attempts: int = 3
    on: ErrorKinds = Exception
    base: float = 0.1
    factor: float = 2.0
    max_delay: float = 30.0
    hint: Callable[[Exception], float | None] | None = None

    def __post_init__(self) -> None:
        integer("attempts", self.attempts, least=1)
        _check_kinds("on", self.on)
        seconds("base", self.base)
        seconds("max_delay", self.max_delay)
        if not number("factor", self.factor) >= 1:
            raise InvalidArgumentError(f"factor must be >= 1, got {self.factor}")
        if self.hint is not None and not callable(self.hint):
            raise ArgumentTypeError(
                f"hint must be a function of an exception, got {self.hint!r}"
            )

    def delay(self, attempt: int, error: BaseException) -> float | None:
        """Return the seconds to wait after a failed attempt, or None to give up.

        Parameters
        ----------
        attempt
            The attempt that failed, from 1.
        error
            What it raised.

        Examples
        --------
        >>> Retry(base=0).delay(1, ValueError("x"))
        0.0
        >>> Retry(attempts=2).delay(2, ValueError("x")) is None
        True
        """
        if attempt >= self.attempts or not isinstance(error, Exception):
            return None
        if not _matches(self.on, error):
            return None
        hinted = self.hint(error) if self.hint is not None else None
        if hinted is not None:
            return max(0.0, float(hinted))
        # The power of a late attempt is beyond what a float holds.
        try:
            longest = min(self.max_delay, self.base * self.factor ** (attempt - 1))
        except OverflowError:
            longest = self.max_delay if self.base else 0.0
        return random.uniform(0, longest)  # noqa: S311 - nothing to guess here


class Rate:
    """Let items start at no more than a number per second.

    One `Rate` may be given to several runs, which then share the rate.

    Parameters
    ----------
    per_second
        Starts per second, > 0 and finite.
    burst
        Starts that may come at once after a quiet time, >= 1.

    Notes
    -----
    The generic cell rate algorithm by reservation (ITU-T I.371): every item books its
    own start, so that a timer which fires late does not delay those behind it.

    Examples
    --------
    >>> import asyncio
    >>> from notebook_async import Rate, run_jobs
    >>> async def when(_):
    ...     return asyncio.get_running_loop().time()
    >>> starts = await run_jobs(when, range(4), rate=Rate(10, burst=2))
    >>> [round(start - starts[0], 3) for start in starts]
    [0.0, 0.0, 0.1, 0.2]
    """

    __slots__ = ("_burst", "_interval", "_next", "_per_second", "_slack")

    def __init__(self, per_second: float, burst: int = 1) -> None:
        if not 0 < number("per_second", per_second) < float("inf"):
            raise InvalidArgumentError(
                f"per_second must be > 0 and finite, got {per_second}"
            )
        self._burst = integer("burst", burst, least=1)
        self._per_second = per_second
        self._interval = 1 / per_second
        self._slack = (self._burst - 1) / per_second
        self._next = float("-inf")

    @property
    def per_second(self) -> float:
        """Starts per second."""
        return self._per_second

    @property
    def burst(self) -> int:
        """Starts that may come at once after a quiet time."""
        return self._burst

    def reserve(self, now: float) -> float:
        """Book the next start and return the seconds until then, <= 0 for at once.

        Parameters
        ----------
        now
            Seconds on any clock that only goes forward, always the same one.

        Examples
        --------
        >>> rate = Rate(2)
        >>> rate.reserve(0.0), rate.reserve(0.0)
        (0.0, 0.5)
        """
        start = max(self._next, now)
        self._next = start + self._interval
        return start - self._slack - now

    def __repr__(self) -> str:
        return f"Rate({self.per_second:g}, burst={self._burst})"


@dataclass(frozen=True, slots=True)
class Adaptive:
    """Find the number of workers that a service bears.

    Given as `workers=`. One more worker after each full round of successes, half of
    them after a throttling answer, at most once a round.

    Attributes
    ----------
    low, start, high
        Workers at least, at first and at most; 1 <= low <= start <= high.
    throttle
        The exceptions that tell "too much": classes, or a function that tells.

    Notes
    -----
    Additive increase, multiplicative decrease: D.-M. Chiu and R. Jain, "Analysis of the
    Increase and Decrease Algorithms for Congestion Avoidance in Computer Networks",
    Computer Networks and ISDN Systems 17 (1989).

    Examples
    --------
    >>> import asyncio
    >>> from notebook_async import Adaptive, start_jobs
    >>> run = start_jobs(asyncio.sleep, [1] * 20, workers=Adaptive(start=2, high=4))
    >>> results = await run
    >>> run.workers
    4
    """

    low: int = 1
    start: int = 8
    high: int = 256
    throttle: ErrorKinds = ()

    def __post_init__(self) -> None:
        integer("low", self.low, least=1)
        integer("start", self.start, least=self.low)
        integer("high", self.high, least=self.start)
        _check_kinds("throttle", self.throttle)

    def is_throttled(self, error: BaseException) -> bool:
        """Tell whether an exception says "too much".

        Examples
        --------
        >>> Adaptive(throttle=TimeoutError).is_throttled(TimeoutError())
        True
        """
        return isinstance(error, Exception) and _matches(self.throttle, error)


def as_retry(retry: Retry | int | None) -> Retry | None:
    """Return the policy that a `retry=` argument means.

    Examples
    --------
    >>> as_retry(2).attempts
    3
    """
    if retry is None or isinstance(retry, Retry):
        return retry
    return Retry(attempts=integer("retry", retry, least=0) + 1)


def as_rate(rate: Rate | float | None) -> Rate | None:
    """Return the policy that a `rate=` argument means.

    Examples
    --------
    >>> as_rate(5)
    Rate(5, burst=1)
    """
    if rate is None or isinstance(rate, Rate):
        return rate
    return Rate(rate)
