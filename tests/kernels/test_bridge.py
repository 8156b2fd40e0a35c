"""Widget messages that reach the loop while a cell awaits, in real kernels."""

from __future__ import annotations

import ast
import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.kernels.rig import Kernel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.kernels.environments import Environment

SETUP = """\
import asyncio, comm, logging, threading, time
%load_ext notebook_async
seen = []
def target(channel, opening):
    def answer(message):
        data = message["content"]["data"]
        seen.append(data["say"])
        on_main = threading.current_thread() is threading.main_thread()
        if data["say"] == "go":
            gate.set()
        print("heard", data["say"], on_main)
        channel.send({"heard": data["say"]})
    channel.on_msg(answer)
    seen.append("open")
comm.get_comm_manager().register_target("talk", target)
gate = asyncio.Event()
"""

WIDGETS = """\
import ipywidgets
text, button = ipywidgets.Text(), ipywidgets.Button()
text.observe(lambda change: print("text", change["new"]), "value")
button.on_click(lambda _: done.set_result(text.value))
print(text.comm.comm_id, button.comm.comm_id)
"""

ASK = """\
done = asyncio.get_running_loop().create_future()
print("asking")
print("answer:", await done)
"""

HANDLERS = """\
def handlers():
    kernel = get_ipython().kernel
    manager = getattr(getattr(kernel, "shell_channel_thread", None), "manager", None)
    pair = getattr(manager, "_shell_channel_to_main", None)
    stream = pair.to_stream if pair else kernel.shell_stream
    replies = manager and manager._main_to_shell_channel.to_stream._recv_callback
    return [
        stream._recv_callback,
        dict(kernel.shell_handlers),
        vars(kernel).get("dispatch_shell"),
        sorted(vars(manager)) if manager else None,
        replies,
        vars(get_ipython().events).get("trigger"),
        {name: list(calls) for name, calls in get_ipython().events.callbacks.items()},
    ]
before = handlers()
"""


@pytest.fixture
async def kernel(tmp_path: Path, kernel_env: Environment) -> AsyncIterator[Kernel]:
    """Give a kernel of each environment, with the extension and a comm target."""
    async with Kernel(tmp_path, python=kernel_env.python) as running:
        assert running.text(await running.run(SETUP)) == ""
        yield running


async def value(kernel: Kernel, expression: str) -> Any:  # noqa: ANN401
    """Return the value of an expression, which is a literal."""
    return ast.literal_eval(kernel.text(await kernel.run(expression)))


def open_comm(kernel: Kernel, name: str = "c1", *, target: str = "talk") -> str:
    """Open a comm to a target in the kernel, and return the id of the message."""
    opening = {"comm_id": name, "target_name": target, "data": {}}
    return kernel.send("comm_open", opening)


def say(
    kernel: Kernel, word: str, name: str = "c1", *, subshell: str | None = None
) -> str:
    """Send a word to the comm, and return the id of the message."""
    return kernel.comm_message(name, {"say": word}, subshell=subshell)


async def busy(kernel: Kernel, cell: str) -> None:
    """Wait until a cell has begun."""
    await kernel.until(lambda: "busy" in kernel.states(cell) or None, what="busy")


async def started(kernel: Kernel, code: str) -> str:
    """Send a cell that says that it is on, and wait until it has said so."""
    cell = kernel.execute(f"print('on', flush=True)\n{code}")
    await kernel.until(lambda: "on" in kernel.text(cell) or None, what="on")
    return cell


async def type_text(kernel: Kernel, text: str, word: str, start: int = 1) -> list[str]:
    """Type a word as ipywidgets does: the next letter goes once the kernel is idle."""
    sent = []
    for end in range(start, len(word) + 1):
        update = {"method": "update", "state": {"value": word[:end]}}
        sent.append(kernel.comm_message(text, {**update, "buffer_paths": []}))
        await kernel.idle(sent[-1], limit=5)
    return sent


def click(kernel: Kernel, button: str) -> str:
    """Press a button of ipywidgets."""
    content = {"method": "custom", "content": {"event": "click"}}
    return kernel.comm_message(button, content)


