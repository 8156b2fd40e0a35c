"""What a callback manager tells, and that no handler harms the code it looks at."""

from __future__ import annotations

import gc
import logging
import re
import weakref
from typing import Any

import pytest

from notebook_async.errors import ArgumentTypeError
from notebook_async.tracing import (
    BaseCallbackHandler,
    CallbackManager,
    CBEvent,
    CBEventType,
    EventContext,
    EventPayload,
    span,
)
from tests.tracing.told import Clock, Told


class Failing(BaseCallbackHandler):
    """Fails whatever it is told."""

    def on_event_start(self, *_: Any, **__: Any) -> None:  # noqa: ANN401
        """Fail."""
        raise RuntimeError("start")

    on_event_end = start_trace = end_trace = on_event_start


# -- an event


def test_event_tells_beginning_and_end(told: Told) -> None:
    """A block is told as it begins and as it ends, within its trace."""
    manager = CallbackManager([told])
    with (
        manager.as_trace("query"),
        manager.event("query", {"query_str": "tea"}, "q"),
        manager.event(CBEventType.RETRIEVE, event_id="r"),
    ):
        pass
    assert told.calls == [
        ("trace", "query"),
        ("start", "query", "q", "root"),
        ("start", "retrieve", "r", "q"),
        ("end", "retrieve", "r", "done"),
        ("end", "query", "q", "done"),
        ("end trace", "query"),
    ]
    assert told.payloads == [{"query_str": "tea"}, None, None, None]
    assert told.maps == {"query": {"root": ["q"], "q": ["r"]}}


def test_event_without_a_payload_begins_as_it_is_told(told: Told) -> None:
    """Where `event` has no payload `on_start` gives one, once; and so does `on_end`."""
    with CallbackManager([told]).event("llm") as event:
        assert (type(event), event.started, event.event_id) == (
            EventContext,
            True,
            told.calls[1][2],
        )
        event.on_start({"formatted_prompt": "late"})
        event.on_end({"completion": "Hi"})
        assert event.finished
        event.on_end({"completion": "again"})
    assert told.payloads == [None, {"completion": "Hi"}]


def test_objects_of_payloads_reach_handlers_as_they_are(told: Told) -> None:
    """A handler gets the very objects of an event, and what else the caller says."""
    manager, nodes = CallbackManager([told]), [object()]
    event = manager.on_event_start("retrieve", {"nodes": nodes}, color="green")
    manager.on_event_end("retrieve", {"nodes": nodes}, event, color="black")
    assert [(one or {})["nodes"] is nodes for one in told.payloads] == [True, True]
    assert [more["color"] for more in told.more] == ["green", "black"]


def test_nothing_of_an_event_is_kept() -> None:
    """Once it has ended no object of its payloads is held, not even by a debugger."""

    class Page:
        """Something large."""

    manager = CallbackManager([BaseCallbackHandler()])
    page = Page()
    held = weakref.ref(page)
    with manager.as_trace("t"), manager.event("llm", {"page": page}) as event:
        event.on_end({"page": page})
    error = ValueError(page)
    with pytest.raises(ValueError), manager.event("llm", {"page": page}):  # noqa: PT011
        raise error
    del page, error, event
    gc.collect()
    assert held() is None


@pytest.mark.parametrize("kind", ["chunking", "llm", "embedding"])
def test_leaf_types_are_parents_of_nothing(kind: str, told: Told) -> None:
    """What happens inside of an event of a leaf type belongs to what is around it."""
    manager = CallbackManager([told])
    with (
        manager.as_trace("t"),
        manager.event("query", event_id="q"),
        manager.event(kind, event_id="leaf"),
        manager.event("templating", event_id="inner"),
    ):
        pass
    assert told.maps["t"] == {"root": ["q"], "q": ["leaf", "inner"]}


def test_parent_may_be_given(told: Told) -> None:
    """An event stands where `parent_id` says, and not where the code is."""
    manager = CallbackManager([told])
    with manager.as_trace("t"), manager.event("query", event_id="q"):
        event = manager.on_event_start("retrieve", parent_id="root", event_id="r")
        manager.on_event_end("retrieve", event_id=event)
    assert told.maps["t"] == {"root": ["q", "r"]}


