"""Records and states as JSON, and back.

A record is an object with its `kind` and its fields, without those that are at their
default. Lists are tuples again when they come back. A graph, which many records share,
is written once and referred to by its place.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, field, fields, make_dataclass
from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias

from notebook_async.core import records
from notebook_async.core.recording import _parts, _state
from notebook_async.core.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Graphs", "Reader", "Writer"]

Data: TypeAlias = dict[str, Any]


class Graphs:
    """The graphs of workflows, each once, by its place."""

    def __init__(self) -> None:
        self.values: list[Mapping[str, Any]] = []
        self._places: dict[int, int] = {}

    def place(self, graph: Mapping[str, Any]) -> int:
        """Return the place of a graph, which is added if it is new."""
        place = self._places.get(id(graph))
        if place is None:
            place = self._places[id(graph)] = len(self.values)
            self.values.append(graph)
        return place


class Writer:
    """Turns records and states into what `json.dumps` takes."""

    def __init__(self) -> None:
        self.graphs = Graphs()
        self._fields: dict[type, list[tuple[str, Any]]] = {}

    def record(self, record: Record) -> Data:
        """Return a record as data.

        Examples
        --------
        >>> from notebook_async.core.records import JobRecord
        >>> record = JobRecord(at=1.0, source=("job-1",), phase="done", name="index")
        >>> list(Writer().record(record))
        ['kind', 'at', 'source', 'phase', 'name']
        """
        kind = type(record)
        known = self._fields.get(kind)
        if known is None:
            known = self._fields[kind] = [
                # Where the class is not known nobody would know the default.
                (item.name, item.default if kind in _VOCABULARY else MISSING)
                for item in fields(kind)
            ]
        data: Data = {"kind": kind.__name__}
        for name, default in known:
            value = getattr(record, name)
            if value is not default:
                # `kind` is the class, and spans have a field of that name.
                data[_KIND if name == "kind" else name] = value
        if kind is records.WorkflowRecord and "graph" in data:
            data["graph"] = self.graphs.place(data["graph"])
        return data

    def state(self, state: _state.State) -> Data:
        """Return a state as data."""
        data: Data = self._value(state)
        return data

    def _value(self, value: Any) -> Any:  # noqa: ANN401 - any part of a state
        if isinstance(value, Record):
            return {"record": self.record(value)}
        kind = type(value)
        if kind in _PARTS:
            parts = ((n, getattr(value, n)) for n in _PARTS[kind])
            inside = {name: self._part(name, part) for name, part in parts}
            return {kind.__name__: inside}
        if kind is tuple:
            return [self._value(item) for item in value]
        if kind is list:
            # Of lanes: infinity, which JSON has no word for, is None.
            return {"list": [None if free == inf else free for free in value]}
        if kind is dict:
            pairs = ([self._value(k), self._value(v)] for k, v in value.items())
            return {"dict": list(pairs)}
        return value

    def _part(self, name: str, value: Any) -> Any:  # noqa: ANN401 - as above
        if name == "graph":
            return None if value is None else self.graphs.place(value)
        return self._value(value)


class Reader:
    """Turns data into records and states again.

    Parameters
    ----------
    graphs
        The graphs that the data refers to.
    """

    def __init__(self, graphs: list[Data]) -> None:
        self._graphs = graphs
        self._kinds: dict[object, Any] = {}
        # Names and paths come again and again: they are kept once.
        self._shared: dict[Any, Any] = {}

    def record(self, data: Data) -> Record:
        """Return a record; one of an unknown kind gets a class of its own.

        Raises
        ------
        KeyError, TypeError, ValueError, IndexError
            If the data is none of a record.

        Examples
        --------
        >>> data = {"kind": "NewRecord", "at": 1.0, "source": ["a"], "phase": "done"}
        >>> Reader([]).record(data)
        NewRecord(at=1.0, source=('a',), phase='done')
        """
        name = data["kind"]
        kind = _KNOWN.get(name)
        if kind is None:
            kind = self._kind_of(name, data)
        known = kind.__dataclass_fields__
        share = self._shared.setdefault
        values: Data = {}
        for own, item in data.items():
            if own == "kind":
                continue
            key = "kind" if own == _KIND else own
            if key not in known:
                continue
            if type(item) is str:
                values[key] = share(item, item)
            elif type(item) in _NESTED:
                values[key] = _frozen(item)
            else:
                values[key] = item
        values["source"] = share(values["source"], values["source"])
        if name == "WorkflowRecord" and values.get("graph") is not None:
            values["graph"] = self._graphs[values["graph"]]
        record: Record = kind(**values)
        _check(record)
        return record

    def _kind_of(self, name: object, data: Data) -> Any:  # noqa: ANN401
        """Return a class for records of an unknown kind; what one lacks is None."""
        kind = self._kinds.get(name)
        if (
            kind is None
            or not data.keys() - {"kind"} <= kind.__dataclass_fields__.keys()
        ):
            before = () if kind is None else kind.__dataclass_fields__
            names = dict.fromkeys((*before, *data))
            kind = self._kinds[name] = _make_kind(name, names)
        return kind

    def state(self, data: Data) -> _state.State:
        """Return a state."""
        state = self._value(data)
        if not isinstance(state, _state.State):
            raise TypeError(f"a state was expected, got {type(state).__name__}")
        return state

    def _value(self, data: Any) -> Any:  # noqa: ANN401 - any part of a state
        if isinstance(data, list):
            return tuple([self._value(item) for item in data])
        if not isinstance(data, dict):
            return data
        ((name, inside),) = data.items()
        if name == "record":
            return self.record(inside)
        if name == "list":
            return [inf if free is None else free for free in inside]
        if name == "dict":
            return {self._value(key): self._value(item) for key, item in inside}
        kind = _BY_NAME[name]
        return kind(**{key: self._part(key, item) for key, item in inside.items()})

    def _part(self, name: str, data: Any) -> Any:  # noqa: ANN401 - as above
        if name == "graph":
            return None if data is None else self._graphs[data]
        return self._value(data)


_NESTED = {list, dict}
_KIND = "kind_"


def _frozen(value: Any) -> Any:  # noqa: ANN401 - it is anything
    """Return what JSON gives with tuples for lists."""
    if type(value) is list:
        return tuple([_frozen(item) for item in value])
    if type(value) is dict:
        return {key: _frozen(item) for key, item in value.items()}
    return value


class _Types(dict[type, "list[tuple[str, set[type]]]"]):
    """Which types the fields of a class of records may have, as far as it says so."""

    def __missing__(self, kind: type[Record]) -> list[tuple[str, set[type]]]:
        self[kind] = types = [
            (item.name, set().union(*(_TYPES[part] for part in parts)))
            for item in fields(kind)
            if (parts := re.findall(r"\w+", re.sub(r"\[.*\]", "", str(item.type))))
            and all(part in _TYPES for part in parts)
        ]
        return types


_types = _Types()
_TYPES: dict[str, set[type]] = {
    "float": {float, int},
    "int": {int},
    "str": {str},
    "Phase": {str},
    "tuple": {tuple},
    "Mapping": {dict},
    "None": {type(None)},
}


def _check(record: Record) -> None:
    """Refuse a record whose values have other types than it says."""
    for name, types in _types[type(record)]:
        if type(getattr(record, name)) not in types:
            raise TypeError(f"`{name}` cannot be {getattr(record, name)!r}")
    if set(map(type, record.source)) - {str}:
        raise TypeError(f"`source` is no list of texts: {record.source!r}")
    if record.phase not in _PHASES:
        raise ValueError(f"`phase` is none of {', '.join(_PHASES)}: {record.phase!r}")


def _make_kind(name: object, names: Iterable[str]) -> Any:  # noqa: ANN401
    """Return a class of records with these fields besides those of all records."""
    own = [part for part in names if part not in Record.__dataclass_fields__]
    own = [part for part in own if part != "kind"]
    for part in (name, *own):
        if not isinstance(part, str) or not part.isidentifier() or part[0] == "_":
            raise ValueError(f"{part!r} is no name")
    return make_dataclass(
        str(name),
        [(part, Any, field(default=None)) for part in own],
        bases=(Record,),
        frozen=True,
        slots=True,
        kw_only=True,
    )


_PHASES = (
    "queued",
    "running",
    "waiting",
    "retrying",
    "done",
    "failed",
    "cancelled",
)
_KNOWN: dict[str, Any] = {
    name: kind
    for name, kind in ((name, getattr(records, name)) for name in records.__all__)
    if isinstance(kind, type) and issubclass(kind, Record) and kind is not Record
}
_VOCABULARY = frozenset(_KNOWN.values())
_BY_NAME: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        _state.State,
        _parts.JobState,
        _parts.RunState,
        _parts.SpanState,
        _parts.StepState,
        _parts.WorkflowState,
        _parts.OpenCall,
        _parts.OpenItem,
        _parts.OpenSpan,
    )
}
_PARTS: dict[type, tuple[str, ...]] = {
    kind: tuple(
        name
        for name in getattr(kind, "_fields", None) or kind.__dataclass_fields__
        if name != "owner"
    )
    for kind in _BY_NAME.values()
}