async def test_text_and_click_reach_a_cell_that_awaits(kernel: Kernel) -> None:
    """Text typed while a cell awaits arrives whole, and the widget lives on (1)."""
    cell = await kernel.run(WIDGETS)
    text, button = kernel.text(cell).split()
    for word in ("hello world", "hello again"):
        asking = kernel.execute(ASK)
        await busy(kernel, asking)
        letters = await type_text(kernel, text, word)
        pressed = click(kernel, button)
        assert (await kernel.reply(asking, limit=5)).content["status"] == "ok"
        await kernel.idle(asking)
        await kernel.idle(pressed)
        assert kernel.text(asking) == f"asking\nanswer: {word}\n"
        for sent in [*letters, pressed]:
            assert kernel.states(sent) == ["busy", "idle"]
        told = [m for m in kernel.comm_messages(text) if m.parent == letters[-1]]
        assert [m.content["data"]["method"] for m in told] == ["echo_update"]
    (last,) = await type_text(kernel, text, "and after", start=len("and after"))
    assert kernel.text(last) == "text and after\n"


async def test_click_reaches_a_job_that_its_cell_awaits(kernel: Kernel) -> None:
    """A click while `%%arun -w` runs is handled at once."""
    await kernel.idle(open_comm(kernel))
    cell = kernel.execute("%%arun -w\nawait gate.wait()\nprint('through')")
    await busy(kernel, cell)
    await kernel.idle(say(kernel, "go"), limit=5)
    await kernel.reply(cell, limit=5)
    await kernel.idle(cell)
    assert "through\n" in kernel.text(cell)


async def test_click_reaches_the_cell_that_loads(
    tmp_path: Path, kernel_env: Environment
) -> None:
    """The very cell that loads the extension is overtaken, too."""
    async with Kernel(tmp_path, python=kernel_env.python) as kernel:
        cell = await started(kernel, f"{SETUP}\nawait gate.wait()")
        await kernel.idle(open_comm(kernel), limit=5)
        await kernel.idle(say(kernel, "go"), limit=5)
        assert (await kernel.reply(cell, limit=5)).content["status"] == "ok"


async def test_callbacks_run_on_the_main_thread(kernel: Kernel) -> None:
    """A callback runs on the main thread, in an idle kernel and in mid-cell (4)."""
    await kernel.idle(open_comm(kernel))
    quiet = say(kernel, "quiet")
    await kernel.idle(quiet)
    await started(kernel, "await gate.wait()")
    amid = say(kernel, "amid")
    await kernel.idle(amid, limit=5)
    say(kernel, "go")
    assert kernel.text(quiet) == "heard quiet True\n"
    assert kernel.text(amid) == "heard amid True\n"


async def test_comms_of_widgets_leave_their_subshell(
    kernel: Kernel, kernel_env: Environment
) -> None:
    """A widget's comm is handled on the main loop, whatever thread it comes by (4)."""
    if kernel_env.ipykernel < (7,):
        pytest.skip("has no subshells")
    widgets = "comm.get_comm_manager().register_target('jupyter.widget', target)"
    await kernel.run(widgets)
    await kernel.idle(open_comm(kernel, target="jupyter.widget"))
    await kernel.idle(open_comm(kernel, "c2"))
    subshell = await kernel.create_subshell()
    quiet = say(kernel, "quiet", subshell=subshell)
    await kernel.idle(quiet, limit=5)
    assert kernel.text(quiet) == "heard quiet True\n"
    cell = await started(kernel, "await gate.wait()\nprint('through')")
    amid = [say(kernel, f"{number}", subshell=subshell) for number in range(20)]
    for sent in amid:
        await kernel.idle(sent, limit=5)
        assert kernel.states(sent) == ["busy", "idle"]
    say(kernel, "go", subshell=subshell)
    await kernel.reply(cell, limit=5)
    await kernel.idle(cell)
    assert kernel.text(cell) == "on\nthrough\n"
    assert "".join(map(kernel.text, amid)).count("True") == 20
    expected = ["open", "open", "quiet", *map(str, range(20)), "go"]
    assert await value(kernel, "seen") == expected


