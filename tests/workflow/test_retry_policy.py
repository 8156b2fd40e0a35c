"""Retry policies as values: what they decide, refuse and reckon."""

from __future__ import annotations

import dataclasses
import importlib
import math
import pickle
import re
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_async.core.policies import Retry
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.workflow.retry_policy import (
    ConstantDelayRetryPolicy,
    ExponentialBackoffRetryPolicy,
    RetryInfo,
    RetryPolicy,
    as_retry_policy,
    next_delay,
    retry_all,
    retry_always,
    retry_any,
    retry_if_exception,
    retry_if_exception_cause_type,
    retry_if_exception_message,
    retry_if_exception_type,
    retry_if_not_exception_message,
    retry_if_not_exception_type,
    retry_never,
    retry_policy,
    retry_unless_exception_type,
    stop_after_attempt,
    stop_after_delay,
    stop_all,
    stop_any,
    stop_before_delay,
    stop_never,
    wait_chain,
    wait_combine,
    wait_exponential,
    wait_exponential_jitter,
    wait_fixed,
    wait_full_jitter,
    wait_incrementing,
    wait_none,
    wait_random,
    wait_random_exponential,
)

if TYPE_CHECKING:
    from collections.abc import Callable

BUSY = OSError("server busy")


def _raised_from(error: Exception, cause: BaseException | None) -> Exception:
    error.__cause__ = cause
    return error


def test_names_are_sorted() -> None:
    """`__all__` is sorted, each name once, and every name is there."""
    # The package has a function of this name, which an ordinary import would give.
    module = importlib.import_module("notebook_async.workflow.retry_policy")
    assert module.__all__ == sorted(set(module.__all__))
    assert all(hasattr(module, name) for name in module.__all__)


# -- conditions

CONDITIONS = [
    (retry_always(), BUSY, True),
    (retry_never(), BUSY, False),
    (retry_if_exception(lambda error: "busy" in str(error)), BUSY, True),
    (retry_if_exception(lambda error: "busy" in str(error)), OSError("x"), False),
    (retry_if_exception_type(), BUSY, True),
    (retry_if_exception_type(OSError), TimeoutError(), True),
    (retry_if_exception_type(OSError), ValueError(), False),
    (retry_if_exception_type((ValueError, OSError)), ValueError(), True),
    (retry_if_exception_type((ValueError, OSError)), KeyError(), False),
    (retry_if_not_exception_type(), BUSY, False),
    (retry_if_not_exception_type(OSError), TimeoutError(), False),
    (retry_unless_exception_type(OSError), ValueError(), True),
    (retry_if_exception_message("server busy"), BUSY, True),
    (retry_if_exception_message("server"), BUSY, False),
    (retry_if_exception_message(match="busy$"), BUSY, True),
    (retry_if_exception_message(match=re.compile("BUSY")), BUSY, False),
    (retry_if_not_exception_message("server busy"), BUSY, False),
    (retry_if_not_exception_message(match="free"), BUSY, True),
    (retry_if_exception_cause_type(OSError), BUSY, False),
    (retry_if_exception_cause_type(OSError), _raised_from(KeyError(), BUSY), True),
    (
        retry_if_exception_cause_type(OSError),
        _raised_from(KeyError(), _raised_from(ValueError(), BUSY)),
        True,
    ),
    (retry_if_exception_cause_type(TypeError), _raised_from(KeyError(), BUSY), False),
    (retry_any(), BUSY, False),
    (retry_all(), BUSY, True),
]


@pytest.mark.parametrize(("condition", "error", "expected"), CONDITIONS)
def test_condition(condition: Any, error: Exception, expected: bool) -> None:  # noqa: ANN401, FBT001
    """A condition tells which exceptions are tried again."""
    assert condition(error) is expected


def test_causes_in_a_ring() -> None:
    """Causes that form a ring are each looked at once."""
    error, other = KeyError(), ValueError()
    error.__cause__, other.__cause__ = other, error
    assert retry_if_exception_cause_type(OSError)(error) is False
    assert retry_if_exception_cause_type(ValueError)(error) is True


def test_context_is_no_cause() -> None:
    """An exception raised while another was handled was not raised from it."""
    error = KeyError()
    error.__context__ = BUSY
    assert retry_if_exception_cause_type(OSError)(error) is False


