"""Decide what an interrupt of the kernel ends.

ipykernel ignores SIGINT between cells, raises KeyboardInterrupt wherever Python happens
to be during a cell, and cancels an awaiting cell as soon as the loop wakes up, which a
quiet loop does not. Here one handler is in place all the time, and tells by the task
whose code runs: the foreground alone is interrupted, be it code that computes, a cell
that awaits or a call that waits; a job is interrupted only if its own code blocks the
loop. A KeyboardInterrupt is never raised where it would end the loop.
"""

from __future__ import annotations

import _thread
import asyncio
import functools
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from notebook_async.kernel._portal import current_task, is_between_steps, stepping
from notebook_async.kernel._waking import wake_on_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from notebook_async.kernel._calls import BlockingCall

__all__ = ["Interrupts"]

# Seconds for which a job may hold the loop after an interrupt of an awaiting cell.
_PATIENCE = 0.3
_HOOKS = ("pre_handler_hook", "post_handler_hook", "_cancel_on_sigint")


class Interrupts:
    """The kernel's handler of SIGINT, while it is installed.

    Parameters
    ----------
    kernel
        The ipykernel.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> interrupts = Interrupts(SimpleNamespace())
    >>> interrupts.install()
    >>> interrupts.uninstall()
    """

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handlers: list[asyncio.Task[Any] | None] = []
        self._awaited: list[asyncio.Future[Any]] = []
        self._cancelled: asyncio.Future[Any] | None = None
        self._insists = False
        # With the number of handlers that were under way by then.
        self._calls: list[tuple[BlockingCall, int]] = []
        self._before: Any = None
        self._installed = False
        self._undo_waking: Callable[[], None] | None = None

    def install(self) -> None:
        """Take the signal over; a kernel in a thread has no reach of it."""
        kernel = self._kernel
        if threading.current_thread() is not threading.main_thread():
            return
        self._installed = True
        task = current_task()
        if task is not None:  # this is a cell
            self._handlers.append(task)
            self._before = getattr(kernel, "saved_sigint_handler", signal.SIG_IGN)
        else:
            self._before = signal.getsignal(signal.SIGINT)
        kernel.pre_handler_hook = self._begin_handler
        kernel.post_handler_hook = self._end_handler
        if hasattr(kernel, "_cancel_on_sigint"):
            kernel._cancel_on_sigint = self._awaiting  # noqa: SLF001
        signal.signal(signal.SIGINT, self._on_sigint)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name the loop of the kernel's main thread, once it runs."""
        self._loop = loop
        if self._installed:
            self._undo_waking = wake_on_signals(loop)

    def uninstall(self) -> None:
        """Put the kernel's own handling back."""
        if not self._installed:
            return
        self._installed = False
        if self._undo_waking is not None:
            self._undo_waking()
        for name in _HOOKS:
            vars(self._kernel).pop(name, None)
        if not self._handlers:
            signal.signal(signal.SIGINT, self._before)
            return
        # This is a cell, and ipykernel's own hook ends it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._kernel.saved_sigint_handler = self._before

    @contextmanager
    def during(
        self, call: BlockingCall, *, nested: bool
    ) -> Iterator[type[BaseException]]:
        """Let interrupts cancel `call`, if it keeps the foreground or the loop waiting.

        It gives the exception for the caller, if the call is interrupted: one that
        does not end the loop.

        Parameters
        ----------
        call
            The call.
        nested
            Whether it nests a loop, so that all else on the loop's thread waits for it.
        """
        on_main = threading.current_thread() is threading.main_thread()
        if not (
            self._installed and on_main and (nested or self._foreground() in stepping())
        ):
            yield KeyboardInterrupt
            return
        entry = (call, len(self._handlers))
        before = signal.signal(signal.SIGINT, self._on_sigint)
        caught = not nested or self._is_caught(before)
        self._calls.append(entry)
        try:
            yield KeyboardInterrupt if caught else asyncio.CancelledError
        finally:
            self._calls.remove(entry)
            signal.signal(signal.SIGINT, before)

    @contextmanager
    def blocking(self) -> Iterator[None]:
        """Let an interrupt raise KeyboardInterrupt in code that blocks the kernel.

        Where that would end the loop it goes on as a cancellation.
        """
        on_main = threading.current_thread() is threading.main_thread()
        if not (self._installed and on_main):
            yield
            return
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            yield
        except KeyboardInterrupt as error:
            if self._is_caught(before):
                raise
            raise asyncio.CancelledError("interrupted") from error
        finally:
            signal.signal(signal.SIGINT, before)

    # --- what is under way ----------------------------------------------------------

    def _begin_handler(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._handlers.append(current_task())
            signal.signal(signal.SIGINT, self._on_sigint)

    def _end_handler(self) -> None:
        if threading.current_thread() is threading.main_thread():
            task = current_task()
            if task in self._handlers:
                self._handlers.remove(task)

    @contextmanager
    def _awaiting(self, future: asyncio.Future[Any]) -> Iterator[None]:
        """Stand for the kernel's own: an interrupt cancels an awaiting cell."""
        self._awaited.append(future)
        try:
            yield
        finally:
            self._awaited.remove(future)

    def _foreground(self) -> asyncio.Future[Any] | None:
        if self._awaited:
            return self._awaited[-1]
        return self._handlers[-1] if self._handlers else None

    def _is_caught(self, handler: Any) -> bool:
        """Tell whether somebody is prepared for KeyboardInterrupt."""
        # Python's own handler of the signal says so.
        in_cell = current_task() in {*self._handlers} - {None}
        return in_cell or handler is signal.default_int_handler

    # --- the signal -----------------------------------------------------------------

    def _on_sigint(self, number: int, frame: FrameType | None) -> None:
        __tracebackhide__ = True
        insists, self._insists = self._insists, False
        steps = [] if is_between_steps(frame) else stepping()
        # What a handler begun later keeps waiting is not for this interrupt.
        calls = [call for call, depth in self._calls if depth >= len(self._handlers)]
        if calls:
            call = next((each for each in calls if not each.interrupted), None)
            if steps and (call is None or call.is_running_here()):
                if call is not None:
                    call.interrupted = True
                signal.default_int_handler(number, frame)
            call = call or calls[-1]
            call.interrupted = True
            self._soon(call.cancel)
            return
        if not steps and _performs_steps(frame):
            self._insists = insists
            self._soon(functools.partial(self._on_sigint, number, None))
            return
        target = self._foreground()
        current = current_task()
        if target is not None and target in steps:
            if insists:
                return  # the cell is at its end by now, and shows its traceback
            if steps[0] is target and current in {target, None}:
                signal.default_int_handler(number, frame)
            # Somebody else's task runs, in a loop that the foreground has nested.
            self._soon(_interrupt_nested_loop)
        elif self._awaited:
            self._cancel_awaiting(number, frame, in_step=bool(steps), again=insists)
        elif steps or (target is not None and current is target):
            # Code of a job that blocks the loop, or a handler's own.
            signal.default_int_handler(number, frame)

    def _cancel_awaiting(
        self, number: int, frame: FrameType | None, *, in_step: bool, again: bool
    ) -> None:
        """Cancel the cell that awaits, and if need be the job that blocks its end."""
        __tracebackhide__ = True
        target = self._awaited[-1]
        if in_step and self._cancelled is target:
            signal.default_int_handler(number, frame)
        if not again:
            self._cancelled = target
            self._soon(target.cancel)
            if in_step:
                self._insist_soon()

    def _soon(self, action: Callable[[], object]) -> None:
        # Not `call_soon`: Python calls this between two instructions of this very
        # thread, and goes on to wait in the selector.
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(action)

    def _insist_soon(self) -> None:
        """Interrupt once more, if by then a job still keeps the cell from its end."""
        target = self._cancelled

        def insist() -> None:
            if self._cancelled is target and target in self._awaited:
                self._insists = True
                _signal_main_thread()

        timer = threading.Timer(_PATIENCE, insist)
        timer.daemon = True
        timer.start()


def _signal_main_thread() -> None:
    if hasattr(signal, "pthread_kill"):
        # A real one, which ends `time.sleep` and other calls of the system.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def _performs_steps(frame: FrameType | None) -> bool:
    """Tell whether an exception in a frame, which is of no step, would end the loop."""
    if frame is None:
        return False
    module = frame.f_globals.get("__name__", "")
    return is_between_steps(frame) or module.startswith("asyncio.")


def _interrupt_nested_loop() -> None:
    raise KeyboardInterrupt
