"""Every async test runs on the virtual clock, unless it is marked `realtime`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from notebook_async.testing import VirtualClockLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pytest


def pytest_asyncio_loop_factories(
    config: pytest.Config,  # noqa: ARG001
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Give each async test the loop that its marks ask for."""
    if item.get_closest_marker("realtime"):
        return {"realtime": asyncio.new_event_loop}
    return {"virtual": VirtualClockLoop}
