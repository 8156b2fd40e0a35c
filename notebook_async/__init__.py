"""Run, watch and steer asynchronous work in notebooks, scripts and tests.

In a notebook, `%load_ext notebook_async` gives `%%arun`, which runs a cell as a job on
the kernel's own loop, and `%jobs`, which lists and controls jobs. Everything else is an
ordinary library: `run_jobs` works the same in a script or a test.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from notebook_async import errors
    from notebook_async.board import (
        Job,
        JobBoard,
        await_tree,
        job_scope,
        jobs,
        register_closer,
    )
    from notebook_async.core import (
        Adaptive,
        JobRun,
        JobStream,
        Rate,
        Recording,
        Remote,
        Retry,
        RunStatistics,
        asyncio_run,
        batch_gather,
        chunks,
        iter_jobs,
        load_recording,
        record,
        run_async_tasks,
        run_jobs,
        run_sync,
        start_jobs,
    )
    from notebook_async.kernel import watch_loop
    from notebook_async.prompts import approve, ask, choose
    from notebook_async.tracing import span, trace
    from notebook_async.widgets import watch

__all__ = [
    "Adaptive",
    "Job",
    "JobBoard",
    "JobRun",
    "JobStream",
    "Rate",
    "Recording",
    "Remote",
    "Retry",
    "RunStatistics",
    "approve",
    "ask",
    "asyncio_run",
    "await_tree",
    "batch_gather",
    "choose",
    "chunks",
    "errors",
    "iter_jobs",
    "job_scope",
    "jobs",
    "load_ipython_extension",
    "load_recording",
    "record",
    "register_closer",
    "run_async_tasks",
    "run_jobs",
    "run_sync",
    "span",
    "start_jobs",
    "trace",
    "unload_ipython_extension",
    "watch",
    "watch_loop",
]

# Everything is loaded on first use (PEP 562): a kernel that starts with this package,
# or a program that only may need it, does not wait for it.
_ROOMS = {
    "Job": "board",
    "JobBoard": "board",
    "approve": "prompts",
    "ask": "prompts",
    "await_tree": "board",
    "choose": "prompts",
    "job_scope": "board",
    "jobs": "board",
    "register_closer": "board",
    "span": "tracing",
    "trace": "tracing",
    "watch": "widgets",
    "watch_loop": "kernel",
}


def load_ipython_extension(shell: Any) -> None:
    """Load `%%arun` and `%jobs` into an IPython shell; `%load_ext` calls this.

    Loading it twice does nothing the second time.

    Parameters
    ----------
    shell
        The `InteractiveShell` of a kernel or a terminal.

    Examples
    --------
    >>> from IPython.core.interactiveshell import InteractiveShell
    >>> shell = InteractiveShell()
    >>> load_ipython_extension(shell)
    >>> "jobs" in shell.magics_manager.magics["line"]
    True
    >>> unload_ipython_extension(shell)
    """
    from notebook_async.magics import load  # noqa: PLC0415

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take everything out of an IPython shell again; `%unload_ext` calls this.

    Jobs that still run are cancelled, unless the same cell loads it again, as
    `%reload_ext` does.

    Parameters
    ----------
    shell
        The shell that it was loaded into.

    Examples
    --------
    >>> from IPython.core.interactiveshell import InteractiveShell
    >>> shell = InteractiveShell()
    >>> load_ipython_extension(shell)
    >>> unload_ipython_extension(shell)
    >>> "jobs" in shell.magics_manager.magics["line"]
    False
    """
    from notebook_async.magics import unload  # noqa: PLC0415

    unload(shell)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415

        return version("notebook-async")
    if name == "errors":
        return import_module("notebook_async.errors")
    if name in __all__:
        room = _ROOMS.get(name, "core")
        value = getattr(import_module(f"notebook_async.{room}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
