"""Fixtures for tests in a browser: `open_notebook` is the one that they ask for."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol

import pytest

from tests.browser.rig import WINDOW, App, Chromium, JupyterServer, make_notebook
from tests.kernels.environments import BASE, Recipe, make

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from tests.browser.rig import Notebook

# Loading JupyterLab on a cold and busy machine is most of it.
LIMIT = 180.0

# A version for each way of handling widgets. The first test with one may have to make
# its environment, and that takes longer than any test.
KERNELS = [
    pytest.param(
        Recipe(BASE.path, BASE.version, version),
        id=version,
        marks=[
            pytest.mark.timeout(LIMIT + 420.0),
            # Those between the oldest and the newest are looked at on demand.
            *([] if version == "7.4.0" else [pytest.mark.thorough]),
        ],
    )
    for version in ("6.31.0", "7.3.0", "7.4.0")
]

WHY_NOT = pytest.StashKey[str]()
FAILED = pytest.StashKey[bool]()


class OpenNotebook(Protocol):
    """Opens a copy of a notebook, or a new one with the given cells."""

    def __call__(
        self,
        source: Path | Iterable[str],
        *,
        app: App = "lab",
        size: tuple[int, int] = WINDOW,
        kernel: str = "python3",
    ) -> Notebook:
        """Return the open notebook, its kernel idle; a new one has the named kernel."""


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Mark every test of this folder, before it is selected or left out."""
    if isinstance(collector, pytest.Module):
        collector.add_marker(pytest.mark.browser)
        collector.add_marker(pytest.mark.timeout(LIMIT))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell the fixtures whether the test failed."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say it loudly when no browser was found."""
    reason = config.stash.get(WHY_NOT, None)
    if reason:
        terminalreporter.write_sep("=", "browser tests", red=True, bold=True)
        terminalreporter.write_line(
            f"BROWSER TESTS DID NOT RUN: {reason}", red=True, bold=True
        )


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder for screenshots: `SCREENSHOTS`, or a temporary one."""
    given = os.environ.get("SCREENSHOTS")
    return Path(given) if given else tmp_path_factory.mktemp("screenshots")


@pytest.fixture(scope="package")
def chromium(pytestconfig: pytest.Config) -> Iterator[Chromium]:
    """Start the browser; where there is none, skip loudly, or fail in CI."""
    for module in ("playwright", "jupyterlab", "notebook"):
        if importlib.util.find_spec(module) is None:
            _give_up(pytestconfig, f"{module} is not installed")
    from playwright.sync_api import Error  # noqa: PLC0415 - may be missing, see above

    with contextlib.ExitStack() as stack:
        try:
            browser = stack.enter_context(Chromium())
        except Error as error:
            _give_up(pytestconfig, error.message.strip().splitlines()[0])
        yield browser


@pytest.fixture(scope="package")
def server(
    chromium: Chromium,  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[JupyterServer]:
    """Start one server for all tests, once it is known that there is a browser."""
    with JupyterServer(tmp_path_factory.mktemp("notebooks")) as running:
        yield running


@pytest.fixture(
    params=["lab", pytest.param("notebook", marks=pytest.mark.every_front_end)]
)
def app(request: pytest.FixtureRequest) -> App:
    """Run the test in JupyterLab 4, and in `make test-front-ends` in Notebook 7 too.

    Both are made of the same parts. What shows a whole way through a panel runs in both
    every time, by `in_both`.
    """
    chosen: App = request.param
    return chosen


@pytest.fixture(scope="package", params=KERNELS)
def kernel(request: pytest.FixtureRequest, server: JupyterServer) -> str:
    """Run the test with several versions of ipykernel; return the name of each."""
    recipe: Recipe = request.param
    name = f"ipykernel-{recipe.ipykernel}"
    server.add_kernel(name, make(recipe).python)
    return name


@pytest.fixture
def open_notebook(
    request: pytest.FixtureRequest,
    chromium: Chromium,
    server: JupyterServer,
    pictures: Path,
) -> Iterator[OpenNotebook]:
    """Return the function that opens notebooks, and close them after the test."""
    name = re.sub(r"\W+", "-", request.node.name).strip("-")
    opened: list[Notebook] = []

    def open_(
        source: Path | Iterable[str],
        *,
        app: App = "lab",
        size: tuple[int, int] = WINDOW,
        kernel: str = "python3",
    ) -> Notebook:
        file = server.root / f"{name}-{len(opened)}.ipynb"
        if isinstance(source, Path):
            shutil.copy(source, file)
        else:
            make_notebook(file, source, kernel=kernel)
        notebook = chromium.window(
            server, file.name, app=app, pictures=pictures, size=size
        )
        opened.append(notebook)
        notebook.open()
        return notebook

    yield open_
    if request.node.stash.get(FAILED, False):
        for notebook in opened:
            notebook.screenshot(f"failed-{name}-{notebook.app}")
    for notebook in opened:
        notebook.page.context.close()
    server.end_sessions()
    server.reset_settings()


def _give_up(config: pytest.Config, reason: str) -> NoReturn:
    config.stash[WHY_NOT] = reason
    if os.environ.get("CI"):
        pytest.fail(f"BROWSER TESTS DID NOT RUN: {reason}", pytrace=False)
    pytest.skip(reason)
