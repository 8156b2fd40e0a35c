"""`ask`, `approve` and `choose`: what code calls to have a person answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from notebook_async.prompts._asking import approving, asking, choosing
from notebook_async.prompts._put import put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import EllipsisType, UnionType
    from typing import _SpecialForm

    from _typeshed import DataclassInstance
    from pydantic import BaseModel

    from notebook_async.prompts._values import Approval

    M = TypeVar("M", bound=BaseModel | DataclassInstance)

__all__ = ["approve", "ask", "choose"]

T = TypeVar("T")


@overload
async def ask(
    question: str,
    type: type[str] = ...,
    *,
    default: str | EllipsisType = ...,
    min: int | None = ...,
    max: int | None = ...,
    timeout: float | None = ...,  # noqa: ASYNC109
    secret: bool = ...,
    placeholder: str = ...,
    help: str = ...,
    validate: Callable[[str], object] | None = ...,
    name: str | None = ...,
) -> str: ...
@overload
async def ask(
    question: str,
    type: type[T],
    *,
    default: T | EllipsisType = ...,
    min: Any = ...,  # noqa: ANN401
    max: Any = ...,  # noqa: ANN401
    timeout: float | None = ...,  # noqa: ASYNC109
    secret: bool = ...,
    placeholder: str = ...,
    help: str = ...,
    validate: Callable[[T], object] | None = ...,
    name: str | None = ...,
) -> T: ...
@overload
async def ask(
    question: str,
    type: M,
    *,
    default: M | EllipsisType = ...,
    timeout: float | None = ...,  # noqa: ASYNC109
    help: str = ...,
    validate: Callable[[M], object] | None = ...,
    name: str | None = ...,
) -> M: ...
@overload
async def ask(
    question: str,
    type: UnionType | _SpecialForm,  # a union, a `Literal` or `Annotated`
    *,
    default: Any = ...,  # noqa: ANN401
    min: Any = ...,  # noqa: ANN401
    max: Any = ...,  # noqa: ANN401
    timeout: float | None = ...,  # noqa: ASYNC109
    secret: bool = ...,
    placeholder: str = ...,
    help: str = ...,
    validate: Callable[[Any], object] | None = ...,
    name: str | None = ...,
) -> Any: ...  # noqa: ANN401
async def ask(  # noqa: PLR0913
    question: str,
    type: Any = str,  # noqa: A002 - the word that a caller expects
    *,
    default: Any = ...,
    min: Any = None,  # noqa: A002
    max: Any = None,  # noqa: A002
    timeout: float | None = None,  # noqa: ASYNC109 - a policy of the question
    secret: bool = False,
    placeholder: str = "",
    help: str = "",  # noqa: A002
    validate: Callable[[Any], object] | None = None,
    name: str | None = None,
) -> Any:
    """Ask a person, and return the answer once it is a good one.

    In a notebook the question appears below the cell, or in the output of its job; in
    a terminal it is asked there; other code goes on meanwhile. Where nobody can be
    asked, an answer given beforehand counts, see `notebook_async.prompts.answers`.

    Parameters
    ----------
    question
        What to ask. It is text, never markup.
    type
        What is asked for: str, int, float, bool, a date or time, `Path`, `SecretStr`,
        `UploadedFile`, a `Literal` or an `Enum`, any of these or None, lists and dicts
        of these, a pydantic model or a dataclass, which become forms. An instance of a
        model is edited: its form starts with what it holds, and the same object comes
        back, changed (a frozen one is replaced).
    default
        What to return where nobody answers: at the end of `timeout`, or with nobody to
        ask. A form starts with it.
    min, max
        Bounds: of a number, a date or a time itself, of the length of a text or a list.
        Of a file, `max` is its size in bytes, 10 MB unless said otherwise.
    timeout
        Seconds to wait for a person; there is a countdown.
    secret
        Whether the answer shows as dots, and is kept in no record.
    placeholder, help
        More words for the form.
    validate
        Called with a value that is otherwise good: a text that it returns, False, or a
        `ValueError` that it raises, refuses it, and the question stays open.
    name
        What seeded answers may call the question.

    Returns
    -------
    object
        The answer, of the type that was asked for.

    Raises
    ------
    NoFrontEndError
        If nobody can be asked, and there is no default.
    PromptTimeout
        If nobody answered within `timeout`, and there is no default.
    PromptCancelledError
        If the person declined.
    SeededAnswerError
        If an answer given beforehand does not fit.

    Examples
    --------
    >>> from notebook_async import ask
    >>> from notebook_async.prompts import answers
    >>> with answers({"Your name?": "Ada", "How many?": 3}):
    ...     await ask("Your name?")
    ...     await ask("How many?", int, min=1, max=10)
    'Ada'
    3
    >>> await ask("How many?", int, default=1)  # nobody is there to be asked
    1
    """
    asked = asking(
        question,
        type,
        bounds=(min, max),
        secret=secret,
        validate=validate,
        default=default,
        timeout=timeout,
        placeholder=placeholder,
        help=help,
        name=name,
    )
    return await put(asked)


async def approve(  # noqa: PLR0913
    question: str,
    *,
    detail: object = None,
    default: bool | Approval | EllipsisType = ...,
    timeout: float | None = None,  # noqa: ASYNC109 - a policy of the question
    help: str = "",  # noqa: A002
    name: str | None = None,
) -> Approval:
    """Ask a person to agree; the answer is true or false, and may have a reason.

    Parameters
    ----------
    question
        What to ask. It is text, never markup.
    detail
        What it is about: any object, which is shown as a cell shows it.
    default
        The decision where nobody answers.
    timeout
        Seconds to wait for a person.
    help
        More words for the form.
    name
        What seeded answers may call the question.

    Returns
    -------
    Approval
        True where the person agreed; `reason` is what was said about it.

    Raises
    ------
    NoFrontEndError, PromptTimeout, PromptCancelledError, SeededAnswerError
        As in `ask`.

    Examples
    --------
    >>> from notebook_async import approve
    >>> from notebook_async.prompts import answers
    >>> no = {"approved": False, "reason": "the list is out of date"}
    >>> with answers({"Send 214 mails?": no}):
    ...     decision = await approve("Send 214 mails?")
    >>> bool(decision), decision.reason
    (False, 'the list is out of date')
    """
    asked = approving(
        question, detail=detail, default=default, timeout=timeout, help=help, name=name
    )
    decision: Approval = await put(asked)
    return decision


@overload
async def choose(
    question: str,
    options: Mapping[str, T],
    *,
    many: Literal[False] = ...,
    default: T | EllipsisType = ...,
    timeout: float | None = ...,  # noqa: ASYNC109
    help: str = ...,
    name: str | None = ...,
) -> T: ...
@overload
async def choose(
    question: str,
    options: Mapping[str, T],
    *,
    many: Literal[True],
    default: Iterable[T] | EllipsisType = ...,
    timeout: float | None = ...,  # noqa: ASYNC109
    help: str = ...,
    name: str | None = ...,
) -> list[T]: ...
@overload
async def choose(
    question: str,
    options: Iterable[T],
    *,
    many: Literal[False] = ...,
    default: T | EllipsisType = ...,
    timeout: float | None = ...,  # noqa: ASYNC109
    help: str = ...,
    name: str | None = ...,
) -> T: ...
@overload
async def choose(
    question: str,
    options: Iterable[T],
    *,
    many: Literal[True],
    default: Iterable[T] | EllipsisType = ...,
    timeout: float | None = ...,  # noqa: ASYNC109
    help: str = ...,
    name: str | None = ...,
) -> list[T]: ...
async def choose(  # noqa: PLR0913
    question: str,
    options: Any,
    *,
    many: bool = False,
    default: Any = ...,
    timeout: float | None = None,  # noqa: ASYNC109 - a policy of the question
    help: str = "",  # noqa: A002
    name: str | None = None,
) -> Any:
    """Ask a person to choose among options, and return what was chosen.

    Parameters
    ----------
    question
        What to ask. It is text, never markup.
    options
        Any objects, shown by `str`; or a dict with the label of each.
    many
        Whether any number of them may be chosen, none as well.
    default
        What to return where nobody answers; a list of options with `many`.
    timeout
        Seconds to wait for a person.
    help
        More words for the form.
    name
        What seeded answers may call the question.

    Returns
    -------
    object
        The option itself; with `many` a list of them, in the order of the answer.

    Raises
    ------
    NoFrontEndError, PromptTimeout, PromptCancelledError, SeededAnswerError
        As in `ask`.

    Examples
    --------
    >>> from notebook_async import choose
    >>> from notebook_async.prompts import answers
    >>> with answers({"Which town?": "Bern", "Which sizes?": ["small", "large"]}):
    ...     await choose("Which town?", ["Bern", "Basel"])
    ...     await choose("Which sizes?", {"small": 1, "large": 10}, many=True)
    'Bern'
    [1, 10]
    """
    if many and default is not ...:
        default = list(default)
    asked = choosing(
        question,
        options,
        many=many,
        default=default,
        timeout=timeout,
        help=help,
        name=name,
    )
    return await put(asked)
