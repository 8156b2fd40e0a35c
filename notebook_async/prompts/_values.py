"""What people give back that no built-in type says: a decision, and a file."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass, field
from pathlib import Path

from notebook_async.errors import InvalidArgumentError
from notebook_async.prompts._form import MAX_BYTES

__all__ = ["Approval", "UploadedFile", "size_words"]

_KILO = 1000


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's decision: true or false, with the reason that was given.

    Attributes
    ----------
    approved
        Whether the person agreed.
    reason
        What the person said about it, or None.

    Examples
    --------
    >>> decision = Approval(False, "the list is out of date")
    >>> "send" if decision else decision.reason
    'the list is out of date'
    """

    approved: bool
    reason: str | None = None

    def __bool__(self) -> bool:
        return self.approved

    def __str__(self) -> str:
        words = "approved" if self.approved else "rejected"
        return f"{words}: {self.reason}" if self.reason else words


@dataclass(frozen=True)  # with slots the first pydantic 2 spoils it
class UploadedFile:
    """A file that a person has given.

    Attributes
    ----------
    name
        Its name, without any folder.
    content
        Its bytes.
    media_type
        Such as `text/csv`, as the browser says, or guessed by the name.

    Examples
    --------
    >>> UploadedFile("towns.csv", b"Bern,Basel", "text/csv")
    UploadedFile(name='towns.csv', 10 bytes, media_type='text/csv')
    """

    name: str
    content: bytes = field(repr=False)
    media_type: str = "application/octet-stream"

    @property
    def text(self) -> str:
        """The content as text, which must be UTF-8."""
        return self.content.decode("utf-8")

    @classmethod
    def read(cls, path: str | Path, *, max_bytes: int = MAX_BYTES) -> UploadedFile:
        """Return a file of this machine as if it had been uploaded.

        Parameters
        ----------
        path
            Where it is.
        max_bytes
            Its size at most.

        Raises
        ------
        InvalidArgumentError
            If it is larger.

        Examples
        --------
        >>> UploadedFile.read(__file__).media_type
        'text/x-python'
        """
        path = Path(path).expanduser()
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
        if len(content) > max_bytes:
            raise InvalidArgumentError(
                f"{path.name} is larger than {size_words(max_bytes)}"
            )
        kind, _ = mimetypes.guess_type(path.name)
        return cls(path.name, content, kind or "application/octet-stream")

    def __repr__(self) -> str:
        return (
            f"UploadedFile(name={self.name!r}, {size_words(len(self.content))},"
            f" media_type={self.media_type!r})"
        )


def size_words(size: int) -> str:
    """Return a number of bytes for people.

    Examples
    --------
    >>> size_words(999), size_words(12_300), size_words(10_000_000)
    ('999 bytes', '12.3 kB', '10 MB')
    """
    if size < _KILO:
        return f"{size} bytes"
    amount, unit = float(size), "bytes"
    for unit in ("kB", "MB", "GB"):  # noqa: B007 - the last one is meant
        amount /= _KILO
        if amount < _KILO:
            break
    return f"{amount:.3g} {unit}"
