"""Where runs whose steps ask people meet whoever can ask them; neither knows the other.

A workflow tells of its open questions here. What shows questions, the room `prompts`,
installs itself once it is loaded, so that a program that has no use for it never is.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from contextvars import Context

__all__ = [
    "AskingRun",
    "Follower",
    "OpenQuestion",
    "Reader",
    "follow",
    "resting",
    "set_follow",
    "set_rest",
]

Reader: TypeAlias = Literal["none", "busy", "idle"]


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question of a run that has no answer yet.

    Attributes
    ----------
    event
        The event that asks.
    source
        Path of ids of the run that asks.
    reader
        Whether a program reads the events of the run, and so may answer by itself:
        `busy` with one of them, or `idle`: it has seen the question and waits for more.
    """

    event: object
    source: tuple[str, ...]
    reader: Reader


class AskingRun(Protocol):
    """A run, with those inside of its steps, as whoever asks people sees it."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that it runs on."""

    @property
    def base(self) -> Context:
        """The context variables of whoever started it."""

    @property
    def awaited(self) -> Context | None:
        """The context variables of who waits for its result, or None."""

    @property
    def watched(self) -> Context | None:
        """Those of who watches it, or of the job that it runs in, or None."""

    @property
    def answerable(self) -> bool:
        """Whether somebody holds what sends events into it."""

    def questions(self) -> Mapping[str, OpenQuestion]:
        """Return its open questions by id, the oldest first."""

    def answer(self, key: str, value: Any) -> None:  # noqa: ANN401 - what was asked
        """Answer a question."""

    def refuse(self, key: str, error: Exception) -> None:
        """Let the step that asks raise this, or the run where no step waits."""

    def fail(self, error: Exception) -> None:
        """Let the run fail."""

    def interrupt(self) -> None:
        """Cancel what waits for the result, or else the run."""


class Follower(Protocol):
    """Asks people what one run asks."""

    def changed(self) -> None:
        """Look again: at its questions, and at who waits for them."""


_follow: Callable[[AskingRun], Follower] | None = None


def follow(run: AskingRun) -> Follower | None:
    """Return who asks people what a run asks, or None where nobody does."""
    return None if _follow is None else _follow(run)


def set_follow(
    call: Callable[[AskingRun], Follower] | None,
) -> Callable[[AskingRun], Follower] | None:
    """Let `call` make the follower of each run that asks; return the one before."""
    global _follow
    before, _follow = _follow, call
    return before


_rest: Callable[[], AbstractContextManager[None]] | None = None


def set_rest(call: Callable[[], AbstractContextManager[None]]) -> None:
    """Let `call` make what surrounds the time in which code here waits for a person."""
    global _rest  # noqa: PLW0603 - there is one for the process
    _rest = call


def resting() -> AbstractContextManager[None]:
    """Return what surrounds such a time: the run of a step around it has no hurry."""
    return nullcontext() if _rest is None else _rest()