def test_end_without_an_id_is_that_of_the_last_of_its_type(told: Told) -> None:
    """Without an id the last open event of that type ends, and others go on."""
    manager = CallbackManager([told])
    with manager.as_trace("t"):
        for kind, name in (("query", "a"), ("query", "b"), ("llm", "c")):
            manager.on_event_start(kind, event_id=name)
        manager.on_event_end("query")
        manager.on_event_end("query")
        manager.on_event_end("query")
        manager.on_event_end("llm", event_id="c")
        manager.on_event_end("llm", event_id="unknown")
    ends = [call[2] for call in told.calls if call[0] == "end"]
    assert ends == ["b", "a", "c"]


def test_events_may_end_in_any_order(told: Told) -> None:
    """Whatever ends before what it contains, the next one stands where it belongs."""
    manager = CallbackManager([told])
    with manager.as_trace("t"):
        for name in "abc":
            manager.on_event_start("query", event_id=name)
        for name in "bac":
            manager.on_event_end("query", event_id=name)
        with manager.event("query", event_id="d"):
            pass
    assert told.maps["t"] == {"root": ["a", "d"], "a": ["b"], "b": ["c"]}


def test_one_id_twice_ends_the_later_one_first(told: Told) -> None:
    """Events of one id that are open at once all end, the last one first."""
    manager = CallbackManager([told])
    with manager.as_trace("t"):
        for kind in ("query", "retrieve"):
            manager.on_event_start(kind, event_id="same")
        for kind in ("query", "retrieve"):
            manager.on_event_end(kind, event_id="same")
    ends = [call[1:] for call in told.calls if call[0] == "end"]
    assert ends == [("retrieve", "same", "done"), ("query", "same", "done")]


def test_unknown_type_is_refused() -> None:
    """A type that is none of `CBEventType` is an error at once."""
    with (
        pytest.raises(ValueError, match=r"^'tea' is not a valid CBEventType$"),
        CallbackManager().event("tea"),
    ):
        pass


def test_times_are_of_one_clock(clock: Clock, told: Told) -> None:
    """Beginning and end are nanoseconds of the clock that all records have."""
    manager = CallbackManager([told])
    with manager.event("llm"):
        clock.go_on(0.25)
    assert [more["at_ns"] for more in told.more] == [0, 250_000_000]


def test_wall_time_is_one_anchor_away() -> None:
    """The wall clock is read once, so that it cannot move the events of a process."""
    first, second = CBEvent(CBEventType.LLM, at_ns=0), CBEvent(CBEventType.LLM, at_ns=0)
    later = CBEvent(CBEventType.LLM, at_ns=1_500_000_000)
    assert first.time == second.time
    assert (later.time - first.time).total_seconds() == pytest.approx(1.5, abs=1e-6)


# -- handlers


def test_handlers_are_copied(told: Told) -> None:
    """A list of handlers belongs to who made it: managers do not share it."""
    handlers: list[BaseCallbackHandler] = [told]
    first, second = CallbackManager(handlers), CallbackManager(handlers)
    first.add_handler(Told())
    handlers.clear()
    assert (len(first.handlers), second.handlers) == (2, [told])
    second.set_handlers(first.handlers)
    first.remove_handler(told)
    assert (len(first.handlers), len(second.handlers)) == (1, 2)


def test_handler_that_is_none_is_refused() -> None:
    """What could not be told of an event is refused before anything happens."""
    message = r"^a handler must be a BaseCallbackHandler, got int$"
    with pytest.raises(ArgumentTypeError, match=message):
        CallbackManager([3])  # type: ignore[list-item]
    manager = CallbackManager()
    with pytest.raises(ArgumentTypeError, match=message):
        manager.add_handler(3)  # type: ignore[arg-type]
    assert manager.handlers == []


