"""Show the graph of a run in the way that fits where this code runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.kernel import detect_host, display_bundle, print_plain
from notebook_async.widgets._live import WIDGET_VIEW
from notebook_async.widgets._live_display import new_name, show_late

if TYPE_CHECKING:
    from notebook_async.widgets._graph_source import GraphSource
    from notebook_async.widgets.graph_panel import GraphPanel
    from notebook_async.workflow import WorkflowHandler

__all__ = ["show_graph"]


def show_graph(shown: WorkflowHandler | GraphSource) -> GraphPanel | None:
    """Show the graph of a run in the cell that runs now, and keep it up to date.

    When the run ends its final picture takes the place of the live panel.

    Parameters
    ----------
    shown
        The handler of a run, or another source.

    Returns
    -------
    GraphPanel or None
        The live panel, for `show` to give it another source; None where a run has
        ended, or there is nothing that could show a panel.
    """
    source = _source_of(shown)
    if detect_host().text_only:
        print_plain(_still(source)["text/plain"])
        return None
    display_id = new_name()
    if source.ended:
        display_bundle(_still(source), display_id=display_id)
        return None
    from notebook_async.widgets.graph_panel import GraphPanel  # noqa: PLC0415 - on use

    panel = GraphPanel(source)
    view = {"version_major": 2, "version_minor": 0, "model_id": panel.model_id}
    display_bundle({WIDGET_VIEW: view, **_still(source)}, display_id=display_id)

    def finish(_: Any) -> None:
        show_late(display_id, lambda: _still(source))

    source.on_end(finish)
    return panel


def _source_of(shown: WorkflowHandler | GraphSource) -> GraphSource:
    # Where nobody runs a workflow, nothing of it is loaded for this.
    from notebook_async.widgets._graph_handler import HandlerSource  # noqa: PLC0415
    from notebook_async.workflow import WorkflowHandler  # noqa: PLC0415

    return HandlerSource(shown) if isinstance(shown, WorkflowHandler) else shown


def _still(source: GraphSource) -> dict[str, Any]:
    from notebook_async.widgets._graph_static import (  # noqa: PLC0415 - as above
        graph_html,
        graph_text,
    )

    return {"text/plain": graph_text(source), "text/html": graph_html(source)}
