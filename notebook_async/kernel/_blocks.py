"""What the watch of a loop knows about one stretch in which the loop was busy."""

from __future__ import annotations

import asyncio
import time
import traceback
import weakref
from asyncio.events import Handle
from collections import Counter
from contextvars import Context
from typing import TYPE_CHECKING, Any

from notebook_async.core.records import BlockRecord
from notebook_async.kernel._places import (
    OURS,
    is_own,
    own_place,
    place_of,
    step_of,
    walk,
)
from notebook_async.kernel._tasks import context_of, scope_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from notebook_async.core import Phase
    from notebook_async.kernel._places import Place

__all__ = ["Stretch"]

_DEEPEST = 60


class Stretch:
    """A time in which a loop was at one thing.

    Parameters
    ----------
    began
        Seconds of `time.perf_counter`.
    handle
        What the loop runs, or None where it does not say.
    loop
        The loop.

    Attributes
    ----------
    context
        The context variables of the code that runs.
    answered
        When the loop ran something else, or None as long as it has not.
    told
        Whether it was reported before its end.
    """

    def __init__(
        self, began: float, handle: Handle | None, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.began = began
        self.answered: float | None = None
        self.told = False
        if handle is None:
            self._handle = None
            self.context = _context_on(loop) or Context()
        else:
            self._handle = weakref.ref(handle)
            self.context = handle._context  # type: ignore[attr-defined]  # noqa: SLF001
        self._places: Counter[Place] = Counter()
        self._stacks: dict[Place, str] = {}
        self._loading = 0
        self._step: str | None = None

    def answer(self) -> None:
        """Take note that the loop goes on; called on the loop."""
        self.answered = time.perf_counter()

    def goes_on(self, handle: Handle | None) -> bool:
        """Tell whether the loop is still at the same thing."""
        if self.answered is not None:
            return False
        if self._handle is None or handle is None:
            return self._handle is None and handle is None
        return self._handle() is handle

    def sample(self, frame: FrameType) -> None:
        """Take note of the line that runs now."""
        frames = list(_frames_within(frame))
        place = own_place(frames)
        if place is None:
            return
        self._places[place] += 1
        self._loading += _loads_part_of_us(frames)
        if place not in self._stacks:
            self._stacks[place] = _stack_text(frames)
            steps = (step_of(each) for each, _ in frames)
            self._step = next((step for step in steps if step), None)

    def record(self, seconds: float, phase: Phase) -> BlockRecord | None:
        """Return what is to be told, with the line that was seen most.

        Nobody can help it that parts of this package are loaded when first needed.
        """
        if self._places.total() <= 2 * self._loading:
            return None
        (place, _), *_ = self._places.most_common(1)
        scope = scope_in(self.context)
        return BlockRecord(
            at=self.began,
            source=scope.path,
            phase=phase,
            seconds=seconds,
            job=_name_of(scope.owner),
            step=self._step,
            file=place.file,
            cell=place.cell,
            line=place.line,
            code=place.code,
            stack=self._stacks[place],
        )


def _context_on(loop: asyncio.AbstractEventLoop) -> Context | None:
    task = asyncio.current_task(loop)
    return None if task is None else context_of(task)


def _name_of(owner: Any) -> str | None:
    name = getattr(owner, "name", None)
    return name if isinstance(name, str) else None


def _frames_within(frame: FrameType) -> Iterator[tuple[FrameType, int]]:
    """Go outwards from a frame, up to the handle that the loop runs."""
    for each, line in walk(frame):
        # A callback written in C has no frame but that of its handle.
        if each.f_code is Handle._run.__code__ and each is not frame:  # noqa: SLF001
            return
        yield each, line


def _loads_part_of_us(frames: list[tuple[FrameType, int]]) -> bool:
    """Tell whether a module of this package imports something, such as another one."""
    imports = False
    for frame, _ in frames:
        file = frame.f_code.co_filename
        if file.startswith("<frozen importlib"):
            imports = True
        elif imports and file.startswith(OURS):
            return True
    return False


def _stack_text(frames: list[tuple[FrameType, int]]) -> str:
    frames = _from_own(frames)
    stack = traceback.StackSummary.extract(iter(frames[:_DEEPEST]))
    stack.reverse()
    return "".join(stack.format())


def _from_own(frames: list[tuple[FrameType, int]]) -> list[tuple[FrameType, int]]:
    """Leave out what stands around the outermost frame of the caller's own code."""
    for number in range(len(frames), 0, -1):
        frame, line = frames[number - 1]
        code = frame.f_code
        place = place_of(code.co_filename, line, code.co_name)
        if place.cell is not None or is_own(place.file):
            return frames[:number]
    return frames