@given(st.booleans(), st.booleans(), st.booleans())
def test_conditions_combine_as_logic(a: bool, b: bool, c: bool) -> None:  # noqa: FBT001
    """`&` and `|` of conditions are those of their answers, however they nest."""
    x, y, z = (retry_always() if value else retry_never() for value in (a, b, c))
    assert ((x & y) | z)(BUSY) is ((a and b) or c)
    assert (x | (y & z))(BUSY) is (a or (b and c))
    assert (x | y) | z == x | (y | z) == retry_any(x, y, z)
    assert (x & y) & z == x & (y & z) == retry_all(x, y, z)


def test_functions_combine_with_conditions() -> None:
    """A plain function may stand on either side of an operator."""

    def busy(error: BaseException) -> bool:
        return "busy" in str(error)

    assert retry_never() | busy == retry_any(retry_never(), busy)
    assert busy | retry_never() == retry_any(busy, retry_never())
    assert retry_always() & busy == retry_all(retry_always(), busy)
    assert (busy & retry_always())(BUSY) is True


# -- waits

WAITS = [
    (wait_fixed(2), [2.0, 2.0, 2.0]),
    (wait_fixed(timedelta(minutes=1)), [60.0, 60.0, 60.0]),
    (wait_none(), [0.0, 0.0, 0.0]),
    (wait_exponential(), [1.0, 2.0, 4.0]),
    (wait_exponential(multiplier=3, exp_base=10, max=100, min=5), [5.0, 30.0, 100.0]),
    (wait_exponential(multiplier=0, min=1), [1.0, 1.0, 1.0]),
    (wait_incrementing(), [0.0, 100.0, 200.0]),
    (wait_incrementing(start=5, increment=-3), [5.0, 2.0, 0.0]),
    (wait_incrementing(1, timedelta(seconds=2), 4), [1.0, 3.0, 4.0]),
    (wait_random(2, 2), [2.0, 2.0, 2.0]),
    (wait_exponential_jitter(jitter=0, max=3), [1.0, 2.0, 3.0]),
    (wait_random_exponential(min=7, max=7), [7.0, 7.0, 7.0]),
    (wait_chain(wait_fixed(1), wait_fixed(5)), [1.0, 5.0, 5.0]),
    (wait_combine(), [0.0, 0.0, 0.0]),
    (wait_fixed(1) + wait_exponential(), [2.0, 3.0, 5.0]),
    (sum([wait_fixed(1), wait_fixed(2), wait_fixed(3)]), [6.0, 6.0, 6.0]),
]


@pytest.mark.parametrize(("wait", "expected"), WAITS)
def test_wait(wait: Any, expected: list[float]) -> None:  # noqa: ANN401
    """A wait reckons its seconds from how often was tried again."""
    assert [wait(attempts) for attempts in range(3)] == expected


def test_sum_of_one_is_itself() -> None:
    """`sum()` begins with 0, which adds nothing."""
    assert sum([wait_fixed(1)]) == wait_fixed(1)


def test_waits_are_taken_apart() -> None:
    """Sums of waits are equal however they nest, also with a plain function."""

    def own(attempts: int, *, seed: int | None = None) -> float:
        return attempts + (seed or 0)

    a, b = wait_fixed(1), wait_none()
    assert (a + b) + own == a + (b + own) == wait_combine(a, b, own)
    assert (own + a)(2, seed=3) == 6.0


def test_very_late_attempts() -> None:
    """A power that no float holds is cut off at the longest wait."""
    assert wait_exponential()(5_000) == 60.0
    assert math.isfinite(wait_exponential(max=math.inf)(5_000))
    assert wait_exponential(multiplier=0)(5_000) == 0.0
    assert 0 <= wait_random_exponential(max=math.inf)(5_000) < math.inf
    assert math.isfinite(wait_exponential_jitter(max=math.inf)(5_000))


times = st.floats(0, 1e6)
attempts_so_far = st.integers(0, 10_000)
seeds = st.integers()


@given(times, times, st.floats(0, 1e3), attempts_so_far, seeds)
def test_lots_are_bounded_and_repeatable(
    a: float, b: float, base: float, attempts: int, seed: int
) -> None:
    """What is drawn lies within its bounds, and the same seed draws the same."""
    low, high = sorted((a, b))
    bounded: list[tuple[Any, float, float]] = [
        (wait_random(low, high), low, high),
        (wait_random_exponential(1, base, high, low), low, high),
        (wait_exponential(1, base, high, low), low, high),
        (wait_exponential_jitter(low, base, high, low), 0, high),
        (wait_incrementing(low, base, high), 0, high),
        (wait_random(low, high) + wait_fixed(low), 2 * low, low + high),
    ]
    for wait, least, most in bounded:
        assert least <= wait(attempts) <= most
        delay = wait(attempts, seed=seed)
        assert least <= delay <= most
        assert wait(attempts, seed=seed) == delay


