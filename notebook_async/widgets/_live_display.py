"""A live panel in a cell, and the still picture that is saved with it.

These are two displays, one below the other. A front end that is told to replace a
display draws it anew, so a panel and its picture in one display could not be kept true
while somebody looks. And a file that is opened later, with another kernel, would show
that the panel's model is gone: that stands in the place of what should stand there.

The picture brings a style for JupyterLab and Notebook: it hides while the panel below
it lives, and hides what is left of a panel that does not. A view of the panel says
whether it is in such a front end; elsewhere the picture is emptied, to take the panel's
place at the end. A front end that does not trust the file shows only the picture.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from notebook_async.kernel import detect_host, display_bundle
from notebook_async.widgets._embedded import (
    EmbeddedDisplay,
    embed_still,
    job_output,
)
from notebook_async.widgets._kept import forget, keep_some, new_name
from notebook_async.widgets._live import WIDGET_VIEW, view_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.widgets._panel import Panel

__all__ = [
    "LiveDisplay",
    "has_loop",
    "refresh_stills",
    "show_late",
    "show_panel",
    "show_still",
]

Picture = dict[str, Any]

_PATIENCE = 10.0
"""Seconds after the end until a front end that has not answered is taken for none."""

_SOON, _FIRST, _RAREST = 1.0, 2.0, 30.0
"""Seconds until a picture is made anew: after something important; at first; later."""

_CHILD = ".jp-OutputArea-child"
_STYLE = (
    f"<style>{_CHILD}:has(.na-still):has(+ {_CHILD} .na-panel),"
    f"{_CHILD}:has(.na-still) + {_CHILD}:has(> .jupyter-widgets):not(:has(.na-panel))"
    "{display:none}</style>"
)


class _Stale(NamedTuple):
    """A picture that nobody may have seen, and whether it changes after that."""

    picture: Callable[[], Picture]
    goes_on: Callable[[], bool]


_stale: dict[str, _Stale] = {}
"""Pictures to publish once more, by the names of their displays."""


def has_loop() -> bool:
    """Tell whether an event loop runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def show_still(
    picture: Callable[[], Picture], goes_on: Callable[[], bool]
) -> Callable[[], None]:
    """Show a picture, and another one after each cell while what it shows goes on.

    Parameters
    ----------
    picture
        Makes the picture of this moment.
    goes_on
        Tells whether a later one would be another.

    Returns
    -------
    Callable
        Shows the final one.
    """
    output = job_output()
    if output is not None:
        return embed_still(output, picture)
    name = new_name()
    display_bundle(picture(), display_id=name)
    if goes_on():
        _stale[name] = _Stale(picture, goes_on)
    return lambda: show_late(name, picture)


def show_late(name: str, picture: Callable[[], Picture]) -> None:
    """Replace a display for good, and once more in a later cell if need be."""
    display_bundle(picture(), display_id=name, update=True)
    _stale[name] = _Stale(picture, _never)


def _never() -> bool:
    return False


def refresh_stills(_: object = None) -> None:
    """Publish pictures again under the cell that runs now; called after each.

    A headless run drops what comes after the end of a cell. It takes an update from a
    later cell, though, and puts it into the display of the earlier one.
    """
    if detect_host().front_end:
        _stale.clear()
    for name, stale in list(_stale.items()):
        if not stale.goes_on():
            del _stale[name]
        display_bundle(stale.picture(), display_id=name, update=True)


def show_panel(
    panel: Panel,
    picture: Callable[[], Picture],
    *,
    kind: str,
    most: int,
    endless: bool = False,
) -> LiveDisplay | EmbeddedDisplay:
    """Show a panel in the cell that runs now, or in the output of the job around.

    Parameters
    ----------
    panel, picture, kind, most, endless
        As for a `LiveDisplay`.
    """
    output = job_output()
    if output is None:
        return LiveDisplay(panel, picture, kind=kind, most=most, endless=endless)
    return EmbeddedDisplay(
        output, panel, picture, kind=kind, most=most, endless=endless
    )


