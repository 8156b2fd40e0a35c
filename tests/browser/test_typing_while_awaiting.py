"""What a person types and presses reaches Python while a cell awaits it.

With kernels of several versions of ipykernel: each handles widgets in its own way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.panel import Panel

if TYPE_CHECKING:
    from tests.browser.conftest import OpenNotebook
    from tests.browser.rig import App, Notebook

# An ordinary form, below which Python says what it has heard and printed.
FORM = """\
%load_ext notebook_async
import asyncio, threading
import ipywidgets
steps, threads = [], set()
text, button = ipywidgets.Text(), ipywidgets.Button(description="Answer")
heard, printed = ipywidgets.Label(), ipywidgets.Output()
def typed(change):
    threads.add(threading.current_thread())
    heard.value = f"heard: {change.new}"
def pressed(_):
    threads.add(threading.current_thread())
    print("for no cell")
    with printed:
        print("pressed:", text.value)
    answer.set_result(text.value)
text.observe(typed, "value")
button.on_click(pressed)
ipywidgets.VBox([text, button, heard, printed])"""

ASK = """\
answer = asyncio.get_running_loop().create_future()
print("asking")
print("answer:", await answer)
steps.append("asked")"""

HELD = """\
%%arun {}-n held
await asyncio.sleep(600)"""

FIRST = "steps.append('first'); steps"
SECOND = "steps.append('second'); steps"
THREADS = "threads == {threading.main_thread()}"

# All cells in view at once.
WINDOW = (1280, 1200)

# Milliseconds from key to key: a person's, and as fast as they come.
PACE, RUSH = 80, 0


class Form:
    """The form in the output of a cell, as a person uses it.

    Parameters
    ----------
    notebook
        The open notebook.
    index
        Of the cell that shows the form.
    """

    def __init__(self, notebook: Notebook, index: int) -> None:
        self._keyboard = notebook.page.keyboard
        self._output = notebook.output(index)
        self._text = self._output.get_by_role("textbox")
        self._whole = ""

    @property
    def whole(self) -> str:
        """Return all that was typed."""
        return self._whole

    def type(self, words: str, *, delay: int = PACE) -> None:
        """Add words by keystrokes, and wait until Python has heard the whole text."""
        self._text.click()
        self._keyboard.press("End")
        self._keyboard.type(words, delay=delay)
        self._whole += words
        heard = self._output.get_by_text(f"heard: {self._whole}", exact=True)
        heard.wait_for()
        assert self._text.input_value() == self._whole

    def press(self) -> None:
        """Press the button, and wait until the callback has printed."""
        self._output.get_by_role("button", name="Answer").click()
        self._output.get_by_text(f"pressed: {self._whole}").wait_for()


def show_form(notebook: Notebook) -> Form:
    """Run the first cell, and return the form that it shows."""
    notebook.run_cell(0)
    notebook.wait_idle()
    return Form(notebook, 0)


def ask(notebook: Notebook, *cells: int) -> None:
    """Start a cell that asks, and others behind it; wait until it awaits the answer."""
    for each in cells:
        notebook.run_cell(each)
    notebook.output(cells[0]).get_by_text("asking").first.wait_for()


def prompts(notebook: Notebook, *cells: int) -> list[str]:
    """Return what stands before cells: a number, or a star until they have ended."""
    places = [notebook.cell(each).locator(".jp-InputPrompt") for each in cells]
    return [place.inner_text() for place in places]


def status(notebook: Notebook) -> str | None:
    """Return what the toolbar tells of the kernel."""
    indicator = notebook.page.locator(".jp-Notebook-ExecutionIndicator").first
    return indicator.get_attribute("data-status")


def printed(notebook: Notebook, cell: int) -> str:
    """Return what a cell has printed."""
    return "".join(each.get("text", "") for each in notebook.output_data(cell))


def cancel(notebook: Notebook, cell: int) -> None:
    """Cancel the job that a cell has started by its panel, and wait for its end."""
    panel = Panel(notebook, cell)
    panel.cancel.click()
    panel.wait_for_end()
    assert "cancelled" in notebook.output_text(cell)


def test_text_and_button_answer_what_awaits(
    open_notebook: OpenNotebook, app: App, kernel: str
) -> None:
    """Text and a click reach a cell and `%%arun -w` that await; queued cells follow."""
    cells = [FORM, ASK, f"%%arun -w -n ask\n{ASK}", FIRST, SECOND, THREADS]
    notebook = open_notebook(cells, app=app, kernel=kernel, size=WINDOW)
    form = show_form(notebook)
    steps: list[str] = []
    for cell, pace in ((1, PACE), (2, RUSH)):
        ask(notebook, cell, 3, 4)
        form.type("hello world", delay=pace)
        assert prompts(notebook, cell, 3, 4) == ["[*]:", "[*]:", "[*]:"]
        assert status(notebook) == "busy"
        notebook.screenshot(f"typing-{app}-{kernel}-{cell}")
        form.press()
        notebook.wait_idle()
        assert printed(notebook, cell) == f"asking\nanswer: {form.whole}\n"
        steps += ["asked", "first", "second"]
        assert notebook.output_data(4)[0]["data"]["text/plain"] == repr(steps)
        numbers = [f"[{3 * cell - 1 + place}]:" for place in range(3)]
        assert prompts(notebook, cell, 3, 4) == numbers
        form.type(" lives, ")
    notebook.time_cell(5, shows="True")
    assert notebook.errors == []


def test_panel_cancels_while_a_cell_awaits(
    open_notebook: OpenNotebook, kernel: str
) -> None:
    """A job ends by its panel's button while another cell awaits, or its own does."""
    cells = [FORM, HELD.format(""), ASK, HELD.format("-w "), FIRST]
    notebook = open_notebook(cells, kernel=kernel, size=WINDOW)
    form = show_form(notebook)
    notebook.run_cell(1)
    notebook.wait_idle()
    ask(notebook, 2)
    cancel(notebook, 1)
    assert prompts(notebook, 2) == ["[*]:"]
    form.press()
    notebook.wait_idle()
    for cell in (3, 4):
        notebook.run_cell(cell)
    cancel(notebook, 3)
    notebook.wait_idle()
    assert notebook.output_data(4)[0]["data"]["text/plain"] == "['asked', 'first']"
    assert notebook.errors == []
