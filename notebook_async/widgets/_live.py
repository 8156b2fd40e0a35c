"""Widgets that a job displayed itself, such as a slider or a bar of `tqdm.notebook`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from notebook_async.widgets._panel import Panel

__all__ = ["WIDGET_VIEW", "as_it_is_now", "view_of"]

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def view_of(panel: Panel) -> dict[str, Any]:
    """Return what stands for a panel in a bundle."""
    model = panel.shown.model_id
    return {"version_major": 2, "version_minor": 0, "model_id": model}


def as_it_is_now(data: dict[str, Any]) -> dict[str, Any]:
    """Return a bundle with the text, or picture, that its widget has by now.

    What came with the display is that of the beginning: a bar of `tqdm` says 0 % there
    for ever.

    Parameters
    ----------
    data
        A bundle of MIME types.
    """
    view = data.get(WIDGET_VIEW)
    module = sys.modules.get("ipywidgets.widgets.widget")
    if view is None or module is None:
        return data
    widget = getattr(module, "_instances", {}).get(view.get("model_id"))
    if widget is None:
        return data
    picture = getattr(widget, "picture", None)
    now = {"text/plain": repr(widget)} if picture is None else picture()
    return {**data, **now}
