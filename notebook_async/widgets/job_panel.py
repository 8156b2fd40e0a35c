"""The live panel of a job: one widget, one ES module, at most ten messages a second.

The panel polls its subject; nothing is pushed per event, and a tick sends one message.
The header is a trait, replaced whole when it has changed. The log is sent as it grows,
with character offsets, so that a view which missed something asks for all of it; a page
that reloads gets the state of that moment, for `get_state` makes it anew.
"""

from __future__ import annotations

import asyncio
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import traitlets

from notebook_async.kernel import front_end_answered
from notebook_async.widgets._log_feed import LogFeed

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.widgets._view import Subject

__all__ = ["JobPanel"]

_STATIC = Path(__file__).parent / "static"
_SEEN, _UNSEEN = 0.1, 1.0


class JobPanel(anywidget.AnyWidget):
    """Shows a job or a run while it goes on, and cancels it when asked.

    Parameters
    ----------
    subject
        What to show.
    """

    _esm = _STATIC / "job_panel.js"
    _css = _STATIC / "job_panel.css"
    view = traitlets.Dict().tag(sync=True)
    log = traitlets.Dict().tag(sync=True)

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._seq = 0
        self._feed = LogFeed(subject)
        # Each sends one message if there is something new, and tells whether it did.
        self._parts: deque[Callable[[], bool]] = deque(
            [self._send_view, self._send_log, self._send_rich]
        )
        self._visible = False
        self.answered = False
        self._outputs: ipywidgets.Output | None = None
        self._rich_version = 0
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        super().__init__(view=self._new_view(), log=self._feed.tail())
        self.box = ipywidgets.VBox([self])
        self.on_msg(self._on_message)
        self._schedule()
        subject.on_end(lambda _: self._finish())

    def get_state(self, key: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return the traits for a page that loads now, with the log of this moment."""
        # A key asks for one trait that is about to be sent, which concerns no other.
        if key is None and "log" in self._trait_values:
            self._trait_values["log"] = self._feed.tail()
        return super().get_state(key, *args, **kwargs)

    # -- polling

    def _schedule(self) -> None:
        delay = _SEEN if self._visible else _UNSEEN
        self._timer = self._loop.call_later(delay, self._tick)

    def _tick(self) -> None:
        for _ in range(len(self._parts)):
            part = self._parts[0]
            self._parts.rotate(-1)
            if part():
                break
        self._schedule()

    def _finish(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for part in self._parts:
            part()

    # -- the header

    def _send_view(self) -> bool:
        changed = self._new_view()
        if _without_clock(changed) == _without_clock(self.view):
            return False
        self.view = changed
        return True

    def _new_view(self) -> dict[str, Any]:
        self._seq += 1
        return {**self._subject.view(), "seq": self._seq}

    # -- the log

    def _send_log(self) -> bool:
        news = self._feed.news(self._loop.time(), last=self._subject.ended)
        match news:
            case None:
                return False
            case "piece", piece:
                self.send({"type": "log", **piece})
            case "tail", tail:
                self._replace_log(tail)
        return True

    def _replace_log(self, tail: dict[str, Any]) -> None:
        # Assigning sends nothing where the value is the same, and a view waits for it.
        self._trait_values["log"] = tail
        self.send_state("log")

    # -- displays that are more than text

    def _send_rich(self) -> bool:
        version, outputs = self._subject.rich()
        if version == self._rich_version:
            return False
        self._rich_version = version
        if self._outputs is None:
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

    # -- messages from the front end: untrusted; on any thread where no bridge is

    def _on_message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict):
            self._loop.call_soon_threadsafe(self._obey, content)

    def _obey(self, content: dict[str, Any]) -> None:
        match content:
            case {"type": "hello"}:
                self.answered = True
                front_end_answered()
            case {"type": "visible", "visible": bool(visible)}:
                self._visible = visible
                if visible and self._timer is not None:
                    self._timer.cancel()
                    self._schedule()
            case {"type": "resync"}:
                self._replace_log(self._feed.tail())
            case {"type": str(action)}:
                self._subject.act(action)


def _without_clock(view: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in view.items() if key not in {"seq", "elapsed"}}
