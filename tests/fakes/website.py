"""A website over real HTTP: pages by host and path, with a journal of what was asked."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import httpcore2


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer as it goes over the wire. `endless` keeps sending, `stuck` never ends."""

    status: int = 200
    body: bytes = b""
    type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    endless: bool = False
    stuck: bool = False


@dataclass(frozen=True, kw_only=True)
class Request:
    host: str
    path: str
    headers: dict[str, str]
    status: int


def page(body: str, *, head: str = "", lang: str = "en") -> Reply:
    text = f"<!doctype html><html lang={lang}><head>{head}</head><body>{body}</body></html>"
    return Reply(body=text.encode())


def article(title: str, text: str = "", *, links: Iterable[str] = (), head: str = "") -> Reply:
    anchors = "".join(f'<a href="{each}">{each}</a> ' for each in links)
    prose = text or f"Everything about {title.lower()}, told in one sentence or two. It is short."
    return page(
        f"<nav>{anchors}</nav><main><h1>{title}</h1><p>{prose}</p></main>",
        head=f"<title>{title}</title>{head}",
    )


def redirect(to: str, status: int = 301) -> Reply:
    return Reply(status=status, headers={"Location": to})


class FakeWebsite:
    """A running server. `pages` maps a path, or "host/path", to what is answered there; 200s
    carry an ETag and answer 304 to it."""

    def __init__(self) -> None:
        self.pages: dict[str, Reply] = {}
        self.journal: list[Request] = []
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
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
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def asked(self, status: int | None = None) -> list[str]:
        """Paths in the order they were asked for, robots.txt and sitemaps left out."""
        return [
            each.path
            for each in self.journal
            if status in {None, each.status} and not each.path.endswith((".txt", ".xml", ".gz"))
        ]

    def reply(self, host: str, path: str, headers: dict[str, str]) -> Reply:
        reply = self.pages.get(f"{host.split(':', maxsplit=1)[0]}{path}") or self.pages.get(path)
        reply = reply or Reply(status=404, body=b"<h1>Not here</h1>")
        if reply.status == 200 and not reply.endless and not reply.stuck:
            etag = f'"{hashlib.sha256(reply.body).hexdigest()[:12]}"'
            known = headers.get("if-none-match") == etag
            reply = Reply(
                status=304 if known else 200,
                body=b"" if known else reply.body,
                type=reply.type,
                headers={"ETag": etag, **reply.headers},
            )
        self.journal.append(Request(host=host, path=path, headers=headers, status=reply.status))
        return reply


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Callers hang up in the middle: that is what some tests are about."""


def _handler(site: FakeWebsite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = site.reply(headers.get("host", ""), self.path, headers)
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.type)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if not reply.endless:
                length = len(reply.body) + (1000 if reply.stuck else 0)
                self.send_header("Content-Length", str(length))
            else:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            try:
                self.wfile.write(reply.body)
                while reply.endless and not site.closing.is_set():
                    self.wfile.write(b"x" * 65536)
                if reply.stuck:
                    site.closing.wait(30)  # the caller gives up long before
                    self.close_connection = True
            except OSError:  # the caller has hung up
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
            pass

    return Handler


class FakeInternet(httpcore2.SyncBackend):
    """Public addresses that lead to servers of this machine, and a record of every address that
    anybody tried to connect to."""

    def __init__(self, servers: dict[str, int] | None = None) -> None:
        self.servers = servers or {}
        self.tried: list[str] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        self.tried.append(host)
        if host not in self.servers:
            raise httpcore2.ConnectError(f"nobody is at {host}")
        return super().connect_tcp(
            "127.0.0.1", self.servers[host], timeout, local_address, socket_options
        )


def names(**hosts: str | Iterable[str]) -> Callable[[str, int], list[str]]:
    """A resolver that knows these names (`a_example` is a.example) and raises for others. A list
    of addresses is told one by one, the last one for ever: a DNS that changes its mind."""
    known = {
        name.replace("_", "."): [found] if isinstance(found, str) else list(found)
        for name, found in hosts.items()
    }

    def resolve(host: str, _port: int) -> list[str]:
        if host not in known:
            raise OSError(f"no such host: {host}")
        found = known[host]
        return [found.pop(0) if len(found) > 1 else found[0]]

    return resolve
