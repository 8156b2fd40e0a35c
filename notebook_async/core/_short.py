"""Values as short text: bounded in length and in time, and never a failure."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import fields
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["MOST", "error_line", "one_line", "short"]

MOST = 200
"""Characters of a value, unless said otherwise."""

_ERROR = 300
_ITEMS = 6
_DEEPEST = 3
_BITS = 1000
_LONG = 100
"""Items beyond which the `repr` of a container that is not a built-in is not asked."""


def short(value: object, *, most: int = MOST) -> str:
    """Return a value as one line of at most `most` characters.

    What is long or deep is cut before it becomes text, so that a large value costs no
    more than a small one. Arrays and tables show their shape.

    Examples
    --------
    >>> short({"pages": list(range(1000)), "text": "a" * 1000}, most=24)
    "{'pages': [0, 1, 2, 3, …"
    >>> short(["a" * 1000], most=20)
    "['aaaaaaaaaa…']"
    """
    try:
        text = _text(value, most, 0)
    except Exception:  # noqa: BLE001 - the `repr` of a user's class may do anything
        text = f"<{type(value).__name__} without a repr>"
    return one_line(text, most=most)


def error_line(error: BaseException) -> str:
    """Return an exception as one line, as its `repr` shows it.

    Examples
    --------
    >>> error_line(ValueError("no such page"))
    "ValueError('no such page')"
    """
    try:
        text = repr(error)
        if len(text) > _ERROR:  # such as one that begins with all headers of a request
            text = f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - as above
        text = f"<{type(error).__name__} without a repr>"
    return one_line(text, most=_ERROR)


def one_line(text: str, *, most: int) -> str:
    """Return a text without line breaks and of at most `most` characters.

    Examples
    --------
    >>> one_line("first and second", most=10)
    'first and…'
    """
    # Cut before as well, for the splitting of a very long text takes its time.
    text = " ".join(text[: 4 * most].split()) if "\n" in text else text
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _text(value: Any, most: int, depth: int) -> str:  # noqa: ANN401 - it is anything
    kind: Any = type(value)
    known = _KNOWN.get(kind)
    if known is not None:
        return known(value, most, depth)
    if hasattr(kind, "__repr_args__"):  # pydantic, which is not loaded for this
        return _call(kind.__name__, value.__repr_args__(), most, depth)
    made = getattr(kind, "__dataclass_params__", None)
    if made is not None and made.repr:
        pairs = ((f.name, getattr(value, f.name)) for f in fields(kind) if f.repr)
        return _call(kind.__name__, pairs, most, depth)
    return _other(value, kind)


def _other(value: Any, kind: Any) -> str:  # noqa: ANN401
    """Return what is neither built in nor made of fields as text."""
    if isinstance(getattr(value, "shape", None), tuple):
        return f"<{kind.__name__} {' x '.join(map(str, value.shape)) or 'scalar'}>"
    if isinstance(value, BaseException):
        return error_line(value)
    name = getattr(value, "__name__", None)
    if isinstance(name, str):
        return f"<{kind.__name__} {name}>"
    if kind.__repr__ is object.__repr__:
        return f"<{kind.__name__}>"
    if isinstance(value, Sized) and len(value) > _LONG:
        return f"<{kind.__name__} of {len(value):,}>"
    return repr(value)


def _integer(value: int, _most: int, _depth: int) -> str:
    bits = value.bit_length()
    return repr(value) if bits <= _BITS else f"<int of {bits:,} bits>"


def _string(value: str | bytes, most: int, _depth: int) -> str:
    if len(value) <= most:
        return repr(value)
    text = repr(value[:most])
    return f"{text[:-1]}…{text[-1]}"


def _call(
    name: str, pairs: Iterable[tuple[str | None, Any]], most: int, depth: int
) -> str:
    """Return how an object is made, by its fields."""
    if depth >= _DEEPEST:
        return f"{name}(…)"
    inside, room = [], most
    for key, value in pairs:
        if room <= 0:
            inside.append("…")
            break
        text = _text(value, most, depth + 1)
        inside.append(f"{key}={text}" if key else text)
        room -= len(inside[-1])
    return f"{name}({', '.join(inside)})"


def _several(opening: str, closing: str, empty: str) -> Callable[[Any, int, int], str]:
    """Return what shows a container, by its brackets."""

    def shown(value: Any, most: int, depth: int) -> str:  # noqa: ANN401
        if not value:
            return empty
        if depth >= _DEEPEST:
            return f"{opening}…{closing}"
        inside = [_text(item, most // 2, depth + 1) for item in islice(value, _ITEMS)]
        return _closed(opening, inside, len(value), closing)

    return shown


def _pairs(value: dict[Any, Any], most: int, depth: int) -> str:
    if not value:
        return "{}"
    if depth >= _DEEPEST:
        return "{…}"
    inside = [
        f"{_text(key, most // 2, depth + 1)}: {_text(item, most // 2, depth + 1)}"
        for key, item in islice(value.items(), _ITEMS)
    ]
    return _closed("{", inside, len(value), "}")


def _closed(opening: str, inside: list[str], size: int, closing: str) -> str:
    if size > len(inside):
        inside.append(f"… {size - len(inside):,} more")
    elif size == 1 and opening == "(":
        inside.append("")
    return f"{opening}{', '.join(inside).rstrip()}{closing}"


def _plainly(value: object, _most: int, _depth: int) -> str:
    return repr(value)


_KNOWN: dict[type, Callable[[Any, int, int], str]] = {
    str: _string,
    bytes: _string,
    int: _integer,
    float: _plainly,
    bool: _plainly,
    type(None): _plainly,
    list: _several("[", "]", "[]"),
    tuple: _several("(", ")", "()"),
    set: _several("{", "}", "set()"),
    frozenset: _several("frozenset({", "})", "frozenset()"),
    dict: _pairs,
}
