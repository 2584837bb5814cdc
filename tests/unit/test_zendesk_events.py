"""Which webhooks are taken for Zendesk's, what they say, and what answers the others."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.errors import SettingInvalid
from bot.zendesk.events import (
    LARGEST_BODY,
    TRIGGER_BODY,
    ArticlePublished,
    ArticleUnpublished,
    Delivery,
    Event,
    Ignored,
    Rejected,
    TicketTouched,
    received,
    webhook_keys,
)
from tests.fakes.zendesk import sign

KEY = b"the-secret-of-this-webhook"
NOW = datetime(2026, 3, 25, 5, 9, 27, tzinfo=UTC)

# https://developer.zendesk.com/documentation/webhooks/verifying/ and its public test secret.
PUBLIC = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
DOCUMENTED = {
    "x-zendesk-webhook-signature": "S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM=",
    "x-zendesk-webhook-signature-timestamp": "2021-03-25T05:09:27Z",
    "x-zendesk-webhook-invocation-id": "01F1KRHTVV9D5T",
}
DOCUMENTED_BODY = b'{"event":"ticket.updated","id":123}'
DOCUMENTED_TIME = datetime(2021, 3, 25, 5, 9, 27, tzinfo=UTC)


def envelope(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "type": f"zen:event-type:{name}",
        "account_id": 4242,
        "id": "a0e1",
        "time": "2026-03-25T05:09:26Z",
        "subject": "zen:article:77",
        "detail": {"id": "77", "brand_id": "5", "user_id": "9"},
        "event": {"locale": "en-us", "title": "Returns"},
        **changes,
    }


def headers(body: bytes, *, at: datetime = NOW, invocation: str = "01INVOCATION") -> dict[str, str]:
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "x-zendesk-webhook-signature": sign(KEY.decode(), stamp, body),
        "x-zendesk-webhook-signature-timestamp": stamp,
        "x-zendesk-webhook-invocation-id": invocation,
    }


def take(body: bytes, *, at: datetime = NOW) -> Delivery | Rejected:
    return received(headers(body, at=at), body, keys=(KEY,), now=NOW)


def event_of(content: object) -> Event:
    found = take(json.dumps(content).encode())
    assert isinstance(found, Delivery)
    return found.event


def status_of(found: Delivery | Rejected) -> int:
    assert isinstance(found, Rejected)
    assert found.reason
    return found.status


def test_the_documented_signature_is_genuine_and_forgeries_of_it_are_not() -> None:
    def answer(body: bytes, key: bytes) -> Rejected:
        found = received(DOCUMENTED, body, keys=(key,), now=DOCUMENTED_TIME)
        assert isinstance(found, Rejected)
        return found

    # Genuine, but no event: the body of the manual's example has no type.
    assert answer(DOCUMENTED_BODY, PUBLIC.encode()) == Rejected(
        status=400, reason="The event has no type."
    )
    assert answer(DOCUMENTED_BODY + b" ", PUBLIC.encode()).status == 401
    assert answer(DOCUMENTED_BODY, KEY).status == 401


@pytest.mark.parametrize("secret", [PUBLIC, f" {PUBLIC}\n"])
def test_the_public_test_secret_cannot_be_configured(secret: str) -> None:
    with pytest.raises(SettingInvalid, match=r"^ZENDESK_WEBHOOK_SECRET .* Reveal secret"):
        webhook_keys(f"another,{secret}")


def test_the_keys_are_the_secrets_as_they_stand() -> None:
    assert webhook_keys("c2VjcmV0") == (b"c2VjcmV0",)
    assert webhook_keys("c2VjcmV0, other,") == (b"c2VjcmV0", b"other")


def test_each_of_several_webhooks_may_have_a_secret_of_its_own() -> None:
    body = json.dumps(envelope("article.published")).encode()

    assert isinstance(received(headers(body), body, keys=(b"other", KEY), now=NOW), Delivery)
    assert status_of(received(headers(body), body, keys=(b"other",), now=NOW)) == 401
    assert status_of(received(headers(body), body, keys=(), now=NOW)) == 401


@pytest.mark.parametrize(
    ("name", "event"),
    [("article.published", ArticlePublished), ("article.unpublished", ArticleUnpublished)],
)
def test_article_events_say_which_article_where(
    name: str, event: type[ArticlePublished | ArticleUnpublished]
) -> None:
    assert event_of(envelope(name)) == event(article_id="77", brand_id="5", locale="en-us")
    assert event_of(envelope(name, detail={"id": 77}, event=None)) == event(
        article_id="77", brand_id="", locale=""
    )


def test_a_delivery_keeps_the_id_that_repetitions_share() -> None:
    body = json.dumps(envelope("article.published")).encode()
    found = take(body)

    assert isinstance(found, Delivery)
    assert (found.invocation_id, found.kind) == ("01INVOCATION", "article.published")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("zen:event-type:article.vote_created", "article.vote_created"),
        ("zen:event-type:ticket.tags_changed", "ticket.tags_changed"),
        ("zen:event-type:planet.discovered", "planet.discovered"),
        ("something-else", "something-else"),
    ],
)
def test_events_that_nothing_depends_on_are_ignored_by_name(kind: str, name: str) -> None:
    assert event_of(envelope("", type=kind)) == Ignored(kind=name)


def test_the_same_event_in_another_invocation_is_known_by_its_signed_id() -> None:
    def ids(content: object, *, at: datetime = NOW) -> tuple[str, str]:
        body = json.dumps(content).encode()
        found = received(headers(body, at=at, invocation="02OTHER"), body, keys=(KEY,), now=NOW)
        assert isinstance(found, Delivery)
        return found.invocation_id, found.event_id

    trigger = {"supportbot": 1, "ticket_id": "7"}
    assert ids(envelope("article.published")) == ("02OTHER", "a0e1")
    # Without an id it is what was signed, in that second.
    assert ids(trigger) == ids(trigger)
    assert ids(trigger) != ids(trigger, at=NOW - timedelta(seconds=1))
    assert ids(trigger) != ids({**trigger, "ticket_id": "8"})
    assert ids(envelope("article.published", id=None))[1]


def comment(*, staff: bool, public: bool) -> dict[str, Any]:
    return {"comment": {"is_public": public, "author": {"id": "9", "is_staff": staff}}}


@pytest.mark.parametrize(
    ("content", "event"),
    [
        (envelope("ticket.created", detail={"id": "35"}, event={}), TicketTouched(ticket_id=35)),
        (
            envelope(
                "ticket.comment_added",
                detail={"id": 35},
                event=comment(staff=False, public=True),
            ),
            TicketTouched(ticket_id=35, by=9),
        ),
        (
            envelope(
                "ticket.comment_added",
                detail={"id": "35"},
                event=comment(staff=True, public=True),
            ),
            TicketTouched(ticket_id=35, by=9),
        ),
        (
            envelope(
                "ticket.comment_added",
                detail={"id": "35"},
                event=comment(staff=True, public=False),
            ),
            Ignored(kind="ticket.comment_added"),
        ),
        (
            {"supportbot": 1, "ticket_id": "35", "event": "comment", "user_id": "9"},
            TicketTouched(ticket_id=35, by=9),
        ),
        ({"supportbot": 1, "ticket_id": 35}, TicketTouched(ticket_id=35)),
    ],
)
def test_what_is_said_in_public_touches_a_ticket(content: object, event: Event) -> None:
    assert event_of(content) == event


def test_what_our_trigger_sends_is_understood() -> None:
    filled = TRIGGER_BODY.replace("{{ticket.id}}", "35").replace("{{current_user.id}}", "9")

    assert event_of(json.loads(filled)) == TicketTouched(ticket_id=35, by=9)


@pytest.mark.parametrize("change", ["signature", "timestamp", "body", "truncated", "none", "bytes"])
def test_what_zendesk_did_not_sign_is_refused(change: str) -> None:
    body = json.dumps(envelope("article.published")).encode()
    signed = headers(body)
    other = {
        "signature": {"x-zendesk-webhook-signature": sign("guessed", "2026-03-25T05:09:27Z", body)},
        "timestamp": {"x-zendesk-webhook-signature-timestamp": "2026-03-25T05:09:28Z"},
        "none": {"x-zendesk-webhook-signature": "", "x-zendesk-webhook-signature-timestamp": ""},
        "bytes": {"x-zendesk-webhook-signature": "Ã©\xff"},
    }.get(change, {})
    sent = {"body": body.replace(b"77", b"78"), "truncated": body[:-20]}.get(change, body)

    assert status_of(received({**signed, **other}, sent, keys=(KEY,), now=NOW)) == 401


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (timedelta(minutes=5), 0),
        (timedelta(minutes=-5), 0),
        (timedelta(minutes=5, seconds=1), 401),
        (timedelta(minutes=-5, seconds=-1), 401),
        (timedelta(days=-400), 401),
    ],
)
def test_a_signature_holds_for_five_minutes_either_way(age: timedelta, status: int) -> None:
    found = take(json.dumps(envelope("article.published")).encode(), at=NOW - age)

    assert (status_of(found) if status else isinstance(found, Delivery)) == (status or True)


@pytest.mark.parametrize("stamp", ["", "yesterday", "2026-03-25T05:09:27", "1774415367"])
def test_a_signed_time_that_is_none_is_refused(stamp: str) -> None:
    body = json.dumps(envelope("article.published")).encode()
    signed = {
        "x-zendesk-webhook-signature": sign(KEY.decode(), stamp, body),
        "x-zendesk-webhook-signature-timestamp": stamp,
    }

    assert status_of(received({**headers(body), **signed}, body, keys=(KEY,), now=NOW)) == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b'{"type": "zen:event-type:article.published"',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"[]",
        b'"text"',
        b"{}",
        b'{"type": 7}',
        b'{"type": "two words"}',
        b'{"type": "zen:event-type:article.published"}',
        b'{"type": "zen:event-type:article.published", "detail": []}',
        b'{"type": "zen:event-type:article.published", "detail": {"id": "../users/1"}}',
        b'{"type": "zen:event-type:article.published", "detail": {"id": true}}',
        b'{"type": "zen:event-type:ticket.created"}',
        b'{"type": "zen:event-type:ticket.created", "detail": {"id": "0"}}',
        b'{"type": "zen:event-type:ticket.created", "detail": {"id": "99999999999999999999"}}',
        b'{"supportbot": 1, "ticket_id": ""}',
        b'{"supportbot": 1, "ticket_id": "1; DROP TABLE tickets"}',
    ],
)
def test_what_is_signed_and_cannot_be_understood_is_malformed(body: bytes) -> None:
    assert status_of(take(body)) == 400


@pytest.mark.parametrize("invocation", ["", "two words", "x" * 201])
def test_a_delivery_without_a_usable_invocation_id_is_malformed(invocation: str) -> None:
    body = json.dumps(envelope("article.published")).encode()

    found = received(headers(body, invocation=invocation), body, keys=(KEY,), now=NOW)

    assert status_of(found) == 400


def test_a_body_that_no_event_can_fill_is_too_large_even_if_signed() -> None:
    largest = json.dumps(envelope("planet.discovered")).encode().ljust(LARGEST_BODY)

    assert isinstance(take(largest), Delivery)
    assert status_of(take(largest + b" ")) == 413
