"""A workflow shows its graph: as a class, an instance, a handler and a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import OpenNotebook
    from tests.browser.notebook import Notebook
    from tests.browser.rig import App

CELLS = [
    """\
from notebook_async.workflow import (
    Event, StartEvent, StopEvent, Workflow, WorkflowCheckpointer, step
)
class Draft(Event):
    text: str
class Write(Workflow):
    @step
    async def write(self, ev: StartEvent) -> Draft:
        return Draft(text=ev.topic)
    @step
    async def polish(self, ev: Draft) -> StopEvent:
        return StopEvent(result=ev.text)
Write""",
    "workflow = Write()\nworkflow",
    "handler = workflow.run(topic='rain')\nawait handler\nhandler",
    (
        "checkpointer = WorkflowCheckpointer(workflow)\n"
        "await checkpointer.run(topic='rain', run_id='a')\n"
        "(await checkpointer.list('a'))[1]"
    ),
]


def picture_size(notebook: Notebook, cell: int) -> tuple[int, int]:
    """Return the size of the picture that a cell shows, once it is there."""
    picture = notebook.output(cell).locator("img").first
    picture.wait_for()
    size = picture.evaluate("one => [one.naturalWidth, one.naturalHeight]")
    return size[0], size[1]


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_every_object_draws_itself(
    open_notebook: OpenNotebook, app: App, theme: str
) -> None:
    """Class, instance, handler and checkpoint show a picture, whatever the theme."""
    notebook = open_notebook(CELLS, app=app, size=(1000, 1100))
    notebook.set_theme(f"JupyterLab {theme}")
    notebook.run_all()
    notebook.wait_idle()
    sizes = [picture_size(notebook, cell) for cell in range(len(CELLS))]
    assert sizes[0] == sizes[1]
    # One with counts has taller boxes.
    assert sizes[2][1] > sizes[0][1] > 50
    assert sizes[3][1] > sizes[0][1]
    assert notebook.errors == []
    notebook.screenshot(f"workflow-graph-{app}-{theme.lower()}")


def test_pictures_are_in_the_file(open_notebook: OpenNotebook) -> None:
    """A saved notebook shows them without a kernel, also where it is not trusted."""
    notebook = open_notebook(CELLS)
    notebook.run_all()
    notebook.wait_idle()
    notebook.save()
    notebook.reopen(trusted=False)
    assert picture_size(notebook, 2)[0] > 100
