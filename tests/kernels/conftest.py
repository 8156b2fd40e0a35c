"""Fixtures for tests with real kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kernels.rig import Kernel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Mark every test of this folder, before its loop is chosen: no clock may jump."""
    if isinstance(collector, pytest.Module):
        collector.add_marker(pytest.mark.kernels)
        collector.add_marker(pytest.mark.realtime)


@pytest.fixture
async def kernel(tmp_path: Path) -> AsyncIterator[Kernel]:
    """Start a kernel in the environment of the tests."""
    async with Kernel(tmp_path) as running:
        yield running
