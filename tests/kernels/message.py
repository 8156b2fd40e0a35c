"""What a kernel says, with when it said it and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Channel = Literal["iopub", "shell", "control", "stdin"]

OUTPUT_KINDS = frozenset(
    {"stream", "display_data", "update_display_data", "execute_result", "error"}
)


@dataclass(frozen=True, slots=True)
class Message:
    """What the kernel said: `at` seconds after its start, `parent` the cause's id."""

    at: float
    channel: Channel
    kind: str
    parent: str
    content: dict[str, Any]
    header: dict[str, Any]

    def text(self) -> str:
        """Return an output as text, and nothing for any other message."""
        if self.kind == "stream":
            return str(self.content["text"])
        if self.kind == "error":
            return f"{self.content['ename']}: {self.content['evalue']}"
        if self.kind in OUTPUT_KINDS:
            return str(self.content["data"].get("text/plain", ""))
        return ""
