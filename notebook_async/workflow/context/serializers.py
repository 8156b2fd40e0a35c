"""Values to text and back: what a snapshot of a workflow is written with."""

from __future__ import annotations

import binascii
import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

from notebook_async.errors import InvalidArgumentError
from notebook_async.workflow.context._decode import Decoder
from notebook_async.workflow.context._encode import Encoder
from notebook_async.workflow.context._problem import SerdeError
from notebook_async.workflow.context._tags import TAG, to_base64
from notebook_async.workflow.context._types import TypeTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "BaseSerializer",
    "JsonPickleSerializer",
    "JsonSerializer",
    "PickleSerializer",
]


class BaseSerializer(ABC):
    """Turns values into text and back; a subclass says how.

    Only `serialize` and `deserialize` must be written.

    Examples
    --------
    >>> class Reprs(BaseSerializer):
    ...     def serialize(self, value):
    ...         return repr(value)
    ...
    ...     def deserialize(self, value):
    ...         import ast
    ...         return ast.literal_eval(value)
    >>> Reprs().deserialize(Reprs().serialize({1, 2}))
    {1, 2}
    """

    @abstractmethod
    def serialize(self, value: Any) -> str:
        """Return a value as text; a ValueError says that it cannot be.

        Examples
        --------
        >>> JsonSerializer().serialize([1, 2])
        '[1,2]'
        """

    @abstractmethod
    def deserialize(self, value: str) -> Any:
        """Return the value that was made into text; a ValueError says why not.

        Examples
        --------
        >>> JsonSerializer().deserialize("[1,2]")
        [1, 2]
        """

    def serialize_value(self, value: Any) -> Any:
        """Return a value as something that `json` can write: here, its text.

        Examples
        --------
        >>> JsonSerializer().serialize_value([(1, 2)])
        [{'__tag__': 'tuple', 'value': [1, 2]}]
        """
        return self.serialize(value)

    def deserialize_value(self, value: Any) -> Any:
        """Return the value that `serialize_value` was given.

        Examples
        --------
        >>> JsonSerializer().deserialize_value([{"__tag__": "tuple", "value": [1, 2]}])
        [(1, 2)]
        """
        return self.deserialize(value)

    def bound_to(self, types: Iterable[type[Any]]) -> Self:  # noqa: ARG002
        """Return a serializer that may load these classes too: here, itself.

        Examples
        --------
        >>> class Page:
        ...     pass
        >>> isinstance(JsonSerializer().bound_to([Page]), JsonSerializer)
        True
        """
        return self


