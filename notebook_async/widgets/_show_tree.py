"""Show what waits for what in the way that fits where this code runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.kernel import detect_host, display_bundle, print_plain
from notebook_async.widgets._live_display import has_loop, show_panel
from notebook_async.widgets._still_board import tree_html

if TYPE_CHECKING:
    from notebook_async.board import AwaitTree

__all__ = ["show_tree"]

_MOST_PANELS = 4


def show_tree(tree: AwaitTree) -> None:
    """Show an await tree in the cell that runs now, live where that is possible."""
    host = detect_host()
    if host.text_only:
        print_plain(repr(tree))
    elif host.headless or not has_loop():
        display_bundle(_still(tree))
    else:
        _show_live(tree)


def _show_live(tree: AwaitTree) -> None:
    from notebook_async.widgets.tree_panel import TreePanel  # noqa: PLC0415

    panel = TreePanel(tree)
    display = show_panel(
        panel,
        lambda: _still(panel.tree),
        kind="tree",
        most=_MOST_PANELS,
        endless=True,
    )
    panel.observe(lambda _: display.touch(), "rows")


def _still(tree: AwaitTree) -> dict[str, Any]:
    return {"text/plain": repr(tree), "text/html": tree_html(tree.lines)}
