"""A trace: record what happens within some code, and look at it as a tree."""

from __future__ import annotations

from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

from notebook_async.core import Recording
from notebook_async.core.recording._recording import CAPACITY
from notebook_async.errors import ArgumentTypeError
from notebook_async.tracing._nodes import tree_of
from notebook_async.tracing._open import OpenSpan
from notebook_async.tracing._schema import CBEventType
from notebook_async.tracing._text import seconds_text, totals_text, tree_text
from notebook_async.tracing._totals import totals_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from notebook_async.core.records import BlockRecord
    from notebook_async.tracing._nodes import Node
    from notebook_async.tracing._totals import Total

__all__ = ["Trace", "trace"]


@contextmanager
def trace(
    name: str = "trace", /, *, capacity: int = CAPACITY, **attributes: object
) -> Iterator[Trace]:
    """Record what happens inside of a `with` block, and what that starts.

    Spans, runs and their items, workflows and their steps, questions to people and the
    times in which the loop was held become one tree, whichever tasks or threads they
    ran in. Traces that go on at once, or one inside of the other, do not mix.

    Parameters
    ----------
    name
        What it is called.
    capacity
        How many records to keep, >= 1; a span takes two. The oldest go first.
    attributes
        What there is to know about it.

    Yields
    ------
    Trace
        Grows while the block runs, and stands when it is left. What then still goes on
        is shown as running.

    Examples
    --------
    >>> import asyncio
    >>> from notebook_async import run_jobs
    >>> from notebook_async.tracing import trace
    >>> with trace("naps") as traced:
    ...     results = await run_jobs(asyncio.sleep, [1, 2], desc="Nap")
    >>> print(traced.tree(times=False))
    ✓ naps
    └─ ✓ Nap  done=2 workers=4
       ├─ ✓ Nap item  index=0 item=1
       └─ ✓ Nap item  index=1 item=2
    >>> [(total.name, total.count) for total in traced.totals()][0]
    ('Nap item', 2)
    """
    recording = Recording(capacity=capacity)
    opened = OpenSpan(name, CBEventType.SPAN, attributes, trace=True)
    recording.listen(source=opened.source)
    opened.begin(at_once=True)
    opened.enter()
    try:
        yield Trace(recording, name=name)
    except BaseException as error:
        opened.leave()
        opened.end(error)
        raise
    else:
        opened.leave()
        opened.end()
    finally:
        recording.stop()


