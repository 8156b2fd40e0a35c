"""All that happened, to be looked at now, as it was, and in another notebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from notebook_async.core._options import integer
from notebook_async.core.hooks import add_hook
from notebook_async.core.recording._file import read, write
from notebook_async.core.recording._reading import Readable
from notebook_async.core.recording._ring import Ring
from notebook_async.core.records import Anchor, Record
from notebook_async.errors import RecordingError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from notebook_async.core.hooks import HookHandle
    from notebook_async.core.recording._parts import Source

__all__ = ["CAPACITY", "Recording", "load_recording"]

CAPACITY = 100_000


class Recording(Readable):
    """The last records of jobs, runs and workflows, and what they had come to before.

    `record()` makes one that listens, `load_recording()` one from a file. Records are
    numbered from 0, in the order in which they came. Once there are more than it keeps
    the oldest are dropped; what they came to stays in the states of all that follow.

    Times are seconds of `time.perf_counter`, as in the records; `wall_time` turns them
    into seconds since the epoch.

    Parameters
    ----------
    capacity
        How many records it keeps at most, >= 1. One takes about 300 bytes.

    Attributes
    ----------
    anchor
        One moment on both clocks.
    capacity
        As given.
    incomplete
        What is missing of the file that it was loaded from; None if nothing is.

    Examples
    --------
    >>> from notebook_async import record, run_jobs
    >>> async def double(x):
    ...     return 2 * x
    >>> with record() as recording:
    ...     await run_jobs(double, [1, 2, 3])
    [2, 4, 6]
    >>> recording
    <Recording of 8 records, done>
    >>> [type(one).__name__ for one in recording.window(0, 3)]
    ['RunRecord', 'ItemRecord', 'ItemRecord']
    """

    def __init__(self, *, capacity: int = CAPACITY) -> None:
        self._open(Ring(integer("capacity", capacity, least=1)), Anchor())

    def _open(self, ring: Ring, anchor: Anchor) -> None:
        self._ring = ring
        self.anchor = anchor
        self.capacity = ring.capacity
        self.incomplete: str | None = None
        self._handle: HookHandle | None = None
        self._on_stop: list[Callable[[], object]] = []

    # -- listening

    def listen(
        self, *kinds: type[Record], source: Source = (), first: Iterable[Record] = ()
    ) -> None:
        """Take in records from now on; `record` calls this.

        Parameters
        ----------
        kinds
            Classes of records; by default all.
        source
            The path that a record's source must begin with.
        first
            Records to begin with: how things stand.

        Examples
        --------
        >>> recording = Recording()
        >>> recording.listen()
        >>> recording.listens
        True
        >>> recording.stop()
        """
        self.stop()
        take = self._ring.feeder(source)
        for one in first:
            take(one)
        self._handle = add_hook(take, *(kinds or (Record,)))

    def stop(self) -> None:
        """Take in no more; a second call does nothing.

        Examples
        --------
        >>> from notebook_async import record
        >>> recording = record()
        >>> recording.stop()
        >>> recording.listens
        False
        """
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.remove()
        callbacks, self._on_stop = self._on_stop, []
        for callback in callbacks:
            callback()

    def on_stop(self, callback: Callable[[], object]) -> None:
        """Call back once it takes in no more; at once, if it does not listen.

        Parameters
        ----------
        callback
            Called in the thread that stops it.

        Examples
        --------
        >>> from notebook_async import record
        >>> recording = record()
        >>> recording.on_stop(lambda: print("that is all"))
        >>> recording.stop()
        that is all
        """
        if self.listens:
            self._on_stop.append(callback)
        else:
            callback()

    @property
    def listens(self) -> bool:
        """Whether it takes in what happens now."""
        return self._handle is not None

    def add(self, record: Record) -> None:
        """Take in one record that no hook was told of; any thread may call this.

        Examples
        --------
        >>> from notebook_async.core.records import JobRecord
        >>> recording = Recording()
        >>> recording.add(
        ...     JobRecord(at=1.0, source=("job-1",), phase="done", name="index")
        ... )
        >>> len(recording)
        1
        """
        self._ring.feeder()(record)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def __del__(self) -> None:
        # The hook keeps the records, not this: one that nobody has any more is stopped.
        if getattr(self, "_handle", None) is not None:
            self.stop()

    # -- files

    def export(self, path: str | os.PathLike[str]) -> Path:
        """Write it to a file, which `load_recording` reads in any other notebook.

        It holds the records that are kept, the state before them and the graphs of
        workflows: text and numbers, no object of yours. It is JSON in lines, compressed
        by gzip.

        Parameters
        ----------
        path
            The file, by custom with the ending `.jsonl.gz`. It is replaced as a whole
            once everything is written.

        Returns
        -------
        pathlib.Path
            The file.

        Examples
        --------
        >>> import os, tempfile
        >>> from notebook_async import load_recording
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Recording().export(os.path.join(folder, "empty.jsonl.gz"))
        ...     load_recording(path)
        <Recording of 0 records, queued>
        """
        path = Path(path)
        write(path, self._ring.view(), self.anchor)
        return path

    def __repr__(self) -> str:
        records = "1 record" if len(self) == 1 else f"{len(self):,} records"
        dropped = f", {self.dropped:,} dropped" if self.dropped else ""
        missing = ", incomplete" if self.incomplete else ""
        live = ", listening" if self.listens else ""
        return f"<Recording of {records}, {self.state.phase}{live}{dropped}{missing}>"


def load_recording(path: str | os.PathLike[str]) -> Recording:
    """Read a recording from a file that `Recording.export` has written.

    The code that was recorded need not be there. Of a file that was cut off all is read
    that is whole; a warning says so, and `incomplete` of the recording.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    RecordingError
        If it is no recording, or one of a newer version.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> import os, tempfile
    >>> from notebook_async import load_recording, record, run_jobs
    >>> async def double(x):
    ...     return 2 * x
    >>> with record() as recording:
    ...     results = await run_jobs(double, [1, 2])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = recording.export(os.path.join(folder, "double.jsonl.gz"))
    ...     load_recording(path).state == recording.state
    True
    """
    return read_recording(Path(path))


def read_recording(path: Path) -> Recording:
    """Return the recording in a file."""
    import warnings  # noqa: PLC0415 - rarely needed

    loaded = read(path)
    capacity = max(CAPACITY, 2 * len(loaded.records))
    recording = object.__new__(Recording)
    recording._open(Ring(capacity, loaded.base), loaded.anchor)
    recording._ring.extend(loaded.records)
    problem = recording._ring.problem
    if problem is not None:
        why = f"a record makes no sense: {problem}"
        raise RecordingError(path, why) from problem
    if loaded.incomplete is not None:
        recording.incomplete = loaded.incomplete
        warnings.warn(f"{path}: {loaded.incomplete}", stacklevel=3)
    return recording
