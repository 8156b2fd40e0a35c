"""Embedding models of LlamaIndex in the place of an embedder."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

pytest.importorskip("llama_index.core", reason="pip install llama-index-core")

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.embeddings import MockEmbedding
from pydantic import PrivateAttr

from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.integrations._llama_index_embedding import LlamaIndexEmbedder
from notebook_async.retrieval import Embedder, _loops
from tests.retrieval.http_server import Answer, Request, Server

if TYPE_CHECKING:
    from collections.abc import Sequence

MAIN = threading.main_thread()


class SyncOnly(BaseEmbedding):
    """Embeds by length, without a method that is asynchronous; notes the threads."""

    _threads: list[threading.Thread] = PrivateAttr(default_factory=list)

    def _get_query_embedding(self, query: str) -> list[float]:
        self._threads.append(threading.current_thread())
        return [-float(len(query))]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        self._threads.append(threading.current_thread())
        return [float(len(text))]


class Remote(SyncOnly):
    """Asks a server, by a client that it makes when it is first used."""

    url: str = ""
    _aclient: httpx.AsyncClient | None = PrivateAttr(default=None)
    _loops: list[Any] = PrivateAttr(default_factory=list)

    async def _aget_text_embedding(self, text: str) -> list[float]:
        self._loops.append(asyncio.get_running_loop())
        if self._aclient is None:
            self._aclient = httpx.AsyncClient()
        answer = await self._aclient.get(self.url, params={"text": text})
        return [float(len(answer.text))]


def test_is_an_embedder() -> None:
    """It has all that an embedder needs."""
    assert isinstance(LlamaIndexEmbedder(MockEmbedding(embed_dim=3)), Embedder)


async def test_asynchronous_models_are_awaited() -> None:
    """A model with methods of its own for it runs on the loop."""
    embedder = LlamaIndexEmbedder(MockEmbedding(embed_dim=3))
    assert not embedder._in_thread
    assert await embedder.aembed(["tea", "milk"]) == [[0.5] * 3] * 2
    assert await embedder.aembed_one("tea") == [0.5] * 3
    assert await embedder.aembed([]) == []


async def test_synchronous_models_go_to_a_thread() -> None:
    """A model whose asynchronous methods call the others does not stop the loop."""
    model = SyncOnly()
    embedder = LlamaIndexEmbedder(model)
    assert await embedder.aembed(["tea", "milk"]) == [[3.0], [4.0]]
    assert await embedder.aembed_one("tea") == [-3.0]
    assert len(model._threads) == 3
    assert MAIN not in model._threads
    told = LlamaIndexEmbedder(MockEmbedding(embed_dim=1), in_thread=True)
    assert await told.aembed(["tea"]) == [[0.5]]


def test_sizes_are_those_of_the_model() -> None:
    """Batches and workers are what the model says, what is given, or usual."""

    def sizes(model: Any, **options: int) -> tuple[int, int]:  # noqa: ANN401 - any model
        embedder = LlamaIndexEmbedder(model, **options)
        return embedder.batch_size, embedder.workers

    assert sizes(MockEmbedding(embed_dim=1)) == (10, 4)
    assert sizes(SyncOnly()) == (10, 1)
    assert sizes(MockEmbedding(embed_dim=1, embed_batch_size=7, num_workers=3)) == (
        7,
        3,
    )
    assert sizes(SyncOnly(), batch_size=5, workers=2) == (5, 2)
    with pytest.raises(InvalidArgumentError, match="workers must be >= 1, got 0"):
        LlamaIndexEmbedder(SyncOnly(), workers=0)


def test_fingerprint_tells_models_apart() -> None:
    """Another class, model or size is another fingerprint; batches do not matter."""
    models = [
        MockEmbedding(embed_dim=1),
        MockEmbedding(embed_dim=1, embed_batch_size=3),
        MockEmbedding(embed_dim=2),
        MockEmbedding(embed_dim=2, model_name="other"),
        SyncOnly(),
    ]
    assert len({LlamaIndexEmbedder(model).fingerprint for model in models}) == 4


async def _lengths(request: Request) -> Answer:
    return Answer(body=request.query["text"][0].encode())


@pytest.mark.realtime
async def test_client_is_closed_on_its_loop() -> None:
    """The client that a model made is closed, and by the loop that made it."""
    async with Server.run(_lengths) as server:
        model = Remote(url=server.url)
        async with LlamaIndexEmbedder(model) as embedder:
            assert await embedder.aembed(["tea", "milk"]) == [[3.0], [4.0]]
            assert model._aclient is not None
            assert not model._aclient.is_closed
        assert model._aclient.is_closed
        await embedder.aclose()


class Closing:
    """Notes on which loop it is closed."""

    def __init__(self) -> None:
        self.loops: list[Any] = []

    async def aget_text_embedding_batch(
        self, texts: Sequence[str]
    ) -> list[list[float]]:
        """Return the lengths."""
        return [[float(len(text))] for text in texts]

    async def aclose(self) -> None:
        """Note the loop."""
        self.loops.append(asyncio.get_running_loop())


@pytest.mark.realtime
async def test_closing_from_another_loop() -> None:
    """Closed from another thread's loop, it is closed where it was used first."""
    model = Closing()
    embedder = LlamaIndexEmbedder(model)
    await embedder.aembed(["tea"])
    await asyncio.to_thread(lambda: asyncio.run(embedder.aembed(["tea"])))
    await asyncio.to_thread(lambda: asyncio.run(embedder.aclose()))
    assert model.loops == [asyncio.get_running_loop()]


