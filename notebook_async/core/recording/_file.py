"""Recordings as files: lines of JSON, compressed.

The first line says what it is, and holds all that the records stand on: the clock, the
graphs, and the state before the first record. Each line after it is a record.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections import deque
from contextlib import suppress
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from notebook_async.core._short import short
from notebook_async.core.recording._data import Reader, Writer
from notebook_async.core.recording._state import State
from notebook_async.core.records import Anchor
from notebook_async.errors import RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from notebook_async.core.recording._ring import View
    from notebook_async.core.records import Record

__all__ = ["FORMAT", "VERSION", "Loaded", "read", "write"]

FORMAT = "notebook-async-recording"
VERSION = 1

# More compression takes three times as long, for a tenth of the size.
_LEVEL = 4
_LONGEST_LINE = 50_000_000
_BATCH = 1000


class Loaded(NamedTuple):
    """What was in a file.

    Attributes
    ----------
    anchor
        The clock of the recording.
    base
        The state before the first record.
    records
        The records.
    incomplete
        What is wrong where not everything could be read; else None.
    """

    anchor: Anchor
    base: State
    records: list[Record]
    incomplete: str | None


# -- writing


def write(path: Path, view: View, anchor: Anchor) -> None:
    """Write a recording; the file is there as a whole, or as it was before."""
    base = view.chunks[0].before if view.chunks else view.tip
    records = list(chain.from_iterable(chunk.records for chunk in view.chunks))
    records += view.rest.records
    part = path.with_name(f".{path.name}.{uuid4().hex[:8]}.part")
    try:
        with part.open("xb") as file:
            with gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as packed:
                packed.writelines(_lines(records, base or State(), anchor))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def _lines(records: list[Record], base: State, anchor: Anchor) -> Iterator[bytes]:
    writer = Writer()
    before = writer.state(base)
    for record in records:
        graph = getattr(record, "graph", None)
        if graph is not None and isinstance(graph, dict):
            writer.graphs.place(graph)
    yield _line(
        {
            "format": FORMAT,
            "version": VERSION,
            "wall": anchor.wall,
            "perf": anchor.perf,
            "records": len(records),
            "graphs": writer.graphs.values,
            "before": before,
        }
    )
    for record in records:
        yield _line(writer.record(record))


def _line(data: dict[str, Any]) -> bytes:
    return _encode(data).encode() + b"\n"


_encode = json.JSONEncoder(separators=(",", ":"), default=short).encode


# -- reading


def read(path: Path) -> Loaded:
    """Read a recording, as far as it is whole."""
    with path.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            raise RecordingError(path, "it is not compressed by gzip, as all are")
        file.seek(0)
        lines = _Lines(file)
        header = _header(path, next(iter(lines), b""))
        try:
            anchor = Anchor(wall=float(header["wall"]), perf=float(header["perf"]))
            reader = Reader(header["graphs"])
            base = reader.state(header["before"])
            count = int(header["records"])
        except _MISFITS as error:
            raise RecordingError(path, f"its first line lacks {error}", 1) from error
        records: list[Record] = []
        rest = iter(lines)
        try:
            _read_records(path, rest, reader, records)
        except RecordingError:
            # A damage makes nonsense of a line, but shows only at the end of the file.
            deque(rest, 0)
            if lines.problem is None:
                raise
    incomplete = None
    if lines.problem is not None or len(records) < count:
        why = lines.problem or "the rest is missing"
        incomplete = f"{why}: {len(records):,} of {count:,} records are there"
    return Loaded(anchor, base, records, incomplete)


# What data raises that is not what it should be.
_MISFITS = (AttributeError, IndexError, KeyError, TypeError, ValueError)


class _Lines:
    """The lines of a compressed file, up to where it is damaged.

    Attributes
    ----------
    problem
        What is wrong with the file, once that was come by.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = gzip.GzipFile(fileobj=file)
        self.problem: str | None = None

    def __iter__(self) -> Iterator[bytes]:
        while True:
            try:
                line = self._file.readline(_LONGEST_LINE)
            except EOFError:
                self.problem = "the file was cut off"
                return
            except (OSError, zlib.error):
                self.problem = "the file is damaged"
                return
            if not line:
                return
            if not line.endswith(b"\n"):
                self.problem = "the last line is not whole"
                return
            yield line


def _header(path: Path, line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except ValueError:
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise RecordingError(path, f"its first line does not say {FORMAT!r}", 1)
    version = header.get("version")
    if not isinstance(version, int) or version < 1:
        raise RecordingError(path, f"its version is no number: {version!r}", 1)
    if version > VERSION:
        raise RecordingError(
            path,
            f"it has version {version}, made by a newer notebook_async; this one reads"
            f" up to {VERSION}: upgrade with `pip install --upgrade notebook-async`",
            1,
        )
    return header


def _read_records(
    path: Path, lines: Iterator[bytes], reader: Reader, records: list[Record]
) -> None:
    """Add what is in some lines to a list, as far as they are records."""
    while batch := list(islice(lines, _BATCH)):
        count = len(records)
        try:
            # At once, for that takes half the time.
            records += map(reader.record, json.loads(b"[%s]" % b",".join(batch)))
        except _MISFITS:
            del records[count:]
            _read_slowly(path, batch, reader, records)


def _read_slowly(
    path: Path, lines: list[bytes], reader: Reader, records: list[Record]
) -> None:
    """Add what is in some lines to a list, and say which of them is no record."""
    for line in lines:
        try:
            records.append(reader.record(json.loads(line)))
        except _MISFITS as error:
            # The first line is no record, and lines are counted from 1.
            number = len(records) + 2
            why = f"no record is there: {error}"
            raise RecordingError(path, why, number) from error
