"""What tells that the stages of a pipeline are others than before."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from notebook_async.retrieval._ingest_fingerprint import fingerprint_of

if TYPE_CHECKING:
    from notebook_async.retrieval import Document


class Tagging:
    """Tags documents, as it was told to; counts on the side."""

    def __init__(self, tag: object) -> None:
        self.tag = tag
        self.called = 0

    async def __call__(self, _: Document) -> dict[str, Any]:
        """Return the tag."""
        self.called += 1
        return {"tag": self.tag}

    async def method(self, _: Document) -> dict[str, Any]:
        """Return the tag."""
        return {"tag": self.tag}


class Cutting:
    """Splits documents, and says nothing of its settings."""

    def __init__(self, size: int) -> None:
        self.size = size

    async def asplit(self, _: Document) -> tuple[()]:
        """Return no chunks."""
        return ()


def closing_over(tag: object) -> Any:  # noqa: ANN401 - an extractor
    """Return an extractor whose setting is around it."""

    async def tagging(_: Document) -> dict[str, Any]:
        return {"tag": tag}

    return tagging


def test_fingerprint_knows_what_a_part_holds() -> None:
    """Settings in attributes and around a function count; equal ones are the same."""
    makers: list[Any] = [
        Tagging,
        lambda tag: Tagging(tag).method,
        lambda tag: Tagging(Tagging(tag)),
        Cutting,
        closing_over,
        lambda tag: functools.partial(closing_over(tag), part=object()),
    ]
    for make in makers:
        assert fingerprint_of(make(1)) == fingerprint_of(make(1))
        assert fingerprint_of(make(1)) != fingerprint_of(make(2))
    assert len({fingerprint_of(make(1)) for make in makers}) == len(makers)


async def test_fingerprint_knows_no_counters() -> None:
    """What a part counts as it works is no setting of it."""
    count = 0

    async def counting(_: object) -> dict[str, Any]:
        nonlocal count
        count += 1
        return {}

    parts: list[Any] = [counting, Tagging("tea")]
    before = [fingerprint_of(part) for part in parts]
    for part in parts:
        await part(None)
    assert (count, parts[1].called) == (1, 1)
    assert [fingerprint_of(part) for part in parts] == before


def test_fingerprint_is_the_same_in_every_process() -> None:
    """Sets have another order in each, which does not count."""
    script = (
        "from notebook_async.retrieval._ingest_fingerprint import fingerprint_of\n"
        "async def f(d): return {'x': d.id in {'tea', 'ink', 'sea', 'rain', 'ham'}}\n"
        "print(fingerprint_of(f))"
    )
    told = {
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", script],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
        ).stdout
        for seed in (1, 2, 3)
    }
    assert len(told) == 1
