"""Ask a person, from a cell, a job or a step: typed questions and their answers.

No front end is known here. One that wants to show questions installs itself by
`set_presenter`; `pending` is the queue of those that are open, and takes the answers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from notebook_async.core._people import set_follow

if TYPE_CHECKING:
    from notebook_async.core._people import AskingRun, Follower
    from notebook_async.prompts._answers import ANSWERS_VARIABLE, answers
    from notebook_async.prompts._ask import approve, ask, choose
    from notebook_async.prompts._console import Console
    from notebook_async.prompts._event_prompts import EventPrompts
    from notebook_async.prompts._events import ask_event
    from notebook_async.prompts._form import MAX_BYTES, Field, FieldKind, Form, Plain
    from notebook_async.prompts._patience import set_patience
    from notebook_async.prompts._presenters import (
        HeldPresenter,
        Presenter,
        Shown,
        set_presenter,
    )
    from notebook_async.prompts._prompt import Prompt
    from notebook_async.prompts._question import Answered, Question, Reply
    from notebook_async.prompts._queue import PromptQueue, Watching, pending
    from notebook_async.prompts._terminal import TerminalPresenter
    from notebook_async.prompts._values import Approval, UploadedFile

__all__ = [
    "ANSWERS_VARIABLE",
    "MAX_BYTES",
    "Answered",
    "Approval",
    "Console",
    "EventPrompts",
    "Field",
    "FieldKind",
    "Form",
    "HeldPresenter",
    "Plain",
    "Presenter",
    "Prompt",
    "PromptQueue",
    "Question",
    "Reply",
    "Shown",
    "TerminalPresenter",
    "UploadedFile",
    "Watching",
    "answers",
    "approve",
    "ask",
    "ask_event",
    "choose",
    "pending",
    "set_patience",
    "set_presenter",
]

# Loaded on first use (PEP 562): a front end that installs itself needs a part of it.
_MODULES = {
    "ANSWERS_VARIABLE": "_answers",
    "Answered": "_question",
    "Approval": "_values",
    "Console": "_console",
    "EventPrompts": "_event_prompts",
    "Field": "_form",
    "FieldKind": "_form",
    "Form": "_form",
    "HeldPresenter": "_presenters",
    "MAX_BYTES": "_form",
    "Plain": "_form",
    "Presenter": "_presenters",
    "Prompt": "_prompt",
    "PromptQueue": "_queue",
    "Question": "_question",
    "Reply": "_question",
    "Shown": "_presenters",
    "TerminalPresenter": "_terminal",
    "UploadedFile": "_values",
    "Watching": "_queue",
    "answers": "_answers",
    "approve": "_ask",
    "ask": "_ask",
    "ask_event": "_events",
    "choose": "_ask",
    "pending": "_queue",
    "set_patience": "_patience",
    "set_presenter": "_presenters",
}


def _follow(run: AskingRun) -> Follower:
    from notebook_async.prompts._run_prompts import RunPrompts  # noqa: PLC0415 - on use

    return RunPrompts(run)


# From now on runs of workflows whose steps ask people are told to this room.
set_follow(_follow)


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
