"""The jobs of the notebook: what `%jobs` lists."""

from notebook_async.board._await_tree import AwaitTree, await_tree
from notebook_async.board._background import ForgottenTasks
from notebook_async.board._board import JobBoard
from notebook_async.board._closers import (
    close_all,
    job_scope,
    register_closer,
    unclosed,
)
from notebook_async.board._job import Job
from notebook_async.board._notices import BlockNotices
from notebook_async.board._output import JobOutput, LogSlice, RichOutput
from notebook_async.board._progress import JobProgress

__all__ = [
    "AwaitTree",
    "BlockNotices",
    "ForgottenTasks",
    "Job",
    "JobBoard",
    "JobOutput",
    "JobProgress",
    "LogSlice",
    "RichOutput",
    "await_tree",
    "close_all",
    "job_scope",
    "jobs",
    "register_closer",
    "unclosed",
]

jobs = JobBoard()
"""The board of this process: what `%%arun` starts, and `%jobs` lists."""
