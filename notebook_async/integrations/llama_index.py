"""LlamaIndex: its workflows as recordings of ours, and its queries as spans of ours.

`watch(handler)` records a run of a workflow. That is run by its own package,
`llama-index-workflows`, and is not changed: its log of what it works off is read along,
and the pictures are made of its own representation. The stream of events stays the
user's: each of them still comes there.

`attach()` shows what any other part of LlamaIndex does: indexing, queries, calls of
models. `LlamaIndexEmbedder` lets a model of it embed for `notebook_async.retrieval`.
Nothing of LlamaIndex is imported before one of these is used.
"""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, Any

from notebook_async.core.recording import Recording
from notebook_async.errors import ArgumentTypeError
from notebook_async.integrations._llama_index_follower import follower_of
from notebook_async.integrations._llama_index_inside import look_inside

if TYPE_CHECKING:
    from notebook_async.integrations._llama_index_embedding import LlamaIndexEmbedder
    from notebook_async.integrations._llama_index_tracing import Attachment
    from notebook_async.integrations._llama_index_tracing_callbacks import (
        PanelCallbackHandler,
    )

__all__ = [
    "LlamaIndexEmbedder",
    "PanelCallbackHandler",
    "attach",
    "detach",
    "is_llama_index_handler",
    "record_llama_index",
]


def attach() -> Attachment:
    """Let everything that LlamaIndex does be spans, from now on.

    They are told while somebody listens, such as `trace`, a recording or the panel of
    events. A query nests in the `span` around it, and spans of ours that are opened
    within LlamaIndex, as in a model of one's own, nest in its spans. What events of
    LlamaIndex tell is kept as attributes, as numbers and short text: questions,
    prompts, answers, models, how many nodes and tokens.

    Returns
    -------
    Attachment
        Its `detach()` ends it. It is a context manager too: the one that has attached
        detaches. Attaching once more changes nothing.

    Raises
    ------
    ImportError
        If the extra `llama-index` is not installed.

    Notes
    -----
    Of spans that had begun before nothing is told; what is still open as it detaches is
    told as cancelled, with the attribute `detached`.

    LlamaIndex ends a span as its function returns. A call of a model whose answer comes
    in pieces is followed to its last piece here, but the query around it is not. What
    is given to `loop.run_in_executor` loses its parent, where `asyncio.to_thread` keeps
    it. And a function decorated with LlamaIndex's own `span` that returns a future
    remains the parent of what its caller does next, as in LlamaIndex itself.

    For OpenTelemetry alone there is `openinference-instrumentation-llama-index`.

    Examples
    --------
    >>> from llama_index_instrumentation import get_dispatcher
    >>> from notebook_async.integrations.llama_index import attach
    >>> from notebook_async.tracing import span, trace
    >>> @get_dispatcher().span  # as the methods of LlamaIndex are
    ... async def aquery(question):
    ...     with span("look up"):
    ...         return "rain"
    >>> with attach(), trace("demo") as traced, span("question"):
    ...     answer = await aquery("What falls?")
    >>> print(traced.tree(times=False))
    ✓ demo
    └─ ✓ question
       └─ ✓ aquery
          └─ ✓ look up
    """
    from notebook_async.integrations._llama_index_tracing import (  # noqa: PLC0415
        attach_spans,
    )

    return attach_spans()


def detach() -> None:
    """Leave LlamaIndex as it was before `attach`; without that it does nothing.

    Examples
    --------
    >>> from notebook_async.integrations.llama_index import attach, detach
    >>> attachment = attach()
    >>> detach()
    >>> attachment
    <Attachment to LlamaIndex, detached>
    """
    from notebook_async.integrations._llama_index_tracing import (  # noqa: PLC0415
        detach_spans,
    )

    detach_spans()


def is_llama_index_handler(value: Any) -> bool:
    """Tell whether something is the handler of a workflow of LlamaIndex.

    Nothing is imported for this: where the package is not loaded nothing is one.

    Examples
    --------
    >>> is_llama_index_handler("no handler")
    False
    """
    kind = getattr(sys.modules.get("workflows.handler"), "WorkflowHandler", None)
    return isinstance(kind, type) and isinstance(value, kind)


def record_llama_index(handler: Any, recording: Recording | None = None) -> Recording:
    """Begin to record a run of a workflow of LlamaIndex, and return the recording.

    It has the graph, the calls of the steps, the events of the stream, the questions
    to a person and how many events took which way. What happened before is recorded
    too, as far as the package remembers: of the stream what nobody has read yet; in a
    log of more than 1,000 ticks what has ended, but not what is going on; and before
    version 2.25 no times.

    Parameters
    ----------
    handler
        What `workflow.run()` of the package returned. Call this in the thread of its
        event loop.
    recording
        Records into this one instead of a new one.

    Returns
    -------
    Recording
        It listens until the run has ended, until `stop()`, or until nobody has it any
        more.

    Raises
    ------
    ArgumentTypeError
        If it is no such handler.
    HostError
        If this version of the package, or the runtime that was chosen, keeps its runs
        in a way that is not known here.

    Notes
    -----
    The records go to every hook, as those of our own runs do. Their path is that of the
    job around this call, or of the run in whose step it is, and then the run's id.

    Examples
    --------
    ::

        handler = MyWorkflow().run(topic="rain")
        recording = record_llama_index(handler)
        await handler
        (run,) = recording.state.workflows.values()
        print(recorded_graph(run))
    """
    if not is_llama_index_handler(handler):
        raise ArgumentTypeError(
            "record_llama_index takes what `workflow.run()` of llama-index-workflows"
            f" returned, got {type(handler).__name__}"
        )
    follower = follower_of(look_inside(handler))
    if recording is None:
        recording = Recording()
    # First a hook, so that the follower finds that somebody wants to know.
    recording.listen(source=_NOWHERE)
    first = follower.records_from_now()
    recording.listen(source=follower.source, first=first)
    its_own = weakref.ref(recording)

    def stop(_: object) -> None:
        mine = its_own()
        if mine is not None:
            mine.stop()

    follower.on_end(stop)
    return recording


_NOWHERE = ("",)


def __getattr__(name: str) -> Any:
    if name == "LlamaIndexEmbedder":
        from notebook_async.integrations import (  # noqa: PLC0415 - it needs retrieval
            _llama_index_embedding as embedding,
        )

        globals()[name] = embedding.LlamaIndexEmbedder
        return embedding.LlamaIndexEmbedder
    # A subclass of a class of LlamaIndex: that is imported when somebody asks for it.
    if name != "PanelCallbackHandler":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from notebook_async.integrations import (  # noqa: PLC0415
            _llama_index_tracing_callbacks as callbacks,
        )
    except ImportError as error:
        raise ImportError(
            "PanelCallbackHandler needs llama-index-core, which is not installed:"
            " pip install llama-index-core"
        ) from error
    globals()[name] = callbacks.PanelCallbackHandler
    return callbacks.PanelCallbackHandler
