"""Tell a person which line of which job holds the loop."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import TYPE_CHECKING

from notebook_async.kernel import LoopWatch, Place, detect_host, is_own

if TYPE_CHECKING:
    from notebook_async.core import BlockRecord

__all__ = ["BlockNotices"]

_LIMIT = 0.1
_ADVICE = (
    "  Nothing else ran meanwhile: `await asyncio.to_thread(...)` leaves the loop free."
)


class BlockNotices:
    """Watches the loop of the jobs, and writes a notice into the log of the culprit.

    One notice a job and cell is enough. What a cell does outside of jobs and runs holds
    the loop too, but is known to hold whatever comes after it.
    """

    def __init__(self) -> None:
        self._watch: LoopWatch | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told: set[tuple[str, str]] = set()

    def install(self) -> None:
        """Watch the running loop; where none runs, or no thread can, do nothing."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            # In a terminal there is one only while a cell runs.
            return
        if loop is self._loop or not detect_host().threads:
            return
        self.uninstall()
        self._loop = loop
        self._watch = LoopWatch(loop, limit=_LIMIT, report=self._notice)
        self._watch.start()

    def uninstall(self) -> None:
        """Watch no more."""
        if self._watch is not None:
            self._watch.stop()
        self._watch = self._loop = None

    def _notice(self, record: BlockRecord) -> None:
        who = _who(record)
        if who is None or not (record.cell or is_own(record.file)):
            return  # such as a traceback that is being rendered
        key = who, record.file
        if key not in self._told:
            self._told.add(key)
            # This runs with the context variables of the code that held the loop, so
            # it goes where that prints.
            print(block_text(record), file=sys.stderr)  # noqa: T201


def _who(record: BlockRecord) -> str | None:
    """Return the outermost job or run, or None where a cell alone held the loop."""
    traces = ("trace-", "span-")
    found = (part for part in record.source if not part.startswith(traces))
    return next(found, None)


def block_text(record: BlockRecord) -> str:
    """Return the notice of a block, in two lines."""
    who = re.sub(r"^(job|run)-(?=\d+$)", r"\1 ", _who(record) or "a cell")
    if record.job is not None:
        who += f" {record.job!r}"
    if record.step is not None:
        who = f"step {record.step!r} of {who}"
    held = "has held" if record.phase == "running" else "held"
    place = Place(record.file, record.line, "", record.cell)
    return (
        f"⚠ {who} {held} the loop for {record.seconds:.2f} s,"
        f" at {place}: {record.code}\n{_ADVICE}"
    )
