"""Make questions out of what `ask`, `approve` and `choose` are given."""

from __future__ import annotations

import dataclasses
import inspect
import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Optional

from notebook_async.core._scope import current_scope
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.prompts._annotations import unwrap
from notebook_async.prompts._form import Field, Form
from notebook_async.prompts._given import edited, is_instance, started
from notebook_async.prompts._plain import plain
from notebook_async.prompts._prompt import Asking
from notebook_async.prompts._question import Question
from notebook_async.prompts._queue import next_id
from notebook_async.prompts._reading import ApprovalReader, ChoiceReader, TypeReader
from notebook_async.prompts._shape import Shape, labelled
from notebook_async.prompts._values import Approval

if TYPE_CHECKING:
    from notebook_async.prompts._reading import Reader, Validate

__all__ = ["approving", "asking", "choosing"]

_LENGTHS = {"text", "list", "mapping"}


def asking(
    text: str,
    kind: Any,  # noqa: ANN401 - any annotation, or an instance
    *,
    bounds: tuple[Any, Any] = (None, None),
    secret: bool = False,
    validate: Validate | None = None,
    **rest: Any,  # noqa: ANN401 - see `_asking`
) -> Asking:
    """Return the question that `ask` asks."""
    if validate is not None and inspect.iscoroutinefunction(validate):
        raise ArgumentTypeError(
            "validate must be an ordinary function, not an async one"
        )
    given, finish, default = None, None, rest["default"]
    if is_instance(kind):
        given, kind = kind, type(kind)
        finish = _in_place(given)
    elif is_instance(default) and isinstance(kind, type) and isinstance(default, kind):
        given = default
    shape, kind = _shape(kind, bounds)
    if secret:
        shape = _hidden(shape)
    if given is not None and shape.parts:
        shape = started(shape, given)
    asked = _asking("ask", text, TypeReader(shape, kind, given), **rest)
    return dataclasses.replace(asked, validate=validate, finish=finish)


def approving(text: str, **rest: Any) -> Asking:  # noqa: ANN401 - see `_asking`
    """Return the question that `approve` asks."""
    if isinstance(rest["default"], bool):
        rest["default"] = Approval(rest["default"])
    return _asking("approve", text, ApprovalReader(), **rest)


def choosing(
    text: str,
    options: Iterable[Any] | Mapping[str, Any],
    *,
    many: bool,
    **rest: Any,  # noqa: ANN401 - see `_asking`
) -> Asking:
    """Return the question that `choose` asks."""
    if isinstance(options, str | bytes) or not hasattr(options, "__iter__"):
        raise ArgumentTypeError(
            f"options must be a list, or a dict of labels, got {options!r}"
        )
    if isinstance(options, Mapping):
        values = {str(label): value for label, value in options.items()}
    else:
        values = labelled(options)
    if not values:
        raise InvalidArgumentError(f"there are no options to choose from: {text!r}")
    field = Field(kind="choice", options=tuple(values), many=many)
    shape = Shape(field, values=values)
    return _asking("choose", text, ChoiceReader(shape), **rest)


def _asking(  # noqa: PLR0913 - what the three calls have in common
    kind: Any,  # noqa: ANN401 - a `Kind`
    text: str,
    reader: Reader,
    *,
    default: Any,  # noqa: ANN401 - of the type that is asked for
    timeout: float | None,
    name: str | None,
    help: str = "",  # noqa: A002 - as in `Question`
    placeholder: str = "",
    detail: Any = None,  # noqa: ANN401 - any object
) -> Asking:
    if not isinstance(text, str):
        raise ArgumentTypeError(f"the question must be text, got {text!r}")
    form, shown = _form(reader, default, text)
    created = time.time()
    seconds = _seconds(timeout)
    question = Question(
        id=next_id(),
        text=text,
        kind=kind,
        form=form,
        name=name,
        help=help,
        placeholder=placeholder,
        detail=detail,
        has_default=default is not ...,
        default=shown,
        timeout=seconds,
        created=created,
        deadline=None if seconds is None else created + seconds,
        secret=reader.shape.field.secret,
        source=current_scope.get().path,
    )
    return Asking(question, reader, default=default)


def _form(reader: Reader, default: Any, text: str) -> tuple[Form, Any]:  # noqa: ANN401
    """Return the form with its default in place, and that default as plain data."""
    root = reader.shape.field
    if default is ...:
        return Form(dataclasses.replace(root, label=root.label or text)), None
    if isinstance(default, Approval):
        shown: Any = {"approved": default.approved, "reason": default.reason}
    else:
        shown = plain(reader.shape, default)
    label = root.label or text
    return Form(dataclasses.replace(root, label=label, default=shown)), shown


def _seconds(timeout: float | None) -> float | None:
    if timeout is None:
        return None
    if isinstance(timeout, bool) or not isinstance(timeout, int | float):
        raise ArgumentTypeError(f"timeout must be seconds, got {timeout!r}")
    if not math.isfinite(timeout) or timeout < 0:
        raise InvalidArgumentError(f"timeout must be finite and >= 0, got {timeout}")
    return float(timeout)


def _shape(kind: Any, bounds: tuple[Any, Any]) -> tuple[Shape, Any]:  # noqa: ANN401
    """Return the form of a type, and the type with its bounds."""
    # On use: it needs pydantic.
    from notebook_async.prompts._describe import describe  # noqa: PLC0415

    shape = describe(kind)
    least, most = bounds
    if least is None and most is None:
        return shape, kind
    if shape.field.kind == "file" and least is None:
        field = dataclasses.replace(shape.field, max_bytes=most)
        return dataclasses.replace(shape, field=field), kind
    if shape.field.kind in {"group", "boolean", "choice", "path", "file"}:
        raise InvalidArgumentError(
            f"min and max mean nothing for {getattr(kind, '__name__', kind)}"
        )
    from pydantic import Field as Constraint  # noqa: PLC0415 - on use

    if shape.field.kind in _LENGTHS:
        constraint = Constraint(min_length=least, max_length=most)
    else:
        constraint = Constraint(ge=least, le=most)
    bare = unwrap(kind)
    kind = Annotated[bare.kind, *bare.metadata, constraint]
    if bare.optional:
        kind = Optional[kind]  # noqa: UP045 - of a value
    return describe(kind), kind


def _hidden(shape: Shape) -> Shape:
    if shape.field.kind not in {"text", "integer", "number"}:
        raise InvalidArgumentError(
            "secret is for text and numbers; a model has SecretStr for its fields"
        )
    return dataclasses.replace(
        shape, field=dataclasses.replace(shape.field, secret=True)
    )


def _in_place(given: object) -> Callable[[Any], Any]:
    def finish(value: object) -> Any:  # noqa: ANN401 - an instance
        return given if value is given else edited(given, value)

    return finish
