"""One log for our own lines and those of libraries: structlog over the standard logging.

A line carries `action=`, the id of the trace that it belongs to, and the ids bound with
`structlog.contextvars` (question, ticket, run). Bodies, tokens and e-mail addresses never belong
in a line; as a safety net, secrets that are set and anything that looks like an e-mail address
are struck out of what is written.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import TYPE_CHECKING, Literal, TextIO

import structlog

from bot.tracing import trace_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from structlog.typing import EventDict, Processor

LogFormat = Literal["auto", "json", "console"]

_OWN = ("bot", "connectors", "indexing", "migrations", "uvicorn.error")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_STRUCK_OUT = "[redacted]"
_SHORTEST_SECRET = 6  # striking out shorter values would mangle ordinary words


def configure(
    *,
    log_format: LogFormat = "auto",
    level: int = logging.INFO,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Sends every log line to `stream` (standard error unless given). Our own packages log
    from `level` up; libraries only from WARNING up, because their debug lines hold bodies."""
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    handler.setFormatter(_RedactingFormatter(_renderer(log_format, out), secrets=secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in _OWN:
        logging.getLogger(name).setLevel(level)
    _configure_structlog()


def _with_trace(_logger: object, _method: str, event: EventDict) -> EventDict:
    """The id of what the line belongs to: the same from an event to its reply."""
    if found := trace_id():
        event.setdefault("trace", found)
    return event


_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    _with_trace,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def _without_colours(_logger: object, _method: str, event: EventDict) -> EventDict:
    """uvicorn attaches each message a second time, coloured."""
    event.pop("color_message", None)
    return event


def _configure_structlog() -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _renderer(log_format: LogFormat, stream: TextIO) -> list[Processor]:
    if log_format == "console" or (log_format == "auto" and stream.isatty()):
        plain = structlog.dev.plain_traceback
        colours = stream.isatty()
        return [structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


class _RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """Renders a line, then strikes out what must not be in it, tracebacks included."""

    def __init__(self, renderer: list[Processor], *, secrets: Iterable[str]) -> None:
        super().__init__(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
            foreign_pre_chain=[*_SHARED, structlog.stdlib.ExtraAdder(), _without_colours],
        )
        long_enough = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
        as_json = {json.dumps(secret)[1:-1] for secret in long_enough}
        self._secrets = sorted(long_enough | as_json, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, _STRUCK_OUT)
        return _EMAIL.sub(_STRUCK_OUT, line)
