"""The glyphs and words that every form of a panel uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notebook_async.core import Phase
    from notebook_async.widgets._board_rows import BoardRow
    from notebook_async.widgets._view import Counts, View

__all__ = [
    "ENDED",
    "GLYPHS",
    "clock",
    "count_words",
    "pace_words",
    "phase_word",
    "place_words",
    "run_words",
    "state_words",
]

GLYPHS = {
    "queued": "◔",
    "running": "▶",
    "waiting": "❚❚",
    "retrying": "↻",
    "done": "✓",
    "failed": "✕",
    "cancelled": "■",
}

ENDED = ("done", "failed", "cancelled")

_MINUTE = 60
_HOUR = 3600
_SLOW = 10


def clock(seconds: float) -> str:
    """Return a duration as people read it: `0:04`, `12:30`, `1:02:03`.

    Examples
    --------
    >>> clock(4.2), clock(750), clock(3723)
    ('0:04', '12:30', '1:02:03')
    """
    whole = int(seconds)
    hours, minutes = whole // _HOUR, whole % _HOUR // _MINUTE
    if hours:
        return f"{hours}:{minutes:02}:{whole % _MINUTE:02}"
    return f"{minutes}:{whole % _MINUTE:02}"


def place_words(view: View) -> str:
    """Return where a job stands: `#3 · cell [7] · 0:04`."""
    parts = []
    if view["job_id"] is not None:
        parts.append(f"#{view['job_id']}")
    if view["cell"] is not None:
        parts.append(f"cell [{view['cell']}]")
    parts.append(clock(view["elapsed"]))
    return " · ".join(parts)


def state_words(view: View | BoardRow) -> str:
    """Return the state with its glyph: `✓ done`."""
    if view["phase"] == "waiting" and "resume" not in view["actions"]:
        return "? waits for you"
    return f"{GLYPHS[view['phase']]} {phase_word(view['phase'])}"


def phase_word(phase: Phase) -> str:
    """Return the word of a state: a run that waits is paused."""
    return "paused" if phase == "waiting" else phase


def run_words(view: View) -> str:
    """Return what the only run does, if that says more than the title; else nothing."""
    match view["runs"]:
        case [{"id": name, "desc": desc}] if desc not in (name, view["title"]):
            return desc
    return ""


def count_words(counts: Counts) -> list[tuple[str, str]]:
    """Return `(kind, words)` of what is to be told of a bar, such as `✓ 12 done`."""
    words = [("done", f"✓ {counts['done']:,} done")]
    for kind, glyph, label in (
        ("failed", "✕", "failed"),
        ("running", "▶", "running"),
        ("waiting", "◔", "waiting"),
        ("retried", "↻", "retried"),
    ):
        number: int = counts[kind]  # type: ignore[literal-required]
        if number:
            words.append((kind, f"{glyph} {number:,} {label}"))
    if counts["total"] is not None:
        words.append(("total", f"of {counts['total']:,}"))
    return words


def pace_words(counts: Counts) -> str:
    """Return the rate and the time left: `248 /s · 0:02 left`."""
    parts = []
    rate = counts["rate"]
    if rate:
        parts.append(f"{rate:,.0f} /s" if rate >= _SLOW else f"{rate:.1f} /s")
    if counts["eta"] is not None and counts["running"]:
        parts.append(f"{clock(counts['eta'])} left")
    return " · ".join(parts)
