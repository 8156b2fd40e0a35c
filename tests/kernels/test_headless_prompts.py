"""Questions where no front end is: the programs that people run notebooks with."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbclient import NotebookClient

from notebook_async.prompts import ANSWERS_VARIABLE
from tests.kernels.kernelspec import write_kernelspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FLOW = """\
import time
from notebook_async import approve, ask, choose, jobs
from notebook_async.errors import NoFrontEndError
from notebook_async.prompts import answers
from notebook_async.workflow import Context, HumanResponseEvent, InputRequiredEvent
from notebook_async.workflow import Question, StartEvent, StopEvent, Workflow, step

class Flow(Workflow):
    @step
    async def ask(self, ctx: Context, ev: StartEvent) -> StopEvent:
        question = Question(prefix=ev.text, **ev.get("words", {}))
        answer = await ctx.wait_for_event(HumanResponseEvent, question)
        return StopEvent(result=answer.response)
"""

SEEDED = """\
with answers({"Name?": "Ada", "In a step?": "Bob", "Send?": False}):
    here = await ask("Name?"), bool(await approve("Send?"))
    print(*here, await Flow().run(text="In a step?"))
"""

FROM_FILE = """\
print(await choose("Town?", ["Bern", "Basel"]), await Flow().run(text="File?"))
"""

DEFAULTS = """\
here = await ask("How many?", int, default=3)
print(here, await Flow().run(text="Default?", words={"default": "nobody"}))
"""

NOBODY = """\
said = []
for asking in (ask("Who?"), Flow().run(text="Who?")):
    began = time.perf_counter()
    try:
        await asking
    except NoFrontEndError as error:
        said += [str(error).partition(":")[0], time.perf_counter() - began < 5]
print(*said)
"""

IN_A_JOB = """\
job = jobs.start(Flow().run(text="In a job?").stop_event_result(), name="asks")
await job.wait()
print(type(job.exception).__name__)
"""

SAID = {
    SEEDED: "Ada False Bob\n",
    FROM_FILE: "Basel read\n",
    DEFAULTS: "3 nobody\n",
    NOBODY: "'Who?' cannot be asked True 'Who?' cannot be asked True\n",
    IN_A_JOB: "NoFrontEndError\n",
}

SCRIPT = f"""\
import asyncio
{FLOW}
async def main():
    {SEEDED.strip().replace(chr(10), chr(10) + "    ")}
    {FROM_FILE.strip()}
    {DEFAULTS.strip().replace(chr(10), chr(10) + "    ")}
    began = time.perf_counter()
    try:
        await ask("Who?")
    except NoFrontEndError as error:
        print(str(error).partition(":")[0], time.perf_counter() - began < 5)

asyncio.run(main())
"""


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with a kernel, and name the file with answers there."""
    write_kernelspec(tmp_path / "share" / "kernels", "python3", sys.executable)
    file = tmp_path / "answers.json"
    file.write_text(json.dumps({"Town?": "Basel", "File?": "read"}))
    monkeypatch.setenv(ANSWERS_VARIABLE, str(file))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
    return tmp_path


def notebook(*cells: str) -> nbformat.NotebookNode:
    """Return a notebook with the extension."""
    made: Any = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(f"%load_ext notebook_async\n{FLOW}")]
    made.cells += [nbformat.v4.new_code_cell(code) for code in cells]
    made.metadata.kernelspec = {
        "name": "python3",
        "display_name": "Python",
        "language": "python",
    }
    return made


def printed(done: nbformat.NotebookNode) -> list[str]:
    """Return what each cell has printed."""
    return [
        "".join(each.text for each in cell.outputs if each.get("name") == "stdout")
        for cell in done.cells
        if cell.cell_type == "code"
    ][1:]


async def by_nbclient(folder: Path) -> list[str]:
    """Run a notebook with nbclient."""
    made = notebook(*SAID)
    client = NotebookClient(made, timeout=60, resources={"metadata": {"path": folder}})
    await client.async_execute()
    return printed(made)


