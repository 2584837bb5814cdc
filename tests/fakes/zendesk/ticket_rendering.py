"""Tickets, comments, audits and people as Zendesk's JSON.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
"""

from __future__ import annotations

from typing import Any

from tests.fakes.zendesk.rendering import stamp
from tests.fakes.zendesk.ticket_records import Audit, Comment, Person, Ticket

Json = dict[str, Any]


def ticket_json(ticket: Ticket, *, url: str) -> Json:
    """What is not set is null, as real accounts answer; the published document knows no null."""
    return {
        "id": ticket.id,
        "url": f"{url}/tickets/{ticket.id}.json",
        "external_id": ticket.external_id,
        "via": _via(ticket.channel),
        "type": None,
        "subject": ticket.subject,
        "raw_subject": ticket.subject,
        "description": ticket.comments[0].text if ticket.comments else "",
        "priority": ticket.priority,
        "status": ticket.status,
        "requester_id": ticket.requester.id,
        "submitter_id": ticket.requester.id,
        "assignee_id": ticket.assignee_id,
        "email_cc_ids": list(ticket.cc_ids),
        "organization_id": ticket.requester.organization_id,
        "group_id": ticket.group_id,
        "brand_id": ticket.brand_id,
        "ticket_form_id": ticket.form_id,
        "is_public": any(each.public for each in ticket.comments),
        "tags": list(ticket.tags),
        "custom_fields": [{"id": i, "value": value} for i, value in ticket.custom_fields.items()],
        "satisfaction_rating": {"score": ticket.score},
        "created_at": stamp(ticket.created_at),
        "updated_at": stamp(ticket.updated_at),
        "generated_timestamp": int(ticket.updated_at),
    }


def comment_json(comment: Comment, *, custom: bool) -> Json:
    metadata: Json = {"system": {}}
    if custom:
        metadata["custom"] = comment.custom
    return {
        "id": comment.id,
        "type": "Comment",
        "author_id": comment.author.id,
        "body": comment.text,
        "plain_body": comment.text,
        "html_body": comment.html,
        "public": comment.public,
        "attachments": _attachments(comment),
        "audit_id": comment.audit_id,
        "via": _via(comment.channel),
        "created_at": stamp(comment.created_at),
        "metadata": metadata | _flags(comment),
    }


def audit_json(audit: Audit, ticket: Ticket) -> Json:
    events: list[Json] = []
    if audit.comment is not None:
        said = audit.comment
        events.append(
            {
                "id": said.id,
                "type": "Comment",
                "author_id": said.author.id,
                "body": said.text,
                "plain_body": said.text,
                "html_body": said.html,
                "public": said.public,
                "attachments": _attachments(said),
                "audit_id": audit.id,
            }
        )
    for number, change in enumerate(audit.changes, start=1):
        events.append(
            {
                "id": audit.id * 1000 + number,
                "type": "Create" if audit.created else "Change",
                "field_name": change.field,
                "value": _text(change.after),
                "previous_value": _text(change.before),
            }
        )
    flags = _flags(audit.comment) if audit.comment else {}
    return {
        "id": audit.id,
        "ticket_id": ticket.id,
        "created_at": stamp(audit.created_at),
        "author_id": audit.author.id,
        "metadata": {"system": {}, "custom": audit.custom} | flags,
        "events": events,
        "via": _via(audit.channel),
    }


def person_json(person: Person) -> Json:
    return {
        "id": person.id,
        "url": f"https://acme.zendesk.com/api/v2/users/{person.id}.json",
        "name": person.name,
        "email": person.email,
        "role": person.role,
        "locale": person.locale,
        "organization_id": person.organization_id,
        "tags": list(person.tags),
        "suspended": person.suspended,
        "active": True,
        "verified": True,
        "time_zone": "UTC",
        "created_at": stamp(0),
        "updated_at": stamp(0),
    }


def _via(channel: str) -> Json:
    return {"channel": channel, "source": {"from": {}, "to": {}, "rel": None}}


def _flags(comment: Comment) -> Json:
    """Left out where there are none, as the manual says."""
    if not comment.flags:
        return {}
    options = {str(each): {"trusted": False} for each in comment.flags}
    return {"flags": list(comment.flags), "flags_options": options, "trusted": False}


def _attachments(comment: Comment) -> list[Json]:
    return [
        {
            "id": comment.id * 100 + number,
            "file_name": f"picture-{number}.png",
            "content_url": f"https://acme.zendesk.com/attachments/token/{comment.id}/{number}.png",
            "content_type": "image/png",
            "size": 2048,
            "inline": False,
            "thumbnails": [],
        }
        for number in range(1, comment.attachments + 1)
    ]


def _text(value: Any) -> Any:
    if isinstance(value, tuple):
        return " ".join(value)
    return value if isinstance(value, int | str) else str(value or "")
