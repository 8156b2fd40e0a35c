"""The questions that wait for a person, in order, and what became of those before."""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
import time
from collections import OrderedDict
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Literal, TypeAlias, overload

from notebook_async.core._short import one_line
from notebook_async.core.hooks import publish, wanted
from notebook_async.core.records import QuestionRecord
from notebook_async.errors import PromptCancelledError, PromptTimeout
from notebook_async.prompts._prompt import Asking, Prompt
from notebook_async.prompts._question import Answered, End, Reply
from notebook_async.prompts._reading import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from notebook_async.core.records import Phase
    from notebook_async.prompts._question import Question

    Change: TypeAlias = Literal["asked", "refused", "closed"]
    Watcher: TypeAlias = Callable[[Change, Prompt], object]

__all__ = ["PromptQueue", "Watching", "next_id", "pending", "tell"]

_log = logging.getLogger("notebook_async")
_numbers = itertools.count(1)
_MOST_TEXT = 1000
_MOST_REASON = 300
_PHASES: dict[End, Phase] = {
    "answered": "done",
    "default": "done",
    "timeout": "failed",
    "cancelled": "cancelled",
}


def next_id() -> str:
    """Return an id that no other question of this process has."""
    return f"prompt-{next(_numbers)}"


def tell(question: Question, phase: Phase) -> None:
    """Publish that a person is asked, or what has become of it; never the answer."""
    if wanted(QuestionRecord):
        record = QuestionRecord(
            at=perf_counter(),
            source=question.source,
            phase=phase,
            question=question.id,
            text=one_line(question.text, most=_MOST_TEXT),
        )
        publish(record)


class Watching:
    """The registration of a callback of a queue; `remove()` ends it."""

    def __init__(self, queue: PromptQueue, callback: Watcher) -> None:
        self._queue = queue
        self.callback = callback

    def remove(self) -> None:
        """End the registration; a second call does nothing."""
        self._queue._forget(self)  # noqa: SLF001 - one thing with its queue


