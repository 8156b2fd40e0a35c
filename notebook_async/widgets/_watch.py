"""Watch a run: its graph, its log and lanes, and a slider that moves all of them."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any, Literal, Protocol

from notebook_async.board import Job
from notebook_async.core import Recording, record
from notebook_async.errors import ArgumentTypeError
from notebook_async.kernel import detect_host, print_plain
from notebook_async.widgets._graph_source import GraphSource
from notebook_async.widgets._show_events import show_events
from notebook_async.widgets._show_graph import show_graph

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from notebook_async.core.recording import Source
    from notebook_async.widgets.event_panel import EventPanel
    from notebook_async.widgets.graph_panel import GraphPanel

__all__ = ["Watch", "watch"]

_MOST_GRAPHS = 3
_cancelling: set[asyncio.Future[Any]] = set()


def watch(
    subject: Any = None,
    *,
    graph: bool = True,
    events: bool = True,
) -> Watch:
    """Show what runs, live, with a slider that leads back to any moment of it.

    The cell shows the graph of each workflow, whose steps light up, and below it what
    has happened: a log, a tree and a timeline. Drag the slider, or let it play, and all
    of them show that moment.

    Parameters
    ----------
    subject
        The handler of a workflow's run, also of one of LlamaIndex (extra
        `llama-index`); a job; a `JobRun`; or a recording, of this notebook or from a
        file. By default everything that happens from now on is recorded and shown.
    graph
        Whether to show graphs: of the first three workflows that there are by now.
    events
        Whether to show the log, the tree and the timeline.

    Returns
    -------
    Watch
        Await it for the result of the subject. Its `recording` has all that is shown.

    Raises
    ------
    ArgumentTypeError
        If there is nothing to watch in `subject`.

    Examples
    --------
    >>> from notebook_async import watch
    >>> from notebook_async.workflow import StartEvent, StopEvent, Workflow, step
    >>> class Hello(Workflow):
    ...     @step
    ...     async def greet(self, ev: StartEvent) -> StopEvent:
    ...         return StopEvent(result=f"Hello {ev.name}")
    >>> watched = watch(Hello().run(name="Ada", run_id="first"))
    >>> await watched  # in a script, a terminal: text; in a notebook: panels, live
    ✓ Hello  run first · 0:00 · done
      ✓ greet  1 done
    'Hello Ada'
    >>> watched.recording.state.phase
    'done'
    """
    recording = subject if isinstance(subject, Recording) else record(subject)
    _let_it_ask(subject)
    sources = _sources(subject, recording) if graph else []
    if detect_host().text_only:
        recording.on_stop(lambda: _print_all(sources))
        return Watch(subject, recording, None, [])
    panels = [(show_graph(source), source) for source in sources]
    shown = show_events(recording) if events else None
    linked = [(panel, source) for panel, source in panels if panel is not None]
    return Watch(subject, recording, shown, linked)


class Watch:
    """What `watch` shows, to be steered and awaited.

    Attributes
    ----------
    recording
        All that has happened, for `export` and for questions of your own.
    """

    def __init__(
        self,
        subject: Any,
        recording: Recording,
        events: EventPanel | None,
        graphs: list[tuple[GraphPanel, _Source]],
    ) -> None:
        self.recording = recording
        self._subject = subject
        self._events = events
        self._graphs = graphs
        if events is not None and graphs:
            events.on_moment(self._show_moment)

    # -- the moment

    @property
    def moment(self) -> float | None:
        """The moment that is shown, in seconds of `perf_counter`; None is the last one.

        Set it to lead all panels there. Where none are shown nothing moves.
        """
        return None if self._events is None else self._events.moment

    @moment.setter
    def moment(self, at: float | None) -> None:
        if self._events is not None:
            self._events.moment = at

    def play(self, speed: float | Literal["fit"] = 1.0) -> None:
        """Let the moment move, from where it is; from the beginning, if at the end.

        Parameters
        ----------
        speed
            Seconds of the recording in a second, > 0; or `fit`: all of it in ten.
        """
        if self._events is not None:
            self._events.play(speed)

    def pause(self) -> None:
        """Let the moment stand still."""
        if self._events is not None:
            self._events.pause()

    def export(self, path: str | Path) -> Path:
        """Write the recording to a file; see `Recording.export`."""
        return self.recording.export(path)

    def __await__(self) -> Generator[Any, None, Any]:
        """Wait for the result of what is watched."""
        if not inspect.isawaitable(self._subject):
            raise ArgumentTypeError(
                "there is nothing to await: watch was given"
                f" {'nothing' if self._subject is None else repr(self._subject)}"
            )
        awaited: Generator[Any, None, Any] = self._subject.__await__()
        return awaited

    def _ipython_display_(self) -> None:
        """Show nothing: `watch` has shown it."""

    def __repr__(self) -> str:
        return f"<Watch of {self.recording!r}>"

    # -- within

    def _show_moment(self, at: float | None) -> None:
        for panel, source in self._graphs:
            if panel.comm is None:
                continue
            past = None if at is None else source.moment(at)
            panel.show(past or source)


class _Source(GraphSource, Protocol):
    """What is shown live, and can be shown as it was."""

    def moment(self, at: float) -> GraphSource | None:
        """Return it at a moment of the past; None if nothing is known of that."""


def _sources(subject: Any, recording: Recording) -> list[_Source]:
    """Return what graphs there are to show."""
    from notebook_async.widgets._graph_followed import FollowedSource  # noqa: PLC0415
    from notebook_async.widgets._graph_handler import HandlerSource  # noqa: PLC0415
    from notebook_async.workflow import WorkflowHandler  # noqa: PLC0415

    handlers = (subject,) if isinstance(subject, WorkflowHandler) else ()
    if isinstance(subject, Job):
        handlers = subject.workflows[-_MOST_GRAPHS:]
    if handlers:
        return [HandlerSource(handler, recording) for handler in handlers]
    outermost = _outermost(list(recording.state.workflows))
    return [
        FollowedSource(recording, path, cancel=_canceller(subject))
        for path in outermost[:_MOST_GRAPHS]
    ]


def _let_it_ask(subject: Any) -> None:
    """Let a run that is watched ask here what its steps ask people."""
    from notebook_async.workflow import WorkflowHandler  # noqa: PLC0415
    from notebook_async.workflow._engine.people import watch_here  # noqa: PLC0415

    if isinstance(subject, WorkflowHandler):
        watch_here(subject._run)  # noqa: SLF001 - it has no public face


def _outermost(paths: list[Source]) -> list[Source]:
    """Return the paths that lie within none of the others."""
    known = set(paths)
    return [
        path
        for path in paths
        if not any(path[:depth] in known for depth in range(1, len(path)))
    ]


def _canceller(subject: Any) -> Any:
    """Return what cancels the run of a handler of another library."""
    cancel = getattr(subject, "cancel_run", None)
    if cancel is None:
        return None

    def cancel_soon() -> None:
        asked = cancel()
        if inspect.isawaitable(asked):
            task = asyncio.ensure_future(asked)
            _cancelling.add(task)
            task.add_done_callback(_cancelling.discard)

    return cancel_soon


def _print_all(sources: list[_Source]) -> None:
    from notebook_async.widgets._graph_static import graph_text  # noqa: PLC0415

    for source in sources:
        print_plain(graph_text(source))
