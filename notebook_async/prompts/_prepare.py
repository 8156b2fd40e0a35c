"""From what a person typed to what pydantic takes, with the first complaints.

What comes from a front end is not trusted: only what a field of this kind can send goes
on, and all of it is bounded. What seeded answers give, from code, may be of the
field's own type as well.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Union, get_origin

from notebook_async.prompts._form import MAX_BYTES
from notebook_async.prompts._values import UploadedFile, size_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.prompts._shape import Shape

__all__ = ["LEFT_OUT", "MOMENTS", "NEEDED", "Filled", "Prepared", "prepare"]

_MOST_TEXT = 1_000_000
_MOST_ITEMS = 10_000
_MOST_NAME = 255
NEEDED = "needs an answer"
LEFT_OUT = object()
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(slots=True)
class Prepared:
    """What has been found wrong so far, by path, and the secrets that were typed.

    Attributes
    ----------
    errors
        Sentences by path.
    secrets
        Texts that no sentence may repeat.
    """

    errors: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)

    def refuse(self, path: tuple[str, ...], why: str) -> Any:  # noqa: ANN401
        """Take note of a fault, and return what stands in the value's place."""
        self.errors.setdefault(".".join(path), why)
        return LEFT_OUT


class Filled(dict[str, Any]):
    """An answer with the rest taken from an instance.

    Attributes
    ----------
    hidden
        What no form can show, by the names that pydantic expects.
    """

    hidden: Mapping[str, Any] = {}


def prepare(
    shape: Shape,
    raw: object,
    found: Prepared,
    path: tuple[str, ...] = (),
) -> Any:  # noqa: ANN401
    """Return what pydantic is to check, and note in `found` what it need not."""
    if shape.field.secret and isinstance(raw, str | int | float):
        found.secrets.append(str(raw))
    if _is_own(shape, raw):
        return raw
    kind = shape.field.kind
    if kind == "choice":
        # An option may be None, or text that is empty or has blanks around it.
        known, value = shape.choose(raw)
        if known and not shape.field.many:
            return value
    elif isinstance(raw, str) and kind != "text":
        raw = raw.strip()
    if _is_empty(raw) and (raw is None or kind != "text" or shape.field.optional):
        return None if shape.field.optional else found.refuse(path, NEEDED)
    if isinstance(raw, str) and len(raw) > _MOST_TEXT and kind != "file":
        return found.refuse(path, f"is longer than {_MOST_TEXT:,} characters")
    return _KINDS[kind](shape, raw, found, path)


def _is_empty(raw: object) -> bool:
    return raw is None or (isinstance(raw, str) and not raw)


def _is_own(shape: Shape, raw: object) -> bool:
    """Tell whether code gave a value of the field's own type, ready made."""
    if raw is None or isinstance(raw, str | int | float | list | dict | Enum):
        return False
    return isinstance(shape.kind, type) and isinstance(raw, shape.kind)


# -- one value


def _text(shape: Shape, raw: Any, found: Prepared, path: tuple[str, ...]) -> Any:  # noqa: ANN401
    if isinstance(raw, str):
        if any("\ud800" <= each <= "\udfff" for each in raw):
            return found.refuse(path, "has a character that is none")
        return raw
    of_a_union = get_origin(shape.kind) is Union and isinstance(raw, int | float)
    if isinstance(raw, bool | int | float | Iterable) and not of_a_union:
        return found.refuse(path, "must be text")
    return raw


def _integer(_: Shape, raw: Any, found: Prepared, path: tuple[str, ...]) -> Any:  # noqa: ANN401
    if isinstance(raw, bool) or not isinstance(raw, int | float | str | Decimal):
        return found.refuse(path, "must be a whole number")
    return raw


def _number(_: Shape, raw: Any, found: Prepared, path: tuple[str, ...]) -> Any:  # noqa: ANN401
    if isinstance(raw, bool) or not isinstance(raw, int | float | str | Decimal):
        return found.refuse(path, "must be a number")
    # One may type "inf", but not mean it by too many digits.
    if isinstance(raw, str) and raw[-1:].isdigit() and _is_infinite(raw):
        return found.refuse(path, "is too large a number")
    return raw


def _is_infinite(raw: str) -> bool:
    try:
        return math.isinf(float(raw))
    except ValueError:
        return False


def _boolean(_: Shape, raw: Any, found: Prepared, path: tuple[str, ...]) -> Any:  # noqa: ANN401
    if not isinstance(raw, bool | str):
        return found.refuse(path, "must be yes or no")
    return raw


def _moment(shape: Shape, raw: Any, found: Prepared, path: tuple[str, ...]) -> Any:  # noqa: ANN401
    # Pydantic takes a bare number for seconds since 1970, which no person means.
    if isinstance(raw, dt.date | dt.time):
        return raw
    if isinstance(raw, str) and re.search(r"\d[-:]\d", raw):
        return raw
    return found.refuse(path, MOMENTS[shape.field.kind])


MOMENTS = {
    "date": "must be a date such as 2024-12-31",
    "datetime": "must be a date and time such as 2024-12-31 18:30",
    "time": "must be a time such as 18:30",
}


