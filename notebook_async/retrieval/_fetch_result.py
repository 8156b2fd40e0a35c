"""What comes of an address that was fetched."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from notebook_async.errors._retrieval import shown_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notebook_async.errors import FetchError

__all__ = ["FetchResult"]

_CHARSET = re.compile(r"charset=[\"']?([\w.:-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, repr=False)
class FetchResult:
    """What came of one address: a body, or an error.

    Attributes
    ----------
    url, index
        The address as it was given, and its place among them, from 0.
    error
        What went wrong, with its cause; None if nothing did.
    status
        The status of the last answer, or None if there was none.
    headers
        Those of the answer, by names in small letters.
    content
        The body, unpacked; empty if there is an error.
    final_url
        Where the answer came from, after redirects.
    attempts
        How often it was tried.

    Examples
    --------
    >>> result = FetchResult("http://a.org", 0, content=b'{"tea": 1}')
    >>> result.ok, result.text, result.json()
    (True, '{"tea": 1}', {'tea': 1})
    >>> result
    <FetchResult 0 'http://a.org': None, 10 bytes>
    """

    url: str
    index: int
    error: FetchError | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = field(default=b"", repr=False)
    final_url: str = ""
    attempts: int = 1

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return self.error is None

    @property
    def text(self) -> str:
        """The body as text, by the charset of its Content-Type, else UTF-8."""
        said = _CHARSET.search(self.headers.get("content-type", ""))
        try:
            return self.content.decode(said[1] if said else "utf-8", "replace")
        except (LookupError, UnicodeError):
            # One that nobody knows, or that is none of texts, such as "idna".
            return self.content.decode("utf-8", "replace")

    def __repr__(self) -> str:
        what = f"{len(self.content):,} bytes" if self.ok else repr(self.error)
        return (
            f"<FetchResult {self.index} {shown_url(self.url)!r}: {self.status}, {what}>"
        )

    def json(self) -> Any:  # noqa: ANN401 - whatever it holds
        """Return the body read as JSON.

        Examples
        --------
        >>> FetchResult("http://a.org", 0, content=b"[1, 2]").json()
        [1, 2]
        """
        return json.loads(self.content)
