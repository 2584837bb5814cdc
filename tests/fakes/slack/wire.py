"""The way from Slack to the app: signed requests to its address, or a socket that it holds open."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import urlencode

from tests.fakes.slack.app import App
from tests.fakes.slack.posting import Answer, post
from tests.fakes.slack.records import Json
from tests.fakes.slack.signing import signed_headers

# Slack waits this long for an answer to whatever it sends.
TIMEOUT = 3.0
_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"


class Socket(Protocol):
    """What a socket does for whoever wants to reach the app."""

    def is_open(self) -> bool: ...

    def send(self, kind: str, payload: Json, *, timeout: float, **envelope: object) -> Answer:
        """The acknowledgement, as if it had come over HTTP."""
        ...


class Wire:
    """`url` takes events, `interactivity_url` what people press and type, where it is another.
    While the app holds a socket, everything goes through that. `post` can be replaced by another
    way to post, `timeout` is in seconds."""

    def __init__(self, app: App, *, clock: Callable[[], float], socket: Socket) -> None:
        self.url = ""
        self.interactivity_url = ""
        self.timeout = TIMEOUT
        self.post: Callable[[str, Mapping[str, str], bytes, float], Answer] = post
        self._app = app
        self._clock = clock
        self._socket = socket

    def event(self, body: Json, *, tries: int = 0, reason: str = "") -> Answer:
        """Sends an event; `tries` is how often it was sent before, and `reason` what went wrong
        last."""
        if self._socket.is_open():
            retry = {"retry_attempt": tries, "retry_reason": _in_sockets(reason)}
            return self._send("events_api", body, accepts_response_payload=False, **retry)
        sent, headers = self.signed(body, tries=tries, reason=reason)
        return self.post(self.url, headers, sent, self.timeout)

    def interaction(self, payload: Json) -> Answer:
        """Sends what somebody pressed, submitted or closed."""
        if self._socket.is_open():
            return self._send("interactive", payload, accepts_response_payload=True)
        return self._form({"payload": json.dumps(payload)})

    def command(self, fields: Mapping[str, str]) -> Answer:
        if self._socket.is_open():
            return self._send("slash_commands", dict(fields), accepts_response_payload=True)
        return self._form(fields)

    def signed(
        self, body: Json, *, tries: int = 0, reason: str = ""
    ) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of an event as it would be posted now."""
        sent = json.dumps(body).encode()
        headers = self._headers(sent, _JSON)
        if tries:
            headers |= {"X-Slack-Retry-Num": str(tries), "X-Slack-Retry-Reason": reason}
        return sent, headers

    def signed_form(self, fields: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
        sent = urlencode(fields).encode()
        return sent, self._headers(sent, _FORM)

    def _form(self, fields: Mapping[str, str]) -> Answer:
        sent, headers = self.signed_form(fields)
        return self.post(self.interactivity_url or self.url, headers, sent, self.timeout)

    def _headers(self, body: bytes, content_type: str) -> dict[str, str]:
        secret, now = self._app.signing_secret, self._clock()
        return signed_headers(secret, body, now=now, content_type=content_type)

    def _send(self, kind: str, payload: Json, **envelope: object) -> Answer:
        return self._socket.send(kind, payload, timeout=self.timeout, **envelope)


def _in_sockets(reason: str) -> str:
    """Sockets have a shorter word for it."""
    return "timeout" if reason == "http_timeout" else reason
