"""Telling Jupyter which Python a kernel runs in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_kernelspec(folder: Path, name: str, python: str | Path) -> None:
    """Add an ipykernel of that interpreter to a folder of kernel specifications."""
    launch = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {
        "argv": launch,
        "display_name": name,
        "language": "python",
        "metadata": {"debugger": False},
    }
    file = folder / name / "kernel.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(spec), "utf-8")