class LiveDisplay:
    """Shows a panel with its picture in the cell that runs now.

    Parameters
    ----------
    panel
        The panel.
    picture
        Makes the still picture of this moment.
    kind
        Of panels of a kind `most` are kept alive; of more, the oldest one that has
        ended and that nobody sees becomes its picture.
    most
        How many.
    endless
        Whether it may become its picture at any time, for it never ends by itself.
    """

    def __init__(
        self,
        panel: Panel,
        picture: Callable[[], Picture],
        *,
        kind: str,
        most: int,
        endless: bool = False,
    ) -> None:
        self._panel = panel
        self._picture = picture
        self._loop = asyncio.get_running_loop()
        self._name = new_name()
        self._endless = endless
        self._ended = self._retired = False
        self._delay = _FIRST
        self._timer: asyncio.TimerHandle | None = None
        self._last: Picture = {}
        self._publish()
        # Where nobody knows the model, as in an export, there is to be nothing.
        live = {WIDGET_VIEW: view_of(panel), "text/html": ""}
        display_bundle(live, display_id=f"{self._name}-live")
        panel.on_beside = self._settle
        panel.on_retire(self._let_go)
        self._again_in(_FIRST)
        keep_some(self, kind, most)

    # -- while it lives

    def touch(self) -> None:
        """Renew the picture soon, for something happened that a file should tell."""
        self._delay = _FIRST
        self._again_in(_SOON)

    def begin(self) -> None:
        """Take note that what had ended goes on, such as a job started again."""
        if self._ended:
            self._ended = False
            self.touch()

    def end(self) -> None:
        """Take note that what it shows has ended, or has changed since."""
        if self._retired:
            return
        first, self._ended = not self._ended, True
        if not first:
            self._again_in(_SOON)
            return
        self._cancel_timer()
        self._show_end()
        if not self._panel.answered:
            self._loop.call_later(_PATIENCE, self._give_up)

    def retire(self) -> None:
        """Leave the picture alone in the cell."""
        if self._retired:
            return
        self._retired = True
        bundle = self._picture()
        if self._panel.beside is False:
            display_bundle(bundle, display_id=f"{self._name}-live", update=True)
        else:
            display_bundle(bundle, display_id=self._name, update=True)
            display_bundle({}, display_id=f"{self._name}-live", update=True)
        self._panel.retire()

    @property
    def replaceable(self) -> bool:
        """Whether the picture may stand for the panel, as far as anybody can see."""
        return (self._ended or self._endless) and not self._panel.visible

    # -- within

    def _publish(self) -> None:
        bundle = self._picture()
        if bundle == self._last:
            return
        update, self._last = bool(self._last), bundle
        styled = {**bundle, "text/html": _STYLE + bundle["text/html"]}
        display_bundle(styled, display_id=self._name, update=update)

    def _settle(self) -> None:
        """Do as the front end needs it."""
        if self._panel.beside is False and not self._retired:
            display_bundle({}, display_id=self._name, update=True)
            if self._ended:
                self._take_place()

    def _take_place(self) -> None:
        """Put the picture where the panel is, in a front end that shows both."""
        bundle = self._picture()
        if self._panel.irreplaceable:
            bundle = {WIDGET_VIEW: view_of(self._panel), **bundle}
        display_bundle(bundle, display_id=f"{self._name}-live", update=True)

    def _show_end(self) -> None:
        if self._panel.beside is False:
            self._take_place()
        else:
            self._publish()
            _stale[self._name] = _Stale(self._picture, _never)

    def _let_go(self) -> None:
        """Renew nothing any more, for the panel is gone."""
        self._retired = True
        self._cancel_timer()
        forget(self)

    def _give_up(self) -> None:
        if self._ended and not self._retired and not self._panel.answered:
            self.retire()

    def _again_in(self, delay: float) -> None:
        at = self._loop.time() + delay
        if self._timer is None or self._timer.when() > at:
            self._cancel_timer()
            self._timer = self._loop.call_at(at, self._renew)

    def _renew(self) -> None:
        self._timer = None
        if self._ended:
            self._show_end()
            return
        if self._panel.answered and self._panel.beside:
            self._publish()
            self._delay = min(2 * self._delay, _RAREST)
        self._again_in(self._delay)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
