"""Opens a ticket, once however often it is asked for.

Zendesk keeps the key of a request for two hours and answers a repetition with the first answer;
after that the key is found as the ticket's external id.
https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#create-ticket
https://developer.zendesk.com/documentation/api-basics/best-practices/idempotent-requests/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.errors import SourceUnavailable
from connectors.zendesk import failures

if TYPE_CHECKING:
    from connectors.zendesk.client import Json, ZendeskClient
    from connectors.zendesk.conversation import Priority


@dataclass(frozen=True, kw_only=True, slots=True)
class NewTicket:
    """A ticket to open. `key` is unique among all; `html` is its first comment, public or a note;
    `requester` is an e-mail address, "" for the bot itself, and `requester_name` the name of
    whoever Zendesk does not know by that yet."""

    key: str
    subject: str
    html: str
    public: bool = False
    requester: str = ""
    requester_name: str = ""
    tags: frozenset[str] = frozenset()
    group_id: int | None = None
    priority: Priority | None = None
    custom_fields: Mapping[int, object] = field(default_factory=dict)


def open_ticket(client: ZendeskClient, ticket: NewTicket) -> int:
    """The number of the ticket that was opened, now or before. Raises WriteUncertain where nobody
    knows whether it was, and otherwise the ConnectorErrors that say what the admin must do: it may
    be called again then."""
    known = client.get("tickets", {"external_id": ticket.key})
    for each in known.get("tickets") or ():
        if isinstance(each.get("id"), int):
            return int(each["id"])
    response = client.submit(
        "POST", "tickets.json", {"ticket": _body(ticket)}, headers={"Idempotency-Key": ticket.key}
    )
    if response.status_code not in {200, 201}:
        raise failures.rejected_change(response)
    return _number(response)


def _body(ticket: NewTicket) -> Json:
    body: dict[str, Any] = {
        "external_id": ticket.key,
        "subject": ticket.subject,
        "comment": {"html_body": ticket.html, "public": ticket.public},
        "tags": sorted(ticket.tags),
    }
    if ticket.requester:
        name = ticket.requester_name or ticket.requester
        body["requester"] = {"email": ticket.requester, "name": name}
    for key in ("group_id", "priority"):
        if (value := getattr(ticket, key)) is not None:
            body[key] = value
    if ticket.custom_fields:
        body["custom_fields"] = [
            {"id": number, "value": value} for number, value in ticket.custom_fields.items()
        ]
    return body


def _number(response: Any) -> int:
    try:
        return int(response.json()["ticket"]["id"])
    except (ValueError, KeyError, TypeError) as error:
        raise SourceUnavailable("Zendesk opened a ticket and did not say which.") from error
