"""The only room that knows IPython and ipykernel."""

from notebook_async.kernel._awaited import AwaitedMagics
from notebook_async.kernel._awaits import Waiting, waiting_of
from notebook_async.kernel._bridge import CommBridge
from notebook_async.kernel._calls import as_background
from notebook_async.kernel._cells import CellCode, compile_cell
from notebook_async.kernel._display import display_bundle, display_value, print_plain
from notebook_async.kernel._executors import ExecutorContexts
from notebook_async.kernel._host import (
    Host,
    detect_host,
    front_end_answered,
    get_shell,
    require_shell,
)
from notebook_async.kernel._host_words import host_words
from notebook_async.kernel._interrupts import cancelling_on_interrupt
from notebook_async.kernel._nest_state import NestingState
from notebook_async.kernel._nesting import Nesting, nesting_state
from notebook_async.kernel._output import OutputRouter, Sink, current_sink
from notebook_async.kernel._places import Place, is_own, own_place, place_of, step_of
from notebook_async.kernel._shutdown import ShutdownGuard
from notebook_async.kernel._sigint import Interrupts
from notebook_async.kernel._tasks import context_of, scope_in, scope_of
from notebook_async.kernel._tracebacks import (
    CellSyntaxError,
    pin_traceback,
    render_traceback,
)
from notebook_async.kernel._watch import LoopWatch, watch_loop

__all__ = [
    "AwaitedMagics",
    "CellCode",
    "CellSyntaxError",
    "CommBridge",
    "ExecutorContexts",
    "Host",
    "Interrupts",
    "LoopWatch",
    "Nesting",
    "NestingState",
    "OutputRouter",
    "Place",
    "ShutdownGuard",
    "Sink",
    "Waiting",
    "as_background",
    "cancelling_on_interrupt",
    "compile_cell",
    "context_of",
    "current_sink",
    "detect_host",
    "display_bundle",
    "display_value",
    "front_end_answered",
    "get_shell",
    "host_words",
    "is_own",
    "nesting_state",
    "own_place",
    "pin_traceback",
    "place_of",
    "print_plain",
    "render_traceback",
    "require_shell",
    "scope_in",
    "scope_of",
    "step_of",
    "waiting_of",
    "watch_loop",
]
