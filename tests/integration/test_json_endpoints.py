"""Whatever JSON comes signed by a vendor is taken, refused or ignored, and breaks nothing: events
as vendors send them with parts replaced, taken out, or doubled by whatever JSON can say."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.queue import Queue
from bot.zendesk.inbox import Inbox
from bot.zendesk.webhooks import PATH, routes
from tests.fakes.zendesk import sign
from tests.integration.test_slack_inbox import TS, Slack, slack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    Pool = ConnectionPool[Connection[Any]]

__all__ = ["slack"]

SECRET = "the-secret-of-this-webhook"
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)

TICKET: dict[str, Any] = {
    "type": "zen:event-type:ticket.comment_added",
    "account_id": 4242,
    "id": "an event",
    "time": "2026-05-04T12:00:00Z",
    "zendesk_event_version": "2022-11-06",
    "subject": "zen:ticket:35436",
    "detail": {"id": "35436", "requester_id": "77", "tags": ["a"], "via": {"channel": "email"}},
    "event": {"comment": {"id": "1", "is_public": True, "body": "Hi", "author": {"id": "77"}}},
}
ARTICLE: dict[str, Any] = {
    **TICKET,
    "type": "zen:event-type:article.published",
    "subject": "zen:article:11",
    "detail": {"id": "11", "brand_id": "12", "user_id": "13"},
    "event": {"author_id": "13", "section_id": "14", "locale": "en-us", "title": "T"},
}
TRIGGER: dict[str, Any] = {"ticket_id": "35436", "event": "comment", "author_id": "77"}
MESSAGE: dict[str, Any] = {
    "type": "message",
    "channel": "C1",
    "channel_type": "channel",
    "user": "U1",
    "text": "<@UBOT> how long is it?",
    "ts": TS,
    "thread_ts": TS,
    "files": [{"id": "F1"}],
}
SLACK: tuple[dict[str, Any], ...] = (
    MESSAGE,
    {**MESSAGE, "type": "app_mention"},
    {**MESSAGE, "subtype": "message_changed", "message": {**MESSAGE, "edited": {"ts": TS}}},
    {**MESSAGE, "subtype": "message_deleted", "deleted_ts": TS},
    {"type": "user_change", "user": {"id": "U1", "is_bot": False, "team_id": "T1"}},
    {"type": "link_shared", "channel": "C1", "user": "U1", "links": [{"url": "https://a.example"}]},
    {"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "home"},
    {"type": "tokens_revoked", "tokens": {"bot": ["U1"]}},
)

# Without halves of surrogate pairs, which no JSON in UTF-8 can hold.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of a document."""
    parts: Any = ()
    if isinstance(document, dict):
        parts = document.items()
    elif isinstance(document, list):
        parts = enumerate(document)
    for key, value in parts:
        yield (*path, key)
        yield from places(value, (*path, key))


@st.composite
def spoiled(draw: st.DrawFn, documents: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    """One of the documents with one to three of its parts something else, or not there."""
    document: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(documents)))
    for _ in range(draw(st.integers(1, 3))):
        found = list(places(document))
        if not found:
            break
        *above, last = draw(st.sampled_from(found))
        within: Any = document
        for key in above:
            within = within[key]
        if draw(st.booleans()):
            within[last] = draw(VALUES)
        else:
            del within[last]
    return document


FUZZED = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def zendesk(pool: Pool) -> Iterator[TestClient]:
    app = FastAPI()
    inbox = Inbox(pool=pool, queue=Queue(pool=pool))
    app.include_router(routes(inbox=inbox, keys=[SECRET.encode()], clock=lambda: NOW))
    with TestClient(app) as client:
        yield client


@FUZZED
@given(spoiled((TICKET, ARTICLE, TRIGGER)) | VALUES)
def test_signed_events_of_zendesk_break_nothing(zendesk: TestClient, event: Any) -> None:
    body, at = json.dumps(event).encode(), "2026-05-04T12:00:00Z"
    headers = {
        "Content-Type": "application/json",
        "X-Zendesk-Webhook-Id": "01W",
        "X-Zendesk-Webhook-Invocation-Id": str(uuid4()),
        "X-Zendesk-Webhook-Signature": sign(SECRET, at, body),
        "X-Zendesk-Webhook-Signature-Timestamp": at,
    }

    answer = zendesk.post(PATH, content=body, headers=headers)

    assert answer.status_code in {200, 400}, answer.text


@FUZZED
@example({**MESSAGE, "channel": False})
@given(spoiled(SLACK))
def test_signed_events_of_slack_break_nothing(slack: Slack, event: dict[str, Any]) -> None:
    assert slack.event(event).status_code in {200, 400, 404}


@FUZZED
@example({"type": "event_callback", "team_id": {}, "event_id": "Ev1", "event": MESSAGE})
@example({"type": "event_callback", "team_id": "T1", "enterprise_id": [], "event": MESSAGE})
@given(VALUES)
def test_signed_bodies_that_are_no_events_break_nothing(slack: Slack, body: Any) -> None:
    assert slack.post(json.dumps(body).encode()).status_code in {200, 400, 404}
