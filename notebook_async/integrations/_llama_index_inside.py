"""What the package keeps of a run: the one place that knows its private parts.

Its public ways are a stream that can be read once, which is the user's, and adapters
that have to be there before a run begins. But a run keeps a log of what it has worked
off, its *ticks*, and makes what it shows, its steps' states too, go through one queue.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, NamedTuple

from notebook_async.errors import HostError
from notebook_async.integrations._llama_index_calls import kind_of, step_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Inside", "Past", "current_run_id", "look_inside", "past_of"]

_KNOWN_TO_WORK = "2.22 to 2.26"
_MOST_WRAPPED = 10

# The package copies its state at every tick, and so does reading its log again.
_MOST_REPLAYED = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Inside:
    """A run of the package.

    Attributes
    ----------
    run_id
        Its id.
    workflow
        The workflow.
    log
        Has `ticks`, a list; `publish_queue`, for the stream and the states of steps;
        `complete`, the task that runs it; and `init_state`.
    """

    run_id: str
    workflow: Any
    log: Any

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        done: bool = self.log.complete.done()
        return done


class Past(NamedTuple):
    """One tick of the log.

    Attributes
    ----------
    tick
        The tick.
    published
        What it made the run show, in order; None where that cannot be told any more.
    at
        Its time, in seconds of `time.perf_counter`, or None.
    """

    tick: Any
    published: list[Any] | None
    at: float | None


def look_inside(handler: Any) -> Inside:
    """Return the run of a handler.

    Raises
    ------
    HostError
        If this version of the package, or the runtime that was chosen, keeps its runs
        in another way.
    """
    adapter = getattr(handler, "_external_adapter", None)
    for _ in range(_MOST_WRAPPED):
        adapter = getattr(adapter, "_decorated", adapter)
    log = getattr(adapter, "_queues", None)
    workflow = getattr(handler, "_workflow", None)
    if not (
        isinstance(getattr(log, "ticks", None), list)
        and isinstance(getattr(log, "complete", None), asyncio.Future)
        and isinstance(getattr(log, "publish_queue", None), asyncio.Queue)
        and workflow is not None
    ):
        raise HostError(
            "this run cannot be followed: llama-index-workflows"
            f" {_version()} with {type(adapter).__name__} keeps it in a way that is not"
            f" known here; known to work are the versions {_KNOWN_TO_WORK} with their"
            " own runtime"
        )
    return Inside(str(handler.run_id), workflow, log)


def past_of(inside: Inside) -> Iterator[Past]:
    """Yield what the run has worked off so far, from its beginning."""
    ticks = list(inside.log.ticks)
    work_off = _reducer()
    if len(ticks) > _MOST_REPLAYED:
        ticks, work_off = _without_reruns(ticks), None
    state = getattr(inside.log, "init_state", None)
    offset = time.perf_counter() - time.time()
    for tick in ticks:
        stamp = getattr(tick, "stamped_at", None)
        published = None
        if work_off is not None:
            try:
                state, commands = work_off(tick, state, stamp or time.time())
            except Exception:  # noqa: BLE001 - then the log alone has to do
                work_off = None
            else:
                published = [c.event for c in commands if _publishes(c)]
        yield Past(tick, published, None if stamp is None else stamp + offset)


def current_run_id() -> str | None:
    """Return the id of the run of the package that this code runs in, if any."""
    ask = getattr(
        sys.modules.get("workflows.plugins.basic"), "get_current_run_id", None
    )
    return None if ask is None else ask()


def _reducer() -> Any:
    """Return the function by which the package works off a tick, or None."""
    for name in ("control_loop.reduce", "control_loop"):
        module = sys.modules.get(f"workflows.runtime.{name}")
        if hasattr(module, "_reduce_tick"):
            return module._reduce_tick  # type: ignore[union-attr]  # noqa: SLF001
    return None


def _without_reruns(ticks: list[Any]) -> list[Any]:
    """Return a log without results that did not count.

    A call that collects events is run again where others have collected meanwhile.
    """
    kept, later = [], set()
    for tick in reversed(ticks):
        if kind_of(tick) == "TickStepResult" and any(
            kind_of(part) in _COLLECTS for part in tick.result
        ):
            place = (step_of(tick), tick.worker_id, id(tick.event))
            if place in later:
                continue
            later.add(place)
        kept.append(tick)
    return kept[::-1]


_COLLECTS = {"AddCollectedEvent", "DeleteCollectedEvent"}


def _publishes(command: object) -> bool:
    return kind_of(command) == "CommandPublishEvent"


def _version() -> str:
    try:
        return version("llama-index-workflows")
    except PackageNotFoundError:
        return "of unknown version"
