"""What README.md and the other guides tell a reader to type works."""

from __future__ import annotations

import re
from pathlib import Path

import nbclient
import nbformat
import pytest

ROOT = Path(__file__).parents[1]
GUIDES = sorted(ROOT.glob("*.md"))
README = ROOT / "README.md"
FLAGS = re.DOTALL | re.MULTILINE

# What a guide may tell people to type besides make; CI does the same in its own words.
COMMANDS = {
    "cd notebook_async",
    "git clone https://github.com/notebook-async/notebook_async",
    "ipython",
    "jupyter lab",
    "pip install notebook-async",
}
EXTRA = re.compile(r"pip install [\"']?notebook-async\[([\w,-]+)\][\"']?")
# Added after README's cells: the jobs that they started must succeed too.
SETTLE = """
from notebook_async import jobs
for job in jobs:
    await job.wait()
assert not [job for job in jobs if job.state == "failed"]
"""


def _blocks(path: Path, language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    fence = re.compile(rf"^```{language}\n(.*?)^```$", FLAGS)
    return fence.findall(path.read_text("utf-8"))


def _targets() -> set[str]:
    """Return the targets that a person may ask of make."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    return set(phony.split())


def _extras() -> set[str]:
    """Return the extras that the project offers."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    _, _, section = text.partition("[project.optional-dependencies]\n")
    return set(re.findall(r"^([\w-]+) = \[", section.partition("\n[")[0], re.MULTILINE))


def _is_known(command: str) -> bool:
    """Tell whether CI does what this command does."""
    if command.startswith("make "):
        return set(command.split()[1:]) <= _targets()
    if extra := EXTRA.fullmatch(command):
        return set(extra[1].split(",")) <= _extras()
    return command in COMMANDS


@pytest.mark.kernels
def test_snippets_run() -> None:
    """The Python of README runs from top to bottom in a kernel."""
    snippets = _blocks(README, "python")
    assert snippets
    cells = [nbformat.v4.new_code_cell(code) for code in (*snippets, SETTLE)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=30, kernel_name="python3").execute()


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_commands_are_ones_that_ci_runs(path: Path) -> None:
    """Every command in a console block is one that CI runs."""
    lines = [line for block in _blocks(path, "console") for line in block.splitlines()]
    typed = [line.removeprefix("$ ").partition("  #")[0].strip() for line in lines]
    assert [command for command in typed if not _is_known(command)] == []


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_make_targets_exist(path: Path) -> None:
    """Every `make x` in the text is a target."""
    named = set(re.findall(r"`make ([\w-]+)`", path.read_text("utf-8")))
    assert named - _targets() == set()


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """Every relative link, and the notebook that a Binder badge opens, exists."""
    text = path.read_text("utf-8")
    links = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r'src="([^"]+)"', text)
    inside = {link for link in links if "://" not in link and "@" not in link}
    badge = {link.partition("lab/tree/")[2] for link in links if "lab/tree/" in link}
    missing = [link for link in inside | badge if not (path.parent / link).exists()]
    assert missing == []


def test_every_fence_is_checked() -> None:
    """README has no fenced block of a language that nothing runs."""
    fences = re.findall(r"^```(\w*)\n.*?^```$", README.read_text("utf-8"), FLAGS)
    assert set(fences) <= {"python", "console", "text", "mermaid"}
