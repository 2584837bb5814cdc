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
from collections.abc import Mapping, Sequence
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
_LARGEST_ID = 2**63  # what the database has room for
_TYPE = re.compile(r"[!-~]{1,200}")
_EVENT_TYPE = "zen:event-type:"

TRIGGER_BODY = (
    '{"supportbot": 1, "event": "comment", "ticket_id": "{{ticket.id}}", '
    '"user_id": "{{current_user.id}}"}'
)
"""What our trigger sends. Zendesk puts its values into it as they are, so only numbers stand in
it: a customer's words could end the JSON early."""


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
class TicketTouched:
    """Somebody wrote in this ticket so that everybody can read it. `by` is who did (None: not
    told); what is to be done about it is read off the ticket."""

    ticket_id: int
    by: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ignored:
    """Something that nothing here depends on; `kind` is Zendesk's name for it."""

    kind: str


Event = ArticlePublished | ArticleUnpublished | TicketTouched | Ignored


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """An event that Zendesk did send. Repetitions have the same `invocation_id`, which anybody who
    recorded one could change, and the same `event_id`, which is signed. `happened_at` is None
    where it is not told."""

    invocation_id: str
    event_id: str
    kind: str
    event: Event
    happened_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """Nothing to act on: the HTTP status to answer, and why, for whoever set the webhook up.
    The reason quotes nothing of what was sent. `untimely` is what Zendesk did sign, but not now."""

    status: int
    reason: str
    untimely: bool = False


_ARTICLE_EVENTS: Mapping[str, type[ArticlePublished | ArticleUnpublished]] = {
    "article.published": ArticlePublished,
    "article.unpublished": ArticleUnpublished,
}


_TICKET_EVENTS = frozenset({"ticket.created", "ticket.comment_added"})

_NO_TICKET = Rejected(status=400, reason="The ticket event does not say which ticket.")


def webhook_keys(secrets: str) -> tuple[bytes, ...]:
    """The keys that webhooks are signed with: the text of each secret as it stands, of several
    with commas between them. Raises SettingInvalid for the one secret that everybody knows."""
    found = tuple(each.strip().encode() for each in secrets.split(",") if each.strip())
    if any(hmac.compare_digest(each, _PUBLIC_TEST_SECRET.encode()) for each in found):
        raise SettingInvalid(
            "ZENDESK_WEBHOOK_SECRET is the secret that Zendesk publishes for tests, with which "
            "anybody could sign. Set the webhook's own: Admin Center > Apps and integrations > "
            "Webhooks > the webhook > Reveal secret."
        )
    return found


def received(
    headers: Mapping[str, str], body: bytes, *, keys: Sequence[bytes], now: datetime
) -> Delivery | Rejected:
    """The delivery that a request is. Header names are lower-case, `body` is as it came, any of
    the `keys` may have signed it, `now` has a time zone. Rejects with 413 what is too long, 401
    what is not signed by Zendesk or not lately, and 400 what Zendesk signed but nobody can
    understand."""
    if len(body) > LARGEST_BODY:
        return too_large()
    if problem := _forged(headers, body, keys=keys, now=now):
        return problem
    invocation = headers.get(INVOCATION_HEADER, "")
    if not _INVOCATION.fullmatch(invocation):
        return Rejected(status=400, reason="X-Zendesk-Webhook-Invocation-Id is missing.")
    return _delivery(invocation, body, signed_at=headers[TIMESTAMP_HEADER])


def too_large() -> Rejected:
    """The answer to a body that is longer than any event."""
    return Rejected(status=413, reason=f"The body is longer than {LARGEST_BODY} bytes.")


def _forged(
    headers: Mapping[str, str], body: bytes, *, keys: Sequence[bytes], now: datetime
) -> Rejected | None:
    stamp = headers.get(TIMESTAMP_HEADER, "")
    given = headers.get(SIGNATURE_HEADER, "").encode()
    signatures = [
        base64.b64encode(hmac.new(key, stamp.encode() + body, hashlib.sha256).digest())
        for key in keys
    ]
    if not any(hmac.compare_digest(each, given) for each in signatures):
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
            "repetition of an old request, correct the clock of the database's machine.",
            untimely=True,
        )
    return None


def _moment(stamp: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _delivery(invocation: str, body: bytes, *, signed_at: str) -> Delivery | Rejected:
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError):  # not UTF-8, not JSON, or nested without end
        return Rejected(status=400, reason="The body is not JSON.")
    if not isinstance(envelope, dict):
        return Rejected(status=400, reason="The body is not a JSON object.")
    if "supportbot" in envelope:
        name, event = "trigger", _trigger_event(envelope)
    else:
        kind = envelope.get("type")
        if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
            return Rejected(status=400, reason="The event has no type.")
        name = kind.removeprefix(_EVENT_TYPE)
        event = _event(name, envelope)
    if isinstance(event, Rejected):
        return event
    return Delivery(
        invocation_id=invocation,
        event_id=_event_id(envelope, body, signed_at),
        kind=name,
        event=event,
        happened_at=_moment(str(envelope.get("time"))),
    )


def _event_id(envelope: Mapping[str, Any], body: bytes, signed_at: str) -> str:
    """The event's own id; of a body without one, what was signed. Two that are alike and signed
    in the same second ask for the same, and are one."""
    number = envelope.get("id")
    if isinstance(number, str) and _INVOCATION.fullmatch(number):
        return number
    return hashlib.sha256(signed_at.encode() + body).hexdigest()


def _event(name: str, envelope: Mapping[str, Any]) -> Event | Rejected:
    if name in _TICKET_EVENTS:
        return _ticket_event(name, envelope)
    if (article := _ARTICLE_EVENTS.get(name)) is not None:
        return _article_event(article, envelope)
    return Ignored(kind=name)


def _article_event(
    article: type[ArticlePublished | ArticleUnpublished], envelope: Mapping[str, Any]
) -> Event | Rejected:
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


def _ticket_event(name: str, envelope: Mapping[str, Any]) -> Event | Rejected:
    """What agents write for each other is nobody's question; everything else is worth a look."""
    number = _number(_object(envelope, "detail").get("id"))
    if number is None:
        return _NO_TICKET
    comment = _object(_object(envelope, "event"), "comment")
    author = _object(comment, "author")
    if author.get("is_staff") is True and comment.get("is_public") is False:
        return Ignored(kind=name)
    return TicketTouched(ticket_id=number, by=_number(author.get("id")))


def _trigger_event(body: Mapping[str, Any]) -> Event | Rejected:
    number = _number(body.get("ticket_id"))
    if number is None:
        return _NO_TICKET
    return TicketTouched(ticket_id=number, by=_number(body.get("user_id")))


def _object(envelope: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = envelope.get(name)
    return found if isinstance(found, dict) else {}


def _id(value: object) -> str:
    """Ids are texts by the manual and numbers elsewhere in the API; "" where it is neither."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value)
    return text if _ID.fullmatch(text) else ""


def _number(value: object) -> int | None:
    number = int(_id(value) or 0)
    return number if 0 < number < _LARGEST_ID else None
