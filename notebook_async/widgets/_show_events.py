"""Show a recording in the way that fits where this code runs.

A recording is worth looking at when all is over: that is when one drags back. So its
panel stays when the recording ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.kernel import detect_host, print_plain
from notebook_async.widgets._events_static import events_html, events_text
from notebook_async.widgets._live_display import has_loop, show_panel, show_still

if TYPE_CHECKING:
    from notebook_async.core.recording import Recording
    from notebook_async.widgets.event_panel import EventPanel

__all__ = ["events_bundle", "show_events"]

_MOST_PANELS = 20


def events_bundle(recording: Recording) -> dict[str, Any]:
    """Return a recording as text and still HTML.

    Parameters
    ----------
    recording
        The recording.
    """
    return {"text/plain": events_text(recording), "text/html": events_html(recording)}


def show_events(recording: Recording) -> EventPanel | None:
    """Show a recording in the cell that runs now, and keep the display up to date.

    Parameters
    ----------
    recording
        One that listens, one that has stopped, or one from a file.

    Returns
    -------
    EventPanel or None
        The panel; its `on_moment` tells what is looked at. None where there is nothing
        that could show one.
    """
    host = detect_host()
    if host.text_only:
        print_plain(events_text(recording))
        return None
    if host.headless or not has_loop():
        _show_still(recording)
        return None
    return _show_live(recording)


def _show_still(recording: Recording) -> None:
    renew = show_still(lambda: events_bundle(recording), lambda: recording.listens)
    if recording.listens:
        recording.on_stop(renew)


def _show_live(recording: Recording) -> EventPanel:
    from notebook_async.widgets.event_panel import EventPanel  # noqa: PLC0415 - on use

    panel = EventPanel(recording)
    display = show_panel(
        panel,
        lambda: events_bundle(recording),
        kind="events",
        most=_MOST_PANELS,
        # It listens for as long as the panel keeps it, unless somebody stops it.
        endless=True,
    )
    panel.on_end(display.end)
    if not recording.listens:
        display.end()
    return panel
