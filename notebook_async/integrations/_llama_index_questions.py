"""The questions that a run asks a person, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from notebook_async.core.records import QuestionRecord
from notebook_async.integrations._llama_index_texts import event_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.core.records import Phase

__all__ = ["Questions"]

_LONGEST = 1000


class _Open(NamedTuple):
    record: QuestionRecord
    # Whether a call waits for the answer, which is then known to be that.
    awaited: bool
    secret: bool


class Questions:
    """Numbers the questions of a run and tells of them.

    Parameters
    ----------
    source
        The path of ids of the run.
    tell
        Takes a record.
    """

    def __init__(
        self, source: tuple[str, ...], tell: Callable[[QuestionRecord], object]
    ) -> None:
        self._source = source
        self._tell = tell
        self._open: dict[str, _Open] = {}
        self._count = 0

    def ask(self, event: Any, step: str | None, at: float, *, awaited: bool) -> str:
        """Tell that a person is asked; return the id of the question."""
        self._count += 1
        name = f"{self._source[-1]}:{self._count}"
        asked = getattr(event, "prefix", None)
        text = asked if isinstance(asked, str) else ""
        record = QuestionRecord(
            at=at,
            source=self._source,
            phase="waiting",
            question=name,
            text=text if 0 < len(text) <= _LONGEST else event_text(event),
            step=step,
        )
        secret = bool(getattr(event, "secret", False))
        self._open[name] = _Open(record, awaited, secret)
        self._tell(record)
        return name

    def answer(self, at: float, name: str | None = None) -> bool:
        """Tell that a question is answered; return whether it was a secret one.

        Parameters
        ----------
        at
            When.
        name
            The question; by default the oldest that no call waits for.
        """
        if name is None:
            loose = (name for name, one in self._open.items() if not one.awaited)
            name = next(loose, None)
        return name is not None and self.close(name, "done", at)

    def close(self, name: str, phase: Phase, at: float) -> bool:
        """Tell what has become of a question; return whether it was a secret one."""
        one = self._open.pop(name, None)
        if one is None:
            return False
        was = one.record
        self._tell(
            QuestionRecord(
                at=at,
                source=was.source,
                phase=phase,
                question=name,
                text=was.text,
                step=was.step,
            )
        )
        return one.secret

    def close_all(self, at: float) -> None:
        """Tell that nobody wants to know any more."""
        for name in tuple(self._open):
            self.close(name, "cancelled", at)
