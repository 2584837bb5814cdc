"""Tickets, comments and people as the API tells of them, turned into a conversation. Pure.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, get_args

from pydantic import BaseModel, Field, field_validator

from connectors.validation import Text, locale_of
from connectors.zendesk.conversation import (
    Conversation,
    Message,
    Person,
    Priority,
    Role,
    Status,
    TicketState,
)

Json = Mapping[str, Any]

MARKER = "supportbot"
"""The key under which an update of ours carries its marker."""

# A person whom Zendesk does not describe may be a machine or an agent: counted as staff, so
# that nobody answers what they cannot place.
_UNKNOWN_ROLE: Role = "agent"
_ROLES = frozenset(get_args(Role))


class _Via(BaseModel):
    channel: str | int | None = None


class _Rating(BaseModel):
    score: str | None = None


class _Field(BaseModel):
    id: int
    value: Any = None


class _Ticket(BaseModel):
    id: int
    subject: Text | None = None
    status: Status
    priority: Priority | None = None
    via: _Via = Field(default_factory=_Via)
    requester_id: int
    brand_id: int | None = None
    ticket_form_id: int | None = None
    group_id: int | None = None
    assignee_id: int | None = None
    organization_id: int | None = None
    tags: tuple[str, ...] = ()
    collaborator_ids: tuple[int, ...] = ()
    email_cc_ids: tuple[int, ...] = ()
    follower_ids: tuple[int, ...] = ()
    custom_fields: tuple[_Field, ...] = ()
    satisfaction_rating: _Rating | None = None
    comment_count: int | None = None
    created_at: datetime
    updated_at: str


class _Metadata(BaseModel):
    custom: dict[str, Any] | None = None
    flags: tuple[int, ...] = ()


class _Comment(BaseModel):
    id: int
    author_id: int | None = None
    public: bool
    body: Text | None = None
    plain_body: Text | None = None
    html_body: Text | None = None
    via: _Via = Field(default_factory=_Via)
    created_at: datetime
    metadata: _Metadata | None = None
    attachments: tuple[Any, ...] = ()


class _User(BaseModel):
    id: int
    name: Text | None = None
    email: Text | None = None
    role: Role = _UNKNOWN_ROLE
    locale: str | None = None
    organization_id: int | None = None
    tags: tuple[str, ...] = ()
    suspended: bool = False

    @field_validator("role", mode="before")
    @classmethod
    def _known(cls, value: object) -> object:
        return value if value in _ROLES else _UNKNOWN_ROLE


def conversation_of(
    ticket: Json, comments: Iterable[Json], users: Iterable[Json], *, whole: bool
) -> Conversation:
    """The ticket with these comments. Raises pydantic's ValidationError for what the API does
    not say."""
    told = _Ticket.model_validate(ticket)
    people = {each.id: _person(each) for each in map(_User.model_validate, users)}
    messages = sorted(
        (_message(_Comment.model_validate(each), people) for each in comments),
        key=lambda each: (each.created_at, each.id),
    )
    return Conversation(
        ticket_id=told.id,
        subject=told.subject or "",
        status=told.status,
        channel=_channel(told.via),
        requester=people.get(told.requester_id) or _unknown(told.requester_id),
        messages=tuple(messages),
        stamp=told.updated_at,
        created_at=told.created_at,
        tags=frozenset(told.tags),
        priority=told.priority,
        brand_id=told.brand_id,
        form_id=told.ticket_form_id,
        group_id=told.group_id,
        assignee_id=told.assignee_id,
        organization_id=told.organization_id,
        custom_fields={each.id: each.value for each in told.custom_fields},
        score=(told.satisfaction_rating.score or "") if told.satisfaction_rating else "",
        # Followers are agents; who is in copy may be anybody.
        others=frozenset({*told.collaborator_ids, *told.email_cc_ids} - set(told.follower_ids)),
        whole=whole,
        comment_count=told.comment_count,
    )


def state_of(ticket: Json) -> TicketState:
    """The ticket without its comments. Raises pydantic's ValidationError."""
    told = _Ticket.model_validate(ticket)
    return TicketState(
        ticket_id=told.id,
        status=told.status,
        stamp=told.updated_at,
        tags=frozenset(told.tags),
        assignee_id=told.assignee_id,
        group_id=told.group_id,
        brand_id=told.brand_id,
        requester_id=told.requester_id,
        comment_count=told.comment_count,
    )


def marker_of(update: Json) -> str:
    """The marker in the metadata of a comment or of an audit; "" where there is none."""
    metadata = update.get("metadata")
    custom = metadata.get("custom") if isinstance(metadata, dict) else None
    marker = custom.get(MARKER) if isinstance(custom, dict) else None
    return marker if isinstance(marker, str) else ""


def comment_in(audit: Json) -> int | None:
    """The id of the comment that an update added; None where it added none."""
    for event in audit.get("events") or ():
        if isinstance(event, dict) and event.get("type") == "Comment":
            number = event.get("id")
            return number if isinstance(number, int) else None
    return None


def _message(comment: _Comment, people: Mapping[int, Person]) -> Message:
    metadata = comment.metadata or _Metadata()
    return Message(
        id=comment.id,
        author=people.get(comment.author_id or 0) or _unknown(comment.author_id or 0),
        public=comment.public,
        text=comment.plain_body or comment.body or "",
        html=comment.html_body or "",
        channel=_channel(comment.via),
        created_at=comment.created_at,
        flags=frozenset(metadata.flags),
        attachments=len(comment.attachments),
        marker=str((metadata.custom or {}).get(MARKER) or ""),
    )


def _person(user: _User) -> Person:
    return Person(
        id=user.id,
        name=user.name or "",
        role=user.role,
        locale=locale_of(user.locale or ""),
        email=user.email or "",
        organization_id=user.organization_id,
        tags=frozenset(user.tags),
        suspended=user.suspended,
    )


def _unknown(number: int) -> Person:
    return Person(id=number, name="", role=_UNKNOWN_ROLE)


def _channel(via: _Via) -> str:
    return str(via.channel or "")
