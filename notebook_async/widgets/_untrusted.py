"""What comes from a front end may be anything."""

from __future__ import annotations

__all__ = ["is_number"]


def is_number(value: object, *, least: int = 0, most: int = 2**53) -> bool:
    """Tell whether something from a front end is a whole number within bounds.

    Examples
    --------
    >>> is_number(3), is_number(True), is_number("3"), is_number(-1)
    (True, False, False, False)
    """
    return type(value) is int and least <= value <= most
