"""A question of a step that says what kind of answer it wants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.workflow.events import InputRequiredEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Question"]


class Question(InputRequiredEvent, defer_build=True):
    """A question to a person that says what kind of answer it wants.

    Attributes
    ----------
    prefix
        What to ask.
    answer_type
        What is asked for: "text", "integer", "number", "boolean", "date", "datetime",
        "time", "path" or "file"; or any type that `ask` takes, such as a pydantic
        model, or an instance of one to be edited. Names and
        instances survive a checkpoint, classes do not.
    options
        What to choose from: values, or labels with values. The answer is one of them.
    many
        Whether the answer is a list of options.
    approve
        Whether it is a decision: the answer is true or false, with a `reason`.
    detail
        What a decision is about.
    default
        The answer where nobody gives one; None is none.
    timeout
        Seconds to answer, after which the default is taken, or the step that waits
        gets a `PromptTimeout`; None for all the time.
    secret
        Whether the answer shows as dots, and is kept nowhere.
    name
        What seeded answers may call it, instead of its text.
    help
        More words for the person.

    Examples
    --------
    >>> Question(prefix="How many?", answer_type="integer", timeout=60).answer_type
    'integer'
    """

    prefix: str
    answer_type: Any = "text"
    options: list[Any] | dict[str, Any] | None = None
    many: bool = False
    approve: bool = False
    detail: Any = None
    default: Any = None
    timeout: float | None = None
    secret: bool = False
    name: str | None = None
    help: str = ""

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        given = self.model_fields_set
        for name, value in super().__repr_args__():
            if name in given or name not in type(self).model_fields:
                yield name, value
