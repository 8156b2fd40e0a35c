"""Panels: what a person sees of jobs and runs."""

from notebook_async.widgets._live_display import refresh_stills
from notebook_async.widgets._show import job_text, run_text, show_job, show_run
from notebook_async.widgets._show_board import board_bundle, show_board
from notebook_async.widgets._show_events import show_events
from notebook_async.widgets._show_graph import show_graph
from notebook_async.widgets._show_prompt import NotebookPresenter
from notebook_async.widgets._show_trace import show_trace
from notebook_async.widgets._show_tree import show_tree
from notebook_async.widgets._text import board_text
from notebook_async.widgets._warm_up import warm_up
from notebook_async.widgets._watch import Watch, watch

__all__ = [
    "NotebookPresenter",
    "Watch",
    "board_bundle",
    "board_text",
    "job_text",
    "refresh_stills",
    "run_text",
    "show_board",
    "show_events",
    "show_graph",
    "show_job",
    "show_run",
    "show_trace",
    "show_tree",
    "warm_up",
    "watch",
]
