"""What can be read of a recording: records, states and lanes."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from notebook_async.core._options import integer
from notebook_async.core.recording._lanes import lanes_of, prepare
from notebook_async.core.recording._selection import Numbered, Selection, matcher

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from notebook_async.core.recording._lanes import Lane
    from notebook_async.core.recording._ring import Ring
    from notebook_async.core.recording._state import State
    from notebook_async.core.records import Anchor, Phase, Record

__all__ = ["Readable"]


class Readable:
    """Records in a ring, to be looked at.

    Attributes
    ----------
    anchor
        One moment on both clocks.
    """

    if TYPE_CHECKING:
        anchor: Anchor
        _ring: Ring

    # -- what there is

    @property
    def first(self) -> int:
        """The number of the first record that is kept."""
        return self._ring.first

    @property
    def end(self) -> int:
        """The number that the next record will have."""
        return self._ring.end

    @property
    def dropped(self) -> int:
        """How many records it has had to drop."""
        return self._ring.first

    def __len__(self) -> int:
        return self.end - self.first

    def __iter__(self) -> Iterator[Record]:
        return iter(self.window(self.first, len(self)))

    @property
    def began(self) -> float | None:
        """The time from which on moments can be told apart, or None without records."""
        times = self._ring.times()
        return None if times is None else times[0]

    @property
    def ended(self) -> float | None:
        """The latest time of any record, or None without any."""
        times = self._ring.times()
        return None if times is None else times[1]

    def wall_time(self, at: float) -> float:
        """Return the seconds since the epoch at a time of this recording.

        Examples
        --------
        >>> from notebook_async.core.recording import Recording
        >>> recording = Recording()
        >>> recording.wall_time(recording.anchor.perf) == recording.anchor.wall
        True
        """
        return self.anchor.wall_time(at)

    # -- states

    @property
    def state(self) -> State:
        """What everything has come to by now."""
        return self._ring.state_before(self.end)

    def state_at(self, at: float) -> State:
        """Return what everything had come to at a time.

        Parameters
        ----------
        at
            Seconds of `time.perf_counter`. Before the first record that is kept, it is
            the state that all the dropped ones had made.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import record, run_jobs
        >>> with record() as recording:
        ...     results = await run_jobs(asyncio.sleep, [1, 1, 1], workers=1)
        >>> second = [one.at for one in recording if one.phase == "done"][1]
        >>> (run,) = recording.state_at(second).runs.values()
        >>> run.done
        2
        """
        return self.seek(self.number_at(at))

    def seek(self, number: int) -> State:
        """Return what everything had come to before the record of this number.

        Examples
        --------
        >>> from notebook_async.core.recording import Recording
        >>> Recording().seek(0).phase
        'queued'
        """
        return self._ring.state_before(number)

    def number_at(self, at: float) -> int:
        """Return the number of the first record that is later than a time.

        Examples
        --------
        >>> from notebook_async.core.recording import Recording
        >>> Recording().number_at(0.0)
        0
        """
        return self._ring.number_at(at)

    def prepare(self, seconds: float = 0.01) -> bool:
        """Work out states and lanes for some time; tell whether all is worked out.

        Whatever asks for them does that by itself. But the first look at a hundred
        thousand records that nobody has looked at takes a fifth of a second, which a
        panel on a busy loop spreads over several of its ticks by this.

        Parameters
        ----------
        seconds
            For how long, more or less.

        Examples
        --------
        >>> from notebook_async.core.recording import Recording
        >>> Recording().prepare()
        True
        """
        until = perf_counter() + seconds
        if not self._ring.catch_up(until):
            return False
        return prepare(self._ring.view().chunks, until)

    # -- records

    def window(self, first: int, count: int) -> list[Record]:
        """Return records in a row, by number; those not kept are left out.

        Parameters
        ----------
        first
            The number of the first.
        count
            How many at most.

        Examples
        --------
        >>> from notebook_async.core.recording import Recording
        >>> Recording().window(0, 10)
        []
        """
        found: list[Record] = []
        view = self._ring.view(states=False)
        for chunk in (*view.chunks, view.rest):
            begin = max(0, first - chunk.first)
            finish = first + count - chunk.first
            if finish > begin:
                found += chunk.records[begin:finish]
        return found

    def where(
        self,
        *,
        kinds: Collection[str | type[Record]] | None = None,
        source: Iterable[str] = (),
        phases: Collection[Phase] | None = None,
        names: Collection[str] | None = None,
        text: str = "",
    ) -> Selection:
        """Return the records that pass all these filters; what comes later too.

        Parameters
        ----------
        kinds
            Classes of records, or their names.
        source
            A path that their own begins with.
        phases
            Phases.
        names
            Names of jobs, steps, workflows or events.
        text
            A text that is anywhere in them; case does not matter.

        Examples
        --------
        >>> from notebook_async import record, run_jobs
        >>> async def double(x):
        ...     return 2 * x
        >>> with record() as recording:
        ...     results = await run_jobs(double, [1, 2], desc="Doubling")
        >>> [(n, one.phase) for n, one in recording.where(text="doubling")]
        [(0, 'running'), (5, 'done')]
        """
        wanted = None
        if kinds is not None:
            wanted = [one if isinstance(one, str) else one.__name__ for one in kinds]
        test = matcher(
            kinds=wanted, source=tuple(source), phases=phases, names=names, text=text
        )
        return Selection(self._ring, test)

    def find(
        self, text: str, *, start: int | None = None, backwards: bool = False
    ) -> Numbered | None:
        """Return the next record that has a text anywhere in it, or None.

        Parameters
        ----------
        text
            The text; case does not matter.
        start
            The number of the record to begin with; by default the first, or the last.
        backwards
            Whether to look at earlier ones.

        Examples
        --------
        >>> from notebook_async.core.recording import Recording
        >>> Recording().find("timeout")
        """
        view = self._ring.view(states=False)
        chunks = [*view.chunks, view.rest]
        test = matcher(text=text)
        step = -1 if backwards else 1
        for chunk in chunks[::step]:
            place = 0 if start is None else start - chunk.first
            part = range(len(chunk.records))
            if start is not None:
                part = part[: max(0, place + 1)] if backwards else part[max(0, place) :]
            for offset in part[::step]:
                if test(chunk.records[offset]):
                    return Numbered(chunk.first + offset, chunk.records[offset])
        return None

    def lanes(
        self,
        start: float | None = None,
        end: float | None = None,
        *,
        pixels: int = 800,
        source: Iterable[str] = (),
    ) -> list[Lane]:
        """Return who was busy when, one lane for each worker.

        Parameters
        ----------
        start, end
            The times between which to look; by default all.
        pixels
            How wide it will be shown, >= 1: what is shorter than a pixel is merged with
            its neighbours, so that no lane has more spans than can be seen.
        source
            The run or job whose lanes are wanted, with all inside it.

        Examples
        --------
        >>> import asyncio
        >>> from notebook_async import record, run_jobs
        >>> with record() as recording:
        ...     results = await run_jobs(asyncio.sleep, [1, 1, 1], workers=2)
        >>> [(lane.worker, len(lane.spans)) for lane in recording.lanes()]
        [(0, 2), (1, 1)]
        """
        start = self.began if start is None else start
        end = self.ended if end is None else end
        if start is None or end is None:
            return []
        pixels = integer("pixels", pixels, least=1)
        view = self._ring.view()
        return lanes_of(view, start, end, pixels=pixels, source=tuple(source))

    def graph(self, source: Iterable[str]) -> Mapping[str, Any] | None:
        """Return the graph of a run of a workflow as plain data, or None.

        `notebook_async.workflow.representation.WorkflowGraph.from_dict` takes it.

        Parameters
        ----------
        source
            The path of ids of the run.

        Examples
        --------
        >>> from notebook_async.core.recording import Recording
        >>> Recording().graph(("run",))
        """
        run = self.state.workflows.get(tuple(source))
        return None if run is None else run.graph
