"""One child process: started, bounded, heard out, and always reaped."""

from __future__ import annotations

import atexit
import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Child", "Ending"]

# Seconds in which an interpreter is loaded, also where many start at once.
_START = 20.0

# Seconds, for selectors cannot wait for weeks.
_WAIT = 60.0

# Seconds in which one ends that was killed.
_END = 2.0

# Bytes: one more than a child of ours answers, and what to keep of its complaints.
_MOST = 16_000_001
_COMPLAINT = 4_000

_PART = 1 << 16


@dataclass(frozen=True, slots=True)
class Ending:
    """How a child ended.

    `ready` tells if it got as far as to take the request, `late` if time was up, and
    `large` if it said more than it may. `status` is its exit status, or minus the
    signal that ended it.
    """

    answer: bytes
    complaint: str
    status: int
    ready: bool
    late: bool
    large: bool


class Child:
    """A process in a session of its own, for one request.

    It is driven from a thread, so that it depends on no event loop's way with processes
    and on no clock but the real one.
    """

    def __init__(self, command: Sequence[str], request: bytes, timeout: float) -> None:
        self._command = command
        self._request = memoryview(request)
        self._timeout = timeout
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False
        self._said = bytearray()
        self._complained = bytearray()
        self._large = False

    def run(self) -> Ending:
        """Start it, wait for its answer or for the end of its time, and reap it."""
        with self._lock:
            if self._ended:  # killed before it was started
                return self._ending(-signal.SIGKILL, late=False)
            self._process = process = subprocess.Popen(  # noqa: S603 - our own command
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd="/",
                env={},
                start_new_session=True,
            )
            _living.add(self)
        try:
            late = not self._hear(process)
        finally:
            status = self._reap(process)
        return self._ending(status, late=late)

    def kill(self) -> bool:
        """End it and all that it started, from any thread; `run` then returns soon.

        False if it was not started, and so will not be.
        """
        with self._lock:
            process, ended = self._process, self._ended
            self._ended = True
            # Once reaped its number may be another process's.
            if process is not None and not ended:
                _kill_group(process.pid)
            return process is not None

    def join(self) -> None:
        """Wait until it has ended, if its thread does not do so any more."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_END)

    def _reap(self, process: subprocess.Popen[bytes]) -> int:
        # Killed first: as long as it is not reaped, nobody else has its number.
        self.kill()
        status = process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        _living.discard(self)
        return status

    def _ending(self, status: int, *, late: bool) -> Ending:
        return Ending(
            answer=bytes(self._said[1:]) if self._ready else bytes(self._said),
            complaint=self._complained.decode(errors="replace").strip(),
            status=status,
            ready=self._ready,
            late=late,
            large=self._large,
        )

    @property
    def _ready(self) -> bool:
        return self._said[:1] == b"+"

    def _hear(self, process: subprocess.Popen[bytes]) -> bool:
        """Write the request and read till the answer ends; False when time is up."""
        deadline = time.monotonic() + _START
        timed = False
        with selectors.DefaultSelector() as selector:
            for pipe, act in self._pipes(process).items():
                os.set_blocking(pipe.fileno(), False)
                event = (
                    selectors.EVENT_WRITE
                    if pipe is process.stdin
                    else selectors.EVENT_READ
                )
                selector.register(pipe, event, (pipe, act))
            while self._listens(selector, process):
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                for key, _ in selector.select(min(left, _WAIT)):
                    pipe, act = key.data
                    if act(key.fd):
                        selector.unregister(pipe)
                        pipe.close()
                if self._ready and not timed:
                    timed = True
                    deadline = time.monotonic() + self._timeout
        return True

    def _pipes(
        self, process: subprocess.Popen[bytes]
    ) -> dict[IO[bytes], Callable[[int], bool]]:
        acts = (
            (process.stdin, self._write),
            (process.stdout, self._read),
            (process.stderr, self._read_complaint),
        )
        return {pipe: act for pipe, act in acts if pipe is not None}

    def _listens(
        self, selector: selectors.BaseSelector, process: subprocess.Popen[bytes]
    ) -> bool:
        """Tell whether there is more to hear that matters."""
        still = [key.data[0] for key in selector.get_map().values()]
        # One that never got ready says why; nothing else could keep this open.
        return process.stdout in still or (not self._ready and process.stderr in still)

    def _write(self, fd: int) -> bool:
        """Write a part of the request; True when it is done."""
        try:
            written = os.write(fd, self._request[:_PART])
        except OSError:  # it does not listen any more
            return True
        self._request = self._request[written:]
        return not self._request

    def _read(self, fd: int) -> bool:
        """Read a part of the answer; True when it has ended."""
        part = os.read(fd, _PART)
        self._said += part
        self._large = len(self._said) > _MOST
        return not part or self._large

    def _read_complaint(self, fd: int) -> bool:
        """Read a part of what it complains of; True when that has ended."""
        part = os.read(fd, _PART)
        self._complained += part[: _COMPLAINT - len(self._complained)]
        return not part


_living: set[Child] = set()


@atexit.register
def _kill_all() -> None:
    for child in list(_living):
        child.kill()
        child.join()


def _kill_group(leader: int) -> None:
    # macOS refuses for a group of which all have ended.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
