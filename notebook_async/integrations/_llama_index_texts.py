"""Events as short text: not all of very many, and no answer to a secret question."""

from __future__ import annotations

from typing import Any

from notebook_async.core._short import short

__all__ = ["Texts"]

# Of each step and class of events so many values are written down, at most, within so
# many seconds: text takes longer than a whole step that never waits.
_MOST, _WITHIN = 10, 0.02


class Texts:
    """Writes down events."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._until = float("-inf")
        self._hidden: list[Any] = []

    def hide(self, event: Any) -> None:
        """Let an event show itself as dots only."""
        self._hidden.append(event)

    def may_show(self, name: str, at: float) -> bool:
        """Tell whether a value of this step, or class, may be written down now."""
        if at >= self._until:
            self._counts.clear()
            self._until = at + _WITHIN
        count = self._counts[name] = self._counts.get(name, 0) + 1
        return count <= _MOST

    def text(self, event: Any, name: str) -> str:
        """Return an event as text; its class `name`, where that is all that is known."""
        if event is None:
            return name
        if any(event is one for one in self._hidden):
            return f"{name}(•••)"
        return short(event)
