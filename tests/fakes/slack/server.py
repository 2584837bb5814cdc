"""The HTTP server in front of it all: tokens, limits, faults, and a journal of what was asked."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.fakes.slack import (
    assistant_api,
    chat_api,
    conversations_api,
    people_api,
    streams_api,
    views_api,
)
from tests.fakes.slack.access import NOBODY, Access
from tests.fakes.slack.app import App
from tests.fakes.slack.calls import Call, Method
from tests.fakes.slack.deliveries import Deliveries
from tests.fakes.slack.faults import Failure, Failures, Rates
from tests.fakes.slack.interactivity import Interactivity
from tests.fakes.slack.oauth_api import Installing
from tests.fakes.slack.records import Json, Numbers
from tests.fakes.slack.refusals import Refused, refused_arguments
from tests.fakes.slack.requests import NotUnderstood, Request, cut, limited, read
from tests.fakes.slack.responses import Responses
from tests.fakes.slack.sockets import Sockets
from tests.fakes.slack.wire import Wire
from tests.fakes.slack.workspace import Workspace

METHODS: dict[str, Method] = {
    **people_api.METHODS,
    **conversations_api.METHODS,
    **chat_api.METHODS,
    **assistant_api.METHODS,
    **streams_api.METHODS,
    **views_api.METHODS,
}
_LARGEST_BODY = 16 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One call as it came, the status that answered it (0: the connection was cut or left open)
    and the error that Slack named, "" where all was well."""

    method: str
    arguments: Mapping[str, Any]
    token: str
    at: float
    status: int
    error: str


@dataclass(frozen=True, kw_only=True)
class _Done:
    response: web.Response
    error: str


