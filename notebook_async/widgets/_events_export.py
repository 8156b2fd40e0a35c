"""Export from a panel: a name that a person types becomes a file beside the notebook.

The name comes from a front end, so it may name a file in the kernel's folder and
nothing else: no path, no hidden file, nothing that a system takes for a device.
"""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from notebook_async.core.recording import Recording

__all__ = ["ENDING", "ExportNameError", "export", "file_name", "suggest_name"]

ENDING = ".jsonl.gz"

_LONGEST = 120
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class ExportNameError(ValueError):
    """A name that no file may have."""


def suggest_name(recording: Recording) -> str:
    """Return a name for the file of a recording: what was recorded, and when."""
    state = recording.state
    names = [job.name for job in state.jobs.values()]
    names += [flow.name for flow in state.workflows.values()]
    names += [run.desc or "" for run in state.runs.values()]
    word = re.sub(r"[^\w-]+", "-", next(filter(None, names), "")).strip("-_")[:40]
    began = recording.began
    moment = time.localtime(None if began is None else recording.wall_time(began))
    return f"{word or 'recording'}-{time.strftime('%H%M%S', moment)}{ENDING}"


def file_name(text: str) -> str:
    """Return the name of the file that a person means.

    Raises
    ------
    ExportNameError
        If no file may be called that; the message says why.

    Examples
    --------
    >>> file_name("  first run ")
    'first run.jsonl.gz'
    """
    name = text.strip()
    if not name:
        raise ExportNameError("a file needs a name")
    if not name.endswith(ENDING):
        name = f"{name.removesuffix('.gz').removesuffix('.jsonl')}{ENDING}"
    wrong = _FORBIDDEN.search(name)
    if wrong:
        raise ExportNameError(
            f"a name without {wrong[0]!r}: the file is written beside the notebook"
        )
    if name.startswith(".") or _DEVICES.fullmatch(name):
        raise ExportNameError(f"{text.strip()!r} cannot be the name of a file")
    if len(name) > _LONGEST:
        raise ExportNameError(f"a name of at most {_LONGEST} characters")
    return name


async def export(recording: Recording, text: str, *, replace: bool) -> dict[str, Any]:
    """Write a recording to a file in the kernel's folder, and return what came of it.

    Parameters
    ----------
    recording
        The recording.
    text
        The name that was typed.
    replace
        Whether a file of that name may be replaced.

    Returns
    -------
    dict
        `state` is `done`, `exists` (nothing was written) or `failed`; then the `name`,
        and the `path` and `size` of the file, or the `error`.
    """
    try:
        name = file_name(text)
    except ExportNameError as error:
        return {"state": "failed", "name": text[:_LONGEST], "error": str(error)}
    path = Path.cwd() / name
    if not replace and (path.exists() or path.is_symlink()):
        return {"state": "exists", "name": name}
    try:
        await asyncio.to_thread(recording.export, path)
        size = path.stat().st_size
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return {"state": "failed", "name": name, "error": f"not written: {reason}"}
    return {"state": "done", "name": name, "path": str(path), "size": size}
