"""Embedding models of LlamaIndex in the place of an embedder of ours."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any, Self

from notebook_async.core._options import integer
from notebook_async.errors import ArgumentTypeError
from notebook_async.retrieval._loops import on_loop

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LlamaIndexEmbedder"]

_BASE = "llama_index.core.base.embeddings.base"

_BATCH_SIZE = 10
_WORKERS = 4

# Where the models of LlamaIndex keep what has connections to close.
_CLIENTS = ("_aclient", "_async_client", "aclient", "async_client")


class LlamaIndexEmbedder:
    """Embeds texts by a model of LlamaIndex, in a thread if it is not asynchronous.

    Parameters
    ----------
    embedding
        A `BaseEmbedding` of LlamaIndex, or anything that has
        `aget_text_embedding_batch` or `get_text_embedding_batch`.
    batch_size, workers
        Texts of a call, and calls at once; by default `embed_batch_size` and
        `num_workers` of the model, or else 10, and 4 calls of a model that is
        asynchronous, one of another.
    in_thread
        Whether to call it in a thread. By default that is done if it has no
        asynchronous methods, or only those of LlamaIndex that call the others. Say True
        for one whose methods are called asynchronous, but hold up the loop.

    Attributes
    ----------
    embedding
        The model.
    batch_size, workers, fingerprint
        See `Embedder`. The fingerprint has the class and the name of the model, and its
        dimensions where it has some.

    Notes
    -----
    A model that tells queries from texts is asked by `aembed_one` for that of a query.
    `aclose` closes the model, or its asynchronous client, on the loop that used it
    first, since the connections belong to that one; where none did, at once.

    Examples
    --------
    >>> class Lengths:
    ...     def get_text_embedding_batch(self, texts):
    ...         return [[float(len(text))] for text in texts]
    >>> async with LlamaIndexEmbedder(Lengths()) as embedder:
    ...     await embedder.aembed(["tea", "coffee"])
    [[3.0], [6.0]]
    """

    def __init__(
        self,
        embedding: Any,
        *,
        batch_size: int | None = None,
        workers: int | None = None,
        in_thread: bool | None = None,
    ) -> None:
        if not (_has(embedding, "aget_text_embedding_batch") or _is_sync(embedding)):
            raise ArgumentTypeError(
                "embedding must have aget_text_embedding_batch or"
                f" get_text_embedding_batch, got {type(embedding).__name__}"
            )
        self.embedding = embedding
        self._in_thread = _only_sync(embedding) if in_thread is None else in_thread
        if batch_size is None:
            batch_size = getattr(embedding, "embed_batch_size", None) or _BATCH_SIZE
        if workers is None:
            usual = 1 if self._in_thread else _WORKERS
            workers = getattr(embedding, "num_workers", None) or usual
        self.batch_size = integer("batch_size", batch_size, least=1)
        self.workers = integer("workers", workers, least=1)
        self.fingerprint = _fingerprint(embedding)
        self._home: asyncio.AbstractEventLoop | None = None
        self._closed = False

    async def aembed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text, in order.

        Examples
        --------
        >>> class Lengths:
        ...     async def aget_text_embedding_batch(self, texts):
        ...         return [[float(len(text))] for text in texts]
        >>> await LlamaIndexEmbedder(Lengths()).aembed(["tea"])
        [[3.0]]
        """
        asked = list(texts)
        self._closed = False
        if self._in_thread:
            get = self.embedding.get_text_embedding_batch
            vectors = await asyncio.to_thread(get, asked)
        else:
            self._use_here()
            vectors = await self.embedding.aget_text_embedding_batch(asked)
        return [list(vector) for vector in vectors]

    async def aembed_one(self, text: str) -> list[float]:
        """Return the vector of one text, as that of a query if the model has such.

        Examples
        --------
        >>> class Lengths:
        ...     def get_text_embedding_batch(self, texts):
        ...         return [[float(len(text))] for text in texts]
        ...     def get_query_embedding(self, query):
        ...         return [-float(len(query))]
        >>> await LlamaIndexEmbedder(Lengths()).aembed_one("tea")
        [-3.0]
        """
        self._closed = False
        if self._in_thread and _has(self.embedding, "get_query_embedding"):
            get = self.embedding.get_query_embedding
            return list(await asyncio.to_thread(get, text))
        if not self._in_thread and _has(self.embedding, "aget_query_embedding"):
            self._use_here()
            return list(await self.embedding.aget_query_embedding(text))
        return (await self.aembed([text]))[0]

    async def aclose(self) -> None:
        """Close the model or its client, if it has one; a second call does nothing.

        Examples
        --------
        >>> class Closing:
        ...     async def aget_text_embedding_batch(self, texts):
        ...         return [[0.0] for _ in texts]
        ...     async def aclose(self):
        ...         print("closed")
        >>> async with LlamaIndexEmbedder(Closing()) as embedder:
        ...     await embedder.aembed(["tea"])
        [[0.0]]
        closed
        """
        home, self._home = self._home, None
        if home is not None:
            await on_loop(home, self._close)
        elif not self._closed:
            # No loop has connections of it: it works in a thread, or was never used.
            await self._close()
        self._closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"LlamaIndexEmbedder({type(self.embedding).__name__})"

    def _use_here(self) -> None:
        """Remember the loop that its connections belong to."""
        if self._home is None or self._home.is_closed():
            self._home = asyncio.get_running_loop()

    async def _close(self) -> None:
        for holder in (self.embedding, *(_client(self.embedding, n) for n in _CLIENTS)):
            close = getattr(holder, "aclose", None) or getattr(holder, "close", None)
            if callable(close):
                outcome = close()
                if inspect.isawaitable(outcome):
                    await outcome
                return


def _has(embedding: Any, name: str) -> bool:
    return callable(getattr(embedding, name, None))


def _is_sync(embedding: Any) -> bool:
    return _has(embedding, "get_text_embedding_batch")


def _only_sync(embedding: Any) -> bool:
    """Tell whether its asynchronous methods are missing, or call the others."""
    if not _has(embedding, "aget_text_embedding_batch"):
        return True
    if not _is_sync(embedding):
        return False
    inner = ("_aget_text_embedding", "_aget_text_embeddings")
    found = [getattr(type(embedding), name, None) for name in inner]
    # Those of the base class call the synchronous ones, on the loop.
    return any(found) and all(
        getattr(method, "__module__", None) == _BASE for method in found if method
    )


def _client(embedding: Any, name: str) -> Any:
    return getattr(embedding, name, None)


def _fingerprint(embedding: Any) -> str:
    kind = type(embedding)
    facts = [f"{kind.__module__}.{kind.__qualname__}"]
    for name in ("model_name", "dimensions", "embed_dim"):
        value = getattr(embedding, name, None)
        if isinstance(value, str | int):
            facts.append(f"{name}={value}")
    return "llama-index-1:" + ":".join(facts)
