"""Webhooks as Zendesk sends them. https://developer.zendesk.com/documentation/webhooks/verifying/"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Literal
from uuid import uuid4

from tests.fakes.zendesk.account import Account, Article
from tests.fakes.zendesk.rendering import stamp

Json = dict[str, Any]


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The key is the secret's text as it stands, not what it would decode to."""
    digest = hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def article_event(
    account: Account, article: Article, event: Literal["published", "unpublished"], *, now: float
) -> Json:
    """What an article event says; ids are texts.
    https://developer.zendesk.com/api-reference/webhooks/event-types/article-events/"""
    text = article.translations[article.source_locale]
    return {
        "type": f"zen:event-type:article.{event}",
        "account_id": account.id,
        "id": str(uuid4()),
        "time": stamp(now),
        "zendesk_event_version": "2022-11-06",
        "subject": f"zen:article:{article.id}",
        "detail": {
            "id": str(article.id),
            "brand_id": str(article.brand_id),
            "user_id": str(account.bot.id),
        },
        "event": {
            "author_id": str(account.bot.id),
            "category_id": str(account.sections[article.section_id].category_id),
            "section_id": str(article.section_id),
            "locale": text.locale,
            "title": text.title,
        },
    }


def signed(
    event: Mapping[str, Any],
    *,
    secret: str,
    now: float,
    webhook_id: str = "01WEBHOOK",
    invocation_id: str = "",
) -> tuple[bytes, dict[str, str]]:
    """The body and the headers of a delivery."""
    body, timestamp = json.dumps(event).encode(), stamp(now)
    return body, {
        "Content-Type": "application/json; charset=utf-8",
        "X-Zendesk-Webhook-Id": webhook_id,
        "X-Zendesk-Webhook-Invocation-Id": invocation_id or str(uuid4()),
        "X-Zendesk-Account-Id": str(event["account_id"]),
        "X-Zendesk-Webhook-Signature": sign(secret, timestamp, body),
        "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
    }


def deliver(
    url: str,
    event: Mapping[str, Any],
    *,
    secret: str,
    now: float,
    webhook_id: str = "01WEBHOOK",
    invocation_id: str = "",
) -> int:
    """Posts the event, signed; returns the status. The same `invocation_id` is a repetition."""
    body, headers = signed(
        event, secret=secret, now=now, webhook_id=webhook_id, invocation_id=invocation_id
    )
    request = urllib.request.Request(url, data=body, method="POST", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=12) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code
