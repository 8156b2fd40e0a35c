"""The embedder that needs no model: words hashed into the places of a vector."""

from __future__ import annotations

import asyncio
import math
import re
import unicodedata
from collections import Counter
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Self

from notebook_async.core._options import integer

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["HashingEmbedder"]

_WORD = re.compile(r"\w+")

_LONG = 10_000
"""Characters from which on texts are embedded in a thread; they take 2 ms or so."""

_KEPT = 40
"""Letters of words whose features are kept; what is longer is no word, but data."""

_PART = 3
"""Letters of the parts of a word that it shares with its relatives."""


class HashingEmbedder:
    """Turns texts into vectors by hashing their words: fast and offline, but no model.

    Nothing here knows what words mean. Texts are near each other as far as they share
    words, or words their parts: "cancelled" is near "cancel", but no nearer to "stop"
    than to "tea". Where meaning is asked for give an embedding model instead, such as
    one of LlamaIndex by the `LlamaIndexEmbedder` of the integrations.

    Parameters
    ----------
    dimensions
        Length of the vectors, >= 1. More of them keep apart what has nothing in common.
    batch_size
        How many texts whoever calls this gives at once, >= 1.

    Attributes
    ----------
    dimensions, batch_size, workers, fingerprint
        See `Embedder`. More workers than one would only wait for each other.

    Notes
    -----
    Each word, and each three letters of it in a row, add to one place of the vector
    with a sign, both drawn from a hash: K. Weinberger et al., "Feature Hashing for
    Large Scale Multitask Learning", ICML 2009. What is repeated counts by the logarithm
    of how often, and vectors have the length 1; that of a text without words is zero.
    The same text gives the same vector in every process.

    Examples
    --------
    >>> async with HashingEmbedder() as embedder:
    ...     texts = ["cancel a job", "cancelled jobs", "make some tea"]
    ...     one, near, far = await embedder.aembed(texts)
    >>> def likeness(a, b):
    ...     return sum(x * y for x, y in zip(a, b))
    >>> likeness(one, near) > 0.25 > 0.05 > likeness(one, far)
    True
    """

    def __init__(self, *, dimensions: int = 512, batch_size: int = 64) -> None:
        self.dimensions = integer("dimensions", dimensions, least=1)
        self.batch_size = integer("batch_size", batch_size, least=1)
        self.workers = 1
        self.fingerprint = f"hashing-1:{self.dimensions}"

    async def aembed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text, in order; in a thread if there is much to do.

        Examples
        --------
        >>> vectors = await HashingEmbedder(dimensions=8).aembed(["tea", "tea"])
        >>> vectors[0] == vectors[1]
        True
        """
        if sum(map(len, texts)) < _LONG:
            return self._embed(texts)
        return await asyncio.to_thread(self._embed, texts)

    async def aembed_one(self, text: str) -> list[float]:
        """Return the vector of one text.

        Examples
        --------
        >>> await HashingEmbedder(dimensions=2).aembed_one("")
        [0.0, 0.0]
        """
        return (await self.aembed([text]))[0]

    async def aclose(self) -> None:
        """Do nothing: there is nothing to give back.

        Examples
        --------
        >>> await HashingEmbedder().aclose()
        """

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    def _embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> list[float]:
        vector = [0.0] * self.dimensions
        plain = unicodedata.normalize("NFKC", text).casefold()
        for word, count in Counter(_WORD.findall(plain)).items():
            often = 1 + math.log(count)
            features = _features if len(word) <= _KEPT else _features.__wrapped__
            for hashed, weight in features(word):
                vector[hashed % self.dimensions] += (
                    math.copysign(weight, hashed) * often
                )
        length = math.hypot(*vector)
        return [value / length for value in vector] if length else vector


@lru_cache(maxsize=20_000)
def _features(word: str) -> tuple[tuple[int, float], ...]:
    """Return what a word adds: a place and sign in one number, and how much."""
    marked = f"<{word}>"
    parts = {marked[at : at + _PART] for at in range(len(marked) - _PART + 1)} - {
        marked
    }
    weight = math.sqrt(1 / len(parts)) if parts else 0.0
    # The parts of a word weigh as much as the word itself, however many there are.
    return ((_hash(marked), 1.0), *((_hash(part), weight) for part in sorted(parts)))


def _hash(feature: str) -> int:
    # What JSON may hold but UTF-8 may not, half of a surrogate pair, passes too.
    digest = blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
