"""How long a run of a workflow waits for a person whom nobody can ask."""

from __future__ import annotations

__all__ = ["patience", "set_patience"]

_patience: float | None = None


def set_patience(seconds: float | None) -> float | None:
    """Say how long a run may wait where nobody can be asked; return what was said.

    Parameters
    ----------
    seconds
        After these a run fails whose result somebody waits for, in which the program
        itself may answer. None, as in a script, lets it wait.

    Examples
    --------
    >>> before = set_patience(3.0)
    >>> set_patience(before)
    3.0
    """
    global _patience
    before, _patience = _patience, seconds
    return before


def patience() -> float | None:
    """Return the seconds, or None for all the time."""
    return _patience
