"""States themselves: the one that takes anything, and how any becomes data."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from notebook_async.errors import InvalidArgumentError
from notebook_async.workflow._dict_model import DictLikeModel
from notebook_async.workflow.context._problem import SerdeError

if TYPE_CHECKING:
    from collections.abc import Collection

    from notebook_async.workflow.context.serializers import BaseSerializer

__all__ = ["DictState", "fresh", "merged", "read_state", "write_state"]

ModelT = TypeVar("ModelT", bound=BaseModel)

# Chat memories hold clients, and agents make them anew.
_MAY_BE_LOST = frozenset({"memory"})


class DictState(DictLikeModel):
    """The state of a workflow that declares none: any keys, any values.

    Examples
    --------
    >>> state = DictState(pages=3)
    >>> state.pages, state["pages"], state.get("tries", 0)
    (3, 3, 0)
    """


def merged(old: ModelT, new: Any) -> ModelT:
    """Return the state that replaces `old`: `new`, or `old` with the values of `new`.

    Examples
    --------
    >>> merged(DictState(pages=1), DictState(tries=2))
    DictState(tries=2)
    """
    if isinstance(new, type(old)):
        return new.model_copy()
    if isinstance(old, type(new)):
        values = {**new.__dict__, **(new.__pydantic_extra__ or {})}
        both: ModelT = old.model_copy(update=values)
        return both
    raise InvalidArgumentError(
        f"the state is a {type(old).__name__}, and a {type(new).__name__} is neither of"
        f" that class nor of one that it derives from: give a {type(old).__name__} (run"
        " the cell that makes the workflow again if you have redefined its state)"
    )


def fresh(kind: type[ModelT]) -> ModelT:
    """Return a state with the defaults of its class.

    Examples
    --------
    >>> fresh(DictState)
    DictState()
    """
    try:
        return kind()
    except ValidationError as error:
        needed = [n for n, field in kind.model_fields.items() if field.is_required()]
        raise InvalidArgumentError(
            f"{kind.__name__} has no defaults to go back to: give"
            f" {', '.join(needed) or 'its fields'} a default, or use set_state()"
        ) from error


# -- as data


def _serialize(serializer: BaseSerializer, value: object) -> str:
    """Let any serializer fail in the same manner, so that the path can be added."""
    try:
        return serializer.serialize(value)
    except SerdeError:
        raise
    except Exception as error:
        raise SerdeError(
            f"a {type(value).__name__} cannot be saved by"
            f" {type(serializer).__name__} ({error}): leave it out (exclude=)"
        ) from error


def _deserialize(serializer: BaseSerializer, text: str) -> Any:
    try:
        return serializer.deserialize(text)
    except SerdeError:
        raise
    except Exception as error:
        raise SerdeError(
            f"cannot be loaded by {type(serializer).__name__} ({error}): was it written"
            " by the same serializer?"
        ) from error


def write_state(
    state: BaseModel, serializer: BaseSerializer, exclude: Collection[str]
) -> Any:
    """Return a state as data: each value as a text, or a typed state as one.

    Examples
    --------
    >>> from notebook_async.workflow.context.serializers import JsonSerializer
    >>> write_state(DictState(pages=3, llm=print), JsonSerializer(), {"llm"})
    {'_data': {'pages': '3'}}
    """
    if type(state) is DictState:
        return {"_data": _write_each(state.to_dict(), serializer, exclude)}
    return _write_all(state, serializer, exclude)


def read_state(data: Any, serializer: BaseSerializer) -> BaseModel:
    """Return the state that `write_state` was given.

    Examples
    --------
    >>> from notebook_async.workflow.context.serializers import JsonSerializer
    >>> read_state({"_data": {"pages": "3"}}, JsonSerializer())
    DictState(pages=3)
    """
    try:
        if isinstance(data, dict) and isinstance(data.get("_data"), dict):
            return _read_each(data["_data"], serializer)
        return DictState() if data is None else _read_all(data, serializer)
    except SerdeError as error:
        raise error.under("store") from error.__cause__


def _write_each(
    values: dict[str, Any], serializer: BaseSerializer, exclude: Collection[str]
) -> dict[str, str]:
    out: dict[str, str] = {}
    for key, value in values.items():
        if key in exclude:
            continue
        try:
            out[key] = _serialize(serializer, value)
        except SerdeError as error:
            error.under_key(key).under("store")
            if key not in _MAY_BE_LOST:
                raise
            warnings.warn(f"left out of the snapshot: {error}", stacklevel=4)
    return out


def _write_all(
    state: BaseModel, serializer: BaseSerializer, exclude: Collection[str]
) -> str:
    if exclude:
        state = state.model_copy()
        for name in exclude:
            state.__dict__.pop(name, None)
            (state.__pydantic_extra__ or {}).pop(name, None)
    try:
        return _serialize(serializer, state)
    except SerdeError as error:
        raise error.under("store") from error.__cause__


def _read_each(values: dict[str, str], serializer: BaseSerializer) -> DictState:
    state = DictState()
    for key, text in values.items():
        try:
            state[key] = _deserialize(serializer, text)
        except SerdeError as error:
            raise error.under_key(key) from error.__cause__
    return state


def _read_all(data: Any, serializer: BaseSerializer) -> BaseModel:
    if not isinstance(data, str):
        raise SerdeError(
            f"the data of a state is a text or {{'_data': {{...}}}}, got {data!r:.60}"
        )
    state = _deserialize(serializer, data)
    if not isinstance(state, BaseModel):
        raise SerdeError(f"a state must be a model, got a {type(state).__name__}")
    return state
