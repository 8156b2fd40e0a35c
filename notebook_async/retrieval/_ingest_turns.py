"""Let the loop have the interpreter soon while threads compute.

A thread that wants to go on waits until the one that computes gives way, which it does
every 5 ms by default. The loop waits so at each of its passes, behind every thread that
computes; and where more programs run than there are processors, much longer.

The garbage collector holds everybody, too: for 30 ms where it goes through all that
many libraries have loaded, and for 10 where several hundred vectors are new. So what
was there before is left out meanwhile, and what is new is gone through more often.
"""

from __future__ import annotations

import gc
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["short_turns"]

_SECONDS = 0.001

# After how many new objects these are looked at, and how often that is until older ones
# are as well: often, for vectors are large, and few of them take long.
_OFTEN = (100, 50, 50)

_lock = threading.Lock()
_thresholds: tuple[int, int, int] | None = None
_before: list[float] = []
"""One element for each that asks: what it was before the first of them."""


@contextmanager
def short_turns() -> Iterator[None]:
    """Let threads take turns every millisecond, until the last that asks has left.

    A shorter interval stays, and so does one that somebody sets meanwhile. Objects that
    somebody has frozen before stay so.
    """
    global _thresholds  # noqa: PLW0603 - as `_before`
    with _lock:
        known = _before[0] if _before else sys.getswitchinterval()
        _before.append(known)
        if sys.getswitchinterval() > _SECONDS:
            sys.setswitchinterval(_SECONDS)
        if len(_before) == 1 and not gc.get_freeze_count():
            _thresholds = gc.get_threshold()
            gc.freeze()
            if _thresholds[0] > _OFTEN[0]:
                gc.set_threshold(*_OFTEN)
    try:
        yield
    finally:
        with _lock:
            known = _before.pop()
            if not _before and _thresholds is not None:
                gc.unfreeze()
                if gc.get_threshold() == _OFTEN:
                    gc.set_threshold(*_thresholds)
                _thresholds = None
            if not _before and abs(sys.getswitchinterval() - _SECONDS) < _SECONDS / 100:
                sys.setswitchinterval(known)
