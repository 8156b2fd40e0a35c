"""Publish displays, and replace them later, from any task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.kernel._host import require_shell
from notebook_async.kernel._output import current_sink

if TYPE_CHECKING:
    from notebook_async.kernel._output import Sink

__all__ = ["display_bundle", "display_value", "print_plain"]


def display_bundle(
    bundle: dict[str, Any], *, display_id: str | None = None, update: bool = False
) -> None:
    """Display a bundle of MIME types in the cell, past the sink of the job around.

    Parameters
    ----------
    bundle
        Contents by MIME type.
    display_id
        Name by which to replace the display later.
    update
        Replace the earlier display of that name instead of adding one.
    """
    transient = {} if display_id is None else {"display_id": display_id}
    token = current_sink.set(None)
    try:
        require_shell().display_pub.publish(
            data=bundle, metadata={}, transient=transient, update=update
        )
    finally:
        current_sink.reset(token)


def display_value(value: Any, sink: Sink) -> None:
    """Show a value in `sink` as IPython would show it below a cell."""
    if value is None:
        return
    data, metadata = require_shell().display_formatter.format(value)
    if data and sink.display(data, metadata, display_id=None, update=False):
        display_bundle(data)


def print_plain(text: str) -> None:
    """Print to the cell or the terminal, past the sink of the job around."""
    token = current_sink.set(None)
    try:
        print(text)  # noqa: T201
    finally:
        current_sink.reset(token)
