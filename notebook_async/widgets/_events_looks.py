"""What the views of an event panel look at: requests of a front end, not trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, TypeGuard

__all__ = ["DEFAULT_VIEW", "Look", "is_time", "parse_look"]

DEFAULT_VIEW = ""
"""A view that nobody has asked for: what a page shows before it was answered."""

_TABS = ("log", "tree", "timeline")
_MOST_ROWS = 300
_MOST_PIXELS = 4_000
_MOST_TOGGLED = 500
_LONGEST_ID = 40
_LONGEST_FILTER = 500
_LARGEST = 2**53


@dataclass(slots=True)
class Look:
    """What one view shows.

    Attributes
    ----------
    view
        Its name.
    tab
        Which of its tabs.
    shown
        Whether somebody sees it.
    filter
        As it was typed.
    follow
        Whether the rows are those around the moment, wherever that is.
    first, count
        Which rows or lanes it has room for.
    toggled
        Nodes of the tree that were folded or opened by hand.
    window
        The times that its lanes show, counted from the beginning; None: all.
    pixels
        How wide they are.
    sent
        What it was answered last, part by part.
    due
        When it may be answered next, in seconds of the loop's clock.
    """

    view: str = DEFAULT_VIEW
    tab: str = "log"
    shown: bool = True
    filter: str = ""
    follow: bool = True
    first: int = 0
    count: int = 40
    toggled: frozenset[int] = frozenset()
    window: tuple[float, float] | None = None
    pixels: int = 800
    sent: dict[str, Any] = field(default_factory=dict)
    due: float = 0.0


def parse_look(content: dict[str, Any]) -> Look | None:
    """Return what a message asks for, or None if it is malformed.

    Examples
    --------
    >>> parse_look({"view": "a", "tab": "tree", "first": 3, "count": 10_000}).count
    300
    >>> parse_look({"view": "a", "tab": "nonsense"})
    """
    view, tab = content.get("view"), content.get("tab")
    if not is_name(view) or tab not in _TABS:
        return None
    look = Look(view=view, tab=tab)
    try:
        look.filter = _text(content.get("filter", ""))
        look.shown = _flag(content.get("shown", True))
        look.follow = _flag(content.get("follow", True))
        look.first = _whole(content.get("first", 0), 0, _LARGEST)
        look.count = _whole(content.get("count", look.count), 1, _MOST_ROWS)
        look.pixels = _whole(content.get("pixels", look.pixels), 1, _MOST_PIXELS)
        look.toggled = _keys(content.get("toggled", []))
        look.window = _window(content.get("window"))
    except TypeError:
        return None
    return look


def is_name(value: object) -> TypeGuard[str]:
    """Tell whether a value may name a view."""
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_ID


def is_time(value: object) -> TypeGuard[float]:
    """Tell whether a value is a time."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return math.isfinite(value) and abs(value) < _LARGEST


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _whole(value: Any, least: int, most: int) -> int:
    if type(value) is not int:
        raise TypeError
    return min(max(value, least), most)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_FILTER:
        raise TypeError
    return " ".join(value.split())


def _keys(value: Any) -> frozenset[int]:
    if not isinstance(value, list) or not all(type(key) is int for key in value):
        raise TypeError
    return frozenset(value[-_MOST_TOGGLED:])


def _window(value: Any) -> tuple[float, float] | None:
    match value:
        case None:
            return None
        case [start, end] if is_time(start) and is_time(end) and start < end:
            return start, end
    raise TypeError