class JsonSerializer(BaseSerializer):
    """Writes values as JSON from which they come back as they were.

    Besides what JSON knows it takes tuples, sets, bytes, dates and times, `Decimal`,
    `UUID`, paths, enums, dataclasses, named tuples, pydantic models with their
    overflow and private attributes, events and their classes; of an exception it keeps
    the class, the message and the notes.

    Loading imports nothing, and makes instances only of the engine's events, of
    classes defined in the notebook (`__main__`), of those that the workflow uses
    (`bound_to`) and of `allowed_types`. What would not load is not saved either.

    Parameters
    ----------
    allowed_types
        More classes, or their dotted names: models, dataclasses, enums, exceptions,
        and components, which have `class_name()`, `to_dict()` and `from_dict()`.

    Raises
    ------
    ValueError
        When a value cannot be saved or loaded; it names the path to it.

    Examples
    --------
    >>> from datetime import date
    >>> serializer = JsonSerializer()
    >>> text = serializer.serialize({"day": date(2026, 1, 31), 7: {1, 2}})
    >>> serializer.deserialize(text)
    {'day': datetime.date(2026, 1, 31), 7: {1, 2}}
    >>> serializer.serialize({"agent": {"llm": print}})
    Traceback (most recent call last):
    SerdeError: agent.llm: a value of class builtin_function_or_method cannot ...
    """

    def __init__(self, allowed_types: Iterable[type[Any] | str] | None = None) -> None:
        self._use(TypeTable(allowed_types or ()))

    def _use(self, types: TypeTable) -> None:
        self._types = types
        self._encode = Encoder(types).encode
        self._decode = Decoder(types).decode

    def serialize(self, value: Any) -> str:
        """Return a value as JSON.

        Examples
        --------
        >>> JsonSerializer().serialize({"x": None})
        '{"x":null}'
        """
        return json.dumps(self.serialize_value(value), separators=(",", ":"))

    def deserialize(self, value: str) -> Any:
        """Return the value that the JSON stands for.

        Examples
        --------
        >>> JsonSerializer().deserialize('{"x":null}')
        {'x': None}
        """
        try:
            data = json.loads(value)
        except (TypeError, ValueError, RecursionError) as error:
            raise SerdeError(f"this is no JSON, but {_short(value)}: {error}") from None
        return self.deserialize_value(data)

    def serialize_value(self, value: Any) -> Any:
        """Return a value in terms of what `json` can write.

        Examples
        --------
        >>> JsonSerializer().serialize_value(b"rain")
        {'__tag__': 'bytes', 'value': 'cmFpbg=='}
        """
        return _bounded(self._encode, value)

    def deserialize_value(self, value: Any) -> Any:
        """Return the value that `serialize_value` was given.

        Examples
        --------
        >>> JsonSerializer().deserialize_value({"__tag__": "float", "value": "inf"})
        inf
        """
        return _bounded(self._decode, value)

    def bound_to(self, types: Iterable[type[Any]]) -> Self:
        """Return a serializer that may load these classes too.

        It also trusts the classes that their fields speak of, at any depth, and those
        that hold data in the same modules.

        Parameters
        ----------
        types
            The classes of a workflow: itself, its events, the model of its state.

        Examples
        --------
        >>> from notebook_async.workflow.events import Event
        >>> def make():
        ...     class Page(Event):
        ...         url: str
        ...     return Page
        >>> Page = make()
        >>> serializer = JsonSerializer().bound_to([Page])
        >>> serializer.deserialize(serializer.serialize(Page(url="a.html")))
        Page(url='a.html')
        """
        bound = type(self).__new__(type(self))
        bound.__dict__.update(self.__dict__)
        bound._use(self._types.bound_to(types))
        return bound


class JsonPickleSerializer(JsonSerializer):
    """Writes as JSON what it can, and pickles the rest.

    Parameters
    ----------
    trusted
        That you know where all that is loaded comes from. Must be True: loading a
        pickle runs whatever it says.

    Examples
    --------
    >>> import re
    >>> serializer = JsonPickleSerializer(trusted=True)
    >>> serializer.deserialize(serializer.serialize([1, re.compile("a+")]))
    [1, re.compile('a+')]
    """

    def __init__(self, *, trusted: bool = False) -> None:
        if trusted is not True:
            raise InvalidArgumentError(
                f"{type(self).__name__} needs trusted=True, got trusted={trusted!r}:"
                " loading a pickle runs whatever it says, so say it only if all that"
                " is loaded was written by you; JsonSerializer(allowed_types=[...]) is"
                " safe with any data"
            )
        super().__init__()

    def _use(self, types: TypeTable) -> None:
        self._types = types
        self._encode = Encoder(types, _to_pickle).encode
        self._decode = Decoder(types, _from_pickle).decode


PickleSerializer = JsonPickleSerializer


def _to_pickle(value: object) -> dict[str, str]:
    import pickle  # noqa: PLC0415 - only those who ask for it load it

    try:
        blob = pickle.dumps(value)
    except RecursionError:
        raise
    except Exception as error:
        kind = type(value)
        raise SerdeError(
            f"a value of class {kind.__module__}.{kind.__qualname__} cannot be saved,"
            f" not even as a pickle ({error}): leave it out (exclude=)"
        ) from error
    return {TAG: "pickle", "value": to_base64(blob)}


def _from_pickle(text: str) -> object:
    import pickle  # noqa: PLC0415 - as above

    return pickle.loads(binascii.a2b_base64(text))  # noqa: S301 - `trusted=True`


def _bounded(walk: Callable[[Any], Any], value: Any) -> Any:
    try:
        return walk(value)
    except RecursionError:
        raise SerdeError(
            f"{_short(value)} holds itself, or is nested too deeply to be saved or"
            " loaded: keep keys in it that lead to the other values"
        ) from None


def _short(value: object) -> str:
    """Show a value, however large, deep or endless."""
    from reprlib import repr as short  # noqa: PLC0415 - for errors only

    return short(value)
