"""A process that is killed at any moment is followed by one that goes on."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from notebook_async.workflow import WorkflowCheckpointer
from tests.workflow.crashing import RESULT, RUN, Crashing, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL"),
]

KILLS = 150
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[subprocess.Popen[str]]:
    """Start the program that starts the processes to kill."""
    with subprocess.Popen(
        # Not `-m`: its classes would be those of `__main__`, and not those of here.
        [sys.executable, "-c", "from tests.workflow import crashing; crashing.serve()"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


class Life:
    """One run, through however many processes it takes."""

    def __init__(self, server: subprocess.Popen[str], storage: Path) -> None:
        self.server, self.storage = server, storage
        self.log, self.result = storage.with_name("log"), storage.with_name("result")
        self.log.touch()
        self.kills = 0
        self.repeated = 0

    def kept(self) -> set[str | None]:
        """Return the calls that have a checkpoint."""

        async def load() -> set[str | None]:
            workflow = Crashing()
            async with WorkflowCheckpointer(workflow, storage=self.storage) as here:
                listed = await here.list(RUN)
            numbers = [one.number for one in listed]
            assert sorted(numbers) == list(range(len(numbers)))
            names = [
                name_of(one.last_completed_step, one.input_event) for one in listed
            ]
            assert len(set(names)) == len(names)
            return set(names)

        return asyncio.run(load())

    def go_on(self, delay: float) -> None:
        """Start a process and kill it after a while, unless it has ended before."""
        kept = self.kept()
        size = self.log.stat().st_size
        stdin, stdout = self.server.stdin, self.server.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{self.storage} {self.log} {self.result}\n")
        stdin.flush()
        process = int(stdout.readline())
        time.sleep(delay)
        # It is reaped only by its parent, and that may just have happened.
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        status = int(stdout.readline())
        assert status in (0, -signal.SIGKILL)
        self.kills += status != 0
        begun = {
            line.removeprefix("begin ")
            for line in self.log.read_text("utf-8")[size:].splitlines()
            if line.startswith("begin ")
        }
        assert begun & kept == set()

    def check_end(self) -> None:
        """See that the result is right, and every call was finished."""
        assert self.result.read_text("utf-8") == repr(RESULT)
        lines = Counter(self.log.read_text("utf-8").splitlines())
        names = {"scatter", "gather", "one", "two", "three"}
        names |= {f"work:{n}" for n in range(6)}
        assert {name for name in self.kept() if name} == names
        assert {line.removeprefix("finish ") for line in lines if "finish" in line} == (
            names
        )


@pytest.mark.parametrize("name", ["runs.db", "runs.jsonl"])
def test_killed_run_goes_on(
    name: str, tmp_path: Path, server: subprocess.Popen[str]
) -> None:
    """However often it is killed, no call that has a checkpoint begins again."""
    chance = random.Random(name)  # noqa: S311 - the same moments each time
    kills = runs = 0
    while kills < KILLS:
        folder = tmp_path / str(runs)
        folder.mkdir()
        life = Life(server, folder / name)
        # Right at the beginning, too.
        delays = [0.0, 0.002]
        while not life.result.exists():
            assert life.kills < 200
            life.go_on(delays.pop() if delays else chance.uniform(0.0, 0.12))
        life.check_end()
        kills += life.kills
        runs += 1
