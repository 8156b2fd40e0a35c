"""What conditions, waits and stops have in common: checks, and parts put together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Generic, TypeAlias, TypeVar

from notebook_async.core._options import number
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError

__all__ = ["Duration", "Parts", "check_part", "in_seconds", "is_part", "put"]

P = TypeVar("P")

Duration: TypeAlias = float | timedelta
"""Seconds, or a `timedelta`."""


def in_seconds(value: Duration) -> float:
    """Return a duration as seconds."""
    return value.total_seconds() if isinstance(value, timedelta) else float(value)


def put(
    owner: object,
    name: str,
    *,
    least: float = 0.0,
    is_finite: bool = True,
) -> None:
    """Turn a field of a frozen value into a float, or say what is wrong with it.

    Equal durations make equal values, whether they were written as seconds or as a
    `timedelta`.
    """
    value = getattr(owner, name)
    where = f"{type(owner).__name__}: {name}"
    if not isinstance(value, timedelta):
        number(where, value, of=" of seconds, or a timedelta")
    seconds = in_seconds(value)
    if not seconds >= least:
        bound = f"must be >= {least:g}" if least > -math.inf else "must be a number"
        raise InvalidArgumentError(f"{where} {bound}, got {value!r}")
    if is_finite and not math.isfinite(seconds):
        raise InvalidArgumentError(f"{where} must be finite, got {value!r}")
    object.__setattr__(owner, name, seconds)


def is_part(value: object) -> bool:
    """Tell whether a value can be a condition, a wait or a stop.

    A class can be called too, but `retry=TimeoutError` would make one, find it true and
    so try again after everything.
    """
    return callable(value) and not isinstance(value, type)


def check_part(name: str, value: object, example: str) -> None:
    """Raise unless a value can be called as a condition, a wait or a stop."""
    if not is_part(value):
        raise ArgumentTypeError(f"{name} must be such as {example}, got {value!r}")


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Parts(Generic[P]):
    """A condition, a wait or a stop that is made of others.

    Parts of the same class are taken apart, so that `(a | b) | c` equals `a | (b | c)`.
    """

    parts: tuple[P, ...]
    example: ClassVar[str]

    def __init__(self, *parts: P) -> None:
        flat: list[P] = []
        for part in parts:
            check_part(type(self).__name__, part, self.example)
            if isinstance(part, Parts) and type(part) is type(self):
                flat.extend(part.parts)
            else:
                flat.append(part)
        object.__setattr__(self, "parts", tuple(flat))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.parts))})"