async def test_panels_leave_their_subshell(
    kernel: Kernel, kernel_env: Environment
) -> None:
    """A job is cancelled by its panel, whose comm has a subshell of its own."""
    if kernel_env.ipykernel < (7,):
        pytest.skip("has no subshells")
    subshell = await kernel.create_subshell()
    cell = await kernel.run(JOB)
    (panel,) = [
        m.content["comm_id"]
        for m in kernel.comm_messages()
        if m.parent == cell
        and m.kind == "comm_open"
        and "_esm" in m.content["data"]["state"]
    ]
    data = {"method": "custom", "content": {"type": "cancel"}}
    sent = kernel.comm_message(panel, data, subshell=subshell)
    await kernel.idle(sent, limit=5)
    await kernel.run("%jobs wait")
    states = "from notebook_async import jobs\n[job.state for job in jobs]"
    assert await value(kernel, states) == ["cancelled"]


JOB = "%%arun\nawait asyncio.sleep(600)"


@pytest.mark.parametrize(
    "cell", ["", "await asyncio.sleep(0.05)"], ids=["sync", "async"]
)
async def test_burst_keeps_its_order(kernel: Kernel, cell: str) -> None:
    """Of a burst, cells keep their order and comms theirs; one idle a cell (5)."""
    await kernel.idle(open_comm(kernel))
    code = "seen.append('cell {0}')\n" + cell + "\nseen.append('end {0}')"
    cells, comms = [], []
    for number in range(8):
        cells.append(kernel.execute(code.format(number)))
        comms.extend(say(kernel, f"{number}.{part}") for part in range(3))
    for sent in [*cells, *comms]:
        await kernel.idle(sent)
    log = (await value(kernel, "seen"))[1:]
    spoken = [f"{number}.{part}" for number in range(8) for part in range(3)]
    steps = [f"{what} {number}" for number in range(8) for what in ("cell", "end")]
    assert [each for each in log if each in spoken] == spoken
    assert [each for each in log if each in steps] == steps
    if not cell:
        assert log[:5] == ["cell 0", "end 0", *spoken[:3]]
        assert log[5:10] == ["cell 1", "end 1", *spoken[3:6]]
    for sent in comms:
        assert kernel.states(sent) == ["busy", "idle"]
    for sent in cells:
        assert kernel.states(sent).count("idle") == 1
        assert kernel.states(sent)[-1] == "idle"


async def test_cells_queued_behind_a_failing_one_are_aborted(kernel: Kernel) -> None:
    """A cell that awaits and fails aborts those behind it, and no later ones (5)."""
    await kernel.idle(open_comm(kernel))
    first = await started(kernel, "await gate.wait()\n1 / 0")
    queued = [kernel.execute("seen.append('never')") for _ in range(3)]
    say(kernel, "go")
    assert (await kernel.reply(first, limit=5)).content["ename"] == "ZeroDivisionError"
    for sent in queued:
        assert (await kernel.reply(sent, limit=5)).content["status"] in {
            "aborted",
            "error",
        }
    # A kernel refuses cells for a moment longer than those that were queued.
    while (await kernel.reply(await kernel.run("seen"))).content["status"] != "ok":
        pass
    assert await value(kernel, "seen") == ["open", "go"]


@pytest.mark.parametrize(
    "pause", ["", "await asyncio.sleep(0.1)"], ids=["sync", "async"]
)
async def test_comm_opened_behind_the_cell_that_registers(
    kernel: Kernel, pause: str
) -> None:
    """A comm opened right behind the cell that registers its target is served (6)."""
    await kernel.run("comm.get_comm_manager().targets.pop('talk')")
    register = "comm.get_comm_manager().register_target('talk', target)"
    kernel.execute(f"{pause}\n{register}")
    opened = open_comm(kernel)
    said = say(kernel, "hello")
    await kernel.idle(opened)
    await kernel.idle(said)
    assert kernel.text(said) == "heard hello True\n"
    assert await value(kernel, "seen") == ["open", "hello"]


