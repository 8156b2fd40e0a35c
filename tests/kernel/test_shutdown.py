"""Cleaning up before the kernel stops."""

from __future__ import annotations

import asyncio
import logging
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from notebook_async.kernel import ShutdownGuard
from tests.notebooks import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator


class Cleanup:
    """A cleanup of some seconds that tells when it began and ended."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.times: list[float] = []

    async def __call__(self) -> None:
        """Clean up."""
        now = asyncio.get_running_loop().time
        self.times.append(now())
        await asyncio.sleep(self.seconds)
        self.times.append(now())


@pytest.fixture
def kernel() -> Kernel:
    """Give a kernel that can be shut down."""
    return Kernel()


@pytest.fixture
def guards(kernel: Kernel) -> Iterator[list[ShutdownGuard]]:
    """Give a place for guards, which are taken out again."""
    del kernel
    made: list[ShutdownGuard] = []
    yield made
    for guard in made:
        guard.uninstall()


def guard_of(
    kernel: Kernel | None, cleanup: Cleanup, guards: list[ShutdownGuard]
) -> ShutdownGuard:
    """Install a guard."""
    guard = ShutdownGuard(SimpleNamespace(kernel=kernel), cleanup)
    guard.install()
    guards.append(guard)
    return guard


@pytest.mark.parametrize("restart", [False, True])
async def test_cleanup_runs_before_the_shutdown(
    kernel: Kernel,
    guards: list[ShutdownGuard],
    restart: bool,  # noqa: FBT001
) -> None:
    """A shutdown waits for the cleanup, then answers as ever."""
    cleanup = Cleanup(1.5)
    guard_of(kernel, cleanup, guards).watch_loop(asyncio.get_running_loop())
    answer = await kernel.do_shutdown(restart)
    assert answer == {"status": "ok", "restart": restart}
    assert (cleanup.times, kernel.stopped) == ([0.0, 1.5], [restart])


async def test_cleanup_has_a_bound(
    kernel: Kernel, guards: list[ShutdownGuard], caplog: pytest.LogCaptureFixture
) -> None:
    """A cleanup that takes too long is given up, and the log names the bound."""
    cleanup = Cleanup(60)
    guard_of(kernel, cleanup, guards).watch_loop(asyncio.get_running_loop())
    await kernel.do_shutdown(False)  # noqa: FBT003
    assert asyncio.get_running_loop().time() == 2.0
    assert caplog.record_tuples == [
        (
            "notebook_async",
            logging.WARNING,
            "jobs were not cleaned up within 2.0 s before shutdown",
        )
    ]
    assert kernel.stopped == [False]


async def test_cleanup_runs_once(kernel: Kernel, guards: list[ShutdownGuard]) -> None:
    """A second shutdown does not clean up again."""
    cleanup = Cleanup(1)
    guard_of(kernel, cleanup, guards).watch_loop(asyncio.get_running_loop())
    await kernel.do_shutdown(True)  # noqa: FBT003
    await kernel.do_shutdown(False)  # noqa: FBT003
    assert (cleanup.times, kernel.stopped) == ([0.0, 1.0], [True, False])


async def test_without_jobs_there_is_nothing_to_clean(
    kernel: Kernel, guards: list[ShutdownGuard]
) -> None:
    """Where no loop was named no cleanup runs."""
    cleanup = Cleanup(1)
    guard_of(kernel, cleanup, guards)
    await kernel.do_shutdown(False)  # noqa: FBT003
    assert (cleanup.times, kernel.stopped) == ([], [False])


@pytest.mark.realtime
async def test_cleanup_runs_on_the_loop_of_the_jobs(
    kernel: Kernel, guards: list[ShutdownGuard]
) -> None:
    """A shutdown on the control thread cleans up on the loop that was named."""
    threads = []

    async def cleanup() -> None:
        threads.append(threading.current_thread())

    guard = ShutdownGuard(SimpleNamespace(kernel=kernel), cleanup)
    guard.install()
    guards.append(guard)
    guard.watch_loop(asyncio.get_running_loop())
    shutdown = kernel.do_shutdown
    await asyncio.to_thread(lambda: asyncio.run(shutdown(False)))  # noqa: FBT003
    assert threads == [threading.main_thread()]
    assert kernel.stopped == [False]


def test_uninstalling_restores_the_kernel(kernel: Kernel) -> None:
    """Afterwards the kernel's own method is called again."""
    guard = ShutdownGuard(SimpleNamespace(kernel=kernel), Cleanup(1))
    guard.install()
    assert "do_shutdown" in vars(kernel)
    guard.uninstall()
    assert list(vars(kernel)) == ["stopped"]


def test_end_of_python_cleans_up_where_no_kernel_does(
    guards: list[ShutdownGuard],
) -> None:
    """At the end of a terminal session the loop runs once more for the cleanup."""
    cleanup = Cleanup(0)
    guard = guard_of(None, cleanup, guards)
    loop = asyncio.new_event_loop()
    guard.watch_loop(loop)
    guard._at_exit()
    loop.close()
    assert len(cleanup.times) == 2
    guard._at_exit()
    assert len(cleanup.times) == 2
