"""Show a recording in the way that fits where this code runs.

A recording is worth looking at when all is over: that is when one drags back. So a
panel that a front end has shown stays when its recording ends, with the final picture
beside it in the same display. Where no front end has answered the picture alone is
left, for whoever opens that notebook has a kernel that knows no panel.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from notebook_async.kernel import detect_host, display_bundle, print_plain
from notebook_async.widgets import _live_display
from notebook_async.widgets._events_static import events_html, events_text
from notebook_async.widgets._live import WIDGET_VIEW

if TYPE_CHECKING:
    from notebook_async.core.recording import Recording
    from notebook_async.widgets.event_panel import EventPanel

__all__ = ["events_bundle", "show_events"]


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
    if detect_host().text_only:
        print_plain(events_text(recording))
        return None
    from notebook_async.widgets.event_panel import EventPanel  # noqa: PLC0415 - on use

    panel = EventPanel(recording)
    display = _Display(panel)
    display.publish(update=False)
    panel.on_end(display.publish)
    panel.on_hello(display.greet)
    return panel


class _Display:
    """The display of a panel, live as long as somebody may see it.

    Parameters
    ----------
    panel
        The panel.
    """

    def __init__(self, panel: EventPanel) -> None:
        self._panel = panel
        self._id = _live_display.new_name()
        self._still = False

    def publish(self, *, update: bool = True) -> None:
        """Publish it as it is now: the panel, and the picture."""
        panel = self._panel
        bundle = events_bundle(panel.recording)
        seen = panel.answered or detect_host().front_end
        self._still = update and not seen
        if not self._still:
            view = {"version_major": 2, "version_minor": 0, "model_id": panel.model_id}
            bundle = {WIDGET_VIEW: view, **bundle}
        display_bundle(bundle, display_id=self._id, update=update)
        if not seen:
            self._refresh_later()

    def greet(self) -> None:
        """Show the panel again, if it was taken for one that nobody sees."""
        if self._still:
            self.publish()

    def _refresh_later(self) -> None:
        """Leave the picture alone after each cell that ends without a front end."""
        _live_display._stale[self._id] = self._picture  # noqa: SLF001 - as above

    def _picture(self) -> dict[str, Any]:
        self._still = True
        if self._panel.recording.listens:
            # Not at once: whoever asks for this forgets all of them afterwards.
            asyncio.get_running_loop().call_soon(self._refresh_later)
        return events_bundle(self._panel.recording)