async def test_click_does_not_flush_a_half_drawn_figure(kernel: Kernel) -> None:
    """Inline matplotlib shows a figure once, at the end of its cell (7)."""
    await kernel.run("%matplotlib inline\nimport matplotlib.pyplot as plt")
    await kernel.idle(open_comm(kernel))
    cell = await started(
        kernel, "plt.plot([1, 2])\nawait gate.wait()\nplt.plot([2, 1])"
    )
    amid = say(kernel, "amid")
    await kernel.idle(amid, limit=5)
    say(kernel, "go")
    await kernel.reply(cell)
    await kernel.idle(cell)
    pictures = [m for m in kernel.messages if "image/png" in m.content.get("data", {})]
    assert [m.parent for m in pictures] == [cell]


async def test_callback_waits_without_nesting_the_loop(kernel: Kernel) -> None:
    """Between cells a callback may call `asyncio.run`, and the loop stays as it is."""
    code = """\
from notebook_async.kernel import nesting_state
def on_open(channel, opening):
    def answer(message):
        print(asyncio.run(asyncio.sleep(0.05, "slept")), nesting_state().nested_by)
    channel.on_msg(answer)
comm.get_comm_manager().register_target("waiting", on_open)
"""
    await kernel.run(code)
    await kernel.idle(open_comm(kernel, target="waiting"))
    said = say(kernel, "now")
    await kernel.idle(said, limit=5)
    assert kernel.text(said) == "slept None\n"


async def test_registering_in_mid_cell_counts(kernel: Kernel) -> None:
    """What a click registers for the end of cells is called at the end of this one."""
    code = """\
def once():
    get_ipython().events.unregister("post_execute", once)
    seen.append("flushed")
def on_open(channel, opening):
    channel.on_msg(lambda _: get_ipython().events.register("post_execute", once))
comm.get_comm_manager().register_target("registering", on_open)
"""
    await kernel.run(code)
    opening = {"comm_id": "r1", "target_name": "registering", "data": {}}
    await kernel.idle(kernel.send("comm_open", opening))
    await kernel.idle(open_comm(kernel))
    cell = await started(kernel, "await gate.wait()\nseen.append('end')")
    await kernel.idle(kernel.comm_message("r1", {}), limit=5)
    await kernel.idle(say(kernel, "go"), limit=5)
    await kernel.idle(cell)
    assert await value(kernel, "seen") == ["open", "go", "end", "flushed"]


async def test_prints_stand_under_what_caused_them(kernel: Kernel) -> None:
    """A callback's prints stand under its comm, the cell's under the cell (8)."""
    await kernel.idle(open_comm(kernel))
    code = """\
async def count():
    for number in range(20):
        print("cell", number)
        await asyncio.sleep(0.005)
await asyncio.gather(count(), gate.wait())
display("shown")
"""
    cell = await started(kernel, code)
    clicks = [say(kernel, f"{number}") for number in range(10)]
    for sent in clicks:
        await kernel.idle(sent, limit=5)
    say(kernel, "go")
    await kernel.idle(cell)
    for number, sent in enumerate(clicks):
        assert kernel.text(sent) == f"heard {number} True\n"
    printed = "".join(f"cell {number}\n" for number in range(20))
    assert kernel.text(cell) == f"on\n{printed}'shown'"
    answers = {m.content["data"]["heard"]: m.parent for m in kernel.comm_messages("c1")}
    assert [answers[f"{number}"] for number in range(10)] == clicks


async def test_load_unload_load_loses_nothing(kernel: Kernel) -> None:
    """Messages sent around a load and an unload are all handled, in order (15)."""
    await kernel.idle(open_comm(kernel))
    sent = []
    for number in range(6):
        act = "un" if number % 2 == 0 else ""
        sent.append(kernel.execute(f"%{act}load_ext notebook_async"))
        sent.append(say(kernel, f"{number}"))
        sent.append(kernel.execute(f"seen.append('cell {number}')"))
    for each in sent:
        await kernel.idle(each)
    log = [what for number in range(6) for what in (f"{number}", f"cell {number}")]
    assert await value(kernel, "seen") == ["open", *log]
    cell = await started(kernel, "await gate.wait()\nprint('through')")
    await kernel.idle(say(kernel, "go"), limit=5)
    await kernel.reply(cell, limit=5)


