"""Where code runs: the path of ids around it, and who wants to know of its runs.

The board sets a scope around a job, a run sets one around its items, a workflow around
its steps. Whatever starts a run inside finds its place by this variable, across tasks
and `asyncio.to_thread`.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

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


@dataclass(frozen=True, slots=True)
class Scope:
    """The path of ids around some code, and the owner of runs started there."""

    path: tuple[str, ...] = ()
    owner: RunOwner | None = None

    def inside(self, name: str) -> Scope:
        """Return the scope of something named `name` in this one."""
        return Scope((*self.path, name), self.owner)


NOWHERE = Scope()
current_scope: ContextVar[Scope] = ContextVar("notebook_async_scope", default=NOWHERE)
