"""Complete the options of our magics, and the jobs they may name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from notebook_async.magics._jobs import ACTIONS
from notebook_async.magics._parsing import option_names

if TYPE_CHECKING:
    from notebook_async.board import JobBoard

__all__ = ["Completer"]

_LINE = re.compile(r"^\s*(?:[^\W\d]\w*\s*=\s*)?%(?P<magic>%arun|jobs)\s(?P<words>.*)$")


class Completer:
    """A matcher of IPython's completer for the lines of `%%arun` and `%jobs`."""

    def __init__(self, shell: Any, board: JobBoard) -> None:
        self._shell = shell
        self._board = board

    def install(self) -> None:
        """Offer completions from now on."""
        self._shell.Completer.custom_matchers.append(self._match)

    def uninstall(self) -> None:
        """Offer none any more."""
        self._shell.Completer.custom_matchers.remove(self._match)

    def _match(self, text: str) -> list[str]:
        line = self._shell.Completer.line_buffer.rsplit("\n", 1)[-1]
        found = _LINE.match(line)
        if found is None:
            return []
        return [word for word in self._words(found) if word.startswith(text)]

    def _words(self, found: re.Match[str]) -> list[str]:
        magics = self._shell.magics_manager.magics
        if found["magic"] == "%arun":
            return option_names(magics["cell"]["arun"])
        words = found["words"].split()
        references = [
            reference
            for job in self._board
            for reference in (str(job.id), f"%{job.id}", job.name)
            if " " not in reference
        ]
        named_action = bool(words) and words[0] in ACTIONS
        if words[:1] == ["answer"]:
            return _open_questions()
        return references if named_action else [*ACTIONS, *references]


def _open_questions() -> list[str]:
    from notebook_async.prompts import pending  # noqa: PLC0415 - on use

    return [prompt.id for prompt in pending]