async def test_unload_in_the_midst_of_a_cell_loses_nothing(kernel: Kernel) -> None:
    """What waits when a cell unloads is handled once, at the latest after it (15)."""
    await kernel.idle(open_comm(kernel))
    code = """\
await gate.wait()
get_ipython().run_line_magic("unload_ext", "notebook_async")
await asyncio.sleep(0.1)
"""
    first = kernel.execute("time.sleep(0.3)")
    # All of these come while the loop is blocked, and so have their turn in the queue.
    cell = kernel.execute(code)
    sent = [
        say(kernel, "early"),
        say(kernel, "go"),
        kernel.execute("seen.append('cell')"),
        say(kernel, "late"),
    ]
    for each in [first, cell, *sent]:
        await kernel.idle(each, limit=10)
    log = await value(kernel, "seen")
    assert sorted(log) == ["cell", "early", "go", "late", "open"]
    assert log[:3] == ["open", "early", "go"]


async def test_unload_restores_every_handler(
    tmp_path: Path, kernel_env: Environment
) -> None:
    """After an unload all that was replaced is what it was before the load (15)."""
    async with Kernel(tmp_path, python=kernel_env.python) as kernel:
        await kernel.run(HANDLERS)
        await kernel.run("%load_ext notebook_async")
        assert await value(kernel, "handlers() == before") is False
        await kernel.run("%unload_ext notebook_async")
        assert await value(kernel, "handlers() == before") is True
        await kernel.run("%load_ext notebook_async")
        await kernel.run("%reload_ext notebook_async")
        await kernel.run("%unload_ext notebook_async")
        assert await value(kernel, "handlers() == before") is True
        assert "Traceback" not in kernel.log()


async def test_loaded_by_configuration(tmp_path: Path, kernel_env: Environment) -> None:
    """A kernel whose configuration loads the extension has the bridge as well."""
    profile = tmp_path / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    wanted = "c.InteractiveShellApp.extensions = ['notebook_async']\n"
    (profile / "ipython_kernel_config.py").write_text(f"c = get_config()\n{wanted}")
    async with Kernel(tmp_path, python=kernel_env.python) as kernel:
        await kernel.run(SETUP.replace("%load_ext notebook_async\n", ""))
        await kernel.idle(open_comm(kernel))
        cell = await started(kernel, "await gate.wait()")
        await kernel.idle(say(kernel, "go"), limit=5)
        assert (await kernel.reply(cell, limit=5)).content["status"] == "ok"


async def test_every_request_is_answered(
    kernel: Kernel, kernel_env: Environment
) -> None:
    """Requests that come while replies go out are answered, on 7.0 to 7.3 as well."""
    await kernel.idle(open_comm(kernel))
    if (7,) <= kernel_env.ipykernel < (7, 4):
        stream = "get_ipython().kernel.shell_channel_thread.manager"
        stream += "._main_to_shell_channel.to_stream"
        sender = (
            f"{stream}._recv_callback.__self__ is get_ipython().kernel.shell_stream"
        )
        assert await value(kernel, sender) is True
    for _ in range(10):
        sent = []
        for number in range(30):
            sent.append(kernel.send("kernel_info_request", {}))
            say(kernel, f"{number}")
            await asyncio.sleep(0)
        for each in sent:
            await kernel.reply(each, limit=10)


async def test_message_of_a_closed_comm_holds_nothing_up(kernel: Kernel) -> None:
    """A message to a comm that is gone waits for its turn, and others pass it."""
    await kernel.idle(open_comm(kernel))
    await started(kernel, "await gate.wait()")
    lost = say(kernel, "lost", "nobody")
    await kernel.idle(say(kernel, "go"), limit=5)
    await kernel.idle(lost, limit=5)
    assert await value(kernel, "seen") == ["open", "go"]
