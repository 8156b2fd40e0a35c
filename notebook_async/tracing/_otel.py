"""A trace as spans of OpenTelemetry, with the times that they had.

They are made by a tracer of the SDK, so that its sampler, its resource and its
processors apply; only start and end are given, in nanoseconds since the epoch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notebook_async.errors import ArgumentTypeError, HostError

if TYPE_CHECKING:
    from notebook_async.tracing._nodes import Node
    from notebook_async.tracing._trace import Trace

__all__ = ["send"]

_NANO = 1_000_000_000


def send(traced: Trace, provider: Any) -> int:  # noqa: ANN401 - of another library
    """Send what has ended; return how many spans that were."""
    try:
        from opentelemetry import trace as otel  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    except ImportError as error:
        raise HostError(
            "to_otel() needs OpenTelemetry, which is not installed:"
            ' pip install "notebook-async[otel]"'
        ) from error
    provider = otel.get_tracer_provider() if provider is None else provider
    if not isinstance(provider, TracerProvider):
        raise ArgumentTypeError(
            "to_otel() needs a TracerProvider of the OpenTelemetry SDK, got"
            f" {type(provider).__name__}; set one by"
            " opentelemetry.trace.set_tracer_provider, or pass it"
        )
    tracer = provider.get_tracer("notebook_async")
    sent = 0
    left: list[tuple[Node, Any]] = [(root, None) for root in reversed(traced.roots)]
    while left:
        node, around = left.pop()
        if node.ended is None:
            # What is inside may have ended, and hangs on what is around.
            left += [(child, around) for child in reversed(node.children)]
            continue
        span = tracer.start_span(
            node.name,
            context=around,
            start_time=_nanoseconds(traced, node.began),
            attributes=_attributes(node),
        )
        _mark(otel, span, node, _nanoseconds(traced, node.ended))
        span.end(end_time=_nanoseconds(traced, node.ended))
        sent += 1
        inside = otel.set_span_in_context(span, around)
        left += [(child, inside) for child in reversed(node.children)]
    return sent


def _attributes(node: Node) -> dict[str, Any]:
    told = {key: value for key, value in node.attributes.items() if value is not None}
    return {
        **told,
        "notebook_async.kind": str(node.kind),
        "notebook_async.source": "/".join(node.source),
        "notebook_async.phase": node.phase,
    }


def _mark(otel: Any, span: Any, node: Node, ended: int) -> None:  # noqa: ANN401
    """Say how it ended; the exception stands where it came from, and only there."""
    if node.phase == "done":
        return
    description = node.error or node.phase
    span.set_status(otel.Status(otel.StatusCode.ERROR, description))
    if node.cause and node.error is not None:
        kind, message = _kind_and_message(node.error)
        attributes = {"exception.type": kind, "exception.message": message}
        span.add_event("exception", attributes, timestamp=ended)


def _kind_and_message(error: str) -> tuple[str, str]:
    """Return the class and the rest of the line about an exception.

    That is its `repr`, or `class: message` where that was too long.
    """
    kind, _, message = error.partition("(")
    if ": " in kind:
        kind, _, message = error.partition(": ")
        return kind, message
    return kind, message.removesuffix(")") or error


def _nanoseconds(traced: Trace, at: float) -> int:
    return round(traced.recording.wall_time(at) * _NANO)
