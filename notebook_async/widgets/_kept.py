"""The panels that have been shown: their names, and how many are kept alive."""

from __future__ import annotations

import itertools
from typing import Protocol

__all__ = ["Kept", "forget", "keep_some", "new_name"]

_numbers = itertools.count(1)


class Kept(Protocol):
    """A panel that is shown, and may have to go."""

    @property
    def replaceable(self) -> bool:
        """Whether its picture may stand for it."""

    def retire(self) -> None:
        """Leave the picture alone."""


_open: dict[str, list[Kept]] = {}
"""The panels of each kind that have been shown and are alive, oldest first."""


def new_name() -> str:
    """Return the name of another display."""
    return f"notebook-async-{next(_numbers)}"


def keep_some(display: Kept, kind: str, most: int) -> None:
    """Keep a panel, and of its kind no more than `most` that nobody needs.

    Parameters
    ----------
    display
        The panel that has been shown.
    kind
        Its kind.
    most
        How many are kept; of more, the oldest that are replaceable are retired.
    """
    kept = _open.setdefault(kind, [])
    kept.append(display)
    old = [each for each in kept if each.replaceable]
    for each in old[: max(0, len(kept) - most)]:
        each.retire()


def forget(display: Kept) -> None:
    """Keep a panel no more, for it is gone."""
    for kept in _open.values():
        if display in kept:
            kept.remove(display)
