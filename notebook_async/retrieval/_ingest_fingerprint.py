"""What tells the stages of one pipeline from those of another, in any process."""

from __future__ import annotations

import dis
import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from types import CodeType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["fingerprint_of"]

# How far settings are followed: objects and functions that a part holds, and theirs.
_DEPTH = 3

_PLAIN = (str, bytes, int, float, complex, type(None), type(...))
_CALLS = (FunctionType, MethodType, partial)

# Where a class says what a part does.
_METHODS = ("__call__", "split", "asplit", "extract", "aembed")


def fingerprint_of(part: object) -> str:
    """Return what changes when a part would do its work in another way.

    That is what it says itself, or its code, its defaults and its settings: public
    attributes, and what a function has from around it, but for what it assigns anew as
    it works. What it calls in turn counts only as far as it is one of these.

    Examples
    --------
    >>> def tagging(tag):
    ...     async def extract(document):
    ...         return {"tag": tag}
    ...     return extract
    >>> fingerprint_of(tagging("tea")) == fingerprint_of(tagging("tea"))
    True
    >>> fingerprint_of(tagging("tea")) == fingerprint_of(tagging("ink"))
    False
    """
    own = getattr(part, "fingerprint", None)
    if isinstance(own, str):
        return f"{type(part).__qualname__}:{own}"
    told = "\n".join(_told(part, _DEPTH))
    return hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()


def _told(value: object, depth: int) -> Iterator[str]:
    """Yield what a value is: the same for equal ones, also in another process."""
    if isinstance(value, _PLAIN):
        yield repr(value)
    elif isinstance(value, type):
        yield value.__qualname__
    elif isinstance(value, CodeType):
        yield from (value.co_code.hex(), *value.co_names)
        yield from _each(value.co_consts, depth)
    elif isinstance(value, set | frozenset):
        # Their order is another one in each process.
        yield from sorted("\n".join(_told(one, depth)) for one in value)
    elif isinstance(value, list | tuple):
        yield from _each(value, depth)
    elif isinstance(value, Mapping):
        yield from _each(value.items(), depth)
    else:
        yield type(value).__qualname__
        if depth:
            held = _of_call(value) if isinstance(value, _CALLS) else _of_object(value)
            yield from _each(held, depth - 1)


def _each(values: Any, depth: int) -> Iterator[str]:  # noqa: ANN401 - any iterable
    yield "("
    for value in values:
        yield from _told(value, depth)
    yield ")"


def _of_call(call: Any) -> Iterator[object]:  # noqa: ANN401 - it has many kinds
    """Yield what a function, a method or a partial is made of."""
    if isinstance(call, partial):
        yield from (call.func, call.args, call.keywords)
    elif isinstance(call, MethodType):
        yield from (call.__func__, call.__self__)
    else:
        yield from (call.__qualname__, call.__code__)
        yield from (call.__defaults__, call.__kwdefaults__)
        counted = _assigned(call.__code__, "STORE_DEREF")
        names = call.__code__.co_freevars
        for name, cell in zip(names, call.__closure__ or (), strict=True):
            if name not in counted:
                try:
                    yield cell.cell_contents
                except ValueError:  # not bound yet
                    yield None


def _of_object(value: object) -> Iterator[object]:
    """Yield what an object does as a part, and its public attributes."""
    codes = [
        getattr(getattr(type(value), name, None), "__code__", None) for name in _METHODS
    ]
    yield from codes
    counted = {name for code in codes for name in _assigned(code, "STORE_ATTR")}
    if is_dataclass(value):
        names = [field.name for field in fields(value)]
    else:
        names = list(getattr(value, "__dict__", ()))
    for name in names:
        if not name.startswith("_") and name not in counted:
            yield name, getattr(value, name, None)


def _assigned(code: CodeType | None, how: str) -> set[str]:
    """Return the names that a function gives other values, such as a counter."""
    if code is None:
        return set()
    return {one.argval for one in dis.get_instructions(code) if one.opname == how}
