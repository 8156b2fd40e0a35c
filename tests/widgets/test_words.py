"""Numbers and times in people's words."""

from __future__ import annotations

from typing import Any

import pytest

from notebook_async.widgets._words import (
    GLYPHS,
    clock,
    count_words,
    pace_words,
    place_words,
    state_words,
)


def counts(**changes: Any) -> Any:  # noqa: ANN401
    """Return the numbers of a bar at its beginning, with some changes."""
    zero = {"done": 0, "failed": 0, "retried": 0, "waiting": 0, "running": 0}
    return {**zero, "total": None, "workers": 4, "rate": None, "eta": None, **changes}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0:00"),
        (0.999, "0:00"),
        (9, "0:09"),
        (59.99, "0:59"),
        (60, "1:00"),
        (3599, "59:59"),
        (3600, "1:00:00"),
        (3723, "1:02:03"),
        (90_000, "25:00:00"),
    ],
)
def test_clock(seconds: float, words: str) -> None:
    """A duration is minutes and whole seconds, with hours where there are some."""
    assert clock(seconds) == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ["✓ 0 done"]),
        ({"done": 12_345, "total": 20_000}, ["✓ 12,345 done", "of 20,000"]),
        ({"total": 0}, ["✓ 0 done", "of 0"]),
        (
            {"done": 1, "failed": 2, "running": 3, "waiting": 4, "retried": 5},
            ["✓ 1 done", "✕ 2 failed", "▶ 3 running", "◔ 4 waiting", "↻ 5 retried"],
        ),
    ],
)
def test_counts(changes: dict[str, Any], words: list[str]) -> None:
    """What is zero is left out, except what is done; thousands are set apart."""
    assert [text for _, text in count_words(counts(**changes))] == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"rate": 0.25}, "0.2 /s"),
        ({"rate": 9.96}, "10.0 /s"),
        ({"rate": 1234.5}, "1,234 /s"),
        ({"rate": 2.0, "eta": 62.0, "running": 1}, "2.0 /s · 1:02 left"),
        ({"rate": 2.0, "eta": 62.0}, "2.0 /s"),
        ({"eta": 62.0, "running": 1}, "1:02 left"),
    ],
)
def test_pace(changes: dict[str, Any], words: str) -> None:
    """The rate is told where there is one, the time left while something runs."""
    assert pace_words(counts(**changes)) == words


@pytest.mark.parametrize(
    ("job_id", "cell", "words"),
    [(3, 7, "#3 · cell [7] · 0:04"), (3, None, "#3 · 0:04"), (None, None, "0:04")],
)
def test_place(job_id: int | None, cell: int | None, words: str) -> None:
    """A job is placed by its number, its cell and its time, as far as it has them."""
    view: Any = {"job_id": job_id, "cell": cell, "elapsed": 4.2}
    assert place_words(view) == words


@pytest.mark.parametrize("phase", GLYPHS)
def test_state(phase: str) -> None:
    """Every phase has a glyph of its own and a word; a waiting run is paused."""
    view: Any = {"phase": phase, "actions": ["resume"]}
    word = "paused" if phase == "waiting" else phase
    assert state_words(view) == f"{GLYPHS[phase]} {word}"
    assert len(set(GLYPHS.values())) == len(GLYPHS)


def test_what_waits_and_is_not_paused_waits_for_a_person() -> None:
    """What waits and cannot be resumed waits for a person."""
    view: Any = {"phase": "waiting", "actions": ["cancel"]}
    assert state_words(view) == "? waits for you"
