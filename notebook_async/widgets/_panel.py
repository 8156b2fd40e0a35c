"""What all live panels have in common: views that greet, look, miss things and act.

What comes from a front end is untrusted: a message that is not understood, whole, is
ignored.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import anywidget

from notebook_async.kernel import front_end_answered
from notebook_async.widgets._pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["LivePanel"]


class LivePanel(anywidget.AnyWidget):
    """A widget that polls what it shows, and obeys its views.

    Attributes
    ----------
    answered
        Whether a front end has made a view of it.
    beside
        Whether the front end hides the still picture that stands before the panel; None
        while nobody has said.
    on_beside
        What to call once that is known.
    """

    def __init__(self, parts: Iterable[Callable[[], bool]], **traits: Any) -> None:
        self._loop = asyncio.get_running_loop()
        self._pace = Pace(self._loop, parts)
        self.answered = False
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
    def holds_widgets(self) -> bool:
        """Whether there are widgets in it that no picture can stand for."""
        return False

    @property
    def visible(self) -> bool:
        """Whether somebody sees it."""
        return self._pace.visible

    def on_retire(self, callback: Callable[[], object]) -> None:
        """Call back once the panel is given up."""
        self._undo.append(callback)

    def retire(self) -> None:
        """Send nothing any more, and let the front end forget it."""
        while self._undo:
            self._undo.pop()()
        self._pace.stop()
        self.close()

    def _replace(self, name: str, value: Any) -> None:
        # Assigning sends nothing where the value is the same, and a view waits for it.
        self._trait_values[name] = value
        self.send_state(name)

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
                self._pace.watch(visible=visible)
                self._note_beside(content.get("beside"))
            case {"type": str()}:
                self._act(content)

    def _note_beside(self, beside: object) -> None:
        if isinstance(beside, bool) and self.beside is None:
            self.beside = beside
            if self.on_beside is not None:
                self.on_beside()
