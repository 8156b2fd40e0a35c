"""A Jupyter server of the tests' own: nothing of the person's set-up reaches it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.kernels.kernelspec import write_kernelspec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

START_LIMIT = 60.0
STOP_LIMIT = 15.0

# Whatever would make one run differ from the next: news, update checks, autosave.
QUIET_SETTINGS: dict[str, dict[str, Any]] = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}


class JupyterServer:
    """One server for JupyterLab 4 (`/lab`) and Notebook 7 (`/notebooks`).

    Parameters
    ----------
    root
        Folder whose notebooks are served.
    interpreters
        Kernel name to the Python that runs it; this process's own as `python3`
        when nothing is given.
    """

    def __init__(
        self, root: Path, *, interpreters: Mapping[str, str | Path] | None = None
    ) -> None:
        self.root = root.resolve()
        self.token = secrets.token_hex(16)
        self.port = 0
        self._interpreters = dict(interpreters or {"python3": sys.executable})
        self._home = Path()
        self._stack = contextlib.ExitStack()

    @property
    def url(self) -> str:
        """Return the address, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._home = Path(tempfile.mkdtemp(prefix="notebook-rig-"))
            stack.callback(shutil.rmtree, self._home, ignore_errors=True)
            self.port = _free_port()
            for name, python in self._interpreters.items():
                self.add_kernel(name, python)
            self.reset_settings()
            log = stack.enter_context((self._home / "server.log").open("wb"))
            process = stack.enter_context(
                subprocess.Popen(
                    self._command(),
                    cwd=self.root,
                    env=self._environment(),
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            )
            stack.callback(self._stop, process)
            self._wait_until_up(process)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def request(self, method: str, path: str) -> bytes:
        """Call the server's REST interface and return what it answers.

        Raises
        ------
        OSError
            If nobody listens, or the answer is an error.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            headers = {"Authorization": f"token {self.token}"}
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            body = response.read()
        if response.status >= http.client.BAD_REQUEST:
            raise OSError(f"{method} {path}: {response.status} {body[:300]!r}")
        return body

    def log(self) -> str:
        """Return what the server and its kernels wrote so far."""
        return (self._home / "server.log").read_text("utf-8", errors="replace")

    def add_kernel(self, name: str, python: str | Path) -> None:
        """Offer one more kernel to the pages that are opened from now on."""
        write_kernelspec(self._home / "data" / "kernels", name, python)

    def end_sessions(self) -> None:
        """Stop every kernel, as closing and shutting down each notebook would."""
        for session in json.loads(self.request("GET", "/api/sessions")):
            self.request("DELETE", f"/api/sessions/{session['id']}")

    def reset_settings(self) -> None:
        """Put back the settings of a fresh start, the theme among them."""
        shutil.rmtree(self._settings, ignore_errors=True)
        for plugin, values in QUIET_SETTINGS.items():
            file = self._settings / f"{plugin}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values), "utf-8")

    def forget_signatures(self) -> None:
        """Make every notebook untrusted, as if somebody else had sent it."""
        database = self._home / "data" / "nbsignatures.db"
        with contextlib.closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("DELETE FROM nbsignatures")

    @property
    def _settings(self) -> Path:
        return self._home / "settings"

    def _command(self) -> list[str]:
        options = [
            "--no-browser",
            "--ip=127.0.0.1",
            f"--port={self.port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.root}",
            f"--IdentityProvider.token={self.token}",
            "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            "--LabApp.extension_manager=readonly",
        ]
        # Containers run their tests as root, which the server otherwise refuses.
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.append("--allow-root")
        return [sys.executable, "-m", "jupyterlab", *options]

    def _environment(self) -> dict[str, str]:
        ours = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",
        }
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("JUPYTER", "IPYTHON"))
        }
        return {
            **inherited,
            **{name: str(self._home / folder) for name, folder in ours.items()},
            # Else the kernels of a virtual environment go before those given here.
            "JUPYTER_PREFER_ENV_PATH": "0",
            "JUPYTER_PLATFORM_DIRS": "0",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }

    def _wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise RuntimeError(f"the Jupyter server stopped:\n{self.log()[-3000:]}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                self.request("GET", "/api/status")
                return
            time.sleep(0.05)
        log = self.log()[-3000:]
        raise TimeoutError(f"no Jupyter server after {START_LIMIT} s:\n{log}")

    def _stop(self, process: subprocess.Popen[bytes]) -> None:
        # Asked politely, the server also stops its kernels, on every system.
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.request("POST", "/api/shutdown")
        try:
            process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
