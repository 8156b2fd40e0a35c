"""Policies: what they are, and those made of a condition, a wait and a stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from notebook_async.workflow._retry.jitter import wait_random_exponential
from notebook_async.workflow._retry.parts import check_part
from notebook_async.workflow._retry.stops import stop_after_attempt
from notebook_async.workflow._retry.waits import wait_exponential, wait_fixed

if TYPE_CHECKING:
    from datetime import datetime

    from notebook_async.workflow._retry.conditions import RetryCondition
    from notebook_async.workflow._retry.parts import Duration
    from notebook_async.workflow._retry.stops import StopCondition
    from notebook_async.workflow._retry.waits import WaitStrategy

__all__ = [
    "ConstantDelayRetryPolicy",
    "ExponentialBackoffRetryPolicy",
    "RetryInfo",
    "RetryPolicy",
    "retry_policy",
]

_FIVE_SECONDS = wait_fixed(5)
_THREE_ATTEMPTS = stop_after_attempt(3)


@dataclass(frozen=True, slots=True)
class RetryInfo:
    """How often a step was tried with this event before, and what came of it.

    Attributes
    ----------
    retry_number
        0 at the first attempt, then 1, and so on.
    elapsed_seconds
        Seconds since the first attempt began.
    last_exception, last_failed_at
        What the attempt before raised, and when (with a time zone); None at the first.

    Examples
    --------
    >>> RetryInfo(0, 0.0, None, None).retry_number
    0
    """

    retry_number: int
    elapsed_seconds: float
    last_exception: Exception | None
    last_failed_at: datetime | None


@runtime_checkable
class RetryPolicy(Protocol):
    """Whatever has a method `next` that says when to try again.

    Examples
    --------
    >>> class Twice:
    ...     def next(self, elapsed_time, attempts, error):
    ...         return 0.5 if attempts < 2 else None
    >>> isinstance(Twice(), RetryPolicy)
    True
    """

    def next(
        self,
        elapsed_time: float,
        attempts: int,
        error: Exception,
        *,
        seed: int | None = None,
    ) -> float | None:
        """Return the seconds to wait after a failure, or None to give up.

        Parameters
        ----------
        elapsed_time
            Seconds since the first attempt began.
        attempts
            Failures so far, from 1.
        error
            What the last attempt raised.
        seed
            The same seed gives the same delay; None draws by lot. May be left out of
            the method.

        Examples
        --------
        >>> retry_policy().next(0.0, 1, ValueError())
        5.0
        """


@dataclass(frozen=True, slots=True, repr=False)
class _Composed:
    """A condition, a wait and a stop."""

    retry: RetryCondition | None
    wait: WaitStrategy
    stop: StopCondition

    def __post_init__(self) -> None:
        if self.retry is not None:
            example = "retry_if_exception_type(OSError)"
            check_part("retry_policy: retry", self.retry, example)
        check_part("retry_policy: wait", self.wait, "wait_fixed(5)")
        check_part("retry_policy: stop", self.stop, "stop_after_attempt(3)")

    def next(
        self,
        elapsed_time: float,
        attempts: int,
        error: Exception,
        *,
        seed: int | None = None,
    ) -> float | None:
        """Return the seconds to wait after a failure, or None to give up."""
        if self.retry is not None and not self.retry(error):
            return None
        # Waits count how often was tried again, from 0.
        delay = self.wait(max(0, attempts - 1), seed=seed)
        if self.stop(attempts, elapsed_time, upcoming_sleep=delay):
            return None
        return delay

    def __repr__(self) -> str:
        parts = f"wait={self.wait!r}, stop={self.stop!r}"
        if self.retry is not None:
            parts = f"retry={self.retry!r}, {parts}"
        return f"retry_policy({parts})"


def retry_policy(
    retry: RetryCondition | None = None,
    wait: WaitStrategy = _FIVE_SECONDS,
    stop: StopCondition = _THREE_ATTEMPTS,
) -> RetryPolicy:
    """Return a policy made of a condition, a wait and a stop.

    Parameters
    ----------
    retry
        After which exceptions to try again; None for all.
    wait
        How long to wait before.
    stop
        When to give up.

    Returns
    -------
    RetryPolicy
        A value: it can be compared, and given to any number of steps.

    Raises
    ------
    ArgumentTypeError
        If a part cannot be called as one.

    Examples
    --------
    >>> from notebook_async.workflow.retry_policy import (
    ...     retry_if_exception_type, stop_after_attempt, wait_exponential
    ... )
    >>> policy = retry_policy(
    ...     retry=retry_if_exception_type(OSError),
    ...     wait=wait_exponential(),
    ...     stop=stop_after_attempt(3),
    ... )
    >>> [policy.next(0.0, attempts, OSError()) for attempts in (1, 2, 3)]
    [1.0, 2.0, None]
    """
    return _Composed(retry, wait, stop)


def ConstantDelayRetryPolicy(  # noqa: N802 - the name of the field
    maximum_attempts: int = 3, delay: Duration = 5
) -> RetryPolicy:
    """Return a policy that waits the same time always.

    Parameters
    ----------
    maximum_attempts
        Attempts in all, >= 1.
    delay
        Seconds >= 0, or a `timedelta`.

    Examples
    --------
    >>> ConstantDelayRetryPolicy(maximum_attempts=3, delay=5) == retry_policy()
    True
    """
    return _Composed(None, wait_fixed(delay), stop_after_attempt(maximum_attempts))


def ExponentialBackoffRetryPolicy(  # noqa: N802 - the name of the field
    maximum_attempts: int = 5,
    initial_delay: float = 1.0,
    multiplier: float = 2.0,
    max_delay: Duration = 60.0,
    jitter: bool = True,  # noqa: FBT001, FBT002 - the signature of the field
) -> RetryPolicy:
    """Return a policy that waits exponentially longer.

    Parameters
    ----------
    maximum_attempts
        Attempts in all, >= 1.
    initial_delay
        The first wait, seconds >= 0.
    multiplier
        What each wait is multiplied with for the next.
    max_delay
        The longest wait, seconds >= 0, or a `timedelta`.
    jitter
        Draw each wait between 0 and that, so that what failed together does not come
        back together.

    Examples
    --------
    >>> policy = ExponentialBackoffRetryPolicy(maximum_attempts=3, jitter=False)
    >>> [policy.next(0.0, attempts, OSError()) for attempts in (1, 2, 3)]
    [1.0, 2.0, None]
    """
    kind = wait_random_exponential if jitter else wait_exponential
    wait = kind(multiplier=initial_delay, exp_base=multiplier, max=max_delay)
    return _Composed(None, wait, stop_after_attempt(maximum_attempts))
