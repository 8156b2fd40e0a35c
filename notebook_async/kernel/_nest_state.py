"""How a blocking call is run right here, in facts and in words."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Literal

__all__ = [
    "Mechanism",
    "NestingState",
    "drawback",
    "explain",
    "loop_name",
    "nest_applied",
]

Mechanism = Literal["own loop", "portal", "nested", "thread"]


@dataclass(frozen=True, slots=True)
class NestingState:
    """How `asyncio.run` and its like are run where one asks.

    Attributes
    ----------
    mechanism
        `own loop`: no loop runs in this thread, so the call makes one as ever;
        `portal`: the call stands still, and the kernel's loop goes on; `nested`: the
        loop is nested; `thread`: the call blocks, and another thread does it.
    reason
        Why, in a sentence.
    loop
        Class of the running loop, or None.
    nested_by
        What has patched asyncio for nesting: `nest_asyncio2`, `nest_asyncio` or None.
    installed
        Whether our extension has put its own in place of `asyncio.run` and others.
    """

    mechanism: Mechanism
    reason: str
    loop: str | None
    nested_by: Literal["nest_asyncio2", "nest_asyncio"] | None
    installed: bool


def loop_name(loop: Any) -> str | None:
    """Return the full name of a loop's class.

    Examples
    --------
    >>> print(loop_name(None))
    None
    >>> loop_name(asyncio.get_running_loop())
    'notebook_async.testing._clock.VirtualClockLoop'
    """
    if loop is None:
        return None
    return f"{type(loop).__module__}.{type(loop).__qualname__}"


def nest_applied(loop: Any) -> Literal["nest_asyncio2", "nest_asyncio"] | None:
    """Tell what has made a loop nestable, if anything has.

    Examples
    --------
    >>> print(nest_applied(asyncio.get_running_loop()))
    None
    """
    if not getattr(loop, "_nest_patched", False):
        return None
    second = hasattr(asyncio, "_nest_asyncio2")
    return "nest_asyncio2" if second else "nest_asyncio"


def explain(mechanism: Mechanism, loop: Any, *, installed: bool = True) -> str:
    """Return why a call takes this mechanism.

    Examples
    --------
    >>> explain("own loop", None)
    'no loop runs in this thread, so the call has one of its own'
    """
    if mechanism == "own loop":
        return "no loop runs in this thread, so the call has one of its own"
    if mechanism == "portal":
        return "this code runs in a cell, job or task that can stand still by itself"
    if mechanism == "nested":
        return "this code is a plain callback of the loop, or of a task from before"
    if not installed:
        return "the extension is not loaded, so only our own functions work"
    return f"{loop_name(loop)} is not Python's own loop and cannot be nested"


def drawback(mechanism: Mechanism, loop: Any) -> str:
    """Return in a sentence what a mechanism cannot do, or nothing.

    Examples
    --------
    >>> drawback("portal", None)
    ''
    """
    if mechanism == "nested":
        return (
            "This call nests the kernel's event loop (nest-asyncio2): calls that"
            " overlap end in reverse order only, tasks get slower, and it lasts until"
            " the kernel restarts."
        )
    if mechanism == "thread":
        return (
            f"This call runs on another thread, since {loop_name(loop)} cannot be"
            " nested: it blocks the kernel, and what belongs to the kernel's loop needs"
            " `await` instead."
        )
    return ""
