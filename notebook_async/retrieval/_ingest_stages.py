"""What stands in a place of a pipeline, seen as a stage: a step on one document."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from notebook_async.errors import ArgumentTypeError
from notebook_async.retrieval._embedders import HashingEmbedder
from notebook_async.retrieval._ingest_batches import Batcher
from notebook_async.retrieval._records import Chunk, Document, PreparedDocument

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from notebook_async.retrieval._protocols import Embedder

__all__ = ["Draft", "Processor", "Stage", "opened"]

S = TypeVar("S")
T = TypeVar("T")

# Characters above which work on a text goes to a thread: some milliseconds.
_LARGE = 1_000

# Documents that wait for their vectors at once, at most.
_MOST_WAITING = 128


@dataclass(slots=True)
class Draft:
    """A document on its way through the stages."""

    document: Document
    fingerprint: str = ""
    chunks: Sequence[Chunk] | None = None
    found: dict[str, Any] = field(default_factory=dict)

    def parts(self) -> Sequence[Chunk]:
        """Return the chunks; the whole document is one where nothing splits it."""
        if self.chunks is None:
            text, name = self.document.text, self.document.id
            self.chunks = (Chunk(f"{name}#0", name, 0, text, 0, len(text)),)
        return self.chunks

    def prepared(self) -> PreparedDocument:
        """Return what is to be stored."""
        before = self.document.metadata
        known = {**before, **self.found}

        def finished(chunk: Chunk) -> Chunk:
            own: Mapping[str, Any] = {}
            if chunk.metadata is not before:
                # What a splitter says of a part, such as its page, is not of the whole.
                pairs = chunk.metadata.items()
                own = {k: v for k, v in pairs if k not in before or before[k] != v}
            return replace(chunk, metadata={**known, **own} if own else known)

        return PreparedDocument(
            replace(self.document, metadata=known),
            tuple(map(finished, self.parts())),
            self.fingerprint,
        )


class Processor:
    """Lets texts be computed on without holding the loop.

    Large ones go to a thread, one at a time: several would share the one interpreter,
    and the loop, which waits for it like any of them, would wait for all.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)

    async def run(self, size: int, func: Callable[[], T]) -> T:
        """Return what a function of a text of so many characters returns."""
        if size <= _LARGE:
            return func()
        async with self._turn:
            return await asyncio.to_thread(func)

    def taking_turns(
        self, func: Callable[[S], Awaitable[T]]
    ) -> Callable[[S], Awaitable[T]]:
        """Return a function that has a thread of its own, for when it is its turn."""

        async def run(item: S) -> T:
            async with self._turn:
                return await func(item)

        return run


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage, ready to run.

    Attributes
    ----------
    name
        What its bar says.
    work
        Does its part on a draft, and returns None if it is to go no further.
    workers
        Drafts in it at once, at most.
    """

    name: str
    work: Callable[[Draft], Awaitable[Draft | None]]
    workers: int


@asynccontextmanager
async def opened(
    part: object, processor: Processor, workers: int
) -> AsyncIterator[Stage]:
    """Make a stage of a splitter, an embedder or an extractor, and end it."""
    if hasattr(part, "aembed"):
        embedder = cast("Embedder", part)
        embed: Callable[[list[str]], Awaitable[list[list[float]]]] = embedder.aembed
        if isinstance(part, HashingEmbedder):
            embed = processor.taking_turns(embed)
        async with Batcher(
            embed, size=embedder.batch_size, workers=embedder.workers
        ) as batcher:
            # While some are being embedded, the next call is to fill up.
            called = embedder.batch_size * embedder.workers
            waiting = min(_MOST_WAITING, 2 * called)
            yield Stage(_name(part, "embed"), _embedding(batcher, processor), waiting)
    elif hasattr(part, "asplit"):
        yield Stage(_name(part, "split"), _splitting(part, processor), workers)
    elif callable(part):
        bound = getattr(part, "workers", workers)
        yield Stage(_name(part, "extract"), _extracting(part, processor), bound)
    else:
        raise ArgumentTypeError(
            "a stage must be a splitter, an embedder, or an async function of a"
            f" document, got {part!r} ({type(part).__name__})"
        )


def _splitting(
    splitter: Any,  # noqa: ANN401 - has `asplit`
    processor: Processor,
) -> Callable[[Draft], Awaitable[Draft]]:
    split = getattr(splitter, "split", None)

    async def work(draft: Draft) -> Draft:
        document = draft.document
        if split is None:
            draft.chunks = await splitter.asplit(document)
        else:
            size = len(document.text)
            draft.chunks = await processor.run(size, lambda: split(document))
        return draft

    return work


def _extracting(
    extractor: Any,  # noqa: ANN401 - a function
    processor: Processor,
) -> Callable[[Draft], Awaitable[Draft]]:
    extract = getattr(extractor, "extract", None)

    async def work(draft: Draft) -> Draft:
        document = draft.document
        found: object
        if extract is None:
            found = await extractor(document)
        else:
            size = len(document.text)
            found = await processor.run(size, lambda: extract(document))
        draft.found.update(_checked(found, extractor))
        return draft

    return work


def _checked(found: object, extractor: object) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        raise ArgumentTypeError(
            f"{_name(extractor, 'extract')} must return what it found by name, got"
            f" {found!r} ({type(found).__name__})"
        )
    return found


def _embedded(chunks: Sequence[Chunk], vectors: list[list[float]]) -> list[Chunk]:
    return [
        replace(chunk, embedding=tuple(vector))
        for chunk, vector in zip(chunks, vectors, strict=True)
    ]


def _embedding(
    batcher: Batcher[str, list[float]], processor: Processor
) -> Callable[[Draft], Awaitable[Draft]]:
    async def work(draft: Draft) -> Draft:
        chunks = draft.parts()
        vectors = await batcher.ask([chunk.text for chunk in chunks])
        # A book has thousands of them.
        size = len(draft.document.text)
        draft.chunks = await processor.run(size, lambda: _embedded(chunks, vectors))
        return draft

    return work


def _name(part: object, kind: str) -> str:
    """Return what people call a part: its own name, or what it does."""
    name = getattr(part, "name", None)
    if kind == "extract" and name is None:
        name = getattr(part, "__name__", None)
    return str(name) if name and name != "<lambda>" else kind
