"""The sorts of work that spans stand for, and what their payloads hold."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["LEAF_EVENTS", "CBEventType", "EventPayload"]


class CBEventType(StrEnum):
    """A sort of work; the names are those of LlamaIndex.

    `ASYNC_JOB` is a job, a run over many items, an item of one, or the run of a
    workflow; `STEP` a call of a step; `PROMPT` a question to a person; `SPAN` anything
    else that was given a name.

    Examples
    --------
    >>> CBEventType.LLM, CBEventType("query") is CBEventType.QUERY
    (<CBEventType.LLM: 'llm'>, True)
    """

    CHUNKING = "chunking"
    NODE_PARSING = "node_parsing"
    EMBEDDING = "embedding"
    LLM = "llm"
    QUERY = "query"
    RETRIEVE = "retrieve"
    SYNTHESIZE = "synthesize"
    TREE = "tree"
    SUB_QUESTION = "sub_question"
    TEMPLATING = "templating"
    FUNCTION_CALL = "function_call"
    RERANKING = "reranking"
    EXCEPTION = "exception"
    AGENT_STEP = "agent_step"
    ASYNC_JOB = "async_job"
    STEP = "step"
    PROMPT = "prompt"
    SPAN = "span"


LEAF_EVENTS = frozenset({CBEventType.CHUNKING, CBEventType.LLM, CBEventType.EMBEDDING})
"""What never is the parent of anything."""


class EventPayload(StrEnum):
    """The usual keys of a payload; the names are those of LlamaIndex.

    Examples
    --------
    >>> {EventPayload.QUERY_STR: "What is tea?"}["query_str"]
    'What is tea?'
    """

    DOCUMENTS = "documents"
    CHUNKS = "chunks"
    NODES = "nodes"
    PROMPT = "formatted_prompt"
    MESSAGES = "messages"
    COMPLETION = "completion"
    RESPONSE = "response"
    QUERY_STR = "query_str"
    SUB_QUESTION = "sub_question"
    EMBEDDINGS = "embeddings"
    TOP_K = "top_k"
    ADDITIONAL_KWARGS = "additional_kwargs"
    SERIALIZED = "serialized"
    FUNCTION_CALL = "function_call"
    FUNCTION_OUTPUT = "function_call_response"
    TOOL = "tool"
    MODEL_NAME = "model_name"
    TEMPLATE = "template"
    TEMPLATE_VARS = "template_vars"
    SYSTEM_PROMPT = "system_prompt"
    QUERY_WRAPPER_PROMPT = "query_wrapper_prompt"
    EXCEPTION = "exception"
    NAME = "name"
