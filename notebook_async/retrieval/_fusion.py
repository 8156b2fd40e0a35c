"""Make one ranking of several."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from notebook_async.retrieval._records import Hit

__all__ = ["reciprocal_rank_fusion"]


def reciprocal_rank_fusion(
    rankings: Iterable[Sequence[Hit]], *, limit: int | None = None, k: int = 60
) -> list[Hit]:
    """Merge rankings whose scores cannot be compared, by the ranks alone.

    Parameters
    ----------
    rankings
        Hits, best first in each. A chunk in several of them counts in each, once.
    limit
        Hits to return at most; None for all.
    k
        The higher, the less the first places weigh.

    Returns
    -------
    list
        The hits, best first, with the sum of `1 / (k + rank)` as score. The source of
        one that came in several rankings is where it stood highest.

    Notes
    -----
    Cormack, Clarke and Büttcher, Reciprocal Rank Fusion outperforms Condorcet and
    individual Rank Learning Methods, SIGIR 2009, which also found `k = 60`.

    Examples
    --------
    >>> from notebook_async.retrieval import Chunk, Hit
    >>> tea, rain = (Chunk(word, word, 0, word, 0, 4) for word in ("tea", "rain"))
    >>> words = [Hit(rain, 9.0, "words"), Hit(tea, 3.0, "words")]
    >>> vectors = [Hit(tea, 0.9, "vectors")]
    >>> [hit.chunk.id for hit in reciprocal_rank_fusion([words, vectors])]
    ['tea', 'rain']
    """
    scores: dict[tuple[str, str], float] = {}
    best: dict[tuple[str, str], tuple[int, Hit]] = {}
    for ranking in rankings:
        seen = set()
        for rank, hit in enumerate(ranking, 1):
            # Two stores may call different things by one id.
            key = (hit.chunk.id, hit.chunk.text)
            if key in seen:
                continue
            seen.add(key)
            scores[key] = scores.get(key, 0.0) + 1 / (k + rank)
            if key not in best or rank < best[key][0]:
                best[key] = (rank, hit)
    ordered = sorted(scores, key=lambda key: -scores[key])[:limit]
    return [replace(best[key][1], score=scores[key]) for key in ordered]
