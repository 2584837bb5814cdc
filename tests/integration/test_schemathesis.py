"""Schemathesis against everything that speaks JSON: what it makes up from the schemas of what
vendors send, right and wrong, signed as they sign it, and sent over HTTP to the whole web process.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from bot.slack.http import PATH as SLACK
from bot.zendesk.webhooks import PATH as ZENDESK
from tests.fakes.slack import FakeSlack
from tests.fakes.zendesk import sign
from tests.integration.console import Serve, serve
from tests.serving import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg import Connection
    from psycopg_pool import ConnectionPool
    from schemathesis import Case

    Pool = ConnectionPool[Connection[Any]]

__all__ = ["serve"]

ZENDESK_SECRET, SLACK_SECRET = "the-secret-of-this-webhook", "the-secret-of-this-app"

ID = {"type": "string", "pattern": "^[1-9][0-9]{0,17}$"}
TEXT = {"type": "string", "maxLength": 200}
TS = {"type": "string", "pattern": "^[0-9]{10}\\.[0-9]{6}$"}


def an_object(required: str = "", **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required.split()}


ENVELOPE = {"account_id": {"type": "integer"}, "id": TEXT, "time": TEXT, "subject": TEXT}
AUTHOR = an_object(id=ID, is_staff={"type": "boolean"}, name=TEXT)
EVENTS_OF_ZENDESK = (
    an_object(
        "type detail",
        type={"enum": [f"zen:event-type:ticket.{name}" for name in ("created", "comment_added")]},
        detail=an_object("id", id=ID, status=TEXT, tags={"type": "array", "items": TEXT}),
        event=an_object(
            comment=an_object(id=ID, body=TEXT, is_public={"type": "boolean"}, author=AUTHOR)
        ),
        **ENVELOPE,
    ),
    an_object(
        "type detail",
        type={"enum": [f"zen:event-type:article.{name}" for name in ("published", "unpublished")]},
        detail=an_object("id", id=ID, brand_id=ID),
        event=an_object(locale=TEXT, title=TEXT),
        **ENVELOPE,
    ),
    an_object("supportbot ticket_id", supportbot={"const": 1}, ticket_id=ID, user_id=ID),
)
PERSON = {"type": "string", "pattern": "^U[A-Z0-9]{1,10}$"}
CHANNEL = {"type": "string", "pattern": "^C[A-Z0-9]{1,10}$"}
MESSAGE = {"channel": CHANNEL, "channel_type": {"const": "channel"}, "user": PERSON, "ts": TS}
EVENTS_OF_SLACK = (
    an_object(
        "type channel user text ts",
        type={"enum": ["message", "app_mention"]},
        text=TEXT,
        thread_ts=TS,
        **MESSAGE,
    ),
    an_object(
        "type subtype channel message",
        type={"const": "message"},
        subtype={"const": "message_changed"},
        message=an_object("user text ts", user=PERSON, text=TEXT, ts=TS, edited=an_object(ts=TS)),
        **MESSAGE,
    ),
    an_object(
        "type subtype channel deleted_ts",
        type={"const": "message"},
        subtype={"const": "message_deleted"},
        deleted_ts=TS,
        **MESSAGE,
    ),
    an_object(
        "type user",
        type={"const": "user_change"},
        user=an_object("id", id=PERSON, is_bot={"type": "boolean"}),
    ),
)
CALLBACK = an_object(
    "type team_id event_id event",
    type={"const": "event_callback"},
    team_id={"const": "T1"},
    event_id=TEXT,
    event={"anyOf": list(EVENTS_OF_SLACK)},
)
CHALLENGE = an_object("type challenge", type={"const": "url_verification"}, challenge=TEXT)
REPORT = an_object(
    "ready checks",
    ready={"type": "boolean"},
    checks={
        "type": "array",
        "items": an_object(
            "name state detail advice",
            **{key: {"type": "string"} for key in ("name", "detail", "advice")},
            state={"enum": ["ok", "warning", "failed"]},
        ),
    },
)


def answering(*statuses: int, kind: str = "text/plain", schema: Any = True) -> dict[str, Any]:
    content = {kind: {"schema": schema}}
    return {str(status): {"description": "", "content": content} for status in statuses}


def taking(events: dict[str, Any], responses: dict[str, Any]) -> dict[str, Any]:
    body = {"required": True, "content": {"application/json": {"schema": events}}}
    return {"post": {"requestBody": body, "responses": responses}}


DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Supportbot", "version": "1"},
    "paths": {
        "/healthz": {"get": {"responses": answering(200)}},
        "/readyz": {
            "get": {"responses": answering(200, 503, kind="application/json", schema=REPORT)}
        },
        ZENDESK: taking({"anyOf": list(EVENTS_OF_ZENDESK)}, answering(200, 400)),
        SLACK: taking({"anyOf": [CALLBACK, CHALLENGE]}, answering(200, 400, 401, 404, kind="*/*")),
    },
}


@pytest.fixture
def address(serve: Serve) -> Iterator[str]:
    with FakeSlack() as slack:
        app = serve(
            ZENDESK_WEBHOOK_SECRET=ZENDESK_SECRET,
            SLACK_SIGNING_SECRET=SLACK_SECRET,
            SLACK_BOT_TOKEN=slack.bot_token,
            SLACK_API_URL=slack.api_url,
        )
        with served(app) as url:
            yield url


def signed(case: Case, address: str) -> requests.PreparedRequest:
    """The request of a case, signed by whoever sends such."""
    request = requests.Request(**case.as_transport_kwargs(base_url=address)).prepare()
    body, path = request.body or b"", urlsplit(str(request.url)).path
    body = body.encode() if isinstance(body, str) else body
    if path == ZENDESK:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        request.headers["X-Zendesk-Webhook-Signature"] = sign(ZENDESK_SECRET, at, body)
        request.headers["X-Zendesk-Webhook-Signature-Timestamp"] = at
        request.headers["X-Zendesk-Webhook-Invocation-Id"] = str(uuid4())
    elif path == SLACK:
        at = str(int(time.time()))
        told = b":".join((b"v0", at.encode(), body))
        signature = hmac.new(SLACK_SECRET.encode(), told, hashlib.sha256).hexdigest()
        request.headers["X-Slack-Request-Timestamp"] = at
        request.headers["X-Slack-Signature"] = f"v0={signature}"
    return request


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        ("/healthz", GenerationMode.POSITIVE),
        ("/readyz", GenerationMode.POSITIVE),
        *((path, mode) for path in (ZENDESK, SLACK) for mode in GenerationMode),
    ],
)
def test_what_it_makes_up_is_answered_as_the_schema_says(
    address: str, path: str, mode: GenerationMode
) -> None:
    load_all_checks()
    [operation] = [
        each.ok()
        for each in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
        if each.ok().path == path
    ]
    checks = CHECKS.get_by_names(
        [
            "status_code_conformance",
            "content_type_conformance",
            "response_schema_conformance",
        ]
    )
    seen: list[int] = []

    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def sent(case: Case) -> None:
        with requests.Session() as session:
            answer = session.send(signed(case, address), timeout=20)
        seen.append(answer.status_code)
        case.validate_response(answer, checks=checks)

    sent()
    assert seen
    if path == ZENDESK:
        assert set(seen) == ({200} if mode is GenerationMode.POSITIVE else {200, 400})
