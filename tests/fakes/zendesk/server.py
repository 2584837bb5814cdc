"""The HTTP server in front of the account: hosts, credentials, limits, faults, and a journal."""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.zendesk.access import Access, Caller, Refused
from tests.fakes.zendesk.account import Account, Brand
from tests.fakes.zendesk.deliveries import Deliveries
from tests.fakes.zendesk.faults import Failures, Limits, pool_of
from tests.fakes.zendesk.help_center import NO_ENDPOINT, Answer, Behaviour, HelpCenter
from tests.fakes.zendesk.hooks_api import HooksApi
from tests.fakes.zendesk.paging import PagingRefused
from tests.fakes.zendesk.rendering import user
from tests.fakes.zendesk.support import Support
from tests.fakes.zendesk.ticket_rendering import person_json
from tests.fakes.zendesk.tickets_api import UPDATE_CONFLICT, TicketsApi

API = "/api/v2"
DOMAIN = ".zendesk.com"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request as it came, and the status that answered it (0: the connection was cut)."""

    method: str
    host: str
    path: str
    query: dict[str, str]
    authorization: str
    body: bytes
    status: int


@dataclass(frozen=True, kw_only=True)
class _Request:
    method: str
    host: str
    path: str
    query: dict[str, str]
    authorization: str
    body: bytes
    idempotency: str = ""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is nothing to tell of."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class FakeZendesk:
    """A running account. `account`, `access`, `limits`, `failures`, `behaviour` and `deliveries`
    are what a test changes; `meanwhile` is called before each answer, for what people do during
    a sync; `journal` is what was asked; `lock` is held while it answers. A brand is told by the
    Host header; the server's own address is
    the account's first brand."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.account = Account(clock=clock)
        self.access = Access(self.account, clock=clock)
        self.limits = Limits(clock=clock)
        self.failures = Failures()
        self.deliveries = Deliveries(
            ticketing=self.account.ticketing, account_id=self.account.id, clock=clock
        )
        self.behaviour = Behaviour()
        self.journal: list[Call] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self.lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self.deliveries.stop()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def calls(self, containing: str = "") -> list[Call]:
        return [each for each in self.journal if containing in each.path]

    def serve(self, request: _Request) -> tuple[Answer, dict[str, str]] | None:
        """The answer and its headers, or None where the connection is to be cut."""
        failure = self.failures.next(request.method, request.path)
        if failure is None or failure.applied:
            with self.lock:
                self.meanwhile()
                answer, headers = self._answer(request)
        else:
            answer, headers = (200, {}), {}
        if failure is None:
            self._note(request, answer[0])
            return answer, headers
        if failure.fault == "timeout":
            self._note(request, 0)
            self._closing.wait(30)  # the caller gives up long before
            return None
        if failure.fault == "reset":
            self._note(request, 0)
            return None
        self._note(request, failure.fault)
        if failure.retry_after is not None:
            headers = {**headers, "Retry-After": failure.retry_after}
        return (failure.fault, _failure_body(failure.fault)), headers

    def _note(self, request: _Request, status: int) -> None:
        with self.lock:
            self.journal.append(
                Call(
                    method=request.method,
                    host=request.host,
                    path=request.path,
                    query=request.query,
                    authorization=request.authorization,
                    body=request.body,
                    status=status,
                )
            )

    def _answer(self, request: _Request) -> tuple[Answer, dict[str, str]]:
        brand = self._brand(request.host)
        if brand is None:
            return _no_help_desk(request.host), {}
        if (request.method, request.path) == ("POST", "/oauth/tokens"):
            return self.access.grant(json.loads(request.body or b"{}")), {}
        if not request.path.startswith(f"{API}/"):
            return (404, {}), {}
        within, headers = self.limits.use(pool_of(request.path))
        if within:
            within, own = self.limits.use_own(request.method, request.path)
            headers |= own
        return (self._api(request, brand) if within else (429, _failure_body(429))), headers

    def _api(self, request: _Request, brand: Brand) -> Answer:
        path = request.path.removeprefix(API).removesuffix(".json")
        try:
            caller = self.access.caller(request.authorization)
            if path.startswith("/help_center/"):
                return self._help_center(request, path, brand, caller)
            if path == "/users/me":
                return self._me(caller)
            if path == "/users/search":
                return self._people(request, caller)
            return self._support(request, path, brand, caller)
        except Refused as refused:
            return 401, refused.body
        except PagingRefused as refused:
            return 400, refused.body

    def _me(self, caller: Caller) -> Answer:
        if caller.user and not caller.has("read", "users:read"):
            return _missing_scope("users:read")
        return 200, {"user": user(caller.user)}

    def _people(self, request: _Request, caller: Caller) -> Answer:
        """By e-mail address only, which is one of the many ways."""
        if caller.user is None:
            return 401, {"error": "Couldn't authenticate you"}
        if not caller.has("read", "users:read"):
            return _missing_scope("users:read")
        wanted = request.query.get("query", "").removeprefix("email:").strip('"').casefold()
        people = self.account.ticketing.people.values()
        found = [person_json(each) for each in people if each.email.casefold() == wanted]
        return 200, {"users": found, "count": len(found), "next_page": None, "previous_page": None}

    def _help_center(self, request: _Request, path: str, brand: Brand, caller: Caller) -> Answer:
        if request.method != "GET":
            return NO_ENDPOINT
        if caller.user and not caller.has("read", "hc:read"):
            return _missing_scope("hc:read")
        origin = self._origin(request.host)
        center = HelpCenter(self.account, brand, caller, origin=origin, behaviour=self.behaviour)
        return center.get(path.removeprefix("/help_center"), request.query)

    def _support(self, request: _Request, path: str, brand: Brand, caller: Caller) -> Answer:
        if caller.user is None:
            return 401, {"error": "Couldn't authenticate you"}
        kind = "hooks" if path.startswith(("/webhooks", "/triggers")) else "tickets"
        reads = request.method == "GET"
        if not (caller.has("read") if reads else caller.has("write", f"{kind}:write")):
            return _missing_scope("read" if reads else "write")
        return self._ticketing(request, path, brand, caller, kind)

    def _ticketing(
        self, request: _Request, path: str, brand: Brand, caller: Caller, kind: str
    ) -> Answer:
        origin = self._origin(request.host)
        if kind == "hooks":
            hooks = HooksApi(self.account, self.deliveries, caller, origin=origin)
            return hooks.answer(request.method, path, request.query, request.body)
        if path.startswith(("/tickets", "/incremental")):
            tickets = TicketsApi(self.account, caller, origin=origin)
            return tickets.answer(
                request.method,
                path,
                request.query,
                request.body,
                idempotency=request.idempotency,
            )
        if request.method != "GET":
            return NO_ENDPOINT
        return Support(self.account, brand, caller, origin=origin).get(path, request.query)

    def _brand(self, host: str) -> Brand | None:
        if not host.endswith(DOMAIN):
            return self.account.main
        name = host.removesuffix(DOMAIN)
        return next((b for b in self.account.brands.values() if b.subdomain == name), None)

    def _origin(self, host: str) -> str:
        """Paged URLs stand on the address that was called, as Zendesk's do."""
        return f"https://{host}" if host.endswith(DOMAIN) else self.base_url


