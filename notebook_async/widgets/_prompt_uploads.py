"""Files on their way from a page, which come in pieces beside the messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from notebook_async.prompts import MAX_BYTES
from notebook_async.prompts._values import size_words
from notebook_async.widgets._untrusted import is_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notebook_async.prompts import Field

__all__ = ["Uploads"]

_LARGEST_PIECE = 2_000_000
_LONGEST_NAME = 300
_MOST_FILES = 100
_ROOM = 4
"""Files of the largest size that there is room for at once, of each form."""


@dataclass(slots=True)
class _Upload:
    name: str
    media_type: str
    size: int
    content: bytearray = field(default_factory=bytearray, repr=False)
    stale: bool = False


class Uploads:
    """Puts files together, and gives them to the answer that names them.

    Parameters
    ----------
    root
        The form; what it does not ask for is not taken.
    """

    def __init__(self, root: Field) -> None:
        sizes = [each.max_bytes or MAX_BYTES for each in _files(root)]
        self._root = root
        self._largest = max(sizes, default=0)
        self._held: dict[str, _Upload] = {}
        self._refused: dict[str, str] = {}
        self._told = self._state()

    def take(self, content: dict[str, Any], buffers: Any) -> bool:
        """Take the next piece of a file; tell whether the message made sense.

        Parameters
        ----------
        content
            With `upload` (any name), `name`, `media_type`, `size` in bytes, and `at`,
            where the piece belongs.
        buffers
            The piece alone.
        """
        match content:
            case {
                "upload": str(key),
                "name": str(name),
                "media_type": str(media_type),
                "size": size,
                "at": at,
            } if is_number(size) and is_number(at) and len(key) <= _LONGEST_NAME:
                piece = _piece(buffers)
            case _:
                return False
        if piece is None or not self._largest or key in self._refused:
            return False
        if at == 0:
            why = self._begin(key, _Upload(name, media_type, size))
            if why:
                self._refuse(key, why)
                return True
        return self._add(key, at, piece)

    def _begin(self, key: str, upload: _Upload) -> str:
        """Make room for a file; return why not, if there is none."""
        upload.name = upload.name[-_LONGEST_NAME:]
        upload.media_type = upload.media_type[:_LONGEST_NAME]
        if upload.size > self._largest:
            return f"must not be larger than {size_words(self._largest)}"
        self._held.pop(key, None)
        while not self._has_room(upload.size):
            # A page that was left took the names of its files with it.
            stale = [name for name, each in self._held.items() if each.stale]
            if not stale:
                return "too many files are on their way"
            del self._held[stale[0]]
        self._held[key] = upload
        return ""

    def _has_room(self, size: int) -> bool:
        held = sum(each.size for each in self._held.values()) + size
        return held <= _ROOM * self._largest and len(self._held) < _MOST_FILES

    def _add(self, key: str, at: int, piece: memoryview) -> bool:
        upload = self._held.get(key)
        if upload is None:
            return False
        if at != len(upload.content) or at + piece.nbytes > upload.size:
            del self._held[key]
            self._refuse(key, "did not arrive whole: choose it again")
            return True
        upload.content += piece
        return True

    def _refuse(self, key: str, why: str) -> None:
        while len(self._refused) >= _MOST_FILES:
            del self._refused[next(iter(self._refused))]
        self._refused[key] = why

    def drop(self, key: str) -> None:
        """Forget a file."""
        self._held.pop(key, None)
        self._refused.pop(key, None)

    def leave(self) -> None:
        """Take note that a page has been left, and what it sent may go."""
        for each in self._held.values():
            each.stale = True

    def clear(self) -> None:
        """Forget all files."""
        self._held.clear()
        self._refused.clear()

    def news(self) -> dict[str, Any] | None:
        """Return how far each file is, if that has changed."""
        told = self._state()
        if told == self._told:
            return None
        self._told = told
        return told

    def _state(self) -> dict[str, Any]:
        got = {key: len(each.content) for key, each in self._held.items()}
        return {"type": "uploads", "got": got, "refused": dict(self._refused)}

    def fill(self, raw: Any) -> Any:
        """Return an answer with the files in place of their names."""
        return self._filled(self._root, raw)

    def _filled(self, field: Field, raw: Any) -> Any:
        if field.kind == "file" and isinstance(raw, dict) and "upload" in raw:
            return self._file(raw["upload"])
        if field.kind == "group" and isinstance(raw, dict):
            parts = {part.name: part for part in field.fields}
            return {
                name: self._filled(parts[name], each) if name in parts else each
                for name, each in raw.items()
            }
        if field.kind == "list" and field.item and isinstance(raw, list):
            return [self._filled(field.item, each) for each in raw]
        return raw

    def _file(self, key: object) -> dict[str, Any] | None:
        upload = self._held.get(key) if isinstance(key, str) else None
        if upload is None or len(upload.content) < upload.size:
            return None
        content = bytes(upload.content)
        return {
            "name": upload.name,
            "content": content,
            "media_type": upload.media_type,
        }


def _files(field: Field) -> Iterator[Field]:
    if field.kind == "file":
        yield field
    for part in field.fields:
        yield from _files(part)
    if field.item is not None:
        yield from _files(field.item)


def _piece(buffers: Any) -> memoryview | None:
    """Return the only buffer of a message, if it is one and not too large."""
    if not isinstance(buffers, list | tuple) or len(buffers) != 1:
        return None
    try:
        piece = memoryview(buffers[0]).cast("B")
    except (TypeError, ValueError):
        return None
    return piece if piece.nbytes <= _LARGEST_PIECE else None
