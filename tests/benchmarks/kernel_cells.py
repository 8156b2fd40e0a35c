"""The cells that `kernel_measures.py` runs in the kernels."""

from __future__ import annotations

__all__ = [
    "AWAIT",
    "BRIDGE",
    "CLOSER",
    "DEFINED",
    "INTERRUPTED",
    "JOBS",
    "LOAD",
    "NEST",
    "TIMED",
    "WATCH",
]

LOAD = "%load_ext notebook_async"
BRIDGE = """\
from notebook_async.kernel import CommBridge
bridge = CommBridge(get_ipython())
bridge.install()
"""

# Python 3.11 does not tell the system the names of threads.
WATCH = """\
def watch_seconds():
    (watch,) = [t for t in threading.enumerate() if t.name == "notebook-async-watch"]
    return time.clock_gettime(time.pthread_getcpuclockid(watch.ident))
"""

# --- load

DEFINED = """\
from notebook_async import jobs, run_jobs
import random
async def sleep(_):
    await asyncio.sleep(600)
async def sleep_and_wake(_):
    while True:
        await asyncio.sleep(random.uniform(5, 15))
async def talk():
    while True:
        await asyncio.sleep(random.uniform(0.5, 1.5))
        print("a line of a log, of the length that such lines have")
"""
JOBS = {
    "asleep": """\
%%arun -n job{number}
await run_jobs(sleep, range({items}), workers={items})
""",
    "awake": """\
%%arun -n job{number}
talking = asyncio.create_task(talk())
await run_jobs(sleep_and_wake, range({items}), workers={items})
""",
}
AWAIT = "print('on')\ngate.clear()\nawait gate.wait()"

# --- calls and prints, in processor time of their thread

TIMED = """\
async def best_us(call, count, takes=7):
    best = float("inf")
    for _ in range(takes):
        began = time.thread_time()
        for _ in range(count):
            call()
        best = min(best, time.thread_time() - began)
        # The thread that sends what is printed has its turn.
        await asyncio.sleep(0.02)
    return best / count * 1e6
async def nothing():
    pass
async def prints_us(count):
    return await best_us(lambda: print("x"), count)
async def calls_us(count):
    return await best_us(lambda: asyncio.run(nothing()), count)
async def steps(count):
    for _ in range(count):
        await asyncio.sleep(0)
async def tasks(count):
    for _ in range(count):
        await asyncio.create_task(nothing())
async def steps_us(count):
    return await best_awaited_us(steps, count)
async def tasks_us(count):
    return await best_awaited_us(tasks, count)
async def best_awaited_us(func, count, takes=7):
    best = float("inf")
    for _ in range(takes):
        task = asyncio.create_task(func(count))
        began = time.thread_time()
        await task
        best = min(best, time.thread_time() - began)
    return best / count * 1e6
async def waiting_call():
    asyncio.run(asyncio.sleep(0.2))
async def at_once_ms(waiting, count):
    began = perf_counter()
    try:
        await asyncio.gather(*(waiting() for _ in range(count)))
    except RecursionError:
        return None
    return (perf_counter() - began) * 1e3
"""
NEST = "import nest_asyncio2\nnest_asyncio2.apply()"

# --- interrupts and shutdown

# Says that it is on once it awaits; then nothing moves.
INTERRUPTED = """\
landed = None
asyncio.get_running_loop().call_later(0.01, print, "on")
try:
    await asyncio.get_running_loop().create_future()
except BaseException:
    landed = perf_counter()
    raise
"""
CLOSER = """\
from notebook_async import register_closer
class Client:
    async def aclose(self):
        await asyncio.sleep({seconds})
        open({mark!r}, "w").close()
register_closer(Client())
"""
