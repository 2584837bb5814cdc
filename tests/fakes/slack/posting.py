"""What Slack posts to an app, over HTTP, and what it makes of the answer."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`status` is 0 where nothing came in time or at all; `reason` is what Slack calls that."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    failure: str = ""

    @property
    def reason(self) -> str:
        return self.failure or "http_error"

    @property
    def json(self) -> Any:
        """What the body says; None where it is empty or plain text."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def header(self, name: str) -> str:
        return next((v for k, v in self.headers.items() if k.lower() == name.lower()), "")


def post(url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> Answer:
    """Redirects are not followed: Slack follows few, and an app should need none."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("POST", parts.path or "/", body, dict(headers))
        answer = connection.getresponse()
        return Answer(status=answer.status, body=answer.read(), headers=dict(answer.getheaders()))
    except TimeoutError:
        return Answer(status=0, failure="http_timeout")
    except (OSError, http.client.HTTPException):
        return Answer(status=0, failure="connection_failed")
    finally:
        connection.close()
