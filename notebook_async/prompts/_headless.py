"""A question where nobody is there to be asked: its default, or an error at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.errors import NoFrontEndError
from notebook_async.prompts._presenters import keep_record
from notebook_async.prompts._queue import pending, tell

if TYPE_CHECKING:
    from notebook_async.prompts._prompt import Asking

__all__ = ["without_a_person"]


def without_a_person(asking: Asking) -> Any:  # noqa: ANN401 - whatever was asked for
    """Return the default of a question.

    Raises
    ------
    NoFrontEndError
        If it has none.
    """
    question = asking.question
    if asking.default is ...:
        if asking.told:
            tell(question, "failed")
        raise NoFrontEndError(question.text, key=question.key)
    how = "its default, for nobody is there to be asked"
    keep_record(question, pending.add_closed(asking, "default", how, asking.default))
    return asking.default