def test_seeds_differ() -> None:
    """Different seeds draw different times, and no seed draws by lot."""
    wait = wait_random(0, 1)
    assert len({wait(0, seed=seed) for seed in range(20)}) == 20
    assert len({wait(0) for _ in range(20)}) == 20


def test_full_jitter_is_random_exponential() -> None:
    """Two names mean one wait."""
    assert wait_full_jitter(max=5) == wait_random_exponential(max=5)


# -- stops

STOPS = [
    (stop_after_attempt(3), (2, 1e9, 1e9), False),
    (stop_after_attempt(3), (3, 0, 0), True),
    (stop_after_delay(10), (99, 9.9, 99), False),
    (stop_after_delay(timedelta(seconds=10)), (1, 10, 0), True),
    (stop_before_delay(10), (99, 5, 4.9), False),
    (stop_before_delay(10), (1, 5, 5), True),
    (stop_never(), (10**6, 1e9, 1e9), False),
    (stop_any(), (10**6, 1e9, 1e9), False),
    (stop_all(), (1, 0, 0), True),
]


@pytest.mark.parametrize(("stop", "facts", "expected"), STOPS)
def test_stop(stop: Any, facts: tuple[int, float, float], expected: bool) -> None:  # noqa: ANN401, FBT001
    """A stop tells when it is enough, on both sides of its limit."""
    attempts, elapsed, upcoming = facts
    assert stop(attempts, elapsed, upcoming_sleep=upcoming) is expected


@given(st.integers(1, 4), st.integers(0, 4), st.integers(0, 4))
def test_stops_combine_as_logic(attempts: int, elapsed: int, upcoming: int) -> None:
    """`&` and `|` of stops are those of their answers, however they nest."""
    x, y, z = stop_after_attempt(2), stop_after_delay(2), stop_before_delay(3)
    a, b, c = attempts >= 2, elapsed >= 2, elapsed + upcoming >= 3
    assert ((x & y) | z)(attempts, elapsed, upcoming_sleep=upcoming) is ((a and b) or c)
    assert (x | (y & z))(attempts, elapsed, upcoming_sleep=upcoming) is (a or (b and c))
    assert (x | y) | z == x | (y | z) == stop_any(x, y, z)
    assert (x & y) & z == x & (y & z) == stop_all(x, y, z)


def test_functions_combine_with_stops() -> None:
    """A plain function may stand on either side of an operator."""

    def late(
        attempts: int,  # noqa: ARG001
        elapsed_time: float,
        *,
        upcoming_sleep: float = 0.0,  # noqa: ARG001
    ) -> bool:
        return elapsed_time > 1

    assert late | stop_never() == stop_any(late, stop_never())
    assert stop_never() | late == stop_any(stop_never(), late)
    assert (late & stop_after_attempt(1))(1, 2.0) is True
    assert (stop_after_attempt(1) & late)(1, 1.0) is False


# -- values


def test_equal_times_make_equal_values() -> None:
    """Seconds and `timedelta` are two ways to write one value."""
    assert wait_fixed(60) == wait_fixed(timedelta(minutes=1))
    assert stop_after_delay(60.0) == stop_after_delay(timedelta(minutes=1))
    assert wait_fixed(1) != wait_fixed(2)
    parts: list[Any] = [stop_after_delay(1), stop_before_delay(1)]
    parts += [retry_any(retry_always()), retry_all(retry_always())]
    assert len(set(parts)) == 4


def test_repr_is_code() -> None:
    """A policy shows as it could be written."""
    policy = retry_policy(
        retry=retry_if_exception_type(OSError) | retry_never(),
        wait=wait_chain(wait_none(), wait_fixed(1) + wait_none()),
        stop=stop_after_attempt(3) & stop_never(),
    )
    assert repr(policy) == (
        "retry_policy(retry=retry_any(retry_if_exception_type(exception_types="
        "<class 'OSError'>), retry_never()), wait=wait_chain(wait_none(),"
        " wait_combine(wait_fixed(wait=1.0), wait_none())),"
        " stop=stop_all(stop_after_attempt(max_attempt_number=3), stop_never()))"
    )
    assert repr(retry_policy()) == (
        "retry_policy(wait=wait_fixed(wait=5.0),"
        " stop=stop_after_attempt(max_attempt_number=3))"
    )


