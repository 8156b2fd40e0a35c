"""Loading, unloading and reloading."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from notebook_async import Job, jobs
from notebook_async.core import _progress
from notebook_async.prompts import _presenters

if TYPE_CHECKING:
    import pytest
    from IPython.core.interactiveshell import InteractiveShell

    from tests.notebooks import Notebook


def state(shell: InteractiveShell) -> dict[str, Any]:
    """Return every part of a shell that the extension may touch."""
    magics = shell.magics_manager
    formatters = shell.display_formatter
    publisher = shell.display_pub
    return {
        "transformers": list(shell.input_transformers_post),
        "cleanup": list(shell.input_transformer_manager.cleanup_transforms),
        "ast": list(shell.ast_transformers),
        "magics": {kind: set(each) for kind, each in magics.magics.items()},
        "registry": dict(magics.registry),
        "publisher": (publisher, publisher.publish, publisher.clear_output),
        "stdout": (sys.stdout, sys.stdout.write),
        "stderr": (sys.stderr, sys.stderr.write),
        "matchers": list(shell.Completer.custom_matchers),
        "events": {k: list(v) for k, v in shell.events.callbacks.items()},
        "presenter": _progress._presenter,
        "asks": _presenters._installed,
        "ipython_display": dict(formatters.ipython_display_formatter.type_printers),
        "formatters": {
            kind: dict(each.type_printers)
            for kind, each in formatters.formatters.items()
        },
        "kernel": vars(getattr(shell, "kernel", object)).get("do_shutdown"),
        "hooks": (sys.displayhook, sys.excepthook),
        "board": list(jobs._callbacks),
    }


async def load_and_unload(notebook: Notebook) -> None:
    """Load and unload twice, and compare the shell with what it was before."""
    extensions = notebook.shell.extension_manager
    extensions.unload_extension("notebook_async")
    await asyncio.sleep(0)
    before = state(notebook.shell)
    for _ in range(2):
        extensions.load_extension("notebook_async")
        assert state(notebook.shell) != before
        await notebook.run("%%arun -w\nprint('x')")
        extensions.unload_extension("notebook_async")
        assert state(notebook.shell) == before
        await asyncio.sleep(0)
        await notebook.run("1")
        assert state(notebook.shell) == before


async def test_unload_undoes_everything_in_a_terminal(notebook: Notebook) -> None:
    """After load and unload the shell is as it was, also a moment and a cell later."""
    await load_and_unload(notebook)


async def test_unload_undoes_everything_in_a_kernel(kernel_notebook: Notebook) -> None:
    """In a kernel the shutdown, the presenter and the publisher are restored too."""
    await load_and_unload(kernel_notebook)


async def test_unload_in_a_cell_undoes_everything(notebook: Notebook) -> None:
    """Loading and unloading by cells, which IPython wraps, leaves nothing behind."""
    await notebook.value("%unload_ext notebook_async")
    await asyncio.sleep(0)
    before = state(notebook.shell)
    await notebook.value("%load_ext notebook_async")
    await notebook.value("%unload_ext notebook_async")
    await asyncio.sleep(0)
    assert state(notebook.shell) == before


async def test_second_load_changes_nothing(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second `%load_ext` says that it is loaded, and keeps jobs and magics."""
    job = await notebook.start("%%arun\nimport asyncio\nawait asyncio.sleep(9)")
    await notebook.value("%load_ext notebook_async")
    before = state(notebook.shell)
    await notebook.value("%load_ext notebook_async")
    assert "The notebook_async extension is already loaded." in capsys.readouterr().out
    sys.modules["notebook_async"].load_ipython_extension(notebook.shell)
    await asyncio.sleep(1)
    assert state(notebook.shell) == before
    assert job.state == "running"


async def test_unload_cancels_the_jobs(notebook: Notebook) -> None:
    """Unloading alone cancels what runs, with its cleanup."""
    job = await notebook.start(
        "%%arun\nimport asyncio\ncleaned = False\n"
        "try:\n    await asyncio.sleep(9)\nfinally:\n    cleaned = True"
    )
    await notebook.value("%unload_ext notebook_async")
    await job.wait()
    assert job.state == "cancelled"
    assert notebook.shell.user_ns["cleaned"] is True
    assert await notebook.fails("%%arun\n1") != (None, "None")


async def test_reload_keeps_the_jobs(notebook: Notebook) -> None:
    """Reloading keeps what runs, its output and the board."""
    job = await notebook.start(
        "%%arun\nimport asyncio\nawait asyncio.sleep(9)\nprint('after')\n42"
    )
    await notebook.value("%reload_ext notebook_async")
    await asyncio.sleep(1)
    assert job.state == "running"
    assert await notebook.value("%jobs wait") is None
    assert (job.result, job.output.text) == (42, "after\n42\n")


def test_unload_without_a_running_loop_cancels_when_it_runs_again(
    shell: InteractiveShell,
) -> None:
    """Where no loop runs between cells, as in a terminal, unloading cancels too."""
    loop = asyncio.new_event_loop()
    extensions = shell.extension_manager

    async def start() -> Job:
        return jobs.start(asyncio.sleep(3600))

    try:
        for last in ("reload", "unload"):
            extensions.load_extension("notebook_async")
            job = loop.run_until_complete(start())
            extensions.unload_extension("notebook_async")
            if last == "reload":
                extensions.load_extension("notebook_async")
            loop.run_until_complete(asyncio.sleep(0.01))
            assert job.ended is (last == "unload")
        loop.run_until_complete(jobs.aclose())
    finally:
        jobs.clear()
        loop.close()


async def test_unloading_elsewhere_does_nothing(notebook: Notebook) -> None:
    """Unloading from a shell into which it was never loaded changes nothing."""
    before = state(notebook.shell)
    sys.modules["notebook_async"].unload_ipython_extension(object())
    assert state(notebook.shell) == before
