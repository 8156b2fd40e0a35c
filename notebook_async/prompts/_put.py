"""Put a question to whoever can answer it, and wait for the answer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from notebook_async.core._people import resting
from notebook_async.errors import SeededAnswerError
from notebook_async.prompts._answers import find_seed, seed_value
from notebook_async.prompts._headless import without_a_person
from notebook_async.prompts._presenters import installed, keep_record
from notebook_async.prompts._queue import pending
from notebook_async.prompts._reading import read
from notebook_async.prompts._terminal import terminal

if TYPE_CHECKING:
    from notebook_async.prompts._answers import Seed
    from notebook_async.prompts._presenters import Presenter, Shown
    from notebook_async.prompts._prompt import Asking
    from notebook_async.prompts._question import Answered

__all__ = ["put"]

_log = logging.getLogger("notebook_async")


async def put(asking: Asking) -> Any:  # noqa: ANN401 - whatever was asked for
    """Return the answer: seeded, from a person, or the default."""
    seed = find_seed(asking.question)
    presenter = installed() or terminal()
    if seed is not None:
        value = await _seeded(asking, seed)
    elif presenter is not None:
        value = await _presented(asking, presenter)
    else:
        value = without_a_person(asking)
    return value if asking.finish is None else asking.finish(value)


async def _seeded(asking: Asking, seed: Seed) -> Any:  # noqa: ANN401
    raw = await seed_value(seed, asking.question)
    found = read(asking.reader, asking.validate, raw)
    del raw
    if found.errors:
        raise SeededAnswerError(seed.key, found.errors)
    ended = pending.add_closed(asking, "answered", "by a seeded answer", found.value)
    keep_record(asking.question, ended)
    return found.value


async def _presented(asking: Asking, presenter: Presenter) -> Any:  # noqa: ANN401
    with resting(), pending.hold(asking) as prompt:
        shown = presenter.present(prompt)
        try:
            return await prompt.outcome()
        finally:
            # It may have been cancelled while nobody had closed it.
            ended = prompt.ended or pending.give_up(prompt)
            _close(shown, ended)


def _close(shown: Shown, ended: Answered) -> None:
    try:
        shown.close(ended)
    except Exception:  # noqa: BLE001 - a viewer's fault must not become the asker's
        _log.exception("a front end failed to close the question %r", ended.text)