def test_policies_travel() -> None:
    """A policy may be a key, and comes back equal from a pickle."""
    policy = retry_policy(
        retry_if_exception_message(match="busy") & retry_always(),
        wait_random() + wait_chain(wait_none()),
        stop_after_attempt(2) | stop_never(),
    )
    assert pickle.loads(pickle.dumps(policy)) == policy  # noqa: S301
    assert {policy: 1}[policy] == 1


def test_frozen() -> None:
    """A part cannot be changed."""
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign"):
        wait_fixed(1).wait = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign"):
        retry_any().parts = ()  # type: ignore[misc]


def test_retry_info() -> None:
    """What a step learns of its retries is a value."""
    info = RetryInfo(1, 2.0, BUSY, None)
    assert dataclasses.astuple(info)[:2] == (1, 2.0)
    assert info == RetryInfo(1, 2.0, BUSY, None)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign"):
        info.retry_number = 2  # type: ignore[misc]


# -- what is refused

WRONG: list[tuple[Callable[[], object], type[Exception], str]] = [
    (
        lambda: wait_fixed(-1),
        InvalidArgumentError,
        "wait_fixed: wait must be >= 0, got -1",
    ),
    (
        lambda: wait_fixed(math.nan),
        InvalidArgumentError,
        "wait_fixed: wait must be >= 0, got nan",
    ),
    (
        lambda: wait_fixed(math.inf),
        InvalidArgumentError,
        "wait_fixed: wait must be finite, got inf",
    ),
    (
        lambda: wait_fixed("1"),  # type: ignore[arg-type]
        ArgumentTypeError,
        ("wait_fixed: wait must be a number of seconds, or a timedelta, got '1' (str)"),
    ),
    (
        lambda: wait_incrementing(start=math.nan),
        InvalidArgumentError,
        "wait_incrementing: start must be a number, got nan",
    ),
    (
        lambda: wait_random(2),
        InvalidArgumentError,
        "wait_random: min must be <= max (1), got 2; give a greater max too",
    ),
    (
        lambda: wait_exponential(min=61),
        InvalidArgumentError,
        "wait_exponential: min must be <= max (60), got 61; give a greater max too",
    ),
    (
        wait_chain,
        InvalidArgumentError,
        "wait_chain takes at least one wait, got none",
    ),
    (
        lambda: wait_chain(5),  # type: ignore[arg-type]
        ArgumentTypeError,
        "wait_chain must be such as wait_fixed(5), got 5",
    ),
    (
        lambda: stop_after_attempt(0),
        InvalidArgumentError,
        "stop_after_attempt: max_attempt_number must be >= 1, got 0",
    ),
    (
        lambda: stop_after_delay(timedelta(seconds=-1)),
        InvalidArgumentError,
        (
            "stop_after_delay: max_delay must be >= 0, got"
            " datetime.timedelta(days=-1, seconds=86399)"
        ),
    ),
    (
        lambda: stop_any(3),  # type: ignore[arg-type]
        ArgumentTypeError,
        "stop_any must be such as stop_after_attempt(3), got 3",
    ),
    (
        lambda: retry_if_exception_type([OSError]),  # type: ignore[arg-type]
        ArgumentTypeError,
        (
            "retry_if_exception_type takes an exception class or a tuple of them, got"
            " [<class 'OSError'>]"
        ),
    ),
    (
        lambda: retry_if_exception_cause_type((OSError, int)),  # type: ignore[arg-type]
        ArgumentTypeError,
        (
            "retry_if_exception_cause_type takes an exception class or a tuple of them,"
            " got <class 'int'>"
        ),
    ),
    (
        lambda: retry_if_exception(OSError),  # type: ignore[arg-type]
        ArgumentTypeError,
        (
            "retry_if_exception: predicate must be such as a function that tells, got"
            " <class 'OSError'>"
        ),
    ),
    (
        retry_if_exception_message,
        ArgumentTypeError,
        "retry_if_exception_message takes either message= or match=, got neither",
    ),
    (
        lambda: retry_if_not_exception_message("a", "b"),
        ArgumentTypeError,
        "retry_if_not_exception_message takes either message= or match=, got both",
    ),
    (
        lambda: retry_if_exception_message(match="("),
        InvalidArgumentError,
        (
            "retry_if_exception_message: match must be a regular expression, got '(':"
            " missing ), unterminated subpattern at position 0"
        ),
    ),
    (
        lambda: retry_policy(retry=TimeoutError),  # type: ignore[arg-type]
        ArgumentTypeError,
        (
            "retry_policy: retry must be such as retry_if_exception_type(OSError), got"
            " <class 'TimeoutError'>"
        ),
    ),
    (
        lambda: retry_policy(wait=5),  # type: ignore[arg-type]
        ArgumentTypeError,
        "retry_policy: wait must be such as wait_fixed(5), got 5",
    ),
    (
        lambda: retry_policy(stop=3),  # type: ignore[arg-type]
        ArgumentTypeError,
        "retry_policy: stop must be such as stop_after_attempt(3), got 3",
    ),
    (
        lambda: as_retry_policy(-1),
        InvalidArgumentError,
        "retry_policy must be >= 0, got -1",
    ),
    (
        lambda: as_retry_policy("twice"),  # type: ignore[arg-type]
        ArgumentTypeError,
        (
            "retry_policy must be a policy such as retry_policy(), a Retry, a number of"
            " retries or None, got 'twice'"
        ),
    ),
    (
        lambda: as_retry_policy(True),  # noqa: FBT003
        ArgumentTypeError,
        (
            "retry_policy must be a policy such as retry_policy(), a Retry, a number of"
            " retries or None, got True"
        ),
    ),
    (
        lambda: as_retry_policy(Retry),  # type: ignore[arg-type]
        ArgumentTypeError,
        (
            "retry_policy must be a policy such as retry_policy(), a Retry, a number of"
            " retries or None, got <class 'notebook_async.core.policies.Retry'>; write"
            " Retry(...)"
        ),
    ),
    (
        lambda: as_retry_policy(wait_fixed(1)),  # type: ignore[arg-type]
        ArgumentTypeError,
        (
            "retry_policy must be a policy such as retry_policy(), a Retry, a number of"
            " retries or None, got wait_fixed(wait=1.0)"
        ),
    ),
]


