"""Engines of LlamaIndex with models that answer at once, as offline tests need them."""

from __future__ import annotations

import asyncio
from typing import Any

from llama_index.core import MockEmbedding, VectorStoreIndex
from llama_index.core.llms import (
    CompletionResponse,
    CompletionResponseGen,
    CustomLLM,
    LLMMetadata,
    MockLLM,
)
from llama_index.core.llms.callbacks import llm_completion_callback
from llama_index.core.query_engine import RetrieverQueryEngine, RouterQueryEngine
from llama_index.core.response_synthesizers import get_response_synthesizer
from llama_index.core.schema import TextNode
from llama_index.core.selectors import LLMSingleSelector
from llama_index.core.tools import QueryEngineTool
from pydantic import PrivateAttr

from notebook_async.tracing import span


class Model(CustomLLM):
    """A model with the answers that its subclasses give."""

    @property
    def metadata(self) -> LLMMetadata:
        """Return what LlamaIndex wants to know."""
        return LLMMetadata(model_name="model-of-the-test")

    def answer(self, prompt: str) -> CompletionResponse:
        """Return an answer."""
        return CompletionResponse(text=prompt[-20:])

    @llm_completion_callback()
    def complete(
        self,
        prompt: str,
        formatted: bool = False,  # noqa: ARG002, FBT001, FBT002 - as LlamaIndex has it
        **_: Any,  # noqa: ANN401
    ) -> CompletionResponse:
        """Answer at once."""
        return self.answer(prompt)

    @llm_completion_callback()
    def stream_complete(
        self,
        prompt: str,
        formatted: bool = False,  # noqa: ARG002, FBT001, FBT002 - as above
        **_: Any,  # noqa: ANN401
    ) -> CompletionResponseGen:
        """Answer in two pieces."""

        def pieces() -> CompletionResponseGen:
            yield CompletionResponse(text="a", delta="a")
            yield self.answer(prompt)

        return pieces()


class Counting(Model):
    """A model that says how many tokens it took, within a span of ours."""

    def answer(self, prompt: str) -> CompletionResponse:  # noqa: ARG002
        """Answer."""
        with span("in the model"):
            usage = {"prompt_tokens": 12, "completion_tokens": 3}
            return CompletionResponse(text="Rain.", raw={"usage": usage})


class Broken(Model):
    """A model that fails."""

    def answer(self, prompt: str) -> CompletionResponse:  # noqa: ARG002
        """Fail."""
        raise RuntimeError("no such model")


class Choosing(Model):
    """A model that chooses the second of what it is given."""

    def answer(self, prompt: str) -> CompletionResponse:  # noqa: ARG002
        """Choose."""
        return CompletionResponse(text='[{"choice": 2, "reason": "it is colder"}]')


class Waiting(Model):
    """A model that waits until it is let go on."""

    _asked: asyncio.Event = PrivateAttr(default_factory=asyncio.Event)
    _go_on: asyncio.Event = PrivateAttr(default_factory=asyncio.Event)

    @llm_completion_callback()
    async def acomplete(
        self,
        prompt: str,
        formatted: bool = False,  # noqa: ARG002, FBT001, FBT002 - as above
        **_: Any,  # noqa: ANN401
    ) -> CompletionResponse:
        """Answer once that is allowed."""
        self._asked.set()
        await self._go_on.wait()
        return CompletionResponse(text=prompt[-20:])


def engine(
    llm: Any = None,  # noqa: ANN401
    *,
    streaming: bool = False,
    manager: Any = None,  # noqa: ANN401
) -> RetrieverQueryEngine:
    """Return an engine over two small nodes."""
    llm = llm or MockLLM(max_tokens=2, callback_manager=manager)
    nodes = [
        TextNode(text=text, embedding=[0.5, 0.5]) for text in ("Rain falls.", "Snow.")
    ]
    index = VectorStoreIndex(
        nodes,
        embed_model=MockEmbedding(embed_dim=2, callback_manager=manager),
        callback_manager=manager,
    )
    return RetrieverQueryEngine(
        index.as_retriever(),
        get_response_synthesizer(llm, streaming=streaming, callback_manager=manager),
        callback_manager=manager,
    )


def router() -> RouterQueryEngine:
    """Return an engine that asks the second of two others."""
    return RouterQueryEngine(
        selector=LLMSingleSelector.from_defaults(llm=Choosing()),
        query_engine_tools=[
            QueryEngineTool.from_defaults(engine(), name=name, description=name)
            for name in ("rain", "snow")
        ],
        llm=MockLLM(),
    )
