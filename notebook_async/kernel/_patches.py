"""Put something in place of an attribute, and what was there back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Patch"]

_ABSENT = object()


class Patch:
    """One attribute that is replaced while it is put.

    Parameters
    ----------
    owner
        The object, class or module.
    name
        The attribute.
    make
        Makes the replacement out of what the attribute was.
    everywhere
        Whether other modules may have imported it by that name, and are to follow.

    Attributes
    ----------
    before
        What the attribute was.
    """

    def __init__(
        self,
        owner: Any,
        name: str,
        make: Callable[[Any], Any],
        *,
        everywhere: bool = False,
    ) -> None:
        self.owner = owner
        self.name = name
        self._make = make
        self._everywhere = everywhere
        self._own: Any = None
        self._kept: Any = _ABSENT
        self.before: Any = None

    def put(self) -> None:
        """Replace the attribute, also if somebody else has replaced ours."""
        if self._own is not None and vars(self.owner).get(self.name) is self._own:
            return
        self._kept = vars(self.owner).get(self.name, _ABSENT)
        self.before = getattr(self.owner, self.name)
        self._own = self._make(self.before)
        setattr(self.owner, self.name, self._own)
        if self._everywhere:
            self._follow(self.before, self._own)

    def undo(self) -> None:
        """Put back what was there, unless somebody else has replaced ours."""
        if self._own is None or vars(self.owner).get(self.name) is not self._own:
            return
        if self._kept is _ABSENT:
            delattr(self.owner, self.name)
        else:
            setattr(self.owner, self.name, self._kept)
        if self._everywhere:
            self._follow(self._own, self.before)
        self._own = None

    def _follow(self, old: Any, new: Any) -> None:
        for module in list(sys.modules.values()):
            names = getattr(module, "__dict__", {})
            if names.get(self.name) is old:
                names[self.name] = new
