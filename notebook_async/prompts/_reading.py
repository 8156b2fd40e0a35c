"""Read what a person gave back: a value, or what is wrong with which field."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from notebook_async.core._short import one_line
from notebook_async.errors import ArgumentTypeError
from notebook_async.prompts._complaints import (
    NOT_ACCEPTED,
    complaint,
    path_of,
    without_secrets,
)
from notebook_async.prompts._form import Field
from notebook_async.prompts._given import filled
from notebook_async.prompts._plain import words
from notebook_async.prompts._prepare import LEFT_OUT, Prepared, prepare
from notebook_async.prompts._shape import Shape
from notebook_async.prompts._values import Approval

if TYPE_CHECKING:
    from collections.abc import Callable

    Validate: TypeAlias = Callable[[Any], object]

__all__ = ["ApprovalReader", "ChoiceReader", "Read", "Reader", "TypeReader", "read"]

_YES = {"y", "yes", "true", "ok", "approve", "approved"}
_NO = {"n", "no", "false", "reject", "rejected"}
_MOST = 300
_LONGEST_REASON = 2000


@dataclasses.dataclass(frozen=True, slots=True)
class Read:
    """What came of reading an answer.

    Attributes
    ----------
    value
        The answer, where nothing is wrong.
    errors
        What is wrong, by path of the field; "" is the answer as a whole.
    """

    value: Any = dataclasses.field(default=None, repr=False)
    errors: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Reader(Protocol):
    """What turns what a person gave back into a value."""

    shape: Shape

    def read(self, raw: object, found: Prepared) -> Any:  # noqa: ANN401
        """Return the value, or note in `found` what is wrong."""

    def shown(self, value: Any) -> str:  # noqa: ANN401
        """Return the value as one line for the record."""


def read(reader: Reader, validate: Validate | None, raw: object) -> Read:
    """Read an answer; whatever it is, this does not raise."""
    found = Prepared()
    value = None
    try:
        value = reader.read(raw, found)
        if validate is not None and not found.errors:
            _ask(validate, value, found)
    except Exception as error:  # noqa: BLE001 - a user's own validation may do anything
        if not found.errors:
            _note_failure(error, reader, found)
    if found.errors:
        told = without_secrets(found.errors, found.secrets)
        return Read(errors=_in_order(reader.shape, told))
    return Read(value)


def _in_order(shape: Shape, errors: Mapping[str, str]) -> dict[str, str]:
    """Return errors in the order of the fields that they are about."""
    places = {name: place for place, name in enumerate(shape.parts)}
    paths = sorted(errors, key=lambda path: places.get(path.partition(".")[0], -1))
    return {path: errors[path] for path in paths}


def _note_failure(error: Exception, reader: Reader, found: Prepared) -> None:
    words = NOT_ACCEPTED
    if not reader.shape.field.secret:
        words = one_line(f"{type(error).__name__}: {error}", most=_MOST)
    found.refuse((), words)


def _ask(validate: Validate, value: object, found: Prepared) -> None:
    """Let the asker look at a value: a text, False or a `ValueError` refuses it."""
    try:
        verdict = validate(value)
    except ValueError as error:
        verdict = str(error) or False
    if verdict is False:
        found.refuse((), NOT_ACCEPTED)
    elif isinstance(verdict, str):
        found.refuse((), one_line(verdict, most=_MOST) or NOT_ACCEPTED)


class TypeReader:
    """Read values of a type, checked by pydantic.

    Parameters
    ----------
    shape
        The form of the type.
    kind
        The type or annotation itself.
    given
        An instance that is edited: what the answer leaves out is taken from it.
    """

    def __init__(self, shape: Shape, kind: Any, given: object = None) -> None:  # noqa: ANN401
        from pydantic import TypeAdapter  # noqa: PLC0415 - on use
        from pydantic.errors import PydanticUserError  # noqa: PLC0415

        self.shape = shape
        self._given = given
        try:
            self._adapter: TypeAdapter[Any] = TypeAdapter(kind)
        except (PydanticUserError, TypeError, NameError) as error:
            raise ArgumentTypeError(f"cannot ask for {kind!r}: {error}") from error

    def read(self, raw: object, found: Prepared) -> Any:  # noqa: ANN401
        """Return the value, or note in `found` what is wrong."""
        from pydantic import ValidationError  # noqa: PLC0415 - on use

        raw = filled(self.shape, raw, self._given)
        prepared = prepare(self.shape, raw, found)
        if prepared is LEFT_OUT:
            return None
        complaints: list[Any] = []
        try:
            value = self._adapter.validate_python(prepared)
        except ValidationError as error:
            complaints = error.errors(include_url=False)
        for each in complaints:
            self._note(each, found)
        if found.errors:
            return None
        return value

    def _note(self, error: Mapping[str, Any], found: Prepared) -> None:
        path, shape = path_of(self.shape, error["loc"])
        if not any(
            path == other or other.startswith(f"{path}.") for other in found.errors
        ):
            found.errors[path] = complaint(error, shape)

    def shown(self, value: Any) -> str:  # noqa: ANN401
        """Return the value as one line for the record."""
        return words(self.shape, value)


class ChoiceReader:
    """Read one of several options, or some of them; they may be any objects."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape

    def read(self, raw: object, found: Prepared) -> Any:  # noqa: ANN401
        """Return what was chosen, or note in `found` what is wrong."""
        return prepare(self.shape, raw, found)

    def shown(self, value: Any) -> str:  # noqa: ANN401
        """Return the labels of what was chosen."""
        return words(self.shape, value)


class ApprovalReader:
    """Read a decision: yes or no, with a reason if there is one."""

    shape = Shape(
        Field(
            kind="group",
            fields=(
                Field(name="approved", kind="boolean", label="Approve"),
                Field(name="reason", label="Reason", required=False, optional=True),
            ),
        )
    )

    def read(self, raw: object, found: Prepared) -> Any:  # noqa: ANN401
        """Return the decision, or note in `found` what is wrong."""
        if isinstance(raw, Approval):
            return raw
        approved, reason = raw, None
        if isinstance(raw, Mapping):
            approved, reason = raw.get("approved"), raw.get("reason")
            if raw.keys() - {"approved", "reason"}:
                return found.refuse((), "has a field that the form has not")
        if isinstance(approved, str):
            word = approved[:20].strip().lower()
            approved = True if word in _YES else False if word in _NO else None
        if not isinstance(approved, bool):
            return found.refuse(("approved",), "must be yes or no")
        if reason is not None and not isinstance(reason, str):
            return found.refuse(("reason",), "must be text")
        if reason is not None and len(reason) > _LONGEST_REASON:
            return found.refuse(
                ("reason",), f"is longer than {_LONGEST_REASON:,} characters"
            )
        return Approval(approved, (reason or "").strip() or None)

    def shown(self, value: Any) -> str:  # noqa: ANN401
        """Return the decision in words."""
        return one_line(str(value), most=_MOST)
