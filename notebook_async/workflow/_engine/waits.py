"""Steps that wait for an event where they stand, and questions without an answer."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING
from weakref import proxy

from notebook_async.workflow.events import Event, HumanResponseEvent, InputRequiredEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from notebook_async.core.records import Phase
    from notebook_async.workflow._engine.invocation import Invocation, Station, Waiter
    from notebook_async.workflow._engine.state import RunState

__all__ = ["Waits"]


class Waits:
    """What a run waits for from outside.

    An invocation that waits gives up its worker. Once it has its event it needs one
    again, and goes before those that are queued.

    Attributes
    ----------
    waiters
        Unanswered `wait_for_event` calls, the oldest first.
    questions
        Events that ask a person and have no answer yet, by id.
    count
        How many questions were asked.
    answered
        Ids of questions that have theirs: a second one is refused.
    asides
        Calls of steps that ask people by code of their own, each with how many.
    changed
        Called with each question that is asked or closed, or None.
    """

    __slots__ = (
        "_asking",
        "_kinds",
        "_prefix",
        "_state",
        "answered",
        "asides",
        "changed",
        "count",
        "questions",
        "waiters",
    )

    def __init__(self, state: RunState, prefix: str) -> None:
        # Not to keep each other alive.
        self._state: RunState = proxy(state)
        self._prefix = prefix
        self.count = 0
        self.asides: Counter[Invocation] = Counter()
        self.changed: Callable[[], None] | None = None
        self.waiters: dict[Waiter, None] = {}
        # So that an event that nobody waits for, and an answer, are found out at once.
        self._kinds: Counter[type[Event]] = Counter()
        self._asking: dict[str, Waiter] = {}
        self.questions: dict[str, InputRequiredEvent] = {}
        self.answered: set[str] = set()

    @property
    def any(self) -> bool:
        """Whether an event from outside may be for one of these."""
        return bool(self.waiters or self.questions or self.answered)

    @property
    def number(self) -> int:
        """How many waits and questions there are."""
        return len(self.waiters) + len(self.questions)

    @property
    def expecting(self) -> bool:
        """Whether something that is waited for has not come."""
        return bool(self.waiters or self.questions or self.asides)

    def ask(self, question: InputRequiredEvent, step: str | None = None) -> str:
        """Give a question of a step an id, and remember it until it is answered."""
        self.count += 1
        name = question.question_id or f"{self._prefix}/{self.count}"
        # Beside its fields, so that it stays equal to what the step made.
        question.__dict__["_question_id"] = name
        self.questions[name] = question
        if self._state.log.teller is not None:
            self._state.log.teller.question(question, name, "waiting", step)
        self._tell_people()
        return name

    def park(self, waiter: Waiter) -> None:
        """Let an invocation wait, and its worker do something else."""
        self.waiters[waiter] = None
        self._kinds[waiter.kind] += 1
        if waiter.question is not None:
            self._asking[waiter.question] = waiter
        invocation = waiter.invocation
        waits = invocation.remember().waits
        if not waits:
            invocation.station.waiting += 1
            self._state.release(invocation.station)
            self._state.busy -= 1
        waits[waiter.id] = waiter
        if not self._state.busy:
            self._state.become_quiet()

    def refuses(self, event: Event) -> bool:
        """Tell whether this answers a question that has its answer."""
        return (
            isinstance(event, HumanResponseEvent)
            and getattr(event, "question_id", None) in self.answered
        )

    def offer(self, event: Event, step: str | None = None) -> Station | None:
        """Give an event to whoever has waited longest for it; return the step."""
        waiter = self.find(event, step)
        if waiter is not None:
            self.answer(waiter, event)
            return waiter.invocation.station
        if isinstance(event, HumanResponseEvent):
            name = getattr(event, "question_id", None) or self._oldest_question()
            self._keep_secret(name, event)
            self._close_question(name, "done")
        return None

    def answer(self, waiter: Waiter, event: Event) -> None:
        """Give an event to one who waits."""
        self._keep_secret(waiter.question, event)
        waiter.invocation.remember().answers[waiter.id] = event
        self.settle(waiter, event)

    def find(self, event: Event, step: str | None = None) -> Waiter | None:
        """Return who has waited longest for this event, or was named by it."""
        candidates: Iterable[Waiter] = self.waiters
        name = None
        if isinstance(event, HumanResponseEvent):
            name = getattr(event, "question_id", None)
        if name is not None and name in self.questions:
            candidates = (self._asking[name],) if name in self._asking else ()
        elif not any(issubclass(type(event), kind) for kind in self._kinds):
            return None
        for waiter in candidates:
            called = waiter.invocation.station.name
            if step in (None, called) and waiter.matches(event):
                return waiter
        return None

    def settle(self, waiter: Waiter, answer: Event | BaseException) -> None:
        """End one wait with an event, or with an exception for the step."""
        invocation = waiter.invocation
        memory = invocation.remember()
        if memory.waits.pop(waiter.id, None) is None:
            return
        self._remove(waiter, _came_to(answer))
        waiter.answer = answer
        if memory.waits:
            # Still waiting elsewhere, so it holds no place and needs none.
            self._tell(waiter)
            return
        station = invocation.station
        self._state.busy += 1
        if station.free > 0:
            station.free -= 1
            self.resume(waiter)
        else:
            if station.resuming is None:
                station.resuming = deque()
            station.resuming.append(waiter)

    def resume(self, waiter: Waiter) -> None:
        """Let an invocation go on, which has a worker's place again."""
        waiter.invocation.station.waiting -= 1
        self._tell(waiter)

    def forget(self, invocation: Invocation) -> bool:
        """End all waits of an invocation that is over; tell whether it held no place.

        It holds none while it waits, and none before it got one again.
        """
        memory = invocation.memory
        station = invocation.station
        if memory is None:
            return False
        if memory.waits:
            for waiter in memory.waits.values():
                self._remove(waiter, "cancelled")
            memory.waits.clear()
            station.waiting -= 1
            self._state.busy += 1
            return True
        for waiter in station.resuming or ():
            if waiter.invocation is invocation and station.resuming is not None:
                station.resuming.remove(waiter)
                station.waiting -= 1
                return True
        return False

    def restore(
        self,
        questions: list[tuple[str, InputRequiredEvent]],
        answered: list[str],
        count: int,
    ) -> None:
        """Ask again what was asked before in another process, and count on."""
        self.count = count
        for name, question in questions:
            question.__dict__["_question_id"] = name
            self.questions[name] = question
            self._state.log.append(question)
        self.answered.update(answered)
        self._tell_people()

    def clear(self) -> None:
        """Forget all; the run has ended."""
        for waiter in self.waiters:
            waiter.invocation.remember().waits.clear()
        self.waiters.clear()
        self._kinds.clear()
        self._asking.clear()
        self.answered.clear()
        if self.questions:
            self.questions.clear()
            self._tell_people()

    def _remove(self, waiter: Waiter, phase: Phase) -> None:
        del self.waiters[waiter]
        self._kinds[waiter.kind] -= 1
        if not self._kinds[waiter.kind]:
            del self._kinds[waiter.kind]
        if waiter.question is not None:
            self._asking.pop(waiter.question, None)
            self._close_question(waiter.question, phase)

    def _close_question(self, name: str | None, phase: Phase) -> None:
        question = None if name is None else self.questions.pop(name, None)
        if name is not None and question is not None:
            self.answered.add(name)
            if self._state.log.teller is not None:
                self._state.log.teller.question(question, name, phase)
            self._tell_people()

    def _tell_people(self) -> None:
        if self.changed is not None:
            self.changed()

    def _keep_secret(self, name: str | None, answer: Event) -> None:
        """Let the answer to a secret question show itself as dots."""
        question = None if name is None else self.questions.get(name)
        if getattr(question, "secret", False):
            # Beside its fields, as the id of a question.
            answer.__dict__["_secret"] = True

    def _oldest_question(self) -> str | None:
        """Return the question that an answer without an id is for.

        Those of a waiting step are not meant: it would have taken the answer.
        """
        return next((name for name in self.questions if name not in self._asking), None)

    @staticmethod
    def _tell(waiter: Waiter) -> None:
        if waiter.future.done():
            return
        if isinstance(waiter.answer, Event):
            waiter.future.set_result(waiter.answer)
        elif waiter.answer is not None:
            waiter.future.set_exception(waiter.answer)


def _came_to(answer: Event | BaseException) -> Phase:
    """Return what the end of a wait is for its question."""
    if isinstance(answer, BaseException):
        return "failed"
    # The step itself has given up then, and goes on with something that is no answer.
    return "cancelled" if type(answer) is Event else "done"
