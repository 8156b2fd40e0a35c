"""Show the graph of a run in the way that fits where this code runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.core import current_scope
from notebook_async.kernel import detect_host, print_plain
from notebook_async.widgets._live_display import has_loop, show_panel, show_still

if TYPE_CHECKING:
    from notebook_async.core import RunOwner
    from notebook_async.widgets._graph_source import GraphSource
    from notebook_async.widgets.graph_panel import GraphPanel
    from notebook_async.workflow import Workflow, WorkflowHandler

__all__ = ["graph_bundle", "show_graph"]

_MOST_PANELS = 20

_in_jobs: dict[tuple[WorkflowHandler, RunOwner], GraphPanel] = {}
"""The panels that are alive of runs in jobs."""


def graph_bundle(source: GraphSource) -> dict[str, Any]:
    """Return a run as text and still HTML.

    Parameters
    ----------
    source
        The run, or a moment of it.
    """
    # Where nobody runs a workflow, nothing of it is loaded for this.
    from notebook_async.widgets._graph_static import (  # noqa: PLC0415
        graph_html,
        graph_text,
    )

    return {"text/plain": graph_text(source), "text/html": graph_html(source)}


def show_graph(shown: Workflow | WorkflowHandler | GraphSource) -> GraphPanel | None:
    """Show the graph of a run in the cell that runs now, and keep it up to date.

    Parameters
    ----------
    shown
        The handler of a run, a workflow, or another source.

    Returns
    -------
    GraphPanel or None
        The live panel, for `show` to give it another source; None where there is
        nothing that could show a panel.
    """
    source = _source_of(shown)
    host = detect_host()
    if host.text_only:
        print_plain(graph_bundle(source)["text/plain"])
        return None
    if host.headless or not has_loop():
        _show_still(source)
        return None
    handler, job = getattr(source, "handler", None), current_scope.get().owner
    key = None if handler is None or job is None else (handler, job)
    known = None if key is None else _in_jobs.get(key)
    if known is not None:
        # A job shows its workflows by itself.
        known.show(source)
        return known
    panel = _show_live(source)
    if key is not None:
        _in_jobs[key] = panel
        panel.on_retire(lambda: _in_jobs.pop(key, None))
    return panel


def _source_of(shown: Workflow | WorkflowHandler | GraphSource) -> GraphSource:
    from notebook_async.widgets._graph_handler import (  # noqa: PLC0415 - as above
        HandlerSource,
    )
    from notebook_async.widgets._graph_workflow import WorkflowSource  # noqa: PLC0415
    from notebook_async.workflow import Workflow, WorkflowHandler  # noqa: PLC0415

    if isinstance(shown, Workflow):
        return WorkflowSource(shown)
    return HandlerSource(shown) if isinstance(shown, WorkflowHandler) else shown


def _show_still(source: GraphSource) -> None:
    renew = show_still(lambda: graph_bundle(source), lambda: not source.ended)
    if not source.ended:
        source.on_end(lambda _: renew())


def _show_live(source: GraphSource) -> GraphPanel:
    from notebook_async.widgets.graph_panel import GraphPanel  # noqa: PLC0415 - on use

    panel = GraphPanel(source)
    told = source
    display = show_panel(
        panel, lambda: graph_bundle(told), kind="graph", most=_MOST_PANELS
    )

    def follow(source: GraphSource) -> None:
        nonlocal told
        if _tells_more(source, told):
            told = source
            watch()

    def watch() -> None:
        source = told

        def show_end(_: Any) -> None:
            if source is told:
                display.end()

        if source.ended:
            display.end()
        else:
            display.begin()
            source.on_end(show_end)

    panel.on_follow = follow
    watch()
    return panel


def _tells_more(source: GraphSource, told: GraphSource) -> bool:
    """Tell whether the picture is to be of another source than the one it is of.

    A moment of the past is looked at, but the file has what the run came to.
    """
    if source is told:
        return False
    if source.run != told.run or not source.ended:
        return True
    return told.ended and source.state().elapsed >= told.state().elapsed
