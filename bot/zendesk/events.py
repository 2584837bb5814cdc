"""What Zendesk's webhooks say: is it really Zendesk, and what happened. No I/O.

A signature is checked over the raw body before anything in the body is looked at.
https://developer.zendesk.com/documentation/webhooks/verifying/
https://developer.zendesk.com/api-reference/webhooks/event-types/webhook-event-types/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.errors import SettingInvalid

LARGEST_BODY = 2**20
"""Bytes. A ticket event repeats two texts of 64 kB, which JSON may write six times as long."""

WINDOW = timedelta(minutes=5)
"""How far the time of signing may be from ours: what was recorded earlier is not played back."""

INVOCATION_HEADER = "x-zendesk-webhook-invocation-id"
SIGNATURE_HEADER = "x-zendesk-webhook-signature"
TIMESTAMP_HEADER = "x-zendesk-webhook-signature-timestamp"

# Zendesk signs tests of webhooks that do not exist yet with this, which its manual publishes.
_PUBLIC_TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # noqa: S105 - known to all

_INVOCATION = re.compile(r"[!-~]{1,200}")
_ID = re.compile(r"[0-9]{1,20}")
_TYPE = re.compile(r"[!-~]{1,200}")
_EVENT_TYPE = "zen:event-type:"


@dataclass(frozen=True, kw_only=True, slots=True)
class ArticlePublished:
    """Readers may find this article now, in this locale. `brand_id` and `locale` are "" where
    Zendesk leaves them out; neither says who may read it."""

    article_id: str
    brand_id: str
    locale: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ArticleUnpublished:
    """This article is a draft again, or archived."""

    article_id: str
    brand_id: str
    locale: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Ignored:
    """Something that nothing here depends on; `kind` is Zendesk's name for it."""

    kind: str


Event = ArticlePublished | ArticleUnpublished | Ignored


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """An event that Zendesk did send. Repetitions have the same `invocation_id`."""

    invocation_id: str
    kind: str
    event: Event


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """Nothing to act on: the HTTP status to answer, and why, for whoever set the webhook up.
    The reason quotes nothing of what was sent."""

    status: int
    reason: str


_ARTICLE_EVENTS: Mapping[str, type[ArticlePublished | ArticleUnpublished]] = {
    "article.published": ArticlePublished,
    "article.unpublished": ArticleUnpublished,
}


def signing_key(secret: str) -> bytes:
    """The key that webhooks are signed with: the secret's text as it stands. Raises
    SettingInvalid for the one secret that everybody knows."""
    if hmac.compare_digest(secret.strip().encode(), _PUBLIC_TEST_SECRET.encode()):
        raise SettingInvalid(
            "ZENDESK_WEBHOOK_SECRET is the secret that Zendesk publishes for tests, with which "
            "anybody could sign. Set the webhook's own: Admin Center > Apps and integrations > "
            "Webhooks > the webhook > Reveal secret."
        )
    return secret.encode()


def received(
    headers: Mapping[str, str], body: bytes, *, key: bytes, now: datetime
) -> Delivery | Rejected:
    """The delivery that a request is. Header names are lower-case, `body` is as it came, `now`
    has a time zone. Rejects with 413 what is too long, 401 what is not signed by Zendesk or not
    lately, and 400 what Zendesk signed but nobody can understand."""
    if len(body) > LARGEST_BODY:
        return too_large()
    if problem := _forged(headers, body, key=key, now=now):
        return problem
    invocation = headers.get(INVOCATION_HEADER, "")
    if not _INVOCATION.fullmatch(invocation):
        return Rejected(status=400, reason="X-Zendesk-Webhook-Invocation-Id is missing.")
    return _delivery(invocation, body)


def too_large() -> Rejected:
    """The answer to a body that is longer than any event."""
    return Rejected(status=413, reason=f"The body is longer than {LARGEST_BODY} bytes.")


def _forged(
    headers: Mapping[str, str], body: bytes, *, key: bytes, now: datetime
) -> Rejected | None:
    stamp = headers.get(TIMESTAMP_HEADER, "")
    digest = hmac.new(key, stamp.encode() + body, hashlib.sha256).digest()
    given = headers.get(SIGNATURE_HEADER, "")
    if not hmac.compare_digest(base64.b64encode(digest), given.encode()):
        return Rejected(
            status=401,
            reason="The signature does not match. Check that ZENDESK_WEBHOOK_SECRET is the "
            "signing secret of this webhook.",
        )
    signed_at = _moment(stamp)
    if signed_at is None or abs(now - signed_at) > WINDOW:
        return Rejected(
            status=401,
            reason="The signature was not made within the last five minutes. If this is not a "
            "repetition of an old request, correct the clock of the machine that runs Supportbot.",
        )
    return None


def _moment(stamp: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _delivery(invocation: str, body: bytes) -> Delivery | Rejected:
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError):  # not UTF-8, not JSON, or nested without end
        return Rejected(status=400, reason="The body is not JSON.")
    if not isinstance(envelope, dict):
        return Rejected(status=400, reason="The body is not a JSON object.")
    kind = envelope.get("type")
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
        return Rejected(status=400, reason="The event has no type.")
    name = kind.removeprefix(_EVENT_TYPE)
    event = _event(name, envelope)
    if isinstance(event, Rejected):
        return event
    return Delivery(invocation_id=invocation, kind=name, event=event)


def _event(name: str, envelope: Mapping[str, Any]) -> Event | Rejected:
    article = _ARTICLE_EVENTS.get(name)
    if article is None:
        return Ignored(kind=name)
    detail, more = _object(envelope, "detail"), _object(envelope, "event")
    number = _id(detail.get("id"))
    if not number:
        return Rejected(status=400, reason="The article event does not say which article.")
    locale = more.get("locale")
    return article(
        article_id=number,
        brand_id=_id(detail.get("brand_id")),
        locale=locale if isinstance(locale, str) else "",
    )


def _object(envelope: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = envelope.get(name)
    return found if isinstance(found, dict) else {}


def _id(value: object) -> str:
    """Ids are texts by the manual and numbers elsewhere in the API; "" where it is neither."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value)
    return text if _ID.fullmatch(text) else ""
