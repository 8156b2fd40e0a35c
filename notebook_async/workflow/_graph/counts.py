"""What the steps of a run are doing, as numbers and as words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["EdgeCounts", "LiveCounts", "StepCounts", "StepPhase"]

StepPhase: TypeAlias = Literal[
    "idle", "queued", "running", "retrying", "waiting", "failed", "cancelled", "done"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCounts:
    """How many events a step has in each state.

    Attributes
    ----------
    queued
        Waiting for a worker.
    running
        Being worked on.
    workers
        How many may run at once; 0 where that is not known.
    waiting
        Waiting for a person.
    retrying
        Failed, and to be tried again after a delay.
    done, failed
        Finished well; failed for good.
    retries
        How often the step was tried again.
    gathered
        Kept until there are enough of them to be given to the step together.
    cancelled
        Given up when the run ended.

    Examples
    --------
    >>> StepCounts(running=2, workers=4, queued=3).now
    '2 of 4 running · 3 queued'
    """

    queued: int = 0
    running: int = 0
    workers: int = 0
    waiting: int = 0
    retrying: int = 0
    done: int = 0
    failed: int = 0
    retries: int = 0
    gathered: int = 0
    cancelled: int = 0

    @property
    def phase(self) -> StepPhase:
        """What most needs to be seen of the step.

        Examples
        --------
        >>> StepCounts(running=1, waiting=1).phase, StepCounts(done=3).phase
        ('waiting', 'done')
        """
        phases: tuple[tuple[StepPhase, int], ...] = (
            ("waiting", self.waiting),
            ("running", self.running),
            ("retrying", self.retrying),
            ("queued", self.queued + self.gathered),
            ("failed", self.failed),
            ("cancelled", self.cancelled),
            ("done", self.done),
        )
        return next((phase for phase, number in phases if number), "idle")

    @property
    def now(self) -> str:
        """What the step does now, in words; empty if nothing.

        Examples
        --------
        >>> StepCounts(waiting=1).now, StepCounts(done=3).now
        ('waits for you', '')
        """
        parts = []
        if self.waiting:
            several = f"{self.waiting:,} wait for you"
            parts.append(several if self.waiting > 1 else "waits for you")
        if self.running:
            of = f" of {self.workers:,}" if self.workers else ""
            parts.append(f"{self.running:,}{of} running")
        if self.queued:
            parts.append(f"{self.queued:,} queued")
        if self.gathered:
            parts.append(f"{self.gathered:,} gathered")
        if self.retrying:
            parts.append(f"{self.retrying:,} to retry")
        return " · ".join(parts)

    @property
    def past(self) -> str:
        """What the step has done, in words; empty if nothing.

        Examples
        --------
        >>> StepCounts(done=198, failed=2, retries=3).past
        '198 done · 2 failed · 3 retried'
        """
        words = (
            (self.done, "done"),
            (self.failed, "failed"),
            (self.retries, "retried"),
            (self.cancelled, "cancelled"),
        )
        return " · ".join(f"{number:,} {word}" for number, word in words if number)


LiveCounts: TypeAlias = Mapping[str, StepCounts]
"""The counts of each step, by its name."""

EdgeCounts: TypeAlias = Mapping[tuple[str, str], int]
"""How many events took each edge: by step and event, or by event and step."""
