"""`str.format` for restricted code: fields are read through the guard."""

from __future__ import annotations

import string
from _string import formatter_field_name_split  # type: ignore[import-not-found]
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["formatting"]


class _Formatter(string.Formatter):
    """Formats as `str.format` does, but asks `get` for each attribute."""

    def __init__(self, get: Callable[[Any, str], Any]) -> None:
        self._get = get

    def get_field(
        self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[Any, int | str]:
        first, rest = formatter_field_name_split(field_name)
        value = self.get_value(first, args, kwargs)
        for is_attribute, key in rest:
            value = self._get(value, key) if is_attribute else value[key]
        return value, first


def formatting(
    ob: Any, name: str, get: Callable[[Any, str], Any]
) -> Callable[..., str] | None:
    """Return what stands for a string's `format` or `format_map`, or None for others.

    Examples
    --------
    >>> formatting("{:.1f} {x.real}", "format", getattr)(2.25, x=1)
    '2.2 1'
    """
    if isinstance(ob, str):
        template = str.__str__(ob)
    elif isinstance(ob, type) and issubclass(ob, str):
        template = None
    else:
        return None
    formatter = _Formatter(get)

    def formatted(*args: Any, **named: Any) -> str:
        return formatter.vformat(_exact(args[0]), args[1:], named)

    def formatted_map(text: Any, mapping: Any, /) -> str:
        return formatter.vformat(_exact(text), (), mapping)

    function = formatted if name == "format" else formatted_map
    if template is None:
        return function

    def bound(*args: Any, **named: Any) -> str:
        return function(template, *args, **named)

    return bound


def _exact(text: Any) -> str:
    if not isinstance(text, str):
        raise TypeError(f"format needs a string, got a {type(text).__name__}")
    return str.__str__(text)
