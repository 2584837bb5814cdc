"""Webhooks and triggers as an administrator sets them up over HTTP.

https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/ and
https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from tests.fakes.zendesk.access import Caller
from tests.fakes.zendesk.account import Account
from tests.fakes.zendesk.conditions import Condition, is_known
from tests.fakes.zendesk.deliveries import BY_TRIGGERS, Deliveries, Trigger, Webhook
from tests.fakes.zendesk.help_center import FORBIDDEN, NO_ENDPOINT, NOT_FOUND, Answer
from tests.fakes.zendesk.paging import page
from tests.fakes.zendesk.rendering import stamp

Json = dict[str, Any]


class HooksApi:
    """What an administrator may do; other agents may look at triggers."""

    def __init__(
        self, account: Account, deliveries: Deliveries, caller: Caller, *, origin: str
    ) -> None:
        self._account = account
        self._deliveries = deliveries
        self._caller = caller
        self._url = f"{origin}/api/v2"

    def answer(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Answer:
        """The answer to a path below /api/v2, without ".json"."""
        is_admin = self._caller.user is not None and self._caller.user.role == "admin"
        if not is_admin and (method, path) != ("GET", "/triggers"):
            return FORBIDDEN
        for wanted, pattern, answer in self._routes:
            match = re.fullmatch(pattern, path)
            if match and wanted == method:
                told = json.loads(body) if body else {}
                url = f"{self._url}{path}.json"
                return answer(self, *match.groups(), query=query, told=told, url=url)
        return NO_ENDPOINT

    # --- Webhooks

    def _webhooks(self, *, query: Mapping[str, str], **_: Any) -> Answer:
        part = query.get("filter[name_contains]", "")
        found = [each for each in self._deliveries.webhooks.values() if part in each.name]
        return 200, {
            "webhooks": [_webhook(each) for each in reversed(found)],
            "meta": {"has_more": False},
        }

    def _create_webhook(self, *, told: Json, **_: Any) -> Answer:
        wanted = told.get("webhook") or {}
        missing = [name for name in _NEEDED if not wanted.get(name)]
        if missing:
            return _unacceptable(f"{', '.join(missing)} can't be blank")
        subscriptions = tuple(wanted.get("subscriptions") or ())
        if fault := _subscription_fault(subscriptions):
            return _unacceptable(fault)
        if BY_TRIGGERS not in subscriptions and wanted["http_method"] != "POST":
            return _unacceptable("event subscriptions need the method POST")
        made = self._deliveries.webhook(wanted["endpoint"], name=wanted["name"])
        made.subscriptions, made.active = subscriptions, wanted["status"] == "active"
        return 201, {"webhook": _webhook(made)}

    def _patch_webhook(self, number: str, *, told: Json, **_: Any) -> Answer:
        found, wanted = self._deliveries.webhooks.get(number), told.get("webhook") or {}
        if found is None:
            return NOT_FOUND
        subscriptions = tuple(wanted.get("subscriptions", found.subscriptions))
        if fault := _subscription_fault(subscriptions):
            return _unacceptable(fault)
        if (BY_TRIGGERS in subscriptions) != (BY_TRIGGERS in found.subscriptions):
            return _unacceptable("the kind of a webhook cannot be changed")
        if wanted.get("http_method", "POST") != "POST":
            return _unacceptable("the method of a webhook cannot be changed")
        found.subscriptions = subscriptions
        found.name = wanted.get("name", found.name)
        found.endpoint = wanted.get("endpoint", found.endpoint)
        found.active = wanted.get("status", "active" if found.active else "") == "active"
        return 204, {}

    def _secret(self, number: str, **_: Any) -> Answer:
        found = self._deliveries.webhooks.get(number)
        if found is None:
            return NOT_FOUND
        return 200, {"signing_secret": {"secret": found.secret, "algorithm": "SHA256"}}

    def _test(self, *, query: Mapping[str, str], told: Json, **_: Any) -> Answer:
        """Really calls the webhook. One that is not at Zendesk yet would be signed with a secret
        that everybody knows."""
        found = self._deliveries.webhooks.get(query.get("webhook_id", ""))
        if found is None:
            return NOT_FOUND
        payload = (told.get("request") or {}).get("payload") or '{"test": true}'
        status, _wait = self._deliveries.post(found, payload.encode(), str(uuid4()))
        return 200, {"response": {"status_code": status, "headers": [], "payload": ""}}

    # --- Triggers

    def _triggers(self, *, query: Mapping[str, str], url: str, **_: Any) -> Answer:
        found = [self._trigger(each) for each in self._deliveries.triggers.values()]
        return 200, page("triggers", found, query, url=url, default=100)

    def _create_trigger(self, *, told: Json, **_: Any) -> Answer:
        number = self._account.next_id()
        return self._set_trigger(number, told.get("trigger") or {}, status=201)

    def _put_trigger(self, number: str, *, told: Json, **_: Any) -> Answer:
        known = self._deliveries.triggers.get(int(number))
        if known is None:
            return NOT_FOUND
        wanted = {**self._trigger(known), **(told.get("trigger") or {})}
        return self._set_trigger(known.id, wanted, status=200)

    def _set_trigger(self, number: int, wanted: Json, *, status: int) -> Answer:
        conditions = wanted.get("conditions") or {}
        made = Trigger(
            id=number,
            title=str(wanted.get("title") or ""),
            all=_conditions(conditions.get("all")),
            any=_conditions(conditions.get("any")),
            actions=list(wanted.get("actions") or ()),
            updated_at=self._account.ticketing.clock(),
            active=wanted.get("active", True),
            position=len(self._deliveries.triggers) + 1,
        )
        if fault := self._trigger_fault(made):
            return 422, {
                "error": "RecordInvalid",
                "description": "Record validation errors",
                "details": {"base": [{"description": fault}]},
            }
        self._deliveries.triggers[number] = made
        return status, {"trigger": self._trigger(made)}

    def _trigger_fault(self, trigger: Trigger) -> str:
        if not trigger.title:
            return "Title: cannot be blank"
        if not trigger.all and not trigger.any:
            return "You must select at least one condition."
        if not trigger.actions:
            return "You must select at least one action."
        for each in (*trigger.all, *trigger.any):
            if not is_known(each):
                return f"Invalid condition: {each.field} {each.operator}"
        for action in trigger.actions:
            if action.get("field") == "notification_webhook":
                webhook = self._deliveries.webhooks.get(action["value"][0])
                if webhook is None or BY_TRIGGERS not in webhook.subscriptions:
                    return "Invalid action: the webhook cannot be used by triggers"
        return ""

    def _trigger(self, trigger: Trigger) -> Json:
        return {
            "id": trigger.id,
            "url": f"{self._url}/triggers/{trigger.id}.json",
            "title": trigger.title,
            "raw_title": trigger.title,
            "description": "",
            "active": trigger.active,
            "default": False,
            "position": trigger.position,
            "category_id": "10026",
            "conditions": {"all": _plain(trigger.all), "any": _plain(trigger.any)},
            "actions": trigger.actions,
            "created_at": stamp(0),
            "updated_at": stamp(trigger.updated_at),
        }

    _routes: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
        ("GET", r"/webhooks", _webhooks),
        ("POST", r"/webhooks", _create_webhook),
        ("POST", r"/webhooks/test", _test),
        ("PATCH", r"/webhooks/(\w+)", _patch_webhook),
        ("GET", r"/webhooks/(\w+)/signing_secret", _secret),
        ("GET", r"/triggers", _triggers),
        ("POST", r"/triggers", _create_trigger),
        ("PUT", r"/triggers/(\d+)", _put_trigger),
    )


_NEEDED = ("name", "endpoint", "http_method", "request_format", "status")


def _subscription_fault(subscriptions: tuple[str, ...]) -> str:
    if not subscriptions:
        return "subscriptions can't be blank"
    if BY_TRIGGERS in subscriptions and len(subscriptions) > 1:
        return "conditional_ticket_events cannot be combined with other subscriptions"
    wrong = [
        each
        for each in subscriptions
        if each != BY_TRIGGERS and not each.startswith("zen:event-type:")
    ]
    return f"{wrong[0]} is not a subscription" if wrong else ""


def _unacceptable(title: str) -> Answer:
    return 400, {"errors": [{"code": "InvalidWebhook", "id": str(uuid4()), "title": title}]}


def _webhook(webhook: Webhook) -> Json:
    return {
        "id": webhook.id,
        "name": webhook.name,
        "description": webhook.description,
        "status": "active" if webhook.active else "inactive",
        "subscriptions": list(webhook.subscriptions),
        "endpoint": webhook.endpoint,
        "http_method": "POST",
        "request_format": "json",
        "created_at": stamp(webhook.created_at),
        "created_by": "77",
    }


def _conditions(records: list[Json] | None) -> list[Condition]:
    return [
        Condition(
            field=str(each.get("field")),
            operator=str(each.get("operator")),
            value=str(each.get("value")),
        )
        for each in records or ()
    ]


def _plain(conditions: list[Condition]) -> list[Json]:
    return [
        {"field": each.field, "operator": each.operator, "value": each.value} for each in conditions
    ]
