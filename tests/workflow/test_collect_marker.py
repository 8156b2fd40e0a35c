"""`Collect`, `All` and `Take` as values."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.workflow import collect
from notebook_async.workflow.collect import All, Cardinality, Collect, Take


def test_names_are_sorted() -> None:
    """`__all__` is sorted and every name is there."""
    assert collect.__all__ == sorted(collect.__all__)
    assert all(hasattr(collect, name) for name in collect.__all__)


def test_default_is_all() -> None:
    """A bare marker gathers everything."""
    assert Collect() == Collect(All()) == Collect(cardinality=All())


def test_values_compare_and_hash() -> None:
    """Markers that say the same are equal, and may be keys."""
    assert {Collect(Take(2)), Collect(Take(2)), Collect(Take(3))} == {
        Collect(Take(2)),
        Collect(Take(3)),
    }


def test_repr_is_code() -> None:
    """A marker shows as it is written."""
    assert repr(Collect(Take(2))) == "Collect(cardinality=Take(n=2))"


@pytest.mark.parametrize("kind", [All, Take])
def test_both_are_cardinalities(kind: type[Cardinality]) -> None:
    """Both kinds share their base."""
    assert issubclass(kind, Cardinality)


def test_frozen() -> None:
    """A marker cannot be changed."""
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign"):
        Take(1).n = 2  # type: ignore[misc]


def test_least_number_is_one() -> None:
    """One is the fewest that can be taken."""
    assert Take(1).n == 1


@pytest.mark.parametrize("n", [0, -1, 1.5, "2", None, True])
def test_bad_number(n: Any) -> None:  # noqa: ANN401
    """What is no positive integer is refused with its value."""
    message = re.escape(f"Take(n): n must be an integer >= 1, got {n!r}")
    with pytest.raises(InvalidArgumentError, match=f"^{message}$"):
        Take(n)


@pytest.mark.parametrize("wrong", [3, Take, None, Cardinality()])
def test_bad_cardinality(wrong: Any) -> None:  # noqa: ANN401
    """What says neither all nor some is refused with its value."""
    message = re.escape(f"Collect takes All() or Take(n), got {wrong!r}")
    with pytest.raises(ArgumentTypeError, match=f"^{message}$"):
        Collect(wrong)
