"""Begin to record: everything, or one job or run with all inside it.

What can be recorded has `records_from_now`. Runs of other libraries have not: for these
there are recorders, functions `(subject, recording)` that feed and stop a recording,
found as entry points of the group `notebook_async.recorders`, each under the full name
of the class that it records. None is imported before somebody has an object of it.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Protocol

from notebook_async.core._plugins import find_plugin
from notebook_async.core.recording._recording import CAPACITY, Recording
from notebook_async.errors import ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from notebook_async.core.records import Record

__all__ = ["Recordable", "record"]

_RECORDERS = "notebook_async.recorders"


class Recordable(Protocol):
    """A job or a run that can be recorded by itself."""

    def records_from_now(self) -> list[Record]:
        """Begin to tell the hooks, and return how it stands, itself first."""


def record(
    subject: Any = None,  # noqa: ANN401 - a `Recordable`, or what a recorder takes
    *,
    capacity: int = CAPACITY,
    kinds: Iterable[type[Record]] = (),
) -> Recording:
    """Begin to record, and return the recording; `with` ends it.

    Record before you start what you want to see: of a job or a run that has begun
    before, its counters and the calls of its steps are told from now on, and its items
    not always.

    Parameters
    ----------
    subject
        A job, a `JobRun` or the handler of a workflow, also of one of LlamaIndex
        (extra `llama-index`): only this and what runs inside it is recorded, until it
        has ended. By default everything is.
    capacity
        How many records to keep, >= 1; the oldest go first.
    kinds
        Classes of records, by default all. `ItemRecord` is the one to leave out where
        there are millions of items that take microseconds.

    Returns
    -------
    Recording
        It listens until `stop()`, until its `with` is left, until the subject has
        ended, or until nobody has it any more.

    Raises
    ------
    ArgumentTypeError
        If `subject` cannot be recorded.

    Examples
    --------
    >>> from notebook_async import record
    >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
    >>> class Hello(Workflow):
    ...     @step
    ...     async def greet(self, ev: StartEvent) -> StopEvent:
    ...         return StopEvent(result=f"Hello {ev.name}")
    >>> with record() as recording:
    ...     await Hello().run(name="Ada")
    'Hello Ada'
    >>> (run,) = recording.state.workflows.values()
    >>> run.steps["greet"].recent[0].shown
    ("StartEvent(name='Ada')", "StopEvent(result='Hello Ada')")
    """
    recording = Recording(capacity=capacity)
    if subject is None:
        recording.listen(*kinds)
        return recording
    stands = getattr(subject, "records_from_now", None)
    if stands is None:
        recorder = _recorder_of(type(subject))
        if recorder is None:
            raise ArgumentTypeError(
                "record takes a job, a run or the handler of a workflow, got"
                f" {type(subject).__name__}; without one it records everything"
            )
        recorder(subject, recording)
        return recording
    # First the hook, so that the subject finds that somebody wants to know.
    recording.listen(*kinds, source=_NOWHERE)
    first: list[Record] = stands()
    recording.listen(*kinds, source=first[0].source, first=first)
    _stop_at_end(subject, recording)
    return recording


_NOWHERE = ("",)


def _recorder_of(kind: type) -> Callable[[Any, Recording], None] | None:
    """Return what records objects of a class of another library, or None."""
    names = (f"{each.__module__}.{each.__qualname__}" for each in kind.__mro__[:-1])
    found = (find_plugin(_RECORDERS, name) for name in names)
    return next((recorder for recorder in found if recorder is not None), None)


def _stop_at_end(subject: Any, recording: Recording) -> None:  # noqa: ANN401
    """Stop once the subject has ended, without keeping the recording until then."""
    its_own = weakref.ref(recording)

    def stop(_: object) -> None:
        mine = its_own()
        if mine is not None:
            mine.stop()

    on_end = getattr(subject, "on_end", None) or subject.add_done_callback
    on_end(stop)
