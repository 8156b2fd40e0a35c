"""The body of an answer, unpacked by and by, and never more of it than allowed."""

from __future__ import annotations

import zlib

__all__ = ["ACCEPTED", "Body"]

ACCEPTED = "gzip, deflate"
"""The encodings that a server may use."""

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class Body:
    """Collects the bytes of an answer, unpacked.

    A few bytes may unpack to very many. They are unpacked up to the limit only, and not
    as httpx would, which unpacks all that has come at once.

    Parameters
    ----------
    encoding
        The Content-Encoding of the answer.
    most
        Bytes that it may have when it is unpacked.
    """

    def __init__(self, encoding: str, *, most: int) -> None:
        self._encoding = encoding.strip().lower()
        self._most = most
        self._parts: list[bytes] = []
        self._size = 0
        self._decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
        if self._encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise ValueError(f"its encoding {encoding!r} is none of: {ACCEPTED}")

    @property
    def is_packed(self) -> bool:
        """Whether it is compressed."""
        return self._encoding not in {"", "identity"}

    def feed(self, data: bytes) -> bool:
        """Take more bytes; tell whether it is within its limit still.

        Raises
        ------
        zlib.error
            If they are not packed as was said.

        Examples
        --------
        >>> body = Body("", most=5)
        >>> body.feed(b"tea"), body.feed(b"pot"), bytes(body)
        (True, False, b'teapo')
        """
        while data and self._size <= self._most:
            if self.is_packed:
                part, data = self._unpack(data, self._most + 1 - self._size)
            else:
                part, data = data, b""
            self._parts.append(part)
            self._size += len(part)
        return self._size <= self._most

    def finish(self) -> bytes:
        """Return all of it.

        Raises
        ------
        zlib.error
            If it is packed, and its end is missing.
        """
        if self.is_packed and self._parts and not self._decoder.eof:
            raise zlib.error("the end is missing")
        return b"".join(self._parts)

    def __bytes__(self) -> bytes:
        return b"".join(self._parts)[: self._most]

    def _unpack(self, data: bytes, most: int) -> tuple[bytes, bytes]:
        """Return unpacked bytes, and those which are left to unpack."""
        if self._decoder.eof:
            # What was packed in several pieces comes one after the other.
            self._decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
        try:
            part = self._decoder.decompress(data, most)
        except zlib.error:
            if self._encoding != "deflate" or self._parts:
                raise
            # Some servers leave out the header that "deflate" has.
            self._decoder = zlib.decompressobj(-zlib.MAX_WBITS)
            part = self._decoder.decompress(data, most)
        return part, self._decoder.unconsumed_tail or self._decoder.unused_data
