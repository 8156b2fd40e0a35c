"""Types become forms: plain data that any front end can draw."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import uuid
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, NewType

import pytest
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, PositiveInt, SecretStr

from notebook_async.errors import ArgumentTypeError
from notebook_async.prompts import Field as FormField
from notebook_async.prompts import Form, UploadedFile
from notebook_async.prompts._describe import describe

UserId = NewType("UserId", int)


class Color(Enum):
    """Options with a text and with a number."""

    RED = "red"
    BLUE = 2


class Address(BaseModel):
    """Where somebody lives.

    Only the first line is for the form.
    """

    street: str = Field(min_length=2, description="Without the number")
    number: int | None = None


@dataclasses.dataclass
class Point:
    """A place."""

    x: float
    y: float = 0.0


class Node(BaseModel):
    """Something that has others of its kind."""

    name: str
    children: list[Node] = []


def shown(kind: object) -> dict[str, Any]:
    """Return the field of a type as data."""
    return describe(kind).field.to_dict()


SCALARS: list[tuple[Any, dict[str, Any]]] = [
    (str, {"kind": "text"}),
    (int, {"kind": "integer"}),
    (float, {"kind": "number"}),
    (Decimal, {"kind": "number"}),
    (bool, {"kind": "boolean"}),
    (dt.date, {"kind": "date"}),
    (dt.datetime, {"kind": "datetime"}),
    (dt.time, {"kind": "time"}),
    (Path, {"kind": "path"}),
    (SecretStr, {"kind": "text", "secret": True}),
    (UploadedFile, {"kind": "file", "max_bytes": 10_000_000}),
    (Literal["a", 1], {"kind": "choice", "options": ["a", "1"]}),
    (Literal["a"] | None, {"kind": "choice", "options": ["a"], "optional": True}),
    (Color, {"kind": "choice", "options": ["red", "BLUE"]}),
    (int | None, {"kind": "integer", "optional": True}),
    (int | str, {"kind": "text"}),
    (UserId, {"kind": "integer"}),
    (uuid.UUID, {"kind": "text"}),
    (dt.timedelta, {"kind": "text"}),
    (AnyUrl, {"kind": "text"}),
    (PositiveInt, {"kind": "integer", "above": 0}),
    (Annotated[int, Field(ge=1, le=9, title="N")], None),
    (Annotated[str, Field(pattern="^a+$")], {"kind": "text", "pattern": "^a+$"}),
    (Annotated[int, Field(multiple_of=5)], {"kind": "integer", "multiple_of": 5}),
    (list[str], {"kind": "list", "item": {"name": "", "kind": "text"}}),
    (tuple[int, ...], {"kind": "list", "item": {"name": "", "kind": "integer"}}),
    (set[Color], {"kind": "choice", "options": ["red", "BLUE"], "many": True}),
    (dict[str, int], {"kind": "mapping", "item": {"name": "", "kind": "integer"}}),
]
SCALARS = [
    (kind, want or {"kind": "integer", "label": "N", "minimum": 1, "maximum": 9})
    for kind, want in SCALARS
]


@pytest.mark.parametrize(("kind", "want"), SCALARS, ids=lambda each: str(each)[:40])
def test_type_has_a_field(kind: object, want: dict[str, Any]) -> None:
    """Each type that a person can type has a field of its kind, with its bounds."""
    have = shown(kind)
    # The order of the entries is no matter.
    assert have == {"name": "", **want}


def test_bounds_of_dates_are_text() -> None:
    """A bound of a date is ISO text, as the field's value is."""
    kind = Annotated[dt.date, Field(ge=dt.date(2024, 1, 1), lt=dt.date(2025, 1, 1))]
    field = describe(kind).field
    assert (field.minimum, field.below) == ("2024-01-01", "2025-01-01")


def test_model_is_a_group() -> None:
    """A model is a group: titles or names are labels, descriptions are help."""
    assert shown(Address) == {
        "name": "",
        "kind": "group",
        "help": "Where somebody lives.",
        "fields": [
            {
                "name": "street",
                "kind": "text",
                "label": "Street",
                "help": "Without the number",
                "min_length": 2,
            },
            {
                "name": "number",
                "kind": "integer",
                "label": "Number",
                "required": False,
                "optional": True,
            },
        ],
    }


def test_dataclass_is_a_group() -> None:
    """A dataclass has a form as a model has, with its defaults."""
    assert [(f.name, f.kind, f.default) for f in describe(Point).field.fields] == [
        ("x", "number", None),
        ("y", "number", 0.0),
    ]


def test_defaults_are_plain() -> None:
    """A field starts with its default as plain data, which JSON can say."""

    class Plan(BaseModel):
        color: Color = Color.BLUE
        colors: list[Color] = [Color.RED]
        day: dt.date = dt.date(2024, 2, 1)
        home: Address = Address(street="High")
        sizes: dict[str, float] = Field(default_factory=lambda: {"a": 1.5})
        price: Decimal = Decimal("1.10")
        key: SecretStr = SecretStr("hunter2")

    form = Form(describe(Plan).field)
    assert {field.name: field.default for field in form.fields} == {
        "color": "BLUE",
        "colors": ["red"],
        "day": "2024-02-01",
        "home": {"street": "High", "number": None},
        "sizes": {"a": 1.5},
        "price": "1.10",
        "key": None,
    }
    assert "hunter2" not in json.dumps(form.to_dict())


def test_recursive_model_ends() -> None:
    """A model of its own kind shows a few levels, and no more."""
    depth, field = 0, describe(Node).field
    while field.kind == "group" and len(field.fields) > 1 and field.fields[1].item:
        depth, field = depth + 1, field.fields[1].item
    assert depth == 2


def test_what_no_form_can_show_keeps_its_default() -> None:
    """A field of a model that no form can show is left out if it has a default."""

    class Model(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        name: str
        hook: Any = None
        lock: object = None

    shape = describe(Model)
    assert [field.name for field in shape.field.fields] == ["name"]
    assert shape.hidden == ("hook", "lock")


@pytest.mark.parametrize(
    "kind", [object, dict[int, str], tuple[int, str], Any, dict[str, Address], type]
)
def test_unaskable_type_is_refused(kind: object) -> None:
    """A type that no person can type is an error at once, which says what is not."""
    with pytest.raises(ArgumentTypeError, match=r"^cannot ask for "):
        describe(kind)


def test_unaskable_field_is_named() -> None:
    """The error about a field of a model names the field, and what to do."""

    class Model(BaseModel):
        home: Address
        hook: Any

    with pytest.raises(
        ArgumentTypeError, match=r"of field 'hook': .* give the field a"
    ):
        describe(Model)


def test_labels_are_told_apart() -> None:
    """Options that show alike get labels that differ."""
    assert describe(Literal["1", 1]).field.options == ("1", "1 (2)")


def test_form_knows_whether_it_is_one_field() -> None:
    """One field is a form of its own; a group is as many as it has."""
    assert Form(FormField(kind="integer")).to_dict() == {
        "single": True,
        "fields": [{"name": "", "kind": "integer"}],
    }
    assert len(Form(describe(Address).field).fields) == 2


def test_none_within_a_literal_is_optional() -> None:
    """None among the options of a `Literal` is an empty field, and no option."""
    assert shown(Literal["a", None])["optional"] is True  # noqa: PYI061
