"""The bridge where it has nothing to do; `tests/kernels` has it at work."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from notebook_async.kernel import CommBridge, _shell_channel
from notebook_async.kernel._replacement import Replacement

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


async def test_unknown_kernel_is_left_alone_with_one_warning(
    shell: InteractiveShell,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A kernel of another make is not touched; that is said once."""
    monkeypatch.setattr(_shell_channel, "_unknown", set())
    shell.kernel = SimpleNamespace(shell_handlers={})
    for _ in range(2):
        bridge = CommBridge(shell)
        bridge.install()
        assert not bridge.installed
        bridge.uninstall()
    assert vars(shell.kernel) == {"shell_handlers": {}}
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        "notebook_async does not know the kernel class types.SimpleNamespace: there,"
        " what you type or press in a widget may reach Python only after the running"
        " cell"
    )


async def test_terminal_needs_no_bridge(
    shell: InteractiveShell, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a kernel there is nothing to install, and nothing to say."""
    bridge = CommBridge(shell)
    bridge.install()
    assert not bridge.installed
    bridge.uninstall()
    assert caplog.records == []


@pytest.mark.parametrize("names", [{}, {"name": 1}], ids=["new", "old"])
def test_replacement_is_undone(names: dict[str, int]) -> None:
    """What was there comes back, and what was not goes."""
    before = dict(names)
    replacement = Replacement(names, "name", 2)
    assert names == {"name": 2}
    replacement.undo()
    assert names == before


def test_replacement_leaves_a_later_one() -> None:
    """What somebody else has put there since is theirs."""
    names = {"name": 1}
    replacement = Replacement(names, "name", 2)
    names["name"] = 3
    replacement.undo()
    assert names == {"name": 3}
