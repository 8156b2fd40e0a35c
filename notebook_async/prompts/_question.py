"""A question as data, and what is left of it once it is closed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from notebook_async.core._short import one_line

if TYPE_CHECKING:
    from notebook_async.prompts._form import Form, Plain

__all__ = ["Answered", "End", "Kind", "Question", "Reply"]

Kind: TypeAlias = Literal["ask", "approve", "choose"]
End: TypeAlias = Literal["answered", "default", "timeout", "cancelled"]

_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person is asked, as data; it never holds an answer.

    Attributes
    ----------
    id
        Tells the questions of a process apart.
    text
        What is asked. It is text, never markup.
    kind
        Which of `ask`, `approve` and `choose` asks.
    form
        What is asked for.
    name
        What seeded answers may call it, or None.
    help, placeholder
        More words for people, or "".
    detail
        What a decision is about: any object, which a front end shows as a cell would.
    has_default, default
        Whether there is a default, and how it shows, as plain data.
    timeout
        Seconds that there are to answer, or None.
    created, deadline
        When it was asked, and when its time is over, in seconds since the epoch.
    secret
        Whether the answer shows as dots, and is kept nowhere.
    source
        Path of ids of whatever asks, from the outermost, such as `("job-3",)`.

    Examples
    --------
    >>> from notebook_async.prompts import Field, Form
    >>> question = Question(id="prompt-1", text="Your name?", form=Form(Field()))
    >>> question
    <Question prompt-1 'Your name?'>
    """

    id: str
    text: str
    form: Form
    kind: Kind = "ask"
    name: str | None = None
    help: str = ""
    placeholder: str = ""
    detail: Any = None
    has_default: bool = False
    default: Plain = None
    timeout: float | None = None
    created: float = field(default_factory=time.time)
    deadline: float | None = None
    secret: bool = False
    source: tuple[str, ...] = ()

    @property
    def job(self) -> str | None:
        """The id of the job that asks, as its records have it, or None."""
        first = self.source[0] if self.source else ""
        return first if first.startswith("job-") else None

    @property
    def key(self) -> str:
        """What names its answer among seeded ones: its name, or else its text."""
        return self.text if self.name is None else self.name

    def to_dict(self) -> dict[str, Any]:
        """Return it as data for JSON, without `detail`.

        Examples
        --------
        >>> from notebook_async.prompts import Field, Form
        >>> question = Question(id="prompt-1", text="Your name?", form=Form(Field()))
        >>> question.to_dict()["form"]
        {'single': True, 'fields': [{'name': '', 'kind': 'text'}]}
        """
        names = ("id", "text", "kind", "name", "help", "placeholder", "has_default")
        times = ("default", "timeout", "created", "deadline", "secret")
        data = {name: getattr(self, name) for name in (*names, *times)}
        return {**data, "form": self.form.to_dict(), "source": list(self.source)}

    def __repr__(self) -> str:
        return f"<Question {self.id} {one_line(self.text, most=_MOST)!r}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The record of a question that is closed: what stays in a notebook.

    Attributes
    ----------
    id, text, kind, source
        As in `Question`.
    end
        How it ended: `answered`, by its `default`, by `timeout` without one, or
        `cancelled`.
    shown
        The answer as one line, dots for a secret one; "" where there is none.
    at
        When, in seconds since the epoch.
    how
        By what means, in words.

    Examples
    --------
    >>> print(Answered(id="prompt-1", text="Your name?", shown="Ada", how="typed"))
    Your name? Ada (typed)
    """

    id: str
    text: str
    kind: Kind = "ask"
    end: End = "answered"
    shown: str = ""
    at: float = field(default_factory=time.time)
    how: str = ""
    source: tuple[str, ...] = ()

    @property
    def when(self) -> str:
        """The time of day, as 18:30:05."""
        return time.strftime("%H:%M:%S", time.localtime(self.at))

    def __str__(self) -> str:
        words = [self.text, self.shown, f"({self.how})" if self.how else ""]
        return " ".join(filter(None, words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What became of an answer; true where it was taken.

    Attributes
    ----------
    status
        `accepted`; `refused`, and the question stays open; `closed`, for it had ended
        before; or `unknown`, where no such question is remembered.
    message
        That in words, for the person who answered.
    errors
        Of a refused one, what is wrong, by path of the field; "" is the whole.
    ended
        Of a closed one, its record.

    Examples
    --------
    >>> bool(Reply(status="refused", message="days: must be at least 1"))
    False
    """

    status: Literal["accepted", "refused", "closed", "unknown"]
    message: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    ended: Answered | None = None

    def __bool__(self) -> bool:
        return self.status == "accepted"
