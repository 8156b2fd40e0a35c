"""How values that JSON does not know look in it: an object with a tag and the value.

Each kind of value that holds no other has a pair of functions here; what holds others
is written by `_encode` and read by `_decode`.
"""

from __future__ import annotations

import binascii
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import (
    Path,
    PosixPath,
    PurePath,
    PurePosixPath,
    PureWindowsPath,
    WindowsPath,
)
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LEAF_READERS", "LEAF_WRITERS", "TAG", "to_base64"]

TAG = "__tag__"

# Python refuses to read more decimal digits than some thousands; hexadecimal is free.
_LARGEST_DECIMAL = 10**1000


def _write_int(value: int) -> Any:
    if -_LARGEST_DECIMAL < value < _LARGEST_DECIMAL:
        return value
    return {TAG: "int", "value": hex(value)}


def _write_float(value: float) -> Any:
    if value - value == 0.0:
        return value
    return {TAG: "float", "value": repr(value)}  # JSON has neither nan nor inf


def to_base64(value: bytes | bytearray) -> str:
    """Return bytes as text.

    Examples
    --------
    >>> to_base64(b"rain")
    'cmFpbg=='
    """
    return binascii.b2a_base64(value, newline=False).decode("ascii")


def _write_time(value: datetime | time) -> dict[str, Any]:
    """Write a zone by its name: the offset alone would forget when clocks change."""
    data: dict[str, Any] = {TAG: type(value).__name__}
    if isinstance(value.tzinfo, ZoneInfo) and value.tzinfo.key:
        data["zone"] = value.tzinfo.key
        data["value"] = value.replace(tzinfo=None).isoformat()
    else:
        data["value"] = value.isoformat()
    if value.fold:
        data["fold"] = value.fold
    return data


def _read_time(kind: type[Any], data: dict[str, Any]) -> Any:
    value = kind.fromisoformat(data["value"])
    if "zone" in data:
        value = value.replace(tzinfo=ZoneInfo(data["zone"]))
    elif kind is datetime and value.tzinfo == UTC:
        value = value.replace(tzinfo=UTC)
    return value.replace(fold=1) if data.get("fold") else value


def _write_timedelta(value: timedelta) -> dict[str, Any]:
    return {TAG: "timedelta", "value": [value.days, value.seconds, value.microseconds]}


_PATHS: dict[str, type[PurePath]] = {
    "Path": Path,
    "PurePosixPath": PurePosixPath,
    "PureWindowsPath": PureWindowsPath,
}


def _write_path(value: PurePath) -> dict[str, Any]:
    kind = "Path" if isinstance(value, Path) else type(value).__name__
    return {TAG: "path", "kind": kind, "value": str(value)}


LEAF_WRITERS: dict[type[Any], Callable[[Any], Any]] = {
    int: _write_int,
    float: _write_float,
    bytes: lambda value: {TAG: "bytes", "value": to_base64(value)},
    bytearray: lambda value: {TAG: "bytearray", "value": to_base64(value)},
    datetime: _write_time,
    time: _write_time,
    date: lambda value: {TAG: "date", "value": value.isoformat()},
    timedelta: _write_timedelta,
    Decimal: lambda value: {TAG: "decimal", "value": str(value)},
    UUID: lambda value: {TAG: "uuid", "value": value.hex},
    **dict.fromkeys([PosixPath, WindowsPath, *_PATHS.values()], _write_path),
}

LEAF_READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "int": lambda data: int(data["value"], 16),
    "float": lambda data: float(data["value"]),
    "bytes": lambda data: binascii.a2b_base64(data["value"]),
    "bytearray": lambda data: bytearray(binascii.a2b_base64(data["value"])),
    "datetime": lambda data: _read_time(datetime, data),
    "time": lambda data: _read_time(time, data),
    "date": lambda data: date.fromisoformat(data["value"]),
    "timedelta": lambda data: timedelta(*data["value"]),
    "decimal": lambda data: Decimal(data["value"]),
    "uuid": lambda data: UUID(data["value"]),
    "path": lambda data: _PATHS[data["kind"]](data["value"]),
}
