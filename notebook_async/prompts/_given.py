"""A form that starts with what an instance holds, and edits it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from notebook_async.prompts._plain import plain
from notebook_async.prompts._prepare import Filled

if TYPE_CHECKING:
    from notebook_async.prompts._shape import Shape

__all__ = ["edited", "filled", "is_instance", "started"]


def is_instance(value: object) -> bool:
    """Tell whether this is an instance of a model or a dataclass, not the class."""
    if isinstance(value, type):
        return False
    kind: Any = type(value)
    return dataclasses.is_dataclass(kind) or hasattr(kind, "__pydantic_validator__")


def started(shape: Shape, given: object) -> Shape:
    """Return the form of a model, starting with what an instance holds."""
    parts = {
        name: _started_part(part, getattr(given, name, None))
        for name, part in shape.parts.items()
    }
    fields = tuple(part.field for part in parts.values())
    field = dataclasses.replace(shape.field, fields=fields)
    return dataclasses.replace(shape, parts=parts, field=field)


def _started_part(part: Shape, value: object) -> Shape:
    if part.parts and value is not None:
        part = started(part, value)
    field = dataclasses.replace(part.field, required=False, default=plain(part, value))
    return dataclasses.replace(part, field=field)


def filled(shape: Shape, raw: object, given: object) -> object:
    """Return an answer with what it leaves out taken from an instance.

    A secret that is left empty stays as it is, for a form cannot show it.
    """
    if not isinstance(raw, Mapping) or given is None:
        return raw
    found = Filled(raw)
    for name, part in shape.parts.items():
        has = getattr(given, name, None)
        if name not in raw or (part.field.secret and not raw[name]):
            found[name] = has
        elif part.parts:
            found[name] = filled(part, raw[name], has)
    found.hidden = {shape.keys[name]: getattr(given, name) for name in shape.hidden}
    return found


def edited(given: Any, value: Any) -> Any:  # noqa: ANN401 - instances of one model
    """Change an instance in place to equal another; return the other if it is frozen.

    It has been validated as a whole, so nothing is assigned field by field through
    validators that would see a mixture.
    """
    kind = type(given)
    frozen = getattr(kind, "model_config", {}).get("frozen", False)
    if dataclasses.is_dataclass(kind):
        frozen = kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    if frozen:
        return value
    if hasattr(kind, "model_fields"):
        given.__dict__.update(value.__dict__)
        given.__pydantic_fields_set__.update(value.__pydantic_fields_set__)
        return given
    for each in dataclasses.fields(given):
        object.__setattr__(given, each.name, getattr(value, each.name))
    return given
