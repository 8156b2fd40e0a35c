"""Say when a step that gathers a list of events fires, and with which of them.

It stands in the annotation: `events: Annotated[list[Page], Collect(Take(2))]`. A plain
`list[Page]` means the same as `Collect(All())`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from notebook_async.errors import ArgumentTypeError, InvalidArgumentError

__all__ = ["All", "Cardinality", "Collect", "Take"]


@dataclass(frozen=True, slots=True)
class Cardinality:
    """Base of what may stand in a `Collect`: how many events a step gathers.

    Examples
    --------
    >>> isinstance(All(), Cardinality), isinstance(Take(2), Cardinality)
    (True, True)
    """


@dataclass(frozen=True, slots=True)
class All(Cardinality):
    """Gather every event of the list, once all work that it started has ended.

    Examples
    --------
    >>> Collect() == Collect(All())
    True
    """


@dataclass(frozen=True, slots=True)
class Take(Cardinality):
    """Gather the first few events; the step fires as soon as they are there.

    If the list ends with fewer, the step gets those.

    Attributes
    ----------
    n
        How many, >= 1.

    Examples
    --------
    >>> Take(2)
    Take(n=2)
    """

    n: int

    def __post_init__(self) -> None:
        number: object = self.n
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise InvalidArgumentError(
                f"Take(n): n must be an integer >= 1, got {number!r}"
            )


@dataclass(frozen=True, slots=True)
class Collect:
    """Mark a `list[Event]` parameter with how many events it gathers.

    Attributes
    ----------
    cardinality
        `All()` or `Take(n)`.

    Examples
    --------
    >>> Collect(Take(1))
    Collect(cardinality=Take(n=1))
    """

    cardinality: Cardinality = field(default_factory=All)

    def __post_init__(self) -> None:
        if not isinstance(self.cardinality, All | Take):
            raise ArgumentTypeError(
                f"Collect takes All() or Take(n), got {self.cardinality!r}"
            )
