"""What pydantic complains about, in the words of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.core._short import one_line
from notebook_async.prompts._prepare import MOMENTS, NEEDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from notebook_async.prompts._shape import Shape

__all__ = ["NOT_ACCEPTED", "complaint", "path_of", "without_secrets"]

NOT_ACCEPTED = "is not accepted"
_MOST = 300

_WORDS = {
    "missing": NEEDED,
    "none_required": "must be empty",
    "string_type": "must be text",
    "string_unicode": "has a character that is none",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "is too large a number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "decimal_type": "must be a number",
    "decimal_parsing": "must be a number",
    "decimal_max_digits": "must have at most {max_digits} digits",
    "decimal_max_places": "must have at most {decimal_places} decimal places",
    "bool_type": "must be yes or no",
    "bool_parsing": "must be yes or no",
    "date_past": "must be in the past",
    "date_future": "must be in the future",
    "datetime_past": "must be in the past",
    "datetime_future": "must be in the future",
    "date_from_datetime_inexact": "must be a date without a time",
    "timezone_aware": "must have a time zone",
    "timezone_naive": "must not have a time zone",
    "path_not_file": "must be a file that exists",
    "path_not_directory": "must be a folder that exists",
    "path_exists": "must not exist yet",
    "uuid_parsing": "must be a UUID",
    "url_parsing": "must be a URL such as https://example.org",
    "url_scheme": "must be a URL that begins with {expected_schemes}",
    "time_delta_parsing": "must be a duration such as 1:30:00",
    "literal_error": "must be one of: {expected}",
    "enum": "must be one of: {expected}",
    "set_item_not_hashable": NOT_ACCEPTED,
}
_OF_TEXT = {"too_short": "string_too_short", "too_long": "string_too_long"}
_ONE = {"items": "item", "characters": "character", "digits": "digit"}


def complaint(error: Mapping[str, Any], shape: Shape | None = None) -> str:
    """Return one error of pydantic as a sentence without its subject.

    Parameters
    ----------
    error
        One of what `ValidationError.errors` returns.
    shape
        The field that it is about.

    Examples
    --------
    >>> complaint({"type": "greater_than_equal", "ctx": {"ge": 1}})
    'must be at least 1'
    """
    kind: str = error["type"]
    context: dict[str, Any] = error.get("ctx") or {}
    if kind in {"value_error", "assertion_error"}:
        words = str(context.get("error", "")) or NOT_ACCEPTED
        return one_line(words, most=_MOST)
    moment = MOMENTS.get(kind.rpartition("_")[0]) or MOMENTS.get(kind.split("_", 1)[0])
    if shape is not None and shape.field.kind == "text":
        # Pydantic counts what a secret has as items.
        kind = _OF_TEXT.get(kind, kind)
    pattern = _WORDS.get(kind) or moment
    if pattern is None:
        message = str(error.get("msg", NOT_ACCEPTED))
        return one_line(message[:1].lower() + message[1:], most=_MOST)
    try:
        shown = {name: _number(value) for name, value in context.items()}
        words = pattern.format_map(shown)
    except (KeyError, ValueError, IndexError):
        return NOT_ACCEPTED
    return one_line(_singular(words), most=_MOST)


def _number(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _singular(words: str) -> str:
    for many, one in _ONE.items():
        words = words.replace(f" 1 {many}", f" 1 {one}")
    return words


def path_of(shape: Shape, places: Iterable[str | int]) -> tuple[str, Shape]:
    """Return which field an error is about, from where pydantic places it.

    Pydantic adds names of its own, such as the member of a union: these are left out.
    """
    path: list[str] = []
    for place in places:
        name = next((n for n, key in shape.keys.items() if key == place), str(place))
        if name in shape.parts:
            path.append(name)
            shape = shape.parts[name]
        elif shape.item is not None and place != "[key]":
            path.append(str(place))
            shape = shape.item
    return ".".join(path), shape


def without_secrets(errors: Mapping[str, str], secrets: list[str]) -> dict[str, str]:
    """Return sentences, where one that repeats a secret only says no."""
    return {
        path: NOT_ACCEPTED if any(s and s in words for s in secrets) else words
        for path, words in errors.items()
    }
