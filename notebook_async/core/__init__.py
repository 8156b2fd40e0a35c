"""Bounded concurrency: many awaitable items on a few workers, watched and steered."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from notebook_async.core._api import run_jobs, start_jobs
    from notebook_async.core._batches import batch_gather, chunks
    from notebook_async.core._blocking import asyncio_run, run_async_tasks, run_sync
    from notebook_async.core._executors import Remote
    from notebook_async.core._items import ItemKind, ItemPage, ItemState
    from notebook_async.core._iter import iter_jobs
    from notebook_async.core._options import Isolation, OnError
    from notebook_async.core._progress import set_presenter
    from notebook_async.core._run import JobRun
    from notebook_async.core._scope import RunOwner, Scope, current_scope
    from notebook_async.core._statistics import RunStatistics
    from notebook_async.core._stream import JobStream
    from notebook_async.core.hooks import Hook, HookHandle, add_hook, publish, wanted
    from notebook_async.core.policies import Adaptive, Rate, Retry
    from notebook_async.core.recording import (
        Recordable,
        Recording,
        load_recording,
        record,
    )
    from notebook_async.core.records import (
        Anchor,
        BlockRecord,
        EventRecord,
        FlowRecord,
        ItemRecord,
        JobRecord,
        Phase,
        QuestionRecord,
        Record,
        RunRecord,
        SpanRecord,
        StepRecord,
        WorkflowRecord,
    )

__all__ = [
    "Adaptive",
    "Anchor",
    "BlockRecord",
    "EventRecord",
    "FlowRecord",
    "Hook",
    "HookHandle",
    "Isolation",
    "ItemKind",
    "ItemPage",
    "ItemRecord",
    "ItemState",
    "JobRecord",
    "JobRun",
    "JobStream",
    "OnError",
    "Phase",
    "QuestionRecord",
    "Rate",
    "Record",
    "Recordable",
    "Recording",
    "Remote",
    "Retry",
    "RunOwner",
    "RunRecord",
    "RunStatistics",
    "Scope",
    "SpanRecord",
    "StepRecord",
    "WorkflowRecord",
    "add_hook",
    "asyncio_run",
    "batch_gather",
    "chunks",
    "current_scope",
    "iter_jobs",
    "load_recording",
    "publish",
    "record",
    "run_async_tasks",
    "run_jobs",
    "run_sync",
    "set_presenter",
    "start_jobs",
    "wanted",
]

# Loaded on first use (PEP 562): each other room needs but a part of it.
_MODULES = {
    "Adaptive": "policies",
    "Anchor": "records",
    "BlockRecord": "records",
    "EventRecord": "records",
    "FlowRecord": "records",
    "Hook": "hooks",
    "HookHandle": "hooks",
    "Isolation": "_options",
    "ItemKind": "_items",
    "ItemPage": "_items",
    "ItemRecord": "records",
    "ItemState": "_items",
    "JobRecord": "records",
    "JobRun": "_run",
    "JobStream": "_stream",
    "OnError": "_options",
    "Phase": "records",
    "QuestionRecord": "records",
    "Rate": "policies",
    "Record": "records",
    "Recordable": "recording",
    "Recording": "recording",
    "Remote": "_executors",
    "Retry": "policies",
    "RunOwner": "_scope",
    "RunRecord": "records",
    "RunStatistics": "_statistics",
    "Scope": "_scope",
    "SpanRecord": "records",
    "StepRecord": "records",
    "WorkflowRecord": "records",
    "add_hook": "hooks",
    "asyncio_run": "_blocking",
    "batch_gather": "_batches",
    "chunks": "_batches",
    "current_scope": "_scope",
    "iter_jobs": "_iter",
    "load_recording": "recording",
    "publish": "hooks",
    "record": "recording",
    "run_async_tasks": "_blocking",
    "run_jobs": "_api",
    "run_sync": "_blocking",
    "set_presenter": "_progress",
    "start_jobs": "_api",
    "wanted": "hooks",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
