"""Parts for other libraries, found as entry points and imported when needed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

__all__ = ["find_plugin"]


def find_plugin(group: str, name: str) -> Any:  # noqa: ANN401 - whatever it points to
    """Return what an entry point names, one of this package before others, or None.

    Parameters
    ----------
    group
        The group of the entry point.
    name
        Its name.

    Examples
    --------
    >>> find_plugin("notebook_async.executors", "no such library")
    """
    own = _own_points().select(group=group, name=name)
    for point in own or _all_points(group).select(name=name):
        return point.load()
    return None


@cache
def _own_points() -> EntryPoints:
    # Imported here, for it takes longer than all of this package. And asked first, for
    # asking every distribution that is installed takes longer still.
    from importlib.metadata import (  # noqa: PLC0415
        EntryPoints,
        PackageNotFoundError,
        distribution,
    )

    try:
        return distribution("notebook-async").entry_points
    except PackageNotFoundError:
        return EntryPoints()


@cache
def _all_points(group: str) -> EntryPoints:
    from importlib.metadata import entry_points  # noqa: PLC0415 - as above

    return entry_points(group=group)