@pytest.mark.parametrize(("make", "kind", "message"), WRONG)
def test_refused(
    make: Callable[[], object], kind: type[Exception], message: str
) -> None:
    """A wrong argument is refused at once, with its value."""
    with pytest.raises(kind, match=f"^{re.escape(message)}$"):
        make()


@pytest.mark.parametrize("part", [wait_fixed(1), stop_never(), retry_always()])
def test_operators_refuse_numbers(part: Any) -> None:  # noqa: ANN401
    """A part combines with no number and no class."""
    operators: list[Callable[[Any, Any], Any]] = [
        lambda a, b: a & b,
        lambda a, b: a | b,
    ]
    if isinstance(part, wait_fixed):
        operators = [lambda a, b: a + b]
    for combine in operators:
        for wrong in (5, OSError):
            with pytest.raises(TypeError, match="unsupported operand"):
                combine(part, wrong)
            with pytest.raises(TypeError, match="unsupported operand"):
                combine(wrong, part)


# -- policies


def test_default_policy() -> None:
    """Without arguments, three attempts with five seconds between."""
    policy = retry_policy()
    assert [policy.next(0.0, n, BUSY) for n in (0, 1, 2, 3)] == [5.0, 5.0, 5.0, None]
    assert policy == ConstantDelayRetryPolicy() == ConstantDelayRetryPolicy(3, 5)
    assert isinstance(policy, RetryPolicy)


def test_condition_comes_first() -> None:
    """What the condition refuses is not tried again, whatever the stop says."""
    policy = retry_policy(retry_if_exception_type(OSError), stop=stop_never())
    assert policy.next(0.0, 1, BUSY) == 5.0
    assert policy.next(0.0, 1, ValueError()) is None


def test_stop_sees_the_coming_wait() -> None:
    """`stop_before_delay` reckons with the wait that would come next."""
    policy = retry_policy(wait=wait_fixed(4), stop=stop_before_delay(10))
    assert policy.next(5.9, 9, BUSY) == 4.0
    assert policy.next(6.0, 1, BUSY) is None


def test_exponential_policy() -> None:
    """Waits double up to the longest, and end after the last attempt."""
    policy = ExponentialBackoffRetryPolicy(jitter=False, max_delay=3)
    delays = [policy.next(0.0, attempts, BUSY) for attempts in range(1, 6)]
    assert delays == [1.0, 2.0, 3.0, 3.0, None]


