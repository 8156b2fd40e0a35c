"""A fresh IPython shell for tests: cells run in it as ipykernel and the terminal do."""

from __future__ import annotations

import asyncio
import atexit
import itertools
import sys
from typing import TYPE_CHECKING, Any

import ipykernel  # noqa: F401  (a kernel is told by it)
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from notebook_async import jobs
from notebook_async.board import _notices
from notebook_async.kernel import _host

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from IPython.core.interactiveshell import ExecutionResult

    from notebook_async import Job

__all__ = ["Notebook", "kernel_notebook", "notebook", "shell"]


class Kernel:
    """Stands where a shell names its kernel, and answers a shutdown as one does."""

    def __init__(self) -> None:
        self.stopped: list[bool] = []

    async def do_shutdown(self, restart: bool) -> dict[str, object]:  # noqa: FBT001
        """Take note of a shutdown."""
        self.stopped.append(restart)
        return {"status": "ok", "restart": restart}


class Notebook:
    """A shell with the extension, and its cells."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell

    async def run(self, cell: str) -> ExecutionResult:
        """Run a cell as ipykernel does: transformed, and without a tee if it awaits."""
        shell = self.shell
        try:
            transformed, failed = shell.transform_cell(cell), None
        except Exception:  # noqa: BLE001  (what a transformer raises is shown by the shell)
            transformed, failed = cell, sys.exc_info()
        options = {"transformed_cell": transformed, "preprocessing_exc_tuple": failed}
        if shell.should_run_async(cell, **options):
            return await shell.run_cell_async(cell, store_history=True, **options)
        return shell.run_cell(cell, store_history=True)

    async def value(self, cell: str) -> Any:  # noqa: ANN401
        """Run a cell, and return its value or raise what it raised."""
        result = await self.run(cell)
        result.raise_error()
        return result.result

    async def start(self, cell: str) -> Job:
        """Run a cell that starts a job, and return the job."""
        before = len(jobs)
        await self.value(cell)
        *_, job = jobs
        assert len(jobs) == before + 1
        return job

    async def fails(self, cell: str) -> tuple[type[BaseException], str]:
        """Run a cell, and return the class and the text of what it raised."""
        result = await self.run(cell)
        error = result.error_before_exec or result.error_in_exec
        return type(error), str(error)

    @property
    def displays(self) -> list[dict[str, Any]]:
        """What was published, in a notebook that stands for a kernel's."""
        return self.shell.display_pub.outputs


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """Give the only shell of this process, without colours and history."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    monkeypatch.setattr(_host, "_front_end_answered", False)
    # A machine that is busy with other tests holds loops too.
    monkeypatch.setattr(_notices, "_LIMIT", 3600.0)
    shell = InteractiveShell.instance(config=config)
    try:
        yield shell
    finally:
        shell.restore_sys_module_state()
        atexit.unregister(shell.atexit_operations)
        InteractiveShell.clear_instance()


@pytest.fixture
async def notebook(shell: InteractiveShell) -> AsyncIterator[Notebook]:
    """Give a notebook of terminal IPython with the extension and an empty board."""
    jobs._last = 0
    shell.extension_manager.load_extension("notebook_async")
    try:
        yield Notebook(shell)
    finally:
        await jobs.aclose()
        shell.extension_manager.unload_extension("notebook_async")
        await asyncio.sleep(0)
        jobs.clear()


@pytest.fixture
async def kernel_notebook(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Notebook]:
    """Give a notebook that shows panels, with all displays kept."""
    from notebook_async.widgets import _kept, _live_display  # noqa: PLC0415

    monkeypatch.setattr(_kept, "_numbers", itertools.count(1))
    monkeypatch.setattr(_kept, "_open", {})
    monkeypatch.setattr(_live_display, "_stale", {})
    shell.kernel = Kernel()
    shell.display_pub = CapturingDisplayPublisher()
    shell.display_pub.outputs.clear()
    jobs._last = 0
    shell.extension_manager.load_extension("notebook_async")
    try:
        yield Notebook(shell)
    finally:
        await jobs.aclose()
        shell.extension_manager.unload_extension("notebook_async")
        await asyncio.sleep(0)
        jobs.clear()
