"""Put something in place of an attribute, and what was there back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    imported
        What other modules may have imported by that name besides what the attribute is
        when it is replaced; they are to follow. By default no module has.

    Attributes
    ----------
    before
        What the attribute was.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> room = SimpleNamespace(light="off")
    >>> patch = Patch(room, "light", lambda before: f"on, was {before}")
    >>> patch.put()
    >>> room.light
    'on, was off'
    >>> patch.undo()
    >>> room.light
    'off'
    """

    def __init__(
        self,
        owner: Any,
        name: str,
        make: Callable[[Any], Any],
        *,
        imported: tuple[Any, ...] | None = None,
    ) -> None:
        self.owner = owner
        self.name = name
        self._make = make
        self._imported = imported
        # What we have put, the last one last: somebody may have replaced it.
        self._own: list[Any] = []
        self._followers: dict[int, Any] = {}
        self._kept: Any = _ABSENT
        self.before: Any = None

    def put(self) -> None:
        """Replace the attribute, also if somebody else has replaced ours."""
        if self._is_put():
            return
        self._kept = vars(self.owner).get(self.name, _ABSENT)
        self.before = getattr(self.owner, self.name)
        own = self._make(self.before)
        self._own.append(own)
        setattr(self.owner, self.name, own)
        for names in self._modules():
            there = names[self.name]
            if any(there is each for each in (self.before, *(self._imported or ()))):
                self._followers[id(names)] = there
                names[self.name] = own

    def undo(self) -> None:
        """Put back what was there, unless somebody else has replaced ours."""
        if self._is_put():
            if self._kept is _ABSENT:
                delattr(self.owner, self.name)
            else:
                setattr(self.owner, self.name, self._kept)
        for names in self._modules():
            if any(names[self.name] is own for own in self._own):
                names[self.name] = self._followers.get(id(names), self.before)
        self._own.clear()
        self._followers.clear()

    def _is_put(self) -> bool:
        there = vars(self.owner).get(self.name)
        return bool(self._own) and there is self._own[-1]

    def _modules(self) -> Iterator[dict[str, Any]]:
        if self._imported is None:
            return
        for module in list(sys.modules.values()):
            names = getattr(module, "__dict__", {})
            if self.name in names and module is not self.owner:
                yield names
