"""A field together with what Python knows of it: its options, its parts, its model."""

from __future__ import annotations

import dataclasses
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notebook_async.prompts._form import Field

__all__ = ["Shape", "label_of", "labelled"]


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """What stands behind a field.

    Attributes
    ----------
    field
        What a front end sees.
    kind
        The type of its values, or None for anything.
    values
        What each option stands for, by label.
    parts
        The fields of a group, by name.
    keys
        What pydantic calls these, where an alias makes it another name.
    item
        Each item of a list, or value of a mapping.
    hidden
        Fields of a model that no form can show; they keep what they hold.
    """

    field: Field
    kind: Any = None
    values: dict[str, Any] = dataclasses.field(default_factory=dict)
    parts: dict[str, Shape] = dataclasses.field(default_factory=dict)
    keys: dict[str, str] = dataclasses.field(default_factory=dict)
    item: Shape | None = None
    hidden: tuple[str, ...] = ()

    def choose(self, raw: object) -> tuple[bool, Any]:
        """Return whether there is such an option, and what it stands for.

        An option may be named by its label or, from code, by its own value.
        """
        if isinstance(raw, str) and raw in self.values:
            return True, self.values[raw]
        for value in self.values.values():
            if value is raw or _same(value, raw):
                return True, value
        return False, None

    def label(self, value: object) -> str | None:
        """Return the label of an option, or None where there is no such option."""
        for label, each in self.values.items():
            if each is value or _same(each, value):
                return label
        return None


def label_of(value: object) -> str:
    """Return what names an option to people."""
    if isinstance(value, Enum):
        return value.value if isinstance(value.value, str) else value.name
    return str(value)


def labelled(values: Iterable[Any]) -> dict[str, Any]:
    """Return values by their labels, which are made to differ.

    Examples
    --------
    >>> labelled(["a", "a", 1])
    {'a': 'a', 'a (2)': 'a', '1': 1}
    """
    found: dict[str, Any] = {}
    for value in values:
        label = text = label_of(value)
        number = 1
        while label in found:
            number += 1
            label = f"{text} ({number})"
        found[label] = value
    return found


def _same(one: object, other: object) -> bool:
    """Tell whether two values are equal and of one type; a user's may do anything."""
    if type(one) is not type(other):
        return False
    try:
        return bool(one == other)
    except Exception:  # noqa: BLE001
        return False
