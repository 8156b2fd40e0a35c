"""Keep what benchmarks measured in RESULTS.md, each in a section of its own."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

__all__ = ["machine", "table", "write_section"]

RESULTS = Path(__file__).with_name("RESULTS.md")
OPENING = """\
# Benchmark results

Written by the benchmarks themselves: do not edit by hand. Two columns or rows of one
section were measured side by side and may be compared; two sections may not.
"""


def machine() -> str:
    """Describe this machine in one line, without its name."""
    return (
        f"{os.cpu_count()} x {_cpu_model()}, {_memory()}, {_system()},"
        f" {platform.python_implementation()} {platform.python_version()}"
    )


def table(heads: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table whose columns also line up in a terminal."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    shape = "".join(f"| {{:<{width}}} " for width in widths) + "|"
    rule = ["-" * width for width in widths]
    return "\n".join(shape.format(*line) for line in (heads, rule, *rows))


def write_section(name: str, title: str, command: str, text: str) -> None:
    """Put a benchmark's section into RESULTS.md, in the place of its last one.

    Parameters
    ----------
    name
        The benchmark, as in `bench_<name>.py`; it marks the section.
    title
        Heading of the section.
    command
        What a reader types to measure it again.
    text
        The tables and what there is to say about them.
    """
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    section = (
        f"{opening}\n\n## {title}\n\n`{command}` on {machine()}.\n\n"
        f"{text.strip()}\n\n{closing}\n"
    )
    before = RESULTS.read_text("utf-8") if RESULTS.exists() else OPENING
    found = re.compile(
        re.escape(opening) + r".*?" + re.escape(closing) + r"\n", re.DOTALL
    )
    after, count = found.subn(lambda _: section, before)
    RESULTS.write_text(after if count else f"{before}\n{section}", "utf-8")
    print(f"\nwritten to {RESULTS.name}")


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.split(":", 1)[1] for line in lines if line.startswith("model name")]
    return (models[0] if models else platform.processor() or platform.machine()).strip()


def _memory() -> str:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return "memory unknown"
    return f"{size / 2**30:.0f} GB"


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (AttributeError, OSError, KeyError):
        return f"{platform.system()} {platform.release()}"
