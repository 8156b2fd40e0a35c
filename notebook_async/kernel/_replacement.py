"""Replace something of somebody else's, so that it can be put back."""

from __future__ import annotations

from typing import Any

__all__ = ["Replacement"]


class Replacement:
    """One entry of a dictionary, replaced from now on until `undo`.

    An attribute of an instance is an entry of its `vars`.

    Parameters
    ----------
    names
        The dictionary.
    name
        Which entry; it may be new.
    value
        What it is to be.
    """

    def __init__(self, names: dict[str, Any], name: str, value: Any) -> None:
        self._names = names
        self._name = name
        self._value = value
        self._had = name in names
        self._before = names.get(name)
        names[name] = value

    def undo(self) -> None:
        """Put back what was there, unless somebody else has replaced it since."""
        if self._names.get(self._name) is not self._value:
            # Theirs calls ours, which must go on working as if it were not there.
            return
        if self._had:
            self._names[self._name] = self._before
        else:
            del self._names[self._name]
