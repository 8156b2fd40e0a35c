"""Panels: what a person sees of jobs and runs."""

from notebook_async.widgets._graph_show import show_graph
from notebook_async.widgets._show import (
    board_bundle,
    refresh_stills,
    show_job,
    show_run,
)
from notebook_async.widgets._text import board_text

__all__ = [
    "board_bundle",
    "board_text",
    "refresh_stills",
    "show_graph",
    "show_job",
    "show_run",
]
