"""The webhooks and triggers that tell us of tickets, as an administrator sets them up.

A webhook is told of events that it subscribes to, or it is called by triggers: never both, and
neither its kind nor its method can be changed later.
https://developer.zendesk.com/documentation/webhooks/creating-and-monitoring-webhooks/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from connectors.errors import RequestRejected
from connectors.zendesk import failures
from connectors.zendesk.client import Json, Method, ZendeskClient

BY_TRIGGERS = "conditional_ticket_events"
"""The one subscription of a webhook that triggers call."""

_CALLS = "notification_webhook"
_DONE = frozenset({200, 201, 204})


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """`subscriptions` are event types such as "zen:event-type:ticket.created", or BY_TRIGGERS
    alone. `id` is "" in one that is not at Zendesk yet."""

    name: str
    endpoint: str
    subscriptions: frozenset[str]
    active: bool = True
    id: str = ""

    @property
    def is_called_by_triggers(self) -> bool:
        return BY_TRIGGERS in self.subscriptions


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """Such as field "status", operator "less_than", value "solved"."""

    field: str
    operator: str
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Trigger:
    """A trigger that calls a webhook with `body`, in which Zendesk fills in its placeholders as
    they are, without regard to JSON: texts that customers write must not be among them. `body`
    and `webhook_id` are "" in triggers that call none."""

    title: str
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    webhook_id: str = ""
    body: str = ""
    active: bool = True
    id: int = 0


class Hooks:
    """Raises ConnectorErrors; PermissionMissing where the user is no administrator, or where the
    client may not have the scope to write."""

    def __init__(self, *, client: ZendeskClient) -> None:
        self._client = client

    def webhooks(self) -> tuple[Webhook, ...]:
        """All webhooks of the account, other people's too.
        https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/"""
        pages = self._client.pages("webhooks")
        return tuple(_webhook(each) for page in pages for each in page.get("webhooks") or ())

    def create_webhook(self, webhook: Webhook) -> Webhook:
        """The webhook as it is at Zendesk now, with its id."""
        wanted = _as_asked(webhook) | {"http_method": "POST", "request_format": "json"}
        answer = self._submit("POST", "webhooks", {"webhook": wanted})
        return _webhook(_part(answer, "webhook"))

    def update_webhook(self, webhook: Webhook) -> None:
        """Sets everything but the kind of the webhook with this id."""
        self._submit("PATCH", f"webhooks/{webhook.id}", {"webhook": _as_asked(webhook)})

    def signing_secret(self, webhook_id: str) -> str:
        """The text with which Zendesk signs what this webhook sends."""
        answer = self._client.get(f"webhooks/{webhook_id}/signing_secret")
        return str(_part(answer, "signing_secret")["secret"])

    def test_webhook(self, webhook_id: str, payload: str = "") -> int:
        """Lets Zendesk call the webhook now, signed with its secret; the HTTP status that our
        side answered, 0 where Zendesk did not reach it."""
        request = {"payload": payload} if payload else {}
        answer = self._submit(
            "POST", "webhooks/test", {"request": request}, {"webhook_id": webhook_id}
        )
        status = (answer.get("response") or {}).get("status_code")
        return status if isinstance(status, int) else 0

    def triggers(self) -> tuple[Trigger, ...]:
        """All ticket triggers, other people's too.
        https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/"""
        pages = self._client.pages("triggers")
        return tuple(_trigger(each) for page in pages for each in page.get("triggers") or ())

    def create_trigger(self, trigger: Trigger) -> Trigger:
        """The trigger as it is at Zendesk now, with its id."""
        answer = self._submit("POST", "triggers.json", {"trigger": _rule(trigger)})
        return _trigger(_part(answer, "trigger"))

    def update_trigger(self, trigger: Trigger) -> None:
        """Sets everything about the trigger with this id."""
        self._submit("PUT", f"triggers/{trigger.id}.json", {"trigger": _rule(trigger)})

    def _submit(
        self, method: Method, path: str, body: Json, parameters: Mapping[str, str] | None = None
    ) -> Json:
        response = self._client.submit(method, path, body, parameters)
        if response.status_code not in _DONE:
            raise failures.rejected_change(response)
        return _json(response)


def _json(response: requests.Response) -> Json:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _part(answer: Json, name: str) -> Json:
    part = answer.get(name)
    if not isinstance(part, dict):
        raise RequestRejected(
            f"Zendesk answers without a {name}. Report this to the maintainers of Supportbot."
        )
    return part


def _as_asked(webhook: Webhook) -> Json:
    return {
        "name": webhook.name,
        "endpoint": webhook.endpoint,
        "status": "active" if webhook.active else "inactive",
        "subscriptions": sorted(webhook.subscriptions),
    }


def _webhook(record: Json) -> Webhook:
    return Webhook(
        id=str(record.get("id") or ""),
        name=str(record.get("name") or ""),
        endpoint=str(record.get("endpoint") or ""),
        subscriptions=frozenset(map(str, record.get("subscriptions") or ())),
        active=record.get("status") == "active",
    )


def _rule(trigger: Trigger) -> Json:
    return {
        "title": trigger.title,
        "active": trigger.active,
        "conditions": {"all": _conditions(trigger.all), "any": _conditions(trigger.any)},
        "actions": [{"field": _CALLS, "value": [trigger.webhook_id, trigger.body]}],
    }


def _conditions(conditions: Iterable[Condition]) -> list[Json]:
    return [
        {"field": each.field, "operator": each.operator, "value": each.value} for each in conditions
    ]


def _trigger(record: Json) -> Trigger:
    conditions = record.get("conditions") or {}
    webhook_id, body = _call(record.get("actions") or ())
    return Trigger(
        id=int(record.get("id") or 0),
        title=str(record.get("title") or ""),
        all=_read_conditions(conditions.get("all")),
        any=_read_conditions(conditions.get("any")),
        webhook_id=webhook_id,
        body=body,
        active=record.get("active") is True,
    )


def _read_conditions(records: Sequence[Json] | None) -> tuple[Condition, ...]:
    return tuple(
        Condition(
            field=str(each.get("field")),
            operator=str(each.get("operator")),
            value=str(each.get("value")),
        )
        for each in records or ()
    )


def _call(actions: Iterable[Any]) -> tuple[str, str]:
    """The webhook that is called first, and what it is told."""
    for each in actions:
        value = each.get("value")
        if each.get("field") == _CALLS and isinstance(value, list) and len(value) == 2:
            return str(value[0]), str(value[1])
    return "", ""
