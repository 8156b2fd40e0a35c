"""What JSON says, back to values; the data is not trusted.

Nothing here imports a module or calls what data names, but for classes that the table
of types has found and that are of the kind the tag speaks of.
"""

from __future__ import annotations

import builtins
import dataclasses
from enum import Enum
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, RootModel

from notebook_async.workflow.context._problem import SerdeError
from notebook_async.workflow.context._tags import LEAF_READERS, TAG
from notebook_async.workflow.context._types import TypeTable, is_named_tuple
from notebook_async.workflow.events import Event, UnreconstructedException

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Decoder"]


class Decoder:
    """Reads what an `Encoder` wrote, for one table of types.

    Parameters
    ----------
    types
        The classes that data may name.
    unpickle
        Reads a pickle, or None where pickles are not read.

    Examples
    --------
    >>> Decoder(TypeTable()).decode({"ids": {"__tag__": "tuple", "value": [1, 2]}})
    {'ids': (1, 2)}
    """

    def __init__(
        self, types: TypeTable, unpickle: Callable[[str], Any] | None = None
    ) -> None:
        self._types = types
        self._unpickle = unpickle
        self._aliases: dict[type[BaseModel], dict[str, str]] = {}

    def decode(self, data: Any) -> Any:
        """Return the value that was written.

        Raises
        ------
        SerdeError
            If the data is not well formed, or names a class that is not trusted.

        Examples
        --------
        >>> Decoder(TypeTable()).decode([{"__tag__": "class", "type": "os:system"}])
        Traceback (most recent call last):
        SerdeError: [0]: os.system is not trusted: ...
        """
        kind = type(data)
        if kind is dict:
            return self._read_tagged(data) if TAG in data else self._read_values(data)
        return self._read_items(data) if kind is list else data

    def _read_items(self, data: list[Any]) -> list[Any]:
        out: list[Any] = []
        add, decode = out.append, self.decode
        try:
            for item in data:
                add(decode(item))
        except SerdeError as error:
            raise error.under(f"[{len(out)}]") from None
        return out

    def _read_values(self, data: dict[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        decode = self.decode
        key = ""
        try:
            for key, item in data.items():
                out[key] = decode(item) if type(item) in _NESTED else item
        except SerdeError as error:
            raise error.under_key(key) from None
        return out

    def _read_tagged(self, data: dict[str, Any]) -> Any:
        tag = data[TAG]
        try:
            if (read_leaf := LEAF_READERS.get(tag)) is not None:
                return read_leaf(data)
            return _READERS[tag](self, data)
        except (SerdeError, RecursionError):
            raise
        except Exception as error:
            raise SerdeError(
                f"what is tagged {tag!r} cannot be read ({type(error).__name__}:"
                f" {error}): was it written by another version of the class?"
            ) from error

    def _find(self, data: dict[str, Any], wanted: Callable[[type[Any]], bool]) -> Any:
        """Return the class that data names, if it is of the kind that the tag says."""
        kind = self._types.find(data["type"])
        if not wanted(kind):
            raise SerdeError(
                f"{data['type']} is not what its tag says, {data[TAG]!r}: the data was"
                " changed, or written by another version of the class"
            )
        return kind

    def _read_pairs(self, data: dict[str, Any]) -> dict[Any, Any]:
        return {self.decode(key): self.decode(item) for key, item in data["value"]}

    def _read_model(self, data: dict[str, Any]) -> BaseModel:
        kind = self._find(data, _is_model)
        fields = self._read_values(data["fields"])
        extra = self._read_values(data["extra"]) if "extra" in data else None
        given: Any = {**extra, **fields} if extra else dict(fields)
        if issubclass(kind, RootModel):
            given = fields["root"]
        else:
            given.pop("_data", None)  # an overflow in other clothes
            self._use_aliases(kind, given)
        model: BaseModel = kind.__new__(kind)
        # Not `model_validate`: it would call an `__init__` with its own parameters.
        kind.__pydantic_validator__.validate_python(given, self_instance=model)
        if extra and model.__pydantic_extra__ is not None:
            model.__pydantic_extra__.clear()
            model.__pydantic_extra__.update(extra)
        if "private" in data and (held := model.__pydantic_private__) is not None:
            private = self._read_values(data["private"])
            names = private.keys() & kind.__private_attributes__.keys()
            held.update({name: private[name] for name in names})
        if "set" in data:
            given_names = {name for name in data["set"] if isinstance(name, str)}
            object.__setattr__(model, "__pydantic_fields_set__", given_names)
        return model

    def _use_aliases(self, kind: type[BaseModel], given: dict[str, Any]) -> None:
        aliases = self._aliases.get(kind)
        if aliases is None:
            aliases = self._aliases[kind] = _aliases(kind)
        for name, alias in aliases.items():
            if name in given:
                given[alias] = given.pop(name)

    def _read_dataclass(self, data: dict[str, Any]) -> Any:
        kind = self._find(data, dataclasses.is_dataclass)
        fields = self._read_values(data["fields"])
        taken = {field.name: field.init for field in dataclasses.fields(kind)}
        value = kind(**{n: v for n, v in fields.items() if taken.get(n, True)})
        for name in fields.keys() & taken.keys():
            if not taken[name]:
                object.__setattr__(value, name, fields[name])
        return value

    def _read_named_tuple(self, data: dict[str, Any]) -> Any:
        kind = self._find(data, is_named_tuple)
        return kind(**self._read_values(data["fields"]))

    def _read_enum(self, data: dict[str, Any]) -> Any:
        kind = self._find(data, lambda kind: issubclass(kind, Enum))
        if "name" in data:
            return kind.__members__[data["name"]]
        return kind(self.decode(data["value"]))

    def _read_component(self, data: dict[str, Any]) -> Any:
        kind = self._find(data, self._types.names)
        return kind.from_dict(self.decode(data["value"]))

    def _read_class(self, data: dict[str, Any]) -> Any:
        return self._find(data, lambda kind: issubclass(kind, Event))

    def _read_error(self, data: dict[str, Any]) -> Exception:
        message = str(data["message"])
        error = self._rebuild_error(data, message)
        if error is None:
            name = data["type"].replace(":", ".")
            error = UnreconstructedException(message, original_type=name)
        for note in data.get("notes", ()):
            error.add_note(str(note))
        return error

    def _rebuild_error(self, data: dict[str, Any], message: str) -> Exception | None:
        """Return the exception itself, if its class is at hand and takes its words."""
        module, _, name = data["type"].partition(":")
        try:
            if module == "builtins":
                kind = vars(builtins)[name]
            else:
                kind = self._types.find(data["type"])
            if isinstance(kind, type) and issubclass(kind, Exception):
                args = self._read_items(data["args"]) if "args" in data else [message]
                error = kind(*args)
                return error if str(error) == message else None
        except Exception:  # noqa: BLE001 - then its name and message must do
            return None
        return None

    def _read_pickle(self, data: dict[str, Any]) -> Any:
        if self._unpickle is None:
            raise SerdeError(
                "this is a pickle, and loading one runs whatever it says: if you wrote"
                " it yourself, load with JsonPickleSerializer(trusted=True)"
            )
        return self._unpickle(data["value"])


def _is_model(kind: type[Any]) -> bool:
    return issubclass(kind, BaseModel)


_NESTED = frozenset({dict, list})

_READERS: dict[str, Callable[[Decoder, dict[str, Any]], Any]] = {
    "dict": Decoder._read_pairs,
    "tuple": lambda self, data: tuple(self._read_items(data["value"])),
    "set": lambda self, data: set(self._read_items(data["value"])),
    "frozenset": lambda self, data: frozenset(self._read_items(data["value"])),
    "model": Decoder._read_model,
    "dataclass": Decoder._read_dataclass,
    "namedtuple": Decoder._read_named_tuple,
    "enum": Decoder._read_enum,
    "component": Decoder._read_component,
    "class": Decoder._read_class,
    "exception": Decoder._read_error,
    "pickle": Decoder._read_pickle,
}


def _aliases(kind: type[BaseModel]) -> dict[str, str]:
    """Return what the validation of a class calls its fields, where it differs."""
    found: dict[str, str] = {}
    for name, field in kind.model_fields.items():
        alias = field.validation_alias
        for choice in getattr(alias, "choices", [alias]):
            if isinstance(choice, str):
                found[name] = choice
                break
    return found
