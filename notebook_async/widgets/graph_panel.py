"""The live panel of a workflow's graph: one widget, one ES module, few messages.

The panel polls its source ten times a second; nothing is pushed per event. A message
tells what has changed since the one before, under a number, so that a view which missed
one asks for all. A page that reloads gets what the others were told last, so that the
next message suits both.
"""

from __future__ import annotations

import weakref
from collections import deque
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import traitlets

from notebook_async.widgets._graph_wire import GraphFeed, scene_message
from notebook_async.widgets._panel import LivePanel, built
from notebook_async.workflow._graph.compose import scene_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from notebook_async.widgets._graph_source import GraphSource

__all__ = ["GraphPanel"]

_MOST_REQUESTS = 8
_LARGEST_ID = 2**53


class GraphPanel(LivePanel):
    """Shows the graph of a run while it goes on, or at a moment of its past.

    Parameters
    ----------
    source
        What to show.

    Attributes
    ----------
    on_follow
        What to call with another source that is shown.
    """

    _esm = built("graph_panel.js")
    _css = built("graph_panel.css")
    scene = traitlets.Dict().tag(sync=True)
    snapshot = traitlets.Dict().tag(sync=True)

    def __init__(self, source: GraphSource) -> None:
        self._source = source
        self.on_follow: Callable[[GraphSource], object] | None = None
        self._graph = source.graph
        self._feed = GraphFeed(scene_of(self._graph))
        self._heard: GraphSource | None = None
        self._asked_for_all = False
        self._told: tuple[Hashable] | None = None
        self._requests: deque[tuple[int, int]] = deque(maxlen=_MOST_REQUESTS)
        self._take_all()
        super().__init__(
            [self._send_all, self._send_reply, self._send_delta],
            scene=scene_message(self._feed.scene, source.run),
            snapshot=self._feed.snapshot(),
        )
        self._follow()

    @property
    def irreplaceable(self) -> bool:
        """Whether no picture can stand for it: its steps tell more when clicked."""
        return True

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
        self._told = None
        if source.graph != self._graph:
            self._graph = source.graph
            self._feed = GraphFeed(scene_of(self._graph))
            self._take_all()
            with self.hold_sync():
                self.scene = scene_message(self._feed.scene, source.run)
                self.snapshot = self._feed.snapshot()
        self._follow()
        self._pace.ask()
        if self.on_follow is not None:
            self.on_follow(source)

    def get_state(self, key: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return the traits for a page that loads now, as of the last message."""
        # A key asks for one trait that is about to be sent, which concerns no other.
        if key is None and "snapshot" in self._trait_values:
            self._trait_values["snapshot"] = self._feed.snapshot()
        return super().get_state(key, *args, **kwargs)

    # -- what it follows

    def _follow(self) -> None:
        source = self._source
        if source.ended:
            self._pace.rest()
            return
        self._pace.start()
        if source is not self._heard:
            self._heard = source
            source.on_end(_end_of(weakref.ref(self), source))

    def _end(self, source: GraphSource) -> None:
        if source is self._source:
            self._pace.rest()
            self._pace.ask()

    # -- what is told

    def _take_all(self) -> None:
        self._told = (self._source.version,)
        self._feed.take(self._source.state())

    def _send_all(self) -> bool:
        if not self._asked_for_all:
            return False
        self._asked_for_all = False
        self._replace("snapshot", self._feed.snapshot())
        return True

    def _send_reply(self) -> bool:
        if not self._requests:
            return False
        self.send(self._reply(*self._requests.popleft()))
        return True

    def _send_delta(self) -> bool:
        now = (self._source.version,)
        if now == self._told and not self._feed.behind:
            return False
        self._told = now
        message = self._feed.delta(self._source.state())
        if message is None:
            return False
        self.send(message)
        return True

    # -- what a view asks for

    def _act(self, content: dict[str, Any]) -> None:
        match content:
            case {"type": "resync"}:
                self._asked_for_all = True
                self._pace.ask()
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
            self._pace.ask()

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


def _end_of(
    panel: weakref.ref[GraphPanel], source: GraphSource
) -> Callable[[Any], None]:
    """Return what tells a panel that a source has ended; it keeps no panel alive."""

    def end(_: Any) -> None:
        mine = panel()
        if mine is not None:
            mine._end(source)  # noqa: SLF001 - a part of it

    return end
