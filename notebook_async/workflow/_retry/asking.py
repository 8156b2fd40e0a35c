"""What may stand as a policy, and how one is asked."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from notebook_async.core._options import integer
from notebook_async.core.policies import Retry
from notebook_async.errors import ArgumentTypeError

if TYPE_CHECKING:
    from notebook_async.workflow._retry.policies import RetryPolicy

__all__ = ["as_retry_policy", "next_delay"]


@dataclass(frozen=True, slots=True)
class _Adapted:
    """A `Retry`, asked as a policy. Its lot knows no seed."""

    retry: Retry

    def next(
        self,
        elapsed_time: float,  # noqa: ARG002
        attempts: int,
        error: Exception,
        *,
        seed: int | None = None,  # noqa: ARG002
    ) -> float | None:
        """Return the seconds to wait after a failure, or None to give up."""
        return self.retry.delay(attempts, error)


def as_retry_policy(value: RetryPolicy | Retry | int | None) -> RetryPolicy | None:
    """Return the policy that a `retry_policy=` argument means.

    Parameters
    ----------
    value
        A policy, a `Retry`, how many times to try again after the first attempt, or
        None for never.

    Raises
    ------
    ArgumentTypeError
        If it is something else.
    InvalidArgumentError
        If it is a number < 0.

    Examples
    --------
    >>> policy = as_retry_policy(1)
    >>> policy.next(0.0, 1, OSError()) is None, policy.next(0.0, 2, OSError()) is None
    (False, True)
    """
    if value is None:
        return None
    if isinstance(value, Retry):
        return _Adapted(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return _Adapted(Retry(attempts=integer("retry_policy", value, least=0) + 1))
    if isinstance(value, type) or not callable(getattr(value, "next", None)):
        repair = f"; write {value.__name__}(...)" if isinstance(value, type) else ""
        raise ArgumentTypeError(
            "retry_policy must be a policy such as retry_policy(), a Retry, a number of"
            f" retries or None, got {value!r}{repair}"
        )
    return cast("RetryPolicy", value)


def next_delay(
    policy: RetryPolicy,
    elapsed: float,
    attempts: int,
    error: Exception,
    seed: int | None,
) -> float | None:
    """Ask a policy, whether or not its `next` takes a seed.

    Parameters
    ----------
    policy
        What to ask.
    elapsed
        Seconds since the first attempt began.
    attempts
        Failures so far, from 1.
    error
        What the last attempt raised.
    seed
        For the same delay each time, or None.

    Returns
    -------
    float or None
        Seconds >= 0 to wait, or None to give up.

    Raises
    ------
    ArgumentTypeError
        If the policy answers with anything but a number or None.

    Examples
    --------
    >>> class Twice:
    ...     def next(self, elapsed_time, attempts, error):
    ...         return 0.5 if attempts < 2 else None
    >>> next_delay(Twice(), 0.0, 1, OSError(), 7)
    0.5
    """
    if _takes_seed(policy):
        delay: object = policy.next(elapsed, attempts, error, seed=seed)
    else:
        delay = policy.next(elapsed, attempts, error)
    if delay is None:
        return None
    # False would be read as 0.0 seconds, and so as "try again for ever".
    if isinstance(delay, bool) or not isinstance(delay, int | float):
        raise ArgumentTypeError(
            f"{type(policy).__name__}.next must return seconds, or None to give up, got"
            f" {delay!r}"
        )
    return max(0.0, float(delay))


_seeded: WeakKeyDictionary[type[Any], bool] = WeakKeyDictionary()


def _takes_seed(policy: RetryPolicy) -> bool:
    """Tell whether `next` takes a seed: its signature is read once for each class."""
    kind = type(policy)
    known = _seeded.get(kind)
    if known is not None:
        return known
    parameters = inspect.signature(policy.next).parameters.values()
    takes = any(p.name == "seed" or p.kind is p.VAR_KEYWORD for p in parameters)
    # A method that was set on the object alone says nothing of its class.
    if "next" not in getattr(policy, "__dict__", ()) and hasattr(kind, "next"):
        _seeded[kind] = takes
    return takes
