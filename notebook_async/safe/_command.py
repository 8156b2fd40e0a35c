"""The commands that start a child, alone or in a bubblewrap."""

from __future__ import annotations

import math
import os
import shutil
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from notebook_async.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notebook_async.safe._isolation import Bounds

__all__ = ["bwrap_command", "command", "need_restricted_python"]

_HERE = Path(__file__).parent
_BOOT = _HERE / "_restricted" / "boot.py"

# Seconds of the processor beyond those of the clock, for loading the interpreter. The
# clock ends a child first, unless the process that looks at it has died.
_LOADING = 2

# Seconds or megabytes: more than any machine has, and fewer than a limit can say.
_NO_BOUND = 1 << 31

# Where Linux keeps the libraries that an interpreter is linked with.
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")


def need_restricted_python() -> Path:
    """Return the folder of RestrictedPython, or say how to install it."""
    spec = find_spec("RestrictedPython")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            'restricted evaluation needs RestrictedPython: pip install "notebook-async'
            '[safe]"',
            name="RestrictedPython",
        )
    return Path(spec.submodule_search_locations[0])


def command(bounds: Bounds) -> list[str]:
    """Return the command that starts a bounded child of this interpreter."""
    restricted_python = need_restricted_python()
    if sys.platform == "win32":
        raise HostError(
            "Windows has no resource limits, so the memory, processor time, files and"
            " processes of a child cannot be bounded; use WSL, or, for code that you"
            ' trust, isolation="in_process"'
        )
    if not sys.executable or not _BOOT.exists():
        raise HostError(
            "a child needs an interpreter and this package as plain files; there is"
            f" {sys.executable!r} and {str(_BOOT)!r}"
        )
    return [sys.executable, *_arguments(bounds, restricted_python)]


def bwrap_command(bounds: Bounds) -> list[str]:
    """Return the command of a child that sees no files of the user's and no network."""
    plain = command(bounds)
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise HostError(
            'isolation="bwrap" needs bubblewrap, and there is no bwrap on the PATH:'
            " install it (apt install bubblewrap, dnf install bubblewrap)"
        )
    # Not that of a virtual environment, which is but a link.
    python = os.path.realpath(sys.executable)
    options = ["--unshare-all", "--die-with-parent", "--cap-drop", "ALL"]
    for path in _LIBRARIES:
        options += ["--ro-bind-try", path, path]
    for path in _seen(python):
        options += ["--ro-bind", path, path]
    options += ["--remount-ro", "/", "--chdir", "/", "--"]
    return [bwrap, *options, python, *plain[1:]]


def _arguments(bounds: Bounds, restricted_python: Path) -> list[str]:
    packages = {
        "RestrictedPython": restricted_python,
        "notebook_async": _HERE.parent,
        "notebook_async.safe": _HERE,
    }
    return [
        "-I",  # no environment variables, no current folder, no user's packages
        "-S",  # nor those of the installation
        "-B",
        str(_BOOT),
        str(min(math.ceil(bounds.timeout), _NO_BOUND) + _LOADING),
        str(min(bounds.memory_mb or 0, _NO_BOUND) << 20),
        *(f"{name}={folder}" for name, folder in packages.items()),
    ]


def _seen(python: str) -> Iterable[str]:
    """Return the files that the interpreter and the child's own code consist of."""
    variables = sysconfig.get_config_vars()
    # Where the interpreter is but a shell around a shared library.
    library = Path(variables.get("LIBDIR") or "") / (variables.get("INSTSONAME") or "")
    wanted = {
        python,
        sysconfig.get_path("stdlib"),
        sysconfig.get_path("platstdlib"),
        str(library) if library.is_file() else python,
        str(need_restricted_python()),
        str(_BOOT.parent),
    }
    return sorted(wanted)
