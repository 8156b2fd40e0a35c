"""Say in words where code runs, and what that means for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notebook_async.kernel._host import Host
    from notebook_async.kernel._nest_state import NestingState

__all__ = ["host_words"]

_MECHANISMS = {
    "own loop": "they make a loop of their own",
    "portal": "they stand still, and the kernel's loop goes on",
    "nested": "they run the kernel's loop from within",
    "thread": "they block, and another thread runs them",
}


_ANSWERED = "has answered: panels are live"
_NOT_ANSWERED = (
    "has not answered yet: panels are live once it has, and still pictures where there"
    " is none"
)
_TEXT = (
    "text; a job stands still at the prompt unless `%gui asyncio` is on, so use"
    " `%%arun --wait`"
)
_SUBSHELLS = (
    "supported: what comes on one for our panels is handed to the kernel's loop"
)


def host_words(host: Host, nesting: NestingState) -> list[str]:
    """Return the lines of `%jobs host`.

    Parameters
    ----------
    host
        Where code runs.
    nesting
        How calls such as `asyncio.run` work there.
    """
    return [
        f"{topic + ':':<12}{words}"
        for topic, words in (
            *_place_words(host),
            *_call_words(nesting),
            *_message_words(host),
        )
    ]


def _place_words(host: Host) -> Iterator[tuple[str, str]]:
    if host.kind == "kernel":
        yield "host", f"a Jupyter kernel, ipykernel {host.ipykernel}"
        yield "front end", _ANSWERED if host.front_end else _NOT_ANSWERED
    elif host.kind == "terminal":
        yield "host", "IPython in a terminal"
        yield "front end", _TEXT
    else:
        yield "host", "a plain Python program"
        yield "front end", "none: results are printed"
    yield "loop", host.loop or "none runs here"
    if not host.threads:
        yield "threads", "none can be started: plain functions block the loop"


def _call_words(nesting: NestingState) -> Iterator[tuple[str, str]]:
    words = _MECHANISMS[nesting.mechanism]
    yield "sync calls", f"by {nesting.mechanism}: {words}, since {nesting.reason}"
    if nesting.nested_by is None:
        yield "nesting", "asyncio is not patched"
    else:
        yield "nesting", f"{nesting.nested_by} has patched asyncio, until a restart"


def _message_words(host: Host) -> Iterator[tuple[str, str]]:
    if host.kind != "kernel":
        return
    none = "this kernel has none: all messages come on its own loop"
    yield "subshells", _SUBSHELLS if host.subshells else none
    match host.stdin:
        case None:
            yield "stdin", "unknown until a cell runs"
        case True:
            yield "stdin", "allowed: `input()` can ask, and blocks the loop until then"
        case False:
            yield "stdin", "not allowed: nobody can answer `input()`"
