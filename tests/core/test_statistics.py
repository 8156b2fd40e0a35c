"""The rate of a run, and when it has none."""

from __future__ import annotations

from notebook_async.core._statistics import RateMeter


def test_rate_is_that_of_the_last_ten_seconds() -> None:
    """What was done more than ten seconds ago does not count."""
    meter = RateMeter(0.0)
    rates = [meter.rate(float(second), 100 * second) for second in range(1, 21)]
    assert rates == [100.0] * 20
    slower = [meter.rate(20.0 + second, 2000 + 10 * second) for second in range(1, 13)]
    assert slower[0] == 91.0
    assert slower[-3:] == [10.0, 10.0, 10.0]


def test_no_rate_before_anything_has_finished() -> None:
    """There is no rate at the start, nor while the first item runs."""
    meter = RateMeter(5.0)
    assert [meter.rate(at, 0) for at in (5.0, 6.0, 7.0)] == [None, None, None]


def test_standing_still_is_no_rate() -> None:
    """After two seconds, and five usual gaps, without an item the rate is gone."""
    meter = RateMeter(0.0)
    assert meter.rate(1.0, 10) == 10.0
    assert meter.rate(3.0, 10) == 10 / 3
    assert meter.rate(3.1, 10) is None
    assert meter.rate(4.0, 11) == 11 / 4


def test_slow_items_are_no_standstill() -> None:
    """Where an item takes ten seconds, a pause of ten seconds is nothing unusual."""
    meter = RateMeter(0.0)
    assert meter.rate(10.0, 1) == 0.1
    assert meter.rate(19.0, 1) == 1 / 19
