"""What a view asks for once: another moment, a record, the next hit, a file."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections import deque
from typing import TYPE_CHECKING, Any

from notebook_async.widgets._events_export import export
from notebook_async.widgets._events_looks import is_name, is_time
from notebook_async.widgets._events_query import Query, QueryError
from notebook_async.widgets._events_words import fields_of, payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.core import Record
    from notebook_async.core.recording import Recording
    from notebook_async.widgets._events_feed import Feed
    from notebook_async.widgets._events_player import Player
    from notebook_async.widgets._events_rows import Rows

__all__ = ["Requests"]

_MOST_WAITING = 16
_LONGEST_TEXT = 200
_LARGEST_ID = 2**53
_SPEEDS = (0.01, 1000.0)


class Requests:
    """Obeys what front ends ask for, and keeps the answers until they are sent.

    Parameters
    ----------
    recording
        The recording.
    feed
        Looks up rows.
    player
        Holds the moment.
    ready
        Called when there is an answer that nobody waited for.

    Attributes
    ----------
    moved
        Who has moved the moment last, and by which of its messages.
    """

    def __init__(
        self,
        recording: Recording,
        feed: Feed,
        player: Player,
        ready: Callable[[], None],
    ) -> None:
        self._recording = recording
        self._feed = feed
        self._player = player
        self._ready = ready
        self._waiting: deque[tuple[str, dict[str, Any]]] = deque(maxlen=_MOST_WAITING)
        self._tasks: set[asyncio.Task[None]] = set()
        self._exporting = False
        self._acts: dict[str, Callable[[dict[str, Any]], bool]] = {
            "moment": self._move,
            "play": self._play,
            "pause": self._pause,
            "record": self._record,
            "words": self._words,
            "place": self._place,
            "find": self._find,
            "export": self._export,
        }
        self.moved: list[Any] = ["", 0]

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def answers(self) -> dict[str, dict[str, Any]]:
        """Return the answers that wait, by view, and forget them."""
        found: dict[str, dict[str, Any]] = {}
        while self._waiting:
            view, answer = self._waiting.popleft()
            found.setdefault(view, {}).update(answer)
        return found

    def obey(self, content: dict[str, Any]) -> bool:
        """Do what a message asks for; tell whether something is new by that.

        Parameters
        ----------
        content
            The message; one of an unknown type is ignored.
        """
        name = content.get("type")
        act = self._acts.get(name) if isinstance(name, str) else None
        return act is not None and act(content)

    # -- the moment

    def _move(self, content: dict[str, Any]) -> bool:
        match content:
            case {"number": _}:
                _, records = self._named(content)
                if not records:
                    return False
                self._player.move(records[0].at)
            case {"step": 1 | -1 as step}:
                self._step(step, content)
            case {"at": None}:
                self._player.move(None)
            case {"at": at} if is_time(at):
                self._player.move(self._feed.origin + at)
            case _:
                return False
        match content:
            case {"by": str(by), "n": int(count)} if is_name(by):
                self.moved = [by, min(abs(count), _LARGEST_ID)]
        return True

    def _play(self, content: dict[str, Any]) -> bool:
        speed = content.get("speed")
        if speed == "fit":
            self._player.play("fit")
        elif is_time(speed) and speed > 0:
            self._player.play(min(max(speed, _SPEEDS[0]), _SPEEDS[1]))
        else:
            return False
        return True

    def _pause(self, content: dict[str, Any]) -> bool:
        self._player.pause()
        # Where it stood in the eyes of whoever pressed the button.
        if is_time(content.get("at")):
            self._move(content)
        return True

    def _step(self, step: int, content: dict[str, Any]) -> None:
        rows = self._filtered(content) or self._feed.rows("")

        def times(number: int, count: int) -> list[float]:
            place = rows.place_of(number)
            window = (place, count) if count > 0 else (place + count, -count)
            return [one.record.at for one in rows.window(*window)]

        self._player.step(step, times)

    # -- records

    def _record(self, content: dict[str, Any]) -> bool:
        number, records = self._named(content)
        told = [["", "dropped: the recording keeps the newest records only"]]
        for record in records:
            wall = self._recording.wall_time(record.at)
            told = fields_of(record, origin=self._feed.origin, wall=wall)
        return self._answer(content, "fields", number, told)

    def _words(self, content: dict[str, Any]) -> bool:
        number, records = self._named(content)
        words = payload(records[0]) if records else ""
        return self._answer(content, "words", number, words)

    def _named(self, content: dict[str, Any]) -> tuple[int, list[Record]]:
        """Return the number that a message names, and the record of it if there is."""
        number = content.get("number")
        if type(number) is not int or number < 0:
            return -1, []
        return number, self._recording.window(number, 1)

    def _answer(
        self, content: dict[str, Any], part: str, number: int, told: object
    ) -> bool:
        """Add what is told of a record to what waits: several may be asked for."""
        view = content.get("view")
        if not is_name(view) or number < 0:
            return False
        for waiting, answer in self._waiting:
            if waiting == view and part in answer:
                answer[part][f"{number}"] = told
                return True
        self._waiting.append((view, {part: {f"{number}": told}}))
        return True

    def _place(self, content: dict[str, Any]) -> bool:
        view, rows = content.get("view"), self._filtered(content)
        number, _ = self._named(content)
        if not is_name(view) or rows is None or number < 0:
            return False
        told = {"text": "", "total": 0, "number": number}
        self._waiting.append(
            (view, {"found": {**told, "place": rows.place_of(number)}})
        )
        return True

    def _filtered(self, content: dict[str, Any]) -> Rows | None:
        """Return the rows that a message is about."""
        text = content.get("filter", "")
        try:
            return self._feed.rows(" ".join(text.split()))
        except (AttributeError, QueryError):
            return None

    def _find(self, content: dict[str, Any]) -> bool:
        match content:
            case {"view": view, "text": str(text), "from": int(start)} if is_name(view):
                text = text.strip()[:_LONGEST_TEXT]
            case _:
                return False
        rows = self._filtered(content)
        if not text or rows is None:
            return False
        found: dict[str, Any] = {"text": text, "total": 0}
        hits = self._hits(rows.query, text)
        if hits:
            place = _next_place(hits, start, backwards=content.get("backwards") is True)
            number = hits[place]
            found |= {"total": len(hits), "index": place + 1, "number": number}
            found["place"] = rows.place_of(number)
        self._waiting.append((view, {"found": found}))
        return True

    def _hits(self, query: Query, text: str) -> list[int]:
        """Return the numbers of the records that pass a filter and have a text."""
        hits = [number for number, _ in query.select(self._recording, text=text)]
        if not query.text:
            return hits
        passed = {number for number, _ in query.select(self._recording)}
        return [number for number in hits if number in passed]

    # -- files

    def _export(self, content: dict[str, Any]) -> bool:
        view, text = content.get("view"), content.get("name")
        if self._exporting or not is_name(view) or not isinstance(text, str):
            return False
        self._exporting = True
        replace = content.get("replace") is True

        async def write() -> None:
            try:
                told = await export(self._recording, text, replace=replace)
            finally:
                self._exporting = False
            self._waiting.append((view, {"export": told}))
            self._ready()

        task = asyncio.get_running_loop().create_task(write())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return False


def _next_place(hits: list[int], start: int, *, backwards: bool) -> int:
    """Return where the next of these numbers stands, from `start` on and round."""
    if backwards:
        return (bisect_right(hits, start) - 1) % len(hits)
    return bisect_left(hits, start) % len(hits)
