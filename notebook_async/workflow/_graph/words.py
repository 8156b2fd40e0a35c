"""What a step says of itself in the little room that its box has.

The live panel says the same in TypeScript (`widgets/js/src/graph/words.ts`); one table
of examples, `tests/widgets/step_lines.json`, holds for both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from notebook_async.workflow._graph.text import compact

if TYPE_CHECKING:
    from notebook_async.workflow._graph.counts import StepCounts, StepPhase

__all__ = ["GLYPHS", "step_line"]

GLYPHS: dict[StepPhase, str] = {
    "idle": "○",
    "queued": "◔",
    "running": "▶",
    "retrying": "↻",
    "waiting": "?",
    "failed": "✕",
    "cancelled": "■",
    "done": "✓",
}


def step_line(counts: StepCounts, room: int) -> str:
    """Return what a step did and does in at most about so many characters.

    With words where there is room, else with glyphs, else only what matters most. What
    is running is not told where there is more to tell: the box shows it by itself.

    Parameters
    ----------
    counts
        What the step did and does.
    room
        Characters, at least 13 or so.

    Examples
    --------
    >>> from notebook_async.workflow.representation import StepCounts
    >>> step_line(StepCounts(running=4, queued=48, done=152), 20)
    '152 done · 48 queued'
    >>> step_line(StepCounts(done=198, failed=2, retries=3), 20)
    '198 ✓ · 2 ✕ · 3 ↻'
    """
    head = _waits(counts)
    parts = [(n, word, glyph) for n, word, glyph in _parts(counts) if n]
    if not parts and not head:
        return f"{counts.running:,} running" if counts.running else "not reached"
    forms = (
        [f"{number:,} {word}" for number, word, _ in parts],
        [f"{number:,} {glyph}" for number, _, glyph in parts],
        [f"{compact(number)} {glyph}" for number, _, glyph in parts],
    )
    for form in forms:
        line = " · ".join([*head, *form])
        if len(line) <= room:
            return line
    kept = [*head, *forms[-1]]
    while len(kept) > 1 and len(" · ".join(kept)) > room:
        kept.pop()
    return " · ".join(kept)


def _waits(counts: StepCounts) -> list[str]:
    if not counts.waiting:
        return []
    several = f"{counts.waiting:,} wait for you"
    return [several if counts.waiting > 1 else "waits for you"]


def _parts(counts: StepCounts) -> tuple[tuple[int, str, str], ...]:
    """Return numbers with their words and glyphs, what matters most first."""
    return (
        (counts.done, "done", "✓"),
        (counts.failed, "failed", "✕"),
        (counts.retrying, "to retry", "to retry"),
        (counts.retries, "retried", "↻"),
        (counts.queued, "queued", "◔"),
        (counts.gathered, "gathered", "◔"),
        (counts.cancelled, "cancelled", "■"),
    )
