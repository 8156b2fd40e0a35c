"""Bounded concurrency: many awaitable items on a few workers, watched and steered."""

from notebook_async.core._api import iter_jobs, run_jobs, start_jobs
from notebook_async.core._batches import batch_gather, chunks
from notebook_async.core._blocking import asyncio_run, run_async_tasks, run_sync
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
    ItemRecord,
    JobRecord,
    Phase,
    Record,
    RunRecord,
)

__all__ = [
    "Adaptive",
    "Anchor",
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
    "Retry",
    "RunOwner",
    "RunRecord",
    "RunStatistics",
    "Scope",
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
