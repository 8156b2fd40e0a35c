"""Names and code on their way in, and the names on their way out."""

from __future__ import annotations

from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from notebook_async.errors import ArgumentTypeError, SafeNameError, SafeValueError
from notebook_async.safe._restricted.plain import (
    GivenModuleError,
    NotPlainError,
    copied,
    plain,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SafeNames", "checked_names", "checked_source"]

_LONGEST = 100_000

_RESERVED = {"print", "printed", "builtins", "breakpoint"}


class SafeNames(dict[str, Any]):
    """The names that restricted code has set, with their values.

    Attributes
    ----------
    printed
        What the code printed.
    left_out
        Why other names that it set are not here: functions, classes and modules, and
        values that JSON cannot hold. Asking for one of these raises a `KeyError` that
        says so.

    Examples
    --------
    >>> names = SafeNames({"a": 1}, left_out={"b": "b is a set"})
    >>> names
    {'a': 1}
    >>> names["b"]
    Traceback (most recent call last):
        ...
    KeyError: 'b is a set'
    """

    __slots__ = ("left_out", "printed")

    def __init__(
        self,
        names: Mapping[str, Any],
        *,
        printed: str = "",
        left_out: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(names)
        self.printed = printed
        self.left_out = dict(left_out or {})

    def __missing__(self, name: str) -> Any:
        raise KeyError(self.left_out.get(name, name))


def checked_source(source: object) -> str:
    """Return code as it is, or say why it is none."""
    if not isinstance(source, str):
        raise ArgumentTypeError(
            f"code must be a string, got {source!r} ({type(source).__name__})"
        )
    if len(source) > _LONGEST:
        raise SafeValueError(
            f"code may have {_LONGEST:,} characters, and this has {len(source):,}"
        )
    return source


def checked_names(names: Mapping[str, Any] | None, *, as_json: bool) -> dict[str, Any]:
    """Return copies of what code is given by name, or say what cannot be given.

    With `as_json` everything must be plain data; else only modules are refused.
    """
    checked: dict[str, Any] = {}
    for name, value in (names or {}).items():
        _check_name(name)
        try:
            checked[name] = plain(name, value) if as_json else copied(name, value)
        except GivenModuleError as error:
            raise SafeNameError(name, str(error)) from None
        except NotPlainError as error:
            raise SafeValueError(str(error)) from None
    return checked


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise ArgumentTypeError(
            f"names must be strings, got {name!r} ({type(name).__name__})"
        )
    if not name.isidentifier() or iskeyword(name):
        raise SafeNameError(name, "is no name in Python")
    if name.startswith("_") or name in _RESERVED:
        raise SafeNameError(name, "is reserved: choose another name for it")
