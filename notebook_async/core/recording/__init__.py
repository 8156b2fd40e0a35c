"""Recordings: the records of what happened, with the state at every moment."""

from __future__ import annotations

from notebook_async.core.recording._lanes import Lane, Span
from notebook_async.core.recording._recording import Recording, load_recording
from notebook_async.core.recording._selection import Numbered, Selection
from notebook_async.core.recording._start import Recordable, record
from notebook_async.core.recording._state import (
    JobState,
    OpenCall,
    OpenItem,
    RunState,
    Source,
    State,
    StepState,
    WorkflowState,
)

__all__ = [
    "JobState",
    "Lane",
    "Numbered",
    "OpenCall",
    "OpenItem",
    "Recordable",
    "Recording",
    "RunState",
    "Selection",
    "Source",
    "Span",
    "State",
    "StepState",
    "WorkflowState",
    "load_recording",
    "record",
]
