"""Ask for the fields of a form one by one, in text."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from notebook_async.core._short import one_line
from notebook_async.prompts._values import UploadedFile

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from notebook_async.prompts._console import Console
    from notebook_async.prompts._form import Field

__all__ = ["DEFAULT", "Refused", "ask_field", "clean"]

DEFAULT = object()
"""Stands for the default, which Enter takes."""

_YES_NO = {"boolean": "y/n"}
_HINTS = {
    "date": "2024-12-31",
    "datetime": "2024-12-31 18:30",
    "time": "18:30",
    "file": "path",
    "mapping": "name=value",
}
_MOST = 200


@dataclasses.dataclass(frozen=True, slots=True)
class Refused:
    """Why a field could not even be made of what was typed."""

    why: str


async def ask_field(
    console: Console, field: Field, label: str, margin: str = ""
) -> Any:  # noqa: ANN401
    """Return what was typed as plain data, or `DEFAULT` where it is to be left out."""
    several = _SEVERAL.get("many" if field.many else field.kind)
    if several is not None:
        return await several(console, field, label, margin)
    if field.kind == "choice":
        return await _one_option(console, field, label, margin)
    words = f"{margin}{label}{_hint(field)}: "
    typed = await _line(console, words, secret=field.secret)
    if _takes_default(field, typed):
        return DEFAULT
    return _file(typed, field) if field.kind == "file" else typed


async def _line(console: Console, words: str, *, secret: bool = False) -> str:
    console.write(words)
    typed = await console.line(secret=secret)
    if typed is None:
        raise EOFError("the terminal has no more input")
    return typed


def _takes_default(field: Field, typed: str) -> bool:
    return not typed.strip() and (field.default is not None or not field.required)


def _file(typed: str, field: Field) -> object:
    if not typed.strip():
        return None
    try:
        most = field.max_bytes
        name = typed.strip().strip("'\"")
        return UploadedFile.read(name, **({"max_bytes": most} if most else {}))
    except OSError as error:
        return Refused(f"cannot be read: {error.strerror}")
    except ValueError as error:
        return Refused(str(error))


def _hint(field: Field) -> str:
    """Return what may be typed, and what Enter does."""
    words = _YES_NO.get(field.kind) or _HINTS.get(field.kind)
    hint = f" ({words})" if words else ""
    if field.default is None or field.secret:
        return hint
    return f"{hint} [{clean(_default_words(field.default))}]"


def _default_words(default: object) -> str:
    if isinstance(default, bool):
        return "y" if default else "n"
    if isinstance(default, list):
        return ", ".join(map(_default_words, default))
    if isinstance(default, dict):
        return ", ".join(
            f"{key}={_default_words(each)}" for key, each in default.items()
        )
    return str(default)


# -- choices


async def _one_option(console: Console, field: Field, label: str, margin: str) -> Any:  # noqa: ANN401
    _show_options(console, field, label, margin)
    words = f"{margin}  number or text{_hint(field)}: "
    typed = await _line(console, words)
    return DEFAULT if _takes_default(field, typed) else _option(field, typed)


async def _some_options(console: Console, field: Field, label: str, margin: str) -> Any:  # noqa: ANN401
    _show_options(console, field, label, margin)
    words = f"{margin}  numbers or texts, with commas between{_hint(field)}: "
    typed = await _line(console, words)
    if _takes_default(field, typed):
        return DEFAULT
    return list(dict.fromkeys(_option(field, each) for each in _parts(typed)))


def _show_options(console: Console, field: Field, label: str, margin: str) -> None:
    console.write(f"{margin}{label}\n")
    width = len(str(len(field.options)))
    for number, option in enumerate(field.options, 1):
        console.write(f"{margin}  {number:>{width}}  {clean(option)}\n")


def _option(field: Field, typed: str) -> str:
    """Return the option that was meant: its text goes before its number."""
    if typed in field.options:
        return typed
    typed = typed.strip()
    if typed.isdecimal() and 0 < int(typed[:9]) <= len(field.options):
        return field.options[int(typed[:9]) - 1]
    return typed


def _parts(typed: str) -> Iterable[str]:
    return (part.strip() for part in typed.split(",") if part.strip())


# -- several


async def _items(console: Console, field: Field, label: str, margin: str) -> Any:  # noqa: ANN401
    item = field.item
    if item is None or item.kind not in {"group", "list", "mapping", "choice", "file"}:
        words = f"{margin}{label} (with commas between){_hint(field)}: "
        typed = await _line(console, words)
        return DEFAULT if _takes_default(field, typed) else list(_parts(typed))
    found: list[Any] = []
    if field.default is not None and not await _wants(
        console, f"{margin}{label}: change the {_count(field)}"
    ):
        return DEFAULT
    while await _wants(console, f"{margin}{label}: add number {len(found) + 1}"):
        value = await ask_field(console, item, f"{label} {len(found) + 1}", margin)
        if isinstance(value, Refused):
            console.write(f"{margin}  {value.why}\n")
        else:
            found.append(None if value is DEFAULT else value)
    return found


def _count(field: Field) -> str:
    number = len(field.default) if isinstance(field.default, list) else 0
    return f"{number} that there are"


async def _wants(console: Console, words: str) -> bool:
    typed = await _line(console, f"{words}? (y/n) [n]: ")
    return typed.strip().lower() in {"y", "yes"}


async def _pairs(console: Console, field: Field, label: str, margin: str) -> Any:  # noqa: ANN401
    words = f"{margin}{label} (as name=value, with commas between){_hint(field)}: "
    typed = await _line(console, words)
    if _takes_default(field, typed):
        return DEFAULT
    pairs = [part.partition("=") for part in _parts(typed)]
    if not all(mark for _, mark, _ in pairs):
        return Refused("must be names with a value each, as in a=1, b=2")
    return {name.strip(): value.strip() for name, _, value in pairs}


async def _group(console: Console, field: Field, label: str, margin: str) -> Any:  # noqa: ANN401
    if field.optional and not await _wants(console, f"{margin}{label}: fill it in"):
        return DEFAULT if not field.required else None
    console.write(f"{margin}{label}\n")
    found: dict[str, Any] = {}
    for part in field.fields:
        value = await _until_made(console, part, f"{margin}  ")
        if value is not DEFAULT:
            found[part.name] = value
    return found


async def _until_made(console: Console, field: Field, margin: str) -> Any:  # noqa: ANN401
    while True:
        value = await ask_field(
            console, field, clean(field.label or field.name), margin
        )
        if not isinstance(value, Refused):
            return value
        console.write(f"{margin}  {value.why}\n")


_SEVERAL: dict[str, Callable[[Console, Field, str, str], Awaitable[Any]]] = {
    "many": _some_options,
    "list": _items,
    "mapping": _pairs,
    "group": _group,
}


def clean(text: str) -> str:
    """Return text without what would steer a terminal."""
    shown = "".join(
        each if each.isprintable() or each == "\n" else "�" for each in text
    )
    return shown if len(shown) <= _MOST * 50 else one_line(shown, most=_MOST * 50)
