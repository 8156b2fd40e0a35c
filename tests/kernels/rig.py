r"""A real kernel, driven over its own channels, with everything it says kept.

    async with Kernel(folder) as kernel:
        cell = await kernel.run("print('hello'); 1 + 1")
        assert kernel.text(cell) == "hello\n2"

Nothing waits by itself: `execute` only sends, so that a test can have several cells,
comm messages and interrupts under way, and look at times and parents afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sys
import time
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from tests.kernels.kernelspec import write_kernelspec
from tests.kernels.message import OUTPUT_KINDS, Channel, Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from jupyter_client.asynchronous.client import AsyncKernelClient

T = TypeVar("T")

START_LIMIT = 60.0
LIMIT = 30.0

# jupyter_client sends on the very sockets whose readiness asyncio watches, and that can
# use up the one signal of it: a plain wait may then sleep on readable data for ever.
POLL = 0.05


class Kernel:
    """One kernel process with a client on all its channels.

    Parameters
    ----------
    home
        Empty folder for its configuration, history and connection file.
    python
        The interpreter to run it in.
    environment
        Variables on top of this process's own.

    Attributes
    ----------
    messages
        All that has come from the kernel, oldest first.
    """

    def __init__(
        self,
        home: Path,
        *,
        python: str | Path = sys.executable,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.messages: list[Message] = []
        self._home = home
        self._environment = dict(environment or {})
        self._arrived = asyncio.Event()
        self._started = time.monotonic()
        self._readers: list[asyncio.Task[None]] = []
        self._stack = contextlib.AsyncExitStack()
        write_kernelspec(home / "kernels", "python3", python)
        self._manager = AsyncKernelManager(
            kernel_name="python3",
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(home / "kernels")]),
            connection_file=str(home / "connection.json"),
            **_transport(home),
        )
        self._client: AsyncKernelClient = self._manager.client()

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            log = stack.enter_context((self._home / "kernel.log").open("wb"))
            stack.push_async_callback(self._manager.shutdown_kernel, now=True)
            await self._manager.start_kernel(
                env=self._variables(), stdout=log, stderr=log
            )
            self._client = self._manager.client()
            stack.callback(self._client.stop_channels)
            self._client.start_channels()
            await self._client.wait_for_ready(timeout=START_LIMIT)
            self._started = time.monotonic()
            stack.push_async_callback(self._stop_reading)
            self._start_reading()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    def now(self) -> float:
        """Return the seconds since the kernel was ready, as in `Message.at`."""
        return time.monotonic() - self._started

    def log(self) -> str:
        """Return what the kernel wrote to its terminal."""
        return (self._home / "kernel.log").read_text("utf-8", errors="replace")

    # --- telling it -----------------------------------------------------------------

    def send(
        self,
        kind: str,
        content: dict[str, Any],
        *,
        channel: Literal["shell", "control", "stdin"] = "shell",
        subshell: str | None = None,
    ) -> str:
        """Send a message, and return its id without waiting."""
        message = self._client.session.msg(kind, content)
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        getattr(self._client, f"{channel}_channel").send(message)
        return str(message["header"]["msg_id"])

    def execute(self, code: str, *, stop_on_error: bool = True) -> str:
        """Send a cell to run, and return its id without waiting."""
        request = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": True,
            "stop_on_error": stop_on_error,
        }
        return self.send("execute_request", request)

    async def run(self, code: str, *, limit: float = LIMIT) -> str:
        """Run a cell to its end, and return its id."""
        cell = self.execute(code)
        await self.reply(cell, limit=limit)
        await self.idle(cell, limit=limit)
        return cell

    def comm_message(
        self, comm: str, data: dict[str, Any], *, subshell: str | None = None
    ) -> str:
        """Send what a click or a keystroke in a widget sends, and return its id."""
        content = {"comm_id": comm, "data": data}
        return self.send("comm_msg", content, subshell=subshell)

    async def create_subshell(self) -> str:
        """Ask for another thread that handles messages, from 7.0; return its name."""
        request = self.send("create_subshell_request", {}, channel="control")
        return str((await self.reply(request)).content["subshell_id"])

    async def interrupt(self) -> None:
        """Interrupt it as a front end's stop button does."""
        await self._manager.interrupt_kernel()

    async def shut_down(
        self, *, restart: bool = False, limit: float = LIMIT
    ) -> Message:
        """Ask it on the control channel to stop; return its answer once it is gone."""
        request = self.send("shutdown_request", {"restart": restart}, channel="control")
        answer = await self.reply(request, limit=limit)
        process = self._manager.provisioner
        if process is not None:
            async with asyncio.timeout(limit):
                await process.wait()
        return answer

    # --- hearing it -----------------------------------------------------------------

    async def until(
        self, look: Callable[[], T | None], *, what: str = "it", limit: float = LIMIT
    ) -> T:
        """Wait until `look`, asked after every message, returns something.

        Raises
        ------
        TimeoutError
            If `what` did not come within `limit` seconds.
        """
        try:
            async with asyncio.timeout(limit):
                while (found := look()) is None:
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError as error:
            error.add_note(f"waited {limit} s for {what}; the kernel's log:")
            error.add_note(self.log()[-3000:])
            raise
        return found

    async def reply(self, request: str, *, limit: float = LIMIT) -> Message:
        """Wait for the answer to a request on the shell or control channel."""
        return await self.until(
            lambda: next(self._caused_by(request, {"shell", "control"}), None),
            what=f"the reply to {request}",
            limit=limit,
        )

    async def idle(self, request: str, *, limit: float = LIMIT) -> Message:
        """Wait until the kernel says that it is done with a request."""
        return await self.until(
            lambda: next(
                (
                    each
                    for each in self._caused_by(request, {"iopub"})
                    if each.content.get("execution_state") == "idle"
                ),
                None,
            ),
            what=f"idle after {request}",
            limit=limit,
        )

    async def output(self, text: str, *, limit: float = LIMIT) -> Message:
        """Wait for the first output that holds a text, under whatever parent."""
        return await self.until(
            lambda: next((each for each in self.messages if text in each.text()), None),
            what=f"an output with {text!r}",
            limit=limit,
        )

    def outputs(self, request: str) -> list[Message]:
        """Return what a front end would show under a request so far."""
        heard = self._caused_by(request, {"iopub"})
        return [each for each in heard if each.kind in OUTPUT_KINDS]

    def text(self, request: str) -> str:
        """Return all outputs of a request so far, as one text."""
        return "".join(each.text() for each in self.outputs(request))

    def states(self, request: str) -> list[str]:
        """Return the states, busy and idle, that the kernel reported for a request."""
        heard = self._caused_by(request, {"iopub"})
        return [e.content["execution_state"] for e in heard if e.kind == "status"]

    def comm_messages(self, comm: str | None = None) -> list[Message]:
        """Return what came from the kernel's side of one comm, or of all."""
        return [
            each
            for each in self.messages
            if each.kind.startswith("comm_")
            and comm in {None, each.content.get("comm_id")}
        ]

    # --- within ---------------------------------------------------------------------

    def _variables(self) -> dict[str, str]:
        own = {
            "IPYTHONDIR": str(self._home / "ipython"),
            "JUPYTER_RUNTIME_DIR": str(self._home / "runtime"),
            "JUPYTER_CONFIG_DIR": str(self._home / "config"),
            "JUPYTER_DATA_DIR": str(self._home / "data"),
            "JUPYTER_PLATFORM_DIRS": "0",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        return {**os.environ, **own, **self._environment}

    def _caused_by(self, request: str, channels: set[Channel]) -> Iterator[Message]:
        return (
            each
            for each in self.messages
            if each.parent == request and each.channel in channels
        )

    def _start_reading(self) -> None:
        channels: tuple[Channel, ...] = ("iopub", "shell", "control", "stdin")
        self._readers = [asyncio.create_task(self._read(name)) for name in channels]

    async def _stop_reading(self) -> None:
        for reader in self._readers:
            reader.cancel()
        await asyncio.wait(self._readers)

    async def _read(self, name: Channel) -> None:
        channel = getattr(self._client, f"{name}_channel")
        while True:
            with contextlib.suppress(queue.Empty):
                raw = await channel.get_msg(timeout=POLL)
                self.messages.append(
                    Message(
                        at=self.now(),
                        channel=name,
                        kind=raw["header"]["msg_type"],
                        parent=raw["parent_header"].get("msg_id", ""),
                        content=raw["content"],
                        header=raw["header"],
                    )
                )
                self._arrived.set()


def _transport(home: Path) -> dict[str, str]:
    """Return how to talk to the kernel: through files of its own, where that goes.

    A free port may be somebody else's by the time that the kernel takes it. The path of
    such a file may have a hundred characters or so.
    """
    place = str(home / "ipc")
    if sys.platform == "win32" or len(place) > 90:
        return {}
    return {"transport": "ipc", "ip": place}
