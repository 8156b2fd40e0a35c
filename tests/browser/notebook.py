"""A page object: one notebook, open in JupyterLab 4 or Notebook 7."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tests.browser.traffic import Frame, Traffic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playwright.sync_api import BrowserContext, ConsoleMessage, Locator

    from tests.browser.server import JupyterServer

App = Literal["lab", "notebook"]

PAGE_SCRIPT = Path(__file__).with_name("page.js")

# Seconds, for a page to load, for cells to end, and for anything else to appear.
LOAD_LIMIT = 60.0
IDLE_LIMIT = 60.0
LIMIT = 20.0

# What Notebook 7 itself reports while it loads, whatever the notebook holds.
NOISE = (
    "Cannot read properties of undefined (reading 'schema')",
    "Command 'filebrowser:open-path' not registered.",
)

# The kernel's status may turn idle between two cells: only a stretch of it counts.
CALM_LOOKS = 3
LOOK_DELAY = 0.05


class Notebook:
    """One notebook in one browser window.

    Parameters
    ----------
    context
        A fresh browser context; the page in it belongs to this object.
    server
        The server that has the notebook.
    path
        Of the notebook, relative to the server's root.
    app
        The application to open it in.
    pictures
        Folder for screenshots.

    Attributes
    ----------
    page
        Playwright's page, for everything this class does not know.
    errors
        What the browser reported so far: console errors and uncaught exceptions.
    """

    def __init__(
        self,
        context: BrowserContext,
        server: JupyterServer,
        path: str,
        *,
        app: App,
        pictures: Path,
    ) -> None:
        self.server = server
        self.path = path
        self.app = app
        self.pictures = pictures
        self.errors: list[str] = []
        context.add_init_script(path=PAGE_SCRIPT)
        self.page = context.new_page()
        self.page.set_default_timeout(LIMIT * 1000)
        self.page.set_default_navigation_timeout(LOAD_LIMIT * 1000)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self._report(str(error)))
        # Leaving a page with unsaved changes asks whether one really wants to.
        self.page.on("dialog", lambda dialog: dialog.accept())

    # --- the page -------------------------------------------------------------------

    def open(self) -> None:
        """Open the notebook and wait until its kernel is idle."""
        place = "lab/tree" if self.app == "lab" else "notebooks"
        query = f"token={self.server.token}&reset"
        self.page.goto(f"{self.server.url}/{place}/{self.path}?{query}")
        self._wait_until_open()

    def reload(self) -> None:
        """Reload the page, as F5 does: what was not saved is gone."""
        self.page.reload()
        self._wait_until_open()

    def save(self) -> None:
        """Save the file, and wait until it is written."""
        self._ask("save")

    def reopen(self, *, trusted: bool = True) -> None:
        """Close the saved notebook, stop its kernel, and open it with a new one.

        Parameters
        ----------
        trusted
            False to open it as a file that somebody else sent.
        """
        self.page.goto("about:blank")
        self.server.end_sessions()
        if not trusted:
            self.server.forget_signatures()
        self.open()

    def set_theme(self, theme: str) -> None:
        """Change the theme, for example to `JupyterLab Dark`, and wait for it."""
        self.command("apputils:change-theme", theme=theme)
        self.page.wait_for_function(
            "(theme) => document.body.dataset.jpThemeName === theme", arg=theme
        )
        self._wait_until_uncovered()

    def screenshot(self, name: str, part: Locator | None = None) -> Path:
        """Take a picture of a part, or of the window, and return its file."""
        file = self.pictures / f"{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        (part or self.page).screenshot(path=file)
        return file

    # --- running --------------------------------------------------------------------

    def command(self, name: str, **parameters: object) -> None:
        """Start a command of the application, without waiting for its end."""
        self._ask("execute", name, parameters)

    def run_all(self) -> None:
        """Start all cells, without waiting for them."""
        self.command("notebook:run-all-cells")

    def run_cell(self, index: int) -> None:
        """Start one cell, without waiting for it."""
        self._ask("runCell", index)

    def time_cell(self, index: int, *, shows: str, limit: float = 30.0) -> float:
        """Run a cell and return the seconds until its output shows that text.

        The page's own clock is read, from the command to the frame with the text.
        """
        seconds: float = self._ask("timeCell", index, shows, limit)
        return seconds

    def wait_idle(self, *, limit: float = IDLE_LIMIT) -> None:
        """Wait until every started cell has ended and the kernel is idle.

        Raises
        ------
        TimeoutError
            If that takes longer than `limit` seconds.
        """
        deadline = time.monotonic() + limit
        calm = 0
        while calm < CALM_LOOKS:
            busy = self._ask("busy")
            idle = busy == {"commands": 0, "cells": 0, "kernel": "idle"}
            calm = calm + 1 if idle else 0
            if time.monotonic() > deadline:
                raise TimeoutError(f"not idle after {limit} s: {busy}")
            self.page.wait_for_timeout(LOOK_DELAY * 1000)

    def restart_kernel(self) -> None:
        """Restart the kernel and wait until it is idle again."""
        self._ask("restart")
        self.wait_idle()

    def interrupt_kernel(self) -> None:
        """Interrupt the kernel, as the stop button does."""
        self._ask("interrupt")

    # --- cells ----------------------------------------------------------------------

    def cell(self, index: int) -> Locator:
        """Return a cell, scrolled into view: those out of view may not be drawn."""
        self._ask("scrollTo", index)
        return self.page.locator(
            f".jp-Notebook .jp-Cell[data-windowed-list-index='{index}']"
        )

    def find(self, text: str) -> int:
        """Return the index of the first code cell whose source has a text."""
        index: int = self._ask("find", text)
        if index < 0:
            raise LookupError(f"no code cell of {self.path} has {text!r}")
        return index

    def type_in_cell(self, index: int, text: str) -> None:
        """Replace a cell's source by keystrokes, as a person does."""
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text)

    def output(self, index: int) -> Locator:
        """Return the output area of a cell, scrolled into view."""
        return self.cell(index).locator(".jp-Cell-outputArea")

    def output_text(self, index: int) -> str:
        """Return the text that a person reads in a cell's output."""
        return self.output(index).inner_text()

    def output_data(self, index: int) -> list[dict[str, Any]]:
        """Return a cell's outputs as they would be saved."""
        outputs: list[dict[str, Any]] = self._ask("outputs", index)
        return outputs

    def is_trusted(self, index: int) -> bool:
        """Return whether the application trusts a cell's output."""
        trusted: bool = self._ask("isTrusted", index)
        return trusted

    # --- traffic --------------------------------------------------------------------

    def traffic(self, *, since: float = 0.0) -> Traffic:
        """Return the websocket frames since that moment of the page's clock."""
        frames = [Frame(**frame) for frame in self._ask("frames.slice")]
        recent = tuple(frame for frame in frames if frame.at >= since)
        return Traffic(recent, self.now() - since)

    def watch_traffic(self, seconds: float) -> Traffic:
        """Let that time pass and return the frames that came and went in it."""
        start = self.now()
        self.page.wait_for_timeout(seconds * 1000)
        return self.traffic(since=start)

    def now(self) -> float:
        """Return the seconds since the page was loaded, by its own clock."""
        seconds: float = self._ask("now")
        return seconds

    # --- within ---------------------------------------------------------------------

    def _wait_until_open(self) -> None:
        limit = LOAD_LIMIT * 1000
        self.page.wait_for_function("() => notebookRig.isOpen()", timeout=limit)
        self._wait_until_uncovered()

    def _wait_until_uncovered(self) -> None:
        # JupyterLab lays its splash over the page while it loads or changes its theme.
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def _ask(self, function: str, *parameters: object) -> Any:  # noqa: ANN401 - JSON
        return self.page.evaluate(
            f"(parameters) => notebookRig.{function}(...parameters)", parameters
        )

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._report(message.text)

    def _report(self, text: str) -> None:
        if text not in NOISE:
            self.errors.append(text)


def make_notebook(file: Path, cells: Iterable[str], *, kernel: str = "python3") -> Path:
    """Write a notebook of code cells; a cell that starts with `md:` is Markdown."""
    spec = {"name": kernel, "display_name": kernel, "language": "python"}
    content = {
        "cells": [_cell(f"cell-{i}", source) for i, source in enumerate(cells)],
        "metadata": {"kernelspec": spec},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    file.write_text(json.dumps(content), "utf-8")
    return file


def _cell(name: str, source: str) -> dict[str, Any]:
    if source.startswith("md:"):
        words = source.removeprefix("md:")
        return {"id": name, "cell_type": "markdown", "metadata": {}, "source": words}
    return {
        "id": name,
        "cell_type": "code",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": source,
    }
