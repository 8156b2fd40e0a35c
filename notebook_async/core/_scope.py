"""Where code runs: the path of ids around it, and who wants to know of its runs.

The board sets a scope around a job, a run sets one around its items, a workflow around
its steps. Whatever starts a run inside finds its place by this variable, across tasks
and `asyncio.to_thread`.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from notebook_async.core._run import JobRun

__all__ = [
    "NOWHERE",
    "CallScope",
    "ItemScope",
    "RunOwner",
    "Scope",
    "call_id",
    "current_scope",
    "item_id",
]


class RunOwner(Protocol):
    """Something that shows or controls the runs started inside it, such as a job."""

    def adopt(self, run: JobRun[Any]) -> None:
        """Take note of a run that has just started inside."""

    def adopt_workflow(self, handler: object) -> None:
        """Take note of the handler of a workflow's run that has just started inside.

        Of one that runs inside a step of another nobody is told.
        """


class Numbered(Protocol):
    """A call of a step, as far as its path needs it."""

    @property
    def station(self) -> Any:  # noqa: ANN401 - it has a name
        """The step."""

    @property
    def number(self) -> int:
        """Which of the calls of the run it is, from 1."""


class Scope:
    """The path of ids around some code, and the owner of runs started there.

    Attributes
    ----------
    path
        The ids, from the outermost.
    owner
        Whoever shows or controls the runs started inside.
    depth
        How many of the ids are jobs and runs; the others are items, calls of steps,
        traces and spans, which are there only while somebody traces.
    span
        The last of the ids, where it is that of a span.
    """

    __slots__ = ("depth", "owner", "path", "span")

    path: tuple[str, ...]

    def __init__(
        self,
        path: tuple[str, ...] = (),
        owner: RunOwner | None = None,
        depth: int = 0,
        span: str | None = None,
    ) -> None:
        self.path = path
        self.owner = owner
        self.depth = depth
        self.span = span

    def inside(self, name: str) -> Scope:
        """Return the scope of a run named `name` in this one."""
        return Scope((*self.path, name), self.owner, self.depth + 1)

    def within(self, name: str) -> Scope:
        """Return the scope of a trace in this one."""
        return Scope((*self.path, name), self.owner, self.depth)

    def in_span(self, name: str) -> Scope:
        """Return the scope of a span in this one.

        A path has no more than one span between two others: a record says which span
        is its parent, and paths must not grow with the depth of a recursion.
        """
        base = self.path if self.span is None else self.path[:-1]
        return Scope((*base, name), self.owner, self.depth, name)


class _PlaceScope(Scope):
    """A scope that works out what it is when it is asked.

    There may be a hundred thousand a second, and few have anything inside.
    """

    __slots__ = ("_place", "_run")

    def __init__(self, run: Scope, place: Any) -> None:  # noqa: ANN401 - see below
        self._run = run
        self._place = place

    @property
    def owner(self) -> RunOwner | None:  # type: ignore[override]
        """That of the run."""
        return self._run.owner

    @property
    def depth(self) -> int:  # type: ignore[override]
        """That of the run."""
        return self._run.depth

    @property
    def span(self) -> None:  # type: ignore[override]
        """None: it is no span."""
        return


class CallScope(_PlaceScope):
    """The scope of a call of a step, a `Numbered`."""

    __slots__ = ()

    @property
    def path(self) -> tuple[str, ...]:  # type: ignore[override]
        """The path of the run, and the call."""
        call: Numbered = self._place
        return (*self._run.path, call_id(call.station.name, call.number))


class ItemScope(_PlaceScope):
    """The scope of an item, given by its index."""

    __slots__ = ()

    @property
    def path(self) -> tuple[str, ...]:  # type: ignore[override]
        """The path of the run, and the item."""
        return (*self._run.path, item_id(self._place))


def item_id(index: int) -> str:
    """Return the id of an item in a path below that of its run."""
    return f"#{index}"


def call_id(step: str, number: int) -> str:
    """Return the id of a call of a step in a path below that of its run."""
    return f"{step}#{number}"


NOWHERE = Scope()
current_scope: ContextVar[Scope] = ContextVar("notebook_async_scope", default=NOWHERE)
