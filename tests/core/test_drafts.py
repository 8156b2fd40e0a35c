"""Records that are made faster than a frozen dataclass can be."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from notebook_async.core import records
from notebook_async.core._drafts import draft_of
from notebook_async.core.records import Record

KINDS = [
    kind
    for kind in (getattr(records, name) for name in records.__all__)
    if isinstance(kind, type) and issubclass(kind, Record) and kind is not Record
]


@pytest.mark.parametrize("kind", KINDS)
def test_draft_becomes_a_record(kind: type[Record]) -> None:
    """What is written to a draft is a record like any other: equal, and frozen."""
    values = {item.name: f"value of {item.name}" for item in fields(kind)}
    draft = draft_of(kind)()
    for name, value in values.items():
        setattr(draft, name, value)
    draft.__class__ = kind
    made = kind(**values)  # type: ignore[arg-type]
    assert (type(draft), draft, hash(draft)) == (kind, made, hash(made))
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'at'"):
        draft.at = 1.0


def test_draft_takes_no_other_field() -> None:
    """A name that is no field is refused, as by any class with slots."""
    draft = draft_of(records.EventRecord)()
    with pytest.raises(AttributeError, match="colour"):
        draft.colour = "red"
