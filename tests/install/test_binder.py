"""Binder's Python build, step by step, on a machine without Node."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Environment

pytestmark = [
    pytest.mark.install,
    pytest.mark.timeout(900),
    pytest.mark.skipif(sys.platform != "linux", reason="Binder runs on Linux"),
]

QUICKSTART = "notebooks/01_quickstart.ipynb"


@pytest.fixture(scope="session")
def binder(checkout: Path, make_environment: Callable[[], Environment]) -> Environment:
    """Do what Binder does with this checkout: the requirements, then postBuild."""
    environment = make_environment()
    pip = (environment.python, "-m", "pip", "install", "--quiet")
    environment.run(*pip, "-r", "binder/requirements.txt", cwd=checkout)
    environment.run(checkout / "binder" / "postBuild", cwd=checkout)
    return environment


def test_quickstart_runs_in_binder(
    binder: Environment, checkout: Path, tmp_path: Path
) -> None:
    """The quickstart runs from top to bottom in the environment that Binder builds."""
    convert = ("-m", "nbconvert", "--to", "notebook", "--execute", QUICKSTART)
    binder.run(
        binder.python, *convert, "--output-dir", tmp_path, "--output=ran", cwd=checkout
    )
    ran = json.loads((tmp_path / "ran.ipynb").read_text(encoding="utf-8"))
    counts = [c["execution_count"] for c in ran["cells"] if c["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_binder_has_jupyterlab(binder: Environment, tmp_path: Path) -> None:
    """The environment has JupyterLab 4, in which the badge opens the quickstart."""
    version = binder.run(
        binder.python, "-m", "jupyterlab", "--version", cwd=tmp_path
    ).strip()
    assert version.split(".")[0] == "4"
