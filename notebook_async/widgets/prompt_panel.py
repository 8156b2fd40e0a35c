"""The live panel of one question: its form, and after that its record.

What pages send is checked in the kernel alone, by the question itself. Answers come as
plain data, files in pieces before them; whatever else comes is noted and ignored.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import traitlets

from notebook_async.core._short import short
from notebook_async.widgets._panel import LivePanel, built
from notebook_async.widgets._prompt_uploads import Uploads
from notebook_async.widgets._prompt_wire import (
    fits,
    question_message,
    record_message,
    without_secrets,
)

if TYPE_CHECKING:
    from notebook_async.prompts import Answered, Prompt

__all__ = ["PromptPanel"]

_log = logging.getLogger("notebook_async")

_MOST_ANSWER = 4_000_000
_MOST_DRAFT = 100_000
_MOST_REASON = 300
_TOO_LARGE = "the answer is too large"
_HOW = {"ask": "typed", "choose": "chosen", "approve": "by button"}


class PromptPanel(LivePanel):
    """Shows a question, and hands on what people answer.

    Parameters
    ----------
    prompt
        The question.

    Attributes
    ----------
    prompt
        As given.
    """

    _esm = built("prompt_panel.js")
    _css = built("prompt_panel.css")
    question = traitlets.Dict().tag(sync=True)
    refused = traitlets.Dict().tag(sync=True)
    record = traitlets.Dict().tag(sync=True)

    def __init__(self, prompt: Prompt) -> None:
        self.prompt = prompt
        self._root = prompt.question.form.root
        self._uploads = Uploads(self._root)
        self._draft: Any = None
        self._refusals = 0
        self._reply: dict[str, Any] | None = None
        self._finished = False
        super().__init__(
            [self._send_reply, self._send_progress], question=self._message(fresh=True)
        )

    def finish(self, ended: Answered) -> None:
        """Show the record from now on, and forget what was typed.

        Parameters
        ----------
        ended
            The record.
        """
        self._finished = True
        self._reply = self._draft = None
        self._uploads.clear()
        with self.hold_sync():
            self.question, self.refused = {}, {}
            self.record = record_message(self.prompt.question, ended)

    def get_state(self, key: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return the traits for a page that loads now, with the time that is left."""
        # A key asks for one trait that is about to be sent, which concerns no other.
        loads = key is None and "question" in self._trait_values
        if loads and not self._finished:
            again = self.comm is not None
            self._trait_values["question"] = self._message(fresh=not again)
            if again:
                self._uploads.leave()
        return super().get_state(key, *args, **kwargs)

    def set_state(self, sync_data: Any) -> None:
        """Ignore what a page says of traits: it only sends messages."""
        _log.debug("a page tried to set %s of a question", short(sync_data, most=200))

    def _message(self, *, fresh: bool) -> dict[str, Any]:
        return question_message(self.prompt, fresh=fresh, draft=self._draft)

    # -- what is told

    def _send_reply(self) -> bool:
        reply, self._reply = self._reply, None
        if reply is None or self._finished:
            return False
        self.refused = reply
        return True

    def _send_progress(self) -> bool:
        news = self._uploads.news()
        if news is None or self._finished:
            return False
        self.send(news)
        return True

    def _refuse(self, errors: dict[str, str]) -> None:
        self._refusals += 1
        self._reply = {"n": self._refusals, "errors": errors}
        self._pace.ask()

    # -- what a page sends

    def _handle_msg(self, msg: Any) -> None:
        """Take a message of the comm, if it is one of ours."""
        match msg:
            case {"content": {"data": {"method": "custom", "content": _}}}:
                super()._handle_msg({"buffers": [], **msg})
            case {"content": {"data": {"method": "request_state"}}}:
                self.send_state()
            case _:
                self._ignore(msg.get("content") if isinstance(msg, dict) else msg)

    def _on_message(self, _widget: Any, content: Any, buffers: Any) -> None:
        if not isinstance(content, dict):
            self._ignore(content)
        elif self._loop.is_closed():
            # A loop of its own, as of `asyncio.run`, has ended with the question.
            return
        elif content.get("type") == "piece":
            self._loop.call_soon_threadsafe(self._take_piece, content, buffers)
        else:
            super()._on_message(_widget, content, buffers)

    def _act(self, content: dict[str, Any]) -> None:
        match content:
            case {"type": "answer", "value": value}:
                self._answer(value)
            case {"type": "default"}:
                self._judge(self.prompt.take_default(how="by hand"))
            case {"type": "decline"}:
                reason = content.get("reason")
                why = reason[:_MOST_REASON] if isinstance(reason, str) else None
                self._judge(self.prompt.cancel(why or None, how="by hand"))
            case {"type": "draft", "value": value} if fits(value, _MOST_DRAFT):
                self._draft = without_secrets(self._root, value)
            case {"type": "drop", "upload": str(key)}:
                self._uploads.drop(key)
            case {"type": "resync"}:
                self._tell_again()
            case _:
                self._ignore(content)

    def _answer(self, value: Any) -> None:
        if not fits(value, _MOST_ANSWER):
            self._refuse({"": _TOO_LARGE})
            return
        how = _HOW[self.prompt.question.kind]
        self._judge(self.prompt.answer(self._uploads.fill(value), how=how))
        if self.prompt.ended is None:
            self._draft = without_secrets(self._root, value)

    def _judge(self, reply: Any) -> None:
        if reply.status == "refused":
            self._refuse(dict(reply.errors))
        elif reply.status != "accepted":
            # A page that does not know of the record, which may be on its way.
            self._tell_again()

    def _tell_again(self) -> None:
        if self._finished:
            self._replace("record", self.record)
        elif self.prompt.ended is None:
            self._replace("question", self._message(fresh=False))

    def _take_piece(self, content: dict[str, Any], buffers: Any) -> None:
        if self._finished or not self._uploads.take(content, buffers):
            self._ignore(content)
        self._pace.ask()

    def _ignore(self, content: Any) -> None:
        kind = content.get("type") if isinstance(content, dict) else type(content)
        # What it holds may be a secret.
        _log.debug("a message to a question makes no sense: %s", short(kind, most=60))
