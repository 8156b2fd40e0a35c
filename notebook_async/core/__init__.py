"""Bounded concurrency: many awaitable items on a few workers, watched and steered."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from notebook_async.core._api import run_jobs, start_jobs
from notebook_async.core._batches import batch_gather, chunks
from notebook_async.core._blocking import asyncio_run, run_async_tasks, run_sync
from notebook_async.core._iter import iter_jobs
from notebook_async.core._options import Isolation, OnError
from notebook_async.core._progress import set_presenter
from notebook_async.core._run import JobRun
from notebook_async.core._scope import RunOwner, Scope, current_scope
from notebook_async.core._statistics import RunStatistics
from notebook_async.core._stream import JobStream
from notebook_async.core.hooks import Hook, HookHandle, add_hook, publish, wanted
from notebook_async.core.policies import Adaptive, Rate, Retry
from notebook_async.core.records import (
    Anchor,
    EventRecord,
    ItemRecord,
    JobRecord,
    Phase,
    Record,
    RunRecord,
    StepRecord,
    WorkflowRecord,
)

if TYPE_CHECKING:
    from notebook_async.core._executors import Remote

__all__ = [
    "Adaptive",
    "Anchor",
    "EventRecord",
    "Hook",
    "HookHandle",
    "Isolation",
    "ItemRecord",
    "JobRecord",
    "JobRun",
    "JobStream",
    "OnError",
    "Phase",
    "Rate",
    "Record",
    "Remote",
    "Retry",
    "RunOwner",
    "RunRecord",
    "RunStatistics",
    "Scope",
    "StepRecord",
    "WorkflowRecord",
    "add_hook",
    "asyncio_run",
    "batch_gather",
    "chunks",
    "current_scope",
    "iter_jobs",
    "publish",
    "run_async_tasks",
    "run_jobs",
    "run_sync",
    "set_presenter",
    "start_jobs",
    "wanted",
]


def __getattr__(name: str) -> object:
    # Loaded on first use: it brings much that an ordinary run does without (PEP 562).
    if name == "Remote":
        return import_module("notebook_async.core._executors").Remote
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
