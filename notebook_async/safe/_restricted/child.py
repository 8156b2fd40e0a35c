"""Read one request from a pipe, answer it, and end."""

from __future__ import annotations

import json
import os
from typing import Any

from notebook_async.safe._restricted.run import run

__all__ = ["ANSWER_BYTES", "READY", "serve"]

READY = b"+"
"""Sent when the limits are set and everything is loaded: from now on time counts."""

ANSWER_BYTES = 16_000_000
"""The longest answer."""

_MEMORY = b'{"kind": "memory"}'  # made beforehand, for when nothing more can be made


def serve() -> None:
    """Answer the request on standard input, and end this process."""
    os.write(1, READY)
    try:
        answer = _answer(json.loads(_read()))
    except MemoryError:
        answer = _MEMORY
    while answer:
        answer = answer[os.write(1, answer) :]
    # Nothing that restricted code has left behind gets another turn.
    os._exit(0)


def _read() -> bytes:
    parts = []
    while part := os.read(0, 1 << 16):
        parts.append(part)
    return b"".join(parts)


def _answer(request: dict[str, Any]) -> bytes:
    outcome = run(request["source"], request["names"], mode=request["mode"])
    # Only a process of one's own can raise the error itself.
    outcome.pop("error", None)
    answer = json.dumps(outcome).encode()
    if len(answer) > ANSWER_BYTES:
        why = f"the result is longer than {ANSWER_BYTES:,} bytes of JSON"
        return json.dumps({"kind": "value", "why": why}).encode()
    return answer
