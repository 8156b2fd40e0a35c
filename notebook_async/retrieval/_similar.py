"""The nearest of many vectors, by their cosine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.retrieval._extras import needed

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Vectors"]


class Vectors:
    """Vectors of one length, kept for the next search. To be used in a thread.

    Parameters
    ----------
    rows
        A number, and a vector as the bytes of float32 numbers, each.
    """

    def __init__(self, rows: Sequence[tuple[int, bytes]]) -> None:
        numpy: Any = needed("numpy", "search_similar")
        self._numpy = numpy
        self._numbers = [number for number, _ in rows]
        joined = numpy.frombuffer(b"".join(vector for _, vector in rows), "<f4")
        # What has no direction is at right angles to all.
        matrix = joined.reshape(len(rows), -1) if rows else joined.reshape(0, 0)
        lengths = numpy.linalg.norm(matrix, axis=1, keepdims=True)
        self._matrix = matrix / numpy.where(lengths == 0, 1, lengths)

    def __len__(self) -> int:
        return len(self._numbers)

    def nearest(self, vector: Sequence[float], limit: int) -> list[tuple[int, float]]:
        """Return numbers and cosines of the nearest, best first; then by number.

        Examples
        --------
        >>> from notebook_async.retrieval._sqlite_rows import packed
        >>> vectors = Vectors([(7, packed([1, 0])), (8, packed([3, 4]))])
        >>> [(at, round(cosine, 2)) for at, cosine in vectors.nearest([0, 2], 5)]
        [(8, 0.8), (7, 0.0)]
        """
        numpy = self._numpy
        if not self._numbers:
            return []
        wanted = numpy.asarray(vector, "<f4")
        length = numpy.linalg.norm(wanted)
        cosines = self._matrix @ (wanted / (length or 1))
        best = range(len(cosines))
        if limit < len(cosines):
            least = numpy.partition(cosines, -limit)[-limit]
            best = numpy.flatnonzero(cosines >= least)
        found = [(self._numbers[at], float(cosines[at])) for at in best]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:limit]
