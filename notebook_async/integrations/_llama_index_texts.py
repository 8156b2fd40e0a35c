"""Events as short text: not all of very many, and no answer to a secret question."""

from __future__ import annotations

from typing import Any

from notebook_async.core._short import MOST, one_line, short

__all__ = ["Texts", "event_text"]

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
        """Return an event as text, or its class `name` where that is all there is."""
        if event is None:
            return name
        if any(event is one for one in self._hidden):
            return f"{name}(•••)"
        if isinstance(event, list):
            return short(event)
        return event_text(event)


def event_text(event: Any) -> str:
    """Return an event as short text, with the fields that its class did not declare.

    Examples
    --------
    >>> from pydantic import BaseModel
    >>> class Page(BaseModel):
    ...     number: int
    >>> event_text(Page(number=3))
    'Page(number=3)'
    """
    name, inside, room = type(event).__name__, [], MOST
    try:
        pairs = {**dict(event.__repr_args__()), **(getattr(event, "_data", None) or {})}
        result = getattr(event, "_result", None)
    except Exception:  # noqa: BLE001 - the fields of a user's class may be anything
        return f"<{name} without a repr>"
    if result is not None:
        pairs["result"] = result
    for key, value in pairs.items():
        if room <= 0:
            inside.append("…")
            break
        inside.append(f"{key}={short(value)}")
        room -= len(inside[-1])
    return one_line(f"{name}({', '.join(inside)})", most=MOST)
