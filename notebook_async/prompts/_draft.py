"""What was typed and refused, as it may be kept: plain, bounded, without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from notebook_async.prompts._form import Plain
    from notebook_async.prompts._shape import Shape

__all__ = ["drafted"]

_MOST_TEXT = 100_000
_MOST_ITEMS = 1_000


def drafted(shape: Shape, raw: Any) -> Plain:  # noqa: ANN401 - whatever was given
    """Return what a form may show again of an answer that was refused."""
    field = shape.field
    if field.secret or field.kind == "file":
        return None
    if field.kind == "group" and isinstance(raw, dict):
        found = {
            name: drafted(part, raw[name])
            for name, part in shape.parts.items()
            if name in raw
        }
        # The form of a decision has no parts.
        rest = (each.name for each in field.fields if each.name not in shape.parts)
        return found | {name: _scalar(raw[name]) for name in rest if name in raw}
    if field.many and isinstance(raw, list):
        return [_scalar(each) for each in raw[:_MOST_ITEMS]]
    if shape.item is not None and isinstance(raw, list):
        return [drafted(shape.item, each) for each in raw[:_MOST_ITEMS]]
    if shape.item is not None and isinstance(raw, dict):
        names = [name for name in raw if isinstance(name, str)][:_MOST_ITEMS]
        return {name[:200]: drafted(shape.item, raw[name]) for name in names}
    return _scalar(raw)


def _scalar(raw: Any) -> Plain:  # noqa: ANN401
    if isinstance(raw, str):
        return raw[:_MOST_TEXT]
    return raw if isinstance(raw, bool | int | float) else None
