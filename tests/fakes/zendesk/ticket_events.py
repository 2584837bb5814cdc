"""What webhooks say of tickets, in the documented envelope.

Ids are texts, and states are in capitals. Events of one update share a sequence.
https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from tests.fakes.zendesk.rendering import stamp
from tests.fakes.zendesk.ticket_records import Audit, Change, Happening, Ticket

Json = dict[str, Any]
PREFIX = "zen:event-type:"


def events(happening: Happening, *, account_id: int) -> list[Json]:
    """Every event that an update is."""
    told = list(_events(happening))
    sequence = uuid4().hex
    return [
        {
            "type": f"{PREFIX}ticket.{name}",
            "account_id": account_id,
            "id": str(uuid4()),
            "time": stamp(happening.audit.created_at),
            "zendesk_event_version": "2022-11-06",
            "subject": f"zen:ticket:{happening.ticket.id}",
            "detail": _detail(happening.ticket, happening.audit),
            "event": {**event, "meta": {"sequence": {"id": sequence, "position": position}}},
        }
        for position, (name, event) in enumerate(told, start=1)
    ]


def _events(happening: Happening) -> Iterator[tuple[str, Json]]:
    audit = happening.audit
    if happening.kind == "deleted":
        yield "soft_deleted", {}
        return
    if happening.kind == "merged":
        yield "merged", {"target_ticket_id": _id(happening.into)}
        return
    if audit.created:
        yield "created", {}
        return
    if audit.comment is not None:
        said = audit.comment
        yield (
            "comment_added",
            {
                "comment": {
                    "id": str(said.id),
                    "body": said.text,
                    "is_public": said.public,
                    "author": {
                        "id": str(said.author.id),
                        "is_staff": said.author.role != "end-user",
                        "name": said.author.name,
                    },
                }
            },
        )
    for change in audit.changes:
        if told := _changed(change):
            yield told


def _changed(change: Change) -> tuple[str, Json] | None:
    before, after = change.before, change.after
    match change.field:
        case "status":
            return "status_changed", {"previous": before.upper(), "current": after.upper()}
        case "priority":
            return (
                "priority_changed",
                {"previous": (before or "").upper() or None, "current": (after or "").upper()},
            )
        case "tags":
            added, removed = sorted(set(after) - set(before)), sorted(set(before) - set(after))
            return "tags_changed", {"tags_added": added, "tags_removed": removed}
        case "assignee_id":
            return "agent_assignment_changed", {"previous": _id(before), "current": _id(after)}
        case "group_id":
            return "group_assignment_changed", {"previous": _id(before), "current": _id(after)}
    return None


def _detail(ticket: Ticket, audit: Audit) -> Json:
    return {
        "actor_id": str(audit.author.id),
        "assignee_id": _id(ticket.assignee_id),
        "brand_id": _id(ticket.brand_id),
        "created_at": stamp(ticket.created_at),
        "custom_status": None,
        "description": ticket.comments[0].text if ticket.comments else "",
        "external_id": ticket.external_id,
        "form_id": _id(ticket.form_id),
        "group_id": _id(ticket.group_id),
        "id": str(ticket.id),
        "is_public": any(each.public for each in ticket.comments),
        "organization_id": _id(ticket.requester.organization_id),
        "priority": ticket.priority.upper() if ticket.priority else None,
        "requester_id": str(ticket.requester.id),
        "status": ticket.status.upper(),
        "subject": ticket.subject,
        "submitter_id": str(ticket.requester.id),
        "tags": list(ticket.tags),
        "type": None,
        "updated_at": stamp(ticket.updated_at),
        "via": {"channel": audit.channel},
    }


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)
