"""Dotted paths into a state: `agent.history.0` goes through keys, indexes and names.

Setting never changes a container that a reader may hold: those along the path are
copied, the top one last, so that a path that leads nowhere changes nothing.
"""

from __future__ import annotations

import copy
import dataclasses
from collections import deque
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ValidationError

from notebook_async.errors import InvalidArgumentError
from notebook_async.workflow._dict_model import DictLikeModel

__all__ = ["MISSING", "copied", "read", "read_model", "write"]

MISSING: Any = object()

_LONGEST = 1000


# -- reading


def read_model(model: BaseModel, name: str) -> Any:
    """Return a field, an undeclared value or a property of a model, or MISSING.

    Methods are no values: `items` is as good a key as any.

    Examples
    --------
    >>> read_model(DictLikeModel(items=3), "items")
    3
    >>> read_model(DictLikeModel(), "items") is MISSING
    True
    """
    held = model.__dict__
    if name in held:
        return held[name]
    extra = model.__pydantic_extra__
    if extra and name in extra:
        return extra[name]
    if isinstance(getattr(type(model), name, None), property | cached_property):
        return getattr(model, name, MISSING)
    return MISSING


def read(model: BaseModel, path: str) -> Any:
    """Return what a path leads to, or MISSING.

    Examples
    --------
    >>> read(DictLikeModel(pages=[{"url": "a.html"}]), "pages.0.url")
    'a.html'
    """
    first, *names = path.split(".")
    found = read_model(model, first)
    for name in names:
        if found is MISSING:
            break
        found = _child(found, name)
    return found


def _child(holder: Any, name: str) -> Any:
    if isinstance(holder, dict):
        return holder.get(name, MISSING)
    if isinstance(holder, list | tuple):
        try:
            return holder[int(name)]
        except (ValueError, IndexError):
            return MISSING
    if isinstance(holder, BaseModel):
        return read_model(holder, name)
    return MISSING if name.startswith("__") else getattr(holder, name, MISSING)


# -- writing


def write(model: BaseModel, path: str, value: Any) -> None:
    """Set what a path leads to; dicts that are missing on the way are made.

    Raises
    ------
    InvalidArgumentError
        If the path leads nowhere; nothing has changed then.

    Examples
    --------
    >>> state = DictLikeModel()
    >>> write(state, "agent.name", "Ada")
    >>> state.agent
    {'name': 'Ada'}
    """
    if not path:
        raise InvalidArgumentError(
            "the path is empty: name a key, or replace all with set_state()"
        )
    first, *names = path.split(".", _LONGEST)
    if len(names) >= _LONGEST:
        raise InvalidArgumentError(
            f"the path has more than {_LONGEST} segments: {path[:40]}..."
        )
    if not names:
        extra = model.__pydantic_extra__
        if extra and path in extra:  # most often
            extra[path] = value
            return
        _put(model, first, value, path)
        return
    top = holder = _open(read_model(model, first))
    for name in names[:-1]:
        inner = _open(_child(holder, name))
        _put(holder, name, inner, path)
        holder = inner
    _put(holder, names[-1], value, path)
    _put(model, first, top, path)


def _open(holder: Any) -> Any:
    """Return a copy that may be changed; an object that is no container is itself."""
    if holder is MISSING:
        return {}
    if isinstance(holder, dict | list | BaseModel):
        return copy.copy(holder)
    return holder


def _put(holder: Any, name: str, value: Any, path: str) -> None:
    """Set one key, index or attribute; what cannot be set is the path's fault."""
    try:
        _assign(holder, name, value)
    except ValidationError:
        raise  # the model asked for it, with `validate_assignment`
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise InvalidArgumentError(
            f"cannot set {path!r}: {name!r} leads nowhere in a"
            f" {type(holder).__name__} ({error}); see `await store.get_state()` for"
            " what is there"
        ) from error


def _assign(holder: Any, name: str, value: Any) -> None:
    if isinstance(holder, dict):
        holder[name] = value
    elif isinstance(holder, list):
        holder[int(name)] = value
    elif isinstance(holder, DictLikeModel) and name not in type(holder).model_fields:
        holder[name] = value
    elif name.startswith("__"):
        raise AttributeError("names with two underscores are Python's own")
    else:
        setattr(holder, name, value)


# -- copying


def copied(value: Any, memo: dict[int, Any] | None = None) -> Any:
    """Return a copy of all containers, however deep; what they hold is shared.

    Dicts, lists, sets, models and dataclasses are containers. A client, a lock or a
    data frame is not, and stays the one that it is.

    Examples
    --------
    >>> client, pages = object(), ["a.html"]
    >>> copy = copied({"client": client, "pages": pages})
    >>> copy["client"] is client, copy["pages"] is pages
    (True, False)
    """
    kind = type(value)
    if kind in _LEAVES:
        return value
    memo = {} if memo is None else memo
    fresh: Any
    if (done := memo.get(id(value), MISSING)) is not MISSING:
        return done
    if isinstance(value, dict | list | set | deque | BaseModel):
        fresh = memo[id(value)] = copy.copy(value)
        _copy_inside(fresh, memo)
        return fresh
    if kind is tuple:
        items = tuple(copied(item, memo) for item in value)
        same = all(map(_is, items, value))
        fresh = memo[id(value)] = value if same else items
        return fresh
    if dataclasses.is_dataclass(kind) and not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        fresh = memo[id(value)] = copy.copy(value)
        for field in dataclasses.fields(kind):
            if hasattr(fresh, field.name):
                setattr(fresh, field.name, copied(getattr(fresh, field.name), memo))
        return fresh
    return value


_LEAVES = frozenset({str, int, float, bool, bytes, type(None)})


def _is(one: object, other: object) -> bool:
    return one is other


def _copy_inside(fresh: Any, memo: dict[int, Any]) -> None:
    """Copy the containers that a fresh, shallow copy of a container holds."""
    if isinstance(fresh, BaseModel):
        _copy_inside(fresh.__dict__, memo)
        if fresh.__pydantic_extra__:
            _copy_inside(fresh.__pydantic_extra__, memo)
    elif isinstance(fresh, dict):
        for key, item in fresh.items():
            fresh[key] = copied(item, memo)
    elif isinstance(fresh, list | deque):
        for index, item in enumerate(fresh):
            fresh[index] = copied(item, memo)
