"""Values as plain data and as words: for a form to start with, and for its record."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from notebook_async.core._short import one_line
from notebook_async.prompts._values import UploadedFile, size_words

if TYPE_CHECKING:
    from notebook_async.prompts._form import Plain
    from notebook_async.prompts._shape import Shape

__all__ = ["DOTS", "plain", "words"]

DOTS = "•••"
"""What stands in the place of a secret."""

_MOST = 300
_ITEMS = 20


def plain(shape: Shape, value: Any) -> Plain:  # noqa: ANN401 - of the shape's type
    """Return a value as a form starts with it, or None where it cannot show it.

    Secrets and files are never shown.
    """
    if value is None or shape.field.secret:
        return None
    try:
        return _PLAIN.get(shape.field.kind, _text)(shape, value)
    except Exception:  # noqa: BLE001 - a default may be of any type
        return None


def _text(_: Shape, value: Any) -> Plain:  # noqa: ANN401
    return str(value)


def _number(_: Shape, value: Any) -> Plain:  # noqa: ANN401
    # A decimal keeps its digits as text, and JSON has no word for infinity.
    plainly = isinstance(value, int | float) and math.isfinite(value)
    return value if plainly else str(value)


def _moment(_: Shape, value: Any) -> Plain:  # noqa: ANN401
    text: str = value.isoformat()
    return text


def _choice(shape: Shape, value: Any) -> Plain:  # noqa: ANN401
    if not shape.field.many:
        return shape.label(value)
    labels = (shape.label(each) for each in value)
    return [label for label in labels if label is not None]


def _list(shape: Shape, value: Any) -> Plain:  # noqa: ANN401
    item = shape.item
    return None if item is None else [plain(item, each) for each in value]


def _mapping(shape: Shape, value: Any) -> Plain:  # noqa: ANN401
    item = shape.item
    if item is None:
        return None
    return {str(key): plain(item, each) for key, each in value.items()}


def _group(shape: Shape, value: Any) -> Plain:  # noqa: ANN401
    return {name: plain(part, _part(value, name)) for name, part in shape.parts.items()}


def _nothing(_: Shape, value: Any) -> Plain:  # noqa: ANN401, ARG001
    return None


_PLAIN = {
    "boolean": lambda _, value: bool(value),
    "integer": _number,
    "number": _number,
    "choice": _choice,
    "date": _moment,
    "datetime": _moment,
    "time": _moment,
    "file": _nothing,
    "list": _list,
    "mapping": _mapping,
    "group": _group,
}


def words(shape: Shape, value: Any) -> str:  # noqa: ANN401
    """Return a value as one line for a record; a secret as dots."""
    try:
        return one_line(_words(shape, value), most=_MOST)
    except Exception:  # noqa: BLE001 - as above
        return f"<{type(value).__name__}>"


def _words(shape: Shape, value: Any) -> str:  # noqa: ANN401
    if shape.field.secret:
        return DOTS
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if shape.values:
        chosen = value if shape.field.many else [value]
        return _joined(shape.label(each) or str(each) for each in chosen)
    return _content(shape, value)


def _content(shape: Shape, value: Any) -> str:  # noqa: ANN401
    if isinstance(value, UploadedFile):
        return f"{value.name} ({size_words(len(value.content))})"
    if shape.parts:
        return " · ".join(
            f"{part.field.label or name}: {_words(part, _part(value, name))}"
            for name, part in shape.parts.items()
        )
    return str(value) if shape.item is None else _several(shape.item, value)


def _several(item: Shape, value: Any) -> str:  # noqa: ANN401
    if isinstance(value, Mapping):
        return _joined(f"{key} = {_words(item, each)}" for key, each in value.items())
    mark = "; " if item.parts else ", "
    return _joined((_words(item, each) for each in value), mark)


def _joined(texts: Iterable[str], mark: str = ", ") -> str:
    found = list(texts)
    if len(found) > _ITEMS:
        found[_ITEMS:] = [f"… {len(found) - _ITEMS:,} more"]
    return mark.join(found) or "nothing"


def _part(value: Any, name: str) -> Any:  # noqa: ANN401
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
