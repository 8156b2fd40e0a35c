"""Values to what JSON can say, in one walk.

The class of a value decides, not its base: a subclass of `str` or `dict` would come
back as its base, so it is refused. How a class is written is found out once.
"""

from __future__ import annotations

import dataclasses
from enum import Enum
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from notebook_async.workflow.context._problem import SerdeError
from notebook_async.workflow.context._tags import LEAF_WRITERS, TAG
from notebook_async.workflow.context._types import TypeTable, is_named_tuple, name_of
from notebook_async.workflow.events import Event, UnreconstructedException

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Writer = Callable[[Any], Any]

__all__ = ["Encoder"]

_AS_IS = frozenset({str, bool, type(None)})
_PLAIN = (str, bool, int, float, type(None))


class Encoder:
    """Writes values for one table of types.

    Parameters
    ----------
    types
        The classes that could be loaded again; instances of others are refused.
    fallback
        Writes what has no form in JSON, or raises.

    Examples
    --------
    >>> Encoder(TypeTable()).encode({"ids": (1, 2)})
    {'ids': {'__tag__': 'tuple', 'value': [1, 2]}}
    """

    def __init__(self, types: TypeTable, fallback: Writer | None = None) -> None:
        self._types = types
        self._fallback = fallback
        self._writers: dict[type[Any], Writer] = {
            **LEAF_WRITERS,
            dict: self._write_dict,
            list: self._write_items,
            **{kind: self._writer_of_items(kind) for kind in (tuple, set, frozenset)},
        }

    def encode(self, value: Any) -> Any:
        """Return a value in terms of JSON.

        Raises
        ------
        SerdeError
            If the value, or one inside it, would not come back.

        Examples
        --------
        >>> Encoder(TypeTable()).encode([1, object()])
        Traceback (most recent call last):
        SerdeError: [1]: a value of class object cannot be saved: ...
        """
        kind = type(value)
        if kind in _AS_IS:
            return value
        write = self._writers.get(kind)
        if write is None:
            write = self._find_writer(kind)
        return write(value)

    def _find_writer(self, kind: type[Any]) -> Writer:
        if issubclass(kind, type):
            return self._write_class
        if issubclass(kind, BaseException):
            return self._write_error
        make = self._maker_for(kind)
        if make is None or not self._types.knows(kind):
            return self._fallback or _refuse
        writer = make(kind, name_of(kind))
        self._writers[kind] = writer
        return writer

    def _maker_for(self, kind: type[Any]) -> Callable[[type[Any], str], Writer] | None:
        # A component knows best: it leaves out its keys, and opens its client again.
        if _is_component(kind) and self._types.names(kind):
            return self._writer_of_component
        if issubclass(kind, Enum):
            return self._writer_of_enum
        if issubclass(kind, BaseModel):
            return self._writer_of_model
        if dataclasses.is_dataclass(kind):
            return self._writer_of_dataclass
        return self._writer_of_named_tuple if is_named_tuple(kind) else None

    # -- containers

    def _write_items(self, value: Iterable[Any]) -> list[Any]:
        out: list[Any] = []
        add, encode = out.append, self.encode
        try:
            for item in value:
                add(item if type(item) in _AS_IS else encode(item))
        except SerdeError as error:
            raise error.under(f"[{len(out)}]") from None
        return out

    def _writer_of_items(self, kind: type[Any]) -> Writer:
        tag = kind.__name__
        return lambda value: {TAG: tag, "value": self._write_items(value)}

    def _write_dict(self, value: dict[Any, Any]) -> dict[str, Any]:
        for key in value:
            if type(key) is not str or key == TAG:
                return self._write_pairs(value)
        return self._write_values(value)

    def _write_values(self, value: dict[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        encode = self.encode
        key = ""
        try:
            for key, item in value.items():
                out[key] = item if type(item) in _AS_IS else encode(item)
        except SerdeError as error:
            raise error.under_key(key) from None
        return out

    def _write_pairs(self, value: dict[Any, Any]) -> dict[str, Any]:
        """Write a dict whose keys JSON would change, or that looks like a tag."""
        pairs: list[list[Any]] = []
        key: Any = None
        try:
            for key, item in value.items():
                pairs.append([self.encode(key), self.encode(item)])
        except SerdeError as error:
            raise error.under_key(key) from None
        return {TAG: "dict", "value": pairs}

    # -- instances of classes

    def _writer_of_model(self, kind: type[BaseModel], name: str) -> Writer:
        fields = kind.model_fields
        private = _PrivateWriter(kind, self)

        def write(value: BaseModel) -> dict[str, Any]:
            held = value.__dict__
            if len(held) != len(fields):  # a cached property stays out
                held = {field: held[field] for field in fields if field in held}
            data = {TAG: "model", "type": name, "fields": self._write_values(held)}
            extra = value.__pydantic_extra__
            if extra:
                data["extra"] = self._write_values(extra)
            if private.names and (found := private.write(value)):
                data["private"] = found
            given = value.__pydantic_fields_set__
            if len(given) < len(held) + len(extra or ()):
                data["set"] = sorted(given)
            return data

        return write

    def _writer_of_dataclass(self, kind: type[Any], name: str) -> Writer:
        names = [field.name for field in dataclasses.fields(kind)]

        def write(value: Any) -> dict[str, Any]:
            held = {field: getattr(value, field) for field in names}
            return {TAG: "dataclass", "type": name, "fields": self._write_values(held)}

        return write

    def _writer_of_named_tuple(self, kind: type[Any], name: str) -> Writer:  # noqa: ARG002
        return lambda value: {
            TAG: "namedtuple",
            "type": name,
            "fields": self._write_values(value._asdict()),
        }

    def _writer_of_enum(self, kind: type[Any], name: str) -> Writer:
        def write(value: Enum) -> dict[str, Any]:
            data: dict[str, Any] = {TAG: "enum", "type": name}
            if value.name in kind.__members__:
                return {**data, "name": value.name}
            return {**data, "value": self.encode(value.value)}  # flags put together

        return write

    def _writer_of_component(self, kind: type[Any], name: str) -> Writer:  # noqa: ARG002
        return lambda value: {
            TAG: "component",
            "type": name,
            "value": self.encode(value.to_dict()),
        }

    def _write_error(self, error: BaseException) -> dict[str, Any]:
        """Write what can be told of an exception; any can be written."""
        data: dict[str, Any] = {
            TAG: "exception",
            "type": name_of(type(error)),
            "message": str(error),
        }
        if isinstance(error, UnreconstructedException) and error.original_type:
            data["type"] = error.original_type
        if all(type(argument) in _PLAIN for argument in error.args):
            data["args"] = self._write_items(error.args)
        if notes := getattr(error, "__notes__", None):
            data["notes"] = [str(note) for note in notes]
        return data

    def _write_class(self, kind: type[Any]) -> Any:
        if issubclass(kind, Event) and self._types.knows(kind):
            return {TAG: "class", "type": name_of(kind)}
        return (self._fallback or _refuse)(kind)


class _PrivateWriter:
    """Writes the private attributes of a model, as far as they were set."""

    def __init__(self, kind: type[BaseModel], encoder: Encoder) -> None:
        self.names = kind.__private_attributes__
        self._encoder = encoder

    def write(self, value: BaseModel) -> dict[str, Any]:
        held = value.__pydantic_private__ or {}
        out: dict[str, Any] = {}
        for name, private in self.names.items():
            if name not in held or held[name] is private.default:
                continue
            try:
                out[name] = self._encoder.encode(held[name])
            except SerdeError as error:
                # A lock, say: what the class makes by itself, it can make again.
                if private.default_factory is None or error.path:
                    raise error.under_key(name) from None
        return out


def _is_component(kind: type[Any]) -> bool:
    return all(hasattr(kind, name) for name in ("class_name", "to_dict", "from_dict"))


def _refuse(value: Any) -> Any:
    if isinstance(value, type):
        what, name = f"the class {value.__qualname__}", value.__name__
    else:
        kind = type(value)
        module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
        what = f"a value of class {module}{kind.__qualname__}"
        name = kind.__name__
    raise SerdeError(
        f"{what} cannot be saved: JSON has no form for it, or nothing would load its"
        f" class again; use JsonSerializer(allowed_types=[{name}]) if it is a model, a"
        " dataclass, an enum or has class_name(), to_dict() and from_dict(), write a"
        " serializer of your own, or leave it out (exclude=)"
    )
