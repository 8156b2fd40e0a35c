"""Records as a recording keeps them: without secrets, and without live objects."""

from __future__ import annotations

from dataclasses import fields, replace
from operator import is_
from typing import TYPE_CHECKING, Any

from notebook_async.core import records
from notebook_async.core._short import short

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notebook_async.core.records import Record

__all__ = ["HIDDEN", "PLAIN", "plain_record", "plain_value"]

HIDDEN = "•••"
"""What stands in the place of a secret."""

_ATOMS = {int, float, bool, type(None)}
_LONGEST = 10_000
_DEEPEST = 8


def _secrets(kind: type[Record]) -> Mapping[str, bool]:
    """Return the fields of a class of records, and whether each is a secret."""
    return {item.name: bool(item.metadata.get("secret")) for item in fields(kind)}


def plain_record(record: Record) -> Record:
    """Return a record as it may be kept: secrets hidden, other objects as short text.

    Examples
    --------
    >>> from notebook_async.core.records import JobRecord
    >>> record = JobRecord(at=0.0, source=("job-1",), phase="done", name={1, 2})
    >>> plain_record(record).name
    '{1, 2}'
    """
    if type(record.at) not in {int, float} or type(record.source) is not tuple:
        raise TypeError(f"a record needs a time and a path as its source: {record!r}")
    changed: dict[str, Any] = {}
    for name, secret in _secrets(type(record)).items():
        value = getattr(record, name)
        kept = _hidden(value) if secret else plain_value(value)
        if kept is not value:
            changed[name] = kept
    return replace(record, **changed) if changed else record


def _hidden(value: object) -> str | None:
    return None if value is None else HIDDEN


def plain_value(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - it is anything
    """Return a value as JSON may have it, with tuples for lists: itself if it is that.

    Examples
    --------
    >>> plain_value((1, ["a", {"b": object}]))
    (1, ('a', {'b': '<type object>'}))
    """
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is str:
        return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
    if depth > _DEEPEST:
        return short(value)
    if kind is tuple or kind is list:
        items = tuple([plain_value(item, depth + 1) for item in value])
        return value if kind is tuple and all(map(is_, items, value)) else items
    if kind is dict and all(type(key) is str for key in value):
        inside = {key: plain_value(item, depth + 1) for key, item in value.items()}
        same = all(map(is_, inside.values(), value.values()))
        return value if same else inside
    return short(value)


# The vocabulary of `core` is plain already, so that nothing has to be looked at.
PLAIN = frozenset(
    kind
    for kind in (getattr(records, name) for name in records.__all__)
    if isinstance(kind, type)
    and issubclass(kind, records.Record)
    and not any(_secrets(kind).values())
)
