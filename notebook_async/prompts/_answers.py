"""Answers that are given beforehand, by name or by the text of the question."""

from __future__ import annotations

import inspect
import json
import os
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from notebook_async.errors import ArgumentTypeError, SeededAnswerError
from notebook_async.prompts._form import MAX_BYTES
from notebook_async.prompts._values import UploadedFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextvars import Context, Token
    from types import TracebackType

    from notebook_async.prompts._form import Field
    from notebook_async.prompts._question import Question

__all__ = [
    "ANSWERS_VARIABLE",
    "Seed",
    "answers",
    "find_seed",
    "seed_value",
    "with_seeds_of",
]

ANSWERS_VARIABLE = "NOTEBOOK_ASYNC_ANSWERS"
"""Names a JSON file with answers: an object of names, or of texts of questions."""


class answers:  # noqa: N801 - used like a function, as `contextlib.suppress` is
    """Answer questions beforehand, within a `with` or an `async with` block.

    Tasks that start inside find these answers too; other tasks do not, so that tests
    may run side by side. Blocks may be nested: the innermost answer counts.

    Parameters
    ----------
    given
        Answers by the name of the question, or else by its text. Each is what a person
        would type, or a value of the type that is asked for. A list has one answer for
        each time the question is asked; where the answer is itself a list, that is a
        list of lists. A function is called with the `Question`, and may be async.

    Attributes
    ----------
    unused
        Names of answers that nobody has asked for, or of lists that were not used up.

    Examples
    --------
    >>> from notebook_async import ask, choose
    >>> with answers({"Your name?": "Ada", "n": [1, 2], "town": "Bern"}) as seeded:
    ...     await ask("Your name?")
    ...     await ask("How many?", int, name="n")
    'Ada'
    1
    >>> seeded.unused
    ('n', 'town')
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        keys: list[object] = list(given)
        wrong = [key for key in keys if not isinstance(key, str)]
        if wrong:
            raise ArgumentTypeError(
                f"answers go by name or by the text of the question, got {wrong[0]!r}"
            )
        self._given = dict(given)
        self._counts = dict.fromkeys(given, 0)
        self._lists: set[str] = set()
        self.outer: answers | None = None
        self._token: Token[answers | None] | None = None

    @property
    def unused(self) -> tuple[str, ...]:
        """Names of answers that nobody has asked for, or not as often as there are."""
        return tuple(
            key for key, count in self._counts.items() if count < self._due(key)
        )

    def _due(self, key: str) -> int:
        return len(self._given[key]) if key in self._lists else 1

    def take(self, question: Question) -> Seed | None:
        """Return its answer to a question, or None; for `ask`."""
        for key in (question.name, question.text, question.text.strip()):
            if key is not None and key in self._given:
                return self._take(key, question)
        return None

    def _take(self, key: str, question: Question) -> Seed:
        value = self._given[key]
        if _is_sequence(value, question.form.root):
            self._lists.add(key)
            used = self._counts[key]
            if used >= len(value):
                raise SeededAnswerError(
                    key, {"": f"all {used} answers to it have been used"}
                )
            value = value[used]
        self._counts[key] += 1
        return Seed(key, value)

    def __enter__(self) -> Self:
        self.outer = _seeded.get()
        self._token = _seeded.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _seeded.reset(self._token)
            self._token = None

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)

    def chain(self) -> Iterator[answers]:
        """Return this block and those around it; for `ask`."""
        seeded: answers | None = self
        while seeded is not None:
            yield seeded
            seeded = seeded.outer

    def __repr__(self) -> str:
        # The answers themselves may be secrets.
        return f"<answers to {', '.join(map(repr, self._given)) or 'nothing'}>"


def with_seeds_of(context: Context, other: Context) -> Context:
    """Return a copy of a context that finds seeded answers of another, if it has none.

    Parameters
    ----------
    context
        What is copied.
    other
        Where answers may have been given before.
    """
    copy = context.copy()
    seeded = other.get(_seeded)
    if copy.get(_seeded) is None and seeded is not None:
        copy.run(_seeded.set, seeded)
    return copy


class Seed:
    """An answer that was found, and its name; it never shows its value."""

    __slots__ = ("key", "value")

    def __init__(self, key: str, value: Any) -> None:  # noqa: ANN401
        self.key = key
        self.value = value


_seeded: ContextVar[answers | None] = ContextVar("notebook_async_answers", default=None)
_files: dict[str, answers] = {}


def find_seed(question: Question) -> Seed | None:
    """Return the answer that was given beforehand, the innermost one, or None."""
    innermost = _seeded.get()
    for seeded in () if innermost is None else innermost.chain():
        found = seeded.take(question)
        if found is not None:
            return found
    named = os.environ.get(ANSWERS_VARIABLE)
    return _from_file(named).take(question) if named else None


async def seed_value(seed: Seed, question: Question) -> Any:  # noqa: ANN401
    """Return what to read as the answer: functions are called, files are read."""
    value = seed.value
    if callable(value) and not isinstance(value, type):
        value = value(question)
        if inspect.isawaitable(value):
            value = await value
    root = question.form.root
    if root.kind == "file" and isinstance(value, str | Path):
        try:
            value = UploadedFile.read(value, max_bytes=root.max_bytes or MAX_BYTES)
        except (OSError, ValueError) as error:
            raise SeededAnswerError(seed.key, {"": str(error)}) from None
    return value


def _is_sequence(value: object, root: Field) -> bool:
    """Tell whether a list is of several answers, for one after the other."""
    if not isinstance(value, list):
        return False
    if root.kind == "list" or root.many:
        return bool(value) and all(isinstance(each, list) for each in value)
    return True


def _from_file(name: str) -> answers:
    """Return the answers in a file; it is read once, for lists are used up."""
    if name not in _files:
        _files[name] = _read(name)
    return _files[name]


def _read(name: str) -> answers:
    try:
        given = json.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        why = f"{ANSWERS_VARIABLE} names a file that cannot be read ({error.strerror})"
    except ValueError:
        why = f"{ANSWERS_VARIABLE} names a file that is no JSON"
    else:
        if isinstance(given, dict):
            return answers(given)
        why = f"{ANSWERS_VARIABLE} names a file that is no JSON object of answers"
    raise SeededAnswerError(name, {"": why})
