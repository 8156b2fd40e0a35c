"""Take annotations apart: what is optional, what is constrained, what it is for."""

from __future__ import annotations

import types
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Union, get_args, get_origin

__all__ = ["Bare", "constraints", "unwrap"]

_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "above", "lt": "below"}
_SAME = ("multiple_of", "min_length", "max_length", "pattern")


@dataclass(slots=True)
class Bare:
    """An annotation without its wrapping.

    Attributes
    ----------
    kind
        The type itself; a union only where it has several real members.
    optional
        Whether None belongs to it.
    metadata
        What `Annotated` says beside it.
    """

    kind: Any
    optional: bool = False
    metadata: list[Any] = field(default_factory=list)


def unwrap(kind: Any) -> Bare:  # noqa: ANN401 - annotations have no type
    """Return an annotation without `Annotated`, `Optional`, aliases and new types.

    Examples
    --------
    >>> unwrap(Annotated[int | None, "hint"])
    Bare(kind=<class 'int'>, optional=True, metadata=['hint'])
    """
    bare = Bare(kind)
    while True:
        origin = get_origin(bare.kind)
        if origin is Annotated:
            bare.kind, *metadata = get_args(bare.kind)
            for each in metadata:
                # What pydantic's own `Field` holds when it stands in `Annotated`.
                bare.metadata += [each, *getattr(each, "metadata", ())]
        elif origin in {Union, types.UnionType}:
            members = [each for each in get_args(bare.kind) if each is not type(None)]
            bare.optional = bare.optional or len(members) < len(get_args(bare.kind))
            if len(members) != 1:
                bare.kind = Union[tuple(members)]  # noqa: UP007 - of a tuple
                return bare
            bare.kind = members[0]
        elif origin is Literal and None in get_args(bare.kind):
            members = [each for each in get_args(bare.kind) if each is not None]
            bare.optional = True
            bare.kind = Literal[tuple(members)] if members else type(None)
        elif hasattr(bare.kind, "__supertype__"):
            bare.kind = bare.kind.__supertype__
        elif type(bare.kind).__name__ == "TypeAliasType":
            bare.kind = bare.kind.__value__
        else:
            return bare


def constraints(metadata: list[Any]) -> dict[str, Any]:
    """Return the bounds that metadata set, by the names that a field has for them.

    Whatever carries such an attribute is understood: the markers of annotated_types,
    and pydantic's own.
    """
    found: dict[str, Any] = {}
    for each in metadata:
        for given, name in _BOUNDS.items():
            _take(found, name, getattr(each, given, None))
        for name in _SAME:
            _take(found, name, getattr(each, name, None))
    return found


def _take(found: dict[str, Any], name: str, value: Any) -> None:  # noqa: ANN401
    if value is None or isinstance(value, types.MethodType):
        return
    if name == "pattern":
        value = getattr(value, "pattern", value)
    if hasattr(value, "isoformat"):
        value = value.isoformat()
    elif not isinstance(value, int | float | str):
        value = float(value) if hasattr(value, "__float__") else str(value)
    found[name] = value
