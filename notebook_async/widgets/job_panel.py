"""The live panel of a job: one widget, one ES module, at most ten messages a second.

The panel polls its subject; nothing is pushed per event. The header is a trait, replaced
whole when it has changed. The log is sent as it grows, with character offsets, so that a
view which missed something asks for all of it; a page that reloads gets the state of that
moment, for `get_state` makes it anew.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import traitlets

from notebook_async.kernel import front_end_answered
from notebook_async.widgets._text import plain_log

if TYPE_CHECKING:
    from notebook_async.board import LogSlice
    from notebook_async.widgets._view import Subject, View

__all__ = ["JobPanel"]

_STATIC = Path(__file__).parent / "static"
_SEEN, _UNSEEN = 0.1, 1.0
# Characters: of a message ten times a second, of the end of a log sent as a whole, and
# of what a view may lag behind before the panel skips to the end.
_MOST_AT_ONCE = 12_000
_TAIL = 60_000
_BACKLOG = 120_000


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
        self._sent = 0
        self._skipped_at = 0.0
        self._visible = False
        self.answered = False
        self._outputs: ipywidgets.Output | None = None
        self._rich_version = 0
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        super().__init__(view=self._new_view(), log=self._tail())
        self.box = ipywidgets.VBox([self])
        self.on_msg(self._on_message)
        self._schedule()
        subject.on_end(lambda _: self._finish())

    def get_state(self, *args: Any, **kwargs: Any) -> Any:
        """Return the traits for a page that loads now, with the log of this moment."""
        if "log" in self._trait_values:
            self._trait_values["log"] = self._tail()
        return super().get_state(*args, **kwargs)

    def refresh(self) -> None:
        """Send what has changed since the last time."""
        changed = self._new_view()
        if _without_clock(changed) != _without_clock(self.view):
            self.view = changed
        self._send_log()
        self._show_rich()

    # -- polling

    def _schedule(self) -> None:
        delay = _SEEN if self._visible else _UNSEEN
        self._timer = self._loop.call_later(delay, self._tick)

    def _tick(self) -> None:
        self.refresh()
        self._schedule()

    def _finish(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.refresh()

    def _new_view(self) -> View:
        view = self._subject.view()
        self._seq += 1
        view["seq"] = self._seq
        return view

    # -- the log

    def _tail(self) -> dict[str, Any]:
        log = self._subject.log(-_TAIL)
        self._sent = log.end
        return {**_log_state(log), "dropped": log.start}

    def _send_log(self) -> None:
        log = self._subject.log(self._sent, most=_MOST_AT_ONCE)
        if log.end == log.start:
            return
        if log.start > self._sent or self._subject.log(-1).end - log.end > _BACKLOG:
            # Too far behind to catch up at the permitted rate: skip to the end, but
            # not with every message.
            now = self._loop.time()
            if now - self._skipped_at >= _UNSEEN:
                self._skipped_at = now
                self.log = self._tail()
            return
        self._sent = log.end
        self.send({"type": "log", **_log_state(log)})

    # -- displays that are more than text

    def _show_rich(self) -> None:
        version, outputs = self._subject.rich()
        if version == self._rich_version:
            return
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

    # -- messages from the front end: any thread, untrusted

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
                    self._tick()
            case {"type": "resync"}:
                self.log = self._tail()
            case {"type": str(action)}:
                self._subject.act(action)


def _without_clock(view: Any) -> dict[str, Any]:
    return {key: value for key, value in view.items() if key not in {"seq", "elapsed"}}


def _log_state(log: LogSlice) -> dict[str, Any]:
    return {
        "start": log.start,
        "end": log.end,
        "chunks": [[stream, plain_log(text)] for stream, text in log.chunks],
        "dropped": log.dropped,
    }
