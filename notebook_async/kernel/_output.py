"""Send what a job prints and displays to that job, wherever cells are by then.

A context variable names the sink of the code that runs; tasks and `asyncio.to_thread`
inherit it. `sys.stdout` and `sys.stderr` stay the objects they are, and only the
`write` of the instances is replaced, so that logging handlers which keep a stream are
routed too.

IPython 9 replaces `write` itself around every synchronous cell and puts back, at its
end, what it found. A patch made inside such a cell is lost with it, so the router
checks its place before each cell and once the loop runs again after it.
"""

from __future__ import annotations

import asyncio
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["OutputRouter", "Sink", "current_sink"]

_STREAMS = ("stdout", "stderr")


class Sink(Protocol):
    """Where the output of some code goes. Threads may call it."""

    def write(self, stream: str, text: str) -> bool:
        """Take printed text; return whether the ordinary stream is to have it too."""

    def display(
        self,
        data: dict[str, Any],
        metadata: dict[str, Any],
        *,
        display_id: str | None,
        update: bool,
    ) -> bool:
        """Take a display; return whether the ordinary publisher is to have it too."""

    def clear(self, *, wait: bool) -> bool:
        """Forget the displays so far; return whether the cell is to be cleared too."""


current_sink: ContextVar[Sink | None] = ContextVar("notebook_async_sink", default=None)


class OutputRouter:
    """Routes output by `current_sink` while it is installed in a shell."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._installed = False
        self._publisher: Any = None
        self._before: dict[str, Any] = {}
        self._streams: WeakSet[Any] = WeakSet()

    def install(self) -> None:
        """Start to route; a second call does nothing."""
        if self._installed:
            return
        self._installed = True
        # Under `%%capture` the shell has another publisher for a while.
        self._publisher = publisher = self._shell.display_pub
        self._before = {
            name: value
            for name, value in vars(publisher).items()
            if name in {"publish", "clear_output"}
        }
        publisher.publish = self._route_publish(publisher.publish)
        publisher.clear_output = self._route_clear(publisher.clear_output)
        self._shell.events.register("pre_run_cell", self._before_cell)
        self._shell.events.register("post_run_cell", self._after_cell)
        self._check_streams()
        self._soon(self._check_streams)

    def uninstall(self) -> None:
        """Put everything back as it was."""
        if not self._installed:
            return
        self._installed = False
        self._shell.events.unregister("pre_run_cell", self._before_cell)
        self._shell.events.unregister("post_run_cell", self._after_cell)
        for name in ("publish", "clear_output"):
            vars(self._publisher).pop(name, None)
        vars(self._publisher).update(self._before)
        self._restore_streams()
        self._soon(self._restore_streams)

    def _before_cell(self, _info: Any = None) -> None:
        self._check_streams()

    def _after_cell(self, _result: Any = None) -> None:
        self._soon(self._check_streams)

    def _soon(self, call: Callable[[], None]) -> None:
        try:
            asyncio.get_running_loop().call_soon(call)
        except RuntimeError:
            # Terminal IPython between cells: the next cell's event does it.
            return

    def _check_streams(self) -> None:
        if not self._installed:
            return
        for name in _STREAMS:
            stream: Any = getattr(sys, name)
            if stream is None or self._routes(stream.write):
                continue
            stream.write = self._route_write(stream.write, name)
            self._streams.add(stream)

    def _restore_streams(self) -> None:
        for stream in list(self._streams):
            write = stream.write
            if not self._routes(write):
                continue
            while self._routes(write):
                write = write.original
            is_method = getattr(write, "__self__", None) is stream
            if is_method:
                del stream.write  # the method of its class shows again
            else:
                stream.write = write

    def _routes(self, write: Any) -> bool:
        return getattr(write, "router", None) is self

    def _route_write(
        self, original: Callable[[str], int | None], name: str
    ) -> Callable[[str], int | None]:
        def write(text: str) -> int | None:
            sink = current_sink.get()
            if sink is None or not self._installed:
                return original(text)
            token = current_sink.set(None)
            try:
                return original(text) if sink.write(name, text) else len(text)
            finally:
                current_sink.reset(token)

        write.router = self  # type: ignore[attr-defined]
        write.original = original  # type: ignore[attr-defined]
        return write

    def _route_publish(self, original: Callable[..., None]) -> Callable[..., None]:
        def publish(
            data: dict[str, Any],
            metadata: dict[str, Any] | None = None,
            **options: Any,
        ) -> None:
            sink = current_sink.get()
            if sink is None:
                original(data, metadata, **options)
                return
            token = current_sink.set(None)
            try:
                display_id = (options.get("transient") or {}).get("display_id")
                update = bool(options.get("update"))
                if sink.display(
                    data, metadata or {}, display_id=display_id, update=update
                ):
                    original(data, metadata, **options)
            finally:
                current_sink.reset(token)

        return publish

    def _route_clear(self, original: Callable[..., None]) -> Callable[..., None]:
        def clear_output(wait: bool = False) -> None:  # noqa: FBT001, FBT002
            sink = current_sink.get()
            if sink is None or sink.clear(wait=wait):
                original(wait)

        return clear_output
