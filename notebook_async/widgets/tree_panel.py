"""The live panel of the await tree: made anew whenever a view asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from notebook_async.board import await_tree
from notebook_async.widgets._panel import LivePanel, built

if TYPE_CHECKING:
    from notebook_async.board import AwaitTree

__all__ = ["TreePanel"]

_MOST_ROWS = 300
_LONGEST_ROW = 200
_LEAST_AGE = 0.5
"""Seconds for which a tree is good enough: it may be a long message."""


class TreePanel(LivePanel):
    """Shows what waits for what, and cancels what is asked for by its key.

    Parameters
    ----------
    tree
        The first tree to show; later ones tell of the same jobs.

    Attributes
    ----------
    tree
        The tree that it shows now.
    """

    _esm = built("tree_panel.js")
    _css = built("tree_panel.css")
    rows = traitlets.Dict().tag(sync=True)

    def __init__(self, tree: AwaitTree) -> None:
        self.tree = tree
        self._seq = 1
        self._asked = False
        super().__init__([self._send_rows], rows=self._message())
        self._made_at = self._loop.time()

    def _message(self) -> dict[str, Any]:
        rows = self.tree.rows
        shown = [
            [row.branch, row.text[:_LONGEST_ROW], row.key] for row in rows[:_MOST_ROWS]
        ]
        return {"seq": self._seq, "rows": shown, "more": len(rows) - len(shown)}

    def _send_rows(self) -> bool:
        if not self._asked:
            return False
        age = self._loop.time() - self._made_at
        if age < _LEAST_AGE:
            self._loop.call_later(_LEAST_AGE - age, self._pace.ask)
            return False
        self._asked = False
        self._made_at = self._loop.time()
        self._seq += 1
        self.tree = await_tree(*self.tree.jobs)
        self.rows = self._message()
        return True

    def _act(self, content: dict[str, Any]) -> None:
        match content:
            case {"type": "resync"}:
                self._replace("rows", self._message())
            case {"type": "refresh"}:
                self._ask()
            case {"type": "cancel", "key": str(key)}:
                self.tree.cancel(key)
                # It takes a few passes of the loop until what was cancelled is gone.
                self._loop.call_later(_LEAST_AGE, self._ask)

    def _ask(self) -> None:
        self._asked = True
        self._pace.ask()
