"""What becomes of an exception on its way from an item or a source to its reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["annotate", "raisable", "trim"]

_MOST_NOTES = 8
_OURS = {
    f"notebook_async.core.{name}"
    for name in ("_attempts", "_remote", "_source", "_workers")
}


def trim(error: BaseException, ours: Collection[str] = _OURS) -> None:
    """Take the frames of the worker off a traceback.

    They tell a reader nothing, and would keep the whole run alive.

    Parameters
    ----------
    error
        The exception, as the worker has caught it.
    ours
        Names of the modules whose frames are taken off, from the outermost on.
    """
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_globals["__name__"] in ours:
        traceback = traceback.tb_next
    error.__traceback__ = traceback


def annotate(error: BaseException, note: str) -> None:
    """Add a note, once; an exception that fails many items does not collect many."""
    notes = getattr(error, "__notes__", ())
    if note not in notes and len(notes) < _MOST_NOTES:
        error.add_note(note)


def raisable(error: BaseException, *, streamed: bool) -> BaseException:
    """Return what a future or a stream may raise in place of `error` (PEP 479)."""
    ends = (StopIteration, StopAsyncIteration) if streamed else StopIteration
    if not isinstance(error, ends):
        return error
    stand_in = RuntimeError(f"an item raised {type(error).__name__}")
    stand_in.__cause__ = error
    return stand_in
