"""The jobs of the notebook: what `%jobs` lists."""

from notebook_async.board._board import JobBoard
from notebook_async.board._job import Job
from notebook_async.board._output import JobOutput, LogSlice, RichOutput
from notebook_async.board._progress import JobProgress

__all__ = [
    "Job",
    "JobBoard",
    "JobOutput",
    "JobProgress",
    "LogSlice",
    "RichOutput",
    "jobs",
]

jobs = JobBoard()
"""The board of this process: what `%%arun` starts, and `%jobs` lists."""
