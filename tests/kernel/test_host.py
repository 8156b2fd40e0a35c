"""What this process runs in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import ipykernel
import pytest

from notebook_async.errors import HostError
from notebook_async.kernel import (
    Host,
    detect_host,
    front_end_answered,
    get_shell,
    require_shell,
)

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from tests.notebooks import Notebook

VIRTUAL = "notebook_async.testing._clock.VirtualClockLoop"


def test_script_has_no_shell() -> None:
    """Outside of IPython this is a script, without a loop."""
    assert detect_host() == Host("script", None, front_end=False, loop=None)
    assert detect_host().text_only
    assert get_shell() is None
    with pytest.raises(
        HostError, match=r"^no IPython shell is active: this works in a"
    ):
        require_shell()


def test_looking_for_a_shell_does_not_import_ipython(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where IPython is not loaded there is no shell, and it stays unloaded."""
    monkeypatch.delitem(sys.modules, "IPython")
    assert get_shell() is None
    assert "IPython" not in sys.modules


async def test_shell_without_a_kernel_is_a_terminal(shell: InteractiveShell) -> None:
    """IPython without a kernel is a terminal; the loop is told by its class."""
    assert detect_host() == Host("terminal", None, front_end=False, loop=VIRTUAL)
    assert require_shell() is shell


async def test_shell_with_a_kernel_is_a_kernel(kernel_notebook: Notebook) -> None:
    """A kernel is told with its version, and shows panels."""
    version = ipykernel.__version__
    assert detect_host() == Host("kernel", version, front_end=False, loop=VIRTUAL)
    assert not detect_host(kernel_notebook.shell).text_only


def test_front_end_is_known_once_it_has_answered(shell: InteractiveShell) -> None:
    """A front end counts from its first answer on."""
    assert not detect_host(shell).front_end
    front_end_answered()
    assert detect_host(shell).front_end


@pytest.mark.parametrize(
    ("facts", "headless"),
    [
        ({"stdin": False}, True),
        ({"stdin": True}, False),
        ({"stdin": None}, False),
        ({"stdin": False, "front_end": True}, False),
        ({"stdin": False, "kind": "terminal"}, False),
    ],
)
def test_program_that_cannot_be_asked_is_headless(
    facts: dict[str, Any],
    *,
    headless: bool,
) -> None:
    """A kernel whose cells may ask nothing has nobody to look, unless one answers."""
    given: dict[str, Any] = {"kind": "kernel", "front_end": False, **facts}
    assert Host(ipykernel="7", loop=None, **given).headless is headless
