"""A kernel to measure, and a client that takes the time of what it answers.

The kernel is that of the kernel tests' rig. Its client sleeps up to 50 ms on messages
that have come, so what is timed goes over the sockets of a client of our own, which
waits for nothing else.
"""

from __future__ import annotations

import ast
import tempfile
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

import zmq
from jupyter_client.blocking.client import BlockingKernelClient

from tests.kernels.rig import Kernel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from tests.kernels.environments import Environment

__all__ = ["Heard", "Probe", "opened"]

LIMIT = 60.0

# A click is what any widget sends: its handler notes the time, and answers.
SETUP = """\
import asyncio, comm, os, threading, time
from time import perf_counter
gate = asyncio.Event()
def target(channel, opening):
    def on_message(message):
        at = perf_counter()
        if message["content"]["data"]["go"]:
            gate.set()
        channel.send({"at": at, "spent": time.process_time()})
    channel.on_msg(on_message)
comm.get_comm_manager().register_target("probe", target)
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of the kernel, and when it came, in seconds of `perf_counter`."""

    at: float
    channel: Literal["shell", "iopub"]
    kind: str
    content: dict[str, Any]


class Probe:
    """A client that holds this process until it has its answer.

    Parameters
    ----------
    connection
        The kernel's connection file.

    Attributes
    ----------
    heard
        What has come and was not asked for yet, by the id of its cause.
    pid
        The kernel's process.
    """

    def __init__(self, connection: Path) -> None:
        self.heard: defaultdict[str, list[Heard]] = defaultdict(list)
        self._client = client = BlockingKernelClient()
        client.load_connection_file(str(connection))
        # A kernel drops what does not fit into the queue of a client that is at work.
        client.context.setsockopt(zmq.RCVHWM, 0)
        client.start_channels(stdin=False, hb=False)
        client.wait_for_ready(timeout=LIMIT)
        self._sockets = {
            client.shell_channel.socket: "shell",
            client.iopub_channel.socket: "iopub",
        }
        self._poller = zmq.Poller()
        for socket in self._sockets:
            self._poller.register(socket, zmq.POLLIN)
        self.run(SETUP)
        opening = {"comm_id": "probe", "target_name": "probe", "data": {}}
        self.ended(self.send("comm_open", opening))
        self.pid: int = self.value("os.getpid()")

    def close(self) -> None:
        """Close the sockets."""
        self._client.stop_channels()

    # --- telling it -----------------------------------------------------------------

    def send(self, kind: str, content: Mapping[str, Any]) -> str:
        """Send a request, and return its id without waiting."""
        message = self._client.session.msg(kind, dict(content))
        self._client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def execute(self, code: str) -> str:
        """Send a cell, and return its id without waiting."""
        request = {"code": code, "silent": False, "store_history": True}
        # A program that may ask nothing is shown no panels, and this stands for a page.
        request |= {"user_expressions": {}, "allow_stdin": True}
        return self.send("execute_request", {**request, "stop_on_error": False})

    def click(self, *, go: bool = False) -> str:
        """Send a message to the comm, and return its id; `go` opens the gate."""
        return self.send("comm_msg", {"comm_id": "probe", "data": {"go": go}})

    # --- hearing it -----------------------------------------------------------------

    def until(self, look: Callable[[], bool], limit: float = LIMIT) -> bool:
        """Take in messages until `look` is true; return whether it was, in time."""
        end = perf_counter() + limit
        while not look():
            left = end - perf_counter()
            if left <= 0:
                return False
            for socket, _ in self._poller.poll(left * 1e3):
                self._take(socket)
        return True

    def _take(self, socket: Any) -> None:  # noqa: ANN401
        at = perf_counter()
        _, raw = self._client.session.recv(socket, mode=zmq.NOBLOCK)
        if raw is not None:
            kind, cause = raw["header"]["msg_type"], raw["parent_header"]
            message = Heard(at, self._sockets[socket], kind, raw["content"])
            self.heard[cause.get("msg_id", "")].append(message)

    def is_idle(self, request: str) -> bool:
        """Tell whether the kernel has said that it is done with a request."""
        return any(
            each.content.get("execution_state") == "idle"
            for each in self.heard[request]
        )

    def has_reply(self, request: str) -> bool:
        """Tell whether a request was answered."""
        return any(each.channel != "iopub" for each in self.heard[request])

    def has_printed(self, request: str) -> bool:
        """Tell whether a request has put out text."""
        return any(each.kind == "stream" for each in self.heard[request])

    def ended(self, request: str) -> list[Heard]:
        """Wait until the kernel is done with a request; return all that it caused."""
        if not self.until(lambda: self.is_idle(request)):
            raise TimeoutError(f"no idle within {LIMIT} s")
        return self.heard.pop(request)

    def run(self, code: str) -> list[Heard]:
        """Run a cell to its end; return all that it caused, and its reply."""
        cell = self.execute(code)
        if not self.until(lambda: self.has_reply(cell) and self.is_idle(cell)):
            raise TimeoutError(f"{code!r} did not end within {LIMIT} s")
        heard = self.heard.pop(cell)
        if any(each.kind == "error" for each in heard):
            raise RuntimeError(f"{code!r} failed: {heard}")
        return heard

    def value(self, expression: str) -> Any:  # noqa: ANN401
        """Return what an expression gives, a literal."""
        heard = self.run(f"print(repr({expression}))")
        return ast.literal_eval("".join(each.content.get("text", "") for each in heard))

    def pause(self, seconds: float) -> None:
        """Take in whatever comes in a while."""
        self.until(lambda: False, seconds)

    # --- timing it ------------------------------------------------------------------

    def cell_ms(self) -> float:
        """Return when the reply, the output and the idle of a cell are in."""
        began = perf_counter()
        return (self.run("1+1")[-1].at - began) * 1e3

    def click_ms(self) -> tuple[float, float]:
        """Return when a click was handled, and when its answer and its idle were in."""
        began = perf_counter()
        heard = self.ended(self.click())
        return (_answer(heard)["at"] - began) * 1e3, (heard[-1].at - began) * 1e3

    def processor_seconds(self) -> float:
        """Return how long the kernel has computed so far, in all its threads."""
        return _answer(self.ended(self.click()))["spent"]

    def processor_seconds_by_cell(self) -> float:
        """Return the same, asked by a cell."""
        heard = self.run("time.process_time()")
        (shown,) = (each.content for each in heard if each.kind == "execute_result")
        return float(shown["data"]["text/plain"])


def _answer(heard: list[Heard]) -> dict[str, float]:
    """Return what a click was answered."""
    (data,) = (each.content["data"] for each in heard if each.kind == "comm_msg")
    return data


@asynccontextmanager
async def opened(
    environment: Environment, *setup: str
) -> AsyncIterator[tuple[Kernel, Probe]]:
    """Start a kernel, and run cells in it."""
    with tempfile.TemporaryDirectory() as folder:
        async with Kernel(Path(folder), python=environment.python) as kernel:
            probe = Probe(Path(folder) / "connection.json")
            try:
                for code in setup:
                    probe.run(code)
                yield kernel, probe
            finally:
                probe.close()