class Trace:
    """What happened, as a tree of work with times; as a cell's value it shows itself.

    `trace` makes one, and so does a recording: `Trace(recording)`.

    Parameters
    ----------
    recording
        What was recorded, by `record()`, by `trace`, or loaded from a file.
    name
        What it is called.

    Attributes
    ----------
    recording
        As given; its `export` writes it to a file.

    Examples
    --------
    >>> from notebook_async import record
    >>> from notebook_async.tracing import Trace, span
    >>> with record() as recording:
    ...     with span("load"):
    ...         pass
    >>> Trace(recording)
    <Trace of 1 span, ...>
    """

    def __init__(self, recording: Recording, *, name: str = "trace") -> None:
        if not isinstance(recording, Recording):
            raise ArgumentTypeError(
                f"a trace is made of a recording, got {type(recording).__name__}"
            )
        self.recording = recording
        self.name = name
        self._known: tuple[int, list[Node], list[BlockRecord]] = (-1, [], [])

    # -- what there is

    @property
    def roots(self) -> list[Node]:
        """The outermost work, each with what ran inside of it."""
        return self._tree()[1]

    @property
    def blocks(self) -> list[BlockRecord]:
        """The times in which something held the event loop, so that nothing else ran.

        The extension looks for them in a notebook; elsewhere `watch_loop` does.
        """
        return self._tree()[2]

    @property
    def now(self) -> float:
        """When it ended, or the time, in seconds of `time.perf_counter`."""
        if self.recording.listens:
            return perf_counter()
        ended = self.recording.ended
        return 0.0 if ended is None else ended

    @property
    def began(self) -> float:
        """When the first of its work began, in seconds of `time.perf_counter`."""
        roots = self.roots
        return min(root.began for root in roots) if roots else self.now

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        return self.now - self.began

    def __iter__(self) -> Iterator[Node]:
        """Go through all work, each before what ran inside of it."""
        for root in self.roots:
            yield from root.walk()

    def find(self, name: str) -> list[Node]:
        """Return all work of a name, as it began.

        Examples
        --------
        >>> from notebook_async.tracing import span, trace
        >>> with trace("demo") as traced:
        ...     with span("load"):
        ...         pass
        >>> [node.phase for node in traced.find("load")]
        ['done']
        """
        found = (node for node in self if node.name == name)
        return sorted(found, key=lambda node: node.began)

    def totals(self) -> list[Total]:
        """Return count and seconds by name, those first that took most by themselves.

        Examples
        --------
        >>> from notebook_async.tracing import span, trace
        >>> with trace("demo") as traced:
        ...     for page in range(3):
        ...         with span("load", page=page):
        ...             pass
        >>> (load,) = [total for total in traced.totals() if total.name == "load"]
        >>> load.count, load.running, load.failed
        (3, 0, 0)
        """
        return totals_of(self, self.now)

    def tree(self, *, times: bool = True) -> str:
        """Return the tree as text, one line for each piece of work.

        Of more than eight in a row that have the same name and are done, the others
        are one line.

        Parameters
        ----------
        times
            Whether to say how long each took.

        Examples
        --------
        >>> from notebook_async.tracing import span, trace
        >>> with trace("demo") as traced:
        ...     with span("load"):
        ...         pass
        >>> print(traced.tree(times=False))
        ✓ demo
        └─ ✓ load
        """
        return tree_text(self.roots, self.now, times=times)

    # -- for other tools

    def to_chrome(self, path: str | Path | None = None) -> dict[str, Any]:
        """Return it in Chrome's trace format, which Perfetto opens too.

        Parameters
        ----------
        path
            A file to write it to as JSON, if that is wanted.

        Returns
        -------
        dict
            The whole as data for JSON: `traceEvents` in microseconds, one track for
            each worker.

        Examples
        --------
        >>> from notebook_async.tracing import span, trace
        >>> with trace("demo") as traced:
        ...     with span("load", page=1):
        ...         pass
        >>> events = traced.to_chrome()["traceEvents"]
        >>> [(one["name"], one["args"]) for one in events if one["ph"] == "X"]
        [('demo', {}), ('load', {'page': 1})]
        """
        from notebook_async.tracing._chrome import chrome_data, write  # noqa: PLC0415

        data = chrome_data(self)
        if path is not None:
            write(data, path)
        return data

    def to_otel(
        self,
        tracer_provider: Any = None,  # noqa: ANN401 - of another library
    ) -> int:
        """Send it to OpenTelemetry as finished spans, with the times that they had.

        Parameters
        ----------
        tracer_provider
            The provider whose processors and exporters take them; by default the one
            that the process has set. It must be one of the SDK.

        Returns
        -------
        int
            How many spans were sent. What goes on is not sent.

        Raises
        ------
        HostError
            If OpenTelemetry is not installed (extra `otel`).
        ArgumentTypeError
            If there is no provider of the SDK.

        Examples
        --------
        >>> from opentelemetry.sdk.trace import TracerProvider
        >>> from notebook_async.tracing import span, trace
        >>> with trace("demo") as traced:
        ...     with span("load"):
        ...         pass
        >>> traced.to_otel(TracerProvider())
        2
        """
        from notebook_async.tracing._otel import send  # noqa: PLC0415 - on use

        return send(self, tracer_provider)

    def to_pandas(self) -> Any:  # noqa: ANN401 - of another library
        """Return it as a data frame of pandas, one row for each piece of work.

        Returns
        -------
        pandas.DataFrame
            Columns `name`, `kind`, `phase`, `began` (seconds since the trace began),
            `seconds`, `own_seconds`, `depth`, `id`, `parent`, `error`, `attributes`.

        Raises
        ------
        HostError
            If pandas is not installed.

        Examples
        --------
        >>> from notebook_async.tracing import span, trace
        >>> with trace("demo") as traced:
        ...     with span("load"):
        ...         pass
        >>> list(traced.to_pandas()["name"])
        ['demo', 'load']
        """
        from notebook_async.tracing._pandas import frame  # noqa: PLC0415 - on use

        return frame(self)

    def __str__(self) -> str:
        return f"{self.tree()}\n\n{totals_text(self.totals())}"

    def __repr__(self) -> str:
        count = sum(1 for _ in self)
        spans = "1 span" if count == 1 else f"{count:,} spans"
        return f"<Trace of {spans}, {seconds_text(self.seconds)}>"

    # -- within

    def _tree(self) -> tuple[int, list[Node], list[BlockRecord]]:
        end = self.recording.end
        if self._known[0] != end:
            self._known = (end, *tree_of(self.recording))
        return self._known
