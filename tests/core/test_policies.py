"""`Retry`, `Rate` and `Adaptive` as values: what they refuse and what they reckon."""

from __future__ import annotations

import asyncio
import dataclasses
import math
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_async import Adaptive, Rate, Retry, iter_jobs, run_jobs, start_jobs
from notebook_async.core import policies
from notebook_async.core.policies import as_rate, as_retry
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from tests.core.probes import double

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def longest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the lot always fall on the longest delay."""
    monkeypatch.setattr(policies.random, "uniform", lambda low, high: low + high)


# -- what is refused

WRONG: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: Retry(0), InvalidArgumentError, "attempts must be >= 1, got 0"),
    (
        lambda: Retry(1.5),  # type: ignore[arg-type]
        ArgumentTypeError,
        "attempts must be an integer, got 1.5 (float)",
    ),
    (
        lambda: Retry(on=int),  # type: ignore[arg-type]
        ArgumentTypeError,
        "on must hold classes of exceptions, got <class 'int'>",
    ),
    (
        lambda: Retry(on=KeyboardInterrupt),  # type: ignore[arg-type]
        ArgumentTypeError,
        "on must hold classes of exceptions, got <class 'KeyboardInterrupt'>",
    ),
    (
        lambda: Retry(on=(OSError, asyncio.CancelledError)),  # type: ignore[arg-type]
        ArgumentTypeError,
        (
            "on must hold classes of exceptions, got"
            " <class 'asyncio.exceptions.CancelledError'>"
        ),
    ),
    (
        lambda: Retry(on="OSError"),  # type: ignore[arg-type]
        ArgumentTypeError,
        "on must be exception classes or a function of an exception, got 'OSError'",
    ),
    (lambda: Retry(base=-1), InvalidArgumentError, "base must be >= 0 seconds, got -1"),
    (
        lambda: Retry(base=math.nan),
        InvalidArgumentError,
        "base must be >= 0 seconds, got nan",
    ),
    (
        lambda: Retry(base="1"),  # type: ignore[arg-type]
        ArgumentTypeError,
        "base must be a number of seconds, got '1' (str)",
    ),
    (
        lambda: Retry(max_delay=-0.5),
        InvalidArgumentError,
        "max_delay must be >= 0 seconds, got -0.5",
    ),
    (
        lambda: Retry(factor=0.5),
        InvalidArgumentError,
        "factor must be >= 1, got 0.5",
    ),
    (
        lambda: Retry(factor=math.nan),
        InvalidArgumentError,
        "factor must be >= 1, got nan",
    ),
    (
        lambda: Retry(factor="2"),  # type: ignore[arg-type]
        ArgumentTypeError,
        "factor must be a number, got '2' (str)",
    ),
    (
        lambda: Retry(hint=5),  # type: ignore[arg-type]
        ArgumentTypeError,
        "hint must be a function of an exception, got 5",
    ),
    (lambda: Rate(0), InvalidArgumentError, "per_second must be > 0 and finite, got 0"),
    (
        lambda: Rate(-2),
        InvalidArgumentError,
        "per_second must be > 0 and finite, got -2",
    ),
    (
        lambda: Rate(math.inf),
        InvalidArgumentError,
        "per_second must be > 0 and finite, got inf",
    ),
    (
        lambda: Rate(math.nan),
        InvalidArgumentError,
        "per_second must be > 0 and finite, got nan",
    ),
    (
        lambda: Rate("5"),  # type: ignore[arg-type]
        ArgumentTypeError,
        "per_second must be a number, got '5' (str)",
    ),
    (lambda: Rate(5, burst=0), InvalidArgumentError, "burst must be >= 1, got 0"),
    (
        lambda: Rate(5, burst=2.5),  # type: ignore[arg-type]
        ArgumentTypeError,
        "burst must be an integer, got 2.5 (float)",
    ),
    (lambda: Adaptive(low=0), InvalidArgumentError, "low must be >= 1, got 0"),
    (
        lambda: Adaptive(low=5, start=4),
        InvalidArgumentError,
        "start must be >= 5, got 4",
    ),
    (
        lambda: Adaptive(start=5, high=4),
        InvalidArgumentError,
        "high must be >= 5, got 4",
    ),
    (
        lambda: Adaptive(high=9.5),  # type: ignore[arg-type]
        ArgumentTypeError,
        "high must be an integer, got 9.5 (float)",
    ),
    (
        lambda: Adaptive(throttle=429),  # type: ignore[arg-type]
        ArgumentTypeError,
        "throttle must be exception classes or a function of an exception, got 429",
    ),
    (
        lambda: as_retry(-1),
        InvalidArgumentError,
        "retry must be >= 0, got -1",
    ),
    (
        lambda: as_retry(1.5),  # type: ignore[arg-type]
        ArgumentTypeError,
        "retry must be an integer, got 1.5 (float)",
    ),
]


@pytest.mark.parametrize(
    ("make", "kind", "message"), WRONG, ids=[message for *_, message in WRONG]
)
def test_wrong_values(
    make: Callable[[], object], kind: type[Exception], message: str
) -> None:
    """A wrong value raises when the policy is made, and says what is wrong."""
    with pytest.raises(kind, match=f"^{re.escape(message)}$"):
        make()


OPTIONS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"timeout": 0}, InvalidArgumentError, "timeout must be > 0 seconds, got 0"),
    ({"timeout": -1.5}, InvalidArgumentError, "timeout must be > 0 seconds, got -1.5"),
    (
        {"timeout": math.nan},
        InvalidArgumentError,
        "timeout must be > 0 seconds, got nan",
    ),
    (
        {"timeout": "5"},
        ArgumentTypeError,
        "timeout must be a number of seconds, got '5' (str)",
    ),
    ({"retry": -1}, InvalidArgumentError, "retry must be >= 0, got -1"),
    ({"retry": "3"}, ArgumentTypeError, "retry must be an integer, got '3' (str)"),
    ({"rate": 0}, InvalidArgumentError, "per_second must be > 0 and finite, got 0"),
    ({"rate": "9"}, ArgumentTypeError, "per_second must be a number, got '9' (str)"),
    (
        {"isolation": "thread"},
        InvalidArgumentError,
        "isolation must be one of 'context', 'task'; got 'thread'",
    ),
    (
        {"isolation": None},
        InvalidArgumentError,
        "isolation must be one of 'context', 'task'; got None",
    ),
]


@pytest.mark.parametrize(
    ("options", "kind", "message"), OPTIONS, ids=[message for *_, message in OPTIONS]
)
async def test_wrong_options(
    options: dict[str, Any], kind: type[Exception], message: str
) -> None:
    """Each of the three calls refuses a wrong policy at once."""
    match = f"^{re.escape(message)}$"
    for call in (start_jobs, iter_jobs):
        with pytest.raises(kind, match=match):
            call(double, [1], **options)
    with pytest.raises(kind, match=match):
        await run_jobs(double, [1], **options)


def test_least_values_are_allowed() -> None:
    """What stands just inside of each bound is taken."""
    retry = Retry(1, on=(), base=0, factor=1, max_delay=0)
    assert retry.delay(1, ValueError()) is None
    assert Rate(1e-9, burst=1).per_second == 1e-9
    assert Adaptive(1, 1, 1).high == 1


def test_policies_are_values() -> None:
    """`Retry` and `Adaptive` are frozen and compare by what they hold."""
    assert Retry(2) == Retry(2) != Retry(3)
    assert Adaptive(1, 2, 3) == Adaptive(1, 2, 3)
    with pytest.raises(dataclasses.FrozenInstanceError, match="attempts"):
        Retry().attempts = 5  # type: ignore[misc]


# -- Retry


@pytest.mark.usefixtures("longest")
def test_delays_grow_to_their_bound() -> None:
    """The longest delay is `base * factor ** (attempt - 1)`, at most `max_delay`."""
    retry = Retry(9, base=0.5, factor=3, max_delay=10)
    delays = [retry.delay(attempt, OSError()) for attempt in range(1, 9)]
    assert delays == [0.5, 1.5, 4.5, 10, 10, 10, 10, 10]


@given(
    attempt=st.integers(1, 40),
    base=st.floats(0, 10),
    factor=st.floats(1, 5),
    most=st.floats(0, 100),
)
def test_delay_is_within_bounds(
    attempt: int, base: float, factor: float, most: float
) -> None:
    """Whatever the lot says, a delay is between 0 and the longest."""
    retry = Retry(99, base=base, factor=factor, max_delay=most)
    delay = retry.delay(attempt, OSError())
    assert delay is not None
    assert 0 <= delay <= min(most, base * factor ** (attempt - 1))


@pytest.mark.usefixtures("longest")
@pytest.mark.parametrize(("base", "expected"), [(0.1, 30.0), (0, 0.0)])
@pytest.mark.parametrize("factor", [2, 2.0, 1e300])
def test_delay_of_a_late_attempt(base: float, factor: float, expected: float) -> None:
    """An attempt whose power no float holds waits for the bound."""
    retry = Retry(10**6, base=base, factor=factor)
    assert retry.delay(99_999, OSError()) == expected


def test_delays_are_drawn_by_lot() -> None:
    """Two clients that fail together do not come back together."""
    retry = Retry(2, base=1)
    assert len({retry.delay(1, OSError()) for _ in range(20)}) == 20


def test_attempts_are_bounded() -> None:
    """The last attempt is not followed by another, the one before it is."""
    retry = Retry(3, base=0)
    assert [retry.delay(attempt, OSError()) for attempt in (1, 2, 3, 4)] == [
        0.0,
        0.0,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("kinds", "again"),
    [
        (Exception, [True, True, True]),
        (ConnectionError, [True, True, False]),
        ((ConnectionResetError, ValueError), [False, True, True]),
        ((), [False, False, False]),
        (lambda error: error.args == (5,), [False, False, True]),
        (lambda error: "yes" if error.args else "", [False, False, True]),
    ],
)
def test_which_errors_are_retried(kinds: Any, again: list[bool]) -> None:  # noqa: ANN401
    """`on` names classes, subclasses meant too, or is a function that tells."""
    retry = Retry(on=kinds, base=0)
    errors = [ConnectionError(), ConnectionResetError(), ValueError(5)]
    assert [retry.delay(1, error) is not None for error in errors] == again


@pytest.mark.parametrize(
    "error", [asyncio.CancelledError(), KeyboardInterrupt(), GeneratorExit()]
)
def test_what_is_no_exception_is_not_retried(error: BaseException) -> None:
    """Cancellations and interrupts are not even shown to the function."""
    retry = Retry(on=lambda _: pytest.fail("it was asked"))
    assert retry.delay(1, error) is None


@pytest.mark.usefixtures("longest")
@pytest.mark.parametrize(
    ("hinted", "expected"), [(7, 7.0), (90.5, 90.5), (0, 0.0), (-3, 0.0), (None, 2.0)]
)
def test_hint(hinted: float | None, expected: float) -> None:
    """A hint stands for the delay, beyond `max_delay` too; None leaves it."""
    seen: list[Exception] = []

    def hint(error: Exception) -> float | None:
        seen.append(error)
        return hinted

    retry = Retry(base=2, max_delay=5, hint=hint)
    error = OSError("busy")
    assert retry.delay(1, error) == expected
    assert seen == [error]


def test_hint_is_not_asked_in_vain() -> None:
    """The last attempt, and what is not retried, are not hinted at."""
    retry = Retry(2, on=OSError, hint=lambda _: pytest.fail("it was asked"))
    assert retry.delay(2, OSError()) is None
    assert retry.delay(1, ValueError()) is None


def test_as_retry() -> None:
    """A number is how often beyond the first; a policy and None stay."""
    retry = Retry(7)
    assert as_retry(retry) is retry
    assert as_retry(None) is None
    assert as_retry(0) == Retry(1)
    assert as_retry(4) == Retry(5)


# -- Rate


def reserve(rate: Rate, *times: float) -> list[float]:
    """Return when the items that ask at these times may start."""
    return [round(now + max(0.0, rate.reserve(now)), 9) for now in times]


def test_starts_are_spaced() -> None:
    """Of items that ask at once, each starts an interval after the one before."""
    assert reserve(Rate(4), *[0.0] * 5) == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_quiet_time_is_not_saved_up() -> None:
    """After a quiet time only the burst comes at once."""
    rate = Rate(2)
    assert reserve(rate, 0.0, 100.0, 100.0, 100.0) == [0.0, 100.0, 100.5, 101.0]
    rate = Rate(2, burst=3)
    assert reserve(rate, *[0.0] * 4, *[100.0] * 5) == [
        *[0.0, 0.0, 0.0, 0.5],
        *[100.0, 100.0, 100.0, 100.5, 101.0],
    ]


def test_burst_fills_up_again_bit_by_bit() -> None:
    """A burst half used comes back at the rate, not at once."""
    rate = Rate(1, burst=3)
    assert reserve(rate, 0.0, 0.0, 0.0) == [0.0, 0.0, 0.0]
    assert reserve(rate, 2.0, 2.0, 2.0) == [2.0, 2.0, 3.0]


def test_late_timers_do_not_accumulate() -> None:
    """Each start is booked from the last one booked, not from when that came."""
    rate, now, starts = Rate(10), 0.0, []
    for _ in range(50):
        now += max(0.0, rate.reserve(now)) + 0.04
        starts.append(now - 0.04)
    assert [round(start, 9) for start in starts] == [n / 10 for n in range(50)]


@given(
    per_second=st.sampled_from([0.5, 1, 4, 1000]),
    burst=st.integers(1, 5),
    gaps=st.lists(st.sampled_from([0.0, 0.0, 0.1, 0.6, 3.0]), max_size=40),
)
def test_no_window_holds_too_many(
    per_second: float, burst: int, gaps: list[float]
) -> None:
    """In any time T at most `burst + T * per_second` items start, and in order."""
    rate, now, starts = Rate(per_second, burst=burst), 0.0, []
    for gap in gaps:
        now += gap
        starts.append(now + max(0.0, rate.reserve(now)))
    assert starts == sorted(starts)
    for first, start in enumerate(starts):
        for last in range(first, len(starts)):
            most = burst + (starts[last] - start) * per_second
            assert last - first + 1 <= most + 1e-6


def test_rate_tells_what_it_is() -> None:
    """The numbers come back as they were given, also where 1 / (1 / n) is not n."""
    rate = Rate(49, burst=3)
    assert (rate.per_second, rate.burst, repr(rate)) == (49, 3, "Rate(49, burst=3)")
    assert repr(Rate(0.25)) == "Rate(0.25, burst=1)"


def test_as_rate() -> None:
    """A number is starts per second; a policy and None stay."""
    rate = Rate(5)
    assert as_rate(rate) is rate
    assert as_rate(None) is None
    number = as_rate(2.5)
    assert isinstance(number, Rate)
    assert (number.per_second, number.burst) == (2.5, 1)


# -- Adaptive


def test_throttle() -> None:
    """`throttle` names classes or tells; by default nothing is "too much"."""
    assert Adaptive(throttle=OSError).is_throttled(ConnectionError())
    assert not Adaptive(throttle=OSError).is_throttled(ValueError())
    assert Adaptive(throttle=lambda error: error.args == (429,)).is_throttled(
        ValueError(429)
    )
    assert not Adaptive().is_throttled(ValueError())
    assert not Adaptive(throttle=Exception).is_throttled(asyncio.CancelledError())


async def test_adaptive_starts_at_start() -> None:
    """A run begins with `start` workers, a stream's window holds twice the `high`."""
    run = start_jobs(double, range(9), workers=Adaptive(2, 3, 7))
    assert run.workers == 3
    await run
    stream = iter_jobs(double, range(9), workers=Adaptive(2, 3, 7))
    assert [value async for _, value in stream] == [2 * n for n in range(9)]
    assert stream._options.window == 14
