"""Where restricted code runs, and how much of everything it may have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from notebook_async.core._options import choice, integer, seconds
from notebook_async.errors import InvalidArgumentError

__all__ = ["MEMORY_MB", "TIMEOUT", "Bounds", "Isolation", "bounds"]

Isolation: TypeAlias = Literal["subprocess", "in_process", "bwrap"]


class _DefaultSeconds(float):
    """The time-out that nobody asked for."""


class _DefaultMegabytes(int):
    """The bound on memory that nobody asked for."""


TIMEOUT = _DefaultSeconds(5)
MEMORY_MB = _DefaultMegabytes(512)

_LEAST_MB = 32  # an interpreter with what restricted code may import has 20


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a child may have; `memory_mb` is None for no bound."""

    timeout: float
    memory_mb: int | None


def bounds(
    isolation: Isolation, timeout: float, memory_mb: int | None
) -> Bounds | None:
    """Check the options of a call; return what bounds it, or None where nothing does.

    Examples
    --------
    >>> bounds("subprocess", 2, 64)
    Bounds(timeout=2.0, memory_mb=64)
    """
    choice("isolation", isolation, get_args(Isolation))
    if isolation != "in_process":
        if memory_mb is not None:
            memory_mb = integer("memory_mb", memory_mb, least=_LEAST_MB)
        if seconds("timeout", timeout, positive=True) == math.inf:
            raise InvalidArgumentError("timeout must be finite, got inf")
        return Bounds(float(timeout), memory_mb)
    for name, value, default in (
        ("timeout", timeout, TIMEOUT),
        ("memory_mb", memory_mb, MEMORY_MB),
    ):
        if value is not default:
            raise InvalidArgumentError(
                f'isolation="in_process" cannot keep {name}={value!r}: nothing ends or'
                f' bounds code in this process; leave {name} out, or take "subprocess"'
            )
    return None
