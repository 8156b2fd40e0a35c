"""Records made in a third of the time, where there may be a hundred thousand a second.

The `__init__` of a frozen dataclass goes through `object.__setattr__` for every field.
A draft has the same slots but lets itself be written to; once it is whole it becomes
what it is the draft of, by its class, and is frozen like any other record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from notebook_async.core.records import Record

__all__ = ["draft_of"]


def draft_of(kind: type[Record]) -> Any:  # noqa: ANN401 - its fields are those of a kind
    """Return a class whose objects are written to, then given the class `kind`.

    Every field must be written: a draft knows no defaults.

    Examples
    --------
    >>> from notebook_async.core.records import EventRecord
    >>> record = draft_of(EventRecord)()
    >>> record.at, record.source, record.phase = 1.0, ("run-1",), "done"
    >>> record.name, record.shown = "Page", None
    >>> record.__class__ = EventRecord
    >>> record
    EventRecord(at=1.0, source=('run-1',), phase='done', name='Page', shown=None)
    """
    return type(
        f"{kind.__name__}Draft",
        kind.__bases__,
        {
            "__slots__": kind.__slots__,
            "__init__": object.__init__,
            "__setattr__": object.__setattr__,
            "__delattr__": object.__delattr__,
        },
    )
