"""A pydantic model that takes more than its fields, and shows the rest as a mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, model_serializer, model_validator

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterator, KeysView, ValuesView

    from pydantic import SerializerFunctionWrapHandler

__all__ = ["DictLikeModel"]


_plain_init: Any = BaseModel.__init__


def _init_with_private(self: DictLikeModel, /, **params: Any) -> None:
    """Let private attributes be given by name, as fields are."""
    private = type(self).__private_attributes__
    given = {name: params.pop(name) for name in params.keys() & private.keys()}
    BaseModel.__init__(self, **params)
    for name, value in given.items():
        setattr(self, name, value)


class DictLikeModel(BaseModel):
    """A model whose undeclared values are kept, as attributes and as items.

    Fields are validated and are attributes only. Everything else that is given, or set
    later, goes to the overflow, which is all that the mapping methods see. Private
    attributes may be given by name; they are not validated.

    Examples
    --------
    >>> class Point(DictLikeModel):
    ...     x: int
    >>> point = Point(x=1, colour="red")
    >>> point.x, point.colour, point["colour"], "x" in point
    (1, 'red', 'red', False)
    >>> point.model_dump()
    {'x': 1, '_data': {'colour': 'red'}}
    """

    # pydantic keeps the overflow itself: a loop over the arguments in Python would
    # cost more than all else about an event.
    model_config = ConfigDict(arbitrary_types_allowed=True, extra="allow")

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if cls.__private_attributes__ and cls.__init__ is _plain_init:
            cls.__init__ = _init_with_private  # type: ignore[assignment,method-assign]

    @model_validator(mode="before")
    @classmethod
    def _unpack(cls, data: Any) -> Any:
        if type(data) is dict and "_data" in data:
            data = {**data, **data["_data"]}
            del data["_data"]
        return data

    @model_serializer(mode="wrap")
    def _pack(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        if self._data:
            data["_data"] = {
                name: data.pop(name) for name in self._data if name in data
            }
        return data

    @property
    def _data(self) -> dict[str, Any]:
        extra = self.__pydantic_extra__
        return {} if extra is None else extra

    def get(self, key: str, default: Any = None) -> Any:
        """Return an undeclared value, or `default`.

        Examples
        --------
        >>> DictLikeModel(colour="red").get("size", 0)
        0
        """
        return self._data.get(key, default)

    def keys(self) -> KeysView[str]:
        """Return the names of the undeclared values.

        Examples
        --------
        >>> list(DictLikeModel(colour="red").keys())
        ['colour']
        """
        return self._data.keys()

    def values(self) -> ValuesView[Any]:
        """Return the undeclared values.

        Examples
        --------
        >>> list(DictLikeModel(colour="red").values())
        ['red']
        """
        return self._data.values()

    def items(self) -> ItemsView[str, Any]:
        """Return names and values of all that is undeclared.

        Examples
        --------
        >>> list(DictLikeModel(colour="red").items())
        [('colour', 'red')]
        """
        return self._data.items()

    def to_dict(self) -> dict[str, Any]:
        """Return the undeclared values as a dict, the live one.

        Examples
        --------
        >>> DictLikeModel(colour="red").to_dict()
        {'colour': 'red'}
        """
        return self._data

    def __getitem__(self, key: str) -> Any:
        return self._data[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._data[key] = value

    def __contains__(self, key: object) -> bool:
        return key in self._data

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        return iter(self._data)

    def __bool__(self) -> bool:
        """Be true also when empty, so that `if event:` asks for None only."""
        return True
