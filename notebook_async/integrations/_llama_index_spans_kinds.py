"""What a span of LlamaIndex is called, and what sort of work it stands for."""

from __future__ import annotations

from typing import Any

__all__ = ["kind_of_call", "name_of_call"]

_UUID = 36 + 1
"""Characters of the random part of an id, with the hyphen before it."""

# By the class that says what a part of LlamaIndex is for; its subclasses are many.
_KINDS = {
    "BaseChatEngine": "query",
    "BaseEmbedding": "embedding",
    "BaseImageRetriever": "retrieve",
    "BaseLLM": "llm",
    "BaseLLMPredictor": "llm",
    "BaseNodePostprocessor": "reranking",
    "BaseQueryEngine": "query",
    "BaseQuestionGenerator": "sub_question",
    "BaseRetriever": "retrieve",
    "BaseSparseEmbedding": "embedding",
    "BaseSynthesizer": "synthesize",
    "BaseTool": "function_call",
    "BaseWorkflowAgent": "agent_step",
    "MultiModalLLM": "llm",
    "NodeParser": "node_parsing",
    "Workflow": "async_job",
}


def name_of_call(span_id: str) -> str:
    """Return the name of a span by its id in LlamaIndex.

    Examples
    --------
    >>> name_of_call("Engine._aquery-6ff62c40-8c0c-4a0c-9d4a-5a4a0a5f1f0e")
    'Engine._aquery'
    >>> name_of_call("run.<locals>.Flow.find-6ff62c40-8c0c-4a0c-9d4a-5a4a0a5f1f0e")
    'Flow.find'
    """
    cut = len(span_id) - _UUID
    name = span_id[:cut] if cut > 0 and span_id[cut] == "-" else span_id
    return name.rpartition("<locals>.")[2]


def kind_of_call(name: str, instance: Any) -> str:
    """Return the sort of work that a method of an object stands for.

    Examples
    --------
    >>> class NodeParser: ...
    >>> kind_of_call("NodeParser._parse_nodes", NodeParser())
    'node_parsing'
    >>> kind_of_call("NodeParser.split_text", NodeParser())
    'chunking'
    >>> kind_of_call("run_jobs", None)
    'span'
    """
    if instance is None:
        return "span"
    for cls in type(instance).__mro__:
        kind = _KINDS.get(cls.__name__)
        if kind is not None:
            splits = kind == "node_parsing" and ".split_text" in name
            return "chunking" if splits else kind
    return "span"
