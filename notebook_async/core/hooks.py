"""Publish records to whoever asked for them.

A hook is a callable that takes one record. It says which kinds it wants, and a producer
asks `wanted(kind)` before it builds anything: what nobody watches costs nothing.
"""

from __future__ import annotations

import logging
from threading import RLock
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from types import TracebackType

    from notebook_async.core.records import Record

__all__ = ["Hook", "HookHandle", "add_hook", "publish", "wanted"]

_log = logging.getLogger("notebook_async")
_R_contra = TypeVar("_R_contra", contravariant=True)


class Hook(Protocol[_R_contra]):
    """A callable that takes one record. It must be quick and must not block."""

    def __call__(self, record: _R_contra, /) -> object:
        """Take note of `record`."""


class HookHandle:
    """The registration of a hook: `remove()` ends it, and so does leaving its `with`.

    Examples
    --------
    >>> from notebook_async.core import RunRecord, add_hook
    >>> with add_hook(print, RunRecord):
    ...     pass
    """

    def __init__(self, hook: Hook[Any]) -> None:
        self._hook = hook
        self._failed = False

    def remove(self) -> None:
        """End the registration; a second call does nothing.

        Examples
        --------
        >>> from notebook_async.core import RunRecord, add_hook
        >>> handle = add_hook(print, RunRecord)
        >>> handle.remove()
        """
        global _every  # noqa: PLW0603 - as `_handles`, but replaced
        with _changing:
            for kind, handles in _handles.items():
                left = tuple(handle for handle in handles if handle is not self)
                _handles[kind] = left
            _every = tuple(handle for handle in _every if handle is not self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.remove()

    def _has_failed(self, record: Record) -> None:
        # Once is enough for a log.
        if not self._failed:
            self._failed = True
            _log.exception("the hook %r failed on %r", self._hook, record)


# Tuples are replaced, never changed, so that a hook may remove itself while it is told.
_handles: dict[type[Record], tuple[HookHandle, ...]] = {}
# Held to change these two, for which there may be several threads; also by a finaliser.
_changing = RLock()
# Those that want every kind; they stand in `_handles` too, for the kinds named there.
_every: tuple[HookHandle, ...] = ()


def add_hook(hook: Hook[Any], *kinds: type[Record]) -> HookHandle:
    """Call `hook` with every record of these `kinds` from now on.

    An exception that a hook raises is logged once and otherwise ignored. Runs that have
    already started may go on without item records.

    Parameters
    ----------
    hook
        Takes one record. It is called where things happen, so it must be quick.
    kinds
        Record classes, at least one; `Record` itself stands for every kind, also for
        those that are made up later.

    Returns
    -------
    HookHandle
        Its `remove()` ends the registration; it is a context manager too.

    Examples
    --------
    >>> from notebook_async import run_jobs
    >>> from notebook_async.core import RunRecord, add_hook
    >>> async def double(x):
    ...     return 2 * x
    >>> seen = []
    >>> with add_hook(seen.append, RunRecord):
    ...     await run_jobs(double, [1, 2])
    [2, 4]
    >>> [(record.phase, record.done) for record in seen]
    [('running', 0), ('done', 2)]
    """
    from notebook_async.core.records import Record  # noqa: PLC0415 - not for `wanted`

    global _every  # noqa: PLW0603 - as `_handles`, but replaced
    handle = HookHandle(hook)
    with _changing:
        if Record in kinds:
            _every = (*_every, handle)
            kinds = tuple(_handles)
        for kind in kinds:
            _handles[kind] = (*_handles.get(kind, _every), handle)
    return handle


def wanted(kind: type[Record]) -> bool:
    """Tell whether anybody wants records of this kind.

    Examples
    --------
    >>> from notebook_async.core import ItemRecord
    >>> wanted(ItemRecord)
    False
    """
    return bool(_handles.get(kind, _every))


def publish(record: Record) -> None:
    """Give `record` to every hook that wants its kind.

    Examples
    --------
    >>> from notebook_async.core import JobRecord
    >>> publish(JobRecord(at=0.0, source=("job-1",), phase="done", name="index"))
    """
    for handle in _handles.get(type(record), _every):
        try:
            handle._hook(record)  # noqa: SLF001
        except Exception:  # noqa: BLE001 - a viewer's fault must not become the run's
            handle._has_failed(record)  # noqa: SLF001
