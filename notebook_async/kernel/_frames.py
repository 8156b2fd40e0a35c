"""Look into a message of the shell channel without taking it.

Only the header is read, and of a comm message that may overtake its name. The signature
is left for whoever takes the message: to check it twice costs time, and the session
refuses a signature that it has seen before.
"""

from __future__ import annotations

from typing import Any

__all__ = ["COMM_KINDS", "Frames", "comm_kind", "content_of"]

COMM_KINDS = frozenset({"comm_open", "comm_msg", "comm_close"})

Frames = list[Any]
"""A message as it came: identities, a delimiter, and the parts below."""

_HEADER, _CONTENT = 1, 4


def comm_kind(session: Any, frames: Frames) -> str | None:
    """Return which kind of comm message this is, or None for any other message."""
    header = _part(session, frames, _HEADER)
    kind = header.get("msg_type")
    return kind if kind in COMM_KINDS else None


def content_of(session: Any, frames: Frames) -> dict[str, Any]:
    """Return the content of a message, without its buffers."""
    return _part(session, frames, _CONTENT)


def _part(session: Any, frames: Frames, number: int) -> dict[str, Any]:
    try:
        _, parts = session.feed_identities(frames, copy=False)
        part = session.unpack(parts[number].bytes)
    except (ValueError, IndexError, TypeError):
        # No message at all, such as the mark after which ipykernel aborts no more
        # cells, or a broken one: ipykernel will say so.
        return {}
    return part if isinstance(part, dict) else {}
