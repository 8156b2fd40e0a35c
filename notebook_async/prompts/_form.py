"""What a front end needs to show a form: plain data, which any of them can draw."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

__all__ = ["MAX_BYTES", "Field", "FieldKind", "Form", "Plain"]

FieldKind: TypeAlias = Literal[
    "text",
    "integer",
    "number",
    "boolean",
    "choice",
    "date",
    "datetime",
    "time",
    "path",
    "file",
    "list",
    "mapping",
    "group",
]

Plain: TypeAlias = "str | int | float | bool | list[Any] | dict[str, Any] | None"
"""What JSON can say: how a value stands in a form and comes back from it."""

MAX_BYTES = 10_000_000
"""Bytes of an uploaded file at most, unless a question says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form, as plain data.

    A front end shows it by its `kind` and sends back plain data: text or a number for
    scalars (dates and times as ISO 8601), a label for a choice (a list of them with
    `many`), a list, a dict for a mapping or a group, and for a file a dict with `name`,
    `content` (bytes, or base64 as text) and `media_type`. What is left out of a group
    takes its default; None or "" is an empty field.

    Attributes
    ----------
    name
        Its name in the group around it, or "" for the only field of a form.
    kind
        What it holds.
    label, help, placeholder
        For people. They are text, never markup.
    required
        Whether it may not be left out.
    optional
        Whether it may be empty, and is None then.
    default
        What it holds at first, as plain data. A secret one shows none.
    secret
        Whether what is typed shows as dots, and is kept nowhere.
    minimum, maximum, above, below
        Bounds of a number or, as ISO text, of a date or time; the last two are outside
        of what is allowed.
    multiple_of
        What a number must be a multiple of.
    min_length, max_length
        Bounds of the characters of a text, or of the items of a list.
    pattern
        Regular expression for a text.
    options
        Labels of a choice, each once.
    many
        Whether any number of options may be chosen.
    fields
        The fields of a group.
    item
        Each item of a list, or each value of a mapping.
    max_bytes
        Size of a file at most.

    Examples
    --------
    >>> Field(name="days", kind="integer", label="Days", minimum=1).kind
    'integer'
    """

    name: str = ""
    kind: FieldKind = "text"
    label: str = ""
    help: str = ""
    placeholder: str = ""
    required: bool = True
    optional: bool = False
    default: Plain = None
    secret: bool = False
    minimum: float | str | None = None
    maximum: float | str | None = None
    above: float | str | None = None
    below: float | str | None = None
    multiple_of: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    options: tuple[str, ...] = ()
    many: bool = False
    fields: tuple[Field, ...] = ()
    item: Field | None = None
    max_bytes: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as data for JSON, without what is as it is by default.

        Examples
        --------
        >>> Field(name="days", kind="integer", label="Days", minimum=1).to_dict()
        {'name': 'days', 'kind': 'integer', 'label': 'Days', 'minimum': 1}
        """
        data: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name in {"name", "kind"} or value != each.default:
                data[each.name] = _plain(value)
        return data


@dataclass(frozen=True, slots=True)
class Form:
    """What a question asks for: one field, or the fields of a group.

    Attributes
    ----------
    root
        The field; of kind `group` where there are several.

    Examples
    --------
    >>> form = Form(Field(kind="group", fields=(Field(name="a"), Field(name="b"))))
    >>> form.single, [field.name for field in form.fields]
    (False, ['a', 'b'])
    """

    root: Field

    @property
    def single(self) -> bool:
        """Whether it is one field, whose bare value is the answer."""
        return self.root.kind != "group"

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields to show, one or more."""
        return (self.root,) if self.single else self.root.fields

    def to_dict(self) -> dict[str, Any]:
        """Return it as data for JSON.

        Examples
        --------
        >>> Form(Field(kind="integer")).to_dict()
        {'single': True, 'fields': [{'name': '', 'kind': 'integer'}]}
        """
        return {
            "single": self.single,
            "fields": [field.to_dict() for field in self.fields],
        }


def _plain(value: Any) -> Any:  # noqa: ANN401 - one of the types of `Field`
    if isinstance(value, Field):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value
