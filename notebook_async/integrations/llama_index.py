"""`watch(handler)` of a workflow of LlamaIndex: its run as a recording of ours.

The workflow is run by its own package, `llama-index-workflows`, and is not changed. Its
log of what it works off is read along, and the pictures are made of its own
representation. The stream of events stays the user's: each of them still comes there.
"""

from __future__ import annotations

import sys
import weakref
from typing import Any

from notebook_async.core.recording import Recording
from notebook_async.errors import ArgumentTypeError
from notebook_async.integrations._llama_index_follower import follower_of
from notebook_async.integrations._llama_index_inside import look_inside

__all__ = ["is_llama_index_handler", "record_llama_index"]


def is_llama_index_handler(value: Any) -> bool:
    """Tell whether something is the handler of a workflow of LlamaIndex.

    Nothing is imported for this: where the package is not loaded nothing is one.

    Examples
    --------
    >>> is_llama_index_handler("no handler")
    False
    """
    kind = getattr(sys.modules.get("workflows.handler"), "WorkflowHandler", None)
    return isinstance(kind, type) and isinstance(value, kind)


def record_llama_index(handler: Any, recording: Recording | None = None) -> Recording:
    """Begin to record a run of a workflow of LlamaIndex, and return the recording.

    It has the graph, the calls of the steps, the events of the stream, the questions
    to a person and how many events took which way. What happened before is recorded
    too, as far as the package remembers: of the stream what nobody has read yet; in a
    log of more than 1,000 ticks what has ended, but not what is going on; and before
    version 2.25 no times.

    Parameters
    ----------
    handler
        What `workflow.run()` of the package returned. Call this in the thread of its
        event loop.
    recording
        Records into this one instead of a new one.

    Returns
    -------
    Recording
        It listens until the run has ended, until `stop()`, or until nobody has it any
        more.

    Raises
    ------
    ArgumentTypeError
        If it is no such handler.
    HostError
        If this version of the package, or the runtime that was chosen, keeps its runs
        in a way that is not known here.

    Notes
    -----
    The records go to every hook, as those of our own runs do. Their path is that of the
    job around this call, or of the run in whose step it is, and then the run's id.

    Examples
    --------
    ::

        handler = MyWorkflow().run(topic="rain")
        recording = record_llama_index(handler)
        await handler
        (run,) = recording.state.workflows.values()
        print(recorded_graph(run))
    """
    if not is_llama_index_handler(handler):
        raise ArgumentTypeError(
            "record_llama_index takes what `workflow.run()` of llama-index-workflows"
            f" returned, got {type(handler).__name__}"
        )
    follower = follower_of(look_inside(handler))
    if recording is None:
        recording = Recording()
    # First a hook, so that the follower finds that somebody wants to know.
    recording.listen(source=_NOWHERE)
    first = follower.records_from_now()
    recording.listen(source=follower.source, first=first)
    its_own = weakref.ref(recording)

    def stop(_: object) -> None:
        mine = its_own()
        if mine is not None:
            mine.stop()

    follower.on_end(stop)
    return recording


_NOWHERE = ("",)
