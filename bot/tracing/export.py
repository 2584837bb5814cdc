"""Sends spans to a collector, in OTLP over HTTP. Off unless a collector is named; needs the extra
`traces`.

PostgreSQL and HTTP requests are traced by OpenTelemetry's own instrumentations. What they note
beyond names and times is left out before it is sent: messages of exceptions and the queries of
URLs may hold what people wrote, or a token.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from bot.errors import SettingInvalid

_URLS = ("url.full", "http.url", "http.target")
_LEFT_OUT = frozenset({"url.query", "db.user", "db.statement.parameters", "exception.message"})


def export_to(endpoint: str, *, process: str, version: str) -> Callable[[], None]:
    """Traces this process from now on; returns what sends the last spans and ends that. Raises
    SettingInvalid where the extra is not installed."""
    try:
        from opentelemetry import trace  # noqa: PLC0415 - only where traces are wanted
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor  # noqa: PLC0415
        from opentelemetry.instrumentation.requests import RequestsInstrumentor  # noqa: PLC0415
        from opentelemetry.instrumentation.urllib import URLLibInstrumentor  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import ReadableSpan, TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import (  # noqa: PLC0415
            BatchSpanProcessor,
            SpanExporter,
            SpanExportResult,
        )
        from opentelemetry.trace import Status  # noqa: PLC0415
    except ImportError as error:
        raise SettingInvalid(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but the packages that send traces are not "
            "installed. Run `pip install 'supportbot[traces]'`, or unset it."
        ) from error

    class Discreet(SpanExporter):
        """Hands on names, times and what is safe of the rest."""

        def __init__(self, inner: SpanExporter) -> None:
            self._inner = inner

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            return self._inner.export([_discreet(each) for each in spans])

        def shutdown(self) -> None:
            self._inner.shutdown()

    def _discreet(span: ReadableSpan) -> ReadableSpan:
        return ReadableSpan(
            name=span.name,
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=_attributes(dict(span.attributes or {})),
            kind=span.kind,
            instrumentation_scope=span.instrumentation_scope,
            status=Status(span.status.status_code),
            start_time=span.start_time,
            end_time=span.end_time,
        )

    provider = TracerProvider(
        resource=Resource.create(
            {"service.name": f"supportbot-{process}", "service.version": version}
        )
    )
    exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(Discreet(exporter)))
    trace.set_tracer_provider(provider)
    for instrumentor in (PsycopgInstrumentor(), RequestsInstrumentor(), URLLibInstrumentor()):
        instrumentor.instrument()
    return provider.shutdown


def _attributes(found: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in found.items() if name not in _LEFT_OUT}
    for name in _URLS:
        if name in kept:
            parts = urlsplit(str(kept[name]))
            netloc = parts.netloc.rpartition("@")[2]
            kept[name] = parts._replace(netloc=netloc, query="", fragment="").geturl()
    return kept
