"""One run of a pipeline: a chain of streams, each of which pulls from the one before.

Each stage is a run of `iter_jobs` over the results of the previous stage. So it has its
own workers, its own bar, and a window that makes it wait for the next stage; and to end
the last stream ends them all.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Sized
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from notebook_async.core import iter_jobs
from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.retrieval._ingest_batches import Batcher
from notebook_async.retrieval._ingest_stages import Draft, Processor, Stage, opened
from notebook_async.retrieval._ingest_turns import short_turns
from notebook_async.retrieval._records import Document, PreparedDocument
from notebook_async.retrieval._shared import to_the_end

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from notebook_async.core import JobStream
    from notebook_async.retrieval._protocols import TextStore

__all__ = ["Ingestion"]

# Documents that one call compares or stores, at most.
_COMPARED, _STORED = 64, 32

_END = object()


@dataclass(slots=True)
class Ingestion:
    """What a run of a pipeline needs, and what it has come to."""

    store: TextStore
    parts: Sequence[object]
    configuration: str
    workers: int
    show_progress: bool
    stored: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: dict[str, Exception] = field(default_factory=dict)
    chunks: int = 0
    began: float = field(default_factory=perf_counter)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _processor: Processor = field(default_factory=Processor)
    _broken: Exception | None = None
    _seen: set[str] = field(default_factory=set)

    async def run(self, documents: Any) -> None:  # noqa: ANN401 - any kind of iterable
        """Take documents through all stages, and store them."""
        with short_turns():
            await self._run(documents)

    async def _run(self, documents: Any) -> None:  # noqa: ANN401 - as above
        async with self._stack:
            sized = isinstance(documents, Sized)
            total = len(documents) if sized else None
            drafts = self._drafts(documents)
            self._stack.push_async_callback(drafts.aclose)
            flow = await self._through(await self._comparing(), drafts, total)
            if sized:
                # They are in memory anyway, and to compare them is quick: that done,
                # every bar knows how many there are.
                changed = deque([draft async for draft in flow])
                flow, total = _taken_from(changed), len(changed)
            for part in self.parts:
                stage = await self._open(opened(part, self._processor, self.workers))
                flow = await self._through(stage, flow, total)
            async for draft in await self._through(await self._storing(), flow, total):
                self.stored.append(draft.document.id)
                self.chunks += len(draft.parts())
        if self._broken is not None:
            raise self._broken

    async def _drafts(self, documents: Any) -> AsyncGenerator[Draft, None]:  # noqa: ANN401
        try:
            async with aclosing(_each(documents)) as each:
                async for document in each:
                    yield Draft(_checked(document))
        except Exception as error:  # noqa: BLE001 - it is raised at the end
            # What has come by then goes its way.
            self._broken = error

    async def _through(
        self, stage: Stage, flow: AsyncIterator[Draft], total: int | None
    ) -> AsyncIterator[Draft]:
        """Start a stage on what comes, and return what leaves it."""
        inside: dict[int, Draft] = {}

        async def numbered() -> AsyncIterator[Draft]:
            number = 0
            async for draft in flow:
                inside[number] = draft
                number += 1
                yield draft

        stream: JobStream[Any] = iter_jobs(
            stage.work,
            numbered(),
            workers=stage.workers,
            window=stage.workers + self.workers,
            on_error="return",
            desc=stage.name,
            total=total,
            show_progress=self.show_progress,
        )
        self._stack.push_async_callback(stream.aclose)
        # It starts here and now, so that bars stand in the order of the stages.
        first = asyncio.create_task(_next(stream))
        self._stack.push_async_callback(_dropped, first)
        await asyncio.sleep(0)
        return self._leaving(stream, first, inside)

    async def _leaving(
        self,
        stream: JobStream[Any],
        first: asyncio.Task[Any],
        inside: dict[int, Draft],
    ) -> AsyncIterator[Draft]:
        came = await first
        while came is not _END:
            index, result = came
            draft = inside.pop(index)
            if isinstance(result, Exception):
                self.failed[draft.document.id] = result
            elif result is not None:
                yield result
            came = await _next(stream)

    # -- the first stage and the last

    async def _comparing(self) -> Stage:
        """Return the stage that lets through what the store does not have like this."""

        async def known(ids: list[str]) -> list[str | None]:
            found = await self.store.fingerprints(ids)
            return [found.get(name) for name in ids]

        batcher = await self._open(Batcher(known, size=_COMPARED, workers=2))

        async def compare(draft: Draft) -> Draft | None:
            document = draft.document
            if document.id in self._seen:
                raise InvalidArgumentError(
                    f"two documents of this ingestion have the id {document.id!r}"
                )
            self._seen.add(document.id)
            own = await self._processor.run(
                len(document.text), lambda: document.content_hash
            )
            draft.fingerprint = f"{own}:{self.configuration}"
            if (await batcher.ask([document.id]))[0] != draft.fingerprint:
                return draft
            self.skipped.append(document.id)
            return None

        return Stage("compare", compare, _COMPARED)

    async def _storing(self) -> Stage:
        """Return the stage that stores, many documents by one call."""

        async def add(documents: list[PreparedDocument]) -> list[None]:
            await self.store.add(documents)
            return [None] * len(documents)

        batcher = await self._open(Batcher(add, size=_STORED, workers=1))

        async def store(draft: Draft) -> Draft:
            size = len(draft.document.text)
            prepared = await self._processor.run(size, draft.prepared)
            await batcher.ask([prepared])
            return draft

        return Stage("store", store, 2 * _STORED)

    async def _open(self, part: Any) -> Any:  # noqa: ANN401 - whatever it enters as
        return await self._stack.enter_async_context(part)


def _checked(document: object) -> Document:
    if isinstance(document, Document):
        return document
    raise ArgumentTypeError(
        f"documents must be of Document, got {document!r} ({type(document).__name__})"
    )


async def _each(
    items: Iterable[Any] | AsyncIterable[Any],
) -> AsyncGenerator[Any, None]:
    if isinstance(items, AsyncGenerator):
        # What it holds, such as connections, is given back before the run is over.
        async with aclosing(items):
            async for item in items:
                yield item
    elif isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


async def _taken_from(drafts: deque[Draft]) -> AsyncIterator[Draft]:
    """Yield drafts, and keep none: they grow by their chunks and vectors."""
    while drafts:
        yield drafts.popleft()


async def _next(stream: JobStream[Any]) -> Any:  # noqa: ANN401 - a pair or the end
    return await anext(stream, _END)


async def _dropped(task: asyncio.Task[Any]) -> None:
    """End a task that nobody awaits any more; what it raised is told elsewhere."""
    task.cancel()
    await to_the_end(lambda: asyncio.wait([task]))
    if not task.cancelled():
        task.exception()
