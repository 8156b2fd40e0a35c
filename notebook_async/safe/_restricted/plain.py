"""Copies of plain data: what JSON can hold, and nothing that only looks like it."""

from __future__ import annotations

from types import ModuleType, NoneType
from typing import Any

__all__ = ["LARGEST", "GivenModuleError", "NotPlainError", "copied", "plain"]

LARGEST = 10_000_000
"""Characters in one result, counted as often as JSON would repeat them."""

_EACH = 8  # what a value counts as, besides its characters

_DEEPEST = 100

# Bits of an integer that is written without asking `sys.get_int_max_str_digits`.
_SHORT = 2_000

_LINE = 120

_FLAT = {float, bool, NoneType}

_SMALL = 1 << 63

_CONTAINERS = (list, tuple, set, frozenset)

_INSTEAD = {
    "set": "sorted(...) or list(...)",
    "frozenset": "sorted(...) or list(...)",
    "bytes": ".decode() or .hex()",
    "Decimal": "str(...) or float(...)",
    "Fraction": "str(...) or float(...)",
    "complex": "[z.real, z.imag]",
    "date": ".isoformat()",
    "time": ".isoformat()",
    "datetime": ".isoformat()",
    "timedelta": ".total_seconds()",
    "generator": "list(...)",
    "map": "list(...)",
    "filter": "list(...)",
    "zip": "list(...)",
    "range": "list(...)",
    "dict_keys": "list(...)",
    "dict_values": "list(...)",
    "dict_items": "list(...)",
}


class NotPlainError(ValueError):
    """A value that is no plain data; the message says which and why."""


class GivenModuleError(NotPlainError):
    """A module among what is given to restricted code."""


def plain(where: str, value: object) -> Any:
    """Return a copy of plain data with tuples as lists, or raise NotPlainError.

    Parameters
    ----------
    where
        What a message calls the value.
    value
        None, booleans, numbers, strings, and lists, tuples and dicts of them.
        Subclasses, such as `Counter`, become what they derive from.

    Examples
    --------
    >>> plain("x", {"a": (1, 2.5, None)})
    {'a': [1, 2.5, None]}
    >>> plain("x", [{1, 2}])
    Traceback (most recent call last):
        ...
    NotPlainError: x[0] is a set, which JSON cannot hold: use sorted(...) or list(...)
    """
    return _Copier(where).copy(value)


class _Copier:
    """Copies one value, and counts how large it becomes."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._left = LARGEST
        self._path: list[object] = []

    def copy(self, value: object) -> Any:
        self._spend(_EACH)
        if value is None or value is True or value is False:
            return value
        if isinstance(value, str):
            self._spend(len(value))
            return str.__str__(value)
        if isinstance(value, int):
            return self._integer(int.__int__(value))
        if isinstance(value, float):
            return float.__float__(value)
        if len(self._path) >= _DEEPEST:
            raise NotPlainError(f"{self._where} is nested deeper than {_DEEPEST}")
        return self._container(value)

    def _container(self, value: object) -> Any:
        # Not their own methods: subclasses may have other ones.
        if isinstance(value, list):
            if type(value) is list and self._is_flat(value):
                return value.copy()
            return [self._below(*pair) for pair in enumerate(list.__iter__(value))]
        if isinstance(value, tuple):
            return [self._below(*pair) for pair in enumerate(tuple.__iter__(value))]
        if isinstance(value, dict):
            items = dict.items(value)
            return {self._key(key): self._below(key, item) for key, item in items}
        if isinstance(value, ModuleType):
            raise GivenModuleError(_module(value))
        raise NotPlainError(self._no_json(value))

    def _is_flat(self, value: list[Any]) -> bool:
        """Count what is in a list at once, if it is all of one small kind."""
        kinds: set[type] = set(map(type, value))
        if kinds == {int}:
            flat: bool = min(value) > -_SMALL and max(value) < _SMALL
        else:
            flat = kinds <= _FLAT or kinds == {str}
        if flat:
            characters = sum(map(len, value)) if kinds == {str} else 0
            self._spend(_EACH * len(value) + characters)
        return flat

    def _below(self, key: object, value: object) -> Any:
        self._path.append(key)
        copy = self.copy(value)
        self._path.pop()
        return copy

    def _integer(self, value: int) -> int:
        self._spend(value.bit_length() // 3)
        if value.bit_length() > _SHORT:
            try:
                repr(value)
            except ValueError as error:
                raise NotPlainError(f"{self._place()}: {error}") from None
        return value

    def _key(self, key: object) -> str:
        if not isinstance(key, str):
            raise NotPlainError(
                f"{self._place()} has a key that is a {type(key).__name__}, and in JSON"
                " keys are strings: use str(...) for them"
            )
        self._spend(len(key))
        return str.__str__(key)

    def _spend(self, amount: int) -> None:
        self._left -= amount
        if self._left < 0:
            raise NotPlainError(
                f"{self._where} is too large: there may be {LARGEST:,} characters, and"
                f" a value counts as {_EACH}"
            )

    def _no_json(self, value: object) -> str:
        kind = type(value).__name__
        message = f"{self._place()} is a {kind}, which JSON cannot hold"
        return f"{message}: use {_INSTEAD[kind]}" if kind in _INSTEAD else message

    def _place(self) -> str:
        parts = (f"[{part!r}]" for part in self._path)
        place = self._where + "".join(parts)
        return place if len(place) <= _LINE else f"{place[:_LINE]}..."


def copied(where: str, value: object, depth: int = 0) -> Any:
    """Return plain containers copied all the way down, and all else as it is.

    Code may change what it was given: in a child that is a copy, and so it is here.

    Examples
    --------
    >>> inner = [1]
    >>> copied("x", {"a": inner})["a"] is inner
    False
    """
    if isinstance(value, ModuleType):
        raise GivenModuleError(_module(value))
    if depth > _DEEPEST:
        raise NotPlainError(f"{where} is nested deeper than {_DEEPEST}")
    kind: Any = type(value)
    if isinstance(value, dict) and kind is dict:
        return {key: copied(where, item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and kind in _CONTAINERS:
        return kind(copied(where, item, depth + 1) for item in value)
    return value


def _module(value: ModuleType) -> str:
    return (
        f"has the module {value.__name__}, and modules are not handed out: give the"
        " functions that are needed"
    )
