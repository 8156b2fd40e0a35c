"""The other end of a panel's comm: what came, when, and how much."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import comm
import pytest
from comm.base_comm import BaseComm

from notebook_async.kernel import _host

if TYPE_CHECKING:
    from notebook_async.widgets._panel import LivePanel, Panel

__all__ = ["Browser", "RecordingComm", "comms", "look", "most_in_a_second"]


class RecordingComm(BaseComm):
    """A comm whose messages are kept, with the time of each."""

    def publish_msg(
        self,
        msg_type: str,
        data: Any = None,  # noqa: ANN401
        metadata: Any = None,  # noqa: ANN401, ARG002
        buffers: Any = None,  # noqa: ANN401, ARG002
        **_: object,
    ) -> None:
        """Keep a message, as it goes over the wire."""
        if "sent" not in self.__dict__:
            self.loop = asyncio.get_running_loop()
            self.sent: list[tuple[float, str, Any]] = []
        wire = json.loads(json.dumps(data, allow_nan=False))
        self.sent.append((self.loop.time(), msg_type, wire))


class Browser:
    """The other end of a panel's comm."""

    def __init__(self, panel: LivePanel) -> None:
        self.panel = panel
        self.comm = panel.comm
        self.comm.sent.clear()

    @property
    def times(self) -> list[float]:
        """When the panel sent messages."""
        return [at for at, _, _ in self.comm.sent]

    def states(self, name: str) -> list[Any]:
        """Return the values of a trait that came."""
        states = [data.get("state", {}) for _, _, data in self.comm.sent]
        return [state[name] for state in states if name in state]

    def contents(self, kind: str) -> list[dict[str, Any]]:
        """Return the messages of a kind that came."""
        contents = [data.get("content", {}) for _, _, data in self.comm.sent]
        return [each for each in contents if each.get("type") == kind]

    @property
    def views(self) -> list[dict[str, Any]]:
        """The headers that came."""
        return self.states("view")

    @property
    def tails(self) -> list[dict[str, Any]]:
        """The whole logs that came."""
        return self.states("log")

    @property
    def pieces(self) -> list[dict[str, Any]]:
        """The pieces of the log that came."""
        return self.contents("log")

    @property
    def size(self) -> int:
        """The bytes that came."""
        return sum(len(json.dumps(data)) for _, _, data in self.comm.sent)

    def say(self, content: object) -> None:
        """Send a message to the panel."""
        self.panel._handle_custom_msg(content, [])

    async def ask(self, content: object) -> None:
        """Send a message to the panel, and let it answer."""
        self.say(content)
        await asyncio.sleep(0.45)


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make comms as a kernel does: by replacing the function that makes them."""
    monkeypatch.setattr(comm, "create_comm", RecordingComm)
    monkeypatch.setattr(_host, "_front_end_answered", False)


def most_in_a_second(times: list[float]) -> int:
    """Return the largest number of messages within any second."""
    # Ten times a tenth are a little less than one.
    return max(sum(begin <= at < begin + 1 - 1e-9 for at in times) for begin in times)


async def look(panel: Panel, *, beside: bool = True) -> None:
    """Let a front end show a panel."""
    panel._handle_custom_msg({"type": "hello"}, [])
    panel._handle_custom_msg({"type": "visible", "visible": True, "beside": beside}, [])
    await asyncio.sleep(0)
