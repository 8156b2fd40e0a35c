"""The embedder that hashes words."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.retrieval import Embedder, HashingEmbedder
from notebook_async.retrieval._embedders import _features


def likeness(one: list[float], other: list[float]) -> float:
    """Return the cosine of two vectors of length 1."""
    return sum(x * y for x, y in zip(one, other, strict=True))


def test_is_an_embedder() -> None:
    """It has all that an embedder needs."""
    assert isinstance(HashingEmbedder(), Embedder)


@given(st.lists(st.text(), max_size=5), st.integers(1, 40))
async def test_vectors_are_of_length_one(texts: list[str], dimensions: int) -> None:
    """Any text gives a vector of its dimensions, of length 1, or 0 without words."""
    vectors = await HashingEmbedder(dimensions=dimensions).aembed(texts)
    assert len(vectors) == len(texts)
    for vector in vectors:
        assert len(vector) == dimensions
        length = math.hypot(*vector)
        assert length == 0 or math.isclose(length, 1)


async def test_same_in_every_process() -> None:
    """A fresh interpreter, with another seed of hashes, gives the same vectors."""
    code = (
        "import asyncio, json; from notebook_async.retrieval import HashingEmbedder\n"
        "embedding = HashingEmbedder().aembed_one('Tea, café and 茶')\n"
        "print(json.dumps(asyncio.run(embedding)))"
    )
    done = subprocess.run(  # noqa: S603, ASYNC221
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "1"},
    )
    assert json.loads(done.stdout) == await HashingEmbedder().aembed_one(
        "Tea, café and 茶"
    )


async def test_nearer_the_more_they_share() -> None:
    """Texts are near each other as far as they share words, or parts of them."""
    embedder = HashingEmbedder()
    query = await embedder.aembed_one("how to cancel a job")
    texts = ["A JOB to cancel", "cancelled jobs", "a pot of tea"]
    near = [likeness(query, vector) for vector in await embedder.aembed(texts)]
    assert near[0] > 0.7 > near[1] > 0.2 > near[2]


async def test_large_texts_give_the_same_in_a_thread() -> None:
    """What is embedded in a thread is what is embedded here."""
    embedder = HashingEmbedder()
    texts = [f"{word} " * 3 for word in range(2000)]
    assert await embedder.aembed(texts) == embedder._embed(texts)


async def test_half_of_a_pair_is_a_word_too() -> None:
    """What cannot be written as UTF-8 is embedded all the same."""
    assert len(await HashingEmbedder().aembed_one("a\ud800b")) == 512


def test_fingerprint_tells_the_dimensions() -> None:
    """Vectors of another length have another fingerprint; batches do not matter."""
    prints = [{}, {"batch_size": 9}, {"dimensions": 9}]
    assert len({HashingEmbedder(**options).fingerprint for options in prints}) == 2


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"dimensions": 0}, InvalidArgumentError, "dimensions must be >= 1, got 0"),
        ({"batch_size": 0}, InvalidArgumentError, "batch_size must be >= 1, got 0"),
        ({"dimensions": 1.5}, ArgumentTypeError, "dimensions must be an integer"),
    ],
)
def test_wrong_numbers_are_refused(
    options: dict[str, int], error: type[Exception], message: str
) -> None:
    """Numbers that make no vectors are told at once."""
    with pytest.raises(error, match=message):
        HashingEmbedder(**options)


async def test_data_is_not_kept_as_words_are() -> None:
    """Texts without spaces, such as base 64, do not fill the memory."""
    _features.cache_clear()
    await HashingEmbedder().aembed(["tea", "t" * 40, "t" * 41, "t" * 20_000])
    assert _features.cache_info().currsize == 2
