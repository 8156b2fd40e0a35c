"""Evaluate expressions and code that somebody else wrote, restricted and bounded.

What this keeps out, and what it does not
-----------------------------------------
* **Restriction stops accidents and is no security boundary.** Code is compiled under
  RestrictedPython's rules and ours: no imports but a few modules, no names with a
  leading underscore, no files, no `eval`. Python was not made to be restricted from
  within: every such list has been got round before, and with `isolation="in_process"`
  whoever gets round it has this process.
* **A child bounds time and memory.** `isolation="subprocess"` adds a process of its
  own, which can be ended and takes nothing of this one with it. Code that gets out of
  the restriction there still has the user's files and network, and what it puts into
  its answer may be any JSON.
* **Hostile input needs the operating system's isolation.** `isolation="bwrap"` takes
  away files and network too; a container or a virtual machine does so as well.
* **Anything passed in is attack surface.** In this process a function among the names
  can be called with anything, and public attributes of an object can be read. In a
  child there is only plain data.

A child is started afresh for each call and never used twice. It runs as this user, and
not on Windows, which has no such limits; as root nothing bounds the number of its
processes. What it started ends with it, unless that left its session on purpose.

The parts need the `safe` extra.
"""

from __future__ import annotations

from notebook_async.safe._api import (
    safe_eval,
    safe_eval_sync,
    safe_exec,
    safe_exec_sync,
)
from notebook_async.safe._isolation import Isolation
from notebook_async.safe._names import SafeNames

__all__ = [
    "Isolation",
    "SafeNames",
    "safe_eval",
    "safe_eval_sync",
    "safe_exec",
    "safe_exec_sync",
]