@pytest.mark.realtime
async def test_closing_while_its_loop_waits_for_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A loop that stands still until it is closed does so afterwards: no deadlock."""
    monkeypatch.setattr(_loops, "_PATIENCE", 0.05)
    model = Closing()
    embedder = LlamaIndexEmbedder(model)
    await embedder.aembed(["tea"])
    closing = threading.Thread(target=lambda: asyncio.run(embedder.aclose()))
    closing.start()
    closing.join(10)
    assert not closing.is_alive()
    assert model.loops == []
    await asyncio.sleep(0.05)
    assert model.loops == [asyncio.get_running_loop()]


def test_model_of_a_loop_that_has_ended() -> None:
    """Used by one blocking call after another, it belongs to the last one's loop."""
    model = Closing()
    embedder = LlamaIndexEmbedder(model)
    asyncio.run(embedder.aembed(["tea"]))
    asyncio.run(embedder.aclose())
    assert model.loops == []

    async def use() -> None:
        await embedder.aembed(["tea"])
        await embedder.aclose()

    asyncio.run(use())
    assert len(model.loops) == 1


async def test_errors_come_out_unchanged() -> None:
    """What the model raises is what comes out."""

    class Broken:
        async def aget_text_embedding_batch(self, texts: list[str]) -> None:
            raise KeyError(texts[0])

    with pytest.raises(KeyError, match="tea"):
        await LlamaIndexEmbedder(Broken()).aembed(["tea"])


def test_what_is_no_model_is_refused() -> None:
    """Anything else is told at once."""
    message = "embedding must have aget_text_embedding_batch or get_.*, got int"
    with pytest.raises(ArgumentTypeError, match=message):
        LlamaIndexEmbedder(3)


async def test_models_without_a_loop_are_closed_too() -> None:
    """One that works in a thread is closed once, and so is one that is unused."""

    class InThread:
        def __init__(self) -> None:
            self.closed = 0

        def get_text_embedding_batch(self, texts: list[str]) -> list[list[float]]:
            return [[0.0] for _ in texts]

        def close(self) -> None:
            self.closed += 1

    used, unused = InThread(), InThread()
    async with LlamaIndexEmbedder(used) as embedder:
        await embedder.aembed(["tea"])
    await embedder.aclose()
    async with LlamaIndexEmbedder(unused):
        pass
    assert (used.closed, unused.closed) == (1, 1)


def test_it_stands_with_the_rest_of_the_integration() -> None:
    """It is imported from where the documents say it is."""
    from notebook_async.integrations import llama_index  # noqa: PLC0415 - the subject

    assert "LlamaIndexEmbedder" in llama_index.__all__
    assert llama_index.LlamaIndexEmbedder is LlamaIndexEmbedder
