# ruff: noqa: N801 - the names of the field: they read as words in an expression
"""After which exceptions to try again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

from notebook_async.errors import ArgumentTypeError, InvalidArgumentError
from notebook_async.workflow._retry.parts import Parts, check_part, is_part

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "RetryCondition",
    "retry_all",
    "retry_always",
    "retry_any",
    "retry_if_exception",
    "retry_if_exception_cause_type",
    "retry_if_exception_message",
    "retry_if_exception_type",
    "retry_if_not_exception_message",
    "retry_if_not_exception_type",
    "retry_never",
    "retry_unless_exception_type",
]

_Kinds: TypeAlias = type[BaseException] | tuple[type[BaseException], ...]


class RetryCondition(Protocol):
    """Tell whether to try again after an exception.

    Examples
    --------
    >>> condition: RetryCondition = retry_if_exception_type(OSError)
    >>> condition(TimeoutError())
    True
    """

    def __call__(self, error: BaseException, /) -> bool: ...


class _Condition:
    """The operators of conditions."""

    __slots__ = ()

    def __and__(self: RetryCondition, other: RetryCondition) -> retry_all:
        return retry_all(self, other) if is_part(other) else NotImplemented

    def __rand__(self: RetryCondition, other: RetryCondition) -> retry_all:
        return retry_all(other, self) if is_part(other) else NotImplemented

    def __or__(self: RetryCondition, other: RetryCondition) -> retry_any:
        return retry_any(self, other) if is_part(other) else NotImplemented

    def __ror__(self: RetryCondition, other: RetryCondition) -> retry_any:
        return retry_any(other, self) if is_part(other) else NotImplemented


def _check_kinds(owner: object, kinds: object) -> None:
    for kind in kinds if isinstance(kinds, tuple) else (kinds,):
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise ArgumentTypeError(
                f"{type(owner).__name__} takes an exception class or a tuple of them,"
                f" got {kind!r}"
            )


@dataclass(frozen=True, slots=True)
class retry_if_exception(_Condition):
    """Try again if a function of the exception says so.

    Attributes
    ----------
    predicate
        Takes the exception and tells.

    Examples
    --------
    >>> condition = retry_if_exception(lambda error: "busy" in str(error))
    >>> condition(OSError("server busy")), condition(OSError("no such host"))
    (True, False)
    """

    predicate: Callable[[BaseException], bool]

    def __post_init__(self) -> None:
        check_part(
            "retry_if_exception: predicate", self.predicate, "a function that tells"
        )

    def __call__(self, error: BaseException, /) -> bool:
        return bool(self.predicate(error))


@dataclass(frozen=True, slots=True)
class retry_if_exception_type(_Condition):
    """Try again after exceptions of these classes.

    Attributes
    ----------
    exception_types
        A class or a tuple of classes.

    Examples
    --------
    >>> condition = retry_if_exception_type((TimeoutError, ConnectionError))
    >>> condition(ConnectionResetError()), condition(ValueError())
    (True, False)
    """

    exception_types: _Kinds = Exception

    def __post_init__(self) -> None:
        _check_kinds(self, self.exception_types)

    def __call__(self, error: BaseException, /) -> bool:
        return isinstance(error, self.exception_types)


@dataclass(frozen=True, slots=True)
class retry_if_not_exception_type(_Condition):
    """Try again after every exception except those of these classes.

    `retry_unless_exception_type` is the same.

    Attributes
    ----------
    exception_types
        A class or a tuple of classes.

    Examples
    --------
    >>> condition = retry_if_not_exception_type(PermissionError)
    >>> condition(TimeoutError()), condition(PermissionError())
    (True, False)
    """

    exception_types: _Kinds = Exception

    def __post_init__(self) -> None:
        _check_kinds(self, self.exception_types)

    def __call__(self, error: BaseException, /) -> bool:
        return not isinstance(error, self.exception_types)


retry_unless_exception_type = retry_if_not_exception_type


@dataclass(frozen=True, slots=True)
class retry_if_exception_message(_Condition):
    """Try again if the exception's text is, or matches, this.

    Attributes
    ----------
    message
        The whole text.
    match
        A regular expression, found anywhere in the text. One of the two is given.

    Examples
    --------
    >>> condition = retry_if_exception_message(match="HTTP 5..")
    >>> condition(OSError("HTTP 503")), condition(OSError("HTTP 404"))
    (True, False)
    """

    message: str | None = None
    match: str | re.Pattern[str] | None = None

    def __post_init__(self) -> None:
        if (self.message is None) == (self.match is None):
            given = "neither" if self.message is None else "both"
            raise ArgumentTypeError(
                f"{type(self).__name__} takes either message= or match=, got {given}"
            )
        if self.match is None:
            return
        try:
            object.__setattr__(self, "match", re.compile(self.match))
        except re.error as error:
            raise InvalidArgumentError(
                f"{type(self).__name__}: match must be a regular expression, got"
                f" {self.match!r}: {error}"
            ) from None

    def __call__(self, error: BaseException, /) -> bool:
        if self.match is None:
            return str(error) == self.message
        return re.search(self.match, str(error)) is not None


@dataclass(frozen=True, slots=True)
class retry_if_not_exception_message(retry_if_exception_message):
    """Try again unless the exception's text is, or matches, this.

    Attributes
    ----------
    message
        The whole text.
    match
        A regular expression, found anywhere in the text. One of the two is given.

    Examples
    --------
    >>> condition = retry_if_not_exception_message(match="invalid key")
    >>> condition(OSError("busy")), condition(OSError("invalid key: abc"))
    (True, False)
    """

    def __call__(self, error: BaseException, /) -> bool:
        # Slots make a second class, which a bare super() does not know.
        return not retry_if_exception_message.__call__(self, error)


@dataclass(frozen=True, slots=True)
class retry_if_exception_cause_type(_Condition):
    """Try again if the exception was raised from one of these classes.

    All that `raise ... from ...` chained is looked at, but not the exception itself.

    Attributes
    ----------
    exception_types
        A class or a tuple of classes.

    Examples
    --------
    >>> error = RuntimeError("no answer")
    >>> error.__cause__ = TimeoutError()
    >>> retry_if_exception_cause_type(TimeoutError)(error)
    True
    """

    exception_types: _Kinds = Exception

    def __post_init__(self) -> None:
        _check_kinds(self, self.exception_types)

    def __call__(self, error: BaseException, /) -> bool:
        seen = {id(error)}
        cause = error.__cause__
        # Causes that were set by hand may form a ring.
        while cause is not None:
            if isinstance(cause, self.exception_types):
                return True
            if id(cause) in seen:
                return False
            seen.add(id(cause))
            cause = cause.__cause__
        return False


@dataclass(frozen=True, slots=True)
class retry_always(_Condition):
    """Try again after every exception.

    Examples
    --------
    >>> retry_always()(ValueError())
    True
    """

    def __call__(self, error: BaseException, /) -> bool:  # noqa: ARG002
        return True


@dataclass(frozen=True, slots=True)
class retry_never(_Condition):
    """Try again after no exception.

    Examples
    --------
    >>> retry_never()(ValueError())
    False
    """

    def __call__(self, error: BaseException, /) -> bool:  # noqa: ARG002
        return False


class retry_any(_Condition, Parts[RetryCondition]):
    """Try again if one of these says so; `a | b` is the same.

    Examples
    --------
    >>> retry_if_exception_type(OSError) | retry_never()
    retry_any(retry_if_exception_type(exception_types=<class 'OSError'>), retry_never())
    """

    __slots__ = ()
    example: ClassVar[str] = "retry_if_exception_type(OSError)"

    def __call__(self, error: BaseException, /) -> bool:
        return any(retry(error) for retry in self.parts)


class retry_all(_Condition, Parts[RetryCondition]):
    """Try again if every one of these says so; `a & b` is the same.

    Examples
    --------
    >>> busy = retry_if_exception_message(match="busy")
    >>> condition = retry_if_exception_type(OSError) & busy
    >>> condition(OSError("busy")), condition(ValueError("busy"))
    (True, False)
    """

    __slots__ = ()
    example: ClassVar[str] = "retry_if_exception_type(OSError)"

    def __call__(self, error: BaseException, /) -> bool:
        return all(retry(error) for retry in self.parts)
