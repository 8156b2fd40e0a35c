"""The event panel: what a recording holds, and the moment of it that is looked at.

Its views say what they look at (a window of the log, of the tree, of the lanes), and
are answered where that has changed: all of them in one message, ten times a second at
most. Every message says all that it is about, under a number, so that a view which
missed one has but to ask again. The moment belongs to the panel, so that all views and
whoever follows it (`on_moment`) show the same one.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Literal

import traitlets

from notebook_async.widgets._events_answers import Answers
from notebook_async.widgets._events_feed import Feed
from notebook_async.widgets._events_head import Heads
from notebook_async.widgets._events_looks import Look, parse_look
from notebook_async.widgets._events_player import Player
from notebook_async.widgets._events_requests import Requests
from notebook_async.widgets._panel import Panel, built

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.core.recording import Recording

__all__ = ["EventPanel"]

_SEEN, _UNSEEN = 0.1, 1.0
_BYTES = 120_000
"""Bytes a second, without the envelopes of the messages."""

_FULL = 40_000
"""Bytes after which a message takes no more views."""

_MOST_VIEWS = 8


class EventPanel(Panel):
    """Shows a recording: its log, its tree and its lanes, at any moment of it.

    Parameters
    ----------
    recording
        A recording that listens, one that has stopped, or one from a file.

    Attributes
    ----------
    recording
        As given.
    """

    _esm = built("event_panel.js")
    _css = built("event_panel.css")
    snapshot = traitlets.Dict().tag(sync=True)

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._player = Player(recording, self._loop)
        self._feed = Feed(recording, self._player)
        self._answers = Answers(self._feed)
        self._heads = Heads(self._feed)
        self._requests = Requests(recording, self._feed, self._player, self._soon)
        self._looks: OrderedDict[str, Look] = OrderedDict()
        self._unasked = _default_looks()
        self._seq = 0
        self._head: dict[str, Any] = {}
        self._sent_at = self._free_at = self._loop.time()
        self._on_end: list[Callable[[], object]] = []
        self._listened = recording.listens
        super().__init__(snapshot=self._new_snapshot())
        self.on_retire(self._stop)
        self._soon()

    # -- for whoever made it

    @property
    def moment(self) -> float | None:
        """The time that is looked at, of `perf_counter`; None follows the end."""
        return self._player.moment

    @moment.setter
    def moment(self, at: float | None) -> None:
        self._player.move(at)
        self._soon()

    def on_moment(self, callback: Callable[[float | None], object]) -> None:
        """Call back with each new moment: seconds of `perf_counter`, None for the end.

        While it plays that is ten times a second.

        Parameters
        ----------
        callback
            Called on the kernel's loop.
        """
        self._player.on_moment(callback)

    def off_moment(self, callback: Callable[[float | None], object]) -> None:
        """Call back no more.

        Parameters
        ----------
        callback
            As it was given to `on_moment`.
        """
        self._player.off_moment(callback)

    def play(self, speed: float | Literal["fit"] = 1.0) -> None:
        """Let the moment move, from where it is; from the beginning, if at the end.

        Parameters
        ----------
        speed
            Seconds of the recording in a second, > 0; or `fit`: all of it in ten.
        """
        self._player.play(speed)
        self._soon()

    def pause(self) -> None:
        """Let the moment stand still."""
        self._player.pause()
        self._soon()

    def on_end(self, callback: Callable[[], object]) -> None:
        """Call back once the recording listens no more; not if it never did."""
        self._on_end.append(callback)

    @property
    def irreplaceable(self) -> bool:
        """Whether no picture can stand for it: it shows every moment."""
        return True

    def get_state(self, key: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return the traits for a page that loads now, as of this moment."""
        # A key asks for one trait that is about to be sent, which concerns no other.
        if key is None and "snapshot" in self._trait_values:
            # Whoever is still there says again what it looks at.
            self._looks.clear()
            self._heads.epoch += 1
            self._trait_values["snapshot"] = self._new_snapshot()
        return super().get_state(key, *args, **kwargs)

    # -- what is told

    def _new_snapshot(self) -> dict[str, Any]:
        looks = _default_looks()
        now = self._loop.time()
        answer: dict[str, Any] = {}
        for look in looks:
            answer |= self._answers.answer(look, now) or {}
        return {"seq": self._seq, "head": self._new_head(), "answer": answer}

    def _new_head(self) -> dict[str, Any]:
        return self._heads.now(self._loop.time(), self._requests.moved)

    # -- polling

    @property
    def _shown(self) -> bool:
        return any(look.shown for look in self._looks.values())

    def _soon(self) -> None:
        """Send what is new as soon as it may be sent."""
        if self.comm is not None:
            self._tick_at(max(self._loop.time(), self._free_at, self._sent_at + _SEEN))

    def _tick_at(self, at: float) -> None:
        self._stop()
        self._timer = self._loop.call_at(at, self._tick, at)

    def _tick(self, at: float) -> None:
        self._timer = None
        # A loop may be early by as much as its clock is coarse.
        now = max(at, self._loop.time())
        self._player.tick()
        fresh = any(not look.sent for look in self._seen())
        pace = _SEEN if fresh or self._requests or self._shown else _UNSEEN
        due = max(self._free_at, self._sent_at + pace)
        if now >= due:
            self._send_news(now)
        self._notice_end()
        listens = self.recording.listens
        times = []
        if now < due:
            times.append(due)
        elif self._requests or self._answers.behind:
            times.append(max(self._free_at, now + _SEEN))
        if self._player.playing or (self._shown and listens):
            times.append(now + _SEEN)
        elif self._shown or listens:
            times.append(now + _UNSEEN)
        if times:
            self._tick_at(min(times))

    def _send_news(self, now: float) -> None:
        message = self._news(now)
        if message is not None:
            self.send(message)
            self._sent_at = now
            self._free_at = now + len(json.dumps(message)) / _BYTES

    def _seen(self) -> list[Look]:
        return [look for look in self._looks.values() if look.shown]

    def _news(self, now: float) -> dict[str, Any] | None:
        """Return one message with all that is new, or None."""
        answers = self._requests.answers()
        self._answers.behind = False
        size = len(json.dumps(answers))
        looks = self._seen() if self._looks else self._unasked
        for look in looks:
            if size > _FULL:
                break
            answer = self._answers.answer(look, now)
            if answer is not None:
                answers.setdefault(look.view, {}).update(answer)
                size += len(json.dumps(answer))
            if look.view:
                # The next message begins with another one.
                self._looks.move_to_end(look.view)
        head = self._new_head()
        if not answers and head == self._head:
            return None
        self._head = head
        self._seq += 1
        return {"type": "news", "seq": self._seq, "head": head, "to": answers}

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _notice_end(self) -> None:
        if self._listened and not self.recording.listens:
            self._listened = False
            for callback in self._on_end:
                callback()

    # -- what a view asks for

    def _act(self, content: dict[str, Any]) -> None:
        match content:
            case {"type": "look"}:
                self._look(content)
            case {"type": "leave", "view": str(view)}:
                self._looks.pop(view, None)
            case _:
                if self._requests.obey(content):
                    self._soon()

    def _look(self, content: dict[str, Any]) -> None:
        look = parse_look(content)
        if look is None:
            return
        before = self._looks.get(look.view)
        if before is not None and content.get("again") is not True:
            # What it was told it still knows, unless it says that it missed something.
            look.sent = before.sent
        self._looks[look.view] = look
        if len(self._looks) > _MOST_VIEWS:
            self._looks.popitem(last=False)
        self._soon()


def _default_looks() -> list[Look]:
    """Return what a page shows before it has been answered."""
    return [Look(tab=tab) for tab in ("log", "tree", "timeline")]
