"""What all live panels have in common: views that greet, look, miss things and act.

What comes from a front end is untrusted: a message that is not understood, whole, is
ignored.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget

from notebook_async.kernel import front_end_answered
from notebook_async.widgets._pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["LivePanel", "Panel", "built"]

_STATIC = Path(__file__).parent / "static"


def built(name: str) -> str:
    """Return a built module or style sheet, as a panel's class takes it.

    It takes a path, too, but then a signal of that file keeps every panel alive for
    ever, and what it shows.

    Parameters
    ----------
    name
        The file's.
    """
    return (_STATIC / name).read_text("utf-8")


class Panel(anywidget.AnyWidget):
    """A widget that obeys its views, and knows whether somebody sees one.

    Attributes
    ----------
    answered
        Whether a front end has made a view of it.
    visible
        Whether somebody sees it.
    beside
        Whether the front end hides the still picture that stands before the panel; None
        while nobody has said.
    on_beside
        What to call once that is known.
    """

    def __init__(self, **traits: Any) -> None:
        self._loop = asyncio.get_running_loop()
        self.answered = False
        self.visible = False
        self.beside: bool | None = None
        self.on_beside: Callable[[], object] | None = None
        self._undo: list[Callable[[], object]] = []
        super().__init__(**traits)
        self.on_msg(self._on_message)

    @property
    def shown(self) -> Any:
        """The widget to be displayed."""
        return self

    @property
    def irreplaceable(self) -> bool:
        """Whether there is something in it that no picture can stand for."""
        return False

    def on_retire(self, callback: Callable[[], object]) -> None:
        """Call back once the panel is given up."""
        self._undo.append(callback)

    def retire(self) -> None:
        """Send nothing any more, and let the front end forget it."""
        self.close()

    def close(self) -> None:
        """Send nothing any more; `retire` closes what stands around it as well."""
        # Python calls this too, on what could not be made.
        undo = getattr(self, "_undo", [])
        while undo:
            undo.pop()()
        super().close()

    def _replace(self, name: str, value: Any) -> None:
        # Assigning sends nothing where the value is the same, and a view waits for it.
        self._trait_values[name] = value
        self.send_state(name)

    def _see(self) -> None:
        """Take note of whether somebody sees it from now on."""

    def _act(self, content: dict[str, Any]) -> None:
        """Do what a message of this kind of panel asks for."""
        raise NotImplementedError

    # -- messages from the front end: on any thread where no bridge is

    def _on_message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict):
            self._loop.call_soon_threadsafe(self._obey, content)

    def _obey(self, content: dict[str, Any]) -> None:
        match content:
            case {"type": "hello"}:
                self.answered = True
                front_end_answered()
            case {"type": "visible", "visible": bool(visible)}:
                self.visible = visible
                self._see()
                self._note_beside(content.get("beside"))
            case {"type": str()}:
                self._act(content)

    def _note_beside(self, beside: object) -> None:
        if isinstance(beside, bool) and self.beside is None:
            self.beside = beside
            if self.on_beside is not None:
                self.on_beside()


class LivePanel(Panel):
    """A panel that polls what it shows, at a pace.

    Parameters
    ----------
    parts
        Each sends one message if there is something new, and tells whether it did.
    traits
        What the first message to the front end says.
    """

    def __init__(self, parts: Iterable[Callable[[], bool]], **traits: Any) -> None:
        self._pace = Pace(asyncio.get_running_loop(), parts)
        super().__init__(**traits)
        self.on_retire(self._pace.close)

    def _see(self) -> None:
        self._pace.watch(visible=self.visible)
