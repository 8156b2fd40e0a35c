"""Do what a button asks for with a job, a run or an item; ignore what is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from notebook_async.widgets._untrusted import is_number

if TYPE_CHECKING:
    from notebook_async.core import JobRun

__all__ = ["act_on", "steer"]

_MOST_WORKERS = 10_000


class Steerable(Protocol):
    """A job or a run."""

    def pause(self) -> object:
        """Let no item start."""

    def resume(self) -> object:
        """Let items start again."""

    def retry_failed(self) -> int:
        """Run failed items again."""

    def cancel(self) -> object:
        """Cancel it."""


def act_on(thing: Steerable, action: object) -> None:
    """Pause, resume or cancel a job or a run, or retry what has failed in it."""
    match action:
        case "pause":
            thing.pause()
        case "resume":
            thing.resume()
        case "retry":
            thing.retry_failed()
        case "cancel":
            thing.cancel()


def steer(run: JobRun[Any], content: dict[str, Any]) -> None:
    """Do what a message asks for with a run, its workers or one of its items."""
    match content:
        case {"type": "workers", "workers": workers}:
            live = run.phase in ("running", "waiting")
            if live and is_number(workers, least=1, most=_MOST_WORKERS):
                run.workers = workers
        case {"type": "cancel-item", "index": index}:
            if is_number(index):
                run.cancel_item(index)
        case {"type": "retry-item", "index": index}:
            if is_number(index):
                run.retry_item(index)
        case {"type": action}:
            act_on(run, action)
