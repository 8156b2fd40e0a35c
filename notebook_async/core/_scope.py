"""Where code runs: the path of ids around it, and who wants to know of its runs.

The board sets a scope around a job, a run sets one around its items, a workflow around
its steps. Whatever starts a run inside finds its place by this variable, across tasks
and `asyncio.to_thread`.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from notebook_async.core._run import JobRun

__all__ = ["NOWHERE", "RunOwner", "Scope", "current_scope"]


class RunOwner(Protocol):
    """Something that shows or controls the runs started inside it, such as a job."""

    def adopt(self, run: JobRun[Any]) -> None:
        """Take note of a run that has just started inside."""

    def adopt_workflow(self, handler: object) -> None:
        """Take note of the handler of a workflow's run that has just started inside.

        Of one that runs inside a step of another nobody is told.
        """


class Scope(NamedTuple):
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

    path: tuple[str, ...] = ()
    owner: RunOwner | None = None
    depth: int = 0
    span: str | None = None

    def inside(self, name: str) -> Scope:
        """Return the scope of a run named `name` in this one."""
        return Scope((*self.path, name), self.owner, self.depth + 1)

    def within(self, name: str) -> Scope:
        """Return the scope of an item, a call or a trace in this one."""
        return Scope((*self.path, name), self.owner, self.depth)

    def in_span(self, name: str) -> Scope:
        """Return the scope of a span in this one.

        A path has no more than one span between two others: a record says which span
        is its parent, and paths must not grow with the depth of a recursion.
        """
        path, owner, depth, span = self
        base = path if span is None else path[:-1]
        # As `Scope(...)` does it, in half the time.
        return _new(Scope, ((*base, name), owner, depth, name))


_new = tuple.__new__
NOWHERE = Scope()
current_scope: ContextVar[Scope] = ContextVar("notebook_async_scope", default=NOWHERE)