async def by_papermill(folder: Path) -> list[str]:
    """Run a notebook with papermill."""
    given, made = folder / "given.ipynb", folder / "made.ipynb"
    nbformat.write(notebook(*SAID), given)
    command = ("papermill", "--no-progress-bar", str(given), str(made))
    await completed(sys.executable, "-m", *command)
    return printed(nbformat.read(made, as_version=4))


async def by_nbconvert(folder: Path) -> list[str]:
    """Run a notebook with `jupyter nbconvert --execute`."""
    given = folder / "given.ipynb"
    nbformat.write(notebook(*SAID), given)
    command = ("jupyter", "nbconvert", "--execute", "--to", "notebook", "--inplace")
    await completed(sys.executable, "-m", *command, str(given))
    return printed(nbformat.read(given, as_version=4))


async def completed(*command: str, cwd: Path | None = None) -> str:
    """Run a command without anybody who could type, and return what it printed."""
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=dict(os.environ),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("run", [by_nbclient, by_papermill, by_nbconvert])
async def test_notebook_without_a_front_end(
    run: Callable[[Path], Any], surroundings: Path
) -> None:
    """Seeded answers count, then defaults; else it fails within five seconds."""
    assert await run(surroundings) == list(SAID.values())


async def test_nbval(surroundings: Path) -> None:
    """Nbval, which looks for cells that fail, finds none."""
    given = surroundings / "given.ipynb"
    begin = "def say(*words):\n    told.append(' '.join(map(str, words)))\ntold = []"
    cells = [code.replace("print(", "say(") for code in SAID]
    end = f"assert told == {[said.strip() for said in SAID.values()]!r}"
    nbformat.write(notebook(begin, *cells, end), given)
    said = await completed(
        *(sys.executable, "-m", "pytest", "--nbval-lax", "-q"),
        *("-p", "no:cacheprovider", str(given)),
        cwd=surroundings,
    )
    assert f"{len(SAID) + 3} passed" in said


async def test_script(surroundings: Path) -> None:
    """A plain script asks the same questions, and never loads the extension."""
    script = surroundings / "script.py"
    script.write_text(SCRIPT)
    said = await completed(sys.executable, str(script))
    expected = "".join(SAID[code] for code in (SEEDED, FROM_FILE, DEFAULTS))
    assert said == f"{expected}'Who?' cannot be asked True\n"


# -- secrets

LOGIN = """\
from notebook_async import record

class Login(Workflow):
    @step
    async def ask(self, ctx: Context, ev: StartEvent) -> Question:
        question = Question(prefix="Step?", secret=True)
        answer = await ctx.wait_for_event(HumanResponseEvent, question)
        assert answer.response == seed
        return Question(prefix="Loose?", secret=True, default=seed)

    @step
    async def use(self, ev: HumanResponseEvent) -> StopEvent:
        assert ev.response == seed
        return StopEvent(result=len(ev.response))

made = record()
seed = open("secret").read()
with answers({"Key?": seed, "Step?": seed}):
    assert await ask("Key?", secret=True) == seed
    assert await Login().run() == len(seed)
made.stop()
path = made.export("run.jsonl.gz")
made
"""


async def test_secret_is_written_nowhere(surroundings: Path) -> None:
    """A secret answer is in no output, no record, no log and no exported recording."""
    (surroundings / "secret").write_text("hunter2")
    made = notebook(LOGIN, "import gzip; print(len(gzip.open(path).read()) > 100)")
    client = NotebookClient(
        made, timeout=60, resources={"metadata": {"path": surroundings}}
    )
    await client.async_execute()
    assert printed(made)[1] == "True\n"
    saved = json.dumps(made)
    at = saved.find("hunter2")
    assert at == -1, saved[at - 300 : at + 50]
    unpack = "import gzip; print(gzip.open('run.jsonl.gz').read().decode())"
    records = await completed(sys.executable, "-c", unpack, cwd=surroundings)
    assert "hunter2" not in records
    assert "Step?" in records
    assert "Key?" in records
