"""Find a browser for the browser tests; run as a script, install one if need be.

Tried in turn: a Chromium or Chrome of the machine, Debian's package (as root), and
Playwright's own download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
# Where the installers for macOS and Windows put it, which is not on the PATH.
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
)
DID_NOT_RUN = (
    "THE BROWSER TESTS DID NOT RUN: no Chromium or Chrome was found, and none could be"
    " installed. Install one and repeat `make test`."
)


def find_browser() -> str | None:
    """Return the path of a Chromium or Chrome, or None for Playwright's own."""
    on_path = (path for name in NAMES if (path := shutil.which(name)))
    in_place = (path for path in PLACES if Path(path).exists())
    return next((path for path in (*on_path, *in_place) if _is_browser(path)), None)


def why_no_browser() -> str | None:
    """Start the browser once; return None, or why the browser tests cannot run."""
    # Imported late: finding a browser needs no Playwright, and may come before it.
    from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415

    try:
        with sync_playwright() as playwright:
            playwright.chromium.launch(executable_path=find_browser()).close()
    except Error as error:
        return error.message.strip().splitlines()[0]
    return None


def _is_browser(path: str) -> bool:
    """Tell a browser from Ubuntu's `chromium-browser`, which only asks for one."""
    if sys.platform == "win32":  # there `--version` opens a window
        return True
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and "Chrom" in answer.stdout


def _install_debian() -> None:
    """Install Debian's Chromium; Ubuntu's package of that name holds no browser."""
    release = Path("/etc/os-release")
    is_debian = release.exists() and "ID=debian" in release.read_text().splitlines()
    if not is_debian or os.geteuid() != 0:
        return
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-qq"]
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["install", "--no-install-recommends", "-y", "chromium"]
    for command in (["update"], install):
        subprocess.run([*apt, *command], env=environ, check=False)


def _install_playwright() -> None:
    """Download Playwright's Chromium, with the system's libraries where that may be."""
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    if sys.platform == "linux" and os.geteuid() == 0:
        command.append("--with-deps")
    subprocess.run(command, check=False)


def main() -> int:
    """Make sure that there is a browser and print which, or say that there is none."""
    reason = why_no_browser()
    for install in (_install_debian, _install_playwright):
        if reason is None:
            break
        install()
        reason = why_no_browser()
    if reason is None:
        print(find_browser() or "Playwright's own Chromium")
        return 0
    print(f"{reason}\n\n{DID_NOT_RUN}\n", file=sys.stderr)
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