class PromptQueue:
    """Questions that wait for a person, the oldest first; `pending` is everybody's.

    Everything here may be called from any thread, and no answer raises: what is wrong
    with one is said in the `Reply`.

    Parameters
    ----------
    history
        How many closed questions it remembers.

    Examples
    --------
    >>> from notebook_async.prompts import HeldPresenter, ask, pending, set_presenter
    >>> before = set_presenter(HeldPresenter())
    >>> names = [asyncio.create_task(ask(f"Name {n}?")) for n in (1, 2)]
    >>> await asyncio.sleep(0)
    >>> [prompt.question.text for prompt in pending]
    ['Name 1?', 'Name 2?']
    >>> for prompt in pending:
    ...     reply = pending.answer(prompt.id, prompt.question.text[5:6])
    >>> await asyncio.gather(*names)
    ['1', '2']
    >>> pending.answer(prompt.id, "3").message
    'answered already, at ..., by code: 2'
    >>> _ = set_presenter(before)
    """

    def __init__(self, *, history: int = 100) -> None:
        self._lock = threading.RLock()
        self._open: dict[str, Prompt] = {}
        self._most = history
        self._history: OrderedDict[str, Answered] = OrderedDict()
        self._watchers: tuple[Watching, ...] = ()

    # -- what there is

    def __len__(self) -> int:
        return len(self._open)

    def __bool__(self) -> bool:
        # An empty queue is a queue all the same.
        return True

    def __iter__(self) -> Iterator[Prompt]:
        with self._lock:
            return iter(list(self._open.values()))

    @overload
    def __getitem__(self, key: str) -> Prompt: ...
    @overload
    def __getitem__(self, key: int) -> Prompt: ...
    def __getitem__(self, key: str | int) -> Prompt:
        """Return an open question by its id, or by its place."""
        return self._open[key] if isinstance(key, str) else list(self)[key]

    def get(self, key: object) -> Prompt | None:
        """Return an open question by its id, or None."""
        return self._open.get(key) if isinstance(key, str) else None

    @property
    def history(self) -> tuple[Answered, ...]:
        """Records of the last questions that were closed, the oldest first."""
        with self._lock:
            return tuple(self._history.values())

    def clear_history(self) -> None:
        """Forget the questions that were closed."""
        with self._lock:
            self._history.clear()

    def on_change(self, callback: Watcher) -> Watching:
        """Call `callback(change, prompt)` with each change from now on.

        Parameters
        ----------
        callback
            Takes `asked`, `refused` or `closed`, and the prompt. It is called in the
            thread that makes the change and must be quick. What it raises is logged.

        Examples
        --------
        >>> from notebook_async.prompts import answers, ask, pending
        >>> watching = pending.on_change(lambda change, prompt: print(change))
        >>> with answers({"Your name?": "Ada"}):
        ...     await ask("Your name?")  # needs no person
        'Ada'
        >>> watching.remove()
        """
        watching = Watching(self, callback)
        with self._lock:
            self._watchers = (*self._watchers, watching)
        return watching

    # -- what a person does

    def answer(self, key: object, raw: object, *, how: str = "by code") -> Reply:
        """Answer an open question; the first good answer counts.

        It is checked in the thread that answers, by pydantic and by `validate=`.

        Parameters
        ----------
        key
            The id of the question.
        raw
            Plain data, as `Field` says.
        how
            By what means, in words, for the record.

        Returns
        -------
        Reply
            Whether it was taken, or why not. It is never an exception.
        """
        prompt = self.get(key)
        if prompt is None:
            return self._too_late(key)
        asking = prompt._asking  # noqa: SLF001
        found = read(asking.reader, asking.validate, raw)
        if found.errors:
            return self._refuse(prompt, raw, dict(found.errors))
        ended = self._record(prompt, "answered", how, asking.reader.shown(found.value))
        if self._close(prompt, ended, found.value, None):
            return Reply(status="accepted", message=f"answered: {ended.shown}")
        return self._too_late(prompt.id)

    def take_default(self, key: object, *, how: str = "by code") -> Reply:
        """Answer an open question by its default; refused where it has none.

        Parameters
        ----------
        key
            The id of the question.
        how
            By what means, in words, for the record.
        """
        prompt = self.get(key)
        if prompt is None:
            return self._too_late(key)
        asking = prompt._asking  # noqa: SLF001
        if asking.default is ...:
            return self._refuse(prompt, None, {"": "has no default"})
        shown = asking.reader.shown(asking.default)
        ended = self._record(prompt, "default", f"its default, {how}", shown)
        if self._close(prompt, ended, asking.default, None):
            return Reply(status="accepted", message=f"the default: {shown}")
        return self._too_late(prompt.id)

    def cancel(
        self, key: object, reason: str | None = None, *, how: str = "by code"
    ) -> Reply:
        """Say that nobody will answer a question: it raises `PromptCancelledError`.

        Parameters
        ----------
        key
            The id of the question.
        reason
            Why not, for the asker.
        how
            By what means, in words, for the record.
        """
        prompt = self.get(key)
        if prompt is None:
            return self._too_late(key)
        if not isinstance(reason, str):
            reason = None
        why = one_line(reason, most=_MOST_REASON) if reason else None
        error = PromptCancelledError(prompt.question.text, reason=why)
        ended = self._record(prompt, "cancelled", f"cancelled {how}", why or "")
        if self._close(prompt, ended, None, error):
            return Reply(status="accepted", message="cancelled")
        return self._too_late(prompt.id)

    def _refuse(self, prompt: Prompt, raw: object, errors: dict[str, str]) -> Reply:
        with self._lock:
            if prompt.id not in self._open:
                return self._too_late(prompt.id)
            prompt.keep(raw, errors)
        self._changed("refused", prompt)
        words = (f"{path}: {why}" if path else why for path, why in errors.items())
        return Reply(status="refused", message="; ".join(words), errors=errors)

    def _too_late(self, key: object) -> Reply:
        with self._lock:
            ended = self._history.get(key) if isinstance(key, str) else None
        if ended is None:
            name = one_line(key, most=50) if isinstance(key, str) else "such"
            return Reply(status="unknown", message=f"no question {name} is open")
        words = f"{_HAS_ENDED[ended.end]}, at {ended.when}, {ended.how}"
        if ended.shown:
            words = f"{words}: {ended.shown}"
        return Reply(status="closed", message=words, ended=ended)

    # -- for whoever asks

    @contextmanager
    def hold(self, asking: Asking) -> Iterator[Prompt]:
        """Keep a question open; leaving closes it, if nothing has done so before."""
        question, loop = asking.question, asyncio.get_running_loop()
        seconds = question.timeout
        due = None if seconds is None else loop.time() + max(0.0, seconds)
        prompt = Prompt(asking, self, loop, due)
        with self._lock:
            self._open[question.id] = prompt
        timer = None if due is None else loop.call_at(due, self._time_is_over, prompt)
        if asking.told:
            tell(question, "waiting")
        self._changed("asked", prompt)
        try:
            yield prompt
        finally:
            if timer is not None:
                timer.cancel()
            self.give_up(prompt)
            prompt.forget()

    def give_up(self, prompt: Prompt) -> Answered:
        """Close a question whose asker waits no more; return how it ended."""
        ended = self._record(prompt, "cancelled", "whoever asked was cancelled")
        self._close(prompt, ended, None, None)
        return prompt.ended or ended

    def fail(self, prompt: Prompt, error: Exception) -> None:
        """Close a question that cannot be asked any more: it raises `error`."""
        ended = self._record(prompt, "cancelled", "it could not be shown")
        self._close(prompt, ended, None, error)

    def add_closed(self, asking: Asking, end: End, how: str, value: object) -> Answered:
        """Take note of a question that needed no person."""
        question = asking.question
        ended = _record(question, end, how, asking.reader.shown(value))
        if asking.told:
            tell(question, "waiting")
            tell(question, _PHASES[end])
        with self._lock:
            self._remember(ended)
        return ended

    def _time_is_over(self, prompt: Prompt) -> None:
        asking, question = prompt._asking, prompt.question  # noqa: SLF001
        seconds = question.timeout or 0.0
        how = f"nobody answered within {seconds:g} s"
        if asking.default is ...:
            error = PromptTimeout(question.text, timeout=seconds)
            self._close(prompt, self._record(prompt, "timeout", how), None, error)
            return
        shown = asking.reader.shown(asking.default)
        ended = self._record(prompt, "default", how, shown)
        self._close(prompt, ended, asking.default, None)

    def _close(
        self, prompt: Prompt, ended: Answered, value: object, error: Exception | None
    ) -> bool:
        """Close a question in one of its ways; tell whether it was still open."""
        with self._lock:
            if self._open.pop(prompt.id, None) is None:
                return False
            self._remember(ended)
            prompt.end(ended, value, error)
        if prompt._asking.told:  # noqa: SLF001
            tell(prompt.question, _PHASES[ended.end])
        self._changed("closed", prompt)
        return True

    def _remember(self, ended: Answered) -> None:
        self._history[ended.id] = ended
        while len(self._history) > self._most:
            self._history.popitem(last=False)

    @staticmethod
    def _record(prompt: Prompt, end: End, how: str, shown: str = "") -> Answered:
        return _record(prompt.question, end, how, shown)

    def _changed(self, change: Change, prompt: Prompt) -> None:
        for watching in self._watchers:
            try:
                watching.callback(change, prompt)
            except Exception:  # noqa: BLE001 - a viewer's fault must not be the asker's
                _log.exception("a callback of the questions failed on %r", prompt)

    def _forget(self, watching: Watching) -> None:
        with self._lock:
            rest = (each for each in self._watchers if each is not watching)
            self._watchers = tuple(rest)

    def __repr__(self) -> str:
        return f"<PromptQueue {len(self)} open>"


_HAS_ENDED: dict[End, str] = {
    "answered": "answered already",
    "default": "the default was taken",
    "timeout": "its time was over",
    "cancelled": "cancelled already",
}


def _record(question: Question, end: End, how: str, shown: str) -> Answered:
    return Answered(
        id=question.id,
        text=question.text,
        kind=question.kind,
        end=end,
        shown=shown,
        at=time.time(),
        how=how,
        source=question.source,
    )


pending = PromptQueue()
"""The questions of this process that wait for a person."""
