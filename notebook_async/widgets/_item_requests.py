"""What the views of a panel ask of items: the latest of each, answered in turns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.widgets._item_rows import item_details, item_rows
from notebook_async.widgets._untrusted import is_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.core import JobRun

__all__ = ["ItemRequests"]

_MOST = 16


class ItemRequests:
    """Keeps what was asked for until there is a turn to answer it.

    Parameters
    ----------
    find
        Returns the run of a name, or None.
    """

    def __init__(self, find: Callable[[object], JobRun[Any] | None]) -> None:
        self._find = find
        self._open: dict[tuple[str, int], dict[str, Any]] = {}

    def take(self, content: dict[str, Any]) -> bool:
        """Keep a request that makes sense, in the place of that view's last one."""
        match content:
            case {"type": "items", "id": name, "start": start, "count": count}:
                sensible = is_number(start) and is_number(count, least=1)
            case {"type": "details", "id": name, "index": index}:
                sensible = is_number(index)
            case _:
                return False
        if not (sensible and is_number(name)):
            return False
        key = (content["type"], name)
        if key not in self._open and len(self._open) >= _MOST:
            return False
        self._open[key] = content
        return True

    def clear(self) -> None:
        """Forget what is not answered yet."""
        self._open.clear()

    def answer(self) -> dict[str, Any] | None:
        """Return the answer to the oldest request, or None where nobody asks."""
        while self._open:
            request = self._open.pop(next(iter(self._open)))
            run = self._find(request.get("run"))
            if run is not None:
                return _answer(request, run)
        return None


def _answer(request: dict[str, Any], run: JobRun[Any]) -> dict[str, Any]:
    head = {"type": request["type"], "id": request["id"], "run": run.name}
    if request["type"] == "items":
        kind = request.get("kind")
        kind = kind if isinstance(kind, str) else "all"
        rows = item_rows(run, kind, request["start"], request["count"])
        return {**head, "kind": kind, **rows}
    index = request["index"]
    return {**head, "index": index, "text": item_details(run, index)}
