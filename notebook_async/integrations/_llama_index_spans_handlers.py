"""What stands on LlamaIndex's dispatcher: a handler of spans and one of events.

The dispatcher swallows whatever a handler raises, so that these log it themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llama_index_instrumentation.event_handlers import BaseEventHandler
from llama_index_instrumentation.span import BaseSpan
from llama_index_instrumentation.span_handlers import BaseSpanHandler
from pydantic import PrivateAttr

from notebook_async.core.hooks import wanted
from notebook_async.core.records import SpanRecord
from notebook_async.integrations._llama_index_spans_facts import (
    facts_of_event,
    is_piece,
)
from notebook_async.integrations._llama_index_spans_kinds import (
    kind_of_call,
    name_of_call,
)

if TYPE_CHECKING:
    import inspect

    from llama_index_instrumentation.base import BaseEvent

    from notebook_async.integrations._llama_index_spans import LlamaSpans

__all__ = ["EventHandler", "SpanHandler"]

_STEP = "llamaindex.step.input_event"
"""The tag under which a workflow says what a step is given."""


class SpanHandler(BaseSpanHandler[BaseSpan]):
    """Tells of the spans of LlamaIndex.

    It never makes a span for the dispatcher, and so nothing of a call is kept: neither
    its arguments nor its result.

    Parameters
    ----------
    spans
        What is open.
    """

    _spans: Any = PrivateAttr(default=None)

    def __init__(self, spans: LlamaSpans) -> None:
        super().__init__()
        self._spans = spans

    @classmethod
    def class_name(cls) -> str:
        """Return its name in LlamaIndex."""
        return "NotebookAsyncSpanHandler"

    def new_span(
        self,
        id_: str,
        bound_args: inspect.BoundArguments,  # noqa: ARG002
        instance: Any | None = None,
        parent_span_id: str | None = None,
        tags: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Tell that a span begins."""
        if not wanted(SpanRecord):
            return
        try:
            name, tags = name_of_call(id_), tags or {}
            kind = kind_of_call(name, instance)
            facts = {key: value for key, value in tags.items() if not _is_own(key)}
            if _STEP in tags and instance is None and self._is_run(parent_span_id):
                kind, facts["given"] = "step", tags[_STEP]
            self._spans.begin(id_, name, kind, facts, parent=parent_span_id)
        except Exception:  # noqa: BLE001 - reported, not swallowed by the dispatcher
            self._spans.report()

    def prepare_to_exit_span(
        self,
        id_: str,
        bound_args: inspect.BoundArguments,  # noqa: ARG002
        instance: Any | None = None,  # noqa: ARG002
        result: Any | None = None,
        **_: Any,
    ) -> None:
        """Tell that a span ends."""
        try:
            self._spans.end(id_, result=result)
        except Exception:  # noqa: BLE001 - as above
            self._spans.report()

    def prepare_to_drop_span(
        self,
        id_: str,
        bound_args: inspect.BoundArguments,  # noqa: ARG002
        instance: Any | None = None,  # noqa: ARG002
        err: BaseException | None = None,
        **_: Any,
    ) -> None:
        """Tell that a span ends with an exception."""
        try:
            self._spans.end(id_, error=err or RuntimeError("it was dropped"))
        except Exception:  # noqa: BLE001 - as above
            self._spans.report()

    def close(self) -> None:
        """Give up what is open, as LlamaIndex shuts down."""
        self._spans.close()

    def _is_run(self, key: str | None) -> bool:
        """Tell whether a span is the run of a workflow, and so its children are steps.

        Spans within a step have the step's tags as well.
        """
        around = self._spans.find(key)
        return around is not None and around.name.endswith(".run")


class EventHandler(BaseEventHandler):
    """Notes what events tell about their spans.

    Parameters
    ----------
    spans
        What is open.
    """

    _spans: Any = PrivateAttr(default=None)

    def __init__(self, spans: LlamaSpans) -> None:
        super().__init__()
        self._spans = spans

    @classmethod
    def class_name(cls) -> str:
        """Return its name in LlamaIndex."""
        return "NotebookAsyncEventHandler"

    def handle(self, event: BaseEvent, **_: Any) -> None:
        """Note what an event tells."""
        try:
            span = self._spans.find(event.span_id)
            if span is None:
                return
            name = event.class_name()
            if is_piece(name):
                span.count("pieces")
            elif name in {"ExceptionEvent", "StreamChatErrorEvent"}:
                self._spans.fail(event.span_id, event.exception)  # type: ignore[attr-defined]
            else:
                self._spans.learn(event.span_id, name, facts_of_event(event))
        except Exception:  # noqa: BLE001 - as above
            self._spans.report()


def _is_own(tag: str) -> bool:
    """Tell the tags of workflows, which show events that may be secret, from others."""
    return tag.startswith("llamaindex.")
