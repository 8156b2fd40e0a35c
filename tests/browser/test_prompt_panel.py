"""Questions in real JupyterLab and Notebook: asked, answered, and their records."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.panel import illegible
from tests.browser.prompt import Prompt
from tests.browser.rig import in_all_looks, thorough

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import OpenNotebook
    from tests.browser.rig import App, Notebook

LOAD = """\
%load_ext notebook_async
import asyncio, datetime as dt
from enum import Enum
from pydantic import BaseModel, Field, SecretStr
from notebook_async import approve, ask, choose, jobs
from notebook_async.prompts import UploadedFile, pending

class Tone(Enum):
    FRIENDLY = "friendly"
    FORMAL = "formal"

class Person(BaseModel):
    name: str = Field(min_length=2)
    born: dt.date | None = None

class Plan(BaseModel):
    '''What is sent, and to whom.'''
    recipients: int = Field(214, ge=1, description="How many get a mail.")
    subject: str = Field(min_length=3)
    tone: Tone = Tone.FRIENDLY
    boss: Person
    others: list[Person] = []
    key: SecretStr = SecretStr("")
"""

NAME = "name = await ask('Your name?')\nprint('name:', name)"
NUMBER = "print('got', await ask('How many?', int, min=1, max=10))"
SEND = "%%arun -n send\nprint('sent', bool(await approve('Send 214 mails?')))"
CITY = "%%arun -n city\nprint('to', await choose('Which city?', ['Bern', 'Basel']))"


def start(notebook: Notebook, *cells: int) -> None:
    """Load what the cells need, then start them."""
    notebook.run_cell(0)
    notebook.wait_idle()
    for cell in cells:
        notebook.run_cell(cell)


def saved(notebook: Notebook) -> str:
    """Save, and return the whole file."""
    notebook.save()
    return (notebook.server.root / notebook.path).read_text("utf-8")


def outputs(text: str, cell: int) -> list[dict[str, Any]]:
    """Return the bundles in the output of a cell of a saved file."""
    return [each.get("data", {}) for each in json.loads(text)["cells"][cell]["outputs"]]


def test_answered_by_mouse(open_notebook: OpenNotebook, app: App, kernel: str) -> None:
    """A cell awaits an answer, gets it while it awaits, and keeps the record."""
    notebook = open_notebook([LOAD, NAME], app=app, kernel=kernel)
    start(notebook, 1)
    prompt = Prompt(notebook, 1, "Your name?")
    prompt.field("Your name?").click()
    notebook.page.keyboard.type("Ada")
    prompt.press("submit")
    told = prompt.wait_for_record().split(" | ")
    assert told[:3] == ["✓", "Your name?", "Ada"]
    assert told[3].startswith("typed · ")
    notebook.wait_idle()
    assert "name: Ada" in notebook.output_text(1)
    record = outputs(saved(notebook), 1)[0]["text/plain"]
    assert "".join(record).startswith("✓ Your name?  Ada  typed · ")
    assert notebook.errors == []


def test_answered_by_keyboard_alone(open_notebook: OpenNotebook, app: App) -> None:
    """A form takes the focus, Tab and arrows move in it, Enter submits it."""
    notebook = open_notebook([LOAD, "print(await ask('Plan', Plan))", ""], app=app)
    start(notebook, 1)
    prompt = Prompt(notebook, 1)
    keyboard = notebook.page.keyboard
    focused = "(node) => node === document.activeElement"
    first = prompt.field("Recipients").element_handle()
    notebook.page.wait_for_function(focused, arg=first)
    for key in ("7", "Tab", "H", "i", "!", "Tab", "ArrowRight", "Tab", "B", "o"):
        keyboard.press(key)
    keyboard.press("Enter")
    told = prompt.wait_for_record()
    assert "Recipients: 7 · Subject: Hi! · Tone: formal · Boss: Name: Bo" in told
    # Letters that mean something to the notebook meant nothing to it.
    assert notebook.page.locator(".jp-Notebook .jp-Cell").count() == 3


@thorough
def test_escape_takes_back(open_notebook: OpenNotebook) -> None:
    """Escape puts back what a field held, and then leaves the form."""
    notebook = open_notebook([LOAD, "await ask('How many?', int, default=3)"])
    start(notebook, 1)
    prompt = Prompt(notebook, 1)
    field = prompt.field("How many?")
    field.fill("77")
    notebook.page.keyboard.press("Escape")
    assert field.input_value() == "3"
    notebook.page.keyboard.press("Escape")
    assert prompt.root.evaluate("(node) => node === document.activeElement")
    field.press("Enter")
    assert prompt.wait_for_record().split(" | ")[2] == "3"


@thorough
def test_typing_elsewhere_keeps_the_focus(open_notebook: OpenNotebook) -> None:
    """A question that appears while somebody types in a cell leaves him alone."""
    later = "%%arun\nawait asyncio.sleep(2)\nawait ask('Late?')"
    notebook = open_notebook([LOAD, later, ""])
    start(notebook, 1)
    notebook.type_in_cell(2, "x = 1")
    # Not by its cell: that would be made the active one.
    notebook.page.locator(".na-prompt", has_text="Late?").wait_for()
    notebook.page.keyboard.type("23")
    assert "x = 123" in notebook.cell(2).inner_text()


def test_wrong_then_right(open_notebook: OpenNotebook, app: App) -> None:
    """What is wrong is said beside the field, what was typed stays, and it is open."""
    notebook = open_notebook([LOAD, NUMBER], app=app)
    start(notebook, 1)
    prompt = Prompt(notebook, 1)
    field = prompt.field("How many?")
    field.fill("77")
    field.press("Enter")
    prompt.wait_for_error("must be at most 10")
    assert field.input_value() == "77"
    assert field.get_attribute("aria-invalid") == "true"
    described = field.get_attribute("aria-describedby") or ""
    error = notebook.page.locator(f"[id='{described.split()[0]}']")
    assert "must be at most 10" in error.inner_text()
    field.fill("7")
    prompt.press("submit")
    prompt.wait_for_record()
    notebook.wait_idle()
    assert "got 7" in notebook.output_text(1)


def test_countdown_to_the_default(open_notebook: OpenNotebook, app: App) -> None:
    """The seconds are shown, and what happens at zero happens."""
    cell = "print('got', await ask('How many?', int, default=3, timeout=4))"
    notebook = open_notebook([LOAD, cell], app=app)
    start(notebook, 1)
    prompt = Prompt(notebook, 1)
    assert prompt.due.startswith("answer within 0:0")
    assert prompt.due.endswith(", else the default: 3")
    told = prompt.wait_for_record()
    assert "the default, for nobody answered within 4 s" in told
    notebook.wait_idle()
    assert "got 3" in notebook.output_text(1)


def test_two_questions_at_once(open_notebook: OpenNotebook, app: App) -> None:
    """Two jobs ask at once, each in its own panel, and each gets its own answer."""
    notebook = open_notebook([LOAD, SEND, CITY], app=app)
    start(notebook, 1, 2)
    city = Prompt(notebook, 2, "Which city?")
    city.root.get_by_text("Basel").click()
    city.press("submit")
    assert city.wait_for_record().split(" | ")[2] == "Basel"
    send = Prompt(notebook, 1, "Send 214 mails?")
    send.field("Reason").fill("not today")
    send.press("Reject")
    told = send.wait_for_record().split(" | ")
    assert told[:3] == ["✕", "Send 214 mails?", "rejected: not today"]
    printed = notebook.page.locator(".na-line")
    printed.filter(has_text="sent False").wait_for()
    printed.filter(has_text="to Basel").wait_for()
    assert notebook.errors == []


@thorough
def test_decided_by_a_number(open_notebook: OpenNotebook) -> None:
    """With the focus in the panel, 1 approves."""
    notebook = open_notebook([LOAD, SEND])
    start(notebook, 1)
    prompt = Prompt(notebook, 1, "Send 214 mails?")
    prompt.root.focus()
    notebook.page.keyboard.press("1")
    assert prompt.wait_for_record().split(" | ")[2] == "approved"


def test_cancelled_job_closes_its_question(open_notebook: OpenNotebook) -> None:
    """When the job that asks is cancelled, the question says so and takes nothing."""
    notebook = open_notebook([LOAD, CITY, "jobs['city'].cancel()\nlen(pending)"])
    start(notebook, 1)
    prompt = Prompt(notebook, 1, "Which city?")
    notebook.run_cell(2)
    told = prompt.wait_for_record()
    assert "cancelled: whoever asked was cancelled" in told
    assert prompt.root.locator("button:visible, input:visible").count() == 0


def test_interrupt_closes_the_cells_question_alone(
    open_notebook: OpenNotebook, app: App
) -> None:
    """The stop button ends the cell that asks, and not the job that asks as well."""
    notebook = open_notebook([LOAD, CITY, NAME], app=app)
    start(notebook, 1)
    Prompt(notebook, 1, "Which city?")
    notebook.run_cell(2)
    mine = Prompt(notebook, 2, "Your name?")
    notebook.interrupt_kernel()
    assert mine.wait_for_record().startswith("■ | Your name? | cancelled")
    notebook.wait_idle()
    other = Prompt(notebook, 1, "Which city?")
    other.root.get_by_text("Bern").click()
    other.press("submit")
    assert other.wait_for_record().split(" | ")[2] == "Bern"


def test_reload_with_an_open_question(open_notebook: OpenNotebook, app: App) -> None:
    """After a reload the question is there, with what was typed, and works."""
    cell = "%%arun -n name\nprint('name:', await ask('Your name?', timeout=600))"
    notebook = open_notebook([LOAD, cell, "print(jobs['name'].output.text)"], app=app)
    start(notebook, 1)
    prompt = Prompt(notebook, 1, "Your name?")
    prompt.field("Your name?").press_sequentially("Ad")
    # The page tells what is typed once a second.
    notebook.page.wait_for_timeout(1500)
    notebook.save()
    notebook.reload()
    prompt = Prompt(notebook, 1, "Your name?")
    field = prompt.field("Your name?")
    assert field.input_value() == "Ad"
    assert prompt.due.startswith("answer within 9:")
    field.press("End")
    notebook.page.keyboard.type("a")
    notebook.page.keyboard.press("Enter")
    assert prompt.wait_for_record().split(" | ")[2] == "Ada"
    notebook.run_cell(2)
    notebook.output(2).get_by_text("name: Ada").wait_for()


@thorough
def test_reload_while_a_cell_awaits(open_notebook: OpenNotebook) -> None:
    """A cell that awaits its answer gets it from a page that was loaded anew."""
    notebook = open_notebook([LOAD, NAME, "name"])
    start(notebook, 1)
    Prompt(notebook, 1, "Your name?")
    notebook.save()
    # The kernel is busy, for the cell waits.
    notebook.page.reload()
    field = notebook.page.locator(".na-prompt").get_by_label("Your name?")
    field.wait_for(timeout=60_000)
    field.fill("Ada")
    field.press("Enter")
    assert Prompt(notebook, 1).wait_for_record().split(" | ")[2] == "Ada"
    notebook.wait_idle()
    notebook.run_cell(2)
    notebook.output(2).get_by_text("'Ada'").wait_for()


def test_secret_is_nowhere_in_the_file(open_notebook: OpenNotebook, app: App) -> None:
    """A secret shows as dots while it is typed, and is not in the saved file."""
    cell = "key = await ask('Key?', secret=True)\nprint(len(key))"
    notebook = open_notebook([LOAD, cell], app=app)
    start(notebook, 1)
    prompt = Prompt(notebook, 1)
    field = prompt.field("Key?")
    assert field.get_attribute("type") == "password"
    field.press_sequentially("hunter2-hunter2")
    notebook.page.wait_for_timeout(1500)
    assert "hunter2" not in saved(notebook)
    field.press("Enter")
    assert prompt.wait_for_record().split(" | ")[2] == "•••"
    notebook.wait_idle()
    text = saved(notebook)
    assert "hunter2" not in text
    assert "•••" in text
    assert "hunter2" not in notebook.server.log()


@pytest.mark.parametrize(
    "trusted",
    [
        pytest.param(True, id="trusted", marks=thorough),
        pytest.param(False, id="untrusted"),
    ],
)
def test_saved_file_shows_the_records(
    open_notebook: OpenNotebook,
    *,
    trusted: bool,
) -> None:
    """With any kernel the file shows what was answered, and what was open."""
    evil = "await ask('<img src=x onerror=alert(1)> & co?')"
    notebook = open_notebook([LOAD, NAME, SEND, evil])
    start(notebook, 1)
    Prompt(notebook, 1).field("Your name?").fill("<b>Ada</b>")
    Prompt(notebook, 1).press("submit")
    notebook.wait_idle()
    notebook.run_cell(2)
    Prompt(notebook, 2, "Send 214 mails?")
    notebook.run_cell(3)
    Prompt(notebook, 3, "<img src=x onerror=alert(1)> & co?")
    # A picture of a job that goes on is renewed now and then.
    notebook.page.wait_for_timeout(3500)
    notebook.save()
    notebook.reopen(trusted=trusted)
    notebook.page.wait_for_timeout(2000)
    assert "✓ Your name? <b>Ada</b> typed · " in " ".join(
        notebook.output(1).locator(".na-still").inner_text().split()
    )
    assert "open when this was saved" in notebook.output_text(2)
    told = notebook.output_text(3)
    assert "<img src=x onerror=alert(1)> & co?" in told
    assert "open when this was saved" in told
    assert notebook.page.locator(".na-prompt, img[src='x']").count() == 0
    assert "model not found" not in notebook.output_text(1)


def test_form_of_a_model(open_notebook: OpenNotebook, app: App) -> None:
    """Fields within fields are filled in, added, moved and removed."""
    notebook = open_notebook([LOAD, "plan = await ask('Plan', Plan)\nplan"], app=app)
    start(notebook, 1)
    prompt = Prompt(notebook, 1)
    prompt.field("Subject").fill("Hello")
    boss = prompt.root.get_by_role("group", name="Boss")
    boss.get_by_label("Name").fill("B")
    boss.get_by_label("Born").fill("1990-12-31")
    others = prompt.root.get_by_role("group", name="Others", exact=True)
    for name in ("Ada", "Grace", "Joan"):
        others.get_by_role("button", name="add").click()
        others.get_by_label("Name").last.fill(name)
    others.get_by_role("button", name="move up Others 2").click()
    others.get_by_role("button", name="remove Others 3").click()
    prompt.press("submit")
    prompt.wait_for_error("must have at least 2 characters")
    assert boss.get_by_label("Name").evaluate("(it) => it === document.activeElement")
    boss.get_by_label("Name").fill("Bo")
    prompt.press("submit")
    told = prompt.wait_for_record()
    assert "Boss: Name: Bo · Born: 1990-12-31" in told
    notebook.wait_idle()
    value = notebook.output_text(1)
    assert value.index("name='Grace'") < value.index("name='Ada'")
    assert "Joan" not in value


def test_file_is_uploaded(
    open_notebook: OpenNotebook, app: App, tmp_path: Path
) -> None:
    """A file goes in pieces, and comes whole; one that is too large is refused."""
    cell = (
        "import hashlib\nfile = await ask('A file', UploadedFile, max=3_000_000)\n"
        "print(file.name, hashlib.sha256(file.content).hexdigest())"
    )
    notebook = open_notebook([LOAD, cell], app=app)
    start(notebook, 1)
    prompt = Prompt(notebook, 1)
    (tmp_path / "large.bin").write_bytes(b"x" * 3_000_001)
    field = prompt.root.locator("input[type=file]")
    field.set_input_files(tmp_path / "large.bin")
    prompt.wait_for_error("must not be larger than 3 MB")
    prompt.press("take this file back")
    (tmp_path / "data.bin").write_bytes(bytes(range(250)) * 10_000)
    field.set_input_files(tmp_path / "data.bin")
    # It is sent as soon as the file is there.
    prompt.press("submit")
    assert prompt.wait_for_record().split(" | ")[2] == "data.bin (2.5 MB)"
    notebook.wait_idle()
    digest = hashlib.sha256(bytes(range(250)) * 10_000).hexdigest()
    assert f"data.bin {digest}" in notebook.output_text(1)


@thorough
def test_restart_ends_the_question(open_notebook: OpenNotebook, app: App) -> None:
    """After a restart the question says that nobody waits, and offers nothing."""
    notebook = open_notebook([LOAD, SEND], app=app)
    start(notebook, 1)
    prompt = Prompt(notebook, 1, "Send 214 mails?")
    notebook.restart_kernel()
    prompt.root.get_by_text("kernel gone", exact=True).wait_for()
    assert prompt.root.locator("button:visible, input:visible").count() == 0


@in_all_looks
def test_questions_fit_and_are_legible(
    open_notebook: OpenNotebook, theme: str, width: int
) -> None:
    """A form, a decision, a search and records fit, and can be read."""
    cells = [
        "plan = await ask('Edit the plan', Plan, timeout=300)",
        "%%arun -n send\nawait approve('Send mails?', detail='To: all', timeout=60)",
        "%%arun -n search\nawait choose('Where?', [f'Place {n}' for n in range(40)])",
    ]
    notebook = open_notebook([LOAD, *cells], app="notebook", size=(width, 1200))
    notebook.set_theme(theme)
    start(notebook, 2, 3, 1)
    shade = f"{width}-{theme.rpartition(' ')[2].lower()}"
    form = Prompt(notebook, 1)
    form.field("Subject").fill("x")
    form.press("submit")
    form.wait_for_error("must have at least 3 characters")
    for cell in (1, 2, 3):
        prompt = Prompt(notebook, cell, ["Edit", "Send", "Where?"][cell - 1])
        notebook.screenshot(f"prompt-{cell}-{shade}", prompt.output)
        assert illegible(prompt.root) == {}
        wide = "(it) => [it.scrollWidth - it.clientWidth, it.offsetHeight]"
        overflow, height = prompt.root.evaluate(wide)
        assert overflow <= 0
        assert height <= 420
    send = Prompt(notebook, 2, "Send")
    send.press("Approve")
    send.wait_for_record()
    notebook.screenshot(f"prompt-record-{shade}", send.output)
    assert illegible(send.root) == {}
