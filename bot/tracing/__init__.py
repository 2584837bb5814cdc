"""One id through all that follows from one event, whatever processes it passes through.

The id is a W3C trace id, carried by OpenTelemetry's own context and, from process to process, in
the arguments of a job. It is on every log line, exported or not; spans go somewhere only where
bot.tracing.export was told where to.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

CARRIED = "traceparent"
"""The argument of a job that says what it follows from: https://www.w3.org/TR/trace-context/"""

_CARRIER = TraceContextTextMapPropagator()


@contextmanager
def span(
    name: str,
    *,
    after: str = "",
    kind: SpanKind = SpanKind.INTERNAL,
    **attributes: str | int | float,
) -> Iterator[Span]:
    """A piece of work. It belongs to what it follows from: `after`, as `carried` gave it, else
    whatever is under way here; else it is the beginning of a trace. An exception is noted by its
    kind alone, for its message may hold what people wrote."""
    context = _CARRIER.extract({CARRIED: after}) if after else None
    with trace.get_tracer(__name__).start_as_current_span(
        name,
        context=context,
        kind=kind,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as begun:
        if not begun.get_span_context().is_valid:
            with trace.use_span(_unrecorded()) as own:
                yield own
            return
        try:
            yield begun
        except Exception as error:
            begun.set_status(StatusCode.ERROR)
            begun.set_attribute("error.type", type(error).__name__)
            raise


def trace_id() -> str:
    """The id of what is under way here, 32 hexadecimal digits; "" for nothing."""
    found = trace.get_current_span().get_span_context()
    return trace.format_trace_id(found.trace_id) if found.is_valid else ""


def carried() -> Mapping[str, str]:
    """What a job takes along of what is under way here; nothing where nothing is."""
    carrier: MutableMapping[str, str] = {}
    _CARRIER.inject(carrier)
    return {CARRIED: carrier[CARRIED]} if CARRIED in carrier else {}


def _unrecorded() -> Span:
    """An id of our own, where nothing is exported."""
    return NonRecordingSpan(
        SpanContext(
            trace_id=secrets.randbits(128) or 1,
            span_id=secrets.randbits(64) or 1,
            is_remote=False,
            trace_flags=TraceFlags(TraceFlags.DEFAULT),
        )
    )
