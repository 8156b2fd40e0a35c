"""Tracing: spans, traces and callbacks, to see where the time goes.

`span` gives work a name, `trace` records what happens within a block of code and shows
it as a tree, a timeline and totals. `CallbackManager` and its handlers follow those of
LlamaIndex by their names. Runs, workflows, jobs and questions to people are part of
every trace by themselves, and nothing of this costs anything while nobody listens.
"""

from __future__ import annotations

from notebook_async.tracing._debug import DebugHandler, EventStats
from notebook_async.tracing._event import EventContext
from notebook_async.tracing._handler import BaseCallbackHandler, CBEvent
from notebook_async.tracing._manager import CallbackManager
from notebook_async.tracing._method import trace_method
from notebook_async.tracing._nodes import Node
from notebook_async.tracing._schema import CBEventType, EventPayload
from notebook_async.tracing._span import Span, span
from notebook_async.tracing._text import folded, seconds_text
from notebook_async.tracing._totals import Total
from notebook_async.tracing._trace import Trace, trace

__all__ = [
    "BaseCallbackHandler",
    "CBEvent",
    "CBEventType",
    "CallbackManager",
    "DebugHandler",
    "EventContext",
    "EventPayload",
    "EventStats",
    "LlamaDebugHandler",
    "Node",
    "Span",
    "Total",
    "Trace",
    "folded",
    "seconds_text",
    "span",
    "trace",
    "trace_method",
]

LlamaDebugHandler = DebugHandler
"""The name that LlamaIndex has for it."""
