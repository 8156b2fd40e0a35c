"""Questions on a terminal, one after the other, while everything else goes on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from notebook_async.prompts._console import TerminalConsole, has_terminal
from notebook_async.prompts._terminal_fields import (
    DEFAULT,
    Refused,
    ask_field,
    clean,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from notebook_async.prompts._console import Console
    from notebook_async.prompts._form import Field
    from notebook_async.prompts._prompt import Prompt
    from notebook_async.prompts._question import Answered, Reply

__all__ = ["TerminalPresenter", "terminal"]

_HOW = "in the terminal"
# A terminal holds one dialogue at a time; the next waits for its turn.
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


class TerminalPresenter:
    """Ask in text: on the terminal, or wherever lines come from.

    Parameters
    ----------
    console
        Shows text and gives lines.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console: Console = TerminalConsole() if console is None else console
        self._own = console is not None

    def can_present(self) -> bool:
        """Tell whether a person may type something."""
        return self._own or has_terminal()

    def present(self, prompt: Prompt) -> _Dialogue:
        """Ask, once the questions before it are closed."""
        return _Dialogue(prompt, self._console)


class _Dialogue:
    """A question as the terminal shows it."""

    def __init__(self, prompt: Prompt, console: Console) -> None:
        self._console = console
        self._begun = False
        self._task = asyncio.create_task(self._hold(prompt), name=f"ask-{prompt.id}")

    def close(self, ended: Answered) -> None:
        """End it; where somebody was typing, say what has come of the question."""
        typing = self._begun and not self._task.done()
        self._task.cancel()
        if typing:
            self._console.release()
        if typing and ended.how != _HOW:
            words = f": {clean(ended.shown)}" if ended.shown else ""
            self._console.write(f"\n({ended.how}{words})\n")

    async def _hold(self, prompt: Prompt) -> None:
        turn = _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())
        try:
            async with turn, self._console.dialogue(prompt.interrupt):
                self._begun = True
                await _ask(self._console, prompt)
        except EOFError:
            prompt.cancel("the terminal has no more input", how=_HOW)
        except Exception as error:  # noqa: BLE001 - whoever asked must not wait for ever
            prompt.fail(error)


async def _ask(console: Console, prompt: Prompt) -> None:
    """Ask until an answer is taken."""
    if prompt.question.kind == "approve":
        await _ask_for_decision(console, prompt)
    elif prompt.question.form.single:
        await _ask_for_value(console, prompt)
    else:
        await _ask_for_fields(console, prompt)


async def _ask_for_decision(console: Console, prompt: Prompt) -> None:
    question = prompt.question
    if question.detail is not None:
        console.write(f"{clean(str(question.detail))}\n")
    default = question.default
    preset = default.get("approved") if isinstance(default, dict) else None
    approved, reason = question.form.fields
    while prompt.ended is None:
        field = replace(approved, default=preset)
        typed = await ask_field(console, field, clean(question.text))
        if typed is DEFAULT:
            prompt.take_default(how=_HOW)
            return
        answer = {"approved": typed}
        if _is_no(typed):
            why = await ask_field(console, reason, "Why not (Enter for no reason)")
            answer["reason"] = None if why is DEFAULT else why
        _tell(console, prompt.answer(answer, how=_HOW), question.form.fields)


def _is_no(typed: object) -> bool:
    return isinstance(typed, str) and typed.strip().lower() in {"n", "no"}


async def _ask_for_value(console: Console, prompt: Prompt) -> None:
    question = prompt.question
    field = question.form.root
    if question.help:
        console.write(f"{clean(question.help)}\n")
    # Without one, Enter is an answer: an empty one.
    field = replace(field, required=not question.has_default)
    while prompt.ended is None:
        typed = await ask_field(console, field, clean(question.text))
        if typed is DEFAULT:
            prompt.take_default(how=_HOW)
        elif isinstance(typed, Refused):
            console.write(f"  {typed.why}\n")
        else:
            _tell(console, prompt.answer(typed, how=_HOW))


async def _ask_for_fields(console: Console, prompt: Prompt) -> None:
    question = prompt.question
    console.write(f"{clean(question.text)}\n")
    words = question.help or question.form.root.help
    if words:
        console.write(f"{clean(words)}\n")
    typed: dict[str, Any] = {}
    wrong: Collection[str] = {field.name for field in question.form.fields}
    while prompt.ended is None:
        for field in question.form.fields:
            if field.name in wrong:
                await _fill(console, field, typed)
        reply = prompt.answer(typed, how=_HOW)
        _tell(console, reply, question.form.fields)
        wrong = {path.partition(".")[0] for path in reply.errors}
        if "" in wrong:
            wrong = {field.name for field in question.form.fields}


async def _fill(console: Console, field: Field, typed: dict[str, Any]) -> None:
    value: object = Refused("")
    while isinstance(value, Refused):
        value = await ask_field(console, field, clean(field.label or field.name), "  ")
        if isinstance(value, Refused):
            console.write(f"    {value.why}\n")
    typed.pop(field.name, None)
    if value is not DEFAULT:
        typed[field.name] = value


def _tell(console: Console, reply: Reply, fields: tuple[Field, ...] = ()) -> None:
    """Say what is wrong with an answer."""
    labels = {field.name: field.label for field in fields}
    for path, why in reply.errors.items():
        first, _, rest = path.partition(".")
        name = " ".join(filter(None, [labels.get(first) or first, rest]))
        console.write(f"  {clean(f'{name}: {why}' if name else why)}\n")


_terminal = TerminalPresenter()


def terminal() -> TerminalPresenter | None:
    """Return what asks on the terminal, if there is one."""
    return _terminal if _terminal.can_present() else None
