"""The live panel of a workflow's graph: one widget, one ES module, few messages.

The panel polls its source ten times a second; nothing is pushed per event. A message
tells what has changed since the one before, under a number, so that a view which missed
one asks for all. A page that reloads gets what the others were told last, so that the
next message suits both.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from notebook_async.kernel import front_end_answered
from notebook_async.widgets._graph_wire import GraphFeed, scene_message
from notebook_async.workflow._graph.compose import scene_of

if TYPE_CHECKING:
    from collections.abc import Hashable

    from notebook_async.widgets._graph_source import GraphSource

__all__ = ["GraphPanel"]

_STATIC = Path(__file__).parent / "static"
_SEEN, _UNSEEN = 0.1, 1.0
_MOST_REQUESTS = 8
_LARGEST_ID = 2**53


class GraphPanel(anywidget.AnyWidget):
    """Shows the graph of a run while it goes on, or at a moment of its past.

    Parameters
    ----------
    source
        What to show.
    """

    _esm = _STATIC / "graph_panel.js"
    _css = _STATIC / "graph_panel.css"
    scene = traitlets.Dict().tag(sync=True)
    snapshot = traitlets.Dict().tag(sync=True)

    def __init__(self, source: GraphSource) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._may_send_at = self._loop.time() + _SEEN
        self._visible = False
        self._asked_for_all = False
        self._requests: deque[tuple[int, int]] = deque(maxlen=_MOST_REQUESTS)
        self._version: Hashable = None
        self.answered = False
        self._source = source
        self._graph = source.graph
        self._feed = GraphFeed(scene_of(self._graph))
        self._take_all()
        super().__init__(
            scene=scene_message(self._feed.scene, source.run),
            snapshot=self._feed.snapshot(),
        )
        self.on_msg(self._on_message)
        self._follow()

    def show(self, source: GraphSource) -> None:
        """Show something else: another run, or another moment of the same.

        Where the graph is the same only what differs is sent, so a slider may call this
        as often as it likes.

        Parameters
        ----------
        source
            What to show from now on.
        """
        self._source = source
        self._version = None
        if source.graph != self._graph:
            self._graph = source.graph
            self._feed = GraphFeed(scene_of(self._graph))
            self._take_all()
            with self.hold_sync():
                self.scene = scene_message(self._feed.scene, source.run)
                self.snapshot = self._feed.snapshot()
        self._follow()

    def get_state(self, key: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return the traits for a page that loads now, as of the last message."""
        # A key asks for one trait that is about to be sent, which concerns no other.
        if key is None and "snapshot" in self._trait_values:
            self._trait_values["snapshot"] = self._feed.snapshot()
        return super().get_state(key, *args, **kwargs)

    def _take_all(self) -> None:
        self._version = self._source.version
        self._feed.take(self._source.state())

    # -- polling

    def _follow(self) -> None:
        source = self._source
        if not source.ended:
            source.on_end(lambda _: self._ended(source))
        self._soon()

    def _ended(self, source: GraphSource) -> None:
        if source is self._source:
            self._soon()

    def _soon(self) -> None:
        """Send what is new as soon as it may be sent."""
        if self._timer is not None:
            self._timer.cancel()
        at = max(self._loop.time(), self._may_send_at)
        self._timer = self._loop.call_at(at, self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = self._loop.time()
        if self._tell():
            self._may_send_at = now + _SEEN
        if self._requests or self._asked_for_all or self._feed.behind:
            self._soon()
        elif not self._source.ended:
            delay = _SEEN if self._visible else _UNSEEN
            self._timer = self._loop.call_at(now + delay, self._tick)

    def _tell(self) -> bool:
        """Send one message, if there is anything to tell; tell whether there was."""
        if self._asked_for_all:
            self._asked_for_all = False
            # Assigning sends nothing where the value is the same, and a view waits.
            self._trait_values["snapshot"] = self._feed.snapshot()
            self.send_state("snapshot")
            return True
        if self._requests:
            self.send(self._reply(*self._requests.popleft()))
            return True
        version = self._source.version
        if version == self._version and not self._feed.behind:
            return False
        self._version = version
        message = self._feed.delta(self._source.state())
        if message is None:
            return False
        self.send(message)
        return True

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
                if visible and not self._source.ended:
                    self._soon()
            case {"type": "resync"}:
                self._asked_for_all = True
                self._soon()
            case {"type": "details", "id": name, "step": index}:
                self._ask(name, index)
            case {"type": "cancel"}:
                self._source.cancel()

    def _ask(self, name: Any, index: Any) -> None:
        # A bool is an int too, but none that anybody means.
        if type(name) is not int or type(index) is not int:
            return
        nodes = self._feed.scene.nodes
        known = 0 <= index < len(nodes) and nodes[index].kind == "step"
        if known and 0 <= name < _LARGEST_ID:
            self._requests.append((name, index))
            self._soon()

    def _reply(self, name: int, index: int) -> dict[str, Any]:
        answer: dict[str, Any] = {"type": "details", "id": name, "step": index}
        nodes = self._feed.scene.nodes
        if index >= len(nodes):
            return {**answer, "error": "the graph is another one by now"}
        answer["what"] = nodes[index].tooltip.partition("\n")[2]
        try:
            details = self._source.details(nodes[index].id)
        except Exception as error:  # noqa: BLE001 - a user's `repr` may do anything
            return {**answer, "error": f"{type(error).__name__}: {error}"[:300]}
        return {**answer, "details": asdict(details)}
