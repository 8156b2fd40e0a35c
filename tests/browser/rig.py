"""Chromium for the browser tests, and the way to a notebook in it.

Used by the fixtures in `conftest.py`, or by hand:

    with JupyterServer(folder) as server, Chromium() as chromium:
        make_notebook(folder / "sum.ipynb", ["1 + 1"])
        notebook = chromium.window(server, "sum.ipynb", app="lab", pictures=folder)
        notebook.open()
        notebook.run_all()
        notebook.wait_idle()
        print(notebook.output_text(0))
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

import pytest

from tests.browser.browsers import find_browser
from tests.browser.notebook import App, Notebook, make_notebook
from tests.browser.server import JupyterServer

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from playwright.sync_api import Browser

__all__ = [
    "App",
    "Chromium",
    "JupyterServer",
    "Notebook",
    "in_all_looks",
    "in_both",
    "in_both_if_thorough",
    "make_notebook",
    "thorough",
]

in_both = pytest.mark.parametrize("app", ["lab", "notebook"])
"""Runs a test in JupyterLab and Notebook."""

thorough = pytest.mark.thorough
"""Marks a test that only `make test-front-ends` runs: it looks at one thing closely."""

in_both_if_thorough = pytest.mark.parametrize(
    "app", ["lab", pytest.param("notebook", marks=thorough)]
)
"""Runs a test in JupyterLab, and where there is time in Notebook as well."""

in_all_looks = pytest.mark.parametrize(
    ("width", "theme"),
    [
        (600, "JupyterLab Dark"),
        (1600, "JupyterLab Light"),
        pytest.param(600, "JupyterLab Light", marks=thorough),
        pytest.param(1600, "JupyterLab Dark", marks=thorough),
    ],
)
"""Runs a test in narrow and in wide windows, light and dark."""

WINDOW = (1280, 900)

# Nothing but the notebook's own traffic, and the same drawing on every machine.
FLAGS = (
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class Chromium:
    """A browser without a window; while it is open, no event loop may run here."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._browser: Browser | None = None

    def __enter__(self) -> Self:
        # Imported late: these tests are collected where there is no Playwright, too.
        from playwright.sync_api import sync_playwright  # noqa: PLC0415

        with contextlib.ExitStack() as stack:
            playwright = stack.enter_context(sync_playwright())
            self._browser = stack.enter_context(
                playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def window(
        self,
        server: JupyterServer,
        path: str,
        *,
        app: App,
        pictures: Path,
        size: tuple[int, int] = WINDOW,
    ) -> Notebook:
        """Return a window of its own, with no history, that can open a notebook.

        Parameters
        ----------
        server
            The server that has it.
        path
            Where it has it, from the server's root.
        app
            JupyterLab or Notebook.
        pictures
            Folder for its screenshots.
        size
            Width and height of the window, in pixels.
        """
        if self._browser is None:
            raise RuntimeError("this browser is not open: use it in a `with` block")
        width, height = size
        context = self._browser.new_context(viewport={"width": width, "height": height})
        return Notebook(context, server, path, app=app, pictures=pictures)
