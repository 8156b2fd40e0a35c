"""What restricted code goes through for each attribute, item, change and import."""

from __future__ import annotations

import builtins
import operator
from collections import Counter, OrderedDict, defaultdict, deque
from types import ModuleType
from typing import TYPE_CHECKING, Any

from RestrictedPython.Guards import (
    guarded_iter_unpack_sequence,
    guarded_unpack_sequence,
)
from RestrictedPython.transformer import INSPECT_ATTRIBUTES

from notebook_async.safe._restricted.formatting import formatting

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "GUARDS",
    "RefusedError",
    "Restricted",
    "delete",
    "get",
    "has",
    "let_write",
    "put",
]

# `mro` walks from a class to others; the rest reads fields of formats.
_BLOCKED = INSPECT_ATTRIBUTES | {"mro", "vformat", "get_field", "get_value"}

_FORMATS = {"format", "format_map"}

_MISSING = object()


class RefusedError(AttributeError):
    """What restricted code may not touch, and why."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")
        self.what = what
        self.why = why


class Restricted(type):
    """The metaclass of classes that restricted code defines."""


_WRITABLE: set[type] = {dict, list, bytearray, Counter, OrderedDict, defaultdict, deque}


def let_write(kind: type) -> None:
    """Let restricted code set attributes and items of instances of a class."""
    _WRITABLE.add(kind)


def get(ob: Any, name: Any, default: Any = _MISSING, /) -> Any:
    """Return an attribute that restricted code may have."""
    _check(name)
    if isinstance(ob, ModuleType):
        raise RefusedError(name, "it belongs to a module, and none is handed out")
    if name in _FORMATS:
        formatted = formatting(ob, name, get)
        if formatted is not None:
            return formatted
        if not isinstance(type(ob), Restricted):
            raise RefusedError(name, "it would read attributes past the guard")
    if name == "obj" and isinstance(ob, BaseException):
        raise RefusedError(name, "it may be anything that was in use")
    found = getattr(ob, name) if default is _MISSING else getattr(ob, name, default)
    if isinstance(found, ModuleType):
        raise RefusedError(name, "it is a module, and none is handed out")
    return found


def has(ob: Any, name: Any, /) -> bool:
    """Tell whether restricted code may have this attribute."""
    try:
        get(ob, name)
    except AttributeError:
        return False
    return True


def put(ob: Any, name: Any, value: Any, /) -> None:
    """Set an attribute of what restricted code may change."""
    _check(name)
    setattr(_write(ob), name, value)


def delete(ob: Any, name: Any, /) -> None:
    """Delete an attribute of what restricted code may change."""
    _check(name)
    delattr(_write(ob), name)


def _check(name: Any) -> None:
    # A subclass of `str` may say one thing here and another one later.
    if type(name) is not str:
        raise TypeError(f"an attribute's name must be a string, got {name!r}")
    if name.startswith("_"):
        raise RefusedError(name, "names with a leading underscore are internal")
    if name in _BLOCKED:
        raise RefusedError(name, "it leads out of restricted code")


def _write(ob: Any) -> Any:
    kind = type(ob)
    if kind in _WRITABLE or isinstance(kind, Restricted) or kind is Restricted:
        return ob
    what = f"change a {kind.__name__}"
    raise RefusedError(what, "only containers and instances of own classes are changed")


def _apply(function: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
    return function(*args, **named)


_IN_PLACE: dict[str, Callable[[Any, Any], Any]] = {
    "+=": operator.iadd,
    "-=": operator.isub,
    "*=": operator.imul,
    "/=": operator.itruediv,
    "%=": operator.imod,
    "**=": operator.ipow,
    "<<=": operator.ilshift,
    ">>=": operator.irshift,
    "|=": operator.ior,
    "^=": operator.ixor,
    "&=": operator.iand,
    "//=": operator.ifloordiv,
    "@=": operator.imatmul,
}


def _in_place(sign: str, value: Any, other: Any) -> Any:
    return _IN_PLACE[sign](value, other)


def _same(iterable: Any) -> Any:
    return iterable


# The compiled code calls these by names that it cannot set.
GUARDS: dict[str, Any] = {
    "__build_class__": builtins.__build_class__,
    "__metaclass__": Restricted,
    "_apply_": _apply,
    "_except_": Exception,
    "_getattr_": get,
    "_getitem_": operator.getitem,
    "_getiter_": _same,
    "_inplacevar_": _in_place,
    "_iter_unpack_sequence_": guarded_iter_unpack_sequence,
    "_unpack_sequence_": guarded_unpack_sequence,
    "_write_": _write,
}
