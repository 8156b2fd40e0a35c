"""What events and payloads of LlamaIndex tell, as numbers and short text.

Events of its dispatcher and payloads of its older callback manager call the same things
by much the same names, so one table serves both. No answer in pieces is ever read here:
it is for whoever asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.core._short import MOST, one_line, short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["facts_of", "facts_of_event", "is_piece", "kind_of_event"]

_PLAIN = (int, float, bool)

_KINDS = (
    ("LLM", "llm"),
    ("Embedding", "embedding"),
    ("SparseEmbedding", "embedding"),
    ("Query", "query"),
    ("Retrieval", "retrieve"),
    ("ReRank", "reranking"),
    ("Synthesize", "synthesize"),
    ("GetResponse", "synthesize"),
    ("AgentToolCall", "function_call"),
    ("Agent", "agent_step"),
    ("StreamChat", "query"),
    ("step.output", "step"),
)


def kind_of_event(name: str) -> str:
    """Return the sort of work that an event of this class comes out of.

    Examples
    --------
    >>> kind_of_event("RetrievalStartEvent"), kind_of_event("MyEvent")
    ('retrieve', 'span')
    """
    return next((kind for start, kind in _KINDS if name.startswith(start)), "span")


def is_piece(name: str) -> bool:
    """Tell whether an event of this class is about one piece of an answer.

    Examples
    --------
    >>> is_piece("LLMChatInProgressEvent"), is_piece("LLMChatEndEvent")
    (True, False)
    """
    return name.endswith(("InProgressEvent", "DeltaReceivedEvent"))


def facts_of_event(event: Any) -> dict[str, object]:
    """Return what an event of the dispatcher tells.

    Examples
    --------
    >>> class Event: ...
    >>> event = Event()
    >>> event.query, event.nodes = "What is tea?", ["a", "b"]
    >>> facts_of_event(event)
    {'query': 'What is tea?', 'nodes': 2}
    """
    # Summaries of a workflow's events: these may hold the answer to a secret question.
    if type(event).__module__.partition(".")[0] == "workflows":
        return {}
    return facts_of(vars(event))


def facts_of(values: Mapping[Any, Any]) -> dict[str, object]:
    """Return what there is to know of values by the names that LlamaIndex gives them.

    Examples
    --------
    >>> facts_of({"chunks": ["tea", "rain"], "additional_kwargs": {}, "top_k": 2})
    {'chunks': 2, 'text': 'tea', 'top_k': 2}
    """
    facts: dict[str, object] = {}
    for key, value in values.items():
        name = str(getattr(key, "value", key))
        if value is None or name in _LEFT_OUT:
            continue
        known = _FACTS.get(name)
        if known is not None:
            facts.update(known(value))
        else:
            facts[name] = _text(value)
    return facts


def _text(value: Any) -> object:
    if isinstance(value, str):
        return one_line(value, most=MOST)
    return value if isinstance(value, _PLAIN) else short(value)


def _as(name: str) -> Callable[[Any], Iterable[tuple[str, object]]]:
    """Return what tells a value as it is, by this name."""
    return lambda value: ((name, _text(value)),)


def _number_as(name: str) -> Callable[[Any], Iterable[tuple[str, object]]]:
    """Return what tells how many there are, by this name."""
    return lambda value: ((name, len(value)),) if hasattr(value, "__len__") else ()


def _query(value: Any) -> Iterable[tuple[str, object]]:
    yield "query", _text(getattr(value, "query_str", value))


def _messages(value: Any) -> Iterable[tuple[str, object]]:
    yield "messages", len(value)
    if value:
        content = getattr(value[-1], "content", None)
        yield "prompt", _text(content if isinstance(content, str) else value[-1])


def _chunks(value: Any) -> Iterable[tuple[str, object]]:
    yield "chunks", len(value)
    if value and isinstance(value[0], str):
        yield "text", _text(value[0])


def _embeddings(value: Any) -> Iterable[tuple[str, object]]:
    if value and isinstance(value[0], list):
        yield "dimensions", len(value[0])


def _model(value: Any) -> Iterable[tuple[str, object]]:
    name = value.get("model_name") or value.get("model")
    if isinstance(name, str) and name != "unknown":
        yield "model", name


def _response(value: Any) -> Iterable[tuple[str, object]]:
    """Tell of the answer of a model, or of an engine."""
    message = getattr(value, "message", None)
    text = getattr(message, "content", None) or getattr(value, "text", None)
    if text is None:
        text = getattr(value, "response", value if isinstance(value, str) else None)
    if isinstance(text, str):
        yield "response", _text(text)
    elif text is not None:
        yield "response", short(text)
    yield from _tokens(value)


def _tokens(response: Any) -> Iterable[tuple[str, object]]:
    """Tell of the tokens, which each service counts by names of its own."""
    raw = getattr(response, "raw", None)
    usage = _part(raw, "usage") or _part(raw, "usage_metadata")
    usage = usage or getattr(response, "additional_kwargs", None)
    for name, keys in _TOKENS.items():
        numbers = (_part(usage, key) for key in keys)
        number = next((n for n in numbers if isinstance(n, int)), None)
        if number is not None:
            yield name, number


_TOKENS = {
    "prompt_tokens": ("prompt_tokens", "input_tokens", "prompt_token_count"),
    "completion_tokens": (
        "completion_tokens",
        "output_tokens",
        "candidates_token_count",
    ),
}


def _part(whole: Any, name: str) -> Any:
    if isinstance(whole, dict):
        return whole.get(name)
    return getattr(whole, name, None)


_FACTS: dict[str, Callable[[Any], Iterable[tuple[str, object]]]] = {
    "arguments": _as("arguments"),
    "chunks": _chunks,
    "completion": _response,
    "documents": _number_as("documents"),
    "embeddings": _embeddings,
    "formatted_prompt": _as("prompt"),
    "message_chunks": _number_as("chunks"),
    "messages": _messages,
    "model_dict": _model,
    "model_name": _as("model"),
    "nodes": _number_as("nodes"),
    "output": _as("response"),
    "query": _query,
    "query_str": _query,
    "response": _response,
    "serialized": _model,
    "str_or_query_bundle": _query,
    "text_chunks": _number_as("chunks"),
    "tool": lambda value: (("tool", _text(getattr(value, "name", value))),),
}

_LEFT_OUT = {
    *("timestamp", "id_", "span_id", "tags"),  # what every event has
    *("exception", "err_str"),  # told as the error of its span
    *("additional_kwargs", "output_cls", "task_id", "step", "step_output"),
    *("template", "template_args", "template_vars"),  # what they make is the prompt
    *("system_prompt", "query_wrapper_prompt"),
}
