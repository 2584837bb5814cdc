"""Socket Mode: the sockets that an app holds open, and what is sent through them.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import Future
from threading import Semaphore
from typing import Literal
from uuid import uuid4

from aiohttp import WSCloseCode, WSMsgType, web

from tests.fakes.slack.posting import Answer
from tests.fakes.slack.records import Json

Reason = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]
MOST_SOCKETS = 10


class Sockets:
    """`open` is how many are; each payload goes through one of them, turn by turn. `arrivals` is
    released when one has been opened, `sent` is every envelope, and `acknowledged` its answers."""

    def __init__(self, app_id: str) -> None:
        self._app_id = app_id
        self._tickets: set[str] = set()
        self._sockets: list[web.WebSocketResponse] = []
        self._waiting: dict[str, Future[Json]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self.arrivals = Semaphore(0)
        self.sent: list[Json] = []
        self.acknowledged: list[Json] = []

    @property
    def open(self) -> int:
        return len(self._sockets)

    def is_open(self) -> bool:
        return bool(self._sockets)

    def ticket(self) -> str:
        """Good for opening one socket."""
        made = str(uuid4())
        self._tickets.add(made)
        return made

    # --- From Slack to the app

    def send(self, kind: str, payload: Json, *, timeout: float, **envelope: object) -> Answer:
        """Sends through the next socket and waits for the acknowledgement, for `timeout` seconds
        at most."""
        number = str(uuid4())
        sent = {"envelope_id": number, "type": kind, "payload": payload, **envelope}
        answered = self._waiting[number] = Future()
        self.sent.append(sent)
        try:
            self._through_the_next(json.dumps(sent))
            said = answered.result(timeout)
        except TimeoutError:
            return Answer(status=0, failure="http_timeout")
        except (ConnectionError, IndexError):
            return Answer(status=0, failure="connection_failed")
        finally:
            self._waiting.pop(number, None)
        body = json.dumps(said["payload"]).encode() if said.get("payload") else b""
        return Answer(status=200, body=body)

    def warn(self) -> None:
        """Says that the sockets will be closed soon."""
        self._to_all(self._disconnect("warning"), close=False)

    def refresh(self, reason: Reason = "refresh_requested") -> None:
        """Asks for every socket to be opened anew, as Slack does every few hours, and sends
        nothing more through the old ones; whoever holds them closes them."""
        for each in list(self._sockets):
            self._forget(each)
            self._run(each.send_str(self._disconnect(reason)))

    def drop(self) -> None:
        """Closes every socket without a word."""
        self._to_all("", close=True)

    def _through_the_next(self, text: str) -> None:
        socket = self._sockets.pop(0)
        self._sockets.append(socket)
        self._run(socket.send_str(text))

    def _to_all(self, text: str, *, close: bool) -> None:
        for each in list(self._sockets):
            self._run(self._tell(each, text, close=close))

    async def _tell(self, socket: web.WebSocketResponse, text: str, *, close: bool) -> None:
        if text:
            await socket.send_str(text)
        if close:
            self._forget(socket)
            await socket.close(code=WSCloseCode.GOING_AWAY)

    def _run(self, sending: object) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(sending, self._loop).result()  # type: ignore[arg-type]

    def _disconnect(self, reason: Reason) -> str:
        debug = {"host": "applink-1"}
        return json.dumps({"type": "disconnect", "reason": reason, "debug_info": debug})

    # --- From the app to Slack

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One socket, for as long as it is open."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=404)
        self._tickets.discard(ticket)
        self._loop = asyncio.get_running_loop()
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if len(self._sockets) >= MOST_SOCKETS:
            await self._tell(socket, self._disconnect("too_many_websockets"), close=True)
            return socket
        await socket.send_str(json.dumps(self._hello()))
        self._sockets.append(socket)
        self.arrivals.release()
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                self._hear(json.loads(message.data))
        self._forget(socket)
        return socket

    async def close(self) -> None:
        for each in list(self._sockets):
            await self._tell(each, "", close=True)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._sockets) + 1,
            "debug_info": {
                "host": "applink-1",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
            "connection_info": {"app_id": self._app_id},
        }

    def _hear(self, said: Json) -> None:
        waiting = self._waiting.get(str(said.get("envelope_id", "")))
        self.acknowledged.append(said)
        if waiting is not None and not waiting.done():
            waiting.set_result(said)

    def _forget(self, socket: web.WebSocketResponse) -> None:
        if socket in self._sockets:
            self._sockets.remove(socket)
