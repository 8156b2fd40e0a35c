"""Load what panels need while a person still types, so that none holds the loop later.

The libraries below a first panel take a quarter of a second. A thread that imports them
gives way to the loop every few milliseconds.
"""

from __future__ import annotations

import sys
import threading
from importlib import import_module

__all__ = ["warm_up"]

_FOR_JOBS = ("notebook_async.widgets.job_panel",)
_FOR_WORKFLOWS = (
    "notebook_async.widgets.event_panel",
    "notebook_async.widgets.graph_panel",
    "notebook_async.widgets._graph_handler",
    "notebook_async.widgets._graph_static",
)


def warm_up() -> None:
    """Import the panels that this notebook is about to need, in a thread.

    Called after each cell: once all are there it costs nothing.
    """
    works = "notebook_async.workflow.workflow" in sys.modules
    names = _FOR_JOBS + _FOR_WORKFLOWS if works else _FOR_JOBS
    missing = [name for name in names if name not in sys.modules]
    if missing:
        threading.Thread(
            target=lambda: [import_module(name) for name in missing],
            name="notebook_async-imports",
            daemon=True,
        ).start()
