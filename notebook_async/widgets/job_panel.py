"""The live panel of a job: one widget, one ES module, at most ten messages a second.

The panel polls its subject; nothing is pushed per event, and a tick sends one message.
The header is a trait, replaced whole when it has changed. The log is sent as it grows,
with character offsets, so that a view which missed something asks for all of it; a page
that reloads gets the state of that moment, for `get_state` makes it anew. Of the items
a view gets the rows that it asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from notebook_async.widgets._item_requests import ItemRequests
from notebook_async.widgets._live import WIDGET_VIEW
from notebook_async.widgets._log_feed import LogFeed
from notebook_async.widgets._panel import LivePanel, built
from notebook_async.widgets._steering import steer

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.core import JobRun
    from notebook_async.widgets._view import Subject

__all__ = ["JobPanel"]


class JobPanel(LivePanel):
    """Shows a job or a run while it goes on, and steers it when asked.

    Parameters
    ----------
    subject
        What to show.

    Attributes
    ----------
    subject
        What it shows now: once a job is started again, the new one.
    on_follow
        What to call with that.
    """

    _esm = built("job_panel.js")
    _css = built("job_panel.css")
    view = traitlets.Dict().tag(sync=True)
    log = traitlets.Dict().tag(sync=True)

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.on_follow: Callable[[Subject], object] | None = None
        self._seq = 0
        self._feed = LogFeed(subject)
        self._items = ItemRequests(self._run)
        self._outputs: ipywidgets.Output | None = None
        self._rich_version = 0
        super().__init__(
            [self._send_items, self._send_view, self._send_log, self._send_rich],
            view=self._new_view(),
            log=self._feed.tail(),
        )
        self.box = ipywidgets.VBox([self])
        self._follow()

    @property
    def shown(self) -> ipywidgets.VBox:
        """The panel with what its job displays below it."""
        return self.box

    @property
    def irreplaceable(self) -> bool:
        """Whether the job has displayed widgets of its own."""
        return any(WIDGET_VIEW in output.data for output in self.subject.rich()[1])

    def retire(self) -> None:
        """Send nothing any more, and let the front end forget it."""
        super().retire()
        for widget in (self._outputs, self.box):
            if widget is not None:
                widget.close()

    def get_state(self, key: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return the traits for a page that loads now, with the log of this moment."""
        # A key asks for one trait that is about to be sent, which concerns no other.
        if key is None and "log" in self._trait_values:
            self._trait_values["log"] = self._feed.tail()
        return super().get_state(key, *args, **kwargs)

    # -- what it shows

    def _follow(self) -> None:
        subject = self.subject
        self._pace.start()
        subject.on_end(lambda _: self._ended(subject))

    def _ended(self, subject: Subject) -> None:
        if subject is self.subject:
            self._pace.stop()
            # A task that the job has left may print on.
            ask = self._pace.ask
            subject.on_output(lambda: self._loop.call_soon_threadsafe(ask))

    def _show_again(self) -> None:
        subject = self.subject.again()
        if subject is None:
            return
        self.subject = subject
        self._feed = self._feed.successor(subject)
        self._items.clear()
        self._rich_version = -1
        self._replace("log", self._feed.tail())
        self._send_view()
        self._follow()
        if self.on_follow is not None:
            self.on_follow(subject)

    def _run(self, name: object) -> JobRun[Any] | None:
        return next((run for run in self.subject.runs if run.name == name), None)

    # -- the header

    def _send_view(self) -> bool:
        changed = self._new_view()
        if _without_clock(changed) == _without_clock(self.view):
            return False
        self.view = changed
        return True

    def _new_view(self) -> dict[str, Any]:
        self._seq += 1
        return {**self.subject.view(), "seq": self._seq}

    # -- the log

    def _send_log(self) -> bool:
        news = self._feed.news(self._loop.time(), last=self.subject.ended)
        match news:
            case None:
                return False
            case "piece", piece:
                self.send({"type": "log", **piece})
            case "tail", tail:
                self._replace("log", tail)
        return True

    # -- displays that are more than text

    def _send_rich(self) -> bool:
        version, outputs = self.subject.rich()
        if version == self._rich_version:
            return False
        self._rich_version = version
        if self._outputs is None:
            if not outputs:
                return False
            self._outputs = ipywidgets.Output()
            self.box.children = (self, self._outputs)
        self._outputs.outputs = tuple(
            {
                "output_type": "display_data",
                "data": output.data,
                "metadata": output.metadata,
            }
            for output in outputs
        )
        return True

    # -- items

    def _send_items(self) -> bool:
        answer = self._items.answer()
        if answer is not None:
            self.send(answer)
        return answer is not None

    # -- what a view asks for

    def _act(self, content: dict[str, Any]) -> None:
        match content:
            case {"type": "resync"}:
                self._replace("log", self._feed.tail())
            case {"type": "again"}:
                self._show_again()
            case {"type": "items" | "details"}:
                if self._items.take(content):
                    self._pace.ask()
            case {"type": _, "run": name}:
                run = self._run(name)
                if run is not None:
                    steer(run, content)
            case {"type": action}:
                self.subject.act(action)


def _without_clock(view: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in view.items() if key not in {"seq", "elapsed"}}
