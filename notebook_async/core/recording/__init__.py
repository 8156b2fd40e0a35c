"""Recordings: the records of what happened, with the state at every moment."""

from __future__ import annotations

from notebook_async.core.recording._fold_spans import group_of, span_part
from notebook_async.core.recording._lanes import Lane, Span
from notebook_async.core.recording._parts import (
    JobState,
    OpenCall,
    OpenItem,
    OpenSpan,
    RunState,
    Source,
    SpanState,
    StepState,
    WorkflowState,
)
from notebook_async.core.recording._recording import Recording, load_recording
from notebook_async.core.recording._selection import Numbered, Selection
from notebook_async.core.recording._start import Recordable, record
from notebook_async.core.recording._state import State

__all__ = [
    "JobState",
    "Lane",
    "Numbered",
    "OpenCall",
    "OpenItem",
    "OpenSpan",
    "Recordable",
    "Recording",
    "RunState",
    "Selection",
    "Source",
    "Span",
    "SpanState",
    "State",
    "StepState",
    "WorkflowState",
    "group_of",
    "load_recording",
    "record",
    "span_part",
]
