"""Fixtures for tests with real kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kernels.environments import (
    ENVIRONMENTS,
    ORDINARY,
    Environment,
    is_made,
    make,
)
from tests.kernels.rig import Kernel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.kernels.environments import Recipe

_made: dict[Recipe, Environment] = {}


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Mark every test of this folder, before its loop is chosen: no clock may jump."""
    if isinstance(collector, pytest.Module):
        collector.add_marker(pytest.mark.kernels)
        collector.add_marker(pytest.mark.realtime)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for an environment in each of them."""
    if "kernel_env" in metafunc.fixturenames:
        parameters = [
            pytest.param(
                each,
                id=str(each),
                marks=[] if each in ORDINARY else [pytest.mark.every_kernel],
            )
            for each in ENVIRONMENTS
        ]
        metafunc.parametrize("kernel_env", parameters, indirect=True, scope="session")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Make the environments that are needed, outside of the time of any test."""
    if session.config.option.collectonly:
        return
    for item in session.items:
        recipe = _recipe_of(item)
        if recipe is not None and recipe not in _made:
            if not is_made(recipe):
                writer = session.config.get_terminal_writer()
                writer.line(f"making {recipe.home}", flush=True)
            _made[recipe] = make(recipe)


def _recipe_of(item: pytest.Item) -> Recipe | None:
    call = getattr(item, "callspec", None)
    return call.params.get("kernel_env") if call is not None else None


@pytest.fixture(scope="session")
def kernel_env(request: pytest.FixtureRequest) -> Environment:
    """Return an environment with some ipykernel; the test runs once for each."""
    return _made[request.param]


@pytest.fixture
async def kernel(tmp_path: Path, kernel_env: Environment) -> AsyncIterator[Kernel]:
    """Start a kernel in each environment."""
    async with Kernel(tmp_path, python=kernel_env.python) as running:
        yield running
