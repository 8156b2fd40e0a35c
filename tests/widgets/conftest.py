"""The shells of the tests in this folder, and the end of their panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ipywidgets import Widget

from tests.notebooks import kernel_notebook, notebook, shell
from tests.widgets.comms import comms

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["closed", "comms", "kernel_notebook", "notebook", "shell"]


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close what a test has opened: a widget, and what it shows, lives until then."""
    yield
    Widget.close_all()
