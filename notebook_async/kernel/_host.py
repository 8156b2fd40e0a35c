"""What this process runs in, told by facts and not by names."""

from __future__ import annotations

import asyncio
import functools
import os
import sys
import threading
from dataclasses import dataclass
from typing import Any, Literal

from notebook_async.errors import HostError

__all__ = ["Host", "detect_host", "front_end_answered", "get_shell", "require_shell"]

_front_end_answered = False


@dataclass(frozen=True, slots=True)
class Host:
    """Where this code runs.

    Attributes
    ----------
    kind
        `kernel`: a Jupyter kernel; `terminal`: IPython in a terminal; `script`:
        neither.
    ipykernel
        Version of ipykernel, in a kernel.
    front_end
        Whether a front end has answered a panel. False says that none has so far.
    loop
        Class of the running event loop, or None outside of one.
    threads
        Whether threads can be started.
    subshells
        Whether this kernel takes messages on further threads, from ipykernel 7 on.
    stdin
        Whether the cell that runs may ask with `input()`, or None outside of kernels.
    """

    kind: Literal["kernel", "terminal", "script"]
    ipykernel: str | None
    front_end: bool
    loop: str | None
    threads: bool = True
    subshells: bool = False
    stdin: bool | None = None

    @property
    def text_only(self) -> bool:
        """Whether panels cannot be shown at all."""
        return self.kind != "kernel"

    @property
    def headless(self) -> bool:
        """Whether a program seems to run the cells, so that nobody sees a panel.

        Programs such as nbclient say that nothing may be asked. Voilà does so too, but
        has people who look.
        """
        asked = self.front_end or self.stdin is not False
        return self.kind == "kernel" and not (asked or "VOILA_BASE_URL" in os.environ)


def detect_host(shell: Any = None) -> Host:
    """Return what is known about where this code runs.

    Parameters
    ----------
    shell
        The IPython shell; by default the active one.
    """
    shell = get_shell() if shell is None else shell
    kernel = getattr(shell, "kernel", None)
    version = None
    kind: Literal["kernel", "terminal", "script"] = "script"
    if shell is not None:
        kind = "terminal"
        if kernel is not None:
            kind = "kernel"
            version = sys.modules["ipykernel"].__version__
    try:
        loop = type(asyncio.get_running_loop())
    except RuntimeError:
        loop_name = None
    else:
        loop_name = f"{loop.__module__}.{loop.__qualname__}"
    return Host(
        kind,
        version,
        _front_end_answered,
        loop_name,
        threads=_can_start_threads(),
        subshells=bool(getattr(kernel, "_supports_kernel_subshells", False)),
        stdin=getattr(kernel, "_allow_stdin", None),
    )


@functools.cache
def _can_start_threads() -> bool:
    """Tell whether threads can be started, by starting one, once."""
    thread = threading.Thread(target=bool, name="notebook-async-probe")
    try:
        thread.start()
    except RuntimeError:  # Python in a browser
        return False
    thread.join()
    return True


def front_end_answered() -> None:
    """Take note that a front end has answered, so that widgets are shown somewhere."""
    global _front_end_answered  # noqa: PLW0603
    _front_end_answered = True


def get_shell() -> Any:
    """Return the active IPython shell, or None. It does not import IPython."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython  # noqa: PLC0415

    return get_ipython()


def require_shell() -> Any:
    """Return the active IPython shell, or say that there is none."""
    shell = get_shell()
    if shell is None:
        raise HostError("no IPython shell is active: this works in a notebook only")
    return shell
