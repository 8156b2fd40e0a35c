"""Widgets that a job displayed itself, such as a slider or a bar of `tqdm.notebook`."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["WIDGET_VIEW", "widget_text"]

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def widget_text(data: dict[str, Any]) -> str | None:
    """Return the text of a displayed widget as it is now, or None if there is none.

    The text that came with the display is that of the beginning: a bar of `tqdm` says
    0 % there for ever.

    Parameters
    ----------
    data
        A bundle of MIME types.
    """
    view = data.get(WIDGET_VIEW)
    module = sys.modules.get("ipywidgets.widgets.widget")
    if view is None or module is None:
        return None
    widget = getattr(module, "_instances", {}).get(view.get("model_id"))
    return None if widget is None else repr(widget)