def test_jitter_stays_below() -> None:
    """With jitter, each wait is drawn below what it would be without."""
    policy = ExponentialBackoffRetryPolicy()
    for attempts, most in enumerate((1.0, 2.0, 4.0, 8.0), start=1):
        delay = policy.next(0.0, attempts, BUSY, seed=attempts)
        assert delay is not None
        assert 0 <= delay <= most
        assert policy.next(0.0, attempts, BUSY, seed=attempts) == delay


# -- what may stand as a policy


class _Seeded:
    def next(
        self,
        elapsed_time: float,
        attempts: int,
        error: Exception,  # noqa: ARG002
        *,
        seed: int | None = None,
    ) -> Any:  # noqa: ANN401
        return elapsed_time + attempts + (seed or 0)


class _Unseeded:
    answer: Any = 1

    def next(self, elapsed_time: float, attempts: int, error: Exception) -> Any:  # noqa: ANN401, ARG002
        return self.answer


class _Broken:
    def next(self, *args: Any, **kwargs: Any) -> float:  # noqa: ANN401, ARG002
        raise TypeError("next() got an unexpected keyword argument 'seed'")


def test_policy_stays_itself() -> None:
    """A policy is taken as it is; None means none."""
    policy: Any = _Unseeded()
    assert as_retry_policy(policy) is policy
    assert as_retry_policy(None) is None


def test_number_of_retries() -> None:
    """A number counts the attempts after the first."""
    for retries in range(3):
        policy = as_retry_policy(retries)
        assert policy is not None
        again = [policy.next(0.0, n, BUSY) is not None for n in range(1, 5)]
        assert again == [attempt <= retries for attempt in range(1, 5)]


def test_retry_as_policy() -> None:
    """A `Retry` decides as it does for items of a run."""
    policy = as_retry_policy(Retry(attempts=2, on=OSError, base=0))
    assert policy is not None
    assert policy.next(99.0, 1, BUSY, seed=1) == 0.0
    assert policy.next(0.0, 2, BUSY) is None
    assert policy.next(0.0, 1, ValueError()) is None
    assert policy == as_retry_policy(Retry(attempts=2, on=OSError, base=0))


@pytest.mark.parametrize("seed", [None, 7])
def test_seed_is_handed_on(seed: int | None) -> None:
    """A policy that takes a seed gets it, by keyword."""
    assert next_delay(_Seeded(), 1.0, 2, BUSY, seed) == 3.0 + (seed or 0)


def test_policy_without_seed() -> None:
    """A policy that takes no seed is asked without."""
    for _ in range(2):
        assert next_delay(_Unseeded(), 1.0, 2, BUSY, 7) == 1.0  # type: ignore[arg-type]


def test_method_of_one_object() -> None:
    """A `next` that was set on an object speaks for that object only."""

    def plain(elapsed: float, attempts: int, error: Exception) -> float:  # noqa: ARG001
        return 1.0

    def seeded(*facts: Any, **options: Any) -> float:  # noqa: ANN401, ARG001
        return float(options["seed"])

    assert next_delay(SimpleNamespace(next=plain), 0.0, 1, BUSY, 7) == 1.0
    assert next_delay(SimpleNamespace(next=seeded), 0.0, 1, BUSY, 7) == 7.0


def test_error_of_a_policy_is_its_own() -> None:
    """A TypeError that a policy raises is not taken for a missing parameter."""
    with pytest.raises(TypeError, match=r"^next\(\) got an unexpected keyword"):
        next_delay(_Broken(), 0.0, 1, BUSY, None)


ANSWERS = [(None, None), (0, 0.0), (2.5, 2.5), (-1, 0.0), (math.nan, 0.0)]


@pytest.mark.parametrize(("answer", "expected"), ANSWERS)
def test_answer(answer: Any, expected: float | None) -> None:  # noqa: ANN401
    """A policy's answer becomes seconds that are not negative, or None."""
    policy = _Unseeded()
    policy.answer = answer
    assert next_delay(policy, 0.0, 1, BUSY, None) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", ["soon", False, timedelta(1)])
def test_wrong_answer(answer: Any) -> None:  # noqa: ANN401
    """A policy that answers with no number is named."""
    policy = _Unseeded()
    policy.answer = answer
    message = (
        "_Unseeded.next must return seconds, or None to give up, got"
        f" {re.escape(repr(answer))}$"
    )
    with pytest.raises(ArgumentTypeError, match=message):
        next_delay(policy, 0.0, 1, BUSY, None)  # type: ignore[arg-type]
