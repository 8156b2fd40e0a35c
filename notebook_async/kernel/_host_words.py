"""Say in words where code runs, and what that means for it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notebook_async.kernel._host import Host
    from notebook_async.kernel._nest_state import NestingState

__all__ = ["host_words"]

_WIDTH, _INDENT = 96, 12
_MECHANISMS = {
    "own loop": "they make a loop of their own",
    "portal": "they stand still, and the kernel's loop goes on",
    "nested": "they run the kernel's loop from within",
    "thread": "they block, and another thread runs them",
}


_ANSWERED = "has answered: panels are live"
_NOT_ANSWERED = (
    "not known yet: it answers the first panel, which stays a still picture where there"
    " is none"
)
_TEXT = (
    "text; a job stands still at the prompt, unless `%gui asyncio` is on; `%%arun -w`"
    " awaits it"
)
_SUBSHELLS = "supported: what comes on one for a widget is handed to the kernel's loop"


def host_words(host: Host, nesting: NestingState) -> list[str]:
    """Return the lines of `%jobs host`.

    Parameters
    ----------
    host
        Where code runs.
    nesting
        How calls such as `asyncio.run` work there.
    """
    topics = (*_place_words(host), *_call_words(nesting), *_message_words(host))
    return [
        line
        for topic, words in topics
        for line in textwrap.wrap(
            words,
            width=_WIDTH,
            initial_indent=f"{topic + ':':<{_INDENT}}",
            subsequent_indent=" " * _INDENT,
            break_on_hyphens=False,
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
        yield "nesting", "the loop is Python's own, and nothing has made it nestable"
    else:
        words = f"{nesting.nested_by} has made the loop nestable, until a restart"
        yield "nesting", words


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
