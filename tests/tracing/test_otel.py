# ruff: noqa: SIM117 - blocks within blocks are what it is about
"""Traces for OpenTelemetry, as the exporter of its SDK gets them."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("opentelemetry.sdk", reason='pip install "notebook-async[otel]"')

from opentelemetry import trace as otel
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from notebook_async import run_jobs
from notebook_async.core.records import Anchor
from notebook_async.errors import ArgumentTypeError, HostError
from notebook_async.tracing import Trace, span, trace
from tests.tracing.told import Boom, Clock, wait

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

BILLION = 1_000_000_000


def exported(traced: Trace) -> dict[str, ReadableSpan]:
    """Return what the SDK exports, by name."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    sent = traced.to_otel(provider)
    spans = exporter.get_finished_spans()
    assert len(spans) == sent
    provider.shutdown()
    return {one.name: one for one in spans}


def parents(spans: dict[str, ReadableSpan]) -> dict[str, str | None]:
    """Return the name of the parent of each."""
    names = {one.context.span_id: name for name, one in spans.items()}
    return {
        name: None if one.parent is None else names[one.parent.span_id]
        for name, one in spans.items()
    }


def test_parents_times_and_attributes(clock: Clock) -> None:
    """Spans have their parents, one trace, the times that they had, and attributes."""
    clock.now = 5
    with trace("t") as traced:
        with span("a", kind="retrieve", page=3, text="x", none=None):
            clock.go_on(0.5)
            with span("b"):
                clock.go_on(1)
        with span("c"):
            pass
    traced.recording.anchor = Anchor(wall=1000, perf=0)
    spans = exported(traced)
    assert parents(spans) == {"t": None, "a": "t", "b": "a", "c": "t"}
    assert len({one.context.trace_id for one in spans.values()}) == 1
    assert {name: (one.start_time, one.end_time) for name, one in spans.items()} == {
        "t": (1005 * BILLION, 1006.5 * BILLION),
        "a": (1005 * BILLION, 1006.5 * BILLION),
        "b": (1005.5 * BILLION, 1006.5 * BILLION),
        "c": (1006.5 * BILLION, 1006.5 * BILLION),
    }
    (a,) = traced.find("a")
    assert dict(spans["a"].attributes or {}) == {
        "page": 3,
        "text": "x",
        "notebook_async.kind": "retrieve",
        "notebook_async.source": "/".join(a.source),
        "notebook_async.phase": "done",
    }
    assert {one.status.status_code for one in spans.values()} == {StatusCode.UNSET}


async def test_exception_stands_where_it_came_from() -> None:
    """All that failed has status error, and the innermost alone the event."""

    async def load(page: int) -> None:
        with span("load"):
            await asyncio.sleep(page)
            raise Boom("no (such) page")

    with pytest.raises(Boom), trace("t") as traced:
        with span("outer"):
            await run_jobs(load, [1], desc="Load")
    spans = exported(traced)
    assert parents(spans) == {
        "t": None,
        "outer": "t",
        "Load": "outer",
        "Load item": "Load",
        "load": "Load item",
    }
    assert {one.status.status_code for one in spans.values()} == {StatusCode.ERROR}
    events = {name: one.events for name, one in spans.items() if one.events}
    assert list(events) == ["load"]
    (event,) = events["load"]
    assert (event.name, event.timestamp) == ("exception", spans["load"].end_time)
    assert dict(event.attributes or {}) == {
        "exception.type": "Boom",
        "exception.message": "'no (such) page'",
    }
    assert spans["load"].status.description == "Boom('no (such) page')"


def test_message_of_a_long_error() -> None:
    """Of an exception with a long message type and message are told apart as well."""
    with pytest.raises(Boom), trace("t") as traced:
        raise Boom(f"see (above): {'x' * 400}")
    (event,) = exported(traced)["t"].events
    attributes = dict(event.attributes or {})
    assert attributes["exception.type"] == "Boom"
    assert str(attributes["exception.message"]).startswith("see (above): xxx")


def test_cancelled_span() -> None:
    """What was cancelled has status error and says so, without an event."""
    with trace("t") as traced:
        with pytest.raises(asyncio.CancelledError), span("a"):
            raise asyncio.CancelledError
    spans = exported(traced)
    status = spans["a"].status
    assert (status.status_code, status.description) == (StatusCode.ERROR, "cancelled")
    assert spans["a"].events == ()
    assert (spans["a"].attributes or {})["notebook_async.phase"] == "cancelled"


async def test_what_goes_on_is_not_sent() -> None:
    """What has not ended is left out, and what is inside hangs on what is around."""

    async def late() -> None:
        with span("open"):
            with span("inside"):
                pass
            await wait(2)

    with trace("t") as traced:
        task = asyncio.create_task(late())
        await wait(1)
    assert parents(exported(traced)) == {"t": None, "inside": "t"}
    await task


def test_whose_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider of the process is taken where none is given, if it is of the SDK."""
    with trace("t") as traced:
        pass
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(otel, "get_tracer_provider", lambda: provider)
    assert traced.to_otel() == 1
    assert [one.name for one in exporter.get_finished_spans()] == ["t"]
    provider.shutdown()
    message = (
        r"^to_otel\(\) needs a TracerProvider of the OpenTelemetry SDK, got"
        r" NoOpTracerProvider; set one by opentelemetry\.trace\.set_tracer_provider,"
        r" or pass it$"
    )
    with pytest.raises(ArgumentTypeError, match=message):
        traced.to_otel(otel.NoOpTracerProvider())


def test_without_opentelemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is not installed the error says what to install."""
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with trace("t") as traced:
        pass
    message = (
        r"^to_otel\(\) needs OpenTelemetry, which is not installed:"
        r' pip install "notebook-async\[otel\]"$'
    )
    with pytest.raises(HostError, match=message):
        traced.to_otel()