def _missing_scope(scope: str) -> Answer:
    return 403, {
        "error": "Forbidden",
        "description": f"Missing the following required scopes: {scope}",
    }


def _no_help_desk(host: str) -> Answer:
    return 404, {
        "error": {
            "title": f"No help desk at {host}",
            "message": "There is no help desk configured at this address. This means that the "
            "address is available and that you can claim it.",
        }
    }


def _failure_body(status: int) -> dict[str, Any]:
    if status == 429:
        return {
            "error": "APIRateLimitExceeded",
            "description": "Number of allowed API requests per minute exceeded",
        }
    if status == 409:
        return UPDATE_CONFLICT
    return {"error": "InternalError", "description": "Something went wrong"}


def _handler(fake: FakeZendesk) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            served = fake.serve(
                _Request(
                    method=self.command,
                    host=self.headers.get("Host", ""),
                    path=parts.path,
                    query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                    authorization=self.headers.get("Authorization", ""),
                    body=body,
                    idempotency=self.headers.get("Idempotency-Key", ""),
                )
            )
            if served is None:
                self._cut()
                return
            (status, answer), headers = served
            content = b"" if status == 204 else json.dumps(answer).encode()
            self.send_response_only(status)
            self.send_header("Date", formatdate(fake.clock(), usegmt=True))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            self.wfile.flush()

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815  # names that http.server looks up

        def _cut(self) -> None:
            self.close_connection = True
            # With no time to linger, closing sends a reset instead of an end.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

        def log_message(self, *_: object) -> None:
            """Silent: the journal holds what was asked."""

    return Handler
