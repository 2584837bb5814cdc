"""The web process: health, readiness and metrics, what vendors send, and how it is served."""

from __future__ import annotations

import errno
import socket
from types import MappingProxyType
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from opentelemetry.trace import SpanKind
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot import tracing
from bot.errors import SettingInvalid
from bot.leaving import DRAIN_SECONDS, leave_in_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fastapi import APIRouter
    from prometheus_client import CollectorRegistry
    from starlette.types import ASGIApp, Receive, Scope, Send

    from bot.doctor import Check

# Longer than load balancers keep a connection that is idle (a minute is common): who closes first
# must be they, or a webhook may be sent into a connection that is being closed.
_KEEP_ALIVE_SECONDS = 75


def create_app(
    *,
    readiness: Callable[[], Sequence[Check]],
    registry: CollectorRegistry,
    routers: Sequence[APIRouter] = (),
    mounts: Mapping[str, ASGIApp] = MappingProxyType({}),
) -> FastAPI:
    """The application. `readiness` makes the checks that must hold before traffic is sent here;
    `registry` holds what /metrics shows; `routers` are the edges that vendors use, `mounts` the
    applications for people by the address that they are under."""
    app = FastAPI(title="Supportbot", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(_Traced)

    @app.get("/healthz")
    def healthz() -> PlainTextResponse:
        """The process is up. Says nothing about the database: restarting would not mend it."""
        return PlainTextResponse("ok\n")

    @app.get("/readyz")
    def readyz() -> JSONResponse:
        """200 when questions can be answered here, else 503 naming what is missing."""
        checks = readiness()
        ready = all(check.state != "failed" for check in checks)
        report = {
            "ready": ready,
            "checks": [
                {
                    "name": check.name,
                    "state": check.state,
                    "detail": check.detail,
                    "advice": check.advice,
                }
                for check in checks
            ],
        }
        return JSONResponse(report, status_code=200 if ready else 503)

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    for router in routers:
        app.include_router(router)
    for path, mounted in mounts.items():
        app.mount(path, mounted)
    return app


class _Traced:
    """Each request begins a trace, named by its route: paths and queries may hold what opens a
    page to whoever knows it. Not those that only look how the process is."""

    UNTRACED = frozenset({"/healthz", "/readyz", "/metrics"})

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self.UNTRACED:
            await self._app(scope, receive, send)
            return
        with tracing.span(str(scope["method"]), kind=SpanKind.SERVER) as span:
            await self._app(scope, receive, send)
            if (route := getattr(scope.get("route"), "path", None)) is not None:
                span.update_name(f"{scope['method']} {route}")


def listen(*, host: str, port: int) -> socket.socket:
    """A listening socket (port 0: any free one). Raises SettingInvalid saying what to change."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except socket.gaierror as error:
        raise SettingInvalid(
            f"WEB_HOST is {host}, which is no address of this machine. Use 127.0.0.1, or 0.0.0.0 "
            "to be reached from other machines."
        ) from error
    except OSError as error:
        raise SettingInvalid(_cannot_listen(host, port, error)) from error


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program. Stop it, or set PORT to a free port."
    if error.errno == errno.EACCES:
        return f"This user may not listen on port {port}. Set PORT to one above 1023."
    return f"Cannot listen on {host}, port {port}: {error.strerror}. Change WEB_HOST or PORT."


def serve(app: FastAPI, listener: socket.socket) -> None:
    """Serves until SIGTERM or SIGINT, then finishes open requests within DRAIN_SECONDS. Those that
    wait for something that does not answer are left."""
    import uvicorn  # noqa: PLC0415 - only the web process itself needs the server

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            leave_in_time()
            await super().shutdown(sockets)

    config = uvicorn.Config(
        app,
        log_config=None,  # bot.log has configured logging
        access_log=False,  # query strings may hold what people wrote
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        server_header=False,
    )
    Server(config).run(sockets=[listener])
