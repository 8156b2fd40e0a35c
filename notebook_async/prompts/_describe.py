"""From a type to a form, with the help of pydantic."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from notebook_async.errors import ArgumentTypeError
from notebook_async.prompts._annotations import Bare, constraints, unwrap
from notebook_async.prompts._form import MAX_BYTES, Field, FieldKind
from notebook_async.prompts._plain import plain
from notebook_async.prompts._shape import Shape, labelled
from notebook_async.prompts._values import UploadedFile

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

__all__ = ["describe"]

_DEEPEST = 6
# Each before what it is a kind of: bool is an int, and a datetime is a date.
_SCALARS: tuple[tuple[type, FieldKind], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (Decimal, "number"),
    (str, "text"),
    (dt.datetime, "datetime"),
    (dt.date, "date"),
    (dt.time, "time"),
    (PurePath, "path"),
    (UploadedFile, "file"),
)
_LISTS = (list, tuple, set, frozenset, Sequence, AbstractSet)


def describe(
    kind: Any,  # noqa: ANN401 - any annotation
    *,
    known: dict[str, Any] | None = None,
    inside: tuple[str, ...] = (),
) -> Shape:
    """Return the form of a type.

    Parameters
    ----------
    kind
        A type or an annotation.
    known
        What is known of the field beside its type, such as its name and label.
    inside
        Names of the fields around it, from the outermost.

    Raises
    ------
    ArgumentTypeError
        If no form can ask for it.
    """
    bare = unwrap(kind)
    facts = {**constraints(bare.metadata), **_words(bare.metadata), **(known or {})}
    facts["optional"] = bare.optional or facts.get("optional", False)
    if len(inside) > _DEEPEST:
        raise _unaskable(bare.kind, inside, "it is nested too deep")
    shape = _container(bare, facts, inside) or _scalar(bare, facts)
    if shape is None:
        raise _unaskable(bare.kind, inside, "no form field fits this type")
    return shape


# -- one value


def _scalar(bare: Bare, facts: dict[str, Any]) -> Shape | None:
    kind = bare.kind
    if isinstance(kind, type):
        if issubclass(kind, Enum):
            return _choice(kind, list(kind), facts)
        for base, name in _SCALARS:
            if issubclass(kind, base):
                if name == "file":
                    facts.setdefault("max_bytes", facts.pop("maximum", MAX_BYTES))
                return Shape(Field(**{"kind": name, **facts}), kind)
    if get_origin(kind) is Literal:
        return _choice(kind, list(get_args(kind)), facts)
    if _is_secret(kind):
        return Shape(Field(**{"kind": "text", **facts, "secret": True}), kind)
    if _takes_text(Annotated[kind, *bare.metadata] if bare.metadata else kind):
        return Shape(Field(**{"kind": "text", **facts}), kind)
    return None


def _choice(
    kind: Any,  # noqa: ANN401
    values: list[Any],
    facts: dict[str, Any],
    *,
    many: bool = False,
) -> Shape:
    options = labelled(values)
    field = Field(**{"kind": "choice", **facts}, options=tuple(options), many=many)
    return Shape(field, kind, values=options)


def _is_secret(kind: Any) -> bool:  # noqa: ANN401
    return isinstance(kind, type) and hasattr(kind, "get_secret_value")


def _takes_text(kind: Any) -> bool:  # noqa: ANN401
    """Tell whether text is a way to write such a value, such as a UUID or a URL."""
    from pydantic import TypeAdapter  # noqa: PLC0415 - on use

    if get_origin(kind) is Union:
        return all(_takes_text(each) for each in get_args(kind))
    if kind in {int, float, str, Decimal}:
        return True
    try:
        schema = TypeAdapter(kind).json_schema()
    except Exception:  # noqa: BLE001 - pydantic has many ways to say no
        return False
    return schema.get("type") == "string"


# -- several values


def _container(
    bare: Bare, facts: dict[str, Any], inside: tuple[str, ...]
) -> Shape | None:
    origin = get_origin(bare.kind) or bare.kind
    if origin in _LISTS:
        return _list(bare, facts, inside)
    if origin in {dict, Mapping}:
        return _mapping(bare, facts, inside)
    if not isinstance(origin, type) or issubclass(origin, UploadedFile):
        return None
    if hasattr(origin, "model_fields"):
        return _group(bare.kind, origin, facts, inside)
    if dataclasses.is_dataclass(origin):
        return _group(bare.kind, _with_fields(origin), facts, inside)
    return None


def _list(bare: Bare, facts: dict[str, Any], inside: tuple[str, ...]) -> Shape:
    arguments = [each for each in get_args(bare.kind) if each is not Ellipsis]
    if len(arguments) > 1:
        raise _unaskable(bare.kind, inside, "a tuple of mixed types is no list")
    item = describe(arguments[0] if arguments else str, inside=(*inside, "item"))
    if item.field.kind == "choice" and not item.field.many and not item.field.optional:
        return _choice(bare.kind, list(item.values.values()), facts, many=True)
    return Shape(
        Field(**{"kind": "list", **facts}, item=item.field), bare.kind, item=item
    )


def _mapping(bare: Bare, facts: dict[str, Any], inside: tuple[str, ...]) -> Shape:
    key, value = get_args(bare.kind) or (str, str)
    item = describe(value, inside=(*inside, "value"))
    if key is not str or item.field.kind in {"list", "mapping", "group", "file"}:
        raise _unaskable(bare.kind, inside, "only text to single values can be edited")
    return Shape(
        Field(**{"kind": "mapping", **facts}, item=item.field), bare.kind, item=item
    )


def _group(
    kind: Any,  # noqa: ANN401
    model: Any,  # noqa: ANN401
    facts: dict[str, Any],
    inside: tuple[str, ...],
) -> Shape:
    parts: dict[str, Shape] = {}
    keys: dict[str, str] = {}
    hidden: list[str] = []
    infos = getattr(model, "model_fields", None)
    if infos is None:
        infos = model.__pydantic_fields__
    for name, info in infos.items():
        try:
            parts[name] = _part(name, info, (*inside, name))
        except ArgumentTypeError:
            if info.is_required():
                raise
            hidden.append(name)
        keys[name] = _key(name, info)
    given = {"help": _first_line(kind), **facts, "kind": "group"}
    field = Field(**given, fields=tuple(part.field for part in parts.values()))
    return Shape(field, kind, parts=parts, keys=keys, hidden=tuple(hidden))


def _part(name: str, info: FieldInfo, inside: tuple[str, ...]) -> Shape:
    known: dict[str, Any] = {
        **constraints(info.metadata),
        "name": name,
        "label": info.title or _from_name(name),
        "help": info.description or "",
        "required": info.is_required(),
    }
    shape = describe(info.annotation, known=known, inside=inside)
    if info.is_required() or shape.field.secret:
        return shape
    field = dataclasses.replace(shape.field, default=plain(shape, _default(info)))
    return dataclasses.replace(shape, field=field)


def _default(info: FieldInfo) -> Any:  # noqa: ANN401
    if info.default_factory is None:
        return info.default
    try:
        return info.get_default(call_default_factory=True)
    except Exception:  # noqa: BLE001 - one that needs the other fields, or fails
        return None


def _key(name: str, info: FieldInfo) -> str:
    """Return what pydantic expects a field to be called in its input."""
    alias = info.validation_alias or info.alias
    choices = getattr(alias, "choices", None)
    for each in (alias, *(choices or ())):
        if isinstance(each, str):
            return each
    return name


def _with_fields(kind: Any) -> Any:  # noqa: ANN401
    """Return a dataclass with fields as pydantic knows them."""
    if hasattr(kind, "__pydantic_fields__"):
        return kind
    from pydantic.dataclasses import dataclass  # noqa: PLC0415 - on use

    return dataclass(kind, frozen=kind.__dataclass_params__.frozen)


# -- words


def _words(metadata: list[Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in metadata:
        for given, name in (("title", "label"), ("description", "help")):
            words = getattr(each, given, None)
            if isinstance(words, str):
                found[name] = words
    return found


def _from_name(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _first_line(kind: Any) -> str:  # noqa: ANN401
    """Return what the docstring of a model says first, unless it is not its own."""
    doc: str = vars(kind).get("__doc__") or "" if isinstance(kind, type) else ""
    # A dataclass without a docstring gets its signature.
    return "" if doc.startswith(f"{kind.__name__}(") else doc.strip().split("\n", 1)[0]


def _unaskable(
    kind: Any,  # noqa: ANN401
    inside: tuple[str, ...],
    why: str,
) -> ArgumentTypeError:
    name = getattr(kind, "__name__", None) or repr(kind)
    where = f" of field {'.'.join(inside)!r}" if inside else ""
    return ArgumentTypeError(
        f"cannot ask for {name}{where}: {why}; ask for text, a number, a date, a"
        " choice, a list, a model of these, or give the field a default to leave it out"
    )