def test_removing_an_unknown_handler_is_no_error(told: Told) -> None:
    """One that the manager does not have is removed already."""
    manager = CallbackManager([told])
    manager.remove_handler(Told())
    assert manager.handlers == [told]


def test_handler_that_raises_harms_nobody(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    """The code goes on, others are told, each is logged once and counted always."""
    manager = CallbackManager([Failing(), told, Failing()])
    with caplog.at_level(logging.WARNING), manager.as_trace("t"):
        for _ in range(3):
            with manager.event("llm"):
                pass
    assert len(told.calls) == 8
    assert manager.failures == 16
    messages = [record.getMessage() for record in caplog.records]
    message = (
        "the callback handler Failing failed; what it raises is only counted from now"
        " on"
    )
    assert messages == [message] * 2
    assert "RuntimeError: start" in caplog.text


def test_interrupt_goes_through_a_handler(told: Told) -> None:
    """What is no `Exception`, such as an interrupt, is not swallowed."""

    class Interrupted(BaseCallbackHandler):
        def on_event_start(self, *_: Any, **__: Any) -> None:  # noqa: ANN401
            raise KeyboardInterrupt

    manager = CallbackManager([Interrupted(), told])
    with manager.as_trace("t"), pytest.raises(KeyboardInterrupt):
        manager.on_event_start("llm")
    assert manager.failures == 0


def test_handlers_change_while_they_are_told(told: Told) -> None:
    """One that removes itself leaves no gap, one that is added waits for its turn."""
    late = Told()

    class Leaving(BaseCallbackHandler):
        def on_event_start(self, *_: Any, **__: Any) -> None:  # noqa: ANN401
            manager.remove_handler(self)
            manager.add_handler(late)

    manager = CallbackManager([Leaving(), told])
    with manager.as_trace("t"):
        for name in "ab":
            with manager.event("llm", event_id=name):
                pass
    assert manager.handlers == [told, late]
    assert [call[2] for call in told.calls if call[0] == "start"] == ["a", "b"]
    assert late.calls[:2] == [
        ("end", "llm", "a", "done"),
        ("start", "llm", "b", "root"),
    ]


def test_handlers_ignore_what_they_say() -> None:
    """Beginnings and ends of some types are not told, of the others they are."""
    told = Told(["llm"], [CBEventType.EMBEDDING])
    manager = CallbackManager([told])
    with manager.as_trace("t"):
        for kind in ("llm", "embedding", "query"):
            with manager.event(kind, event_id=kind):
                pass
    assert told.calls[1:-1] == [
        ("end", "llm", "llm", "done"),
        ("start", "embedding", "embedding", "root"),
        ("start", "query", "query", "root"),
        ("end", "query", "query", "done"),
    ]
    assert told.event_starts_to_ignore == (CBEventType.LLM,)


def test_handler_ignores_no_unknown_type() -> None:
    """A type that is misspelt in a list to ignore is an error, and not nothing."""
    with pytest.raises(ValueError, match=re.escape("'llms' is not a valid CBEventTyp")):
        BaseCallbackHandler(["llms"])


def test_base_handler_does_nothing() -> None:
    """Nothing has to be overridden."""
    manager = CallbackManager([BaseCallbackHandler()])
    with manager.as_trace("t"), manager.event("llm"), span("x"):
        pass
    assert manager.failures == 0


def test_payloads_have_the_names_of_llama_index() -> None:
    """Keys and types are text, of the very names that LlamaIndex has."""
    assert [kind.value for kind in CBEventType] == [
        "chunking",
        "node_parsing",
        "embedding",
        "llm",
        "query",
        "retrieve",
        "synthesize",
        "tree",
        "sub_question",
        "templating",
        "function_call",
        "reranking",
        "exception",
        "agent_step",
        "async_job",
        "step",
        "prompt",
        "span",
    ]
    assert {EventPayload.PROMPT: 1} == {"formatted_prompt": 1}
    assert (str(EventPayload.NODES), EventPayload("nodes")) == (
        "nodes",
        EventPayload.NODES,
    )
