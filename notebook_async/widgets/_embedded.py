"""A panel, or a picture, among the output of the job that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.board import JobOutput
from notebook_async.kernel import current_sink
from notebook_async.widgets._kept import forget, keep_some, new_name
from notebook_async.widgets._live import WIDGET_VIEW, view_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from notebook_async.widgets._panel import Panel

__all__ = ["EmbeddedDisplay", "embed_still", "job_output"]

Picture = dict[str, Any]


def job_output() -> JobOutput | None:
    """Return the output of the job around, if its own panel is to show it."""
    sink = current_sink.get()
    return sink if isinstance(sink, JobOutput) and not sink.echoes else None


def embed_still(
    output: JobOutput, picture: Callable[[], Picture]
) -> Callable[[], None]:
    """Show a picture in the output of a job; return what shows it anew.

    Parameters
    ----------
    output
        The output.
    picture
        Makes the picture of this moment.
    """
    name = new_name()

    def show(*, update: bool = True) -> None:
        output.display(picture(), {}, display_id=name, update=update)

    show(update=False)
    return show


class EmbeddedDisplay:
    """Shows a panel in the output of a job.

    That is drawn anew whenever one of its displays is replaced. So nothing is, until
    the panel is given up: the job's own picture asks for that of the panel.

    Parameters
    ----------
    output
        The output.
    panel, picture, kind, most, endless
        As for a `LiveDisplay`.
    """

    def __init__(  # noqa: PLR0913 (as for its sibling)
        self,
        output: JobOutput,
        panel: Panel,
        picture: Callable[[], Picture],
        *,
        kind: str,
        most: int,
        endless: bool = False,
    ) -> None:
        self._output = output
        self._panel = panel
        self._picture = picture
        self._endless = endless
        self._ended = False
        self._name = new_name()
        panel.shown.picture = picture
        bundle = {WIDGET_VIEW: view_of(panel), **picture()}
        output.display(bundle, {}, display_id=self._name, update=False)
        panel.on_retire(lambda: forget(self))
        keep_some(self, kind, most)

    def touch(self) -> None:
        """Do nothing: the picture is made when it is needed."""

    def begin(self) -> None:
        """Take note that what had ended goes on."""
        self._ended = False

    def end(self) -> None:
        """Take note that what it shows has ended."""
        self._ended = True

    @property
    def replaceable(self) -> bool:
        """Whether the picture may stand for the panel, as far as anybody can see."""
        return (self._ended or self._endless) and not self._panel.visible

    def retire(self) -> None:
        """Leave the picture alone in the job's output."""
        self._output.display(self._picture(), {}, display_id=self._name, update=True)
        self._panel.retire()
