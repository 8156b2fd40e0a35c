"""Let the loop have the interpreter soon while threads compute.

A thread that wants to go on waits until the one that computes gives way, which it does
every 5 ms by default. The loop waits so at each of its passes, behind every thread that
computes; and where more programs run than there are processors, much longer.
"""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["short_turns"]

_SECONDS = 0.001

_lock = threading.Lock()
_before: list[float] = []
"""One element for each that asks: what it was before the first of them."""


@contextmanager
def short_turns() -> Iterator[None]:
    """Let threads take turns every millisecond, until the last that asks has left.

    A shorter interval stays, and so does one that somebody sets meanwhile.
    """
    with _lock:
        known = _before[0] if _before else sys.getswitchinterval()
        _before.append(known)
        if sys.getswitchinterval() > _SECONDS:
            sys.setswitchinterval(_SECONDS)
    try:
        yield
    finally:
        with _lock:
            known = _before.pop()
            if not _before and abs(sys.getswitchinterval() - _SECONDS) < _SECONDS / 100:
                sys.setswitchinterval(known)