def _path(_: Shape, raw: Any, found: Prepared, path: tuple[str, ...]) -> Any:  # noqa: ANN401
    if isinstance(raw, str) and "\0" not in raw and raw.isprintable():
        return raw
    if isinstance(raw, PurePath):
        return raw
    return found.refuse(path, "must be the path of a file or folder")


def _choice(shape: Shape, raw: Any, found: Prepared, path: tuple[str, ...]) -> Any:  # noqa: ANN401
    if not shape.field.many:
        return found.refuse(path, _one_of(shape))
    if not _is_list(raw) or len(raw) > _MOST_ITEMS:
        return found.refuse(path, "must be a list of options")
    chosen = [shape.choose(each) for each in raw]
    if not all(known for known, _ in chosen):
        return found.refuse(path, _one_of(shape))
    if isinstance(raw, list | tuple) and _repeats(raw):
        return found.refuse(path, "must name each option once")
    return [value for _, value in chosen]


def _repeats(raw: Any) -> bool:  # noqa: ANN401
    labels = [each for each in raw if isinstance(each, str)]
    return len(set(labels)) < len(labels)


def _one_of(shape: Shape) -> str:
    labels = list(shape.values)
    shown = ", ".join(labels[:10])
    return f"must be one of: {shown}{', …' if len(labels) > 10 else ''}"  # noqa: PLR2004


# -- files


def _file(shape: Shape, raw: Any, found: Prepared, path: tuple[str, ...]) -> Any:  # noqa: ANN401
    most = shape.field.max_bytes or MAX_BYTES
    if isinstance(raw, Mapping):
        name, content = raw.get("name"), raw.get("content")
        kind = raw.get("media_type") or "application/octet-stream"
        if isinstance(name, str) and isinstance(kind, str):
            content = _content(content, most)
            if content is None:
                return found.refuse(path, f"must not be larger than {size_words(most)}")
            if isinstance(content, bytes):
                return UploadedFile(_bare_name(name), content, kind[:_MOST_NAME])
    return found.refuse(path, "must be a file")


def _content(given: object, most: int) -> object:
    """Return the bytes of a file, None where they are too many, else what was given."""
    if isinstance(given, bytes | bytearray | memoryview):
        size = given.nbytes if isinstance(given, memoryview) else len(given)
        return bytes(given) if size <= most else None
    if not isinstance(given, str):
        return False
    if len(given) > most * 4 // 3 + 4:
        return None
    try:
        content = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        return False
    return content if len(content) <= most else None


def _bare_name(name: str) -> str:
    bare = _UNPRINTABLE.sub("", name.replace("\\", "/").rpartition("/")[2])
    bare = bare.encode("utf-8", "replace").decode("utf-8")[-_MOST_NAME:]
    return bare if bare not in {"", ".", ".."} else "file"


# -- several values


def _list(shape: Shape, raw: Any, found: Prepared, path: tuple[str, ...]) -> Any:  # noqa: ANN401
    if not _is_list(raw) or shape.item is None:
        return found.refuse(path, "must be a list")
    if len(raw) > _MOST_ITEMS:
        return found.refuse(path, f"has more than {_MOST_ITEMS:,} items")
    return [
        prepare(shape.item, each, found, (*path, str(index)))
        for index, each in enumerate(raw)
    ]


def _mapping(shape: Shape, raw: Any, found: Prepared, path: tuple[str, ...]) -> Any:  # noqa: ANN401
    if not isinstance(raw, Mapping) or shape.item is None:
        return found.refuse(path, "must be names with a value each")
    if len(raw) > _MOST_ITEMS:
        return found.refuse(path, f"has more than {_MOST_ITEMS:,} items")
    if not all(_is_name(key) for key in raw):
        return found.refuse(path, "has a name that is no text")
    return {
        key: prepare(shape.item, each, found, (*path, key)) for key, each in raw.items()
    }


def _group(shape: Shape, raw: Any, found: Prepared, path: tuple[str, ...]) -> Any:  # noqa: ANN401
    if not isinstance(raw, Mapping):
        return found.refuse(path, "must be the fields of a form")
    if not all(_is_name(key) and key in shape.parts for key in raw):
        return found.refuse(path, "has a field that the form has not")
    values: dict[str, Any] = dict(raw.hidden) if isinstance(raw, Filled) else {}
    for name, part in shape.parts.items():
        if name in raw:
            value = prepare(part, raw[name], found, (*path, name))
            if value is not LEFT_OUT:
                values[shape.keys.get(name, name)] = value
        elif part.field.required:
            found.refuse((*path, name), NEEDED)
    return values


def _is_name(key: object) -> bool:
    return isinstance(key, str) and len(key) <= _MOST_NAME and key.isprintable()


def _is_list(raw: object) -> bool:
    return isinstance(raw, list | tuple | set | frozenset)


_KINDS: dict[str, Callable[[Shape, Any, Prepared, tuple[str, ...]], Any]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "choice": _choice,
    "date": _moment,
    "datetime": _moment,
    "time": _moment,
    "path": _path,
    "file": _file,
    "list": _list,
    "mapping": _mapping,
    "group": _group,
}
