"""Show a trace: a still picture, for it is looked at when all is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.kernel import detect_host, print_plain
from notebook_async.widgets._live_display import show_still
from notebook_async.widgets._trace_html import trace_html

if TYPE_CHECKING:
    from notebook_async.tracing import Trace

__all__ = ["show_trace"]


def show_trace(traced: Trace) -> None:
    """Show a trace in the cell that runs now: its tree, a timeline and its totals."""
    if detect_host().text_only:
        print_plain(str(traced))
        return
    renew = show_still(lambda: _still(traced), lambda: traced.recording.listens)
    if traced.recording.listens:
        traced.recording.on_stop(renew)


def _still(traced: Trace) -> dict[str, Any]:
    return {"text/plain": str(traced), "text/html": trace_html(traced)}
