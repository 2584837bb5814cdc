"""A stand-in for the Messages API on loopback: real HTTP, real streams, scripted replies.

Requests are held to Anthropic's own OpenAPI document where it is at hand (`validates` says
whether), and to the rules that the document does not know. A request that breaks one is
answered with 400, as the API would, and noted in `violations`.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.fakes import replies
from tests.fakes.replies import Body, Content, Failure, Reset, Script

SPEC = Path(__file__).parents[2].parent / "shared" / "specs" / "anthropic.yaml"
_PING_SECONDS = 0.02


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request as it came in."""

    path: str
    headers: Mapping[str, str]
    body: Body


class MessagesFake:
    """Serves while the context is open. Queued replies are used up in order; then `default`."""

    def __init__(self, *, default: Script = replies.honest) -> None:
        self.default = default
        self.requests: list[Received] = []
        self.violations: list[str] = []
        self.validates = SPEC.exists()
        self.closing = threading.Event()
        self._queue: deque[Script] = deque()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def __enter__(self) -> MessagesFake:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def queue(self, *scripts: Script) -> None:
        self._queue.extend(scripts)

    def answer(self, received: Received) -> replies.Reply:
        self.requests.append(received)
        faults = list(_faults(received))
        self.violations += faults
        if faults:
            return Failure(status=400, type="invalid_request_error", message="; ".join(faults))
        script = self._queue.popleft() if self._queue else self.default
        return script(received.body)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # joined on closing, so that no socket outlives its test

    def __init__(self, fake: MessagesFake) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fake = fake

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about; a script that fails is not."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError):
            self.fake.violations.append(f"the stand-in failed: {error!r}")


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_: object) -> None:
        """Tests read the journal instead."""

    def do_POST(self) -> None:
        self.close_connection = True
        data = self.rfile.read(int(self.headers["Content-Length"]))
        received = Received(
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=json.loads(data),
        )
        reply = self.server.fake.answer(received)
        if isinstance(reply, Reset):
            self._reset()
        elif isinstance(reply, Failure):
            error = {"type": reply.type, "message": reply.message}
            self._json(reply.status, {"type": "error", "error": error}, reply.headers)
        elif received.body.get("stream"):
            self._stream(reply, received.body)
        else:
            self._json(200, replies.message(reply, received.body).model_dump(mode="json"), {})

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _json(self, status: int, body: Any, headers: Mapping[str, str]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, content: Content, body: Body) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        loud = content.after == "cut loudly"  # a length is promised and not kept
        self.send_header(*(("Content-Length", "1000000") if loud else ("Connection", "close")))
        self.end_headers()
        for event in replies.events(content, body):
            data = event.model_dump(mode="json", exclude_none=False)
            self._event(data["type"], data)
        if content.error:
            error = {"type": content.error, "message": "scripted"}
            self._event("error", {"type": "error", "error": error})
        elif content.after == "stall":
            self.server.fake.closing.wait()
        elif content.after == "ping":
            while not self.server.fake.closing.wait(_PING_SECONDS):
                self._event("ping", {"type": "ping"})

    def _event(self, name: str, data: Any) -> None:
        self.wfile.write(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())
        self.wfile.flush()


# What the API would refuse --------------------------------------------------------------------


def _faults(received: Received) -> Iterator[str]:
    if received.path != "/v1/messages":
        yield f"unknown path {received.path}"
        return
    if not received.headers.get("authorization", "").startswith("Bearer "):
        yield "no bearer token"
    if "anthropic-version" not in received.headers:
        yield "no anthropic-version"
    yield from _schema_faults(received.body)
    yield from _rule_faults(received.body)


def _schema_faults(body: Body) -> Iterator[str]:
    validator = _validator()
    if validator is not None:
        for error in validator.iter_errors(body):
            yield f"{error.json_path}: {error.message[:200]}"


@cache
def _validator() -> Any:
    if not SPEC.exists():
        return None
    import yaml
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # has none

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    schemas = yaml.load(SPEC.read_text(encoding="utf-8"), loader)["components"]["schemas"]
    return Draft202012Validator(
        {"$ref": "#/components/schemas/CreateMessageParams", "components": {"schemas": schemas}}
    )


def _rule_faults(body: Body) -> Iterator[str]:
    """Rules of the API of 2026-10-21 that its OpenAPI document does not state."""
    blocks = [
        block
        for message in body.get("messages", [])
        if not isinstance(message["content"], str)
        for block in message["content"]
    ]
    results = [block for block in blocks if block["type"] == "search_result"]
    if len({bool(each.get("citations", {}).get("enabled")) for each in results}) > 1:
        yield "citations must be enabled on all search results or on none"
    texts = [part for each in results for part in each["content"]]
    texts += [block for block in blocks if block["type"] == "text"]
    if any(not part["text"].strip() for part in texts):
        yield "text content blocks must be non-empty"
    if any(block.get("citations") for block in blocks if block["type"] == "text"):
        yield "citations are not accepted on text blocks"
    if results and (body.get("output_config") or {}).get("format"):
        yield "structured output and citations exclude each other"
    roles = [message["role"] for message in body.get("messages", [])]
    if roles[:1] != ["user"] or roles[-1:] != ["user"]:
        yield "the first and the last message must be the user's"
    if results and any(name in body for name in ("temperature", "top_p", "top_k")):
        yield "sampling parameters are not accepted"
