"""Follows a run of the package from where it writes its log, and tells the hooks."""

from __future__ import annotations

import logging
from time import perf_counter
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from notebook_async.core._scope import current_scope
from notebook_async.core.hooks import publish, wanted
from notebook_async.core.records import StepRecord
from notebook_async.integrations._llama_index_graph import graph_data
from notebook_async.integrations._llama_index_inside import current_run_id, past_of
from notebook_async.integrations._llama_index_story import Story, is_internal

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from notebook_async.core.records import Phase, Record
    from notebook_async.integrations._llama_index_inside import Inside

__all__ = ["Follower", "follower_of"]

_log = logging.getLogger("notebook_async")

# Seconds from one record of what moved to the next.
_REST = 0.05

# Each is kept by the run that it follows, and by nobody else.
_followers: WeakValueDictionary[str, Follower] = WeakValueDictionary()


def follower_of(inside: Inside) -> Follower:
    """Return who follows a run already, or somebody new."""
    known = _followers.get(inside.run_id)
    if known is not None and known.inside.log is inside.log:
        return known
    return Follower(inside)


class Follower:
    """Tells the hooks what happens in a run, as long as somebody wants to know.

    Nothing of the run changes: its log and its queue get a listener each, which is
    taken away at the end.

    Parameters
    ----------
    inside
        The run.

    Attributes
    ----------
    source
        The path of ids of the run.
    """

    def __init__(self, inside: Inside) -> None:
        self.inside = inside
        self.source = _source(inside.run_id)
        self._story: Story | None = None
        self._put: Any = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._on_end: list[Callable[[Any], object]] = []

    def records_from_now(self) -> list[Record]:
        """Begin to tell the hooks, and return what has happened so far."""
        records: list[Record] = []
        story = self._so_far(records.append)
        if self.inside.ended:
            story.end(story.at, *_outcome(self.inside.log.complete))
        elif self._story is None:
            story.tell = publish
            self._story = story
            self._attach()
        return records

    def on_end(self, callback: Callable[[Any], object]) -> None:
        """Call back once nothing more is told; at once, if that is so."""
        if self._story is None:
            callback(self)
        else:
            self._on_end.append(callback)

    def _so_far(self, tell: Callable[[Record], object]) -> Story:
        """Return the story of the run up to now, having told it."""
        log, workflow = self.inside.log, self.inside.workflow
        now = perf_counter()
        past = list(past_of(self.inside))
        times = [one.at for one in past if one.at is not None]
        story = Story(self.source, type(workflow).__name__, graph_data(workflow), tell)
        story.begin(min([now, *times]))
        seen: set[int] = set()
        for one in past:
            at = story.at if one.at is None else min(one.at, now)
            story.tick(one.tick, at, alone=one.published is None)
            for event in one.published or ():
                story.published(event, story.at)
                seen.add(id(event))
        # Steps write to the stream past the log: what nobody has read yet is there.
        rough = any(one.published is None for one in past)
        for event in tuple(getattr(log.publish_queue, "_queue", ())):
            if is_internal(event) or id(event) in seen:
                continue
            if rough or not _ends_a_run(event):
                story.published(event, story.at)
        story.flow()
        return story

    # -- listening

    def _attach(self) -> None:
        log = self.inside.log
        _followers[self.inside.run_id] = self
        log.ticks = _Log(log.ticks, self)
        queue, put = log.publish_queue, log.publish_queue.put_nowait

        def put_nowait(event: Any) -> None:
            put(event)
            self._published(event)

        self._put = queue.put_nowait = put_nowait
        log.complete.add_done_callback(self._ended)

    def detach(self) -> None:
        """Tell nothing more."""
        self._story = None
        log = self.inside.log
        if isinstance(log.ticks, _Log):
            log.ticks.follower = None
        if vars(log.publish_queue).get("put_nowait") is self._put:
            del log.publish_queue.put_nowait
        self._put = None
        log.complete.remove_done_callback(self._ended)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        _followers.pop(self.inside.run_id, None)
        callbacks, self._on_end = self._on_end, []
        for callback in callbacks:
            callback(self)

    def ticked(self, tick: Any) -> None:
        """Take note of what the run works off."""
        if not wanted(StepRecord):
            self.detach()
        elif self._story is not None:
            self._safely(self._story.tick, tick, perf_counter())
            self._moved()

    def _published(self, event: Any) -> None:
        if self._story is not None:
            self._safely(self._story.published, event, perf_counter())

    def _ended(self, complete: asyncio.Future[Any]) -> None:
        if self._story is not None:
            self._safely(self._story.end, perf_counter(), *_outcome(complete))
        self.detach()

    def _safely(self, tell: Callable[..., object], *arguments: Any) -> None:
        try:
            tell(*arguments)
        except Exception:  # noqa: BLE001 - a recorder's fault must not become the run's
            _log.exception("the run %s cannot be followed on", self.inside.run_id)
            self.detach()

    # -- what moves

    def _moved(self) -> None:
        """Tell soon what has moved."""
        if self._timer is None and self._story is not None:
            loop = self.inside.log.complete.get_loop()
            self._timer = loop.call_at(max(loop.time(), self._due), self._flow)

    def _flow(self) -> None:
        self._timer = None
        if self._story is not None:
            self._due = self.inside.log.complete.get_loop().time() + _REST
            self._safely(self._story.flow)


class _Log(list[Any]):
    """The log of a run, with somebody who reads along."""

    def __init__(self, ticks: list[Any], follower: Follower) -> None:
        super().__init__(ticks)
        self.follower: Follower | None = follower

    def append(self, tick: Any) -> None:
        """Add a tick and tell of it."""
        super().append(tick)
        if self.follower is not None:
            self.follower.ticked(tick)


def _source(run_id: str) -> tuple[str, ...]:
    """Return the path of a run: inside of the one whose step we are in, if any."""
    around = current_run_id()
    outer = None if around in {None, run_id} else _followers.get(around or "")
    if outer is not None:
        return (*outer.source, run_id)
    return current_scope.get().inside(run_id).path


def _outcome(complete: asyncio.Future[Any]) -> tuple[Phase, BaseException | None]:
    """Return what a run has come to."""
    if complete.cancelled():
        return "cancelled", None
    error = complete.exception()
    if error is None:
        return "done", None
    if type(error).__name__ == "WorkflowCancelledByUser":
        return "cancelled", None
    return "failed", error


def _ends_a_run(event: Any) -> bool:
    return any(kind.__name__ == "StopEvent" for kind in type(event).__mro__)