class FakeSlack:
    """Slack, with one workspace that the app is installed in; `add_workspace` makes others.
    `workspace`, `app`, `access`, `installing`, `rates`, `failures`, `deliveries`, `wire` and
    `sockets` are what a test changes; `journal` is what was asked. What people press is
    `workspace.ui`. Clients take `api_url` as their base address."""

    def __init__(
        self,
        *,
        app: App | None = None,
        clock: Callable[[], float] = time.time,
        enterprise_id: str | None = None,
    ) -> None:
        self.app = app or App()
        self.clock = clock
        self.numbers = Numbers(clock=clock)
        self.access = Access(self.app, clock=clock)
        self.rates = Rates(clock=clock)
        self.failures = Failures()
        self.sockets = Sockets(self.app.id)
        self.wire = Wire(self.app, clock=clock, socket=self.sockets)
        self.deliveries = Deliveries(
            self.app, wire=self.wire, clock=clock, is_installed=self.access.is_installed
        )
        self._responses = Responses(clock=clock)
        self.installing = Installing(self.access, self.sockets, url=lambda: self.url)
        self._methods = {**METHODS, **self.installing.methods()}
        self.journal: list[Asked] = []
        self._happened = threading.Condition()
        self.crashes: list[BaseException] = []
        self.workspaces: dict[str, Workspace] = {}
        self.workspace = self.add_workspace("Acme", enterprise_id=enterprise_id)
        self.bot_token = self.access.install(self.workspace, token=Access.bot_token).text
        self.app_token = Access.app_token
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.api_url = f"{self.url}/api/"
        self._responses.base = f"{self.url}/responses"
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def add_workspace(self, name: str, *, enterprise_id: str | None = None) -> Workspace:
        """A workspace that the app is not installed in yet."""
        made = Workspace(
            app=self.app,
            numbers=self.numbers,
            clock=self.clock,
            name=name,
            enterprise_id=enterprise_id,
        )
        made.heard = lambda told: self.deliveries.hear(told, made)
        made.ui = Interactivity(made, wire=self.wire, responses=self._responses)
        return self.workspaces.setdefault(made.team.id, made)

    def enforce_tiers(self) -> None:
        """Holds every method to the rate that Slack documents for it."""
        self.rates.posts_per_second = 1
        for name, method in self._methods.items():
            if method.per_minute:
                self.rates.per_minute[name] = method.per_minute

    def until(self, condition: Callable[[], object], *, timeout: float = 30.0) -> None:
        """Waits until this holds, looking again after each call that the app makes. Raises
        TimeoutError."""
        with self._happened:
            if not self._happened.wait_for(condition, timeout):
                raise TimeoutError("it has not come to that")

    def asked(self, method: str = "") -> list[Asked]:
        """Calls of this method, or of all, as they came."""
        return [each for each in self.journal if method in {"", each.method}]

    # --- Running

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.deliveries.stop()
        self.failures.clear()
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()
        if self.crashes and kind is None:
            raise self.crashes[0]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        application = web.Application(client_max_size=_LARGEST_BODY)
        application.router.add_route("*", "/api/{method}", self._api)
        application.router.add_post("/responses/{kind}/{team}/{name}", self._respond)
        application.router.add_get("/link/", self.sockets.serve)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0)
        await runner.setup()
        await web.SockSite(runner, self._socket).start()
        self._started.set()
        await self._closing.wait()
        await self.sockets.close()
        await runner.cleanup()

    # --- Answering

    async def _api(self, request: web.Request) -> web.StreamResponse:
        return await self._guarded(request, self._called)

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        """An answer to a response URL: a call of "response_url", as far as faults go."""

        def answered(asked: Request) -> _Done:
            name = request.match_info["name"]
            status, text = self._responses.answer(name, dict(asked.arguments))
            response = web.Response(status=status, text=text)
            return _Done(response=response, error="" if status == 200 else text)

        return await self._guarded(request, answered)

    async def _guarded(
        self, request: web.Request, perform: Callable[[Request], _Done]
    ) -> web.StreamResponse:
        try:
            asked = await read(request)
            await self.failures.delay(asked.method)
            if failure := self.failures.next(asked.method):
                if failure.applied:
                    perform(asked)
                return await self._failed(failure, asked, request)
            return self._answered(asked, perform)
        except NotUnderstood:
            return web.json_response({"ok": False, "error": "invalid_json"})
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as crash:
            self.crashes.append(crash)
            return web.json_response({"ok": False, "error": "fatal_error"}, status=500)

    def _answered(self, asked: Request, perform: Callable[[Request], _Done]) -> web.Response:
        channel = str(asked.arguments.get("channel", ""))
        wait = self.rates.use(asked.method, installation=asked.token, channel=channel)
        if wait is not None:
            self._note(asked, 429, "ratelimited")
            return limited(wait)
        done = perform(asked)
        self._note(asked, done.response.status, done.error)
        return done.response

    async def _failed(
        self, failure: Failure, asked: Request, request: web.Request
    ) -> web.StreamResponse:
        if failure.fault == "timeout":
            self._note(asked, 0, "")
            await self._closing.wait()  # the caller gives up long before
            return web.Response()
        if failure.fault == "reset":
            self._note(asked, 0, "")
            cut(request)
            return web.Response()
        status = failure.fault if isinstance(failure.fault, int) else 500
        error = failure.error or ("ratelimited" if status == 429 else "internal_error")
        self._note(asked, status, error)
        if status == 429:
            return limited(failure.retry_after or 1, error=error)
        return web.json_response({"ok": False, "error": error}, status=status)

    def _called(self, asked: Request) -> _Done:
        try:
            told = {"ok": True, **self._performed(asked)}
        except Refused as refused:
            told = refused.answer
        return _Done(response=web.json_response(told), error=str(told.get("error", "")))

    def _performed(self, asked: Request) -> Json:
        method = self._methods.get(asked.method)
        if method is None:
            raise Refused("unknown_method", req_method=asked.method)
        caller = self.access.caller(asked.token) if method.token else NOBODY
        if method.token and caller.kind not in method.token:
            raise Refused("not_allowed_token_type")
        heard = asked.arguments if method.takes_json or not asked.was_json else {}
        call = Call(name=asked.method, arguments=heard, caller=caller)
        if method.scope:
            call.require(method.scope)
        missing = [each for each in method.needs if not call.has(each)]
        if missing:
            raise refused_arguments(*(f"missing required field: {each}" for each in missing))
        return method.answer(call)

    def _note(self, asked: Request, status: int, error: str) -> None:
        noted = Asked(
            method=asked.method,
            arguments=asked.arguments,
            token=asked.token,
            at=self.clock(),
            status=status,
            error=error,
        )
        with self._happened:
            self.journal.append(noted)
            self._happened.notify_all()
